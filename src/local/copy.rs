//! Copying a file of the folder into staging.

use super::{Error, Folder, Hasher, Staged, Stat, check_unchanged, open_settled, read_part};
use crate::content::Sha256;
use crate::key::Key;

/// Bytes copied at a time.
const BLOCK: u64 = 256 << 10;

/// Copies the file `key`, which must be as expected, into a staged one; returns the sum of what it copied.
///
/// # Errors
///
/// As [`super::hash_file`]; [`Error::NoSpace`].
pub fn copy_file(folder: &Folder, key: &Key, expected: &Stat, staged: &Staged) -> Result<Sha256, Error> {
    let file = open_settled(folder, key, expected)?;
    let mut hasher = Hasher::new(expected.size, None);
    let mut copied = 0;
    // One that grows as fast as it is copied has changed.
    while copied <= expected.size {
        let block = read_part(folder, key, &file, copied, BLOCK)?;
        if block.is_empty() {
            break;
        }
        staged.write_at(copied, &block)?;
        hasher.update(&block);
        copied += block.len() as u64;
    }
    check_unchanged(folder, key, &file, expected)?;
    Ok(hasher.finish().sha256)
}
