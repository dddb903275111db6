//! Hollow folders: those with no file anywhere in them. To s4, which carries files, they are nothing.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode};

use super::beneath::{At, LIST, open, open_dir, split};
use super::sys::unlinkat;
use super::trash::list;
use super::{Error, Folder};
use crate::key::Key;

/// Folders nested deeper than this stay.
const DEEPEST: u32 = 64;

/// Removes a folder that holds nothing but folders, however many; one that holds anything else stays whole.
pub(super) fn remove_hollow(at: At<'_>) -> bool {
    walk(at, 0, false) && walk(at, 0, true)
}

impl Folder {
    /// Fails unless the key's name is free, a file's, or a hollow folder's.
    ///
    /// # Errors
    ///
    /// [`Error::InTheWay`] as for [`Folder::stat`]; [`Error::Denied`], [`Error::Io`].
    pub fn expect_room(&self, key: &Key) -> Result<(), Error> {
        match self.own_stat(key) {
            Err(Error::InTheWay { path }) => {
                let (parent, name) = split(Path::new(key.as_str()));
                let is_hollow = open_dir(&self.root, parent).is_ok_and(|dir| walk(At::new(&dir, name), 0, false));
                if is_hollow { Ok(()) } else { Err(Error::InTheWay { path }) }
            }
            found => found.map(drop),
        }
    }
}

/// Whether the folder is hollow; with `remove`, whether it is gone now.
fn walk(at: At<'_>, depth: u32, remove: bool) -> bool {
    let opened = open_dir(at.dir, Path::new(at.name));
    let Ok(dir) = opened else { return false };
    let Ok(entries) = open(&dir, Path::new(""), LIST, Mode::empty()).and_then(list) else { return false };
    depth < DEEPEST
        && entries.iter().all(|(_, kind)| *kind == FileType::Directory)
        && entries.into_iter().all(|(name, _)| walk(At::new(&dir, &OsString::from_vec(name)), depth + 1, remove))
        && (!remove || unlinkat(at.dir, at.name, AtFlags::REMOVEDIR).is_ok())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::local::testing::{Case, key};

    #[test]
    fn a_file_takes_the_place_of_folders_without_files() {
        let case = Case::new();
        fs::create_dir_all(case.path("a/b/c")).unwrap();
        fs::create_dir_all(case.path("a/d")).unwrap();
        let staged = case.folder.stage().unwrap();
        case.folder.install(staged, &key("a")).unwrap();
        assert!(case.path("a").is_file());
    }

    #[test]
    fn folders_with_a_file_somewhere_stay_whole() {
        let case = Case::new();
        fs::create_dir_all(case.path("a/b/c")).unwrap();
        fs::create_dir_all(case.path("a/d")).unwrap();
        fs::write(case.path("a/d/file"), "x").unwrap();
        let staged = case.folder.stage().unwrap();
        assert!(case.folder.install(staged, &key("a")).is_err());
        assert!(case.path("a/b/c").is_dir() && case.path("a/d/file").is_file());
    }
}
