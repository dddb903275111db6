//! Reading a file for what it holds, and noticing when it changes meanwhile.

use std::fs::File;
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
    let file = open_settled(folder, key, expected)?;
    let content = hash_open(&file, expected.size, etag).map_err(|source| Error::new(source, &folder.path_of(key)))?;
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
    let (file, stat) = match folder.open_file(key) {
        Err(Error::NotFound { path }) => return Err(Error::Changed { path }),
        opened => opened?,
    };
    if !stat.same_file(expected) {
        return Err(Error::Changed { path: folder.path_of(key) });
    }
    let wait = unsettled_ns(&stat, now_ns());
    if wait > 0 {
        sys::sleep(Duration::from_nanos(wait));
        check_unchanged(folder, key, &file, expected)?;
    }
    Ok(file)
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
mod tests {
    use super::*;
    use crate::content::to_hex;
    use std::fs;

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at * 31 % 251) as u8).collect()
    }

    fn matches(content: &[u8], etag: &str) -> bool {
        let mut hasher = Hasher::new(content.len() as u64, Some(&ETag::new(etag)));
        hasher.update(content);
        hasher.finish().matches_etag
    }

    fn multipart(content: &[u8], part: usize) -> String {
        let mut sums = Md5::new();
        let parts = content.chunks(part).inspect(|part| sums.update(Md5::digest(part))).count();
        format!("{}-{parts}", to_hex(&sums.finalize()))
    }

    #[test]
    fn known_sums_come_out() {
        let mut hasher = Hasher::new(3, Some(&ETag::new("900150983cd24fb0d6963f7d28e17f72")));
        hasher.update(b"a");
        hasher.update(b"bc");
        let content = hasher.finish();
        assert!(content.matches_etag);
        assert_eq!(content.sha256.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(matches(b"", "d41d8cd98f00b204e9800998ecf8427e"));
    }

    #[test]
    fn parts_end_where_they_should_however_the_bytes_come() {
        for (length, piece) in [(30, 7), (30, 10), (31, 31), (9, 4), (10, 3), (100, 1)] {
            let content = bytes(length);
            let etag = ETag::new(&multipart(&content, 10));
            let Some(Md5Form::Parts(sum, _)) = etag.md5_form() else { panic!("{etag}") };
            let mut parts = Parts::new(sum, Some(10));
            content.chunks(piece).for_each(|piece| parts.update(piece));
            assert!(parts.matches(), "{length} bytes in pieces of {piece}");
        }
    }

    #[test]
    fn the_usual_part_sizes_that_fit_the_number_of_parts_are_tried() {
        let sizes = |mib: u64, parts: u32| {
            let etag = ETag::new(&format!("{}-{parts}", "0".repeat(32)));
            let hasher = Hasher::new(mib * MIB, Some(&etag));
            hasher.md5.iter().filter_map(|parts| parts.size).map(|size| size / MIB).collect::<Vec<_>>()
        };
        assert_eq!(sizes(10, 2), [5, 6, 7, 8]);
        assert_eq!(sizes(100, 7), [15, 16]);
        assert_eq!(sizes(100, 13), [8]);
        assert_eq!(sizes(100, 4), [25, 32]);
        assert_eq!(sizes(100, 1), [100]);
        assert!(sizes(100, 99).is_empty());
    }

    #[test]
    fn multipart_tags_are_recognised() {
        let content = bytes(5 * 1024 * 1024 + 7);
        assert!(matches(&content, &multipart(&content, 5 * 1024 * 1024)));
        assert!(matches(&content, &multipart(&content, content.len())), "one part");
        assert!(matches(b"", &format!("{}-1", to_hex(&Md5::digest(Md5::digest(b""))))));
    }

    #[test]
    fn other_tags_match_nothing() {
        let content = bytes(1024);
        for etag in ["", "opaque", "900150983cd24fb0d6963f7d28e17f72", "900150983cd24fb0d6963f7d28e17f72-1"] {
            assert!(!matches(&content, etag), "{etag}");
        }
    }

    #[test]
    fn a_file_is_hashed_only_as_what_was_expected() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        let key = Key::parse("f").unwrap();
        let expected = Stat::default();
        assert!(matches!(hash_file(&folder, &key, &expected, None), Err(Error::Changed { .. })));
        fs::write(dir.path().join("f"), bytes(BLOCK * 2 + 1)).unwrap();
        let stat = folder.stat(&key).unwrap().unwrap();
        let content = hash_file(&folder, &key, &stat, None).unwrap();
        assert_eq!(content.sha256.0[..], sha2::Sha256::digest(bytes(BLOCK * 2 + 1))[..]);
        let file = open_settled(&folder, &key, &stat).unwrap();
        fs::write(dir.path().join("f"), "else").unwrap();
        assert!(matches!(check_unchanged(&folder, &key, &file, &stat), Err(Error::Changed { .. })));
        assert!(matches!(hash_file(&folder, &key, &stat, None), Err(Error::Changed { .. })));
    }

    #[test]
    fn a_change_of_equal_size_right_after_opening_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        let key = Key::parse("f").unwrap();
        for round in 0..20 {
            fs::write(dir.path().join("f"), [round]).unwrap();
            let stat = folder.stat(&key).unwrap().unwrap();
            let file = open_settled(&folder, &key, &stat).unwrap();
            fs::write(dir.path().join("f"), [round + 100]).unwrap();
            assert!(check_unchanged(&folder, &key, &file, &stat).is_err(), "round {round}");
        }
    }

    #[test]
    fn only_a_change_of_just_now_is_unsettled() {
        let is_settled = |stat: &Stat, now| unsettled_ns(stat, now) == 0;
        let now = 1_000_000_000_000;
        let stat = |mtime_ns, ctime_ns| Stat { mtime_ns, ctime_ns, ..Stat::default() };
        let long_ago = -5_000_000_000;
        assert!(is_settled(&stat(long_ago, long_ago), now));
        assert!(is_settled(&stat(i128::from(i64::MAX) * 1_000_000_000, long_ago), now));
        assert!(is_settled(&stat(now - TICK_NS, now - TICK_NS), now));
        assert!(!is_settled(&stat(long_ago, now - TICK_NS + 1), now));
        assert!(!is_settled(&stat(now, long_ago), now));
        assert_eq!(unsettled_ns(&stat(now - 5_000_000, long_ago), now), 15_000_000);
        assert_eq!(unsettled_ns(&stat(now + 5_000_000, long_ago), now), 20_000_000);
    }

    /// A second edit within the same tick of the clock would not show in its stat.
    #[test]
    fn a_file_that_is_opened_to_be_read_is_older_than_a_tick() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        fs::write(dir.path().join("a"), "x").unwrap();
        let key = Key::parse("a").unwrap();
        let stat = folder.stat(&key).unwrap().unwrap();
        open_settled(&folder, &key, &stat).unwrap();
        assert_eq!(unsettled_ns(&stat, now_ns()), 0);
    }
}
