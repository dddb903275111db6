//! A run that shows nothing but what deserves a look: records are all that its command prints.

use std::sync::{Arc, Mutex};

use super::progress::Progress as Bar;
use super::run::tell;
use super::{Ui, lock};
use crate::engine::{Note, Witness};
use crate::key::Key;
use crate::reconcile::{Plan, Planned};
use crate::transfer::{Done, Failure, Progress};

/// Tells of what a run met and went on from, and of nothing else.
pub struct Notes(pub Arc<Ui>);

impl Progress for Notes {}

impl Witness for Notes {
    fn note(&self, note: Note) {
        tell(&self.0, note);
    }
}

/// As [`Notes`], with the progress of what moves.
pub struct Moves {
    ui: Arc<Ui>,
    name: String,
    bar: Mutex<Option<Bar>>,
}

impl Moves {
    /// Shows what moves in a run on `name`.
    pub fn new(ui: Arc<Ui>, name: &str) -> Moves {
        Moves { ui, name: name.to_owned(), bar: Mutex::default() }
    }
}

impl Progress for Moves {
    fn began(&self, planned: &Planned) {
        if let Some(bar) = &*lock(&self.bar) {
            bar.begin(planned);
        }
    }

    fn moved(&self, key: &Key, bytes: u64) {
        if let Some(bar) = &*lock(&self.bar) {
            bar.advance(key, bytes);
        }
    }

    fn ended(&self, planned: &Planned, result: &Result<Done, Failure>) {
        if let Some(bar) = &*lock(&self.bar) {
            bar.end(planned, result);
        }
    }
}

impl Witness for Moves {
    fn planned(&self, plan: &Plan) {
        lock(&self.bar).get_or_insert_with(|| Bar::start(&self.ui, &self.name, None)).plan(plan);
    }

    fn committing(&self) {
        let bar = lock(&self.bar).take();
        drop(bar);
    }

    fn note(&self, note: Note) {
        tell(&self.ui, note);
    }
}
