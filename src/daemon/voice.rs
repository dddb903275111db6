//! How a target's runs are told: lines for a journal, or records; and to the board what is under way.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use s4_commands::LogLevel;
use s4_commands::record::Record;

use super::board::{Board, Moving};
use crate::config::Target;
use crate::engine::{Note, Witness};
use crate::error::{Error, Kind};
use crate::key::Key;
use crate::reconcile::{Action, Plan, Planned};
use crate::records;
use crate::report;
use crate::run::header;
use crate::transfer::{Done, Failure, Progress};
use crate::ui::Ui;
use crate::ui::run::{RunView, tell};
use crate::ui::text::printable;

/// Contents of this size are shown one by one while they move.
const BIG: u64 = 1 << 20;
/// How often the board is told of what moves, at most.
const PACE: Duration = Duration::from_millis(200);

/// Tells of one target's runs.
pub(super) struct Voice {
    target: Target,
    ui: Arc<Ui>,
    board: Arc<Board>,
    lines: RunView,
    /// Records of the run that is under way, if they are wanted.
    records: Option<Mutex<Vec<Record>>>,
    flying: Mutex<Flying>,
}

/// What is under way.
struct Flying {
    sizes: HashMap<Key, u64>,
    moving: BTreeMap<String, Moving>,
    files: (u64, u64),
    bytes: (u64, u64),
    told: Instant,
    /// Objects that this run has written or deleted.
    written: Vec<String>,
}

impl Voice {
    pub(super) fn new(target: &Target, ui: &Arc<Ui>, board: &Arc<Board>, json: bool) -> Voice {
        let places = (target.local_folder.as_path(), target.s3_uri.as_str());
        Voice {
            target: target.clone(),
            ui: Arc::clone(ui),
            board: Arc::clone(board),
            lines: RunView::new(Arc::clone(ui), places, None, None),
            records: json.then(Mutex::default),
            flying: Mutex::new(Flying {
                sizes: HashMap::new(),
                moving: BTreeMap::new(),
                files: (0, 0),
                bytes: (0, 0),
                told: Instant::now(),
                written: Vec::new(),
            }),
        }
    }

    /// A line about the target.
    pub(super) fn note(&self, line: &str) {
        self.log(LogLevel::Info, line);
    }

    /// A line that deserves a look.
    pub(super) fn warn(&self, line: &str) {
        self.ui.warn(&self.named(line));
    }

    /// Something keeps the target from being synced.
    pub(super) fn trouble(&self, error: &Error) {
        let why = error.chain().join(": ");
        if error.kind() != Kind::Guard {
            return self.warn(&format!("cannot be synced now, and is tried again: {why}"));
        }
        let stopped = Error::new(Kind::Guard, self.named(&format!("stopped by a guard: {why}")));
        report::tell(&self.ui, &error.hints().iter().fold(stopped, |stopped, hint| stopped.hint(hint.as_str())));
    }

    fn named(&self, line: &str) -> String {
        format!("{}: {line}", self.target.name)
    }

    /// A line whose names are printable already.
    fn log(&self, level: LogLevel, line: &str) {
        if self.ui.options().level <= level {
            self.ui.tell(&format!("{}{}: {line}\n", self.ui.stamp(), printable(&self.target.name)));
        }
    }

    /// A run has ended: its records go out together, and nothing is under way.
    pub(super) fn ends(&self, problems: impl Iterator<Item = Record>) {
        if let Some(records) = &self.records {
            let mut records = std::mem::take(&mut *lock(records));
            records.extend(problems);
            if !records.is_empty() {
                let stream = self.ui.stream(header(&self.target));
                for record in records {
                    stream.push(record);
                }
                stream.end();
            }
        }
        let mut flying = lock(&self.flying);
        (flying.files, flying.bytes) = ((0, 0), (0, 0));
        flying.sizes.clear();
        flying.moving.clear();
        self.publish(&mut flying);
    }

    /// What was written in the bucket since this was last asked.
    pub(super) fn take_written(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.flying).written)
    }

    /// Something to put into the stream of the run.
    pub(super) fn record(&self, record: impl FnOnce() -> Record) {
        if let Some(records) = &self.records {
            lock(records).push(record());
        }
    }

    fn publish(&self, flying: &mut Flying) {
        flying.told = Instant::now();
        let (files, bytes, moving) = (flying.files, flying.bytes, flying.moving.clone());
        self.board.change(&self.target.name, |standing| {
            (standing.files, standing.bytes, standing.moving) = (files, bytes, moving);
        });
    }
}

impl Progress for Voice {
    fn moved(&self, key: &Key, bytes: u64) {
        let mut flying = lock(&self.flying);
        flying.bytes.0 += bytes;
        if let Some(of) = flying.sizes.get(key).copied() {
            let moving = flying.moving.entry(key.as_str().to_owned()).or_insert(Moving { bytes: 0, of });
            moving.bytes += bytes;
        }
        if flying.told.elapsed() >= PACE {
            self.publish(&mut flying);
        }
    }

    fn ended(&self, planned: &Planned, result: &Result<Done, Failure>) {
        let mut flying = lock(&self.flying);
        flying.files.0 += u64::from(planned.moves().is_some());
        flying.moving.remove(planned.item.key.as_str());
        if result.is_ok() && matches!(planned.action, Action::Push | Action::DeleteRemote | Action::KeepBoth) {
            flying.written.push(planned.item.key.as_str().to_owned());
        }
        if flying.told.elapsed() >= PACE {
            self.publish(&mut flying);
        }
        drop(flying);
        // It is looked at again.
        if matches!(result, Err(Failure::Changed | Failure::Interrupted | Failure::Link)) {
            return;
        }
        self.record(|| records::outcome(planned, result).into());
        if let Some(line) = self.lines.told(planned, result) {
            self.log(LogLevel::Info, &line);
        }
    }
}

impl Witness for Voice {
    fn planned(&self, plan: &Plan) {
        let mut flying = lock(&self.flying);
        for planned in &plan.transfers {
            let Some(size) = planned.moves() else { continue };
            flying.files.1 += 1;
            flying.bytes.1 += size;
            if size >= BIG {
                flying.sizes.insert(planned.item.key.clone(), size);
            }
        }
        self.publish(&mut flying);
    }

    fn note(&self, note: Note) {
        tell(&self.ui, note);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
