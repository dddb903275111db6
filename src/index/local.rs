//! The index in the folder: the base of every decision. Like the one in the bucket it is a file and a change log.

use std::path::PathBuf;

use super::log::{Log, Logging};
use super::{Changes, DecodeError, Index, decode, encode};
use crate::checksum::Checksum;
use crate::local::{Error, Folder, Stat};

/// The local index as it was found.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Its entries; none when there is no index.
    pub index: Index,
    /// When the index was written: a file as new as this may have changed unseen after it was recorded.
    pub written_ns: Option<i128>,
    /// Where a damaged index was put, and what was wrong with it.
    pub set_aside: Option<(Option<PathBuf>, String)>,
    /// The file that the next few changes need not write anew.
    pub whole: Option<Whole>,
}

/// An index file that was written whole, and the change log that continues it.
#[derive(Debug)]
pub struct Whole {
    log: Log,
}

impl Whole {
    /// Whether the log has what the file has not.
    pub fn has_log(&self) -> bool {
        !self.log.is_empty()
    }
}

/// The local index, kept in memory from one run to the next: it is not read again while its files are the same.
#[derive(Debug)]
pub struct Kept {
    index: Index,
    whole: Option<Whole>,
    files: [Option<Stat>; 2],
}

impl Kept {
    /// Keeps what is on disk, as the caller has just read or written it. The folder's lock is held.
    pub fn new(folder: &Folder, index: Index, whole: Option<Whole>) -> Option<Kept> {
        let files = folder.index_stats().ok()?;
        Some(Kept { index, whole, files })
    }

    /// The index and when it was written, if the files are still those.
    pub fn current(&self, folder: &Folder) -> Option<(&Index, Option<i128>)> {
        let is_current = folder.index_stats().is_ok_and(|files| files == self.files);
        is_current.then(|| (&self.index, self.written_ns()))
    }

    /// Number of keys, of deleted ones too.
    pub fn keys(&self) -> usize {
        self.index.entries().len()
    }

    fn written_ns(&self) -> Option<i128> {
        let [file, log] = self.files.map(|stat| stat.map(|stat| stat.mtime_ns));
        if self.whole.as_ref().is_some_and(Whole::has_log) { log } else { file }
    }

    /// The index, if the files are still those; else they are read, as by [`load`]. The folder's lock is held.
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn load(kept: Option<Kept>, folder: &Folder, heal: bool) -> Result<Loaded, LoadError> {
        match kept {
            Some(kept) if folder.index_stats()? == kept.files => {
                let written_ns = kept.written_ns();
                Ok(Loaded { index: kept.index, written_ns, set_aside: None, whole: kept.whole })
            }
            _ => load(folder, heal),
        }
    }
}

/// Why the local index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It could not be read or set aside.
    #[error(transparent)]
    Folder(#[from] Error),
    /// A newer s4 wrote it.
    #[error("the local index cannot be used: {0}")]
    Newer(DecodeError),
}

/// Reads the folder's index. A damaged one counts as none; with `heal` it is also set aside under another name.
///
/// # Errors
///
/// When the file is there and cannot be read, or is of a newer format.
pub fn load(folder: &Folder, heal: bool) -> Result<Loaded, LoadError> {
    let Some((bytes, written_ns)) = folder.read_index()? else {
        return Ok(Loaded::default());
    };
    match decode(&bytes) {
        Ok(index) => Ok(logged(folder, index, &bytes, written_ns)?),
        Err(newer @ DecodeError::Newer(_)) => Err(LoadError::Newer(newer)),
        Err(DecodeError::Damaged(what)) => {
            let aside = if heal { Some(folder.set_index_aside()?) } else { None };
            Ok(Loaded { set_aside: Some((aside, what)), ..Loaded::default() })
        }
    }
}

/// Puts in what the change log adds to the file.
fn logged(folder: &Folder, mut index: Index, bytes: &[u8], written_ns: i128) -> Result<Loaded, LoadError> {
    let file = sum(bytes);
    let mut loaded = Loaded { written_ns: Some(written_ns), ..Loaded::default() };
    let Some(generation) = index.generation else {
        // S4 0.4 wrote it.
        return Ok(Loaded { index, ..loaded });
    };
    let mut log = Log::begin(&file, generation);
    if let Some((bytes, written_ns)) = folder.read_log()? {
        match Log::decode(&bytes) {
            Ok(found) if found.continues(&file) => {
                index.apply(found.changes(&file, &index));
                loaded.written_ns = Some(written_ns);
                log = found;
            }
            // It belongs to a file that was there before, or S4 0.4 has brought the one of the bucket here.
            Ok(_) => {}
            Err(newer @ DecodeError::Newer(_)) => return Err(LoadError::Newer(newer)),
            Err(DecodeError::Damaged(what)) => loaded.set_aside = Some((None, format!("its change log: {what}"))),
        }
    }
    Ok(Loaded { index, whole: Some(Whole { log }), ..loaded })
}

/// Names an index file by its bytes.
pub(super) fn sum(bytes: &[u8]) -> String {
    match Checksum::crc64(bytes) {
        Checksum::Crc64(sum) => format!("{sum:016x}"),
        other => format!("{other:?}"),
    }
}

/// Writes the folder's index, after everything that it speaks of has reached the disk: after a power failure it must not
/// know of a file that the disk forgot, for that would look deleted.
///
/// `changes` are what `index` has and the file and its log have not; with a `whole` file before them they may go into its log.
///
/// # Errors
///
/// When the file system refuses.
pub fn save(
    folder: &Folder,
    index: &mut Index,
    whole: Option<Whole>,
    changes: &Changes,
    logging: &Logging,
) -> Result<Whole, Error> {
    let failed = |source| Error::Io { path: folder.path().join(crate::key::INDEX), source };
    folder.sync_all()?;
    let mut generation = 0;
    if let Some(Whole { log }) = whole {
        generation = log.generation();
        if index.entries().len() >= logging.from {
            let log = log.with(changes, &logging.machine);
            let bytes = log.encode().map_err(failed)?;
            if bytes.len() <= logging.most {
                folder.write_log(&bytes)?;
                return Ok(Whole { log });
            }
        }
    }
    index.generation = Some(generation.max(index.generation.unwrap_or_default()));
    let bytes = encode(index).map_err(failed)?;
    folder.write_index(&bytes)?;
    // It continues the file that was there before. If it stays, it counts as none.
    let _ = folder.remove_log();
    Ok(Whole { log: Log::begin(&sum(&bytes), index.generation.unwrap_or_default()) })
}
