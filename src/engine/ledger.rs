//! The ledger of a run: what was done, on its way into the two indexes.
//!
//! Facts that hold here:
//! 1. Nothing enters it but outcomes and agreements that were seen.
//! 2. The note of the remote index exists only while everything this machine recorded is in that very version. So it is taken
//!    away before the local index first speaks of something that the remote one does not know yet, and a run that finds it
//!    missing checks all entries.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::time::Instant;

use super::Error;
use super::learn::{Look, PAGE, live_names, looks};
use crate::ambient::Ambient;
use crate::content::ETag;
use crate::index::{self, Changes, Entry, Index, Kept, Loaded, Logging, RemoteIndex, Whole, Writing};
use crate::key::Key;
use crate::local::Folder;
use crate::remote::{self, Cursor, Listed, ObjectStore};
use crate::transfer::Done;

/// How often a long run writes the local index, at most.
const FLUSH_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Ledger {
    folder: Arc<Folder>,
    /// The place in the bucket that the local index is about.
    place: String,
    /// The local index, as it is on disk.
    base: Index,
    /// The file of it, whose change log may take what comes; `None` if it is to be written whole.
    whole: Option<Whole>,
    logging: Logging,
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
    /// Number of entries that the local index was told.
    written: usize,
}

/// Number of entries that the two indexes were told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The local one.
    pub local: usize,
    /// The remote one.
    pub remote: usize,
}

impl Ledger {
    /// The ledger on top of a base.
    pub(super) fn new(base: &mut Loaded, folder: Arc<Folder>, (place, logging): (String, Logging), now: i64) -> Ledger {
        let whole = base.whole.take();
        let base = std::mem::take(&mut base.index);
        Ledger {
            folder,
            place,
            base,
            whole,
            logging,
            pending: Changes::new(),
            unsaved: false,
            remote: Changes::new(),
            learn: Vec::new(),
            now,
            flushed: Instant::now(),
            flush_took: Duration::ZERO,
            written: 0,
        }
    }

    /// The local index as it is on disk.
    pub(super) fn base(&self) -> &Index {
        &self.base
    }

    /// The local index, for who has nothing to put into it.
    pub(super) fn into_base(self) -> Index {
        self.base
    }

    /// The local index for the next run, if it is on disk as it is here.
    pub(super) fn keep(self) -> Option<Kept> {
        let is_saved = self.pending.is_empty() && !self.unsaved;
        is_saved.then(|| Kept::new(&self.folder, self.base, self.whole)).flatten()
    }

    /// A key's entry, as the local index will have it.
    pub(super) fn entry(&self, key: &Key) -> Option<&Entry> {
        match self.pending.get(key.as_str()) {
            Some(entry) => entry.as_ref(),
            None => self.base.get(key.as_str()),
        }
    }

    /// Takes an outcome in, and writes the local index if that was long ago.
    pub(super) fn fold(&mut self, key: &Key, done: Done) {
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
        if self.pending.is_empty() && !self.unsaved && !moved && !self.is_to_fold() {
            return Ok(());
        }
        if !self.remote.is_empty() {
            RemoteIndex::forget(&self.folder)?;
        }
        let began = Instant::now();
        self.written += self.pending.len();
        let changes = std::mem::take(&mut self.pending);
        self.base.apply(changes.clone());
        self.base.prune(self.now);
        // The log cannot tell of these, nor of what an earlier attempt was to write.
        let is_same = !moved && !self.unsaved && self.base.place.as_ref() == Some(&self.place);
        let whole = self.whole.take().filter(|_| is_same);
        self.base.device = device.or(self.base.device);
        self.base.place = Some(self.place.clone());
        self.unsaved = true;
        self.whole = Some(index::save(&self.folder, &mut self.base, whole, &changes, &self.logging)?);
        self.unsaved = false;
        self.flushed = Instant::now();
        self.flush_took = began.elapsed();
        Ok(())
    }

    /// Whether there is a log and is to be none.
    fn is_to_fold(&self) -> bool {
        self.logging.is_off() && self.whole.as_ref().is_some_and(Whole::has_log)
    }

    /// Whether nothing was done that an index would have to be told.
    pub(super) fn is_untouched(&self) -> bool {
        self.pending.is_empty() && self.remote.is_empty() && !self.unsaved
    }

    /// Whether there is nothing to write; then the copy of the remote index may be kept.
    pub(super) fn is_clean(&self, remote_index: &mut RemoteIndex, device: Option<u64>, keep: bool) -> bool {
        let moved = device.is_some() && self.base.device != device && !self.base.entries().is_empty();
        let is_to_fold = self.is_to_fold() || self.logging.is_off() && remote_index.has_log();
        let clean = self.is_untouched() && !moved && !is_to_fold && remote_index.damaged().is_none();
        if clean && keep {
            remote_index.keep(&self.folder);
        }
        clean
    }

    /// Gives up what the remote index does not say yet; tells how many entries these are.
    pub(super) fn forgo(&mut self) -> usize {
        self.learn.clear();
        std::mem::take(&mut self.remote).len()
    }

    /// Writes the remote index. The local one has been saved.
    pub(super) async fn commit<S: ObjectStore>(
        &mut self,
        store: &S,
        remote_index: &mut RemoteIndex,
        ambient: &dyn Ambient,
        keep: bool,
    ) -> Result<Written, Error> {
        self.learn_modified(store).await?;
        let written = Written { local: self.written, remote: self.remote.len() };
        let merge = remote_index.prepare(store, &self.folder, std::mem::take(&mut self.remote)).await?;
        let how = Writing { keep, keys: self.base.entries().len(), logging: &self.logging };
        remote_index.commit(store, &self.folder, &merge, ambient, how).await?;
        Ok(written)
    }

    /// Learns when the new objects were written, by the server's clock: S4 0.4 takes any other time for a change. A listing, or
    /// a page of one, where that tells of many of them, else a HEAD each.
    async fn learn_modified<S: ObjectStore>(&mut self, store: &S) -> Result<(), Error> {
        let learn: BTreeMap<Key, ETag> = std::mem::take(&mut self.learn).into_iter().collect();
        let names: Vec<&str> = learn.keys().map(Key::as_str).collect();
        let planned = looks(&names, store.lists_by_bytes(), || live_names(&self.base).collect());
        let mut learn = learn.into_iter();
        let mut heads = Vec::new();
        for look in planned {
            let (listed, of_these) = match look {
                Look::Head => {
                    heads.extend(learn.next());
                    continue;
                }
                Look::Page(after, on_page) => {
                    let after = after.map(|name| Cursor::After(name.into()));
                    (store.list(after.as_ref(), PAGE).await?.objects, on_page)
                }
                Look::Whole(_) => (remote::list_all(store).await?, learn.len()),
            };
            let found: HashMap<&str, &Listed> = listed.iter().map(|object| (&*object.name, object)).collect();
            for (key, etag) in learn.by_ref().take(of_these) {
                match found.get(key.as_str()) {
                    Some(object) => self.learnt(&key, &etag, Some((&object.etag, object.last_modified))),
                    // Others stand in between.
                    None => heads.push((key, etag)),
                }
            }
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
