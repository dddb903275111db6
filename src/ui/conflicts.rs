//! A list of conflicts.

use super::changes::conflict;
use super::looks::Looks;
use super::text::{count, printable};
use super::wrap::wrap;
use crate::index::whole_seconds;
use crate::reconcile::{Action, Planned};

/// How far a key stands in; its sides a little more, so that they fit a narrow terminal.
const INDENT: usize = 4;

/// The conflicts of a target, with a line break behind each line.
pub fn text(target: &str, conflicts: &[Planned], looks: &Looks) -> String {
    let number = conflicts.len() as u64;
    let number = if number == 0 { "no conflicts".to_owned() } else { count(number, "conflict") };
    let mut text = format!("{}: {number}\n", printable(target));
    let mut push = |indent: usize, line: &str, paint: &dyn Fn(&str) -> String| {
        for (at, piece) in wrap(line, looks.columns().saturating_sub(indent)).into_iter().enumerate() {
            let indent = " ".repeat(if at > 0 { indent + INDENT } else { indent });
            text += &format!("{indent}{}\n", paint(&piece));
        }
    };
    for planned in conflicts {
        let key = printable(planned.item.key.as_str());
        if is_of_names(planned) {
            push(INDENT, &format!("{key}: a file on one side, a folder on the other"), &|line| {
                looks.paint.warning(line)
            });
            continue;
        }
        let what = conflict(planned.decision.local, planned.decision.remote);
        push(INDENT, &format!("{key}: {what}"), &|line| looks.paint.warning(line));
        let plain = |line: &str| line.to_owned();
        if let Some(local) = &planned.item.local {
            let (at, bytes) = (looks.time(whole_seconds(local.stat.mtime_ns)), looks.size(local.stat.size));
            push(INDENT + 2, &format!("here:  {bytes}, {at}"), &plain);
        }
        if let Some(remote) = &planned.item.remote {
            let (at, bytes) = (looks.time(remote.last_modified), looks.size(remote.size));
            push(INDENT + 2, &format!("there: {bytes}, {at}"), &plain);
        }
    }
    text
}

/// Whether it is a file where the other side has a folder: then no answer for the key alone will do.
pub fn is_of_names(planned: &Planned) -> bool {
    planned.action == Action::MoveAside
        || planned.action == Action::Conflict && planned.decision.action != Some(Action::Conflict)
}
