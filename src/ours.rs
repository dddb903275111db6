//! Files that s4 writes for other programs, and that it may replace because it wrote them.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::error::{Error, Kind};

/// Whether there is a file of ours: one that holds `mark`.
///
/// # Errors
///
/// When there is one that s4 did not write, or nobody can tell.
pub(crate) fn is_ours(file: &Path, mark: &str) -> Result<bool, Error> {
    let foreign =
        || Error::new(Kind::Failed, format!("'{}' is there already, and s4 did not write it", file.display()));
    let unreadable = |error| Error::new(Kind::Failed, format!("cannot read '{}'", file.display())).because(error);
    match fs::symlink_metadata(file) {
        // A link may lead to what is kept elsewhere.
        Ok(found) if !found.is_file() => Err(foreign().hint("move it away")),
        Ok(_) => match String::from_utf8_lossy(&fs::read(file).map_err(unreadable)?).contains(mark) {
            true => Ok(true),
            false => Err(foreign().hint("move it away")),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(unreadable(error)),
    }
}

/// Writes a file, and makes the folders above it. All of it or nothing.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    in_one_step(file, bytes)
        .map_err(|source| Error::new(Kind::Failed, format!("cannot write '{}'", file.display())).because(source))
}

fn in_one_step(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let temporary = folder.join(format!(".s4.{}.tmp", std::process::id()));
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, file));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&temporary);
    }
    written
}
