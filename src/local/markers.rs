//! Folders that are kept though they are empty. What stands for one is a key of its own, a marker; its "stat" is always the
//! same, for there is nothing of it that could change.

use std::path::Path;
use std::sync::PoisonError;

use rustix::fs::{AtFlags, FileType, Mode};
use rustix::io::Errno;

use super::beneath::{At, LIST, open, open_dir, prune_unless, split};
use super::sys::unlinkat;
use super::trash::list;
use super::{Error, Folder, Links, Stat};
use crate::key::Key;

impl Folder {
    /// The same folder, with its empty folders synced or not.
    #[must_use]
    pub fn with_empty_folders(mut self, empty_folders: bool) -> Folder {
        self.empty_folders = empty_folders;
        self
    }

    /// Whether empty folders are synced.
    pub fn keeps_empty(&self) -> bool {
        self.empty_folders
    }

    /// Names the markers whose folders stay when nothing is left in them; of other names nothing is heeded.
    pub fn spare<'n>(&self, markers: impl Iterator<Item = &'n str>) {
        let folders = markers.filter_map(|name| name.strip_suffix('/').map(Box::from));
        *self.spared.lock().unwrap_or_else(PoisonError::into_inner) = folders.collect();
    }

    /// The same of further ones.
    pub fn spare_too<'n>(&self, markers: impl Iterator<Item = &'n str>) {
        let folders = markers.filter_map(|name| name.strip_suffix('/').map(Box::from));
        self.spared.lock().unwrap_or_else(PoisonError::into_inner).extend(folders);
    }

    /// Whether the folder `path` is there and nothing at all is in it. What cannot be looked into is not empty.
    pub fn is_empty_folder(&self, path: &str) -> bool {
        let opened = open(&self.root, Path::new(path), LIST, Mode::empty());
        opened.and_then(list).is_ok_and(|names| names.is_empty())
    }

    /// The stat of a marker, whose folder is there; `None` if it is not.
    pub(super) fn stat_folder(&self, key: &Key) -> Result<Option<Stat>, Error> {
        let (parent, name) = split(Path::new(key.path()));
        match open_dir(&self.root, parent).and_then(|dir| At::new(&dir, name).stat()) {
            Ok((FileType::Directory, _)) => Ok(Some(Stat::default())),
            // What it leads to may be a folder, where it is no file itself.
            Ok((FileType::Symlink, _)) if self.links != Links::Preserve => {
                Err(Error::InTheWay { path: self.path_of(key) })
            }
            Ok(_) | Err(Errno::NOENT) => Ok(None),
            Err(_) if self.is_below_a_file(key) => Ok(None),
            Err(errno) => Err(Error::new(errno, &self.path_of(key))),
        }
    }

    /// Makes the folder of a marker, with those above it, if it is not there.
    ///
    /// # Errors
    ///
    /// [`Error::InTheWay`] if a file or a link is in its place or on the way; [`Error::NoSpace`], [`Error::Denied`],
    /// [`Error::Io`].
    pub fn make_folder(&self, key: &Key) -> Result<(), Error> {
        self.spared.lock().unwrap_or_else(PoisonError::into_inner).insert(key.path().into());
        self.in_folder(&Path::new(key.path()).join("any"), |_| Ok(()))
    }

    /// Removes the folder of a marker if it is empty, and those above it that this leaves empty. One that is not stays, and may
    /// go with what is in it.
    ///
    /// # Errors
    ///
    /// [`Error::InTheWay`] if a link is in its place or on the way; [`Error::Denied`], [`Error::Io`].
    pub fn remove_folder(&self, key: &Key) -> Result<(), Error> {
        self.spared.lock().unwrap_or_else(PoisonError::into_inner).remove(key.path());
        if self.own_stat(key)?.is_none() {
            return Ok(());
        }
        let path = Path::new(key.path());
        let (parent, name) = split(path);
        match open_dir(&self.root, parent).and_then(|dir| unlinkat(dir, name, AtFlags::REMOVEDIR)) {
            Ok(()) => self.prune(path),
            Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => {}
            Err(errno) => return Err(Error::new(errno, &self.path_of(key))),
        }
        Ok(())
    }

    /// Removes the folders above `path` that are empty and not to be spared.
    pub(super) fn prune(&self, path: &Path) {
        let spared = self.spared.lock().unwrap_or_else(PoisonError::into_inner);
        prune_unless(&self.root, path, |folder| folder.to_str().is_some_and(|folder| spared.contains(folder)));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::super::testing::{Case, key};
    use super::super::{Ignore, scan, scan_at};
    use super::*;

    fn case() -> Case {
        let mut case = Case::new();
        case.folder = Folder::open(&case.path(""), None).unwrap().with_empty_folders(true);
        case.folder.begin_run("run".to_owned());
        case
    }

    fn marker(name: &str) -> Key {
        Key::parse_any(name).unwrap()
    }

    #[test]
    fn folders_with_nothing_in_them_are_found_and_no_others() {
        let case = case();
        for folder in ["empty", "a/deep/one", "linked", "ruled/x", "odd", ".s4/staging"] {
            fs::create_dir_all(case.path(folder)).unwrap();
        }
        case.write("full/file", "");
        case.write("ignored/x.o", "");
        symlink("nowhere", case.path("linked/link")).unwrap();
        std::os::unix::net::UnixListener::bind(case.path("odd/socket")).unwrap();
        let ignore = Ignore::parse(b"*.o\n/ruled/\n");
        let keys = |scan: super::super::Scan| scan.files.iter().map(|file| file.key.to_string()).collect::<Vec<_>>();
        assert_eq!(keys(scan(&case.folder, &ignore).unwrap()), ["a/deep/one/", "empty/", "full/file"]);
        for path in ["empty", "empty/", "a"] {
            let found = keys(scan_at(&case.folder, &ignore, [path]).unwrap());
            assert_eq!(found, [if path == "a" { "a/deep/one/" } else { "empty/" }], "{path}");
        }
        assert_eq!(keys(scan_at(&case.folder, &ignore, ["full/none", "empty/none"]).unwrap()), [""; 0]);
        let off = Folder::open(&case.path(""), None).unwrap();
        assert_eq!(keys(scan(&off, &ignore).unwrap()), ["full/file"]);
    }

    #[test]
    fn a_marker_is_there_as_long_as_its_folder_is() {
        let case = case();
        case.write("full/file", "");
        symlink("full", case.path("link")).unwrap();
        for (name, there) in [("full/", true), ("none/", false), ("full/file/", false), ("full/file/x/", false)] {
            let key = marker(name);
            assert_eq!(case.folder.stat(&key).unwrap(), there.then(Stat::default), "{name}");
            assert_eq!(case.folder.is_gone(&key), !there, "{name}");
        }
        for name in ["link/", "link/x/"] {
            assert!(case.folder.stat(&marker(name)).is_err() && !case.folder.is_gone(&marker(name)), "{name}");
        }
    }

    #[test]
    fn where_links_are_files_one_in_the_place_of_a_folder_is_none() {
        let mut case = case();
        case.folder = Folder::open(&case.path(""), None).unwrap().with_links(Links::Preserve);
        symlink("there", case.path("link")).unwrap();
        for name in ["link/", "link/x/"] {
            assert_eq!(case.folder.stat(&marker(name)).unwrap(), None);
            case.folder.remove_folder(&marker(name)).unwrap();
            assert!(case.folder.make_folder(&marker(name)).is_err());
        }
        assert!(case.path("link").is_symlink());
    }

    #[test]
    fn folders_are_made_and_removed_but_never_with_something_in_them() {
        let case = case();
        case.folder.make_folder(&marker("a/b/")).unwrap();
        case.folder.make_folder(&marker("a/b/")).unwrap();
        case.write("file", "text");
        symlink("a", case.path("link")).unwrap();
        for blocked in ["file/", "file/x/", "link/", "link/x/"] {
            assert!(matches!(case.folder.make_folder(&marker(blocked)), Err(Error::InTheWay { .. })), "{blocked}");
        }
        case.write("a/b/file", "text");
        case.folder.remove_folder(&marker("a/b/")).unwrap();
        assert_eq!(case.read("a/b/file"), "text");
        // What is not to stay goes with the last file in it.
        case.folder.remove(&key("a/b/file"), &case.stat("a/b/file")).unwrap();
        assert!(!case.path("a").exists());
        assert!(case.folder.remove_folder(&marker("link/")).is_err());
        case.folder.remove_folder(&marker("file/")).unwrap();
        case.folder.remove_folder(&marker("none/")).unwrap();
        assert!(case.path("link").is_symlink() && case.path("file").exists());
    }

    #[test]
    fn folders_whose_markers_are_in_the_bucket_stay_when_nothing_is_left_in_them() {
        let case = case();
        case.write("a/b/file", "text");
        case.write("a/b/other", "text");
        case.folder.spare(["a/", "x/y", "z"].into_iter());
        case.folder.remove(&key("a/b/file"), &case.stat("a/b/file")).unwrap();
        case.folder.rename(&key("a/b/other"), &case.stat("a/b/other"), &key("moved")).unwrap();
        assert!(case.path("a").is_dir() && !case.path("a/b").exists());
        assert!(case.folder.is_empty_folder("a") && !case.folder.is_empty_folder("none"));
        case.folder.remove_folder(&marker("a/")).unwrap();
        assert!(!case.path("a").exists());
    }
}
