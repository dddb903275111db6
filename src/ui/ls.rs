//! The keys of a target with how they stand, as a table or as a tree.

use std::cmp::Ordering;

use s4_commands::porcelain::ls::SortBy;

use super::colour::Paint;
use super::looks::Looks;
use super::table::{Cell, Column, table};
use super::text::{count, grouped, printable};
use super::tree::{Branch, branches};
use crate::engine::{Known, Standing};
use crate::reconcile::Action;

/// Digits of a sum that are shown.
const DIGITS: usize = 12;

const KEY: Column = Column::name("key", 0);
const STATE: Column = Column::text("state", 1);
const SIZE: Column = Column::number("size", 2);
const FILES: Column = Column::number("files", 3);
const LOCAL: Column = Column::text("local", 4);
const S3: Column = Column::text("s3", 5);
/// Of the longer form.
const MORE: [Column; 4] =
    [Column::number("s3 size", 6), Column::text("mode", 7), Column::text("version", 8), Column::text("sha256", 9)];

/// What is shown of keys, and in which order.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The column that orders them; equal ones are ordered by key.
    pub sort_by: SortBy,
    /// The other way round.
    pub descending: bool,
    /// More of each.
    pub long: bool,
}

/// What keys are ordered by.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    pub(super) local: Option<i64>,
    pub(super) s3: Option<i64>,
    pub(super) size: u64,
}

impl Facts {
    pub(super) fn of(known: &Known) -> Facts {
        Facts { local: known.local_time(), s3: known.s3_time(), size: known.size().unwrap_or_default() }
    }
}

impl Options {
    /// The order of two, by their facts and then by their names.
    pub(super) fn order(&self, one: (&Facts, &str), other: (&Facts, &str)) -> Ordering {
        let by_column = match self.sort_by {
            SortBy::Key => Ordering::Equal,
            SortBy::Local => one.0.local.cmp(&other.0.local),
            SortBy::S3 => one.0.s3.cmp(&other.0.s3),
            SortBy::Size => one.0.size.cmp(&other.0.size),
        };
        let order = by_column.then_with(|| one.1.cmp(other.1));
        if self.descending { order.reverse() } else { order }
    }

    /// Puts keys in order.
    pub fn sort(&self, known: &mut [&Known]) {
        known.sort_by(|one, other| self.order((&Facts::of(one), &one.name), (&Facts::of(other), &other.name)));
    }

    fn columns(&self, columns: &[Column]) -> Vec<Column> {
        columns.iter().chain(MORE.iter().filter(|_| self.long)).copied().collect()
    }
}

/// A line for each key under headings, and the sum of them. Ends with that line, not with a line break.
pub fn list(known: &[&Known], options: &Options, looks: &Looks) -> String {
    let row = |known: &&Known| {
        let key = printable(&known.name).into_owned().into();
        [vec![key, size(known, looks)], rest(known, options, looks)].concat()
    };
    let table = table(&options.columns(&[KEY, SIZE, LOCAL, S3, STATE]), known, &row, looks);
    format!("{table}\n{}", sum(known, looks))
}

/// The same as a tree below the folder `root`, of which the names of all begin with `prefix`.
pub fn tree(known: &[&Known], (root, prefix): (&str, &str), options: &Options, looks: &Looks) -> String {
    let columns = options.columns(&[KEY, FILES, SIZE, LOCAL, S3, STATE]);
    let row = |branch: &Branch<'_>| {
        let name = Cell { before: branch.lead.clone(), ..printable(&branch.name).into_owned().into() };
        let mut cells = match branch.leaf {
            Some(known) => [vec![name, "".into(), size(known, looks)], rest(known, options, looks)].concat(),
            None => folder(name, branch, looks),
        };
        cells.resize(columns.len(), "".into());
        cells
    };
    let table = table(&columns, &branches(known, (root, prefix), options, looks.unicode), &row, looks);
    format!("{table}\n{}", sum(known, looks))
}

fn folder(name: Cell, branch: &Branch<'_>, looks: &Looks) -> Vec<Cell> {
    let time = |seconds: Option<i64>| Cell::from(seconds.map(|seconds| looks.time(seconds)).unwrap_or_default());
    let state = match branch.differing {
        0 => toned("in sync", Paint::dim),
        1 => toned("1 differs", Paint::warning),
        number => toned(&format!("{} differ", grouped(number)), Paint::warning),
    };
    let facts = branch.facts;
    let size = looks.size(facts.size).into();
    vec![
        Cell { tone: Paint::place, ..name },
        grouped(branch.files).into(),
        size,
        time(facts.local),
        time(facts.s3),
        state,
    ]
}

fn size(known: &Known, looks: &Looks) -> Cell {
    known.size().map(|bytes| looks.size(bytes)).unwrap_or_default().into()
}

/// What follows the size.
fn rest(known: &Known, options: &Options, looks: &Looks) -> Vec<Cell> {
    let time = |seconds: Option<i64>| seconds.map(|seconds| looks.time(seconds)).unwrap_or_default();
    let (word, tone) = standing(known.standing);
    let mut cells = vec![time(known.local_time()).into(), time(known.s3_time()).into(), toned(word, tone)];
    if options.long {
        let object = known.object.as_ref();
        let version = object.and_then(|object| object.version_id.as_deref()).unwrap_or_default();
        let sum = known.sha256.map(|sum| sum.to_string().chars().take(DIGITS).collect::<String>());
        cells.extend([
            object.map(|object| looks.size(object.size)).unwrap_or_default().into(),
            known.file.map(|file| format!("{:03o}", file.mode)).unwrap_or_default().into(),
            printable(version).into_owned().into(),
            sum.unwrap_or_default().into(),
        ]);
    }
    cells
}

/// `1,204 files, 3.2 GiB`: those that are gone do not count.
fn sum(known: &[&Known], looks: &Looks) -> String {
    let there: Vec<&&Known> = known.iter().filter(|known| known.standing != Standing::Deleted).collect();
    let bytes = there.iter().filter_map(|known| known.size()).fold(0, u64::saturating_add);
    format!("{}, {}", count(there.len() as u64, "file"), looks.size(bytes))
}

/// The word for how a key stands, and its colour.
fn standing(standing: Standing) -> (&'static str, fn(Paint, &str) -> String) {
    match standing {
        Standing::Planned(Action::Push) => ("to push", Paint::good),
        Standing::Planned(Action::Pull) => ("to pull", Paint::place),
        Standing::Planned(Action::DeleteRemote) => ("delete there", Paint::bad),
        Standing::Planned(Action::DeleteLocal) => ("delete here", Paint::bad),
        Standing::Planned(Action::Conflict | Action::KeepBoth | Action::MoveAside) => ("conflict", Paint::warning),
        Standing::InSync | Standing::Planned(Action::Adopt) => ("in sync", Paint::dim),
        Standing::Deleted | Standing::Planned(Action::Forget) => ("deleted", Paint::dim),
        Standing::Ignored => ("ignored", Paint::dim),
        Standing::LeftAlone => ("left alone", Paint::warning),
    }
}

fn toned(text: &str, tone: fn(Paint, &str) -> String) -> Cell {
    Cell { tone, ..text.into() }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::content::ETag;
    use crate::engine::Object;
    use crate::reconcile::State;
    use crate::reconcile::testing::stat;

    /// A key that is in sync, of so many bytes; its file was changed at second 65, and its object was written at second 90.
    pub(in super::super) fn known(name: &str, size: u64) -> Known {
        let object = Object { size, etag: ETag::new("e"), last_modified: 90, version_id: Some("v1".into()) };
        Known {
            name: name.into(),
            file: Some(stat('A', size)),
            object: Some(object),
            states: [Some(State::Unchanged); 2],
            standing: Standing::InSync,
            sha256: Some(crate::content::Sha256([0xab; 32])),
            last_size: Some(size),
        }
    }
}

#[cfg(test)]
mod tests;
