//! `sync`, from the first look to the commit, and its dry run.

use std::collections::BTreeSet;

use futures::stream;

use super::ledger::Ledger;
use super::observe::GoBy;
use super::{Engine, Error, Given, Look, Observed, Summary, Way, is_rules};
use crate::index::{Entry, Index, Kept, Logging};
use crate::key::Key;
use crate::local::{self, Ignore, LocalFile};
use crate::reconcile::{Action, Guards, Plan, Planned, Policy, examine, guard, untangle};
use crate::remote::ObjectStore;
use crate::transfer::{Done, Failure};

/// How often keys that keep on changing are decided again within one run.
pub(super) const ROUNDS: usize = 4;

/// A run that is planned, and what is to be known of it.
#[derive(Debug, Default)]
pub struct Planning {
    /// What would be done.
    pub plan: Plan,
    /// Pulls that wait until a file has made way for them; no part of the plan.
    pub waiting: Vec<Planned>,
    /// What was met on the way.
    pub summary: Summary,
    /// Why it would not be done: a guard.
    pub stopped: Option<Error>,
    /// The local index as it is.
    pub base: Index,
    /// Whether the index in the bucket is damaged, and would be written anew whatever there is to do.
    pub heals: bool,
    /// Whether the index in the bucket has a change log.
    pub has_log: bool,
    /// The bytes and the keys of that log, if a commit may go on with it.
    pub log: Option<(usize, BTreeSet<Box<str>>)>,
    /// When a log is kept.
    pub logging: Option<Logging>,
}

impl<S: ObjectStore> Engine<S> {
    /// Brings folder and bucket together. The caller holds the folder's lock.
    ///
    /// # Errors
    ///
    /// Whatever stops the whole run; single keys' failures are in the summary. What was done before is committed.
    pub async fn sync(&self) -> Result<Summary, Error> {
        self.sync_where(&Look::Everything, &mut None).await
    }

    /// The same for who looks where something has changed, and remembers the rest. `kept`: the local index from one run to the
    /// next.
    ///
    /// # Errors
    ///
    /// As [`Engine::sync`].
    pub async fn sync_where(&self, look: &Look, kept: &mut Option<Kept>) -> Result<Summary, Error> {
        self.folder.begin_run(self.options.stamp.clone());
        let mut summary = Summary::default();
        let looking = async {
            let remembered = match look {
                Look::Everything => None,
                Look::Hints(hints) => self.remember(hints, kept.take()).await?,
            };
            summary.everything = remembered.is_none();
            match remembered {
                Some(observed) => Ok(observed),
                None => self.observe(true, Given::default()).await,
            }
        };
        let mut observed = tokio::select! {
            biased;
            observed = looking => observed?,
            // Nothing is done yet, and the server may never answer.
            () = self.cancel.cancelled() => return Err(Error::Interrupted),
        };
        self.note_damage(&mut observed.base);
        let base = &observed.base.index;
        if self.recover(&mut |key| base.get(key.as_str()).and_then(Entry::stat))? {
            let ignore = observed.ignore.clone();
            self.rescan(&mut observed, ignore).await?;
        }
        let mut ledger = self.ledger(&mut observed.base);
        let was_noted = observed.remote_index.is_noted();
        let synced = self.run(&mut observed, &mut ledger, &mut summary).await;
        self.carrier.settle().await;
        if matches!(synced, Err(Error::Guard(..))) && ledger.is_untouched() {
            return synced.map(|()| summary);
        }
        let scope = &self.options.scope;
        // A device that a guard has just refused must not count as the known one from now on, nor one that it was not asked about.
        let is_judged = !scope.is_part() && summary.held_back.sum() == 0;
        let device = if is_judged { Some(observed.scan.device) } else { ledger.base().device };
        let device = device.or(Some(observed.scan.device)).filter(|_| synced.is_ok());
        summary.interrupted = self.cancel.is_cancelled();
        // Of what is out of the scope, nobody has looked whether the remote index has all that the local one has.
        let keep = !scope.is_part() || (was_noted && observed.remote_index.is_complete());
        // What stays in the bucket is still news to whoever may take it.
        let keep = keep && summary.held_back.bucket == 0;
        let index = &mut observed.remote_index;
        let committed = match scope.way {
            Some(Way::Pull) => self.commit_here(&mut ledger, index, device, keep),
            _ => self.commit(&mut ledger, index, device, keep).await.map(drop),
        };
        *kept = if synced.is_ok() && committed.is_ok() { ledger.keep() } else { None };
        if synced.is_ok() && !self.cancel.is_cancelled() {
            let is_out = |key: &str| scope.way.is_some() || !scope.has_name(key);
            let has_failed = |key: &str| summary.failed.iter().any(|(failed, _)| failed.as_str() == key);
            self.carrier.clear_up(&|key| is_out(key) || has_failed(key)).await;
        }
        synced.and(committed).map(|_| summary)
    }

    /// Decides and carries out, in rounds: what turns out to be something else than planned is looked at again.
    async fn run(&self, observed: &mut Observed, ledger: &mut Ledger, summary: &mut Summary) -> Result<(), Error> {
        self.check_scope(observed, ledger.base())?;
        let mut actions = self.rules_first(observed, ledger, summary).await?;
        let rules_seen = !actions.is_empty();
        let items = self.join(observed, ledger.base(), summary).await?.into_iter();
        self.folder.spare(observed.listing.iter().map(|object| &*object.name));
        let items = items.filter(|item| !(rules_seen && is_rules(item.key.as_str()))).collect();
        actions.extend(self.decide_in_scope(items, observed, ledger.base(), summary).await?);
        let waiting;
        (actions, waiting) = self.untangle(actions, observed, ledger);
        let mut changed: Vec<Key> = waiting.into_iter().map(|planned| planned.item.key).collect();
        for round in 1..=ROUNDS {
            // What was not compared any more looks like deletions that no rename explains: it is not to be judged.
            if self.cancel.is_cancelled() {
                return Ok(());
            }
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
            let again = std::mem::take(&mut changed);
            let by = GoBy { ignore: &observed.ignore, base: &|key| ledger.entry(key), written_ns: None };
            let items = self.look_at(again, &by, summary).await;
            actions = self.decide_in_scope(items, observed, ledger.base(), summary).await?;
        }
        summary.failed.extend(changed.into_iter().map(|key| (key, Failure::Changed)));
        Ok(())
    }

    /// Plans a run without changing anything at all. What a guard would say comes with the plan.
    ///
    /// # Errors
    ///
    /// Whatever stops the whole run.
    pub async fn plan(&self, given: Given) -> Result<Planning, Error> {
        Ok(self.plan_observed(given).await?.0)
    }

    /// The same, with what it was made of. The local index is in the planning.
    pub(super) async fn plan_observed(&self, given: Given) -> Result<(Planning, Observed), Error> {
        let mut summary = Summary::default();
        let (partial, scanned) = (given.partial(), given.scan.is_none());
        let mut observed = tokio::select! {
            biased;
            observed = self.observe(false, given) => observed?,
            () = self.cancel.cancelled() => return Err(Error::Interrupted),
        };
        self.note_damage(&mut observed.base);
        let ledger = self.ledger(&mut observed.base);
        self.check_scope(&observed, ledger.base())?;
        let rules = observed.take_rules(ledger.base());
        let rules = self.decide_observed(rules, &mut observed, ledger.base(), &mut summary).await?;
        let pushes_alone = self.options.scope.way == Some(Way::Push);
        if let Some(planned) = rules.first() {
            let ignore = match planned.action {
                Action::Pull => {
                    let newer = self.folder.rules(&self.carrier.read(&planned.item.key, local::MOST_RULES).await?);
                    if pushes_alone { newer.besides(observed.ignore.clone()) } else { newer }
                }
                Action::DeleteLocal if !pushes_alone => self.folder.rules(b""),
                _ => observed.ignore.clone(),
            };
            if scanned {
                self.rescan(&mut observed, ignore).await?;
            } else {
                observed.scan.files.retain(|file| !ignore.is_ignored_key(&file.key));
                observed.ignore = ignore;
            }
        }
        let mut items = self.join(&mut observed, ledger.base(), &mut summary).await?;
        items.retain(|item| partial.knows(item));
        let actions = self.decide_in_scope(items, &mut observed, ledger.base(), &mut summary).await?;
        // What was not compared any more would be planned wrongly.
        if self.cancel.is_cancelled() {
            return Err(Error::Interrupted);
        }
        let (actions, waiting) = self.untangle(actions, &observed, &ledger);
        let plan = Plan::of(actions);
        let stopped = self.guard(&plan, &observed, &ledger, &summary).err();
        let index = &observed.remote_index;
        let logs = !index.is_beside_old_writer(self.ambient.now());
        let planning = Planning {
            plan,
            waiting,
            summary,
            stopped,
            base: ledger.into_base(),
            heals: index.damaged().is_some(),
            has_log: index.has_log(),
            log: index.goes_on().map(|(bytes, keys)| (bytes, keys.map(Into::into).collect())),
            logging: logs.then(|| self.options.logging.clone()),
        };
        Ok((planning, observed))
    }

    /// Refuses names of which there is nothing.
    fn check_scope(&self, observed: &Observed, base: &Index) -> Result<(), Error> {
        self.options.scope.unmatched(observed, base).map_or(Ok(()), |name| Err(Error::Unmatched(name)))
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
        let mut rules = self.decide_observed(rules, observed, ledger.base(), summary).await?;
        let newer =
            rules.first().filter(|planned| planned.action == Action::Pull).map(|planned| planned.item.key.clone());
        if self.options.scope.hold_back(&mut rules).sum() > 0 {
            // They stay where they are, and hold all the same: what they hide was not meant for the bucket.
            if let Some(key) = newer {
                let newer = self.folder.rules(&self.carrier.read(&key, local::MOST_RULES).await?);
                let ignore = newer.besides(observed.ignore.clone());
                self.rescan(observed, ignore).await?;
            }
            return Ok(Vec::new());
        }
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

    /// Takes care of files where the other side has a folder; returns also the pulls that wait for that.
    fn untangle(&self, actions: Vec<Planned>, observed: &Observed, ledger: &Ledger) -> (Vec<Planned>, Vec<Planned>) {
        let item_of = |file: &LocalFile| {
            let object = observed.object(&file.key);
            examine(&file.key, ledger.entry(&file.key), None, Some(file), object)
        };
        // Who may not do everything moves nothing aside.
        let is_whole = !self.options.scope.is_part() && self.options.scope.way.is_none();
        let keep_both = is_whole && self.options.policy == Policy::KeepBoth;
        let (mut actions, waiting) = untangle(actions, &observed.scan.files, keep_both, &item_of);
        self.options.scope.hold_back(&mut actions);
        (actions, waiting)
    }

    /// Stops a plan that looks like an accident; what the run has deleted already counts too.
    fn guard(&self, plan: &Plan, observed: &Observed, ledger: &Ledger, summary: &Summary) -> Result<(), Error> {
        let done = |action| summary.done.get(&action).copied().unwrap_or_default();
        let scope = &self.options.scope;
        let guards = Guards {
            max_delete: self.options.max_delete,
            known: observed.known,
            files: observed.scan.files.iter().filter(|it| !is_rules(it.key.as_str()) && !it.key.is_marker()).count(),
            folders: observed.scan.files.iter().filter(|file| file.key.is_marker()).count(),
            withheld: if scope.is_part() || scope.way == Some(Way::Pull) { observed.known } else { 0 },
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
    pub(super) async fn carry_out(&self, plan: Plan, ledger: &mut Ledger, summary: &mut Summary) -> Vec<Key> {
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
                    ledger.fold(&planned.item.key, done);
                }
                Err(Failure::Changed) => again.push(planned.item.key),
                Err(Failure::Moved(beside)) => {
                    again.push(beside);
                    again.push(planned.item.key);
                }
                Err(Failure::Interrupted) => {}
                Err(Failure::Link) => drop(summary.links_there.insert(planned.item.key)),
                Err(failure) => summary.failed.push((planned.item.key, failure)),
            };
            if !stage.is_empty() {
                self.carrier.carry_out(stream::iter(stage), &mut ended).await;
            }
        }
        again
    }
}
