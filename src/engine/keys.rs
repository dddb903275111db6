//! A sync of a few keys: those that this machine has just changed in the bucket, by other ways than a sync, or those that somebody
//! has named.

use super::learn::live_names;
use super::ledger::Ledger;
use super::observe::GoBy;
use super::sync::ROUNDS;
use super::{Engine, Error, Summary};
use crate::index::{self, Entry, Index, Loaded, RemoteIndex};
use crate::key::Key;
use crate::local::{Ignore, LocalFile};
use crate::reconcile::{Item, Plan, Planned, examine, untangle};
use crate::remote::ObjectStore;
use crate::transfer::Failure;

/// What a look at single keys has come to.
#[derive(Debug, Default)]
pub struct Looked {
    /// What a sync would do about those that need something, in the order of the keys.
    pub planned: Vec<Planned>,
    /// Those that neither side has, nor had.
    pub absent: Vec<Key>,
    /// Those that could not be looked into, and why.
    pub failed: Vec<(Key, Failure)>,
}

impl<S: ObjectStore> Engine<S> {
    /// Brings folder and bucket together for these keys and no others. No guard looks at it: the caller knows what is deleted.
    /// The caller holds the folder's lock.
    ///
    /// # Errors
    ///
    /// Whatever stops the whole run; single keys' failures are in the summary. What was done before is committed.
    pub async fn sync_keys(&self, keys: Vec<Key>) -> Result<Summary, Error> {
        self.carry_keys(Vec::new(), keys).await
    }

    /// As [`Engine::sync_keys`], of which `actions` are decided already: those are carried out as they were seen. What is no longer
    /// so is looked at and decided again with the keys.
    ///
    /// # Errors
    ///
    /// As [`Engine::sync_keys`].
    pub async fn carry_keys(&self, actions: Vec<Planned>, mut keys: Vec<Key>) -> Result<Summary, Error> {
        self.folder.begin_run(self.options.stamp.clone());
        let mut base = self.load(true)?;
        let mut written_ns = base.written_ns;
        let ignore = Ignore::load(&self.folder)?;
        let mut remote_index = RemoteIndex::fetch_both(&*self.store, &self.folder).await?;
        // As in `Engine::record`: what others have written since is still to be looked at.
        let is_noted = remote_index.is_noted();
        let names = keys.iter().chain(actions.iter().map(|planned| &planned.item.key)).map(Key::as_str);
        let told = remote_index.about(&*self.store, &self.folder, names).await?.into_owned();
        let mut ledger = self.ledger(&mut base);
        self.folder.spare(live_names(ledger.base()));
        let mut summary = Summary::default();
        if !actions.is_empty() {
            keys.extend(self.carry_out(Plan::of(actions), &mut ledger, &mut summary).await);
            written_ns = None;
        }
        if !keys.is_empty() && !self.cancel.is_cancelled() {
            self.sync_rounds(keys, (&ignore, written_ns), &told, &mut ledger, &mut summary).await;
        }
        self.carrier.settle().await;
        summary.interrupted = self.cancel.is_cancelled();
        // The first device that is known is the one that guards go by; only a whole sync may take another for it.
        let device = ledger.base().device.or(Some(self.folder.device()));
        let keep = is_noted && remote_index.is_complete();
        self.commit(&mut ledger, &mut remote_index, device, keep).await?;
        Ok(summary)
    }

    async fn sync_rounds(
        &self,
        mut keys: Vec<Key>,
        (ignore, mut written_ns): (&Ignore, Option<i128>),
        told: &Index,
        ledger: &mut Ledger,
        summary: &mut Summary,
    ) {
        for _ in 0..ROUNDS {
            let entry = |key: &Key| ledger.entry(key);
            let by = GoBy { ignore, base: &entry, written_ns };
            let items = self.look_at(std::mem::take(&mut keys), &by, summary).await;
            let of_item = |item: &Item| Some(LocalFile { key: item.key.clone(), stat: item.local.as_ref()?.stat });
            let mut files: Vec<LocalFile> = items.iter().filter_map(of_item).collect();
            files.sort_by(|one, other| one.key.cmp(&other.key));
            let actions = self.decide(items, told, None, summary).await;
            if self.cancel.is_cancelled() {
                return;
            }
            // Nothing is moved aside here: what is in the way is a conflict of two names, and a matter of a whole sync.
            let item_of = |file: &LocalFile| examine(&file.key, None, None, Some(file), None);
            let (actions, _) = untangle(actions, &files, false, &item_of);
            keys = self.carry_out(Plan::of(actions), ledger, summary).await;
            if keys.is_empty() || self.cancel.is_cancelled() {
                return;
            }
            written_ns = None;
        }
        summary.failed.extend(keys.into_iter().map(|key| (key, Failure::Changed)));
    }

    /// Looks at these keys and no others, and tells what a sync would do about them. Nothing is changed.
    ///
    /// # Errors
    ///
    /// An index that cannot be read.
    pub async fn look_at_keys(&self, keys: Vec<Key>) -> Result<Looked, Error> {
        let mut base = self.load(false)?;
        let written_ns = base.written_ns;
        let ignore = Ignore::load(&self.folder)?;
        let mut remote_index = RemoteIndex::fetch_both(&*self.store, &self.folder).await?;
        let names = keys.iter().map(Key::as_str);
        let told = remote_index.about(&*self.store, &self.folder, names).await?.into_owned();
        let ledger = self.ledger(&mut base);
        let mut summary = Summary::default();
        let by = GoBy { ignore: &ignore, base: &|key| ledger.entry(key), written_ns };
        let items = self.look_at(keys, &by, &mut summary).await;
        let is_absent = |item: &&Item| item.local.is_none() && item.remote.is_none() && item.live_base().is_none();
        let absent = items.iter().filter(is_absent).map(|item| item.key.clone()).collect();
        let planned = self.decide(items, &told, None, &mut summary).await;
        Ok(Looked { planned, absent, failed: summary.failed })
    }

    fn load(&self, heal: bool) -> Result<Loaded, Error> {
        let mut base = index::load(&self.folder, heal)?;
        self.note_damage(&mut base);
        Ok(base)
    }

    /// Puts right what a run that died has left half done, and tells the local index as it is, with when it was written: what
    /// a command goes by that changes single keys. The caller holds the folder's lock, unless it only looks (`heal` is false).
    ///
    /// # Errors
    ///
    /// When the index cannot be read.
    pub fn base(&self, heal: bool) -> Result<(Index, Option<i128>), Error> {
        let mut base = self.load(heal)?;
        if heal {
            self.recover(&mut |key| base.index.get(key.as_str()).and_then(Entry::stat))?;
        }
        let written_ns = base.written_ns;
        Ok((self.ledger(&mut base).into_base(), written_ns))
    }
}
