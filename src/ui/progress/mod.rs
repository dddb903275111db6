//! The progress of a run: on a terminal lines that change in their place, in a log a line now and then.
//!
//! Workers count; a thread of its own shows the counts some times a second, so that what moves never waits for a terminal.

mod lines;
mod tally;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use tally::Looked;

use super::Ui;
use crate::key::Key;
use crate::reconcile::{Plan, Planned};
use crate::transfer::{Done, Failure};
use lines::Look;
use tally::{End, Tally};

/// How often lines on a terminal are shown anew.
const TURN: Duration = Duration::from_millis(100);
/// How long a run takes before it is worth a line on a terminal.
const QUICK: Duration = Duration::from_millis(500);
/// When a log gets its first line.
const FIRST_LINE: Duration = Duration::from_secs(5);
/// How far apart the others are.
const LINES_APART: Duration = Duration::from_secs(10);

/// Tells how far the look at both sides has come.
pub type Watch = Box<dyn Fn() -> Looked + Send + Sync>;

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Not at all.
    Hidden,
    /// By lines of a terminal that change in their place; `ascii`: of nothing but ASCII.
    Lines {
        /// Whether the terminal can show no other letters.
        ascii: bool,
    },
    /// By a line now and then.
    Log,
}

/// What is done of a run. Shows itself while it lives.
pub struct Progress {
    shared: Arc<Shared>,
    shower: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    ui: Arc<Ui>,
    tally: Mutex<Tally>,
    watch: Option<Watch>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Whether somebody else needs the terminal.
    aside: bool,
    ended: bool,
}

impl Progress {
    /// The progress of a run on `name`. Until there is a plan it is what `watch` tells that shows.
    pub(super) fn start(ui: &Arc<Ui>, name: &str, watch: Option<Watch>) -> Progress {
        let (tally, state) = (Mutex::new(Tally::new(name)), Mutex::default());
        let shared = Shared { ui: Arc::clone(ui), tally, watch, state, changed: Condvar::new() };
        let shared = Arc::new(shared);
        let showing = Arc::clone(&shared);
        let shower = (ui.manner() != Manner::Hidden).then(|| thread::Builder::new().spawn(move || showing.keep()).ok());
        Progress { shared, shower: Mutex::new(shower.flatten()) }
    }

    /// A plan is about to be carried out.
    pub(super) fn plan(&self, plan: &Plan) {
        let (mut files, mut bytes) = (0, 0);
        for size in plan.transfers.iter().filter_map(Planned::moves) {
            files += 1;
            bytes += size;
        }
        let all = plan.make_way.len() + plan.transfers.len() + plan.deletions.len();
        self.grow(files, bytes, all as u64 - files);
    }

    /// More came up: contents that move, their bytes, and keys of which nothing moves.
    pub(super) fn grow(&self, files: u64, bytes: u64, others: u64) {
        lock(&self.shared.tally).grow(files, bytes, others);
    }

    /// A content begins to move.
    pub(super) fn begin(&self, planned: &Planned) {
        if let Some(size) = planned.moves() {
            self.begin_content(&planned.item.key, size);
        }
    }

    /// The same of a content of that size.
    pub(super) fn begin_content(&self, key: &Key, size: u64) {
        lock(&self.shared.tally).begin(key, size);
    }

    /// A content of that size moves no more; `None`: nothing moved.
    pub(super) fn end_content(&self, key: &Key, size: Option<u64>) {
        let mut tally = lock(&self.shared.tally);
        match size {
            Some(size) => tally.end(key, size, End::Done),
            None => tally.end_other(),
        }
    }

    /// Bytes of a content went through.
    pub(super) fn advance(&self, key: &Key, bytes: u64) {
        lock(&self.shared.tally).advance(key, bytes);
    }

    /// An action has ended.
    pub(super) fn end(&self, planned: &Planned, result: &Result<Done, Failure>) {
        let again = matches!(result, Err(Failure::Changed | Failure::Moved(_)));
        let mut tally = lock(&self.shared.tally);
        match planned.moves() {
            Some(size) => tally.end(&planned.item.key, size, if again { End::Again } else { End::Done }),
            None => tally.end_other(),
        }
    }

    /// A file of so many bytes was read.
    pub(super) fn read(&self, bytes: u64) {
        lock(&self.shared.tally).read(bytes);
    }

    /// Leaves the terminal to somebody else while `work` is done.
    pub(super) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.set_aside(true);
        let done = work();
        self.set_aside(false);
        done
    }

    /// Shows nothing any more.
    pub(super) fn stop(&self) {
        lock(&self.shared.state).ended = true;
        self.shared.changed.notify_all();
        if let Some(shower) = lock(&self.shower).take() {
            // It only shows, and cannot panic.
            let _ = shower.join();
            self.shared.ui.end_live();
        }
    }

    fn set_aside(&self, aside: bool) {
        lock(&self.shared.state).aside = aside;
        self.shared.ui.end_live();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// Shows what is done, until it ends.
    fn keep(&self) {
        let began = Instant::now();
        let mut shows = Shows::new(self.ui.manner());
        let mut state = lock(&self.state);
        while !state.ended {
            let is_running = |state: &mut State| !state.ended;
            let waited = self.changed.wait_timeout_while(state, shows.pause(), is_running);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if !state.ended && !state.aside {
                // With the state held, so that nothing comes after whoever wants the terminal has it.
                self.show(&mut shows, began.elapsed());
            }
        }
    }

    fn show(&self, shows: &mut Shows, now: Duration) {
        let mut tally = lock(&self.tally);
        if let Some(watch) = &self.watch {
            tally.looked = watch();
        }
        tally.note(now);
        if !shows.is_due(now) {
            return;
        }
        match shows.manner {
            Manner::Hidden => {}
            Manner::Log => {
                let line = lines::plain(&tally);
                drop(tally);
                self.ui.note(&line);
            }
            Manner::Lines { ascii } => {
                let (columns, rows) = self.ui.error_size();
                let look = Look { columns, rows, ascii, paint: self.ui.options().paint_error };
                let lines = lines::lines(&tally, look, shows.turn);
                drop(tally);
                self.ui.show_live(lines, columns);
            }
        }
    }
}

/// When something is shown.
struct Shows {
    manner: Manner,
    next: Duration,
    /// How often something was shown.
    turn: usize,
}

impl Shows {
    fn new(manner: Manner) -> Shows {
        let next = if manner == Manner::Log { FIRST_LINE } else { QUICK };
        Shows { manner, next, turn: 0 }
    }

    /// How long there is nothing to do.
    fn pause(&self) -> Duration {
        if self.manner == Manner::Log { Duration::from_secs(1) } else { TURN }
    }

    /// Whether it is time to show something, so long after the beginning.
    fn is_due(&mut self, now: Duration) -> bool {
        if now < self.next {
            return false;
        }
        self.turn += 1;
        self.next = if self.manner == Manner::Log { now + LINES_APART } else { now };
        true
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
