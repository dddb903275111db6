//! The index in the folder: the base of every decision.

use std::path::PathBuf;

use super::{DecodeError, Index, decode, encode};
use crate::local::{Error, Folder};

/// The local index as it was found.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Its entries; none when there is no index.
    pub index: Index,
    /// The index file's mtime: a file as new as this may have changed unseen after it was recorded.
    pub written_ns: Option<i128>,
    /// Where a damaged index was put, and what was wrong with it.
    pub set_aside: Option<(Option<PathBuf>, String)>,
}

/// Why the local index can not be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It could not be read or set aside.
    #[error(transparent)]
    Folder(#[from] Error),
    /// A newer s4 wrote it.
    #[error("the local index can not be used: {0}")]
    Newer(DecodeError),
}

/// Reads the folder's index. A damaged one counts as none; with `heal` it is also set aside under another name.
///
/// # Errors
///
/// When the file is there and can not be read, or is of a newer format.
pub fn load(folder: &Folder, heal: bool) -> Result<Loaded, LoadError> {
    let Some((bytes, written_ns)) = folder.read_index()? else {
        return Ok(Loaded::default());
    };
    match decode(&bytes) {
        Ok(index) => Ok(Loaded { index, written_ns: Some(written_ns), set_aside: None }),
        Err(newer @ DecodeError::Newer(_)) => Err(LoadError::Newer(newer)),
        Err(DecodeError::Damaged(what)) => {
            let aside = if heal { Some(folder.set_index_aside()?) } else { None };
            Ok(Loaded { set_aside: Some((aside, what)), ..Loaded::default() })
        }
    }
}

/// Writes the folder's index, after everything that it speaks of has reached the disk: after a power failure it must not
/// know of a file that the disk forgot, for that would look deleted.
///
/// # Errors
///
/// When the file system refuses.
pub fn save(folder: &Folder, index: &Index) -> Result<(), Error> {
    folder.sync_all()?;
    let bytes = encode(index).map_err(|source| Error::Io { path: folder.path().join(crate::key::INDEX), source })?;
    folder.write_index(&bytes)
}
