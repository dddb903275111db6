//! Where a run begins and ends: what an earlier one left half done, and the commit of what this one did.

use std::sync::Arc;

use super::ledger::{Ledger, Written};
use super::{Engine, Error, Note};
use crate::index::{self, Loaded, RemoteIndex};
use crate::key::Key;
use crate::local::Stat;
use crate::reconcile::conflict_key;
use crate::remote::ObjectStore;
use crate::transfer::Done;

/// An outcome, as somebody tells of it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The key.
    pub key: Key,
    /// What the indexes are to be told.
    pub done: Done,
    /// The version of the base that it was made on; `None`: there was none.
    pub base_version: Option<i64>,
}

impl<S: ObjectStore> Engine<S> {
    /// Writes outcomes into both indexes. The caller holds the folder's lock.
    ///
    /// An outcome counts only on top of the very base that it was made on: what another run has recorded since is newer.
    ///
    /// # Errors
    ///
    /// When an index cannot be read or written.
    pub async fn record(&self, outcomes: impl IntoIterator<Item = Told>) -> Result<Written, Error> {
        let mut base = index::load(&self.folder, true)?;
        self.note_damage(&mut base);
        let mut remote_index = RemoteIndex::fetch_both(&*self.store, &self.folder).await?;
        // What others have written since is still to be looked at: the note must not say that it was.
        let is_noted = remote_index.is_noted();
        let outcomes: Vec<Told> = outcomes.into_iter().collect();
        let names = outcomes.iter().map(|told| told.key.as_str());
        let index = remote_index.about(&*self.store, &self.folder, names).await?;
        let mut ledger = self.ledger(&mut base);
        for Told { key, mut done, base_version } in outcomes {
            if ledger.entry(&key).and_then(|entry| entry.remote_timestamp) != base_version {
                continue;
            }
            // Another machine knows more of the object.
            let there = index.get(key.as_str()).filter(|there| !there.is_tombstone());
            let version = done.remote.as_ref().and_then(|told| told.remote_timestamp);
            if there.is_some_and(|there| there.remote_timestamp > version) {
                done.remote = None;
            }
            ledger.fold(&key, done);
        }
        // The first device that is known is the one that guards go by; only a whole sync may take another for it.
        let device = ledger.base().device.or(Some(self.folder.device()));
        // Nobody has looked whether the remote index has all that the local one has.
        let keep = is_noted && remote_index.is_complete();
        self.commit(&mut ledger, &mut remote_index, device, keep).await
    }

    /// Writes the local index, then the remote one, if there is anything to write. `keep`: the remote index has all that this
    /// machine recorded before, so that a copy of it may be kept.
    pub(super) async fn commit(
        &self,
        ledger: &mut Ledger,
        remote_index: &mut RemoteIndex,
        device: Option<u64>,
        keep: bool,
    ) -> Result<Written, Error> {
        if let Some(what) = remote_index.damaged() {
            self.witness.note(Note::RemoteIndexDamaged(what.to_owned()));
        }
        if ledger.is_clean(remote_index, device, keep) {
            return Ok(Written::default());
        }
        self.witness.committing();
        ledger.save(device)?;
        ledger.commit(&*self.store, remote_index, &*self.ambient, keep).await
    }

    /// Writes the local index alone: the bucket stays as it is, for keys that may only read as well. `keep` as in
    /// [`Engine::commit`].
    pub(super) fn commit_here(
        &self,
        ledger: &mut Ledger,
        remote_index: &mut RemoteIndex,
        device: Option<u64>,
        keep: bool,
    ) -> Result<(), Error> {
        if ledger.is_clean(remote_index, device, keep) {
            return Ok(());
        }
        self.witness.committing();
        ledger.save(device)?;
        if ledger.forgo() == 0 && keep && remote_index.damaged().is_none() {
            remote_index.keep(&self.folder);
        }
        Ok(())
    }

    /// The ledger on top of the base that was found; one that is about another place is put away.
    pub(super) fn ledger(&self, base: &mut Loaded) -> Ledger {
        let place = self.options.place.clone();
        if let Some(other) = base.index.place.take_if(|other| *other != place) {
            self.witness.note(Note::OtherPlace(other));
            *base = Loaded::default();
        }
        let how = (place, self.options.logging.clone());
        Ledger::new(base, Arc::clone(&self.folder), how, self.ambient.now())
    }

    /// Tells of a local index that was damaged.
    pub(super) fn note_damage(&self, base: &mut Loaded) {
        if let Some((aside, what)) = base.set_aside.take() {
            self.witness.note(Note::LocalIndexDamaged(aside, what));
        }
    }

    /// Finishes or undoes what a run that died was doing; whether there was anything. To be called by who alone is at work in
    /// the folder. `base` tells a key's stat when it was last synced.
    ///
    /// # Errors
    ///
    /// When s4's own folders cannot be read.
    pub fn recover(&self, base: &mut dyn FnMut(&Key) -> Option<Stat>) -> Result<bool, Error> {
        let beside = |key: &Key| conflict_key(key, &self.options.stamp, 0).unwrap_or_else(|| key.clone());
        let recovered = self.folder.recover(base, &beside)?;
        let found_something = !recovered.is_empty();
        for recovered in recovered {
            self.witness.note(Note::Recovered(recovered));
        }
        Ok(found_something)
    }
}
