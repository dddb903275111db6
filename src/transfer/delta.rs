//! Big files of which only some blocks differ: the rest is copied within the bucket, or from the old file in the folder.
//!
//! What differs is told by block maps (`blocks.rs`): of what was last synced by the local index, where this machine has summed it
//! up itself, of a newer object by the remote index. Neither counts for another version than the one it is of, and what is put
//! together is checked as a whole: by the object's SHA-256 here, by the server's own checksum there, where it has one.

use std::fs::File;
use std::sync::Arc;

use super::cut::COPIED_PART;
use super::{Carrier, Cut, Failure};
use crate::blocking::blocking;
use crate::blocks::{Blocks, Stretch};
use crate::checksum::Checksum;
use crate::content::{ETag, Sha256};
use crate::key::Key;
use crate::local::{self, Hasher, Staged, Stat, Summed};
use crate::reconcile::{Item, Remote};
use crate::remote::{self, Metadata, ObjectStore, Written};

/// A part of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) start: u64,
    pub(super) length: u64,
    /// Whether an object has the same in the same place.
    pub(super) copied: bool,
}

/// The parts of a content, and the object that some are copied from.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) pieces: &'a [Piece],
    /// Its name and version: the one that is written over, or another.
    pub(super) from: Option<(&'a str, &'a ETag)>,
}

impl Cut {
    /// The parts of a content that is sent whole.
    pub(super) fn pieces(self, size: u64) -> Vec<Piece> {
        self.parts(size).map(|(start, length)| Piece { start, length, copied: false }).collect()
    }

    /// The parts of a content that an object has, all of it, for servers to copy.
    pub(super) fn copied(self, size: u64) -> Vec<Piece> {
        self.copies(size).map(|(start, length)| Piece { start, length, copied: true }).collect()
    }
}

/// What the reading of a file shows that goes to the bucket in parts.
pub(super) struct Sums {
    pub(super) sha256: Sha256,
    /// CRC-64/NVME: what the server is to find in the object that it makes of the parts.
    pub(super) crc64: u64,
    /// Of a file that is big enough.
    pub(super) blocks: Option<Blocks>,
}

/// A file and a newer object that have something in common.
pub(super) struct Shared {
    /// The file.
    stat: Stat,
    /// Ranges that are the same in both.
    same: Vec<(u64, u64)>,
    /// Ranges to fetch.
    pub(super) rest: Vec<(u64, u64)>,
}

/// Cuts a stretch into pieces of whole blocks, of at most so many bytes as long as that is a block.
fn cut(stretch: Stretch, block: u64, most: u64) -> impl Iterator<Item = (u64, u64)> {
    let step = (most / block).max(1) * block;
    let Stretch { start, length, .. } = stretch;
    (0..length.div_ceil(step)).map(move |number| (start + number * step, step.min(length - number * step)))
}

impl<S: ObjectStore> Carrier<S> {
    /// Sums a file up that goes to the bucket in parts; if it is big enough, its blocks as well.
    pub(super) async fn sum_up(&self, item: &Item, stat: &Stat) -> Result<Sums, Failure> {
        let known = item.local.as_ref().and_then(|local| local.content).map(|content| content.sha256);
        let hasher = known.is_none().then(|| Hasher::new(stat.size, None));
        let summed = self.read_through(&item.key, stat, hasher).await?;
        let sha256 = known.or(summed.content.map(|content| content.sha256)).ok_or(Failure::Changed)?;
        Ok(Sums { sha256, crc64: summed.crc64, blocks: summed.blocks })
    }

    async fn read_through(&self, key: &Key, stat: &Stat, hasher: Option<Hasher>) -> Result<Summed, Failure> {
        let (folder, key, expected) = (Arc::clone(&self.folder), key.clone(), *stat);
        let block = (stat.size >= self.cut.delta).then_some(self.cut.block);
        let summed = blocking(move || {
            let file = local::open_settled(&folder, &key, &expected)?;
            let summed = local::sum_up(&file, (expected.size, block), hasher);
            let summed =
                summed.map_err(|source| local::Error::Io { path: folder.path().join(key.as_str()), source })?;
            local::check_unchanged(&folder, &key, &file, &expected).map(|()| summed)
        });
        Ok(summed.await?)
    }

    /// The parts that a push would consist of, if it is one of changed blocks; for that the file is read.
    pub(super) async fn foresee_pieces(&self, item: &Item, stat: &Stat) -> Option<Vec<Piece>> {
        blocks_there(item).filter(|_| stat.size >= self.cut.delta)?;
        let summed = self.read_through(&item.key, stat, None).await.ok()?;
        self.changed_pieces(item, &summed.blocks?, stat.size)
    }

    /// The parts of a new version of which the object that is there has at least half.
    pub(super) fn changed_pieces(&self, item: &Item, new: &Blocks, size: u64) -> Option<Vec<Piece>> {
        let stretches = new.against(&blocks_there(item)?);
        let same: u64 = stretches.iter().filter(|stretch| stretch.same).map(|stretch| stretch.length).sum();
        if same < size / 2 || same == 0 {
            return None;
        }
        let pieces = stretches.into_iter().flat_map(|stretch| {
            let most = if stretch.same { COPIED_PART } else { self.cut.part };
            let piece = move |(start, length)| Piece { start, length, copied: stretch.same };
            cut(stretch, new.block(), most).map(piece)
        });
        Some(pieces.collect())
    }

    /// Uploads what differs, and has the server copy the rest; returns also how many bytes had to be sent.
    pub(super) async fn upload_delta(
        &self,
        item: &Item,
        (stat, file): (&Stat, &Arc<File>),
        (metadata, crc64): (&Metadata, u64),
        parts: Parts<'_>,
    ) -> Result<(Written, u64), Failure> {
        let whole = self.cut.pieces(stat.size);
        let whole = Parts { pieces: &whole, from: None };
        let (written, sent) = match self.upload(item, (stat, file), (metadata, crc64), parts).await {
            // It copies no parts, or not these; or the map was none of the object's, and another content would have come of it.
            Err(Failure::Remote(
                remote::Error::NotImplemented(_)
                | remote::Error::Other(_)
                | remote::Error::Denied(_)
                | remote::Error::Damaged(_),
            )) => return self.upload(item, (stat, file), (metadata, crc64), whole).await,
            ended => ended?,
        };
        // Some servers keep checksums, but do not look at the one that an upload ends with.
        let is_it = match self.store.checksum(item.key.as_str(), &written.etag).await {
            Ok(Some(Checksum::Crc64(told))) => told == crc64,
            Ok(Some(told)) => {
                let (file, size) = (Arc::clone(file), stat.size);
                blocking(move || local::compare_range(&file, (0, size), told).unwrap_or(false)).await
            }
            Ok(None) | Err(_) => true,
        };
        if is_it {
            return Ok((written, sent));
        }
        // All of it, over what came of that.
        let mut over = item.clone();
        over.remote = over.remote.map(|there| Remote { etag: written.etag, ..there });
        let (written, more) = self.upload(&over, (stat, file), (metadata, crc64), whole).await?;
        Ok((written, sent + more))
    }

    /// Takes over from the old file what the new object has in the same place; returns the ranges that are left to fetch. `None`:
    /// nothing is known of both.
    pub(super) async fn take_over(
        &self,
        item: &Item,
        there: &Remote,
        staged: &Staged,
    ) -> Result<Option<Vec<(u64, u64)>>, Failure> {
        let Some(Shared { stat, same, rest }) = self.shared(item, there) else { return Ok(None) };
        let (folder, key, to) = (Arc::clone(&self.folder), item.key.clone(), staged.writer()?);
        blocking(move || local::take_over(&folder, (&key, &stat), &same, &to)).await?;
        Ok(Some(rest))
    }

    /// What the new object has of the file, if that still is as it was last synced.
    pub(super) fn shared(&self, item: &Item, there: &Remote) -> Option<Shared> {
        if there.size < self.cut.delta || item.local.as_ref()?.stat.is_link() {
            return None;
        }
        let (told, base) = (item.valid_index_entry()?, item.live_base()?);
        let stat = item.local.as_ref()?.stat;
        if told.etag.as_ref() != Some(&there.etag) || !base.stat()?.same_file(&stat) {
            return None;
        }
        let new = Blocks::parse(told.blocks.as_deref()?, told.sha256?, there.size)?;
        let old = Blocks::parse(base.blocks.as_deref()?, base.sha256?, stat.size)?;
        let (same, rest): (Vec<_>, Vec<_>) = new.against(&old).into_iter().partition(|stretch| stretch.same);
        let same: Vec<(u64, u64)> = same.into_iter().map(|stretch| (stretch.start, stretch.length)).collect();
        let rest = rest.into_iter().flat_map(|stretch| cut(stretch, new.block(), self.cut.part)).collect();
        (!same.is_empty()).then_some(Shared { stat, same, rest })
    }
}

/// What the object that is there is made of, if it is what was last synced and this machine knows that.
fn blocks_there(item: &Item) -> Option<Blocks> {
    let (base, there) = (item.live_base()?, item.remote.as_ref()?);
    let is_it = base.etag.as_ref() == Some(&there.etag) && base.size == Some(there.size);
    if is_it { Blocks::parse(base.blocks.as_deref()?, base.sha256?, there.size) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_of_whole_blocks_so_that_only_the_last_part_is_small() {
        let stretch = |start, length| Stretch { start, length, same: true };
        assert_eq!(cut(stretch(9, 32), 9, 20).collect::<Vec<_>>(), [(9, 18), (27, 14)]);
        assert_eq!(cut(stretch(0, 27), 9, 5).collect::<Vec<_>>(), [(0, 9), (9, 9), (18, 9)]);
        assert_eq!(cut(stretch(0, 3), 9, 20).collect::<Vec<_>>(), [(0, 3)]);
    }
}
