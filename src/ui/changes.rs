//! What differs in a target, for people: in git's manner, in two letters a key, or by folder where there is much.

use super::colour::Paint;
use super::folders::{Group, by_folder};
use super::looks::Looks;
use super::text::{count, grouped, held_back, printable};
use super::wrap::wrap;
use crate::engine::Summary;
use crate::reconcile::{Action, Planned, State};

/// More lines than that are not read, but counted: then they are shown by folder.
const MANY: usize = 40;
/// How far the lines of a section stand in.
const INDENT: usize = 4;

/// What differs in a target.
pub struct Changes<'a> {
    /// The target's name.
    pub target: &'a str,
    /// What a sync would do, in the order of the keys.
    pub planned: &'a [Planned],
    /// What was met on the way.
    pub summary: &'a Summary,
    /// Whether everything is to be listed, however much it is.
    pub all: bool,
    /// Whether ignored names are to be counted.
    pub ignored: bool,
    /// How it is shown.
    pub looks: Looks,
}

/// A kind of section.
struct Kind {
    heading: &'static str,
    /// How it is counted.
    counted: &'static str,
    paint: fn(Paint, &str) -> String,
    /// Whether something planned is in it.
    wanted: fn(&Planned) -> bool,
}

/// Keys with which the same is to be done.
struct Section<'a> {
    kind: &'static Kind,
    lines: Vec<Line<'a>>,
}

/// A key in a section.
struct Line<'a> {
    /// Why: `new`, `modified`.
    why: String,
    key: &'a str,
    /// What is shown of it.
    shown: String,
    /// Bytes that move.
    moves: u64,
}

const KINDS: [Kind; 5] = [
    Kind {
        heading: "To push:",
        counted: "to push",
        paint: Paint::good,
        wanted: |planned| planned.action == Action::Push,
    },
    Kind {
        heading: "To pull:",
        counted: "to pull",
        paint: Paint::place,
        wanted: |planned| matches!(planned.action, Action::Pull | Action::KeepBoth),
    },
    Kind {
        heading: "To delete in the bucket:",
        counted: "to delete in the bucket",
        paint: Paint::bad,
        wanted: |planned| planned.action == Action::DeleteRemote,
    },
    Kind {
        heading: "To delete here:",
        counted: "to delete here",
        paint: Paint::bad,
        wanted: |planned| planned.action == Action::DeleteLocal,
    },
    Kind {
        heading: "Conflicts, to answer by 's4 resolve':",
        counted: "in conflict",
        paint: Paint::warning,
        wanted: |planned| matches!(planned.action, Action::Conflict | Action::MoveAside),
    },
];

impl Changes<'_> {
    /// The text, with a line break behind each line, none of which is wider than the terminal, if that is at all wide enough.
    pub fn long(&self) -> String {
        let (paint, width) = (self.looks.paint, self.looks.columns());
        let sections = self.sections();
        let lines: usize = sections.iter().map(|section| section.lines.len()).sum();
        let is_much = lines > MANY && !self.all;
        let mut text = self.head(&sections, width);
        for section in &sections {
            text += &format!("\n{}\n", section.kind.heading);
            for shown in if is_much { section.by_folder() } else { section.by_key() } {
                push(&mut text, &shown, width, &|piece| (section.kind.paint)(paint, piece));
            }
        }
        let left: Vec<String> = self.left_alone().collect();
        if !left.is_empty() {
            text += "\nLeft alone:\n";
            left.iter().for_each(|line| push(&mut text, line, width, &|piece| paint.warning(piece)));
        }
        if is_much {
            text += &format!("\n{}\n", paint.dim("This is by folder; --all lists everything"));
        }
        text
    }

    /// A line for each key: the states of file and object in a letter each, a blank, and the name.
    pub fn short(&self) -> String {
        let paint = self.looks.paint;
        let mut text = String::new();
        for planned in self.planned.iter().filter(|planned| !planned.renamed) {
            let [local, remote] = letters(planned);
            if [local, remote] == [' ', ' '] {
                continue;
            }
            let (local, remote) = (paint.good(&local.to_string()), paint.bad(&remote.to_string()));
            text += &format!("{local}{remote} {}\n", shown(planned));
        }
        for problem in &self.summary.problems {
            text += &format!("{} {}\n", paint.warning("!!"), printable(&problem.name));
        }
        for (key, _) in &self.summary.failed {
            text += &format!("{} {}\n", paint.warning("!!"), printable(key.as_str()));
        }
        if self.ignored {
            text += &format!("## {} ignored\n", count(self.summary.ignored, "name"));
        }
        text
    }

    fn head(&self, sections: &[Section<'_>], width: usize) -> String {
        let mut parts: Vec<String> = Vec::new();
        for section in sections {
            let moves: u64 = section.lines.iter().map(|line| line.moves).sum();
            let moves = if moves > 0 { format!(" ({})", self.looks.size(moves)) } else { String::new() };
            parts.push(format!("{} {}{moves}", grouped(section.lines.len() as u64), section.kind.counted));
        }
        if parts.is_empty() {
            parts.push("nothing differs".to_owned());
        }
        parts.extend(held_back(self.summary.held_back));
        if self.ignored {
            parts.push(format!("{} ignored", count(self.summary.ignored, "name")));
        }
        let mut text = String::new();
        let head = format!("{}: {}", printable(self.target), parts.join(", "));
        wrap(&head, width).into_iter().enumerate().for_each(|(at, piece)| {
            text += &format!("{}{piece}\n", if at > 0 { " ".repeat(INDENT) } else { String::new() });
        });
        text
    }

    fn sections(&self) -> Vec<Section<'_>> {
        let of = |kind: &'static Kind| {
            // The new name of a renamed one tells of the old one, too.
            let lines = self.planned.iter().filter(|planned| (kind.wanted)(planned) && !planned.renamed);
            let line = |planned| Line {
                why: why(planned),
                key: planned.item.key.as_str(),
                shown: shown(planned),
                moves: planned.moves().unwrap_or_default(),
            };
            Section { kind, lines: lines.map(line).collect() }
        };
        KINDS.iter().map(of).filter(|section| !section.lines.is_empty()).collect()
    }

    fn left_alone(&self) -> impl Iterator<Item = String> {
        let Summary { problems, failed, .. } = self.summary;
        let problems = problems.iter().map(|problem| format!("{}: {}", printable(&problem.name), problem.why));
        let failed = failed.iter().map(|(key, failure)| format!("{}: {}", printable(key.as_str()), failure.reasons()));
        problems.chain(failed)
    }
}

impl Section<'_> {
    fn by_key(&self) -> Vec<String> {
        let widest = self.lines.iter().map(|line| line.why.chars().count()).max().unwrap_or_default() + 1;
        self.lines.iter().map(|line| format!("{:<widest$} {}", line.why.clone() + ":", line.shown)).collect()
    }

    fn by_folder(&self) -> Vec<String> {
        let keys: Vec<&str> = self.lines.iter().map(|line| line.key).collect();
        let whys = |members: &[usize]| {
            let mut counted: Vec<(&str, u64)> = Vec::new();
            for why in members.iter().map(|at| self.lines[*at].why.as_str()) {
                match counted.iter_mut().find(|(known, _)| *known == why) {
                    Some((_, number)) => *number += 1,
                    None => counted.push((why, 1)),
                }
            }
            counted.iter().map(|(why, number)| format!("{} {why}", grouped(*number))).collect::<Vec<_>>().join(", ")
        };
        let line = |group: Group| match &group.members[..] {
            [at] => format!("{}: {}", self.lines[*at].why, self.lines[*at].shown),
            members => format!("{}: {}", printable(&group.folder), whys(members)),
        };
        by_folder(&keys).into_iter().map(line).collect()
    }
}

fn push(text: &mut String, line: &str, width: usize, paint: &dyn Fn(&str) -> String) {
    for (at, piece) in wrap(line, width.saturating_sub(INDENT)).into_iter().enumerate() {
        let indent = " ".repeat(if at > 0 { 2 * INDENT } else { INDENT });
        *text += &format!("{indent}{}\n", paint(&piece));
    }
}

/// The key, with that of its content before if it is renamed or a copy.
fn shown(planned: &Planned) -> String {
    let key = printable(planned.item.key.as_str()).into_owned();
    match &planned.source {
        Some(source) => format!("{} -> {key}", printable(source.item.key.as_str())),
        None => key,
    }
}

/// What has become of a key, so that something is to be done.
fn why(planned: &Planned) -> String {
    let decision = planned.decision;
    let is_new = match planned.action {
        Action::Push => planned.item.remote.is_none(),
        _ => planned.item.local.is_none(),
    };
    match planned.action {
        Action::Conflict if decision.action != Some(Action::Conflict) => "name taken by a file or a folder".to_owned(),
        Action::Conflict | Action::MoveAside | Action::KeepBoth => conflict(decision.local, decision.remote),
        Action::DeleteRemote if planned.item.ignored => "ignored".to_owned(),
        Action::DeleteRemote | Action::DeleteLocal => "deleted".to_owned(),
        _ => match &planned.source {
            Some(source) if source.stays => "copied".to_owned(),
            Some(_) => "renamed".to_owned(),
            None if is_new => "new".to_owned(),
            None => "modified".to_owned(),
        },
    }
}

/// What both sides did to a key.
pub fn conflict(local: State, remote: State) -> String {
    let word = |state| match state {
        State::Created => "created",
        State::Deleted => "deleted",
        _ => "modified",
    };
    match (word(local), word(remote)) {
        (here, there) if here == there => format!("{here} on both sides"),
        (here, there) => format!("{here} here, {there} there"),
    }
}

/// The states of file and object: `A`dded, `M`odified, `D`eleted, `R`enamed, `C`opied, `I`gnored, or nothing to tell.
fn letters(planned: &Planned) -> [char; 2] {
    let letter = |state| match (state, &planned.source) {
        (State::Created, Some(source)) => {
            if source.stays {
                'C'
            } else {
                'R'
            }
        }
        (State::Created, None) => 'A',
        (State::Updated, _) => 'M',
        (State::Deleted, _) => 'D',
        (State::Unchanged | State::Absent, _) => ' ',
    };
    match planned.action {
        // Nothing but a note for the indexes.
        Action::Adopt | Action::Forget => [' ', ' '],
        Action::DeleteRemote if planned.item.ignored => ['I', ' '],
        _ => [letter(planned.decision.local), letter(planned.decision.remote)],
    }
}

#[cfg(test)]
mod tests;
