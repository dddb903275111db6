//! How a sync shows itself: a line for each action as it ends, in S4 0.4's words, or a record.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use s4_commands::record::{self, Record};

use super::Ui;
use super::conflict::{self, Question};
use super::diff::Version;
use super::progress::Progress as Bar;
use super::text::{count, duration, printable, requests, size};
use crate::engine::{Note, Summary, Witness};
use crate::error::Error;
use crate::index::whole_seconds;
use crate::key::Key;
use crate::local::{Fate, Recovered};
use crate::reconcile::{Action, Alarm, Choice, Plan, Planned, Side, State};
use crate::remote::CountsSnapshot;
use crate::transfer::{Done, Failure, Progress};

/// Fetches the two versions of a conflict, local first.
pub type Versions = Box<dyn Fn(&Planned) -> Result<(Version, Version), Error> + Send + Sync>;

/// Shows one target's run.
pub struct RunView {
    ui: Arc<Ui>,
    /// The folder and the place in the bucket, as the lines name them; both end in `/`.
    places: [String; 2],
    json: bool,
    /// Whether there is a person to ask.
    versions: Option<Versions>,
    bar: Mutex<Option<Bar>>,
}

impl RunView {
    /// Shows a run between `folder` and `uri`. With `versions` conflicts are asked about.
    pub fn new(ui: Arc<Ui>, folder: &std::path::Path, uri: &str, json: bool, versions: Option<Versions>) -> RunView {
        let slashed = |place: &str| format!("{}/", printable(place).trim_end_matches('/'));
        let places = [slashed(&folder.to_string_lossy()), slashed(uri)];
        RunView { ui, places, json, versions, bar: Mutex::default() }
    }

    /// The line that opens a run.
    pub fn open(&self, name: &str) {
        if self.json {
            self.ui.record(&Record::Header(record::Header::new(Some(name))));
        } else {
            let [folder, uri] = &self.places;
            self.ui.relate(&format!("Syncing {} [{folder} <=> {uri}]", printable(name)));
        }
    }

    /// A plan that is not carried out, and what it would take.
    pub fn close_plan(&self, plan: &Plan, summary: &Summary, foretold: &CountsSnapshot, dollars: f64) {
        for planned in plan.actions() {
            if self.json {
                self.ui.record(&Record::Change(change(planned)));
            } else if let Some(line) = self.line(planned, None) {
                self.ui.say(&line);
            }
        }
        self.show_conflicts(&plan.conflicts, true);
        self.show_problems(summary);
        if self.json {
            let changes = (plan.actions().count() + plan.conflicts.len()) as u64;
            self.ui.record(&Record::End(record::End { counts: [("change".to_owned(), changes)].into() }));
            self.ui.flush();
            return;
        }
        if plan.is_empty() {
            self.ui.say("Nothing to update");
        }
        let (up, down) = (size(foretold.bytes_up), size(foretold.bytes_down));
        let requests = requests(foretold);
        self.ui.say(&format!(
            "A sync would send {up}, fetch {down}, and make {requests}; with this look it costs ${dollars:.6}"
        ));
    }

    /// What a run leaves for a person to look at, and the line that closes it.
    pub fn close(&self, summary: &Summary, took: Duration) {
        self.stop_bar();
        self.show_conflicts(&summary.conflicts, false);
        self.show_problems(summary);
        for (key, failure) in &summary.failed {
            self.ui.warn(&format!("could not sync \"{}\": {}", printable(key.as_str()), reasons(failure)));
        }
        if self.json {
            self.ui.record(&Record::End(end(summary)));
            self.ui.flush();
            return;
        }
        let symlinks = summary.symlinks as u64;
        if symlinks > 0 {
            self.ui.note(&format!("{} left alone", count(symlinks, "symbolic link")));
        }
        self.ui.relate(&closing(summary, took));
    }

    fn show_problems(&self, summary: &Summary) {
        for problem in &summary.problems {
            if self.json {
                self.error("problem", &problem.why, Some(&problem.name));
            }
            self.ui.warn(&format!("left alone: \"{}\": {}", printable(&problem.name), problem.why));
        }
    }

    fn error(&self, code: &str, message: &str, key: Option<&str>) {
        let key = key.map(str::to_owned);
        self.ui.record(&Record::Error(record::Error { code: code.to_owned(), message: message.to_owned(), key }));
    }

    /// Takes the bar away.
    pub fn stop_bar(&self) {
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn show_conflicts(&self, conflicts: &[Planned], planned_only: bool) {
        for conflict in conflicts {
            if self.json {
                if planned_only {
                    self.ui.record(&Record::Change(change(conflict)));
                } else {
                    self.ui.record(&Record::Outcome(outcome(conflict, "skipped", 0)));
                }
            }
            let key = printable(conflict.item.key.as_str());
            let states =
                format!("{} here, {} in the bucket", word(conflict.decision.local), word(conflict.decision.remote));
            // Whoever was asked knows how.
            let how = if self.versions.is_none() { "; answer it with --conflicts, or on a terminal" } else { "" };
            self.ui.warn(&format!("conflict left alone: \"{key}\" ({states}){how}"));
        }
    }

    /// The line for an action, as S4 0.4 had it; `None` where there is nothing to tell a person.
    fn line(&self, planned: &Planned, kept_as: Option<&Key>) -> Option<String> {
        let paint = self.ui.paint();
        let key = printable(planned.item.key.as_str());
        let [folder, uri] = &self.places;
        let way = |from: &str, to: &str, is_new: bool| {
            let text = format!("{} {key} ({from} => {to})", if is_new { "Creating" } else { "Updating" });
            if is_new { paint.good(&text) } else { paint.subject(&text) }
        };
        Some(match planned.action {
            Action::Push => match &planned.source {
                Some(source) => {
                    paint.good(&format!("Renaming {} => {key} on {uri}", printable(source.item.key.as_str())))
                }
                None => way(folder, uri, planned.item.remote.is_none()),
            },
            Action::Pull => match &planned.source {
                Some(source) => {
                    paint.good(&format!("Renaming {} => {key} on {folder}", printable(source.item.key.as_str())))
                }
                None => way(uri, folder, planned.item.local.is_none()),
            },
            Action::KeepBoth => {
                let kept =
                    kept_as.map_or_else(|| "another name".to_owned(), |kept| printable(kept.as_str()).into_owned());
                format!("{}, the local version as {kept}", way(uri, folder, false))
            }
            Action::DeleteRemote | Action::DeleteLocal if planned.renamed => return None,
            Action::DeleteRemote => paint.bad(&format!("Deleting {key} on {uri}")),
            Action::DeleteLocal => paint.bad(&format!("Deleting {key} on {folder}")),
            Action::MoveAside => format!("Keeping {key} under another name: a folder takes its place"),
            Action::Adopt | Action::Forget | Action::Conflict => return None,
        })
    }
}

impl Progress for RunView {
    fn moved(&self, bytes: u64) {
        if let Some(bar) = &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.advance(bytes);
        }
    }

    fn ended(&self, planned: &Planned, result: &Result<Done, Failure>) {
        if let Some(bar) = &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.file_done();
        }
        match result {
            Ok(done) if self.json => self.ui.record(&Record::Outcome(outcome(planned, "done", done.bytes))),
            Ok(done) => {
                if let Some(line) = self.line(planned, done.kept_as.as_ref()) {
                    self.ui.relate(&line);
                }
            }
            // It is looked at again, or told at the end.
            Err(Failure::Changed | Failure::Interrupted) => {}
            Err(Failure::Moved(beside)) if !self.json => {
                let (key, beside) = (printable(planned.item.key.as_str()), printable(beside.as_str()));
                self.ui.relate(&format!("Keeping {key} as {beside}: a folder takes its place"));
            }
            Err(Failure::Moved(_)) => self.ui.record(&Record::Outcome(outcome(planned, "done", 0))),
            Err(failure) if self.json => {
                let mut record = outcome(planned, "failed", 0);
                record.error = Some(reasons(failure));
                self.ui.record(&Record::Outcome(record));
            }
            Err(_) => {}
        }
    }
}

impl Witness for RunView {
    fn planned(&self, plan: &Plan) {
        let (mut files, mut bytes) = (0, 0);
        for planned in plan.transfers.iter().filter(|planned| planned.source.is_none()) {
            let (local, remote) = (&planned.item.local, &planned.item.remote);
            files += 1;
            bytes += match planned.action {
                Action::Push => local.as_ref().map_or(0, |local| local.stat.size),
                Action::Pull | Action::KeepBoth => remote.as_ref().map_or(0, |remote| remote.size),
                _ => 0,
            };
        }
        if files > 0 && !self.json {
            let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
            match &*bar {
                Some(bar) => bar.grow(files, bytes),
                None => *bar = Some(self.ui.progress(files, bytes)),
            }
        }
    }

    fn committing(&self) {
        self.stop_bar();
        if !self.json {
            self.ui.note("Flushing Index to Storage");
        }
    }

    fn note(&self, note: Note) {
        self.ui.warn(&match note {
            Note::LocalIndexDamaged(aside, what) => {
                let aside = aside.map(|path| format!("; it is kept as '{}'", path.display())).unwrap_or_default();
                format!("the local index is damaged ({what}){aside}; going on as in a first sync")
            }
            Note::RemoteIndexDamaged(what) => {
                format!("the index in the bucket is damaged ({what}) and is written anew")
            }
            Note::OtherPlace(other) => {
                format!("the folder was last synced with {}; going on as in a first sync", printable(&other))
            }
            Note::Recovered(Recovered { path, fate }) => format!("a run was cut short; \"{path}\" {}", told(&fate)),
        });
    }

    fn choose(&self, conflict: &Planned) -> Choice {
        let Some(versions) = &self.versions else { return Choice::Skip };
        self.stop_bar();
        let key = conflict.item.key.as_str();
        let [folder, uri] = &self.places;
        let side = |place: &str, time, state| conflict::Side {
            place: format!("{place}{key}"),
            time,
            state: word(state).into(),
        };
        let local_time = conflict.item.local.as_ref().map(|local| whole_seconds(local.stat.mtime_ns));
        let remote_time = conflict.item.remote.as_ref().map(|remote| remote.last_modified);
        let question = Question {
            key: key.to_owned(),
            local: side(folder, local_time, conflict.decision.local),
            remote: side(uri, remote_time, conflict.decision.remote),
        };
        // A person takes time, and fetching a version needs the runtime: nothing else may wait for this thread.
        tokio::task::block_in_place(|| conflict::ask(&self.ui, &question, &mut || versions(conflict)))
    }
}

/// What a guard says, and which command goes on.
pub fn alarm(alarm: &Alarm, keys: &[Key], name: &str) -> Error {
    let message = match alarm {
        Alarm::Emptied { deletions } => format!(
            "the folder held files and is empty now; this sync would delete {} in the bucket, and did nothing",
            count(*deletions as u64, "object")
        ),
        Alarm::MovedDevice { deletions } => format!(
            "the folder is on another device than at the last sync; this sync would delete {} in the bucket, and did nothing",
            count(*deletions as u64, "object")
        ),
        Alarm::MassDeletion { side, deletions, known } => format!(
            "this sync would delete {deletions} of {} in the {}, and did nothing",
            count(*known as u64, "key"),
            match side {
                Side::Local => "folder",
                Side::Remote => "bucket",
            }
        ),
    };
    const SHOWN: usize = 10;
    let mut list: Vec<String> = keys.iter().take(SHOWN).map(|key| format!("\"{}\"", printable(key.as_str()))).collect();
    if keys.len() > SHOWN {
        list.push(format!("and {} more", keys.len() - SHOWN));
    }
    Error::new(crate::Kind::Guard, message)
        .hint(format!("it would delete {}", list.join(", ")))
        .hint(format!("if that is right: s4 sync --force {name}"))
}

fn told(fate: &Fate) -> String {
    match fate {
        Fate::Restored => "is back in its place".to_owned(),
        Fate::Beside(key) => format!("is kept as \"{}\"", printable(key.as_str())),
        Fate::Trashed => "is in the trash".to_owned(),
        Fate::Stuck(error) => format!("could not be put back yet: {error}"),
    }
}

fn reasons(failure: &Failure) -> String {
    let mut text = failure.to_string();
    let mut cause = std::error::Error::source(failure);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn closing(summary: &Summary, took: Duration) -> String {
    let of = |actions: &[Action]| actions.iter().filter_map(|action| summary.done.get(action)).sum::<usize>() as u64;
    let mut parts = Vec::new();
    let (up, down) = (of(&[Action::Push]), of(&[Action::Pull, Action::KeepBoth]));
    if up > 0 {
        parts.push(format!("{} up ({})", count(up, "file"), size(summary.uploaded)));
    }
    if down > 0 {
        parts.push(format!("{} down ({})", count(down, "file"), size(summary.downloaded)));
    }
    for (number, what) in [
        (of(&[Action::DeleteRemote, Action::DeleteLocal]), "deleted"),
        (of(&[Action::Adopt]), "found equal"),
        (summary.conflicts.len() as u64, "in conflict"),
        (summary.failed.len() as u64, "failed"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    if parts.is_empty() {
        parts.push(if summary.interrupted { "Interrupted".to_owned() } else { "Nothing to update".to_owned() });
    } else if summary.interrupted {
        parts.insert(0, "Interrupted".to_owned());
    }
    format!("{} in {}", parts.join(", "), duration(took))
}

/// The word for an action in records.
pub fn action_word(action: Action) -> &'static str {
    match action {
        Action::Push => "push",
        Action::Pull => "pull",
        Action::DeleteRemote => "delete-remote",
        Action::DeleteLocal => "delete-local",
        Action::Adopt => "adopt",
        Action::Forget => "forget",
        Action::Conflict => "conflict",
        Action::KeepBoth | Action::MoveAside => "keep-both",
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Unchanged => "unchanged",
        State::Created => "created",
        State::Updated => "updated",
        State::Deleted => "deleted",
        State::Absent => "absent",
    }
}

fn change(planned: &Planned) -> record::Change {
    record::Change {
        key: planned.item.key.as_str().to_owned(),
        action: action_word(planned.action).to_owned(),
        local: word(planned.decision.local).to_owned(),
        remote: word(planned.decision.remote).to_owned(),
        local_size: planned.item.local.as_ref().map(|local| local.stat.size),
        remote_size: planned.item.remote.as_ref().map(|remote| remote.size),
        etag: planned.item.remote.as_ref().map(|remote| remote.etag.as_str().to_owned()),
        renamed_from: planned.source.as_ref().map(|source| source.item.key.as_str().to_owned()),
    }
}

fn outcome(planned: &Planned, result: &str, bytes: u64) -> record::Outcome {
    record::Outcome {
        key: planned.item.key.as_str().to_owned(),
        action: action_word(planned.action).to_owned(),
        result: result.to_owned(),
        bytes,
        error: None,
    }
}

fn end(summary: &Summary) -> record::End {
    let done = summary.done.iter().map(|(action, number)| (action_word(*action).to_owned(), *number as u64));
    let others = [
        ("conflicts", summary.conflicts.len()),
        ("failed", summary.failed.len()),
        ("problems", summary.problems.len()),
        ("symlinks", summary.symlinks),
    ];
    let others = others.into_iter().filter(|(_, number)| *number > 0);
    record::End { counts: done.chain(others.map(|(name, number)| (name.to_owned(), number as u64))).collect() }
}
