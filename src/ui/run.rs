//! How a sync shows itself: a line for each action as it ends, in S4 0.4's words, or a record.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::conflict::{self, Question};
use super::diff::Version;
use super::progress::{Progress as Bar, Watch};
use super::text::{self, count, duration, grouped, printable, requests, size};
use super::{Stream, Ui, lock};
use crate::cost::{Foretold, Spent};
use crate::engine::{Note, Summary, Way, Witness};
use crate::error::Error;
use crate::index::whole_seconds;
use crate::key::Key;
use crate::local::{Fate, Recovered};
use crate::reconcile::{Action, Alarm, Choice, Plan, Planned, Side, Source};
use crate::records::{self, state_word as word};
use crate::transfer::{Done, Failure, Progress};

/// Fetches the two versions of a conflict, local first.
pub type Versions = Box<dyn Fn(&Planned) -> Result<(Version, Version), Error> + Send + Sync>;

/// Shows one target's run.
pub struct RunView {
    ui: Arc<Ui>,
    /// The folder and the place in the bucket, as the lines name them; both end in `/`.
    places: [String; 2],
    /// Where records go, if they are wanted instead of lines.
    stream: Option<Stream>,
    /// Whether there is a person to ask.
    versions: Option<Versions>,
    /// Tells how far the look at both sides has come.
    watch: Mutex<Option<Watch>>,
    bar: Mutex<Option<Arc<Bar>>>,
}

impl RunView {
    /// Shows a run between `folder` and `uri`, in lines, or in the records of `stream`. With `versions` conflicts are asked
    /// about.
    pub fn new(
        ui: Arc<Ui>,
        (folder, uri): (&std::path::Path, &str),
        stream: Option<Stream>,
        versions: Option<Versions>,
    ) -> RunView {
        let slashed = |place: &str| format!("{}/", printable(place).trim_end_matches('/'));
        let places = [slashed(&folder.to_string_lossy()), slashed(uri)];
        RunView { ui, places, stream, versions, watch: Mutex::default(), bar: Mutex::default() }
    }

    /// The same, where `watch` tells how far the look at both sides has come.
    #[must_use]
    pub fn watched(self, watch: Watch) -> RunView {
        RunView { watch: Mutex::new(Some(watch)), ..self }
    }

    /// The line that opens a run.
    pub fn open(&self, name: &str, way: Option<Way>) {
        if self.stream.is_none() {
            let [folder, uri] = &self.places;
            self.ui.relate(&format!("Syncing {} [{folder} {} {uri}]", printable(name), text::arrow(way)));
            let watch = lock(&self.watch).take();
            *lock(&self.bar) = Some(Arc::new(Bar::start(&self.ui, name, watch)));
        }
    }

    /// A plan that is not carried out, and what it would take.
    pub fn close_plan(&self, plan: &Plan, summary: &Summary, foretold: &Foretold) {
        self.stop_bar();
        for line in plan.actions().filter_map(|planned| self.line(planned, None)) {
            self.ui.say(&line);
        }
        self.warn(&plan.conflicts, summary);
        if plan.is_empty() {
            self.ui.say("Nothing to update");
        }
        self.tell_held(summary);
        let (up, down) = (size(foretold.bytes_up), size(foretold.bytes_down));
        let (requests, dollars) = (requests(&foretold.spent.counts), foretold.spent.dollars);
        self.ui.say(&format!("A sync would send {up}, fetch {down}, and make {requests} in all, for ${dollars:.6}"));
    }

    /// What a run leaves for a person to look at, and the line that closes it.
    pub fn close(&self, summary: &Summary, spent: &Spent, took: Duration) {
        self.stop_bar();
        if let Some(stream) = &self.stream {
            for conflict in &summary.conflicts {
                stream.push(records::skipped(conflict, "conflict", "both sides changed"));
            }
            records::problems(summary).for_each(|problem| {
                stream.push(problem);
            });
        }
        self.warn(&summary.conflicts, summary);
        if let Some(stream) = &self.stream {
            stream.push(records::summary(summary, spent));
            return stream.end_after(spent);
        }
        let symlinks = summary.links() as u64;
        if symlinks > 0 {
            self.ui.note(&format!("{} left alone", count(symlinks, "symbolic link")));
        }
        self.tell_held(summary);
        self.ui.relate(&closing(summary, took));
    }

    /// Tells of a conflict that somebody wanted to be answered, and that stays open.
    pub fn leave(&self, conflict: &Planned, why: &str) {
        if let Some(stream) = &self.stream {
            stream.push(records::skipped(conflict, "conflict", why));
        }
        self.ui.warn(&format!("conflict left open: \"{}\": {why}", printable(conflict.item.key.as_str())));
    }

    /// Tells of what was left alone: conflicts, names, keys that failed.
    fn warn(&self, conflicts: &[Planned], summary: &Summary) {
        for conflict in conflicts {
            let key = printable(conflict.item.key.as_str());
            let states =
                format!("{} here, {} in the bucket", word(conflict.decision.local), word(conflict.decision.remote));
            // Whoever was asked knows how.
            let how = if self.versions.is_none() { "; answer it by s4 resolve, or by --conflicts" } else { "" };
            self.ui.warn(&format!("conflict left alone: \"{key}\" ({states}){how}"));
        }
        for problem in &summary.problems {
            self.ui.warn(&format!("left alone: \"{}\": {}", printable(&problem.name), problem.why));
        }
        for (key, failure) in &summary.failed {
            self.ui.warn(&format!("could not sync \"{}\": {}", printable(key.as_str()), failure.reasons()));
        }
    }

    /// Tells of what a run in one direction leaves where it is.
    fn tell_held(&self, summary: &Summary) {
        for line in text::held_back(summary.held_back) {
            self.ui.note(&line);
        }
    }

    /// Takes the bar away.
    pub fn stop_bar(&self) {
        // Whoever asks a question holds it as well.
        if let Some(bar) = lock(&self.bar).take() {
            bar.stop();
        }
    }

    /// The line for an action that has ended; `None` where there is nothing to tell a person yet.
    pub(crate) fn told(&self, planned: &Planned, result: &Result<Done, Failure>) -> Option<String> {
        match result {
            Ok(done) => self.line(planned, done.kept_as.as_ref()),
            Err(Failure::Moved(beside)) => {
                let (key, beside) = (printable(planned.item.key.as_str()), printable(beside.as_str()));
                Some(format!("Keeping {key} as {beside}: a folder takes its place"))
            }
            Err(_) => None,
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
                Some(source) => paint.good(&format!("{} => {key} on {uri}", from(source))),
                None => way(folder, uri, planned.item.remote.is_none()),
            },
            Action::Pull => match &planned.source {
                Some(source) => paint.good(&format!("{} => {key} on {folder}", from(source))),
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
        match (result, &self.stream) {
            // It is looked at again, or told at the end.
            (Err(Failure::Changed | Failure::Interrupted | Failure::Link), _) => {}
            (result, Some(stream)) => {
                stream.push(records::outcome(planned, result));
            }
            (result, None) => {
                if let Some(line) = self.told(planned, result) {
                    self.ui.relate(&line);
                }
            }
        }
    }
}

impl Witness for RunView {
    fn planned(&self, plan: &Plan) {
        if self.stream.is_none() {
            let [folder, _] = &self.places;
            lock(&self.bar).get_or_insert_with(|| Arc::new(Bar::start(&self.ui, folder, None))).plan(plan);
        }
    }

    fn committing(&self) {
        self.stop_bar();
        if self.stream.is_none() {
            self.ui.note("Flushing Index to Storage");
        }
    }

    fn note(&self, note: Note) {
        tell(&self.ui, note);
    }

    fn choose(&self, conflict: &Planned) -> Choice {
        let Some(versions) = &self.versions else { return Choice::Skip };
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
        let ask = || conflict::ask(&self.ui, &question, &mut || versions(conflict));
        let bar = lock(&self.bar).clone();
        match bar {
            Some(bar) => bar.aside(ask),
            None => ask(),
        }
    }
}

/// Tells of something that a run met and went on from.
pub fn tell(ui: &Ui, note: Note) {
    ui.warn(&match note {
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

/// What a guard says; `command` is the one that goes on.
pub fn alarm(alarm: &Alarm, keys: &[Key], command: &str) -> Error {
    let message = match alarm {
        Alarm::Emptied { deletions } => format!(
            "the folder held files and is empty now; this would delete {} in the bucket",
            count(*deletions as u64, "object")
        ),
        Alarm::MovedDevice { deletions } => format!(
            "the folder is on another device than at the last sync; this would delete {} in the bucket",
            count(*deletions as u64, "object")
        ),
        Alarm::MassDeletion { side, deletions, known } => format!(
            "this would delete {} of {} in the {}",
            grouped(*deletions as u64),
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
        list.push(format!("and {} more", grouped((keys.len() - SHOWN) as u64)));
    }
    let error = Error::new(crate::Kind::Guard, message);
    let error = if list.is_empty() { error } else { error.hint(format!("it would delete {}", list.join(", "))) };
    error.hint(format!("if that is right: {command}"))
}

/// Where a content comes from that is there already.
fn from(source: &Source) -> String {
    let verb = if source.stays { "Copying" } else { "Renaming" };
    format!("{verb} {}", printable(source.item.key.as_str()))
}

fn told(fate: &Fate) -> String {
    match fate {
        Fate::Restored => "is back in its place".to_owned(),
        Fate::Beside(key) => format!("is kept as \"{}\"", printable(key.as_str())),
        Fate::Trashed => "is in the trash".to_owned(),
        Fate::Stuck(error) => format!("could not be put back yet: {error}"),
    }
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
            parts.push(format!("{} {what}", grouped(number)));
        }
    }
    if parts.is_empty() {
        parts.push(if summary.interrupted { "Interrupted".to_owned() } else { "Nothing to update".to_owned() });
    } else if summary.interrupted {
        parts.insert(0, "Interrupted".to_owned());
    }
    format!("{} in {}", parts.join(", "), duration(took))
}
