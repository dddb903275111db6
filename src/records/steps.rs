//! Changes, outcomes, and what they come to.

use s4_commands::record::{self, Record};
use s4_commands::time::Seconds;

use super::senseless;
use super::sides::{self, info_of_local, info_of_remote, key, local_of_info, of_entry, remote_of_info, to_entry};
use crate::content::Sha256;
use crate::cost::{Foretold, Spent};
use crate::engine::{Fault, Finding, Summary, Told, Verified};
use crate::error::Error;
use crate::key::Key;
use crate::local;
use crate::reconcile::{Action, Alarm, Decision, Item, Planned, Source, State};
use crate::remote::{CountsSnapshot, Unfinished};
use crate::transfer::{Done, Failure};

const ACTIONS: [(Action, &str); 9] = [
    (Action::Push, "push"),
    (Action::Pull, "pull"),
    (Action::DeleteRemote, "delete-remote"),
    (Action::DeleteLocal, "delete-local"),
    (Action::Adopt, "adopt"),
    (Action::Forget, "forget"),
    (Action::Conflict, "conflict"),
    (Action::KeepBoth, "keep-both"),
    (Action::MoveAside, "move-aside"),
];

const STATES: [(State, &str); 5] = [
    (State::Unchanged, "unchanged"),
    (State::Created, "created"),
    (State::Updated, "updated"),
    (State::Deleted, "deleted"),
    (State::Absent, "absent"),
];

/// The word for a state.
pub fn state_word(state: State) -> &'static str {
    word(&STATES, state)
}

/// The word for an action.
pub(super) fn action_word(action: Action) -> &'static str {
    word(&ACTIONS, action)
}

fn word<T: PartialEq + Copy>(words: &[(T, &'static str)], value: T) -> &'static str {
    words.iter().find(|(known, _)| *known == value).map_or("", |(_, word)| word)
}

fn value<T: Copy>(words: &[(T, &str)], text: &str, key: &str) -> Result<T, Error> {
    let found = words.iter().find(|(_, word)| *word == text).map(|(value, _)| *value);
    found.ok_or_else(|| senseless(&format!("\"{text}\" is not known"), key))
}

/// The record of a change; `alarm` is the guard that stopped its plan.
pub fn change(planned: &Planned, alarm: Option<&Alarm>) -> record::Change {
    let item = &planned.item;
    record::Change {
        key: item.key.to_string(),
        action: word(&ACTIONS, planned.action).to_owned(),
        local: state_word(planned.decision.local).to_owned(),
        remote: state_word(planned.decision.remote).to_owned(),
        file: item.local.as_ref().map(info_of_local),
        object: item.remote.as_ref().map(info_of_remote),
        base: item.base.as_deref().map(of_entry),
        indexed: item.indexed.as_deref().map(of_entry),
        source: planned.source.as_ref().map(|source| record::Source {
            key: source.item.key.to_string(),
            file: source.item.local.as_ref().map(info_of_local),
            object: source.item.remote.as_ref().map(info_of_remote),
            stays: source.stays,
        }),
        guard: alarm.map(|alarm| alarm.word().to_owned()),
        renamed: planned.renamed,
        ignored: item.ignored,
    }
}

/// The change that a record stands for.
///
/// # Errors
///
/// For a key, a word or a value that cannot be, and for an action that lacks what it works on.
pub fn planned(change: &record::Change) -> Result<Planned, Error> {
    let name = change.key.as_str();
    let entry = |record: &Option<record::IndexEntry>| record.as_ref().map(|record| to_entry(record, name)).transpose();
    let mut item = Item {
        key: key(name)?,
        base: entry(&change.base)?.map(Box::new),
        local: change.file.as_ref().map(|info| local_of_info(info, name)).transpose()?,
        remote: change.object.as_ref().map(|info| remote_of_info(info, name)).transpose()?,
        indexed: None,
        ignored: change.ignored,
        foreign: false,
    };
    item.set_index_entry(entry(&change.indexed)?.as_ref());
    let action = value(&ACTIONS, &change.action, name)?;
    let (local, remote) = (value(&STATES, &change.local, name)?, value(&STATES, &change.remote, name)?);
    let source = change.source.as_ref().map(source).transpose()?;
    let decision = Decision { local, remote, action: Some(action) };
    Ok(Planned { item, decision, action, source, renamed: change.renamed })
}

fn source(record: &record::Source) -> Result<Source, Error> {
    let name = record.key.as_str();
    let item = Item {
        key: key(name)?,
        base: None,
        local: record.file.as_ref().map(|info| local_of_info(info, name)).transpose()?,
        remote: record.object.as_ref().map(|info| remote_of_info(info, name)).transpose()?,
        indexed: None,
        ignored: false,
        foreign: false,
    };
    Ok(Source { item: Box::new(item), stays: record.stays })
}

/// The record of an action that was not begun.
pub fn skipped(planned: &Planned, reason: &str, message: &str) -> record::Outcome {
    record::Outcome {
        result: "skipped".to_owned(),
        reason: Some(reason.to_owned()),
        message: Some(message.to_owned()),
        ..begun(planned.item.key.as_str(), planned.action)
    }
}

/// The record of a key that was named and needs nothing, for this reason.
pub fn idle(key: &Key, action: Action, reason: &str) -> record::Outcome {
    let (result, reason) = ("skipped".to_owned(), Some(reason.to_owned()));
    record::Outcome { result, reason, ..begun(key.as_str(), action) }
}

/// The record of a key that was named and is nowhere.
pub fn absent(key: &Key, action: Action) -> record::Outcome {
    record::Outcome {
        result: "failed".to_owned(),
        reason: Some("absent".to_owned()),
        message: Some("neither the folder nor the bucket has it".to_owned()),
        ..begun(key.as_str(), action)
    }
}

/// The record of a key that could not be looked at.
pub fn failed(key: &Key, action: Action, failure: &Failure) -> record::Outcome {
    let mut outcome = begun(key.as_str(), action);
    not_done(&mut outcome, failure);
    outcome
}

/// The record of an action that a guard refuses; `guard` is its word.
pub fn refused(planned: &Planned, guard: &str) -> record::Outcome {
    skipped(planned, "guard", &format!("refused by a guard: {guard}"))
}

fn begun(key: &str, action: Action) -> record::Outcome {
    let action = word(&ACTIONS, action).to_owned();
    record::Outcome { key: key.to_owned(), action, ..record::Outcome::default() }
}

/// The record of what became of an action.
pub fn outcome(planned: &Planned, result: &Result<Done, Failure>) -> record::Outcome {
    let mut outcome = begun(planned.item.key.as_str(), planned.action);
    match result {
        Ok(done) => {
            outcome.result = "done".to_owned();
            outcome.bytes = done.bytes;
            outcome.kept_as = done.kept_as.as_ref().map(Key::to_string);
            outcome.base_version = planned.item.base.as_ref().and_then(|base| base.remote_timestamp);
            outcome.entry = Some(of_entry(&done.local));
            outcome.remote_entry = done.remote.as_ref().map(of_entry);
            outcome.learn_modified = done.learn_modified;
        }
        Err(Failure::Moved(beside)) => {
            outcome.result = "done".to_owned();
            outcome.kept_as = Some(beside.to_string());
        }
        Err(failure) => not_done(&mut outcome, failure),
    }
    outcome
}

/// Puts into an outcome why it was not carried out.
fn not_done(outcome: &mut record::Outcome, failure: &Failure) {
    let (result, reason) = match failure {
        Failure::Changed | Failure::Moved(_) => ("skipped", "changed"),
        Failure::Interrupted => ("skipped", "interrupted"),
        Failure::Link => ("skipped", "symlink"),
        Failure::Local(local::Error::NoSpace { .. } | local::Error::NoRoom { .. }) => ("failed", "no-space"),
        Failure::Local(_) => ("failed", "local"),
        Failure::Remote(_) => ("failed", "remote"),
    };
    outcome.result = result.to_owned();
    outcome.reason = Some(reason.to_owned());
    outcome.message = Some(failure.reasons());
}

/// What the indexes are to be told of an outcome; `None` where that is nothing.
///
/// # Errors
///
/// For a key or a value that cannot be.
pub fn told(outcome: record::Outcome) -> Result<Option<Told>, Error> {
    let name = outcome.key.as_str();
    let Some(entry) = outcome.entry.filter(|_| outcome.result == "done") else { return Ok(None) };
    let done = Done {
        local: to_entry(&entry, name)?,
        remote: outcome.remote_entry.map(|entry| to_entry(&entry, name)).transpose()?,
        learn_modified: outcome.learn_modified,
        bytes: outcome.bytes,
        kept_as: None,
    };
    Ok(Some(Told { key: key(name)?, done, base_version: outcome.base_version }))
}

/// What the next sync would take.
pub fn forecast(foretold: &Foretold) -> record::Forecast {
    record::Forecast {
        bytes_up: foretold.bytes_up,
        bytes_down: foretold.bytes_down,
        requests: requests(&foretold.spent.counts),
        dollars: rounded(foretold.spent.dollars),
    }
}

/// What a command has asked of the server.
pub fn spent(spent: &Spent) -> record::Spent {
    record::Spent {
        bytes_up: spent.counts.bytes_up,
        bytes_down: spent.counts.bytes_down,
        requests: requests(&spent.counts),
        dollars: rounded(spent.dollars),
    }
}

/// Dollars to a billionth: what comes after is the noise of adding up.
fn rounded(dollars: f64) -> f64 {
    (dollars * 1e9).round() / 1e9
}

/// Requests by class.
fn requests(counts: &CountsSnapshot) -> record::Requests {
    let CountsSnapshot { list, get, head, put, copy, delete, .. } = *counts;
    record::Requests { list, get, head, put, copy, delete }
}

/// The record of what a sync did.
pub fn summary(summary: &Summary, spent: &Spent) -> record::Summary {
    let done = summary.done.iter().map(|(action, number)| (word(&ACTIONS, *action).to_owned(), *number as u64));
    record::Summary {
        done: done.collect(),
        bytes_up: summary.uploaded,
        bytes_down: summary.downloaded,
        conflicts: summary.conflicts.len() as u64,
        failed: summary.failed.len() as u64,
        problems: summary.problems.len() as u64,
        symlinks: summary.links() as u64,
        held_back: summary.held_back.sum() as u64,
        requests: requests(&spent.counts),
        dollars: rounded(spent.dollars),
        interrupted: summary.interrupted,
    }
}

/// How much a look leaves out.
pub fn left(summary: &Summary) -> record::Left {
    record::Left {
        ignored: summary.ignored,
        symlinks: summary.symlinks as u64,
        held_back: summary.held_back.sum() as u64,
    }
}

/// What a verification found of a key.
pub fn finding(finding: &Finding) -> record::Finding {
    let hex = |sum: Option<Sha256>| sum.map(|sum| sum.to_string());
    record::Finding {
        key: finding.key.as_str().to_owned(),
        fault: fault_word(finding.fault).to_owned(),
        message: finding.why.clone(),
        expected: hex(finding.expected),
        file: hex(finding.file),
        object: hex(finding.object),
        repaired: finding.repaired,
    }
}

/// An upload that this folder knows nothing of.
pub fn upload(upload: &Unfinished) -> record::Upload {
    record::Upload {
        key: upload.name.clone().into(),
        upload_id: upload.upload.clone().into(),
        begun: Seconds(upload.begun),
    }
}

/// The word for a fault.
pub fn fault_word(fault: Fault) -> &'static str {
    match fault {
        Fault::File => "file",
        Fault::Object => "object",
        Fault::Both => "both",
        Fault::Index => "index",
        Fault::Metadata => "metadata",
        Fault::Unreadable => "unreadable",
    }
}

/// What a verification came to.
pub fn verification(verified: &Verified, spent: &Spent) -> record::Verification {
    record::Verification {
        files: verified.files,
        objects: verified.objects,
        bytes_read: verified.bytes_read,
        bytes_fetched: verified.bytes_fetched,
        findings: verified.findings.len() as u64,
        repaired: verified.findings.iter().filter(|finding| finding.repaired).count() as u64,
        pending: verified.pending,
        unproven: verified.unproven,
        problems: verified.problems.len() as u64,
        requests: requests(&spent.counts),
        dollars: rounded(spent.dollars),
        interrupted: verified.interrupted,
    }
}

/// The records of the names that a run left alone.
pub fn problems(summary: &Summary) -> impl Iterator<Item = Record> {
    summary.problems.iter().map(|problem| sides::unnameable(problem).into())
}
