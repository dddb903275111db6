//! `s4 conflicts`

use std::cell::Cell;

use s4_commands::porcelain::conflicts::ConflictsArgs;

use super::aim::{Aim, Place};
use super::look::{self, Look, is_conflict, unseen};
use crate::context::Context;
use crate::engine::Scope;
use crate::error::{Error, ExitCode, Kind};
use crate::near;
use crate::reconcile::Planned;
use crate::report::quoted;
use crate::session::Session;
use crate::ui::conflicts::is_of_names;
use crate::ui::looks::Looks;
use crate::ui::text::printable;
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
        let engine = look::engine(context, target, &session, (cancel, Scope::default()));
        let whole = look::whole(&engine, ("conflicts", target)).await?;
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
            let text = conflicts::text(&target.name, &open, &Looks::new(&context.ui, &args.looks));
            context.ui.say(text.trim_end_matches('\n'));
            failed.iter().for_each(|(key, failure)| report::tell(&context.ui, &unseen(key, failure)));
        }
        context.ui.debug(&text::spent(&session.spent(target)));
        Ok(if failed.is_empty() { ExitCode::Done } else { ExitCode::Partial })
    })?;
    Ok(if code == ExitCode::Done && found.get() { ExitCode::Conflicts } else { code })
}

/// The conflicts at places that were looked at.
///
/// # Errors
///
/// For a key that is in none, or in one that no answer for it alone ends.
pub(super) fn open_conflicts(look: Look, aim: &Aim, places: &[Place]) -> Result<Vec<Planned>, Error> {
    if let Some((key, failure)) = look.failed.first() {
        return Err(unseen(key, failure));
    }
    let name = quoted(&aim.target.name);
    let open: Vec<Planned> = look.planned.into_iter().filter(is_conflict).collect();
    for place in places {
        let Place::Key(key) = place else { continue };
        if !open.iter().any(|planned| planned.item.key == *key) {
            let hint = match near::nearest(key.as_str(), open.iter().map(|planned| planned.item.key.as_str())) {
                Some(near) => near::meant(near),
                None => format!("see which are: s4 conflicts {name}"),
            };
            let message = format!("\"{}\" is in no conflict", printable(key.as_str()));
            return Err(Error::new(Kind::Failed, message).hint(hint));
        }
    }
    match open.iter().find(|planned| is_of_names(planned)) {
        None => Ok(open),
        Some(planned) => {
            let key = printable(planned.item.key.as_str());
            let message = format!("\"{key}\": a file on one side, a folder on the other");
            let hint = format!("rename one of them, or have a sync keep both: s4 sync {name} --conflicts keep-both");
            Err(Error::new(Kind::Failed, message).hint(hint))
        }
    }
}
