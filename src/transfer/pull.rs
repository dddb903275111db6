//! Pull: an object to the folder, by way of staging.
//!
//! Nothing gets a name in the folder before its length and its content have been checked and it is durable.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::install::Place;
use super::push::blocking;
use super::{ATTEMPTS, Carrier, Done, Failure, MULTIPART_THRESHOLD, PARTS_IN_FLIGHT, parts, record};
use crate::content::{ETag, Sha256};
use crate::key::Key;
use crate::local::{self, Displaced, Hasher, LocalContent, Staged};
use crate::reconcile::{Action, Item, Planned, Source, conflict_key};
use crate::remote::{self, Body, GetOptions, Got, ObjectInfo, ObjectStore};

/// A staged object that was checked.
struct Fetched {
    staged: Staged,
    info: ObjectInfo,
    sha256: Sha256,
}

impl<S: ObjectStore> Carrier<S> {
    pub(super) async fn pull(&self, planned: &Planned) -> Result<Done, Failure> {
        let item = &planned.item;
        if let Some(source) = &planned.source
            && let Some(done) = self.rename(item, source)?
        {
            return Ok(done);
        }
        let fetched = self.fetch(item).await?;
        let Fetched { staged, info, sha256 } = fetched;
        staged.set(
            info.metadata.mtime_ns.unwrap_or(i128::from(info.last_modified) * 1_000_000_000),
            info.metadata.mode,
        )?;
        let (stat, kept_as) = self.install(planned, staged).await?;
        let mut done = record::pulled(item, &stat, sha256, &info, info.size);
        done.kept_as = kept_as;
        Ok(done)
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
                Ok(Some(record::pulled(item, &stat, sha256, &info, 0)))
            }
            // The old file is not what it was: fetch the object instead, and let the deletion find out.
            Err(local::Error::Changed { .. } | local::Error::NotFound { .. }) => Ok(None),
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
        let installed = self.installer.install(staged, key.clone(), place).await;
        let stat = installed.unwrap_or(Err(local::Error::Changed { path: key.as_str().into() }))?;
        Ok((stat, kept_as))
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

    /// Fetches an object into staging; one that arrives damaged is fetched again.
    async fn fetch(&self, item: &Item) -> Result<Fetched, Failure> {
        for attempt in 1.. {
            match self.fetch_once(item).await {
                Err(Failure::Remote(remote::Error::Damaged(_) | remote::Error::Network(_))) if attempt < ATTEMPTS => {
                    tokio::time::sleep(self.ambient.jitter(attempt)).await;
                }
                ended => return ended,
            }
        }
        Err(Failure::Changed)
    }

    async fn fetch_once(&self, item: &Item) -> Result<Fetched, Failure> {
        let there = item.remote.as_ref().ok_or(Failure::Changed)?;
        let staged = self.folder.stage()?;
        if there.size >= MULTIPART_THRESHOLD {
            return self.fetch_parts(item, there.size, &there.etag, staged).await;
        }
        let _held = self.hold(64 << 10).await;
        let Got::Object(info, mut body) = self.store.get(item.key.as_str(), GetOptions::default()).await? else {
            return Err(Failure::Changed);
        };
        let mut hasher = Hasher::new(info.size, Some(&info.etag));
        let mut arrived = 0;
        while let Some(chunk) = body.chunk().await? {
            staged.write_at(arrived, &chunk)?;
            hasher.update(&chunk);
            arrived += chunk.len() as u64;
            self.progress.moved(chunk.len() as u64);
        }
        check_length(arrived, info.size)?;
        let sha256 = check_content(item, &info, hasher.finish())?;
        Ok(Fetched { staged, info, sha256 })
    }

    /// A big object, in ranges of that very version, each written where it belongs as it comes.
    async fn fetch_parts(&self, item: &Item, size: u64, etag: &ETag, staged: Staged) -> Result<Fetched, Failure> {
        staged.allocate(size)?;
        let file = &staged;
        let part = |start: u64, length: u64| async move {
            if self.cancel.is_cancelled() {
                return Err(Failure::Interrupted);
            }
            let options =
                GetOptions { range: Some((start, length)), if_match: Some(etag.clone()), if_none_match: None };
            let Got::Object(info, mut body) = self.store.get(item.key.as_str(), options).await? else {
                return Err(Failure::Changed);
            };
            let mut arrived = 0;
            while let Some(chunk) = body.chunk().await? {
                file.write_at(start + arrived, &chunk)?;
                arrived += chunk.len() as u64;
                self.progress.moved(chunk.len() as u64);
            }
            check_length(arrived, length)?;
            Ok(info)
        };
        let ranges = parts(size).map(|(start, length)| part(start, length));
        let infos: Vec<ObjectInfo> = stream::iter(ranges).buffer_unordered(PARTS_IN_FLIGHT).try_collect().await?;
        let info = infos.into_iter().next().ok_or(Failure::Changed)?;
        let (etag, copy, path) = (info.etag.clone(), staged.open()?, self.folder.path().join(item.key.as_str()));
        let hashed =
            move || local::hash_open(&copy, size, Some(&etag)).map_err(|source| local::Error::Io { path, source });
        let content = blocking(hashed).await?;
        let sha256 = check_content(item, &info, content)?;
        Ok(Fetched { staged, info, sha256 })
    }

    /// Reads a small object whole.
    ///
    /// # Errors
    ///
    /// Those of the bucket.
    pub async fn read(&self, key: &Key) -> Result<Vec<u8>, remote::Error> {
        let Got::Object(info, mut body) = self.store.get(key.as_str(), GetOptions::default()).await? else {
            return Err(remote::Error::NotFound);
        };
        let mut bytes = Vec::new();
        while let Some(chunk) = body.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        check_length(bytes.len() as u64, info.size)?;
        Ok(bytes)
    }

    /// The sum of an object's content: from its metadata, else by reading it.
    ///
    /// # Errors
    ///
    /// [`Failure::Changed`] when the object is not the one that the item saw.
    pub async fn hash_remote(&self, item: &Item) -> Result<Sha256, Failure> {
        let there = item.remote.as_ref().ok_or(Failure::Changed)?;
        let info = self.store.head(item.key.as_str()).await?;
        if info.etag != there.etag {
            return Err(Failure::Changed);
        }
        match info.metadata.sha256 {
            Some(sha256) => Ok(sha256),
            None => Ok(self.read_remote(item, &info).await?.sha256),
        }
    }

    /// Reads an object for its sum alone; nothing is written to disk.
    async fn read_remote(&self, item: &Item, info: &ObjectInfo) -> Result<LocalContent, Failure> {
        let options = GetOptions { if_match: Some(info.etag.clone()), ..GetOptions::default() };
        let Got::Object(info, mut body) = self.store.get(item.key.as_str(), options).await? else {
            return Err(Failure::Changed);
        };
        let mut hasher = Hasher::new(info.size, None);
        let mut arrived = 0;
        while let Some(chunk) = body.chunk().await? {
            hasher.update(&chunk);
            arrived += chunk.len() as u64;
        }
        check_length(arrived, info.size)?;
        Ok(hasher.finish())
    }
}

fn check_length(arrived: u64, promised: u64) -> Result<(), remote::Error> {
    if arrived == promised {
        return Ok(());
    }
    Err(remote::Error::Damaged(format!("{arrived} of {promised} bytes arrived")))
}

/// Checks what arrived against whatever is known of this version of the object: an ETag that is its MD5, the sum in its own
/// metadata, the sum that an index has for this ETag. One that agrees is proof; if one is there and none agrees, the
/// content is damaged.
fn check_content(item: &Item, info: &ObjectInfo, content: LocalContent) -> Result<Sha256, remote::Error> {
    let there = item.remote.as_ref().filter(|remote| remote.etag == info.etag);
    let known = [info.metadata.sha256, there.and_then(|remote| remote.sha256)];
    let mut known = known.into_iter().flatten().peekable();
    if content.matches_etag || known.peek().is_none() || known.any(|sum| sum == content.sha256) {
        return Ok(content.sha256);
    }
    Err(remote::Error::Damaged("the content that arrived has another sum than the one that was written".to_owned()))
}
