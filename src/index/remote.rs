//! The index in the bucket: several machines write it, each puts in only what it did itself.
//!
//! Facts that hold here:
//! 1. An entry counts only where it agrees with the listing, so a wrong or missing one costs work and never data.
//! 2. Every write names the version that it was merged into; a machine that was overtaken merges again.
//! 3. "There is no index" is only a proven not-found. Any other failure to fetch it stops the run.
//! 4. Where there is a change log, every commit of s4 changes it: who asks after the log alone misses nothing but what S4 0.4
//!    wrote, and the listing tells of that.

use std::borrow::Cow;
use std::collections::BTreeSet;

use bytes::Bytes;

use super::arrive::{Arrived, arrive};
use super::commit::ATTEMPTS;
use super::kept::{self, Note};
use super::log::{self, Log};
use super::lookup::lookup;
use super::{Changes, DecodeError, Index, decode};
use crate::content::ETag;
use crate::key::{INDEX, LOG};
use crate::local::{Folder, LARGEST};
use crate::remote::{Error, Listed, ObjectStore};

/// The remote index as it was last seen.
#[derive(Debug, Default)]
pub struct RemoteIndex {
    /// The version of `.index`; `None` when there is none.
    pub(super) etag: Option<ETag>,
    /// Its bytes; `None` while they are only in the private folder: a sync with nothing to do never reads them.
    pub(super) bytes: Option<Bytes>,
    /// What it holds, without the change log; decoded only when someone asks.
    pub(super) file: Option<Index>,
    /// The change log beside it.
    pub(super) log: Option<Seen>,
    /// Whether the file says that a change log goes with it, which is not there.
    awaits_log: bool,
    /// What file and log hold together.
    pub(super) all: Option<Index>,
    pub(super) damaged: Option<String>,
    /// The version that the private folder has a copy of.
    copied: Option<ETag>,
    /// Whether this version has all that this machine recorded.
    complete: bool,
    /// Whether that is noted in the private folder.
    pub(super) noted: bool,
    /// When S4 0.4 was seen to have written it, by its header; known once something was asked of it.
    pub(super) old_writer_at: Option<i64>,
    /// Whether it may lack what it had when this run looked what it lacks.
    pub(super) unsure: bool,
}

/// A change log as it was fetched.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) etag: ETag,
    pub(super) bytes: Bytes,
    pub(super) log: Log,
}

/// Why the remote index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RemoteIndexError {
    /// It could not be fetched or written.
    #[error(transparent)]
    Store(#[from] Error),
    /// A newer s4 wrote it.
    #[error("the remote index cannot be used: {0}")]
    Newer(DecodeError),
    /// Other machines kept on writing it.
    #[error("the remote index changed {ATTEMPTS} times while it was being written")]
    Busy,
}

impl RemoteIndex {
    /// Fetches what has changed since it was last seen: one conditional GET, of the change log if there was one, else of the
    /// index. What else has changed the listing tells: see [`RemoteIndex::check`].
    ///
    /// # Errors
    ///
    /// Every failure but a proven not-found, and an index of a newer format.
    pub async fn fetch<S: ObjectStore>(store: &S, folder: &Folder) -> Result<RemoteIndex, RemoteIndexError> {
        let Some(Note { index, log, awaits_log }) = Note::read(folder) else {
            let (copied, bytes) = kept::read_copy(folder).unzip();
            let mut fetched = RemoteIndex { etag: copied.clone(), bytes, copied, ..RemoteIndex::default() };
            fetched.fetch_file(store).await?;
            return Ok(fetched);
        };
        // The note is made after the copy.
        let mut fetched = RemoteIndex {
            etag: Some(index.clone()),
            copied: Some(index.clone()),
            complete: true,
            noted: true,
            awaits_log,
            ..RemoteIndex::default()
        };
        let log = log.and_then(|(etag, bytes)| Some(Seen { etag, log: Log::decode(&bytes).ok()?, bytes }));
        if log.is_none() && !awaits_log {
            fetched.fetch_file(store).await?;
            return Ok(fetched);
        }
        let version = |fetched: &RemoteIndex| fetched.log.as_ref().map(|seen| seen.etag.clone());
        fetched.log = log;
        let before = version(&fetched);
        fetched.fetch_log(store).await?;
        let is_other = |seen: &Seen| !seen.log.continues(&index.to_string());
        if version(&fetched) != before && fetched.log.as_ref().is_none_or(is_other) {
            fetched.fetch_file(store).await?;
        }
        Ok(fetched)
    }

    /// The same for who neither lists the bucket nor writes: asks after the log as well where a new index says that there is one.
    ///
    /// # Errors
    ///
    /// As [`RemoteIndex::fetch`].
    pub async fn fetch_told<S: ObjectStore>(store: &S, folder: &Folder) -> Result<RemoteIndex, RemoteIndexError> {
        let mut fetched = RemoteIndex::fetch(store, folder).await?;
        match (&fetched.log, fetched.awaits_log, fetched.noted) {
            // Who was to begin the log may have died before, and others may want none.
            (None, true, true) => fetched.fetch_file(store).await?,
            (None, true, false) => fetched.fetch_log(store).await?,
            _ => {}
        }
        Ok(fetched)
    }

    /// The same for who does not list the bucket and will write: asks after the index and the log.
    ///
    /// # Errors
    ///
    /// As [`RemoteIndex::fetch`].
    pub async fn fetch_both<S: ObjectStore>(store: &S, folder: &Folder) -> Result<RemoteIndex, RemoteIndexError> {
        let mut fetched = RemoteIndex::fetch(store, folder).await?;
        if fetched.log.is_some() {
            fetched.fetch_file(store).await?;
        } else {
            fetched.fetch_log(store).await?;
        }
        Ok(fetched)
    }

    /// Fetches what is another than the bucket's listing has it. `listing` is in the order of the names' bytes.
    ///
    /// # Errors
    ///
    /// As [`RemoteIndex::fetch`].
    pub async fn check<S: ObjectStore>(&mut self, store: &S, listing: &[Listed]) -> Result<(), RemoteIndexError> {
        let listed = |name: &str| {
            let at = listing.binary_search_by(|row| (*row.name).cmp(name)).ok()?;
            Some(&listing[at].etag)
        };
        if listed(INDEX) != self.etag.as_ref() {
            self.fetch_file(store).await?;
        }
        if listed(LOG) != self.log.as_ref().map(|seen| &seen.etag) {
            self.fetch_log(store).await?;
        }
        Ok(())
    }

    /// Fetches the index file, if it is another than the one that is known.
    pub(super) async fn fetch_file<S: ObjectStore>(&mut self, store: &S) -> Result<(), RemoteIndexError> {
        match arrive(store, INDEX, self.etag.as_ref(), LARGEST, decode).await? {
            Arrived::Same => {}
            Arrived::Gone => self.becomes(None, Bytes::new(), Some(Index::default())),
            Arrived::Sound(etag, bytes, index) => self.becomes(Some(etag), bytes, Some(index)),
            Arrived::Damaged(etag, bytes, what) => {
                self.becomes(Some(etag), bytes, Some(Index::default()));
                self.damaged = Some(what);
            }
        }
        Ok(())
    }

    /// The file is another one.
    pub(super) fn becomes(&mut self, etag: Option<ETag>, bytes: Bytes, file: Option<Index>) {
        (self.complete, self.noted, self.damaged, self.all) = (false, false, None, None);
        self.awaits_log = file.as_ref().is_some_and(|file| file.logged);
        (self.etag, self.bytes, self.file) = (etag, Some(bytes), file);
    }

    /// Fetches the change log, if it is another than the one that is known.
    pub(super) async fn fetch_log<S: ObjectStore>(&mut self, store: &S) -> Result<(), RemoteIndexError> {
        let known = self.log.as_ref().map(|seen| &seen.etag);
        let new = match arrive(store, LOG, known, log::LARGEST, Log::decode).await? {
            Arrived::Same => return Ok(()),
            Arrived::Gone if self.log.is_none() => return Ok(()),
            Arrived::Gone => None,
            Arrived::Sound(etag, bytes, log) => Some(Seen { etag, bytes, log }),
            // It counts as one that says nothing, and the next commit replaces it.
            Arrived::Damaged(etag, ..) => Some(Seen { etag, bytes: Bytes::new(), log: Log::default() }),
        };
        self.noted = false;
        self.complete &= match (&self.log, &new) {
            (Some(old), Some(new)) => new.log.holds(&old.log),
            (None, Some(_)) => true,
            (old, None) => old.is_none(),
        };
        if self.all.take().is_some() {
            // It was made of the file's entries.
            self.file = None;
        }
        self.log = new;
        Ok(())
    }

    /// Makes sure that the bytes of the file are here.
    async fn load<S: ObjectStore>(&mut self, store: &S, folder: &Folder) -> Result<(), RemoteIndexError> {
        if self.bytes.is_some() {
            return Ok(());
        }
        match kept::read_copy(folder) {
            Some((etag, bytes)) if Some(&etag) == self.etag.as_ref() => self.bytes = Some(bytes),
            _ => {
                // Somebody has damaged the copy. What comes now may be a later version.
                let before = self.etag.take();
                (self.copied, self.bytes) = (None, Some(Bytes::new()));
                self.fetch_file(store).await?;
                self.unsure = self.etag != before;
            }
        }
        Ok(())
    }

    /// Notes that this version has all that this machine recorded, and keeps a copy of it, so that the next fetch can be
    /// conditional. A failure costs only the next run's transfer.
    pub fn keep(&mut self, folder: &Folder) {
        let Some(etag) = self.etag.clone().filter(|_| !self.noted && !self.unsure) else { return };
        if self.copied.as_ref() != Some(&etag) {
            let Some(bytes) = self.bytes.as_ref().filter(|bytes| kept::write_copy(folder, &etag, bytes)) else {
                return;
            };
            debug_assert!(!bytes.is_empty(), "a file without bytes has no version");
            self.copied = Some(etag.clone());
        }
        let log = self.log.as_ref().map(|seen| (seen.etag.clone(), seen.bytes.clone()));
        self.noted = Note { index: etag, log, awaits_log: self.awaits_log }.write(folder);
    }

    /// Takes the note away: this machine has begun to record what is not in that version.
    ///
    /// # Errors
    ///
    /// When the file system refuses.
    pub fn forget(folder: &Folder) -> Result<(), crate::local::Error> {
        Note::remove(folder)
    }

    /// Whether this version has all that this machine recorded before this run.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether this is the very version that this machine noted: nothing has come to it since then.
    pub fn is_noted(&self) -> bool {
        self.noted
    }

    /// Whether there is any.
    pub fn is_there(&self) -> bool {
        self.etag.is_some() || self.log.is_some()
    }

    /// The names that may have changed since this machine noted a version; `None`: any.
    pub fn changed(&self) -> Option<impl Iterator<Item = &str>> {
        let log = self.log.as_ref().filter(|_| self.complete);
        (self.noted || log.is_some()).then(|| log.into_iter().flat_map(|seen| seen.log.keys()))
    }

    /// Whether there is a change log beside the file.
    pub fn has_log(&self) -> bool {
        self.log.is_some()
    }

    /// The bytes and the keys of the change log, if a commit may go on with it.
    pub fn goes_on(&self) -> Option<(usize, impl Iterator<Item = &str>)> {
        let (etag, seen) = self.etag.as_ref().zip(self.log.as_ref())?;
        let goes_on = self.damaged.is_none() && seen.log.continues(&etag.to_string());
        goes_on.then(|| (seen.bytes.len(), seen.log.keys()))
    }

    /// What is wrong with the index, if it cannot be decoded. It counts as empty then, and the next commit replaces it.
    pub fn damaged(&self) -> Option<&str> {
        self.damaged.as_deref()
    }

    /// All entries.
    ///
    /// # Errors
    ///
    /// For an index of a newer format.
    pub async fn index<S: ObjectStore>(&mut self, store: &S, folder: &Folder) -> Result<&Index, RemoteIndexError> {
        if self.all.is_none() {
            self.load(store, folder).await?;
            let mut index = match self.file.take() {
                Some(index) => index,
                None => self.decode()?,
            };
            index.apply(self.logged(&index));
            self.all = Some(index);
        }
        Ok(self.all.get_or_insert_default())
    }

    /// The entries of some names, and perhaps others: cheap for a few of many.
    ///
    /// # Errors
    ///
    /// For an index of a newer format.
    pub async fn about<S: ObjectStore>(
        &mut self,
        store: &S,
        folder: &Folder,
        names: impl Iterator<Item = &str> + Send,
    ) -> Result<Cow<'_, Index>, RemoteIndexError> {
        let names: BTreeSet<&str> = names.collect();
        if self.all.is_none() && self.file.is_none() {
            self.load(store, folder).await?;
            let logged = self.log.iter().flat_map(|seen| seen.log.keys());
            let asked: BTreeSet<&str> = logged.chain(names.iter().copied()).collect();
            let bytes = self.bytes.as_ref().map_or(&[][..], |bytes| bytes);
            if self.file.is_none()
                && let Some(mut few) = lookup(bytes, &asked).map_err(RemoteIndexError::Newer)?
            {
                few.apply(self.logged(&few));
                self.old_writer_at = few.old_writer_at;
                return Ok(Cow::Owned(few));
            }
        }
        self.old_writer_at = self.index(store, folder).await?.old_writer_at;
        Ok(Cow::Borrowed(self.index(store, folder).await?))
    }

    /// What the log adds to what the file holds.
    fn logged(&self, file: &Index) -> Changes {
        let Some((seen, etag)) = self.log.as_ref().zip(self.etag.as_ref()) else { return Changes::new() };
        seen.log.changes(&etag.to_string(), file)
    }

    fn decode(&mut self) -> Result<Index, RemoteIndexError> {
        let bytes = self.bytes.as_ref().map_or(&[][..], |bytes| bytes);
        match decode(bytes) {
            _ if self.etag.is_none() => Ok(Index::default()),
            Ok(index) => Ok(index),
            Err(newer @ DecodeError::Newer(_)) => Err(RemoteIndexError::Newer(newer)),
            Err(DecodeError::Damaged(what)) => {
                self.damaged = Some(what);
                Ok(Index::default())
            }
        }
    }
}
