//! Big files block by block: their maps, and what a new version takes over from the old one.

use std::fs::File;
use std::path::PathBuf;

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
pub fn sum_up(file: &File, (size, block): (u64, Option<u64>), hasher: Option<Hasher>) -> std::io::Result<Summed> {
    let mut sums = Sums::new((size, block), hasher);
    // One more, to see that it is longer.
    sums.read(file, size.saturating_add(1))?;
    Ok(sums.finish())
}

/// A file that is summed up while it still grows together.
pub struct Summing {
    file: File,
    path: PathBuf,
    sums: Sums,
    size: u64,
    position: u64,
}

impl Summing {
    /// Begins with `file`, which is to have `size` bytes, as [`sum_up`]. `path` is for messages.
    pub fn begin((file, path): (File, PathBuf), (size, block): (u64, Option<u64>), hasher: Option<Hasher>) -> Summing {
        Summing { file, path, sums: Sums::new((size, block), hasher), size, position: 0 }
    }

    /// How far it has come.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes on to byte `end`, up to which nothing is written any more; the disk may begin to write it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], also when the file ends before.
    pub fn read_to(&mut self, end: u64) -> Result<(), Error> {
        let length = end.saturating_sub(self.position);
        let read = self.sums.read(&self.file, length).and_then(|read| match read {
            read if read == length => Ok(()),
            _ => Err(std::io::ErrorKind::UnexpectedEof.into()),
        });
        read.map_err(|source| Error::Io { path: self.path.clone(), source })?;
        sys::begin_to_write(&self.file, self.position, length);
        self.position = end;
        Ok(())
    }

    /// The sums of all of it; what is left is read.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn finish(mut self) -> Result<Summed, Error> {
        // One more, to see that it is longer.
        let most = self.size.saturating_sub(self.position).saturating_add(1);
        self.sums.read(&self.file, most).map_err(|source| Error::Io { path: self.path, source })?;
        Ok(self.sums.finish())
    }
}

struct Sums {
    blocks: Option<BlockHasher>,
    crc: Crc64,
    hasher: Option<Hasher>,
}

impl Sums {
    fn new((size, block): (u64, Option<u64>), hasher: Option<Hasher>) -> Sums {
        Sums { blocks: block.map(|block| BlockHasher::new(block, size)), crc: Crc64::default(), hasher }
    }

    /// Reads at most so many bytes of the file, from where it stands; returns how many there were.
    fn read(&mut self, file: &File, most: u64) -> std::io::Result<u64> {
        let mut left = most;
        let mut bytes = vec![0; BLOCK];
        while left > 0 {
            let now = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
            match sys::read(file, &mut bytes[..now]) {
                Ok(0) => break,
                Ok(length) => {
                    self.update(&bytes[..length]);
                    left -= length as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(most - left)
    }

    fn update(&mut self, bytes: &[u8]) {
        self.crc.update(bytes);
        if let Some(blocks) = &mut self.blocks {
            blocks.update(bytes);
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(bytes);
        }
    }

    fn finish(self) -> Summed {
        Summed {
            content: self.hasher.map(Hasher::finish),
            blocks: self.blocks.map(BlockHasher::finish),
            crc64: self.crc.finish(),
        }
    }
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const SIZE: u64 = 1_000_003;

    fn file() -> File {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..SIZE).map(|at| (at * at % 251) as u8).collect();
        file.write_all(&bytes).unwrap();
        rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(0)).unwrap();
        file
    }

    fn summing() -> Summing {
        Summing::begin((file(), "file".into()), (SIZE, Some(1 << 16)), Some(Hasher::new(SIZE, None)))
    }

    fn shown(summed: &Summed) -> String {
        let content = summed.content.unwrap().sha256;
        format!("{content:?} {:?} {}", summed.blocks.as_ref().map(|blocks| blocks.text(content)), summed.crc64)
    }

    #[test]
    fn the_sums_are_the_same_however_it_is_read() {
        let whole = sum_up(&file(), (SIZE, Some(1 << 16)), Some(Hasher::new(SIZE, None))).unwrap();
        for ends in [&[][..], &[0], &[1, 1, 70_000, 999_999], &[SIZE]] {
            let mut summing = summing();
            for end in ends {
                summing.read_to(*end).unwrap();
                assert_eq!(summing.position(), *end);
            }
            assert_eq!(shown(&summing.finish().unwrap()), shown(&whole), "{ends:?}");
        }
    }

    #[test]
    fn what_should_be_there_and_is_not_is_an_error() {
        assert!(matches!(summing().read_to(SIZE + 1), Err(Error::Io { .. })));
    }
}
