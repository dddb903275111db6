//! `s4 conflicts`

use std::cell::Cell;

use s4_commands::porcelain::conflicts::ConflictsArgs;

use super::look::{self, unseen};
use crate::context::Context;
use crate::error::{Error, ExitCode};
use crate::reconcile::{Action, Planned};
use crate::session::Session;
use crate::ui::{conflicts, text};
use crate::{records, report, run};

/// Lists conflicts that nobody has answered.
///
/// # Errors
///
/// When a target is unknown; what keeps one from being looked at is told, and the next one is shown.
pub fn run(context: &Context, args: &ConflictsArgs) -> Result<ExitCode, Error> {
    let found = Cell::new(false);
    let code = run::each_target(context, &args.targets, args.json, &async |target, cancel| {
        let session = Session::open(context, target, true).await?;
        let engine = look::engine(context, target, &session, cancel);
        let whole = look::whole(&engine, ("conflicts", target)).await?;
        let is_conflict = |planned: &Planned| matches!(planned.action, Action::Conflict | Action::MoveAside);
        let open: Vec<Planned> = whole.planned.into_iter().filter(is_conflict).collect();
        found.set(found.get() || !open.is_empty());
        let failed = &whole.summary.failed;
        if args.json {
            let stream = context.ui.stream(run::header(target));
            for planned in &open {
                stream.push(records::change(planned, None));
            }
            for (key, failure) in failed {
                stream.push(report::record(&unseen(key, failure), Some(key.as_str())));
            }
            stream.end_after(&session.spent(target));
        } else {
            let width = context.ui.size().map_or(usize::MAX, |size| size.columns);
            let text = conflicts::text(&target.name, &open, context.ui.paint(), width);
            context.ui.say(text.trim_end_matches('\n'));
            failed.iter().for_each(|(key, failure)| report::tell(&context.ui, &unseen(key, failure)));
        }
        context.ui.debug(&text::spent(&session.spent(target)));
        Ok(if failed.is_empty() { ExitCode::Done } else { ExitCode::Partial })
    })?;
    Ok(if code == ExitCode::Done && found.get() { ExitCode::Conflicts } else { code })
}
