//! Push: a file to the bucket.
//!
//! The file is stat'ed before and after it is read, whole or in parts; if it changed, nothing of it arrives under its key.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::cut::MOST_COPIED;
use super::delta::{Parts, Piece, Sums};
use super::resume::Upload;
use super::{ATTEMPTS, Carrier, Done, Failure, PARTS_IN_FLIGHT, media, record};
use crate::blocking::blocking;
use crate::checksum::Checksum;
use crate::content::{ETag, Sha256};
use crate::key::Key;
use crate::local::{self, Hasher, Stat};
use crate::reconcile::{Item, Planned, Source};
use crate::remote::{self, Expect, Metadata, ObjectStore, Written};

/// So many bytes show what kind of content it is.
const HEAD: u64 = 8 << 10;

impl<S: ObjectStore> Carrier<S> {
    pub(super) async fn push(&self, planned: &Planned) -> Result<Done, Failure> {
        self.in_turn(&self.pushing, self.push_now(planned)).await
    }

    async fn push_now(&self, planned: &Planned) -> Result<Done, Failure> {
        self.progress.began(planned);
        let item = &planned.item;
        let stat = item.local.as_ref().ok_or(Failure::Changed)?.stat;
        if stat.is_link() {
            return self.push_link(item, stat).await;
        }
        let file = self.open(&item.key, stat).await?;
        let mut from = None;
        if let Some(source) = &planned.source {
            match self.copy(item, &stat, &file, source).await? {
                Copied::Yes(done) => return Ok(*done),
                Copied::TooLarge => from = source.item.object(),
                Copied::No => {}
            }
        }
        if stat.size < self.cut.threshold {
            self.push_whole(item, &stat, &file).await
        } else {
            self.push_parts(item, &stat, file, from).await
        }
    }

    async fn push_link(&self, item: &Item, stat: Stat) -> Result<Done, Failure> {
        let (folder, key) = (Arc::clone(&self.folder), item.key.clone());
        let target = blocking(move || folder.read_link(&key, &stat)).await?;
        let sha256 = Sha256::of(&target);
        let written = self.put(item, target.into(), &metadata(&stat, sha256, None)).await?;
        self.progress.moved(&item.key, stat.size);
        Ok(record::pushed(item, &stat, sha256, written, stat.size))
    }

    async fn open(&self, key: &Key, stat: Stat) -> Result<Arc<File>, Failure> {
        let (file, wait) = local::open_now(&self.folder, key, &stat)?;
        let file = Arc::new(file);
        if !wait.is_zero() {
            // It was written this very moment.
            let (folder, key, opened) = (Arc::clone(&self.folder), key.clone(), Arc::clone(&file));
            blocking(move || local::settle(&folder, &key, &opened, &stat, wait)).await?;
        }
        Ok(file)
    }

    async fn push_whole(&self, item: &Item, stat: &Stat, file: &Arc<File>) -> Result<Done, Failure> {
        let _held = self.hold(stat.size).await;
        let content = Bytes::from(local::read_part(&self.folder, &item.key, file, 0, stat.size)?);
        local::check_unchanged(&self.folder, &item.key, file, stat)?;
        let mut hasher = Hasher::new(stat.size, None);
        hasher.update(&content);
        let sha256 = hasher.finish().sha256;
        let metadata = metadata(stat, sha256, media::content_type(&item.key, &content));
        let written = self.put(item, content, &metadata).await?;
        self.progress.moved(&item.key, stat.size);
        Ok(record::pushed(item, stat, sha256, written, stat.size))
    }

    async fn put(&self, item: &Item, content: Bytes, metadata: &Metadata) -> Result<Written, Failure> {
        let mut attempt = 1;
        loop {
            match self.store.put(item.key.as_str(), content.clone(), metadata, &expect(item)).await {
                // Another operation on the key was under way: the write is made again.
                Err(remote::Error::Conflict) if attempt < ATTEMPTS => {
                    tokio::time::sleep(self.ambient.jitter(attempt)).await;
                    attempt += 1;
                }
                ended => return Ok(ended?),
            }
        }
    }

    /// The content is in the bucket already, under a key that was renamed to this one, or that it was copied from. Time, mode and
    /// type are those of this file.
    async fn copy(&self, item: &Item, stat: &Stat, file: &File, source: &Source) -> Result<Copied, Failure> {
        let (Some(content), Some(from)) = (item.local.as_ref().and_then(|l| l.content), source.item.object()) else {
            return Ok(Copied::No);
        };
        if stat.size > MOST_COPIED {
            return Ok(Copied::TooLarge);
        }
        local::check_unchanged(&self.folder, &item.key, file, stat)?;
        let head = local::read_part(&self.folder, &item.key, file, 0, stat.size.min(HEAD))?;
        let metadata = metadata(stat, content.sha256, media::content_type(&item.key, &head));
        match self.store.copy(from, item.key.as_str(), Some(&metadata), &expect(item)).await {
            Ok(written) => {
                let mut done = record::pushed(item, stat, content.sha256, written, 0);
                done.set_blocks(record::blocks_of(&source.item));
                Ok(Copied::Yes(Box::new(done)))
            }
            // Some servers copy less in one request.
            Err(remote::Error::Other(_)) if stat.size >= self.cut.threshold => Ok(Copied::TooLarge),
            // Gone meanwhile, not offered: the bytes are here, so upload them.
            Err(
                remote::Error::NotFound
                | remote::Error::Precondition
                | remote::Error::NotImplemented(_)
                | remote::Error::Other(_),
            ) => Ok(Copied::No),
            Err(error) => Err(error.into()),
        }
    }

    /// A big file, in parts; `from`: an object that has all of it, and is too large to be copied at once.
    async fn push_parts(
        &self,
        item: &Item,
        stat: &Stat,
        file: Arc<File>,
        from: Option<(&str, &ETag)>,
    ) -> Result<Done, Failure> {
        let Sums { sha256, crc64, blocks } = self.sum_up(item, stat).await?;
        let head = local::read_part(&self.folder, &item.key, &file, 0, HEAD)?;
        let metadata = metadata(stat, sha256, media::content_type(&item.key, &head));
        let about = (&metadata, crc64);
        let changed = || self.changed_pieces(item, blocks.as_ref()?, stat.size);
        let (pieces, from) = match from {
            Some(from) => (Some(self.cut.copied(stat.size)), Some(from)),
            None => (changed(), item.object()),
        };
        let (written, sent) = match pieces {
            Some(pieces) => self.upload_delta(item, (stat, &file), about, Parts { pieces: &pieces, from }).await?,
            None => {
                let pieces = self.cut.pieces(stat.size);
                self.upload(item, (stat, &file), about, Parts { pieces: &pieces, from: None }).await?
            }
        };
        let mut done = record::pushed(item, stat, sha256, written, sent);
        done.set_blocks(blocks.map(|blocks| blocks.text(sha256)));
        Ok(done)
    }

    /// Uploads a file in parts, which has that CRC-64/NVME; returns also how many bytes had to be sent.
    pub(super) async fn upload(
        &self,
        item: &Item,
        (stat, file): (&Stat, &Arc<File>),
        about: (&Metadata, u64),
        parts: Parts<'_>,
    ) -> Result<(Written, u64), Failure> {
        let sent = AtomicU64::new(0);
        let mut attempt = 1;
        loop {
            match self.upload_once(item, (stat, file), about, (parts, &sent)).await {
                // Another operation on the key was under way, and the upload has to begin anew; or its end was applied and
                // the answer lost. The object tells.
                Err(Failure::Remote(remote::Error::Conflict)) if attempt < ATTEMPTS => {
                    let there = match self.store.head(item.key.as_str()).await {
                        Ok(info) => Some(info.etag),
                        Err(remote::Error::NotFound) => None,
                        Err(error) => return Err(error.into()),
                    };
                    if there.as_ref() != item.remote.as_ref().map(|remote| &remote.etag) {
                        return Err(Failure::Changed);
                    }
                    tokio::time::sleep(self.ambient.jitter(attempt)).await;
                    attempt += 1;
                }
                ended => return ended.map(|written| (written, sent.load(Ordering::Relaxed))),
            }
        }
    }

    async fn upload_once(
        &self,
        item: &Item,
        (stat, file): (&Stat, &Arc<File>),
        (metadata, crc64): (&Metadata, u64),
        (parts, sent): (Parts<'_>, &AtomicU64),
    ) -> Result<Written, Failure> {
        let name = item.key.as_str();
        let upload = self.go_on_with_upload(item, stat, metadata, parts.pieces).await?;
        let ended = match self.upload_parts(item, &upload, (stat, file), (parts, sent)).await {
            Ok(etags) => {
                let parts = (&etags[..], Some(Checksum::Crc64(crc64)));
                self.store.complete_upload(name, &upload.id, parts, &expect(item)).await.map_err(Failure::from)
            }
            Err(failure) => Err(failure),
        };
        self.end_upload(&item.key, upload, &ended).await;
        ended
    }

    async fn upload_parts(
        &self,
        item: &Item,
        upload: &Upload,
        (stat, file): (&Stat, &Arc<File>),
        (parts, sent): (Parts<'_>, &AtomicU64),
    ) -> Result<Vec<ETag>, Failure> {
        let part = |number: u32, piece: Piece| async move {
            if self.cancel.is_cancelled() {
                return Err(Failure::Interrupted);
            }
            let etag = match upload.there.get(&number) {
                Some(etag) => etag.clone(),
                None if piece.copied => self.copy_part(item, parts.from, upload, (number, piece)).await?,
                None => {
                    let etag = self.send_part(item, upload, (stat, file), (number, piece)).await?;
                    sent.fetch_add(piece.length, Ordering::Relaxed);
                    etag
                }
            };
            // A rename or a copy moves no bytes.
            if parts.from.is_none_or(|(name, _)| name == item.key.as_str()) {
                self.progress.moved(&item.key, piece.length);
            }
            Ok(etag)
        };
        let parts = (1..).zip(parts.pieces.to_vec()).map(|(number, piece)| part(number, piece));
        let etags = stream::iter(parts).buffered(PARTS_IN_FLIGHT).try_collect().await?;
        local::check_unchanged(&self.folder, &item.key, file, stat)?;
        Ok(etags)
    }

    async fn send_part(
        &self,
        item: &Item,
        upload: &Upload,
        (stat, file): (&Stat, &Arc<File>),
        (number, piece): (u32, Piece),
    ) -> Result<ETag, Failure> {
        let _held = self.hold(piece.length).await;
        let (folder, file, of, stat) = (Arc::clone(&self.folder), Arc::clone(file), item.key.clone(), *stat);
        let read = move || {
            let body = local::read_part(&folder, &of, &file, piece.start, piece.length)?;
            // Another run may go on from this part, so it must be one of this version.
            local::check_unchanged(&folder, &of, &file, &stat).map(|()| body)
        };
        let body = blocking(read).await?;
        let etag = self.store.upload_part(item.key.as_str(), &upload.id, number, body.into()).await?;
        upload.note(number, &etag);
        Ok(etag)
    }

    async fn copy_part(
        &self,
        item: &Item,
        from: Option<(&str, &ETag)>,
        upload: &Upload,
        (number, piece): (u32, Piece),
    ) -> Result<ETag, Failure> {
        let (name, from) = (item.key.as_str(), from.ok_or(Failure::Changed)?);
        let range = (piece.start, piece.length);
        let etag = match self.store.copy_part(from, range, name, (&upload.id, number)).await {
            // Another object than the one that is written over does not matter, if it is gone.
            Err(remote::Error::NotFound | remote::Error::Precondition) if from.0 != name => {
                return Err(remote::Error::Other(format!("'{}' is gone", from.0)).into());
            }
            copied => copied?,
        };
        upload.note(number, &etag);
        Ok(etag)
    }
}

/// Whether the server has copied a content at once.
enum Copied {
    Yes(Box<Done>),
    /// It may do it in parts.
    TooLarge,
    No,
}

/// What the write expects to find: what the plan saw.
fn expect(item: &Item) -> Expect {
    item.remote.as_ref().map_or(Expect::Absent, |remote| Expect::ETag(remote.etag.clone()))
}

fn metadata(stat: &Stat, sha256: Sha256, content_type: Option<String>) -> Metadata {
    Metadata { mtime_ns: Some(stat.mtime_ns), mode: Some(stat.mode), sha256: Some(sha256), content_type }
}
