//! `s4 status`

use std::cell::Cell;

use s4_commands::porcelain::status::StatusArgs;
use s4_commands::record::Status;

use super::look::{self, Whole, differs, is_conflict, unseen};
use super::standing;
use crate::config::Target;
use crate::context::Context;
use crate::error::{Error, ExitCode};
use crate::run::{self, explain};
use crate::session::Session;
use crate::ui::changes::Changes;
use crate::ui::looks::Looks;
use crate::ui::{status, text};
use crate::{engine, records, report};

/// Shows what differs in targets, and where the daemon stands with them.
///
/// # Errors
///
/// When a target is unknown; of the daemon alone, when none runs. What keeps one target from being looked at is told, and the next
/// one is shown.
pub fn run(context: &Context, args: &StatusArgs) -> Result<ExitCode, Error> {
    let config = context.config()?;
    for name in &args.targets {
        config.fields(name)?;
    }
    if args.daemon || args.watch {
        return standing::show(context, args);
    }
    let statuses = standing::ask(context)?;
    let looks = Looks::new(&context.ui, &args.looks);
    let shows_many = args.targets.len() != 1 && config.names().len() > 1;
    let (conflicts, differing) = (Cell::new(false), Cell::new(false));
    let code = run::each_target(context, &args.targets, args.json, &async |target, cancel| {
        let session = Session::open(context, target, true).await?;
        let engine = look::engine(context, target, &session, (cancel, run::scope(target)));
        let whole = look::whole(&engine, ("status", target)).await?;
        conflicts.set(conflicts.get() || whole.planned.iter().any(is_conflict));
        differing.set(differing.get() || whole.planned.iter().any(differs));
        let code = if whole.summary.failed.is_empty() { ExitCode::Done } else { ExitCode::Partial };
        let standing = statuses.iter().find(|status| status.target == target.name);
        match args {
            StatusArgs { json: true, .. } => print(context, (target, &session), standing, whole),
            StatusArgs { short: true, .. } => {
                if shows_many {
                    context.ui.say(&format!("## {}", text::printable(&target.name)));
                }
                say(context, &changes((args, looks), target, &whole).short());
            }
            _ => {
                say(context, &standing.map(|standing| status::text(standing, &looks)).unwrap_or_default());
                say(context, &changes((args, looks), target, &whole).long());
                warn(context, target, whole.stopped);
            }
        }
        context.ui.debug(&text::spent(&session.spent(target)));
        Ok(code)
    })?;
    Ok(match code {
        ExitCode::Done if conflicts.get() => ExitCode::Conflicts,
        ExitCode::Done if differing.get() && args.exit_code => ExitCode::Failed,
        code => code,
    })
}

fn changes<'a>((args, looks): (&StatusArgs, Looks), target: &'a Target, whole: &'a Whole) -> Changes<'a> {
    let Whole { planned, summary, .. } = whole;
    Changes { target: &target.name, planned, summary, all: args.all, ignored: args.ignored, looks }
}

fn say(context: &Context, text: &str) {
    if !text.is_empty() {
        context.ui.say(text.trim_end_matches('\n'));
    }
}

/// Tells that a guard would stop a sync.
fn warn(context: &Context, target: &Target, stopped: Option<engine::Error>) {
    if let Some(error) = stopped {
        let error = explain("sync", target, error);
        context.ui.warn(&format!("a sync would be stopped: {error}"));
        error.hints().iter().for_each(|hint| context.ui.note(&format!("hint: {hint}")));
    }
}

/// Prints records of it.
fn print(context: &Context, (target, session): (&Target, &Session), standing: Option<&Status>, whole: Whole) {
    let Whole { planned, summary, stopped, .. } = whole;
    let alarm = match &stopped {
        Some(engine::Error::Guard(alarm, _)) => Some(alarm),
        _ => None,
    };
    let stream = context.ui.stream(run::header(target));
    if let Some(status) = standing {
        stream.push(status.clone());
    }
    for planned in &planned {
        stream.push(records::change(planned, alarm));
    }
    for problem in records::problems(&summary) {
        stream.push(problem);
    }
    for (key, failure) in &summary.failed {
        stream.push(report::record(&unseen(key, failure), Some(key.as_str())));
    }
    stream.push(records::left(&summary));
    stream.end_after(&session.spent(target));
}
