//! What a machine keeps of the remote index in its private folder: a copy, and a note of what it has seen.
//!
//! The *copy* saves a transfer: a line with the ETag and the CRC of its bytes, then the bytes of the `.index`. The *note* says
//! more: which version of `.index` and change log has all that this machine ever recorded, so that nothing of it needs to be
//! checked. It is taken away before the local index first speaks of what is not in that version. Files that do not agree with
//! their sums count as none.

use bytes::Bytes;

use crate::content::ETag;
use crate::local::{Error, Folder};

const COPY: &str = "remote-index";
const NOTE: &str = "remote-seen";
/// Stands for the ETag of a log that is not there.
const NONE: &str = "-";
/// The same for one that its index says goes with it.
const AWAITED: &str = "+";

/// The version that has all that this machine recorded.
pub(super) struct Note {
    /// That of the index.
    pub(super) index: ETag,
    /// That of the change log beside it, and its bytes.
    pub(super) log: Option<(ETag, Bytes)>,
    /// Whether there will be a change log if there is none.
    pub(super) awaits_log: bool,
}

impl Note {
    /// The note, if there is one.
    pub(super) fn read(folder: &Folder) -> Option<Note> {
        let (tags, log) = unsealed(folder.read_cache(NOTE).ok()??)?;
        let (index, tag) = tags.split_once(' ')?;
        let is_there = ![NONE, AWAITED].contains(&tag);
        let log = is_there.then(|| (ETag::new(tag), log));
        Some(Note { index: ETag::new(index), log, awaits_log: tag == AWAITED })
    }

    /// Whether the note could be made.
    pub(super) fn write(&self, folder: &Folder) -> bool {
        let none = if self.awaits_log { AWAITED } else { NONE };
        let (tag, log) = self.log.as_ref().map_or((none.to_owned(), &[][..]), |(tag, log)| (tag.to_string(), log));
        folder.write_cache(NOTE, &sealed(&format!("{} {tag}", self.index), log)).is_ok()
    }

    /// Takes the note away.
    pub(super) fn remove(folder: &Folder) -> Result<(), Error> {
        folder.remove_cache(NOTE)
    }
}

/// The copy of the index, and its version.
pub(super) fn read_copy(folder: &Folder) -> Option<(ETag, Bytes)> {
    let (tag, bytes) = unsealed(folder.read_cache(COPY).ok()??)?;
    Some((ETag::new(&tag), bytes))
}

/// Whether the copy could be made.
pub(super) fn write_copy(folder: &Folder, tag: &ETag, bytes: &[u8]) -> bool {
    folder.write_cache(COPY, &sealed(&tag.to_string(), bytes)).is_ok()
}

/// `head` and the CRC of everything in a line, then the bytes.
fn sealed(head: &str, bytes: &[u8]) -> Vec<u8> {
    let mut sealed = format!("{head} {:016x}\n", crc(head, bytes)).into_bytes();
    sealed.extend_from_slice(bytes);
    sealed
}

fn unsealed(sealed: Vec<u8>) -> Option<(String, Bytes)> {
    let line_end = sealed.iter().position(|byte| *byte == b'\n')?;
    let (head, sum) = std::str::from_utf8(&sealed[..line_end]).ok()?.rsplit_once(' ')?;
    let (head, sum) = (head.to_owned(), u64::from_str_radix(sum, 16).ok()?);
    let bytes = Bytes::from(sealed).slice(line_end + 1..);
    (sum == crc(&head, &bytes)).then_some((head, bytes))
}

fn crc(head: &str, bytes: &[u8]) -> u64 {
    let mut crc = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc64Nvme);
    crc.update(head.as_bytes());
    crc.update(bytes);
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found_and_what_is_damaged_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        assert!(Note::read(&folder).is_none() && read_copy(&folder).is_none());
        for log in [None, Some((ETag::new("two"), Bytes::from_static(b"log\nlines")))] {
            assert!(Note { index: ETag::new("one"), log: log.clone(), awaits_log: log.is_none() }.write(&folder));
            let note = Note::read(&folder).unwrap();
            assert_eq!(note.awaits_log, log.is_none());
            assert_eq!((note.index, note.log), (ETag::new("one"), log));
        }
        assert!(write_copy(&folder, &ETag::new("one"), b"bytes"));
        assert_eq!(read_copy(&folder), Some((ETag::new("one"), Bytes::from_static(b"bytes"))));
        for name in [NOTE, COPY] {
            let whole = folder.read_cache(name).unwrap().unwrap();
            for at in 0..whole.len() {
                let mut damaged = whole.clone();
                damaged[at] ^= 1;
                folder.write_cache(name, &damaged).unwrap();
                assert!(Note::read(&folder).is_none() || name == COPY, "{at}");
                assert!(read_copy(&folder).is_none() || name == NOTE, "{at}");
            }
            folder.write_cache(name, &whole).unwrap();
        }
        Note::remove(&folder).unwrap();
        assert!(Note::read(&folder).is_none() && read_copy(&folder).is_some());
    }
}
