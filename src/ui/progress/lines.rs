//! What a run looks like while it goes on: lines for a terminal, none of them wider than it is, or one for a log.

use std::time::Duration;

use super::super::colour::Paint;
use super::super::text::{count, duration, grouped, printable, size};
use super::super::width::{shorten, width};
use super::tally::{Big, Part, Tally};

/// Big contents that get a line of their own, at most.
const BIG_LINES: usize = 4;
/// The shortest bar that shows anything, and the longest.
const BAR: (usize, usize) = (8, 40);
/// The least that is left of a name.
const NAME: usize = 8;

/// Where lines are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Letters in a row.
    pub(super) columns: usize,
    /// Rows.
    pub(super) rows: usize,
    /// Whether it can show nothing but ASCII.
    pub(super) ascii: bool,
    pub(super) paint: Paint,
}

impl Look {
    /// Where a line fills the last column, terminals differ in where they go on.
    fn room(self) -> usize {
        self.columns.saturating_sub(1)
    }

    /// What stands for the part of a name that is left out.
    fn mark(self) -> &'static str {
        if self.ascii { "..." } else { "…" }
    }
}

/// The lines of a terminal: one for each big content on its way, and the last one for all. `turn` counts how often they were shown.
pub(super) fn lines(tally: &Tally, look: Look, turn: usize) -> Vec<String> {
    if !tally.is_planned() {
        return vec![looking(tally, look, turn)];
    }
    let big = tally.big();
    // A small terminal has more to show than this.
    let most = (look.rows / 2).clamp(1, BIG_LINES + 2) - 1;
    let shown = if big.len() <= most.min(BIG_LINES) { big.len() } else { most.saturating_sub(1) };
    let mut lines = big_lines(&big[..shown], look);
    if shown < big.len() && most > 0 {
        let more = format!("{} {} more", if shown == 0 { "big files:" } else { "and" }, big.len() - shown);
        lines.push(shorten(&more, look.room(), look.mark()));
    }
    lines.push(overall(tally, look, turn));
    lines
}

/// One line for a log.
pub(super) fn plain(tally: &Tally) -> String {
    if !tally.is_planned() {
        return look_so_far(tally);
    }
    let mut parts = Vec::new();
    if tally.files.total > 0 {
        parts.push(format!("{} of {}", grouped(tally.files.done), count(tally.files.total, "file")));
        parts.push(format!("{} of {}", size(tally.moved().done), size(tally.bytes.total)));
    } else {
        parts.push(format!("{} of {}", grouped(tally.others.done), count(tally.others.total, "change")));
    }
    parts.extend(rate(tally.rate()));
    parts.extend(left(tally));
    parts.join(", ")
}

fn look_so_far(tally: &Tally) -> String {
    let looked = tally.looked;
    let parts = [
        (looked.files > 0).then(|| count(looked.files, "file")),
        (looked.objects > 0).then(|| count(looked.objects, "object")),
        (looked.read > 0).then(|| format!("{} read", size(looked.read))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let name = printable(&tally.name);
    if parts.is_empty() { format!("Looking at {name}") } else { format!("Looking at {name}: {}", parts.join(", ")) }
}

fn looking(tally: &Tally, look: Look, turn: usize) -> String {
    const LETTERS: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
    const ASCII: [&str; 4] = ["|", "/", "-", "\\"];
    let turning = if look.ascii { ASCII[turn % ASCII.len()] } else { LETTERS[turn % LETTERS.len()] };
    let line = format!("{turning} {}", look_so_far(tally));
    shorten(&line, look.room(), look.mark())
}

fn overall(tally: &Tally, look: Look, turn: usize) -> String {
    let work = tally.work();
    let percent = Some(format!("{} %", work.percent()));
    let number = |part: Part, thing| format!("{}/{}", grouped(part.done), count(part.total, thing));
    let files = Some(if tally.files.total > 0 { number(tally.files, "file") } else { number(tally.others, "change") });
    let bytes = (tally.bytes.total > 0).then(|| of(tally.moved()));
    let (rate, left) = (rate(tally.rate()), left(tally));
    // What matters least goes first.
    let forms = [
        vec![&files, &bytes, &rate, &left],
        vec![&percent, &bytes, &rate, &left],
        vec![&percent, &bytes, &left],
        vec![&percent, &left],
        vec![&percent],
    ];
    let texts = forms.map(|form| form.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", "));
    let [.., last] = &texts;
    let text = texts.iter().find(|text| width(text) <= look.room()).unwrap_or(last);
    let room = look.room().saturating_sub(width(text) + 1);
    if room < BAR.0 {
        return shorten(text, look.room(), look.mark());
    }
    format!("{} {text}", bar(work, room.min(BAR.1), look, turn))
}

/// A bar; where it grows a place alternates, so that one can see that all is alive while nothing arrives.
fn bar(work: Part, width: usize, look: Look, turn: usize) -> String {
    let (full, head, empty) = if look.ascii { ("#", "-", ".") } else { ("█", "▒", "░") };
    let filled = u128::from(work.done) * width as u128 / u128::from(work.total.max(1));
    let filled = usize::try_from(filled).unwrap_or(width).min(width);
    let grows = usize::from(filled < width && turn % 10 < 5);
    let (done, rest) = (full.repeat(filled) + &head.repeat(grows), empty.repeat(width - filled - grows));
    format!("{}{}", look.paint.good(&done), look.paint.dim(&rest))
}

fn big_lines(big: &[Big], look: Look) -> Vec<String> {
    let rates = big.iter().map(|big| rate(big.rate.filter(|rate| *rate > 0)).unwrap_or_default());
    let percents = big.iter().map(|big| format!("{} %", big.bytes.percent()));
    // As many columns as have room beside the name.
    let columns = [percents.collect(), big.iter().map(|big| of(big.bytes)).collect(), rates.collect()];
    let columns: [Vec<String>; 3] = columns;
    let widths = columns.each_ref().map(|column| column.iter().map(|cell| width(cell)).max().unwrap_or_default() + 2);
    let beside = |number: usize| widths[..number].iter().sum::<usize>();
    let number = (1..=3).rev().find(|number| beside(*number) + NAME <= look.room()).unwrap_or_default();
    let longest = big.iter().map(|big| width(&printable(&big.name))).max().unwrap_or_default();
    let room = look.room().saturating_sub(beside(number)).min(longest);
    let line = |(at, big): (usize, &Big)| {
        let name = shorten(&printable(&big.name), room, look.mark());
        let mut line = format!("{name}{}", " ".repeat(room - width(&name)));
        for (column, columns) in columns.iter().zip(widths).take(number) {
            let cell = &column[at];
            line += &format!("{}{cell}", " ".repeat(columns - width(cell)));
        }
        line
    };
    big.iter().enumerate().map(line).collect()
}

fn rate(bytes: Option<u64>) -> Option<String> {
    bytes.map(|bytes| format!("{}/s", size(bytes)))
}

fn left(tally: &Tally) -> Option<String> {
    let words = |left: Duration| if left.as_secs() < 10 { format!("{} s", left.as_secs()) } else { duration(left) };
    tally.left().map(|left| format!("{} left", words(left)))
}

/// `1.2/3.4 GiB`, `980.0 MiB/3.4 GiB`.
fn of(bytes: Part) -> String {
    let (done, total) = (size(bytes.done), size(bytes.total));
    match (done.split_once(' '), total.split_once(' ')) {
        (Some((number, unit)), Some((_, same))) if unit == same => format!("{number}/{total}"),
        _ => format!("{done}/{total}"),
    }
}

#[cfg(test)]
mod tests;
