//! Big files block by block: their maps, and what a new version takes over from the old one.

use std::fs::File;

use super::hash::{check_unchanged, open_settled};
use super::{Error, Folder, Hasher, LocalContent, Stat, sys};
use crate::blocks::{BlockHasher, Blocks};
use crate::checksum::Crc64;
use crate::key::Key;

/// Bytes read at a time.
const BLOCK: usize = 256 * 1024;

/// What one reading of a big file shows.
#[derive(Debug)]
pub struct Summed {
    /// What it is as a whole; `None` if nobody asked.
    pub content: Option<LocalContent>,
    /// What its blocks are; `None` if nobody asked.
    pub blocks: Option<Blocks>,
    /// Its CRC-64/NVME.
    pub crc64: u64,
}

/// Sums up an open file of `size` bytes, from where it stands, if asked in blocks of `block`; `hasher` sums up the whole.
///
/// # Errors
///
/// Those of reading.
pub fn sum_up(file: &File, (size, block): (u64, Option<u64>), mut hasher: Option<Hasher>) -> std::io::Result<Summed> {
    let (mut blocks, mut crc) = (block.map(|block| BlockHasher::new(block, size)), Crc64::default());
    let mut left = size.saturating_add(1);
    let mut bytes = vec![0; BLOCK];
    loop {
        let most = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
        match sys::read(file, &mut bytes[..most]) {
            Ok(0) => break,
            Ok(length) => {
                let read = &bytes[..length];
                crc.update(read);
                if let Some(blocks) = &mut blocks {
                    blocks.update(read);
                }
                if let Some(hasher) = &mut hasher {
                    hasher.update(read);
                }
                left -= length as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Summed { content: hasher.map(Hasher::finish), blocks: blocks.map(BlockHasher::finish), crc64: crc.finish() })
}

/// Copies ranges (first byte, number of bytes) of the file `key`, which is what `expected` says before and after, to the same
/// places of the file `to`; on file systems that can share blocks, nothing is copied.
///
/// # Errors
///
/// [`Error::Changed`] if it is not; [`Error::NoSpace`], [`Error::Denied`], [`Error::Io`].
pub fn take_over(
    folder: &Folder,
    (key, expected): (&Key, &Stat),
    ranges: &[(u64, u64)],
    to: &File,
) -> Result<(), Error> {
    let file = open_settled(folder, key, expected)?;
    for (start, length) in ranges {
        let copied = sys::copy_range(&file, to, (*start, *length));
        copied.map_err(|source| Error::new(source, &folder.path_of(key)))?;
    }
    check_unchanged(folder, key, &file, expected)
}
