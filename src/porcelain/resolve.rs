//! `s4 resolve`

use std::sync::Arc;
use std::time::Instant;

use s4_commands::porcelain::resolve::{Keep, ResolveArgs};

use super::aim::{Aim, Place};
use super::conflicts::open_conflicts;
use super::look;
use super::merging::Merging;
use super::sync::exit_code;
use crate::context::Context;
use crate::engine::{Engine, Scope, Summary};
use crate::error::{Error, ExitCode, Kind};
use crate::interrupt;
use crate::reconcile::{Action, Choice, Planned, Policy, resolve};
use crate::report::quoted;
use crate::run::{self, explain};
use crate::session::Session;
use crate::transfer::Cancel;
use crate::ui::run::RunView;
use crate::ui::text;

/// Answers conflicts.
///
/// # Errors
///
/// When no key is named or one is in no conflict, before anything is done; and whatever stops the whole run.
pub fn run(context: &Context, args: &ResolveArgs) -> Result<ExitCode, Error> {
    let words: Vec<String> = args.target.iter().chain(&args.keys).cloned().collect();
    let aim = Aim::new(context, &words)?;
    let places = aim.places(context)?;
    if places.is_empty() {
        let error = Error::new(Kind::Usage, "no key is named");
        return Err(error.hint(format!("see which are in conflict: s4 conflicts {}", quoted(&aim.target.name))));
    }
    let cancel = Cancel::default();
    let runtime = crate::runtime()?;
    let _interrupts = interrupt::watch(&cancel, &context.ui)?;
    let code = runtime.block_on(async {
        let session = Session::open(context, &aim.target, false).await?;
        let resolved = carry(context, args, (&aim, &places), &session, &cancel).await;
        context.ui.debug(&text::spent(&session.spent(&aim.target)));
        resolved
    });
    runtime.shutdown_background();
    code
}

async fn carry(
    context: &Context,
    args: &ResolveArgs,
    (aim, places): (&Aim, &[Place]),
    session: &Session,
    cancel: &Cancel,
) -> Result<ExitCode, Error> {
    let (target, began) = (&aim.target, Instant::now());
    let looking = look::engine(context, target, session, (cancel, Scope::default()));
    let open = open_conflicts(look::look(&looking, ("resolve", target), places).await?, aim, places)?;
    if open.is_empty() {
        if args.json {
            context.ui.stream(run::header(target)).end_after(&session.spent(target));
        }
        context.ui.note("There is no conflict there");
        return Ok(ExitCode::Done);
    }
    let merging = Merging::new(context, (target, session), cancel, args.json);
    let (mut answers, mut ready, mut left) = (Vec::new(), Vec::new(), Vec::new());
    for planned in open {
        match args.keep {
            Some(keep) => answers.push(answered(planned, keep)),
            None => match merging.merge(planned).await? {
                Ok(merged) => ready.push(merged),
                Err(why) => left.push(why),
            },
        }
    }
    // Only now: while an editor is open, others may sync.
    let _lock = session.lock(context, cancel)?;
    looking.base(true).map_err(|error| explain("resolve", target, error))?;
    session.folder.begin_run(run::stamp(context));
    for merged in ready {
        match merging.install(merged) {
            Ok(planned) => answers.push(planned),
            Err(why) => left.push(why),
        }
    }
    let stream = args.json.then(|| context.ui.stream(run::header(target)));
    let sides = (Arc::clone(&session.folder), Arc::clone(&session.store));
    let places = (target.local_folder.as_path(), target.s3_uri.as_str());
    let view = Arc::new(RunView::new(Arc::clone(&context.ui), places, stream, None));
    let options = run::options(context, target, Policy::Ignore, false);
    let engine = Engine::new(sides, Arc::new(context.clock), Arc::clone(&view), cancel.clone(), options);
    let summary = match answers.is_empty() {
        true => Ok(Summary::default()),
        false => engine.carry_keys(answers, Vec::new()).await,
    };
    view.stop_bar();
    let summary = summary.map_err(|error| explain("resolve", target, error))?;
    for (planned, why) in &left {
        view.leave(planned, why);
    }
    view.close(&summary, &session.spent(target), began.elapsed());
    Ok(exit_code(&summary, summary.conflicts.is_empty() && left.is_empty()))
}

fn answered(planned: Planned, keep: Keep) -> Planned {
    let choice = match keep {
        Keep::Local => Choice::Local,
        Keep::Remote => Choice::Remote,
        Keep::Both => Choice::KeepBoth,
    };
    Planned { action: resolve(&planned.item, choice).unwrap_or(Action::Conflict), ..planned }
}
