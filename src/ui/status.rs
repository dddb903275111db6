//! How the daemon's targets show themselves: a paragraph or a record for each.

use std::sync::Arc;

use s4_commands::record::Status;

use super::colour::Paint;
use super::looks::Looks;
use super::screen::Screen;
use super::text::{count, grouped, printable};
use super::wrap::{HANGING, wrap};
use super::{Stream, Ui};

/// How many keys of a kind are named.
const NAMED: usize = 10;
/// Where to show it.
pub enum Shown {
    /// In lines.
    Lines,
    /// In records.
    Records(Stream),
    /// In its place, on a terminal.
    Screen(Screen),
}

/// Shows where targets stand, once or as it changes.
pub struct StatusView {
    ui: Arc<Ui>,
    names: Vec<String>,
    shown: Shown,
    looks: Looks,
    last: Vec<Status>,
}

impl StatusView {
    /// Shows the targets `names`, or all if none is named.
    pub fn new(ui: Arc<Ui>, names: &[String], shown: Shown, looks: Looks) -> StatusView {
        StatusView { ui, names: names.to_vec(), shown, looks, last: Vec::new() }
    }

    /// Shows where all targets stand now. What cannot be changed in its place comes once more only if it is different.
    pub fn show(&mut self, mut statuses: Vec<Status>) {
        statuses.retain(|status| self.names.is_empty() || self.names.contains(&status.target));
        let changed = statuses.iter().filter(|status| !self.last.contains(status));
        match &self.shown {
            Shown::Lines => changed.for_each(|status| self.ui.say(self.text([status]).trim_end())),
            Shown::Records(stream) => {
                for status in changed {
                    stream.push(status.clone());
                }
            }
            Shown::Screen(_) => {}
        }
        self.last = statuses;
        self.draw();
    }

    /// Draws it anew: the terminal has another size.
    pub fn draw(&self) {
        if let Shown::Screen(screen) = &self.shown {
            let foot = self.ui.paint().dim("Ctrl-C ends this view, not the daemon");
            screen.show(&self.text(&self.last), &foot, self.ui.size());
        }
    }

    /// Ends it; `whole`: as it should. What was seen last on a screen stays among the lines. Returns the names of which nothing was
    /// seen.
    pub fn close(self, whole: bool) -> Vec<String> {
        let unseen = self.names.iter().filter(|name| !self.last.iter().any(|status| status.target == **name));
        let unseen: Vec<String> = unseen.cloned().collect();
        let text = self.text(&self.last);
        match self.shown {
            Shown::Records(stream) if whole => stream.end(),
            Shown::Lines | Shown::Records(_) => {}
            Shown::Screen(screen) => {
                drop(screen);
                if !text.is_empty() {
                    self.ui.say(text.trim_end());
                }
            }
        }
        if whole && self.last.is_empty() && self.names.is_empty() {
            self.ui.note("The daemon has no targets");
        }
        unseen
    }

    fn text<'a>(&self, statuses: impl IntoIterator<Item = &'a Status>) -> String {
        // It may have another size by now.
        let looks = Looks { width: self.ui.size().map(|size| size.columns), ..self.looks };
        statuses.into_iter().map(|status| text(status, &looks)).collect()
    }
}

/// A line before it is cut to the width of a terminal.
struct Line {
    indent: usize,
    text: String,
    paint: fn(Paint, &str) -> String,
}

/// Where the daemon stands with a target: a paragraph with a line break after each line, none of which is wider than the terminal.
pub fn text(status: &Status, looks: &Looks) -> String {
    let mut text = String::new();
    for line in lines(status, looks) {
        for (at, piece) in wrap(&line.text, looks.columns().saturating_sub(line.indent)).into_iter().enumerate() {
            let indent = " ".repeat(line.indent + if at > 0 { HANGING } else { 0 });
            text += &format!("{indent}{}\n", (line.paint)(looks.paint, &piece));
        }
    }
    text
}

fn lines(status: &Status, looks: &Looks) -> Vec<Line> {
    let plain = |_, text: &str| text.to_owned();
    let mut lines = vec![Line { indent: 0, text: head(status, looks), paint: tone(&status.state) }];
    let mut add = |indent, text: String, paint| lines.push(Line { indent, text, paint });
    for moving in status.moving.iter().take(NAMED) {
        let share = u128::from(moving.bytes) * 100 / u128::from(moving.of.max(1));
        let (share, of) = (share.min(100), looks.size(moving.of));
        add(2, format!("{share:>3} % of {of}: {}", printable(&moving.key)), plain);
    }
    more(status.moving.len(), &mut |text| add(2, text, plain));
    if !status.conflicts.is_empty() {
        add(2, format!("{} left alone:", count(status.conflicts.len() as u64, "conflict")), Paint::warning);
        for key in status.conflicts.iter().take(NAMED) {
            add(4, printable(key).into_owned(), plain);
        }
        more(status.conflicts.len(), &mut |text| add(4, text, plain));
    }
    if status.problems > 0 {
        add(2, format!("{} left alone or failed", count(status.problems, "name")), Paint::warning);
    }
    for (what, at) in
        [("last synced", status.synced), ("whole folder seen", status.scanned), ("whole bucket seen", status.listed)]
    {
        if let Some(at) = at {
            add(2, format!("{what}: {}", looks.time(at.0)), Paint::dim);
        }
    }
    if !status.errors.is_empty() {
        add(2, "last errors:".to_owned(), plain);
    }
    for error in &status.errors {
        add(4, format!("{}: {}", looks.time(error.at.0), printable(&error.message)), plain);
    }
    lines
}

/// What the daemon does with a target.
fn head(status: &Status, looks: &Looks) -> String {
    let name = printable(&status.target);
    let state = match status.state.as_str() {
        "syncing" if status.files_all > 0 => {
            let files = format!("{} of {}", grouped(status.files_done), count(status.files_all, "file"));
            return format!(
                "{name}: syncing {files}, {} of {}",
                looks.size(status.bytes_done),
                looks.size(status.bytes_all)
            );
        }
        "in-sync" => "in sync".to_owned(),
        "stopped" => "stopped by a guard".to_owned(),
        // One that a later version knows.
        other => printable(other).into_owned(),
    };
    let why = status.why.iter().map(|why| format!(": {}", printable(why))).collect::<String>();
    format!("{name}: {state} {}{why}", looks.since(status.since.0))
}

fn tone(state: &str) -> fn(Paint, &str) -> String {
    match state {
        "in-sync" => Paint::good,
        "syncing" | "starting" => Paint::place,
        "stopped" => Paint::bad,
        _ => Paint::warning,
    }
}

/// Says how many are not named.
fn more(number: usize, say: &mut dyn FnMut(String)) {
    if number > NAMED {
        say(format!("and {} more", grouped((number - NAMED) as u64)));
    }
}

#[cfg(test)]
mod tests;
