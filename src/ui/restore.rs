//! How a restore shows itself: what it is going to do, and what it did; as lines or as records.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use s4_commands::record;
use s4_commands::time::Seconds;

use super::looks::Looks;
use super::progress::Progress;
use super::table::{Cell, Column, table};
use super::text::{count, duration, grouped, printable};
use super::{Ui, lock};
use crate::history::{Refused, RestorePlan, Restoring, Step, Watcher};
use crate::key::Key;
use crate::transfer::Failure;

/// Keys that did not come back, and why; without a reason those that an interruption left.
pub type Failed = BTreeMap<Key, Option<String>>;

/// Shows how far a restore has come, and keeps what became of its steps.
pub struct RestoreView {
    bar: Option<Progress>,
    ended: Mutex<BTreeMap<Key, Result<(), Failure>>>,
}

impl RestoreView {
    /// Shows the steps of a plan on the target `name`; without `shown` it only keeps what became of them.
    pub fn new(ui: &Arc<Ui>, name: &str, plan: &RestorePlan, shown: bool) -> RestoreView {
        let bar = shown.then(|| Progress::start(ui, name, None));
        if let Some(bar) = &bar {
            let moving = plan.steps.iter().filter(|restoring| restoring.step == Step::Copy);
            let (files, bytes) = moving
                .fold((0, 0_u64), |(files, bytes), restoring| (files + 1, bytes.saturating_add(restoring.size())));
            bar.grow(files, bytes, plan.steps.len() as u64 - files);
        }
        RestoreView { bar, ended: Mutex::default() }
    }

    /// Takes the progress away; what became of the steps.
    pub fn close(self) -> BTreeMap<Key, Result<(), Failure>> {
        drop(self.bar);
        self.ended.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watcher for RestoreView {
    fn begins(&self, restoring: &Restoring) {
        if let Some(bar) = &self.bar {
            bar.begin_content(&restoring.key, restoring.size());
        }
    }

    fn arrived(&self, restoring: &Restoring, bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.advance(&restoring.key, bytes);
        }
    }

    fn ended(&self, restoring: &Restoring, result: Result<(), Failure>) {
        if let Some(bar) = &self.bar {
            bar.end_content(&restoring.key, Some(restoring.size()).filter(|_| restoring.step == Step::Copy));
        }
        lock(&self.ended).insert(restoring.key.clone(), result);
    }
}

/// The kinds of steps, in the order in which they are shown, with the words for them.
const STEPS: [(Step, &str, &str, &str); 4] = [
    (Step::BringBack, "bring-back", "to bring back", "brought back"),
    (Step::Replace, "replace", "to replace", "replaced"),
    (Step::Delete, "delete", "to delete", "deleted"),
    (Step::Copy, "copy", "to copy", "copied"),
];

/// The word for a step.
fn word(step: Step) -> &'static str {
    STEPS.iter().find(|(kind, ..)| *kind == step).map_or("", |(_, word, ..)| word)
}

/// What is to be done, as a table with a line that sums up. Ends with that line, not with a line break.
pub fn plan(plan: &RestorePlan, looks: &Looks) -> String {
    const COLUMNS: [Column; 4] =
        [Column::text("what", 1), Column::name("key", 0), Column::number("size", 2), Column::text("written", 3)];
    let mut steps: Vec<&Restoring> = plan.steps.iter().collect();
    steps.sort_by_key(|restoring| restoring.step);
    let row = |restoring: &&Restoring| {
        let written = restoring.version.as_ref().map(|version| looks.time(version.seconds())).unwrap_or_default();
        let bytes = restoring.stored().map(|stored| looks.size(stored.size)).unwrap_or_default();
        let key = printable(restoring.key.as_str()).into_owned();
        [word(restoring.step).to_owned(), key, bytes, written].map(Cell::from).to_vec()
    };
    format!("{}\n{}", table(&COLUMNS, &steps, &row, looks), sums(plan, looks))
}

/// `2 files to bring back, 1 file to delete (1.2 KiB)`
fn sums(plan: &RestorePlan, looks: &Looks) -> String {
    let number = |step| plan.count(step) as u64;
    let parts = STEPS.iter().filter(|(step, ..)| number(*step) > 0);
    let parts: Vec<String> =
        parts.map(|(step, _, words, _)| format!("{} {words}", count(number(*step), "file"))).collect();
    let bytes: u64 = plan.steps.iter().map(Restoring::size).fold(0, u64::saturating_add);
    let bytes = if bytes > 0 { format!(" ({})", looks.size(bytes)) } else { String::new() };
    format!("{}{bytes}", parts.join(", "))
}

/// Tells of the keys of which nothing becomes.
pub fn refused(ui: &Ui, plan: &RestorePlan) {
    for Refused { name, why, .. } in &plan.refused {
        ui.warn(&format!("left alone: \"{}\": {}", printable(name), printable(why)));
    }
}

/// Tells of the keys that failed.
pub fn failed(ui: &Ui, failed: &Failed) {
    for (key, why) in failed.iter().filter_map(|(key, why)| Some((key, why.as_ref()?))) {
        ui.warn(&format!("could not restore \"{}\": {}", printable(key.as_str()), printable(why)));
    }
}

/// What was done, and what was not.
pub fn closing(plan: &RestorePlan, failed: &Failed, interrupted: bool, took: Duration) -> String {
    let done = |step| plan.steps.iter().filter(|it| it.step == step && !failed.contains_key(&it.key)).count() as u64;
    let mut parts: Vec<String> = Vec::new();
    for (step, _, _, words) in STEPS {
        if done(step) > 0 {
            parts.push(format!("{} {words}", count(done(step), "file")));
        }
    }
    if interrupted {
        parts.insert(0, "Interrupted".to_owned());
    } else if parts.is_empty() {
        parts.push("Nothing restored".to_owned());
    }
    let left = failed.values().filter(|why| why.is_none()).count();
    for (number, words) in [(failed.len() - left, "failed"), (left, "not done"), (plan.refused.len(), "left alone")] {
        if number > 0 {
            parts.push(format!("{} {words}", grouped(number as u64)));
        }
    }
    format!("{} in {}", parts.join(", "), duration(took))
}

/// The records of a restore: of one that is only planned, or of one that was made, with what failed.
pub fn records(plan: &RestorePlan, failed: Option<&Failed>, directory: Option<&Path>) -> Vec<record::Restored> {
    let steps = plan.steps.iter().map(|restoring| {
        let why = failed.and_then(|failed| failed.get(&restoring.key));
        let result = match (failed, why) {
            (None, _) => "planned",
            (Some(_), None) => "done",
            (Some(_), Some(_)) => "failed",
        };
        let path = directory.map(|directory| directory.join(restoring.key.as_str()).to_string_lossy().into_owned());
        record::Restored {
            key: restoring.key.to_string(),
            action: word(restoring.step).to_owned(),
            result: result.to_owned(),
            version_id: restoring.version.as_ref().map(|version| version.id.to_string()),
            last_modified: restoring.version.as_ref().map(|version| Seconds(version.seconds())),
            size: restoring.stored().map(|stored| stored.size),
            path,
            message: why.map(|why| why.clone().unwrap_or_else(|| "interrupted".to_owned())),
        }
    });
    let refused = plan.refused.iter().map(|refused| record::Restored {
        key: refused.name.clone(),
        action: word(refused.step).to_owned(),
        result: "refused".to_owned(),
        message: Some(refused.why.clone()),
        ..record::Restored::default()
    });
    steps.chain(refused).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::ETag;
    use crate::remote::{Stored, Version};

    fn step(name: &str, step: Step) -> Restoring {
        let stored = Stored { size: 1536, etag: ETag::new("e"), storage_class: None };
        let version =
            Version { name: name.into(), id: "v".into(), modified_ns: 0, is_current: false, content: Some(stored) };
        let version = Some(version).filter(|_| step != Step::Delete);
        Restoring { key: Key::parse(name).unwrap(), step, version, current: None }
    }

    fn example() -> RestorePlan {
        let refused = vec![Refused { name: "r".to_owned(), step: Step::Replace, why: "no".to_owned() }];
        RestorePlan { steps: vec![step("a", Step::Delete), step("b\u{1b}", Step::BringBack)], refused }
    }

    #[test]
    fn a_plan_shows_each_key_by_what_becomes_of_it_and_the_sums() {
        assert_eq!(
            plan(&example(), &Looks::PLAIN),
            "what        key      size     written\n----------  -------  -------  --------------------\nbring-back  \
             b\\u{1b}  1.5 KiB  1970-01-01T00:00:00Z\ndelete      a\n\n1 file to bring back, 1 file to delete (1.5 KiB)"
        );
    }

    #[test]
    fn the_closing_line_counts_what_was_done_and_what_was_not() {
        let failed = BTreeMap::from([(Key::parse("a").unwrap(), Some("why".to_owned()))]);
        let line = closing(&example(), &failed, false, Duration::ZERO);
        assert_eq!(line, "1 file brought back, 1 failed, 1 left alone in 0.0 s");
        let left = BTreeMap::from([(Key::parse("a").unwrap(), None), (Key::parse("b\u{1b}").unwrap(), None)]);
        let line = closing(&example(), &left, true, Duration::ZERO);
        assert_eq!(line, "Interrupted, 2 not done, 1 left alone in 0.0 s");
        let nothing = closing(&RestorePlan::default(), &BTreeMap::new(), false, Duration::ZERO);
        assert_eq!(nothing, "Nothing restored in 0.0 s");
    }

    #[test]
    fn records_tell_what_is_planned_done_failed_and_refused() {
        let failed = BTreeMap::from([(Key::parse("a").unwrap(), Some("why".to_owned()))]);
        let results = |failed| records(&example(), failed, None).into_iter().map(|it| it.result).collect::<Vec<_>>();
        assert_eq!(results(None), ["planned", "planned", "refused"]);
        assert_eq!(results(Some(&failed)), ["failed", "done", "refused"]);
        let copied = records(&example(), None, Some(Path::new("/to")));
        assert_eq!(copied[0].path.as_deref(), Some("/to/a"));
    }
}
