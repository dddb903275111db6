//! Reading through symbolic links. Nothing here writes, and who writes does not come here.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::PoisonError;

use rustix::fd::AsFd;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::beneath::{LIST, convert, open};
use super::folder::regular;
use super::sys::{openat, statat};
use super::trash::list;
use super::{Error, Folder, Links, Stat};
use crate::key::Key;

impl Folder {
    /// Refuses a key that is, or passes through, a link that is followed.
    ///
    /// # Errors
    ///
    /// [`Error::ThroughLink`].
    pub fn expect_own(&self, key: &Key) -> Result<(), Error> {
        let link = if self.links == Links::Follow { self.first_link(key) } else { None };
        link.map_or(Ok(()), |path| Err(Error::ThroughLink { path: self.path().join(path) }))
    }

    /// The paths of the links that were followed so far, none below another. What changes behind them nobody hears of.
    pub fn followed(&self) -> BTreeSet<String> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn note_followed(&self, key: &Key) {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        if !key.ancestors().any(|path| followed.contains(path)) {
            followed.insert(key.as_str().to_owned());
        }
    }

    /// The first of a key's folders, or the key itself, that is a link.
    pub(super) fn first_link<'k>(&self, key: &'k Key) -> Option<&'k str> {
        key.ancestors().chain([key.path()]).find(|path| self.is_link_at(path))
    }

    fn is_link_at(&self, path: &str) -> bool {
        // Links above it are followed, it is not.
        let found = statat(&self.root, path, AtFlags::SYMLINK_NOFOLLOW);
        found.is_ok_and(|stat| convert(&stat).0 == FileType::Symlink)
    }

    fn is_file_at(&self, path: &str) -> bool {
        let found = statat(&self.root, path, AtFlags::empty());
        found.is_ok_and(|stat| convert(&stat).0 == FileType::RegularFile)
    }

    /// The stat of what a key leads to, whose path has a link in it or ends in no file; `None` if it is certainly gone.
    pub(super) fn stat_through(&self, key: &Key) -> Result<Option<Stat>, Error> {
        let path = self.path_of(key);
        match statat(&self.root, key.path(), AtFlags::empty()).map(|stat| convert(&stat)) {
            Ok((FileType::RegularFile, _)) if key.is_marker() => Ok(None),
            Ok((FileType::Directory, _)) if key.is_marker() => Ok(Some(Stat::default())),
            Ok((FileType::RegularFile, stat)) => Ok(Some(stat)),
            Err(Errno::NOENT) if !self.is_lost(key) => Ok(None),
            Err(Errno::NOTDIR) if key.ancestors().any(|path| self.is_file_at(path)) => Ok(None),
            Ok(_) | Err(Errno::NOENT) => Err(Error::InTheWay { path }),
            Err(errno) => Err(Error::new(errno, &path)),
        }
    }

    /// Whether a link on the way to a key, or the key itself, leads nowhere.
    fn is_lost(&self, key: &Key) -> bool {
        let links = key.ancestors().filter(|path| self.is_link_at(path));
        self.is_link_at(key.path())
            || links.map(|path| leads_to(self.root.as_fd(), path)).any(|found| found != Ok(Leads::Somewhere))
    }

    /// As [`Folder::open_file`], following links.
    pub(super) fn open_through(&self, key: &Key) -> Result<(File, Stat), Error> {
        let path = self.path_of(key);
        // Not to wait for the other end, should it be a pipe; not to take a terminal, should it be one.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        match openat(&self.root, key.as_str(), flags, Mode::empty()) {
            Ok(file) => regular(file, &path),
            Err(Errno::NXIO | Errno::OPNOTSUPP) => Err(Error::InTheWay { path }),
            Err(errno) => Err(Error::new(errno, &path)),
        }
    }
}

/// What is at the end of a link to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    Somewhere,
    /// To a folder that is empty, as one is where no drive is mounted.
    ToNothing,
}

/// Whether a link to a folder leads to anything.
fn leads_to(dir: impl AsFd, path: &str) -> Result<Leads, Errno> {
    let folder = openat(dir, path, LIST | OFlags::CLOEXEC, Mode::empty())?;
    emptiness(folder)
}

/// Whether a folder that a link led to is empty.
pub(super) fn emptiness(folder: impl AsFd) -> Result<Leads, Errno> {
    let names = open(folder, Path::new(""), LIST, Mode::empty()).and_then(list)?;
    Ok(if names.is_empty() { Leads::ToNothing } else { Leads::Somewhere })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::super::testing::{Case, key};
    use super::super::{Displaced, Hidden, Ignore, Scan, hash_file, scan, scan_at};
    use super::*;

    /// A folder with links, and a place outside of it.
    fn case() -> (Case, tempfile::TempDir) {
        let (mut case, outside) = (Case::new(), tempfile::tempdir().unwrap());
        case.folder = Folder::open(&case.path(""), None).unwrap().with_links(Links::Follow);
        fs::create_dir_all(outside.path().join("sub")).unwrap();
        fs::write(outside.path().join("sub/file"), "outside").unwrap();
        fs::write(outside.path().join("other"), "other").unwrap();
        case.write("real/file", "inside");
        symlink(outside.path(), case.path("out")).unwrap();
        symlink(outside.path().join("other"), case.path("one")).unwrap();
        symlink("real", case.path("in")).unwrap();
        (case, outside)
    }

    fn look(case: &Case) -> Scan {
        scan(&case.folder, &Ignore::none()).unwrap()
    }

    fn keys(scan: &Scan) -> Vec<&str> {
        scan.files.iter().map(|file| file.key.as_str()).collect()
    }

    #[test]
    fn links_to_files_and_folders_are_read_in_their_places() {
        let (case, outside) = case();
        let found = look(&case);
        assert_eq!(keys(&found), ["in/file", "one", "out/other", "out/sub/file", "real/file"]);
        assert!(found.hidden.is_empty());
        symlink("sub", outside.path().join("again")).unwrap();
        assert!(keys(&look(&case)).contains(&"out/again/file"));
        fs::remove_file(outside.path().join("again")).unwrap();
        assert_eq!(case.folder.followed(), ["in", "one", "out"].map(str::to_owned).into());
        for file in &found.files {
            assert_eq!(case.folder.stat(&file.key).unwrap(), Some(file.stat));
            hash_file(&case.folder, &file.key, &file.stat, None).unwrap();
            let same = scan_at(&case.folder, &Ignore::none(), [file.key.as_str()]).unwrap();
            assert_eq!(same.files, std::slice::from_ref(file));
        }
        let ruled = scan(&case.folder, &Ignore::parse(b"out/\n/one\n")).unwrap();
        assert_eq!((keys(&ruled), ruled.ignored), (vec!["in/file", "real/file"], 2));
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let (case, outside) = case();
        for name in ["one", "out/other", "out/sub/file", "in/file"] {
            let (key, stat) = (key(name), case.stat(name));
            assert!(matches!(case.folder.expect_own(&key), Err(Error::ThroughLink { .. })));
            assert!(case.folder.remove(&key, &stat).is_err(), "{name}");
            assert!(case.folder.replace(case.staged("new"), &key, &stat, &Displaced::Trash).is_err(), "{name}");
            assert!(case.folder.rename(&key, &stat, &super::super::testing::key("moved")).is_err(), "{name}");
        }
        assert!(case.folder.install(case.staged("new"), &key("out/new")).is_err());
        assert!(case.folder.expect_own(&key("real/file")).is_ok());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 2);
        assert_eq!(fs::read_to_string(outside.path().join("sub/file")).unwrap(), "outside");
        assert!(case.path("one").is_symlink() && case.read("real/file") == "inside");
        case.nothing_is_left_over();
    }

    #[test]
    fn loops_end_and_are_told_once() {
        let (case, outside) = case();
        symlink(case.path(""), case.path("real/up")).unwrap();
        symlink("self", case.path("self")).unwrap();
        symlink(".s4", case.path("own")).unwrap();
        symlink(case.path("real"), outside.path().join("back")).unwrap();
        drop(case.staged("makes .s4"));
        let found = look(&case);
        let hidden: Vec<_> = found.hidden.iter().map(|(path, why)| (path.as_str(), why == &Hidden::Dangling)).collect();
        assert_eq!(hidden, [("in/up", false), ("out/back/up", false), ("real/up", false), ("self", true)]);
        assert_eq!(keys(&found), ["in/file", "one", "out/back/file", "out/other", "out/sub/file", "real/file"]);
    }

    #[test]
    fn what_a_link_has_lost_is_hidden_and_not_gone() {
        let (case, outside) = case();
        fs::remove_file(outside.path().join("sub/file")).unwrap();
        // As long as there is anything, what is missing is gone.
        assert!(case.folder.is_gone(&key("out/sub/file")) && !case.folder.is_gone(&key("out/other")));
        assert_eq!(case.folder.stat(&key("out/sub/file")).unwrap(), None);
        fs::remove_dir(outside.path().join("sub")).unwrap();
        assert!(case.folder.is_gone(&key("out/sub/file")));
        // An empty folder is what is left of a drive.
        fs::remove_file(outside.path().join("other")).unwrap();
        for gone in [false, true] {
            if gone {
                fs::remove_dir(outside.path()).unwrap();
            }
            for name in ["out/other", "out/sub/file", "one"] {
                assert!(!case.folder.is_gone(&key(name)), "{name}");
                assert!(case.folder.stat(&key(name)).is_err(), "{name}");
                for found in [look(&case), scan_at(&case.folder, &Ignore::none(), [name]).unwrap()] {
                    assert_eq!(found.hidden(&key(name)), Some(&Hidden::Dangling), "{name}");
                }
            }
        }
        fs::remove_file(case.path("out")).unwrap();
        assert!(case.folder.is_gone(&key("out/other")));
    }

    #[test]
    fn where_a_link_leads_to_a_file_now_what_was_below_is_gone() {
        let (case, outside) = case();
        fs::remove_file(case.path("out")).unwrap();
        symlink(outside.path().join("other"), case.path("out")).unwrap();
        assert!(case.folder.is_gone(&key("out/other")));
        assert_eq!(case.read("out"), "other");
    }
}
