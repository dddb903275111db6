//! Reading a file for what it holds, and noticing when it changes meanwhile.

use std::fs::File;
use std::sync::atomic::Ordering;
use std::time::{Duration, UNIX_EPOCH};

use md5::Md5;
use sha2::Digest;

use super::beneath::convert;
use super::sys::{self, fstat};
use super::{Error, Folder, LocalContent, Stat};
use crate::checksum::Checksum;
use crate::content::{ETag, Md5Form, Sha256};
use crate::key::Key;

/// Bytes read at a time.
const BLOCK: usize = 256 * 1024;
const MIB: u64 = 1024 * 1024;
/// The part sizes, in MiB, that S3 tools cut large files into.
const PART_SIZES: [u64; 16] = [5, 6, 7, 8, 10, 15, 16, 20, 25, 32, 50, 64, 100, 128, 256, 512];
/// How old a change must be for the next one to be sure to show: kernels stamp files by a clock that ticks every 1 to
/// 10 ms, and two changes within one tick look like one.
const TICK_NS: i128 = 20_000_000;

/// Sums a content up while it streams by.
pub struct Hasher {
    sha256: sha2::Sha256,
    md5: Vec<Parts>,
}

/// One guess at how an ETag was made.
struct Parts {
    expected: [u8; 16],
    /// Bytes of a part; `None` if the whole is one sum.
    size: Option<u64>,
    /// Bytes that the part at hand still lacks.
    left: u64,
    part: Md5,
    sums: Md5,
}

impl Parts {
    fn new(expected: [u8; 16], size: Option<u64>) -> Parts {
        Parts { expected, size, left: size.unwrap_or(u64::MAX), part: Md5::new(), sums: Md5::new() }
    }

    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if let (0, Some(size)) = (self.left, self.size) {
                self.sums.update(self.part.finalize_reset());
                self.left = size;
            }
            let now = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
            self.part.update(&bytes[..now]);
            self.left -= now as u64;
            bytes = &bytes[now..];
        }
    }

    fn matches(mut self) -> bool {
        let sum = self.part.finalize_reset();
        let sum = if self.size.is_some() { self.sums.chain_update(sum).finalize() } else { sum };
        sum[..] == self.expected
    }
}

impl Hasher {
    /// Begins with a content of `size` bytes. Where `etag` looks like one made of MD5 sums, those are taken as well.
    pub fn new(size: u64, etag: Option<&ETag>) -> Hasher {
        let md5 = match etag.and_then(ETag::md5_form) {
            None => Vec::new(),
            Some(Md5Form::Whole(sum)) => vec![Parts::new(sum, None)],
            // Whatever the size of its parts is, it is not less than the content's.
            Some(Md5Form::Parts(sum, 1)) => vec![Parts::new(sum, Some(size.max(1)))],
            Some(Md5Form::Parts(sum, parts)) => {
                let fits = |part: &u64| size.div_ceil(*part) == u64::from(parts);
                let sizes = PART_SIZES.iter().map(|size| size * MIB).filter(fits);
                sizes.map(|part| Parts::new(sum, Some(part))).collect()
            }
        };
        Hasher { sha256: sha2::Sha256::new(), md5 }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        for parts in &mut self.md5 {
            parts.update(bytes);
        }
    }

    /// The sums.
    pub fn finish(self) -> LocalContent {
        let matches_etag = self.md5.into_iter().any(Parts::matches);
        LocalContent { sha256: Sha256(self.sha256.finalize().into()), matches_etag }
    }
}

/// Sums up the file `key`, which is what `expected` says before and after.
///
/// # Errors
///
/// [`Error::Changed`] if it is not; [`Error::InTheWay`], [`Error::Denied`], [`Error::Io`].
pub fn hash_file(folder: &Folder, key: &Key, expected: &Stat, etag: Option<&ETag>) -> Result<LocalContent, Error> {
    if key.is_marker() {
        return match folder.stat(key)? {
            Some(_) => Ok(Hasher::new(0, etag).finish()),
            None => Err(Error::Changed { path: folder.path_of(key) }),
        };
    }
    if expected.is_link() {
        let target = folder.read_link(key, expected)?;
        let mut hasher = Hasher::new(expected.size, etag);
        hasher.update(&target);
        return Ok(hasher.finish());
    }
    let file = open_settled(folder, key, expected)?;
    // Told as it goes: one file may take minutes.
    let read = |bytes| {
        folder.looks.bytes.fetch_add(bytes, Ordering::Relaxed);
    };
    let content = hash_telling(&file, expected.size, etag, read);
    let content = content.map_err(|source| Error::new(source, &folder.path_of(key)))?;
    check_unchanged(folder, key, &file, expected)?;
    Ok(content)
}

/// Sums up an open file of `size` bytes, from where it stands. One that grows as fast as it is read has changed, and is
/// not read to its end.
///
/// # Errors
///
/// Those of reading.
pub fn hash_open(file: &File, size: u64, etag: Option<&ETag>) -> std::io::Result<LocalContent> {
    hash_telling(file, size, etag, |_| {})
}

/// As [`hash_open`]; `read` is told of bytes that were read.
fn hash_telling(file: &File, size: u64, etag: Option<&ETag>, read: impl Fn(u64)) -> std::io::Result<LocalContent> {
    let mut left = size.saturating_add(1);
    let mut hasher = Hasher::new(size, etag);
    let mut block = vec![0; BLOCK];
    loop {
        let most = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
        match sys::read(file, &mut block[..most]) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(length) => {
                hasher.update(&block[..length]);
                left -= length as u64;
                read(length as u64);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Reads up to `length` bytes of the open `file` from `start` on; fewer only at its end.
///
/// # Errors
///
/// [`Error::Io`].
pub fn read_part(folder: &Folder, key: &Key, file: &File, start: u64, length: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    let mut filled = 0;
    while filled < bytes.len() {
        match sys::read_at(file, &mut bytes[filled..], start + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(Error::Io { path: folder.path_of(key), source }),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Whether an open file, from where it stands, is what a checksum is of.
///
/// # Errors
///
/// Those of reading.
pub fn compare_open(file: &File, checksum: Checksum) -> std::io::Result<bool> {
    let mut comparison = checksum.begin();
    let mut block = vec![0; BLOCK];
    loop {
        match sys::read(file, &mut block) {
            Ok(0) => return Ok(comparison.matches()),
            Ok(length) => comparison.update(&block[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether a range of an open file, its first byte and number of bytes, is what a checksum is of.
///
/// # Errors
///
/// Those of reading; that it ends before.
pub fn compare_range(file: &File, (start, length): (u64, u64), checksum: Checksum) -> std::io::Result<bool> {
    let mut comparison = checksum.begin();
    let mut block = vec![0; BLOCK];
    let mut done = 0;
    while done < length {
        let most = usize::try_from(length - done).map_or(BLOCK, |left| left.min(BLOCK));
        match sys::read_at(file, &mut block[..most], start + done) {
            Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                comparison.update(&block[..read]);
                done += read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(comparison.matches())
}

/// Opens the file `key`, which is what `expected` says, for reading. A file that was changed a moment ago is waited for
/// (20 ms at most), so that any further change shows in its stat.
///
/// # Errors
///
/// [`Error::Changed`] if it is not or no longer what was expected, or gone; [`Error::InTheWay`], [`Error::Denied`],
/// [`Error::Io`].
pub fn open_settled(folder: &Folder, key: &Key, expected: &Stat) -> Result<File, Error> {
    let (file, wait) = open_now(folder, key, expected)?;
    settle(folder, key, &file, expected, wait)?;
    Ok(file)
}

/// Waits for as long as [`open_now`] said.
///
/// # Errors
///
/// As [`check_unchanged`].
pub fn settle(folder: &Folder, key: &Key, file: &File, expected: &Stat, wait: Duration) -> Result<(), Error> {
    if wait.is_zero() {
        return Ok(());
    }
    sys::sleep(wait);
    check_unchanged(folder, key, file, expected)
}

/// Waits until a further change of what has this stat is sure to show in it.
pub(super) fn wait_until_settled(stat: &Stat) {
    let wait = unsettled_ns(stat, now_ns());
    if wait > 0 {
        sys::sleep(Duration::from_nanos(wait));
    }
}

/// Opens a file that is still what `expected` says, and tells how long to wait before it is read: see [`open_settled`].
///
/// # Errors
///
/// As [`open_settled`].
pub fn open_now(folder: &Folder, key: &Key, expected: &Stat) -> Result<(File, Duration), Error> {
    let (file, stat) = match folder.open_file(key) {
        Err(Error::NotFound { path }) => return Err(Error::Changed { path }),
        opened => opened?,
    };
    if !stat.same_file(expected) {
        return Err(Error::Changed { path: folder.path_of(key) });
    }
    Ok((file, Duration::from_nanos(unsettled_ns(&stat, now_ns()))))
}

/// Fails with [`Error::Changed`] unless the open `file` is still what `expected` says: after reading, what was read is
/// one version of it.
///
/// # Errors
///
/// [`Error::Changed`], [`Error::Io`].
pub fn check_unchanged(folder: &Folder, key: &Key, file: &File, expected: &Stat) -> Result<(), Error> {
    let path = folder.path_of(key);
    match fstat(file) {
        Ok(stat) if convert(&stat).1.same_file(expected) => Ok(()),
        Ok(_) => Err(Error::Changed { path }),
        Err(errno) => Err(Error::new(errno, &path)),
    }
}

/// Nanoseconds until any further change is sure to show in the file's stat. Times in the future do not count: a tick from now is not one of them.
fn unsettled_ns(stat: &Stat, now_ns: i128) -> u64 {
    let left = |time: i128| {
        let age = now_ns - time;
        if (-TICK_NS..TICK_NS).contains(&age) { TICK_NS - age.max(0) } else { 0 }
    };
    u64::try_from(left(stat.mtime_ns).max(left(stat.ctime_ns))).unwrap_or(0)
}

fn now_ns() -> i128 {
    let now = sys::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_nanos().try_into().unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests;
