//! A commit into the remote index: of few changes into its log, of many into the file.

use bytes::Bytes;

use super::log::{Log, Logging};
use super::members::is_ours;
use super::remote::{RemoteIndex, RemoteIndexError, Seen};
use super::{Changes, Merge, TOMBSTONE_SECONDS, encode};
use crate::ambient::Ambient;
use crate::key::{INDEX, LOG};
use crate::local::Folder;
use crate::remote::{Deletion, Error, Expect, Metadata, ObjectStore};

/// How often a commit starts again because another machine was faster.
pub(super) const ATTEMPTS: u32 = 40;

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
    /// Whether there is to be a change log.
    fn wants_log(&self, how: Writing<'_>, now: i64) -> bool {
        how.keys >= how.logging.from && !self.is_beside_old_writer(now)
    }

    /// Whether S4 0.4 has been seen in the last months. Then there is to be no change log: it reads `.index` alone, and takes an
    /// entry there for a conflict of which it knows neither the content nor the one that came after it. Known once something was
    /// asked of the index.
    pub fn is_beside_old_writer(&self, now: i64) -> bool {
        self.old_writer_at(now).is_some_and(|at| now.saturating_sub(at) < TOMBSTONE_SECONDS)
    }

    /// When S4 0.4 was last seen: now, if it wrote the file that is there.
    fn old_writer_at(&self, now: i64) -> Option<i64> {
        let bytes = self.bytes.as_ref().filter(|_| self.etag.is_some() && self.damaged.is_none());
        if bytes.is_some_and(|bytes| !is_ours(bytes)) { Some(now) } else { self.old_writer_at }
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
    /// When the index cannot be written; nothing is lost then but the other machines' shortcut.
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
            let told = self.about(store, folder, merge.names()).await?;
            let changes = merge.onto(&told);
            let is_whole = self.log.is_none() || !how.logging.is_off();
            let written = if changes.is_empty() && self.damaged.is_none() && is_whole {
                Ok(())
            } else if let Some(log) = self.longer_log(&changes, how, ambient.now()) {
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
    fn longer_log(&self, changes: &Changes, how: Writing<'_>, now: i64) -> Option<(Log, Vec<u8>)> {
        let (etag, seen) = self.etag.as_ref().zip(self.log.as_ref())?;
        if !self.wants_log(how, now) || self.damaged.is_some() || !seen.log.continues(&etag.to_string()) {
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
        index.old_writer_at = self.old_writer_at(now);
        let is_wanted = self.wants_log(how, now);
        index.logged = is_wanted;
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
        self.begin_log(store, (&written.etag.to_string(), generation), is_wanted).await
    }

    /// Begins the change log anew, for an index that was just written. What others have added to the old one meanwhile stays. Without
    /// `is_wanted` there is none from now on.
    async fn begin_log<S: ObjectStore>(
        &mut self,
        store: &S,
        (file, generation): (&str, u64),
        is_wanted: bool,
    ) -> Result<(), RemoteIndexError> {
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
