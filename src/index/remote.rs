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

use super::kept::{self, Note};
use super::log::{self, Log, Logging};
use super::lookup::lookup;
use super::{Changes, DecodeError, Index, Merge, decode, encode};
use crate::ambient::Ambient;
use crate::content::ETag;
use crate::key::{INDEX, LOG};
use crate::local::{Folder, LARGEST};
use crate::remote::{Body, Deletion, Error, Expect, GetOptions, Got, Listed, Metadata, ObjectStore};

/// How often a commit starts again because another machine was faster.
const ATTEMPTS: u32 = 40;

/// How often it is fetched that arrives damaged.
const ARRIVALS: u32 = 4;

/// The remote index as it was last seen.
#[derive(Debug, Default)]
pub struct RemoteIndex {
    /// The version of `.index`; `None` when there is none.
    etag: Option<ETag>,
    /// Its bytes; `None` while they are only in the private folder: a sync with nothing to do never reads them.
    bytes: Option<Bytes>,
    /// What it holds, without the change log; decoded only when someone asks.
    file: Option<Index>,
    /// The change log beside it.
    log: Option<Seen>,
    /// What file and log hold together.
    all: Option<Index>,
    damaged: Option<String>,
    /// The version that the private folder has a copy of.
    copied: Option<ETag>,
    /// Whether this version has all that this machine recorded.
    complete: bool,
    /// Whether that is noted in the private folder.
    noted: bool,
    /// Whether it may lack what it had when this run looked what it lacks.
    unsure: bool,
}

/// A change log as it was fetched.
#[derive(Debug)]
struct Seen {
    etag: ETag,
    bytes: Bytes,
    log: Log,
}

/// Why the remote index can not be used.
#[derive(Debug, thiserror::Error)]
pub enum RemoteIndexError {
    /// It could not be fetched or written.
    #[error(transparent)]
    Store(#[from] Error),
    /// A newer s4 wrote it.
    #[error("the remote index can not be used: {0}")]
    Newer(DecodeError),
    /// Other machines kept on writing it.
    #[error("the remote index changed {ATTEMPTS} times while it was being written")]
    Busy,
}

/// How a commit is written.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// Whether what was there before has been checked, so that this machine need not check it again.
    pub keep: bool,
    /// Number of keys in the index, about.
    pub keys: usize,
    /// When a change log is kept.
    pub logging: &'a Logging,
}

impl RemoteIndex {
    /// Fetches what has changed since it was last seen: one conditional GET, of the change log if there was one, else of the
    /// index. What else has changed the listing tells: see [`RemoteIndex::check`].
    ///
    /// # Errors
    ///
    /// Every failure but a proven not-found, and an index of a newer format.
    pub async fn fetch<S: ObjectStore>(store: &S, folder: &Folder) -> Result<RemoteIndex, RemoteIndexError> {
        let Some(Note { index, log }) = Note::read(folder) else {
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
            ..RemoteIndex::default()
        };
        let log = log.and_then(|(etag, bytes)| Some(Seen { etag, log: Log::decode(&bytes).ok()?, bytes }));
        if log.is_none() {
            fetched.fetch_file(store).await?;
            return Ok(fetched);
        }
        let version = |fetched: &RemoteIndex| fetched.log.as_ref().map(|seen| seen.etag.clone());
        fetched.log = log;
        let before = version(&fetched);
        fetched.fetch_log(store).await?;
        let is_other = |seen: &Seen| !seen.log.continues(index.as_str());
        if version(&fetched) != before && fetched.log.as_ref().is_none_or(is_other) {
            fetched.fetch_file(store).await?;
        }
        Ok(fetched)
    }

    /// The same for who does not list the bucket: asks after the index and the log.
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
    async fn fetch_file<S: ObjectStore>(&mut self, store: &S) -> Result<(), RemoteIndexError> {
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
    fn becomes(&mut self, etag: Option<ETag>, bytes: Bytes, file: Option<Index>) {
        (self.complete, self.noted, self.damaged, self.all) = (false, false, None, None);
        (self.etag, self.bytes, self.file) = (etag, Some(bytes), file);
    }

    /// Fetches the change log, if it is another than the one that is known.
    async fn fetch_log<S: ObjectStore>(&mut self, store: &S) -> Result<(), RemoteIndexError> {
        let known = self.log.as_ref().map(|seen| &seen.etag);
        let new = match arrive(store, LOG, known, log::LARGEST, Log::decode).await? {
            Arrived::Same => return Ok(()),
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
        self.noted = Note { index: etag, log }.write(folder);
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

    /// Whether there is a change log beside the file.
    pub fn has_log(&self) -> bool {
        self.log.is_some()
    }

    /// The bytes and the keys of the change log, if a commit may go on with it.
    pub fn goes_on(&self) -> Option<(usize, impl Iterator<Item = &str>)> {
        let (etag, seen) = self.etag.as_ref().zip(self.log.as_ref())?;
        let goes_on = self.damaged.is_none() && seen.log.continues(etag.as_str());
        goes_on.then(|| (seen.bytes.len(), seen.log.keys()))
    }

    /// What is wrong with the index, if it can not be decoded. It counts as empty then, and the next commit replaces it.
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
                return Ok(Cow::Owned(few));
            }
        }
        Ok(Cow::Borrowed(self.index(store, folder).await?))
    }

    /// What the log adds to what the file holds.
    fn logged(&self, file: &Index) -> Changes {
        let Some((seen, etag)) = self.log.as_ref().zip(self.etag.as_ref()) else { return Changes::new() };
        seen.log.changes(etag.as_str(), file)
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

    /// Prepares a commit: keeps of `changes` what differs from the index as it was seen.
    ///
    /// # Errors
    ///
    /// For an index of a newer format.
    pub async fn prepare<S: ObjectStore>(
        &mut self,
        store: &S,
        folder: &Folder,
        changes: Changes,
    ) -> Result<Merge, RemoteIndexError> {
        let names: Vec<Box<str>> = changes.keys().cloned().collect();
        let index = self.about(store, folder, names.iter().map(|name| &**name)).await?;
        Ok(Merge::of(changes, &index))
    }

    /// Writes a prepared commit, merged into whatever the other machines wrote meanwhile.
    ///
    /// # Errors
    ///
    /// When the index can not be written; nothing is lost then but the other machines' shortcut.
    pub async fn commit<S: ObjectStore>(
        &mut self,
        store: &S,
        folder: &Folder,
        merge: &Merge,
        ambient: &dyn Ambient,
        how: Writing<'_>,
    ) -> Result<(), RemoteIndexError> {
        for attempt in 0..ATTEMPTS {
            // What was fetched again may lack what it had when it was looked at: the next run looks.
            let keep = how.keep && attempt == 0;
            let changes = merge.onto(&*self.about(store, folder, merge.names()).await?);
            let is_whole = self.log.is_none() || !how.logging.is_off();
            let written = if changes.is_empty() && self.damaged.is_none() && is_whole {
                Ok(())
            } else if let Some(log) = self.longer_log(&changes, how) {
                self.write_log(store, log).await
            } else {
                self.write_file(store, folder, changes, ambient.now(), how).await
            };
            match written {
                Ok(()) => {
                    if keep {
                        self.keep(folder);
                    }
                    return Ok(());
                }
                // A server answers a condition on an object that is gone with not-found.
                Err(RemoteIndexError::Store(Error::Precondition | Error::Conflict | Error::NotFound)) => {
                    tokio::time::sleep(ambient.jitter(attempt)).await;
                    self.unsure = true;
                    self.fetch_file(store).await?;
                    self.fetch_log(store).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(RemoteIndexError::Busy)
    }

    /// The log with these changes, if that is how they are to be written.
    fn longer_log(&self, changes: &Changes, how: Writing<'_>) -> Option<(Log, Vec<u8>)> {
        let (etag, seen) = self.etag.as_ref().zip(self.log.as_ref())?;
        if how.keys < how.logging.from || self.damaged.is_some() || !seen.log.continues(etag.as_str()) {
            return None;
        }
        let log = seen.log.with(changes, &how.logging.machine);
        let bytes = log.encode().ok().filter(|bytes| bytes.len() <= how.logging.most)?;
        Some((log, bytes))
    }

    async fn write_log<S: ObjectStore>(
        &mut self,
        store: &S,
        (log, bytes): (Log, Vec<u8>),
    ) -> Result<(), RemoteIndexError> {
        let expect = self.log.as_ref().map_or(Expect::Absent, |seen| Expect::ETag(seen.etag.clone()));
        let bytes = Bytes::from(bytes);
        let written = store.put(LOG, bytes.clone(), &metadata(), &expect).await?;
        if self.all.take().is_some() {
            self.file = None;
        }
        self.log = Some(Seen { etag: written.etag, bytes, log });
        self.noted = false;
        Ok(())
    }

    /// Writes the whole index, and begins the log anew.
    async fn write_file<S: ObjectStore>(
        &mut self,
        store: &S,
        folder: &Folder,
        changes: Changes,
        now: i64,
        how: Writing<'_>,
    ) -> Result<(), RemoteIndexError> {
        self.index(store, folder).await?;
        let mut index = self.all.take().unwrap_or_default();
        index.apply(changes);
        index.prune(now);
        let logged = self.log.as_ref().map_or(0, |seen| seen.log.generation());
        let generation = index.generation.unwrap_or_default().max(logged);
        index.generation = Some(generation);
        let bytes = Bytes::from(encode(&index).map_err(|error| Error::Other(error.to_string()))?);
        let expect = self.etag.clone().map_or(Expect::Absent, Expect::ETag);
        let written = match store.put(INDEX, bytes.clone(), &metadata(), &expect).await {
            Ok(written) => written,
            Err(error) => {
                // It is without the changes again when it is asked for.
                self.file = None;
                return Err(error.into());
            }
        };
        self.becomes(Some(written.etag.clone()), bytes, Some(index));
        self.begin_log(store, written.etag.as_str(), generation, how).await
    }

    /// Begins the change log anew, for an index that was just written. What others have added to the old one meanwhile stays.
    async fn begin_log<S: ObjectStore>(
        &mut self,
        store: &S,
        file: &str,
        generation: u64,
        how: Writing<'_>,
    ) -> Result<(), RemoteIndexError> {
        let is_wanted = how.keys >= how.logging.from;
        for _ in 0..ATTEMPTS {
            let begun = match &self.log {
                None if !is_wanted => return Ok(()),
                Some(seen) if !is_wanted => {
                    let old = Deletion { name: LOG.into(), etag: seen.etag.clone() };
                    store.delete(&[old]).await.into_iter().collect::<Result<(), _>>().map(|()| self.log = None)
                }
                log => {
                    let log = log
                        .as_ref()
                        .map_or_else(|| Log::begin(file, generation), |seen| seen.log.onto(file, generation));
                    let bytes = log.encode().map_err(|error| Error::Other(error.to_string()))?;
                    match self.write_log(store, (log, bytes)).await {
                        Err(RemoteIndexError::Store(error)) => Err(error),
                        written => return written,
                    }
                }
            };
            match begun {
                Ok(()) => return Ok(()),
                // Others were faster: what they wrote comes after this commit.
                Err(Error::Precondition | Error::Conflict | Error::NotFound) => {
                    self.unsure = true;
                    self.fetch_log(store).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        // A log of another file is none.
        Ok(())
    }
}

fn metadata() -> Metadata {
    Metadata { content_type: Some("application/gzip".to_owned()), ..Metadata::default() }
}

/// What came of fetching a file of s4's own.
enum Arrived<T> {
    /// It is the version that is known already.
    Same,
    /// There is none.
    Gone,
    /// What it says.
    Sound(ETag, Bytes, T),
    /// It is there and makes no sense.
    Damaged(ETag, Bytes, String),
}

/// Fetches a file of s4's own if it is another than `known`: until it arrives sound, or damaged in the same way twice. Damage on
/// the way is no damage: what is believed to be damaged is written anew.
async fn arrive<S: ObjectStore, T>(
    store: &S,
    name: &str,
    known: Option<&ETag>,
    largest: u64,
    read: fn(&[u8]) -> Result<T, DecodeError>,
) -> Result<Arrived<T>, RemoteIndexError> {
    let mut if_none_match = known.cloned();
    let mut failure = Error::Damaged(format!("{name} arrived differently each time"));
    let mut before: Option<Bytes> = None;
    for _ in 0..ARRIVALS {
        let options = GetOptions { if_none_match: if_none_match.take(), ..GetOptions::default() };
        let (info, body) = match store.get(name, options).await {
            Ok(Got::Object(info, body)) => (info, body),
            Ok(Got::NotModified) => return Ok(Arrived::Same),
            Err(Error::NotFound) => return Ok(Arrived::Gone),
            Err(error) => return Err(error.into()),
        };
        if info.size > largest {
            // It need not be fetched to know that it is none.
            let what = super::codec::too_large(largest).to_string();
            return Ok(Arrived::Damaged(info.etag, Bytes::new(), what));
        }
        match collect(body, info.size).await {
            Ok(bytes) => match read(&bytes) {
                Ok(read) => return Ok(Arrived::Sound(info.etag, bytes, read)),
                Err(newer @ DecodeError::Newer(_)) => return Err(RemoteIndexError::Newer(newer)),
                Err(DecodeError::Damaged(what)) if before.as_ref() == Some(&bytes) => {
                    return Ok(Arrived::Damaged(info.etag, bytes, what));
                }
                Err(DecodeError::Damaged(_)) => before = Some(bytes),
            },
            Err(error @ Error::Damaged(_)) => failure = error,
            Err(error) => return Err(error.into()),
        }
    }
    Err(failure.into())
}

async fn collect(mut body: impl Body, size: u64) -> Result<Bytes, Error> {
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(1 << 30)).unwrap_or_default());
    while let Some(chunk) = body.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > size {
            return Err(Error::Damaged(format!("more than {size} bytes arrived")));
        }
    }
    Ok(bytes.into())
}
