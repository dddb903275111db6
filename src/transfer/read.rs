//! Reading an object for its sum alone; nothing of it is kept.

use super::pull::check_length;
use super::{ATTEMPTS, Carrier, Failure};
use crate::content::{ETag, Md5Form, Sha256, is_link};
use crate::local::{Hasher, LocalContent};
use crate::reconcile::Item;
use crate::remote::{self, Body, GetOptions, Got, ObjectInfo, ObjectStore};

/// An object as it was read.
pub(crate) struct ReadBack {
    pub(crate) info: ObjectInfo,
    pub(crate) content: LocalContent,
    /// The checksum that the server keeps of it is of another content, each time.
    pub(crate) contradicted: bool,
}

/// Reads that version of an object for what it holds, its ETag included. A connection that breaks off is taken up where it did;
/// an object that arrives damaged is read again.
pub(crate) async fn read_back<S: ObjectStore>(store: &S, name: &str, etag: &ETag) -> Result<ReadBack, Failure> {
    let mut attempt = 1;
    loop {
        let mut reading = Reading { store, name, etag, begun: None, arrived: 0 };
        let ended = reading.finish().await;
        let contradicted = match ended {
            Err(Failure::Remote(remote::Error::Damaged(_))) if attempt < ATTEMPTS => {
                attempt += 1;
                continue;
            }
            // All of it is here: what it is, others may judge.
            Err(Failure::Remote(remote::Error::Damaged(_))) if reading.is_complete() => true,
            ended => ended.map(|()| false)?,
        };
        let (info, hasher) = reading.begun.ok_or(Failure::Changed)?;
        return Ok(ReadBack { info, content: hasher.finish(), contradicted });
    }
}

struct Reading<'a, S> {
    store: &'a S,
    name: &'a str,
    etag: &'a ETag,
    /// What the first answer said, and the sums so far.
    begun: Option<(ObjectInfo, Hasher)>,
    arrived: u64,
}

impl<S: ObjectStore> Reading<'_, S> {
    fn is_complete(&self) -> bool {
        self.begun.as_ref().is_some_and(|(info, _)| info.size == self.arrived)
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        let mut broken_at = None;
        loop {
            match self.go_on().await {
                // As long as something arrives, the line is only a bad one.
                Err(Failure::Remote(remote::Error::Network(_))) if broken_at != Some(self.arrived) => {
                    broken_at = Some(self.arrived);
                }
                ended => return ended,
            }
        }
    }

    /// Reads from where the last answer broke off.
    async fn go_on(&mut self) -> Result<(), Failure> {
        let size = self.begun.as_ref().map(|(info, _)| info.size);
        let range = size.filter(|_| self.arrived > 0).map(|size| (self.arrived, size - self.arrived));
        if range.is_some_and(|(_, left)| left == 0) {
            return Ok(());
        }
        let options = GetOptions { range, if_match: Some(self.etag.clone()), if_none_match: None };
        let Got::Object(info, mut body) = self.store.get(self.name, options).await? else {
            return Err(Failure::Changed);
        };
        // A server that ignores the condition.
        if info.etag != *self.etag {
            return Err(Failure::Changed);
        }
        let (info, hasher) = self.begun.get_or_insert_with(|| {
            let hasher = Hasher::new(info.size, Some(self.etag));
            (info, hasher)
        });
        while let Some(chunk) = body.chunk().await? {
            hasher.update(&chunk);
            self.arrived += chunk.len() as u64;
        }
        if self.arrived == info.size {
            return Ok(());
        }
        Err(remote::Error::Damaged(format!("{} of {} bytes arrived", self.arrived, info.size)).into())
    }
}

impl<S: ObjectStore> Carrier<S> {
    /// The sum of an object's content, from its metadata, else by reading it; and whether it is a symbolic link.
    ///
    /// # Errors
    ///
    /// [`Failure::Changed`] when the object is not the one that the item saw.
    pub async fn hash_remote(&self, item: &Item) -> Result<(Sha256, bool), Failure> {
        let there = item.remote.as_ref().ok_or(Failure::Changed)?;
        let info = self.store.head(item.key.as_str()).await?;
        if info.etag != there.etag {
            return Err(Failure::Changed);
        }
        // "Equal" by metadata and unequal by MD5: one of them is no witness, so the bytes themselves must tell.
        let contradicted = |sum: &Sha256| {
            let here = item.local.as_ref().and_then(|local| local.content);
            here.is_some_and(|here| here.sha256 == *sum && !here.matches_etag)
                && matches!(info.etag.md5_form(), Some(Md5Form::Whole(_)))
        };
        let sha256 = match info.metadata.sha256 {
            Some(sha256) if !contradicted(&sha256) => sha256,
            _ => self.read_remote(item, &info).await?.sha256,
        };
        Ok((sha256, info.metadata.mode.is_some_and(is_link)))
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
