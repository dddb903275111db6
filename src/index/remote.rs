//! The index in the bucket: several machines write it, each puts in only what it did itself.
//!
//! Facts that hold here:
//! 1. An entry counts only where it agrees with the listing, so a wrong or missing one costs work and never data.
//! 2. Every write names the version that it was merged into; a machine that was overtaken merges again.
//! 3. "There is no index" is only a proven not-found. Any other failure to fetch it stops the run.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::codec::too_large;
use super::{Changes, DecodeError, Entry, Index, decode, encode};
use crate::ambient::Ambient;
use crate::content::ETag;
use crate::key;
use crate::local::{Folder, LARGEST};
use crate::remote::{Body, Error, Expect, GetOptions, Got, Metadata, ObjectInfo, ObjectStore};

/// The file in the private folder that keeps the remote index as last seen: a line with its ETag and the CRC of its bytes,
/// then the bytes. A copy that does not agree with its CRC counts as none.
const CACHE: &str = "remote-index";
/// How often a commit starts again because another machine was faster.
const ATTEMPTS: u32 = 40;

/// How often it is fetched that arrives damaged.
const ARRIVALS: u32 = 4;

/// The remote index as it was last seen.
#[derive(Debug, Default)]
pub struct RemoteIndex {
    /// Its version; `None` when there is none.
    etag: Option<ETag>,
    /// Its bytes, decoded only when someone asks: a sync with nothing to do never does.
    bytes: Bytes,
    decoded: Option<Index>,
    damaged: Option<String>,
    /// Whether the private folder has a copy of this very version.
    kept: bool,
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

/// What a commit wants to write, and what it was decided on.
#[derive(Debug, Default)]
pub struct Merge {
    changes: Changes,
    /// What the index said of them; nothing of the others.
    seen: BTreeMap<Box<str>, Entry>,
}

impl RemoteIndex {
    /// Fetches the index if it is another than the one last seen: one conditional GET.
    ///
    /// # Errors
    ///
    /// Every failure but a proven not-found, and an index of a newer format.
    pub async fn fetch<S: ObjectStore>(store: &S, folder: &Folder) -> Result<RemoteIndex, RemoteIndexError> {
        let cached = folder.read_cache(CACHE).ok().flatten().and_then(from_cache);
        let if_none_match = cached.as_ref().and_then(|cached| cached.etag.clone());
        match store.get(key::INDEX, GetOptions { if_none_match, ..GetOptions::default() }).await {
            Ok(Got::NotModified) => Ok(cached.unwrap_or_default()),
            Ok(Got::Object(info, body)) => match RemoteIndex::arrived(info, body).await {
                // Damage on the way is no damage: an index that is believed to be damaged is written anew.
                Ok(damaged) if damaged.damaged.is_some() => RemoteIndex::fetch_anew(store, Some(damaged)).await,
                Err(RemoteIndexError::Store(Error::Damaged(_))) => RemoteIndex::fetch_anew(store, None).await,
                fetched => fetched,
            },
            Err(Error::NotFound) => Ok(RemoteIndex::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Fetches the index until it arrives sound, or damaged in the same way twice.
    async fn fetch_anew<S: ObjectStore>(
        store: &S,
        mut before: Option<RemoteIndex>,
    ) -> Result<RemoteIndex, RemoteIndexError> {
        let mut failure = Error::Damaged("the index arrived differently each time".to_owned());
        for _ in 1..ARRIVALS {
            let fetched = match store.get(key::INDEX, GetOptions::default()).await {
                Ok(Got::Object(info, body)) => RemoteIndex::arrived(info, body).await,
                Ok(Got::NotModified) | Err(Error::NotFound) => return Ok(RemoteIndex::default()),
                Err(error) => Err(error.into()),
            };
            match fetched {
                Ok(fetched) if fetched.damaged.is_none() => return Ok(fetched),
                Ok(fetched) if before.as_ref().is_some_and(|before| before.bytes == fetched.bytes) => {
                    return Ok(fetched);
                }
                Ok(fetched) => before = Some(fetched),
                Err(RemoteIndexError::Store(error @ Error::Damaged(_))) => failure = error,
                Err(error) => return Err(error),
            }
        }
        Err(failure.into())
    }

    async fn arrived(info: ObjectInfo, body: impl Body) -> Result<RemoteIndex, RemoteIndexError> {
        let mut fetched = RemoteIndex { etag: Some(info.etag), ..RemoteIndex::default() };
        if info.size > LARGEST {
            // It need not be fetched to know that it is none.
            fetched.damaged = Some(too_large().to_string());
            fetched.decoded = Some(Index::default());
        } else {
            fetched.bytes = collect(body, info.size).await?;
        }
        fetched.decode()?;
        Ok(fetched)
    }

    /// Keeps a copy in the private folder, so that the next fetch can be conditional. To be called when all that this
    /// machine recorded is in this version. A failure costs only the next run's transfer.
    pub fn keep(&mut self, folder: &Folder) {
        if let Some(etag) = self.etag.as_ref().filter(|_| !self.kept) {
            let mut copy = format!("{etag} {:08x}\n", crc(&self.bytes)).into_bytes();
            copy.extend_from_slice(&self.bytes);
            self.kept = folder.write_cache(CACHE, &copy).is_ok();
        }
    }

    /// An index that was fetched again may lack what it had when it was healed: the next run looks.
    fn keep_if(&mut self, healed: bool, folder: &Folder) {
        if healed {
            self.keep(folder);
        }
    }

    /// Takes the kept copy away: this machine has begun to record what is not in it.
    ///
    /// # Errors
    ///
    /// When the file system refuses.
    pub fn forget_copy(folder: &Folder) -> Result<(), crate::local::Error> {
        folder.remove_cache(CACHE)
    }

    /// Whether the private folder has a copy of this very version.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// What is wrong with the index, if it can not be decoded. It counts as empty then, and the next commit replaces it.
    pub fn damaged(&self) -> Option<&str> {
        self.damaged.as_deref()
    }

    /// The entries.
    ///
    /// # Errors
    ///
    /// For an index of a newer format.
    pub fn index(&mut self) -> Result<&Index, RemoteIndexError> {
        self.decode()?;
        Ok(self.decoded.get_or_insert_default())
    }

    fn decode(&mut self) -> Result<(), RemoteIndexError> {
        if self.decoded.is_none() {
            self.decoded = Some(match decode(&self.bytes) {
                _ if self.etag.is_none() => Index::default(),
                Ok(index) => index,
                Err(newer @ DecodeError::Newer(_)) => return Err(RemoteIndexError::Newer(newer)),
                Err(DecodeError::Damaged(what)) => {
                    self.damaged = Some(what);
                    Index::default()
                }
            });
        }
        Ok(())
    }

    /// Prepares a commit: keeps of `changes` what differs from the index as it was seen.
    ///
    /// # Errors
    ///
    /// For an index of a newer format.
    pub fn prepare(&mut self, changes: Changes) -> Result<Merge, RemoteIndexError> {
        let index = self.index()?;
        let mut merge = Merge::default();
        for (name, mut new) in changes {
            let old = index.get(&name);
            if let (Some(new), Some(old)) = (&mut new, old) {
                new.unknown = new.unknown.take().or_else(|| old.unknown.clone());
            }
            if new.as_ref() != old {
                if let Some(old) = old {
                    merge.seen.insert(name.clone(), old.clone());
                }
                merge.changes.insert(name, new);
            }
        }
        Ok(merge)
    }

    /// Writes a prepared commit, merged into whatever the other machines wrote meanwhile. `keep`: what was there before has been
    /// checked, so that a copy may be kept.
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
        keep: bool,
    ) -> Result<(), RemoteIndexError> {
        // The copy was taken away when the local index was saved.
        self.kept = false;
        for attempt in 0..ATTEMPTS {
            let changes = merge.onto(self.index()?);
            if changes.is_empty() && self.damaged.is_none() {
                self.keep_if(keep && attempt == 0, folder);
                return Ok(());
            }
            let mut index = self.decoded.take().unwrap_or_default();
            index.apply(changes);
            index.prune(ambient.now());
            let bytes = Bytes::from(encode(&index).map_err(|error| Error::Other(error.to_string()))?);
            let expect = self.etag.clone().map_or(Expect::Absent, Expect::ETag);
            let metadata = Metadata { content_type: Some("application/gzip".to_owned()), ..Metadata::default() };
            match store.put(key::INDEX, bytes.clone(), &metadata, &expect).await {
                Ok(written) => {
                    *self =
                        RemoteIndex { etag: Some(written.etag), bytes, decoded: Some(index), ..RemoteIndex::default() };
                    self.keep_if(keep && attempt == 0, folder);
                    return Ok(());
                }
                // A server answers a condition on an object that is gone with not-found.
                Err(Error::Precondition | Error::Conflict | Error::NotFound) => {
                    tokio::time::sleep(ambient.jitter(attempt)).await;
                    *self = Self::fetch(store, folder).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(RemoteIndexError::Busy)
    }
}

impl Merge {
    /// The changes that still hold over `index`. Where another machine has written the same key since it was seen, the
    /// later object counts, by the server's own clock; a deletion gives way to a live entry.
    fn onto(&self, index: &Index) -> Changes {
        let mut changes = self.changes.clone();
        changes.retain(|name, new| {
            let there = index.get(name);
            let overtaken = there != self.seen.get(name)
                && there.is_some_and(|there| {
                    let ours = new.as_ref().and_then(|new| new.local_timestamp);
                    !there.is_tombstone() && ours.is_none_or(|ours| there.local_timestamp > Some(ours))
                });
            new.as_ref() != there && !overtaken
        });
        changes
    }
}

fn from_cache(kept: Vec<u8>) -> Option<RemoteIndex> {
    let kept = Bytes::from(kept);
    let line_end = kept.iter().position(|byte| *byte == b'\n')?;
    let (etag, sum) = std::str::from_utf8(&kept[..line_end]).ok()?.rsplit_once(' ')?;
    let bytes = kept.slice(line_end + 1..);
    let sound = u32::from_str_radix(sum, 16).ok()? == crc(&bytes);
    sound.then(|| RemoteIndex { etag: Some(ETag::new(etag)), bytes, kept: true, ..RemoteIndex::default() })
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn live(modified: i64, etag: &str) -> Entry {
        Entry {
            local_timestamp: Some(modified),
            remote_timestamp: Some(1),
            etag: Some(ETag::new(etag)),
            ..Entry::default()
        }
    }

    fn merge(seen: Option<Entry>, new: Entry) -> Merge {
        let mut remote = RemoteIndex {
            decoded: Some(Index::from_entries(seen.into_iter().map(|entry| ("a".into(), entry)).collect())),
            ..RemoteIndex::default()
        };
        remote.prepare([("a".into(), Some(new))].into_iter().collect()).unwrap()
    }

    fn onto(merge: &Merge, there: Option<Entry>) -> bool {
        let index = Index::from_entries(there.into_iter().map(|entry| ("a".into(), entry)).collect());
        !merge.onto(&index).is_empty()
    }

    #[test]
    fn our_change_is_put_in_where_nobody_else_wrote() {
        let merge = merge(Some(live(1, "x")), live(5, "y"));
        assert!(onto(&merge, Some(live(1, "x"))));
        assert!(onto(&merge, None));
    }

    #[test]
    fn the_later_object_counts_where_somebody_did() {
        let merge = merge(Some(live(1, "x")), live(5, "y"));
        assert!(!onto(&merge, Some(live(6, "z"))));
        assert!(onto(&merge, Some(live(4, "z"))));
        assert!(!onto(&merge, Some(live(5, "y"))));
    }

    #[test]
    fn a_deletion_gives_way_to_an_object_that_came_after_it() {
        let merge = merge(Some(live(1, "x")), live(1, "x").tombstone(9));
        assert!(onto(&merge, Some(live(1, "x"))));
        assert!(!onto(&merge, Some(live(2, "z"))));
    }

    #[test]
    fn what_the_index_says_already_is_not_written() {
        assert!(merge(Some(live(1, "x")), live(1, "x")).changes.is_empty());
    }
}
