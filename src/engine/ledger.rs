//! The ledger of a run: what was done, on its way into the two indexes.
//!
//! Facts that hold here:
//! 1. Nothing enters it but outcomes and agreements that were seen.
//! 2. The kept copy of the remote index exists only while everything this machine recorded is in that very version. So it is
//!    taken away before the local index first speaks of something that the remote one does not know yet, and a run that
//!    finds it missing checks all entries.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::time::Instant;

use super::{Error, Observed};
use crate::ambient::Ambient;
use crate::content::ETag;
use crate::index::{self, Changes, Entry, Index, RemoteIndex};
use crate::key::Key;
use crate::local::Folder;
use crate::reconcile::Planned;
use crate::remote::{self, Cursor, Listed, ObjectStore};
use crate::transfer::Done;

/// How often a long run writes the local index, at most.
const FLUSH_EVERY: Duration = Duration::from_secs(5);
/// A HEAD costs a twelfth of a LIST, so this many keys on one page are worth listing it.
const HEADS_PER_LIST: usize = 12;
/// Keys on a page of a listing.
const PAGE: usize = 1_000;

pub(super) struct Ledger {
    folder: Arc<Folder>,
    /// The place in the bucket that the local index is about.
    place: String,
    /// The local index, as it is on disk.
    base: Index,
    /// What is not in the base yet.
    pending: Changes,
    /// Whether the base has what the local index on disk does not say: writing it failed.
    unsaved: bool,
    /// What the remote index does not say yet.
    remote: Changes,
    /// New objects, whose `LastModified` the remote index must learn.
    learn: Vec<(Key, ETag)>,
    now: i64,
    flushed: Instant,
    flush_took: Duration,
}

impl Ledger {
    pub(super) fn new(observed: &mut Observed, folder: Arc<Folder>, place: String, now: i64) -> Ledger {
        Ledger {
            folder,
            place,
            base: std::mem::take(&mut observed.base.index),
            pending: Changes::new(),
            unsaved: false,
            remote: Changes::new(),
            learn: Vec::new(),
            now,
            flushed: Instant::now(),
            flush_took: Duration::ZERO,
        }
    }

    /// The local index as it is on disk.
    pub(super) fn base(&self) -> &Index {
        &self.base
    }

    /// A key's entry, as the local index will have it.
    pub(super) fn entry(&self, key: &Key) -> Option<&Entry> {
        self.entry_of(key.as_str())
    }

    fn entry_of(&self, name: &str) -> Option<&Entry> {
        match self.pending.get(name) {
            Some(entry) => entry.as_ref(),
            None => self.base.get(name),
        }
    }

    /// Takes an outcome in, and writes the local index if that was long ago.
    pub(super) fn fold(&mut self, planned: &Planned, done: Done) {
        let key = &planned.item.key;
        if done.learn_modified
            && let Some(etag) = &done.local.etag
        {
            self.learn.push((key.clone(), etag.clone()));
        }
        if let Some(remote) = done.remote {
            self.remote.insert(key.as_str().into(), Some(remote));
        }
        self.pending.insert(key.as_str().into(), Some(done.local));
        // Writing costs more the larger the index is, so it is never more than a twentieth of the run.
        if self.flushed.elapsed() > FLUSH_EVERY.max(self.flush_took * 20) {
            // A failure here is met again at the end of the run, and told then.
            let _ = self.save(None);
        }
    }

    /// Writes the local index, if it has anything new to say.
    pub(super) fn save(&mut self, device: Option<u64>) -> Result<(), Error> {
        let moved = device.is_some() && self.base.device != device;
        if self.pending.is_empty() && !self.unsaved && !moved {
            return Ok(());
        }
        if !self.remote.is_empty() {
            RemoteIndex::forget_copy(&self.folder)?;
        }
        let began = Instant::now();
        self.base.apply(std::mem::take(&mut self.pending));
        self.base.prune(self.now);
        self.base.device = device.or(self.base.device);
        self.base.place = Some(self.place.clone());
        self.unsaved = true;
        index::save(&self.folder, &self.base)?;
        self.unsaved = false;
        self.flushed = Instant::now();
        self.flush_took = began.elapsed();
        Ok(())
    }

    /// Whether nothing was done that an index would have to be told.
    pub(super) fn is_untouched(&self) -> bool {
        self.pending.is_empty() && self.remote.is_empty() && !self.unsaved
    }

    /// Whether there is nothing to write; then the copy of the remote index may be kept.
    pub(super) fn is_clean(&self, observed: &mut Observed) -> bool {
        let moved = self.base.device != Some(observed.scan.device) && !self.base.entries().is_empty();
        let clean = self.is_untouched() && !moved && observed.remote_index.damaged().is_none();
        if clean {
            observed.remote_index.keep(&self.folder);
        }
        clean
    }

    /// Writes the remote index. The local one has been saved.
    pub(super) async fn commit<S: ObjectStore>(
        mut self,
        store: &S,
        observed: &mut Observed,
        ambient: &dyn Ambient,
    ) -> Result<(), Error> {
        self.learn_modified(store, &observed.listing).await?;
        let merge = observed.remote_index.prepare(self.remote)?;
        observed.remote_index.commit(store, &self.folder, &merge, ambient).await?;
        Ok(())
    }

    /// Learns when the new objects were written, by the server's clock: S4 0.4 takes any other time for a change. One page of
    /// a listing where many of them stand close together, else a HEAD each.
    async fn learn_modified<S: ObjectStore>(&mut self, store: &S, listing: &[Listed]) -> Result<(), Error> {
        let learn: BTreeMap<Key, ETag> = std::mem::take(&mut self.learn).into_iter().collect();
        let learn: Vec<(Key, ETag)> = learn.into_iter().collect();
        let rank = |key: &Key| listing.partition_point(|object| *object.name < *key.as_str());
        let mut heads = Vec::new();
        let mut at = 0;
        while at < learn.len() {
            let first = rank(&learn[at].0);
            let near = learn[at..].iter().take(PAGE);
            let on_page = near.zip(0..).take_while(|((key, _), nth)| rank(key) - first + nth < PAGE).count();
            if on_page < HEADS_PER_LIST {
                heads.push(learn[at].clone());
                at += 1;
                continue;
            }
            let before = listing[..first].last().map(|object| &*object.name);
            let before = learn[..at].last().map(|(key, _)| key.as_str()).max(before);
            let cursor = before.map(|before| Cursor::After(before.to_owned()));
            let page = store.list(cursor.as_ref(), 1_000).await?;
            let found: HashMap<&str, &Listed> = page.objects.iter().map(|object| (&*object.name, object)).collect();
            for (key, etag) in &learn[at..at + on_page] {
                match found.get(key.as_str()) {
                    Some(object) => self.learnt(key, etag, Some((&object.etag, object.last_modified))),
                    // Others came in between, or the server has an order of its own.
                    None => heads.push((key.clone(), etag.clone())),
                }
            }
            at += on_page;
        }
        let looks = heads.into_iter().map(|(key, etag)| async move {
            match store.head(key.as_str()).await {
                Ok(info) => Ok((key, etag, Some((info.etag, info.last_modified)))),
                Err(remote::Error::NotFound) => Ok((key, etag, None)),
                Err(error) => Err(error),
            }
        });
        let mut looks = stream::iter(looks).buffer_unordered(32);
        while let Some((key, etag, there)) = looks.try_next().await? {
            self.learnt(&key, &etag, there.as_ref().map(|(etag, modified)| (etag, *modified)));
        }
        Ok(())
    }

    /// Puts in when an object was written. One that somebody has replaced already is theirs to record.
    fn learnt(&mut self, key: &Key, written: &ETag, there: Option<(&ETag, i64)>) {
        match there {
            Some((etag, modified)) if etag == written => {
                if let Some(Some(entry)) = self.remote.get_mut(key.as_str()) {
                    entry.local_timestamp = Some(modified);
                }
            }
            _ => {
                self.remote.remove(key.as_str());
            }
        }
    }
}
