//! From the trash back into the folder.

use crate::key::Key;
use crate::local::{Error, Folder, Trashed, hash_file};
use crate::reconcile::conflict_key;

/// Puts a file back under its key; returns the key that it has now, `None` if the same is there already. Where another file has the
/// key, it comes beside that one, or with `force` in its place, and the other one goes to the trash. The caller holds the folder's
/// lock.
///
/// # Errors
///
/// When something other than a file is in the way, or one cannot be read or moved. Nothing is lost then.
pub fn put_back(folder: &Folder, trashed: &Trashed, force: bool) -> Result<Option<Key>, Error> {
    let key = &trashed.key;
    let Some(present) = folder.stat(key)? else {
        return folder.take_from_trash(trashed, key).map(|()| Some(key.clone()));
    };
    let is_same = present.size == trashed.stat.size
        && hash_file(folder, key, &present, None)?.sha256 == folder.hash_trashed(trashed)?;
    if is_same {
        return Ok(None);
    }
    if force {
        folder.remove(key, &present)?;
        return folder.take_from_trash(trashed, key).map(|()| Some(key.clone()));
    }
    let beside = (0..1_000).filter_map(|attempt| conflict_key(key, &trashed.run, attempt));
    for beside in beside {
        match folder.take_from_trash(trashed, &beside) {
            Err(Error::Exists { .. }) => {}
            taken => return taken.map(|()| Some(beside)),
        }
    }
    Err(Error::Exists { path: folder.path_of(key) })
}
