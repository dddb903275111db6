//! `sync`, from the first look to the commit, and its dry run.

use std::sync::Arc;

use super::ledger::Ledger;
use super::{Engine, Error, Note, Observed, Summary, is_rules};
use crate::index::Loaded;
use crate::key::Key;
use crate::local::{self, Ignore, LocalFile};
use crate::reconcile::{Action, Guards, Plan, Planned, Policy, conflict_key, examine, guard, untangle};
use crate::remote::ObjectStore;
use crate::transfer::{Done, Failure};

/// How often keys that keep on changing are decided again within one run.
const ROUNDS: usize = 4;

impl<S: ObjectStore> Engine<S> {
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
        let items = observed.join(ledger.base(), summary)?.into_iter();
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
        let items = observed.join(ledger.base(), &mut summary)?;
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
}
