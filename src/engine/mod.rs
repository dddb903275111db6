//! The verbs of s4, and `sync`, their composition.
//!
//! ```text
//! observe ─► settle (reconcile asks, the engine answers) ─► plan, guards ─► carry out ─► ledger: fold, commit
//! ```
//!
//! Facts that hold throughout:
//! 1. The base is advanced from outcomes, never from the plan.
//! 2. A key that is not what the plan saw is looked at again and decided again, a few times, and then left for later.
//! 3. One key's failure stops no other.

mod ledger;
mod observe;
mod settle;

pub use observe::Observed;
pub use settle::Settled;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ambient::Ambient;
use crate::index::{LoadError, Loaded, RemoteIndexError};
use crate::key::{self, Key};
use crate::local::{self, Folder, Ignore, LocalFile, Recovered};
use crate::reconcile::{
    Action, Alarm, Choice, Decision, Guards, Plan, Planned, Policy, Problem, State, conflict_key, examine, guard,
    resolve, untangle,
};
use crate::remote::{self, ObjectStore};
use crate::transfer::{Cancel, Carrier, Done, Failure, Progress};
use ledger::Ledger;

/// How often keys that keep on changing are decided again within one run.
const ROUNDS: usize = 4;

/// How a target is synced.
#[derive(Clone, Debug)]
pub struct Options {
    /// How conflicts are answered.
    pub policy: Policy,
    /// The share of the keys that one run may delete on a side, in percent.
    pub max_delete: f64,
    /// Whether to go on where a guard would stop.
    pub force: bool,
    /// Whether a key that became ignored stays in the bucket.
    pub keep_ignored: bool,
    /// Names conflict copies and trash: `HOST-YYYYMMDD-HHMMSS`.
    pub stamp: String,
    /// Names the place in the bucket: a base that is about another place is none.
    pub place: String,
}

/// Who hears of a run, and is asked.
pub trait Witness: Progress {
    /// A plan is about to be carried out (or would be, in a dry run).
    fn planned(&self, _plan: &Plan) {}
    /// The indexes are about to be written.
    fn committing(&self) {}
    /// Something worth a line to a person.
    fn note(&self, _note: Note) {}
    /// Answers a conflict that the policy leaves to a person.
    fn choose(&self, _conflict: &Planned) -> Choice {
        Choice::Skip
    }
}

/// Something that a run met and went on from.
#[derive(Debug)]
pub enum Note {
    /// The local index was damaged; where it was put.
    LocalIndexDamaged(Option<std::path::PathBuf>, String),
    /// The remote index is damaged and will be rewritten.
    RemoteIndexDamaged(String),
    /// The local index is about another place in a bucket, this one, and does not count.
    OtherPlace(String),
    /// An earlier run was cut short in the middle of a change; what was done about it.
    Recovered(Recovered),
}

/// Why a run was not made, or not ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder can not be used.
    #[error(transparent)]
    Local(#[from] local::Error),
    /// The local index can not be used.
    #[error(transparent)]
    LocalIndex(#[from] LoadError),
    /// The remote index can not be used.
    #[error("the index in the bucket can not be used")]
    RemoteIndex(#[source] RemoteIndexError),
    /// The bucket can not be listed or read.
    #[error(transparent)]
    Remote(#[from] remote::Error),
    /// The newer ignore rules of the bucket could not be brought here.
    #[error("the newer .syncignore of the bucket could not be brought here, and says what the rest is")]
    Rules(#[source] Failure),
    /// A guard stopped the run before anything was done.
    #[error("stopped by a guard")]
    Guard(Alarm, Vec<Key>),
}

impl From<RemoteIndexError> for Error {
    fn from(error: RemoteIndexError) -> Error {
        match error {
            RemoteIndexError::Store(error) => Error::Remote(error),
            error => Error::RemoteIndex(error),
        }
    }
}

/// What became of a run.
#[derive(Debug, Default)]
pub struct Summary {
    /// Number of actions done, by kind.
    pub done: BTreeMap<Action, usize>,
    /// Bytes of content uploaded.
    pub uploaded: u64,
    /// Bytes of content downloaded.
    pub downloaded: u64,
    /// Conflicts that were left alone.
    pub conflicts: Vec<Planned>,
    /// Keys whose action failed, and why.
    pub failed: Vec<(Key, Failure)>,
    /// Names that were left alone, and why.
    pub problems: Vec<Problem>,
    /// Number of symbolic links in the folder, which are left alone.
    pub symlinks: usize,
    /// Whether the run was interrupted.
    pub interrupted: bool,
}

/// One target, ready to be worked on.
pub struct Engine<S> {
    store: Arc<S>,
    folder: Arc<Folder>,
    ambient: Arc<dyn Ambient>,
    witness: Arc<dyn Witness>,
    cancel: Cancel,
    options: Options,
    carrier: Arc<Carrier<S>>,
}

impl<S: ObjectStore> Engine<S> {
    /// Makes the engine of a target.
    pub fn new<W: Witness>(
        (folder, store): (Arc<Folder>, Arc<S>),
        ambient: Arc<dyn Ambient>,
        witness: Arc<W>,
        cancel: Cancel,
        options: Options,
    ) -> Engine<S> {
        let progress: Arc<dyn Progress> = Arc::clone(&witness) as Arc<dyn Progress>;
        let carrier = Carrier::new(
            Arc::clone(&store),
            Arc::clone(&folder),
            Arc::clone(&ambient),
            progress,
            (cancel.clone(), options.stamp.clone()),
        );
        Engine { store, folder, ambient, witness, cancel, options, carrier: Arc::new(carrier) }
    }

    /// Brings folder and bucket together. The caller holds the folder's lock.
    ///
    /// # Errors
    ///
    /// Whatever stops the whole run; single keys' failures are in the summary. What was done before is committed.
    pub async fn sync(&self) -> Result<Summary, Error> {
        self.folder.begin_run(self.options.stamp.clone());
        let mut summary = Summary::default();
        let mut observed = self.observe(true).await?;
        self.recover(&mut observed).await?;
        let mut ledger = self.ledger(&mut observed);
        let synced = self.run(&mut observed, &mut ledger, &mut summary).await;
        self.carrier.settle().await;
        if matches!(synced, Err(Error::Guard(..))) && ledger.is_untouched() {
            return synced.map(|()| summary);
        }
        // A device that a guard has just refused must not count as the known one from now on.
        let device = synced.is_ok().then_some(observed.scan.device);
        summary.interrupted = self.cancel.is_cancelled();
        ledger.heal(&mut observed)?;
        if let Some(what) = observed.remote_index.damaged() {
            self.witness.note(Note::RemoteIndexDamaged(what.to_owned()));
        }
        let committed = self.commit(ledger, &mut observed, device).await;
        synced.and(committed).map(|()| summary)
    }

    /// Decides and carries out, in rounds: what turns out to be something else than planned is looked at again.
    async fn run(&self, observed: &mut Observed, ledger: &mut Ledger, summary: &mut Summary) -> Result<(), Error> {
        let mut actions = self.rules_first(observed, ledger, summary).await?;
        let rules_seen = !actions.is_empty();
        let items = observed.join(ledger.base(), summary).into_iter();
        let items = items.filter(|item| !(rules_seen && is_rules(item.key.as_str()))).collect();
        actions.extend(self.decide(items, observed, summary).await?);
        let mut changed;
        (actions, changed) = self.untangle(actions, observed, ledger);
        for round in 1..=ROUNDS {
            let plan = Plan::of(std::mem::take(&mut actions));
            self.guard(&plan, observed, ledger, summary)?;
            changed.extend(self.carry_out(plan, ledger, summary).await);
            if let Some(key) = summary.take_full_disk() {
                return Err(Error::Local(local::Error::NoSpace { path: self.folder.path().join(key.as_str()) }));
            }
            if changed.is_empty() || self.cancel.is_cancelled() {
                return Ok(());
            }
            if round == ROUNDS {
                break;
            }
            let items = self.look_again(std::mem::take(&mut changed), observed, ledger, summary).await;
            actions = self.decide(items, observed, summary).await?;
        }
        summary.failed.extend(changed.into_iter().map(|key| (key, Failure::Changed)));
        Ok(())
    }

    /// The ledger on top of the base that was found; one that is about another place is put away.
    fn ledger(&self, observed: &mut Observed) -> Ledger {
        let place = self.options.place.clone();
        if let Some(other) = observed.base.index.place.take_if(|other| *other != place) {
            self.witness.note(Note::OtherPlace(other));
            observed.base = Loaded::default();
        }
        Ledger::new(observed, Arc::clone(&self.folder), place, self.ambient.now())
    }

    /// Plans a run without changing anything at all. What a guard would say comes with the plan.
    ///
    /// # Errors
    ///
    /// Whatever stops the whole run.
    pub async fn plan(&self) -> Result<(Plan, Summary, Option<Error>), Error> {
        let mut summary = Summary::default();
        let mut observed = self.observe(false).await?;
        let ledger = self.ledger(&mut observed);
        let rules = observed.take_rules(ledger.base());
        let rules = self.decide(rules, &mut observed, &mut summary).await?;
        if let Some(planned) = rules.first() {
            let ignore = match planned.action {
                Action::Pull => Ignore::parse(&self.carrier.read(&planned.item.key).await?),
                Action::DeleteLocal => Ignore::none(),
                _ => observed.ignore.clone(),
            };
            self.rescan(&mut observed, ignore).await?;
        }
        let items = observed.join(ledger.base(), &mut summary);
        let actions = self.decide(items, &mut observed, &mut summary).await?;
        let (actions, _) = self.untangle(actions, &observed, &ledger);
        let plan = Plan::of(actions);
        let stopped = self.guard(&plan, &observed, &ledger, &summary).err();
        Ok((plan, summary, stopped))
    }

    /// A newer `.syncignore` is brought here before anything else is planned, for it says what the rest is. Returns what is to
    /// be done about it with the rest.
    async fn rules_first(
        &self,
        observed: &mut Observed,
        ledger: &mut Ledger,
        summary: &mut Summary,
    ) -> Result<Vec<Planned>, Error> {
        let rules = observed.take_rules(ledger.base());
        let rules = self.decide(rules, observed, summary).await?;
        if !rules.iter().any(|planned| matches!(planned.action, Action::Pull | Action::KeepBoth | Action::DeleteLocal))
        {
            return Ok(rules);
        }
        let again = self.carry_out(Plan::of(rules), ledger, summary).await;
        // By the old rules this run would delete what the new ones spare.
        if let Some(at) = summary.failed.iter().position(|(key, _)| is_rules(key.as_str())) {
            return Err(Error::Rules(summary.failed.swap_remove(at).1));
        }
        if again.iter().any(|key| is_rules(key.as_str())) {
            return Err(Error::Rules(Failure::Changed));
        }
        ledger.save(None)?;
        let ignore = Ignore::load(&self.folder)?;
        self.rescan(observed, ignore).await?;
        Ok(Vec::new())
    }

    /// Takes care of files where the other side has a folder; returns also the keys that wait for that.
    fn untangle(&self, actions: Vec<Planned>, observed: &Observed, ledger: &Ledger) -> (Vec<Planned>, Vec<Key>) {
        let item_of = |file: &LocalFile| {
            let object = observed.object(&file.key);
            examine(&file.key, ledger.entry(&file.key), Some(file), object)
        };
        untangle(actions, &observed.scan.files, self.options.policy == Policy::KeepBoth, &item_of)
    }

    /// Stops a plan that looks like an accident; what the run has deleted already counts too.
    fn guard(&self, plan: &Plan, observed: &Observed, ledger: &Ledger, summary: &Summary) -> Result<(), Error> {
        let done = |action| summary.done.get(&action).copied().unwrap_or_default();
        let guards = Guards {
            max_delete: self.options.max_delete,
            known: observed.known,
            files: observed.scan.files.iter().filter(|file| !is_rules(file.key.as_str())).count(),
            moved_device: ledger.base().device.is_some_and(|device| device != observed.scan.device),
            deleted: [done(Action::DeleteRemote), done(Action::DeleteLocal)],
        };
        match guard(plan, &guards) {
            Some(alarm) if !self.options.force => {
                let keys = plan.actions().filter(|planned| alarm.concerns(planned));
                Err(Error::Guard(alarm.clone(), keys.map(|planned| planned.item.key.clone()).collect()))
            }
            _ => Ok(()),
        }
    }

    /// Carries a plan out, stage by stage; returns the keys that must be looked at again.
    async fn carry_out(&self, plan: Plan, ledger: &mut Ledger, summary: &mut Summary) -> Vec<Key> {
        self.witness.planned(&plan);
        summary.conflicts.extend(plan.conflicts);
        let mut again: Vec<Key> = Vec::new();
        for mut stage in [plan.make_way, plan.transfers, plan.deletions] {
            // What became ignored leaves the bucket only after the rule is there: other machines must learn of the rule first,
            // or they would take it for a deletion.
            let unsettled = summary.conflicts.iter().map(|planned| &planned.item.key);
            let mut unsettled = unsettled.chain(summary.failed.iter().map(|(key, _)| key)).chain(&again);
            if unsettled.any(|key| is_rules(key.as_str())) {
                stage.retain(|planned| !planned.item.ignored);
            }
            let mut ended = |planned: Planned, result: Result<Done, Failure>| match result {
                Ok(done) => {
                    again.extend(done.kept_as.clone());
                    summary.count(&planned, &done);
                    ledger.fold(&planned, done);
                }
                Err(Failure::Changed) => again.push(planned.item.key),
                Err(Failure::Moved(beside)) => {
                    again.push(beside);
                    again.push(planned.item.key);
                }
                Err(Failure::Interrupted) => {}
                Err(failure) => summary.failed.push((planned.item.key, failure)),
            };
            if !stage.is_empty() {
                self.carrier.carry_out(stage, &mut ended).await;
            }
        }
        again
    }

    async fn commit(&self, mut ledger: Ledger, observed: &mut Observed, device: Option<u64>) -> Result<(), Error> {
        if ledger.is_clean(observed) {
            return Ok(());
        }
        self.witness.committing();
        ledger.save(device)?;
        ledger.commit(&*self.store, observed, &*self.ambient).await
    }

    async fn recover(&self, observed: &mut Observed) -> Result<(), Error> {
        if let Some((aside, what)) = observed.base.set_aside.take() {
            self.witness.note(Note::LocalIndexDamaged(aside, what));
        }
        let base = &observed.base.index;
        let recovered =
            self.folder.recover(&mut |key| base.get(key.as_str()).and_then(crate::index::Entry::stat), &|key| {
                conflict_key(key, &self.options.stamp, 0).unwrap_or_else(|| key.clone())
            })?;
        let found_something = !recovered.is_empty();
        for recovered in recovered {
            self.witness.note(Note::Recovered(recovered));
        }
        if found_something {
            let ignore = observed.ignore.clone();
            self.rescan(observed, ignore).await?;
        }
        Ok(())
    }

    /// Turns a decision into what will be done: answers conflicts as the policy or a person says.
    fn answer(&self, settled: Settled) -> Option<Planned> {
        let Settled { item, decision } = settled;
        let action = decision.action?;
        let mut planned = Planned { item, decision, action, source: None, renamed: false };
        if action == Action::Conflict {
            let choice = self.options.policy.answer(&planned.item).unwrap_or_else(|| self.witness.choose(&planned));
            planned.action = resolve(&planned.item, choice).unwrap_or(Action::Conflict);
        }
        Some(planned)
    }
}

impl Summary {
    /// A full disk is no matter of one key: whatever comes next would fail as well. Returns the key that found it full.
    fn take_full_disk(&mut self) -> Option<Key> {
        let is_full = |failure: &Failure| matches!(failure, Failure::Local(local::Error::NoSpace { .. }));
        let at = self.failed.iter().position(|(_, failure)| is_full(failure))?;
        Some(self.failed.swap_remove(at).0)
    }

    fn count(&mut self, planned: &Planned, done: &Done) {
        // A touched file is recorded and nothing else: no person needs to hear of it.
        let silent = planned.action == Action::Adopt
            && planned.decision
                == Decision { local: State::Unchanged, remote: State::Unchanged, action: Some(Action::Adopt) };
        if !silent {
            *self.done.entry(planned.action).or_default() += 1;
        }
        match planned.action {
            Action::Push => self.uploaded += done.bytes,
            Action::Pull | Action::KeepBoth => self.downloaded += done.bytes,
            _ => {}
        }
    }
}

/// Whether a key is the ignore rules.
fn is_rules(key: &str) -> bool {
    key == key::IGNORE
}
