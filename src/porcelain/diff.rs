//! `s4 diff`

use s4_commands::porcelain::diff::DiffArgs;

use super::aim::{Aim, Place};
use super::difference::{Against, Differences, Shown};
use super::look::{self, Look, differs, unseen};
use crate::context::Context;
use crate::engine::Scope;
use crate::error::{Error, ExitCode, Kind};
use crate::reconcile::{Planned, State};
use crate::session::Session;
use crate::transfer::Cancel;
use crate::ui::text;
use crate::{interrupt, records, report, run};

/// Shows how files differ from what is in the bucket.
///
/// # Errors
///
/// When there is no telling which target is meant, or a side cannot be looked at; a content that cannot be read is told.
pub fn run(context: &Context, args: &DiffArgs) -> Result<ExitCode, Error> {
    let words: Vec<String> = args.target.iter().chain(&args.keys).cloned().collect();
    let aim = Aim::new(context, &words)?;
    let places = aim.places(context)?;
    let cancel = Cancel::default();
    let runtime = crate::runtime()?;
    let _interrupts = interrupt::watch(&cancel, &context.ui)?;
    let code = runtime.block_on(async {
        let session = Session::open(context, &aim.target, true).await?;
        let shown = show(context, args, &aim, (&session, &places), &cancel).await;
        context.ui.debug(&text::spent(&session.spent(&aim.target)));
        shown
    });
    runtime.shutdown_background();
    code
}

async fn show(
    context: &Context,
    args: &DiffArgs,
    aim: &Aim,
    (session, places): (&Session, &[Place]),
    cancel: &Cancel,
) -> Result<ExitCode, Error> {
    let differences = Differences::new(context, &aim.target, session, cancel);
    let shown = Shown { stat: args.stat, patch: args.patch };
    if let Some(id) = &args.version_id {
        let [Place::Key(key)] = places else {
            return Err(Error::new(Kind::Usage, "a version is one of a key: name one"));
        };
        let differs = differences.since_version(key, id, shown).await?;
        return Ok(if differs && args.exit_code { ExitCode::Failed } else { ExitCode::Done });
    }
    let engine = look::engine(context, &aim.target, session, (cancel, Scope::default()));
    let Look { mut planned, failed } = look::look(&engine, ("diff", &aim.target), places).await?;
    planned.retain(|planned| differs(planned) && (!args.base || is_edited(planned)));
    let mut is_whole = failed.is_empty();
    if args.json {
        let stream = context.ui.stream(run::header(&aim.target));
        for planned in &planned {
            stream.push(records::change(planned, None));
        }
        for (key, failure) in &failed {
            stream.push(report::record(&unseen(key, failure), Some(key.as_str())));
        }
        stream.end_after(&session.spent(&aim.target));
    } else {
        failed.iter().for_each(|(key, failure)| report::tell(&context.ui, &unseen(key, failure)));
        let against = if args.base { Against::Base } else { Against::Remote };
        is_whole &= differences.show(&planned, against, shown).await?;
    }
    Ok(match () {
        () if !is_whole => ExitCode::Partial,
        () if args.exit_code && !planned.is_empty() => ExitCode::Failed,
        () => ExitCode::Done,
    })
}

/// Whether the file is another than when it was last synced.
fn is_edited(planned: &Planned) -> bool {
    matches!(planned.decision.local, State::Created | State::Updated | State::Deleted)
}
