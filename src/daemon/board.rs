//! Where each target stands: workers write it down, and whoever asks for the status reads it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::ambient::{Ambient as _, Clock};

/// Errors that are remembered of a target.
const ERRORS: usize = 5;

/// What the daemon does with a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It has not looked at everything yet.
    #[default]
    Starting,
    /// Both sides are the same, as far as it is known; it waits for changes.
    InSync,
    /// It looks, or carries changes.
    Syncing,
    /// Another s4 is at work in the folder.
    Waiting,
    /// It cannot be synced now, and is tried again: no network, wrong keys, no folder.
    Offline,
    /// A guard refused; a person has to look.
    Stopped,
    /// Somebody asked for a pause.
    Paused,
}

impl State {
    /// The word for it in records.
    pub fn word(self) -> &'static str {
        match self {
            State::Starting => "starting",
            State::InSync => "in-sync",
            State::Syncing => "syncing",
            State::Waiting => "waiting",
            State::Offline => "offline",
            State::Stopped => "stopped",
            State::Paused => "paused",
        }
    }
}

/// A content under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moving {
    /// Bytes that have moved.
    pub bytes: u64,
    /// Bytes in all.
    pub of: u64,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// When, in seconds since the epoch.
    pub at: i64,
    /// What.
    pub what: String,
}

/// Where a target stands. Times are seconds since the epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What is being done.
    pub state: State,
    /// Since when.
    pub since: i64,
    /// Why it is offline, stopped or waiting.
    pub why: Option<String>,
    /// Conflicts that were left alone.
    pub conflicts: Vec<String>,
    /// Keys that could not be synced, or names that are left alone.
    pub problems: usize,
    /// When the whole folder was last looked at.
    pub scanned: Option<i64>,
    /// When the whole bucket was last looked at.
    pub listed: Option<i64>,
    /// When a run last ended well.
    pub synced: Option<i64>,
    /// Contents of this run that have moved, and all of them.
    pub files: (u64, u64),
    /// Their bytes.
    pub bytes: (u64, u64),
    /// Contents under way, by key.
    pub moving: BTreeMap<String, Moving>,
    /// What went wrong last, the newest first.
    pub errors: VecDeque<Trouble>,
}

impl Standing {
    /// Remembers what went wrong.
    pub fn trouble(&mut self, at: i64, what: &str) {
        self.errors.push_front(Trouble { at, what: what.to_owned() });
        self.errors.truncate(ERRORS);
    }
}

/// Where each target stands.
pub struct Board {
    targets: Mutex<BTreeMap<String, Standing>>,
    changed: watch::Sender<u64>,
    clock: Clock,
}

impl Board {
    /// A board without targets.
    pub fn new(clock: Clock) -> Board {
        Board { targets: Mutex::default(), changed: watch::Sender::new(0), clock }
    }

    /// Changes where a target stands; one that is not there yet begins. The time of a new state is put in.
    pub fn change(&self, target: &str, change: impl FnOnce(&mut Standing)) {
        let now = self.clock.now();
        let mut targets = self.lock();
        let is_new = !targets.contains_key(target);
        let standing = targets.entry(target.to_owned()).or_default();
        let before = standing.state;
        change(standing);
        if is_new || standing.state != before {
            standing.since = now;
        }
        drop(targets);
        self.changed.send_modify(|version| *version += 1);
    }

    /// Takes a target off.
    pub fn remove(&self, target: &str) {
        self.lock().remove(target);
        self.changed.send_modify(|version| *version += 1);
    }

    /// Where all targets stand now.
    pub fn targets(&self) -> BTreeMap<String, Standing> {
        self.lock().clone()
    }

    /// Tells of changes.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Standing>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_the_time_that_it_began() {
        let board = Board::new(Clock::Fixed(5_000_000_000));
        board.change("docs", |standing| standing.state = State::Offline);
        board.change("docs", |standing| {
            standing.since = 1;
            standing.trouble(7, "one");
        });
        assert_eq!(board.targets()["docs"].since, 1, "the state is the same");
        board.change("docs", |standing| standing.state = State::InSync);
        assert_eq!(board.targets()["docs"].since, 5);
    }

    #[test]
    fn only_the_last_troubles_are_remembered() {
        let mut standing = Standing::default();
        (0..9).for_each(|at| standing.trouble(at, "no"));
        assert_eq!(standing.errors.iter().map(|trouble| trouble.at).collect::<Vec<_>>(), [8, 7, 6, 5, 4]);
    }
}
