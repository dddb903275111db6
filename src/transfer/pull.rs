//! Pull: an object to the folder, by way of staging.
//!
//! Nothing gets a name in the folder before its length and its content have been checked and it is durable.

use super::copied::is_dated;
use super::install::Place;
use super::{ATTEMPTS, Carrier, Done, Failure, record};
use crate::content::{Md5Form, Sha256, is_link};
use crate::key::Key;
use crate::local::{self, Displaced, Hasher, LocalContent, Record, Staged};
use crate::reconcile::{Action, Item, Planned, Source, conflict_key};
use crate::remote::{self, Body, GetOptions, Got, ObjectInfo, ObjectStore};

/// A staged object that was checked.
pub(super) struct Fetched {
    pub(super) staged: Staged,
    pub(super) info: ObjectInfo,
    pub(super) sha256: Sha256,
    /// Bytes that came over the network.
    pub(super) bytes: u64,
    /// What a big one is made of.
    pub(super) blocks: Option<String>,
    /// Of a big one: what another run goes on from as long as it has not got its place.
    pub(super) record: Option<Record>,
    pub(super) verdict: Verdict,
}

/// What is known of a content that arrived, and was not found to be wrong.
#[derive(Clone, Copy)]
pub(super) struct Verdict {
    /// Whether an ETag or a sum shows that it is what was written.
    pub(super) proven: bool,
    /// Whether the object's ETag has the form of an MD5 and is not the one of what arrived, with nothing else to go by.
    pub(super) doubtful: bool,
}

impl<S: ObjectStore> Carrier<S> {
    pub(super) async fn pull(&self, planned: &Planned) -> Result<Done, Failure> {
        let item = &planned.item;
        let (renamed, copied) = match &planned.source {
            Some(source) if source.stays || is_dated(item, source) => (None, Some(source)),
            source => (source.as_ref(), None),
        };
        if let Some(source) = renamed
            && let Some(done) = self.rename(item, source)?
        {
            return Ok(done);
        }
        let fetch = async {
            self.progress.began(planned);
            if let Some(source) = copied
                && let Some(copied) = self.copy_file(item, source).await?
            {
                return Ok(copied);
            }
            // Not to be fetched in each run anew.
            self.folder.expect_room(&item.key)?;
            if let Some(there) = item.remote.as_ref().filter(|there| there.link == Some(true)) {
                self.expect_link(&item.key, there.size)?;
            }
            self.fetch(item).await
        };
        let Fetched { staged, info, sha256, bytes, blocks, record, .. } = self.in_turn(&self.pulling, fetch).await?;
        let mtime_ns = info.metadata.mtime_ns.unwrap_or(i128::from(info.last_modified) * 1_000_000_000);
        let staged = match info.metadata.mode.filter(|mode| is_link(*mode)) {
            None => {
                staged.set(mtime_ns, info.metadata.mode)?;
                staged
            }
            Some(_) => self.link(&item.key, &staged, (info.size, mtime_ns))?,
        };
        let (stat, kept_as) = self.install(planned, staged).await?;
        if let Some(record) = record {
            record.remove();
        }
        let mut done = record::pulled(item, &stat, sha256, &info, bytes);
        done.set_blocks(blocks);
        done.kept_as = kept_as;
        Ok(done)
    }

    /// Refuses a link where none is synced, and one whose path is longer than any.
    pub(super) fn expect_link(&self, key: &Key, size: u64) -> Result<(), Failure> {
        if !self.folder.takes_link(key) {
            return Err(Failure::Link);
        }
        let path = self.folder.path_of(key);
        let too_long = Failure::Local(local::Error::NoLink { path, why: "it is too long" });
        if size > local::MOST_TARGET { Err(too_long) } else { Ok(()) }
    }

    /// The link whose path has arrived in `path`; of `size` bytes, and with that time of change.
    fn link(&self, key: &Key, path: &Staged, (size, mtime_ns): (u64, i128)) -> Result<Staged, Failure> {
        self.expect_link(key, size)?;
        let target = local::read_part(&self.folder, key, &path.open()?, 0, size)?;
        Ok(self.folder.stage_link(key, &target, mtime_ns)?)
    }

    /// The content is in the folder already, under a key that was renamed to this one.
    fn rename(&self, item: &Item, source: &Source) -> Result<Option<Done>, Failure> {
        let (Some(there), Some(here)) = (&item.remote, &source.item.local) else { return Ok(None) };
        let Some(sha256) = there.sha256 else { return Ok(None) };
        match self.folder.rename(&source.item.key, &here.stat, &item.key) {
            Ok(stat) => {
                let info = ObjectInfo {
                    size: there.size,
                    etag: there.etag.clone(),
                    last_modified: there.last_modified,
                    version_id: None,
                    metadata: remote::Metadata::default(),
                };
                let mut done = record::pulled(item, &stat, sha256, &info, 0);
                done.set_blocks(record::blocks_of(&source.item));
                Ok(Some(done))
            }
            // The old file is not what it was: fetch the object instead, and let the deletion find out.
            Err(local::Error::Changed { .. } | local::Error::NotFound { .. }) => Ok(None),
            // One that is only read through a link stays where it is.
            Err(local::Error::InTheWay { .. }) if self.folder.expect_own(&source.item.key).is_err() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn install(&self, planned: &Planned, staged: Staged) -> Result<(local::Stat, Option<Key>), Failure> {
        let key = &planned.item.key;
        let mut kept_as = None;
        let place = match &planned.item.local {
            None => Place::New,
            Some(local) if planned.action == Action::KeepBoth => {
                kept_as = self.free_conflict_key(key)?;
                let beside = kept_as.clone().ok_or(Failure::Changed)?;
                Place::Over(local.stat, Displaced::Beside(beside))
            }
            Some(local) => Place::Over(local.stat, Displaced::Trash),
        };
        match self.installer.install(staged, key.clone(), place).await {
            Some(Ok(stat)) => Ok((stat, kept_as)),
            // A file made just now, or one whose name this file system cannot hold apart.
            Some(Err(local::Error::Exists { .. })) if self.folder.has_name(key) => Err(Failure::Changed),
            Some(Err(error)) => Err(error.into()),
            None => Err(Failure::Interrupted),
        }
    }

    pub(super) fn free_conflict_key(&self, key: &Key) -> Result<Option<Key>, Failure> {
        for attempt in 0..1_000 {
            let Some(name) = conflict_key(key, &self.conflict_stamp, attempt) else { return Ok(None) };
            if matches!(self.folder.stat(&name), Ok(None)) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// Fetches an object into staging; one that arrives damaged is fetched again. An encrypted object's ETag looks like an
    /// MD5 and is none: there, arriving the same twice is what can be asked for.
    async fn fetch(&self, item: &Item) -> Result<Fetched, Failure> {
        let mut attempt = 1;
        let (mut first, mut whole) = (None, false);
        loop {
            match self.fetch_once(item, attempt > 1, whole).await {
                Ok(fetched) if !fetched.verdict.doubtful || first == Some(fetched.sha256) => return Ok(fetched),
                Ok(fetched) if attempt < ATTEMPTS => (first, whole) = (Some(fetched.sha256), true),
                Ok(_) => return Err(remote::Error::Damaged("it arrived differently each time".to_owned()).into()),
                // What was taken over from the old file may be what is wrong.
                Err(Failure::Remote(remote::Error::Damaged(_))) if attempt < ATTEMPTS => whole = true,
                Err(Failure::Remote(remote::Error::Network(_))) if attempt < ATTEMPTS => {}
                Err(failure) => return Err(failure),
            }
            tokio::time::sleep(self.ambient.jitter(attempt)).await;
            attempt += 1;
        }
    }

    /// `every_witness`: ask the ETag too, whose MD5 costs three times the sha256, where there is a sha256 to go by. It may be a
    /// stale one, left by a tool that wrote the content anew and kept the metadata. `whole`: take nothing over from the old file.
    async fn fetch_once(&self, item: &Item, every_witness: bool, whole: bool) -> Result<Fetched, Failure> {
        let there = item.remote.as_ref().ok_or(Failure::Changed)?;
        if there.size >= self.cut.threshold {
            return self.fetch_parts(item, there, every_witness, whole).await;
        }
        let staged = self.folder.stage()?;
        let _held = self.hold(64 << 10).await;
        let Got::Object(info, mut body) = self.store.get(item.key.as_str(), GetOptions::default()).await? else {
            return Err(Failure::Changed);
        };
        if info.metadata.mode.is_some_and(is_link) {
            self.expect_link(&item.key, info.size)?;
        }
        let etag = (every_witness || info.metadata.sha256.is_none()).then_some(&info.etag);
        let compared = body.is_compared();
        let mut hasher = Hasher::new(info.size, etag);
        let mut arrived = 0;
        while let Some(chunk) = body.chunk().await? {
            staged.write_at(arrived, &chunk)?;
            hasher.update(&chunk);
            arrived += chunk.len() as u64;
            self.progress.moved(&item.key, chunk.len() as u64);
        }
        check_length(arrived, info.size)?;
        let content = hasher.finish();
        let mut verdict = checked(item, &info, content)?;
        verdict.doubtful &= !compared;
        Ok(Fetched { staged, info, sha256: content.sha256, bytes: arrived, blocks: None, record: None, verdict })
    }

    /// Reads a small object whole, of at most so many bytes.
    ///
    /// # Errors
    ///
    /// Those of the bucket; for a larger object.
    pub async fn read(&self, key: &Key, most: u64) -> Result<Vec<u8>, remote::Error> {
        let Got::Object(info, mut body) = self.store.get(key.as_str(), GetOptions::default()).await? else {
            return Err(remote::Error::NotFound);
        };
        let mut bytes = Vec::new();
        while info.size <= most
            && let Some(chunk) = body.chunk().await?
        {
            bytes.extend_from_slice(&chunk);
        }
        if info.size > most {
            let what =
                format!("\"{key}\" in the bucket has more than {} MiB: that is more than s4 reads of it", most >> 20);
            return Err(remote::Error::Other(what));
        }
        check_length(bytes.len() as u64, info.size)?;
        Ok(bytes)
    }
}

pub(super) fn check_length(arrived: u64, promised: u64) -> Result<(), remote::Error> {
    if arrived == promised {
        return Ok(());
    }
    Err(remote::Error::Damaged(format!("{arrived} of {promised} bytes arrived")))
}

/// Checks what arrived against whatever is known of this version of the object: an ETag that is its MD5, the sum in its own
/// metadata, the sum that an index has for this ETag. One that agrees is proof; if sums are there and none agrees, the
/// content is damaged.
pub(super) fn checked(item: &Item, info: &ObjectInfo, content: LocalContent) -> Result<Verdict, remote::Error> {
    let there = item.remote.as_ref().filter(|remote| remote.etag == info.etag);
    let known = [info.metadata.sha256, there.and_then(|remote| remote.sha256)];
    let mut known = known.into_iter().flatten().peekable();
    if content.matches_etag {
        return Ok(Verdict { proven: true, doubtful: false });
    }
    if known.peek().is_none() {
        let doubtful = matches!(info.etag.md5_form(), Some(Md5Form::Whole(_)));
        return Ok(Verdict { proven: false, doubtful });
    }
    if known.any(|sum| sum == content.sha256) {
        return Ok(Verdict { proven: true, doubtful: false });
    }
    Err(remote::Error::Damaged("the content that arrived has another sum than the one that was written".to_owned()))
}
