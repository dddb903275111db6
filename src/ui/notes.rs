//! A run that shows nothing but what deserves a look: records are all that its command prints.

use std::sync::Arc;

use super::Ui;
use super::run::tell;
use crate::engine::{Note, Witness};
use crate::transfer::Progress;

/// Tells of what a run met and went on from, and of nothing else.
pub struct Notes(pub Arc<Ui>);

impl Progress for Notes {}

impl Witness for Notes {
    fn note(&self, note: Note) {
        tell(&self.0, note);
    }
}
