//! The trash: what a sync removes or replaces stays in `trash/<run id>/<key path>` for a while.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Mode};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::beneath::{At, LIST, each_name, open, open_dir, split};
use super::slot::Slot;
use super::sys::unlinkat;
use super::{Error, Folder};

/// The folder in s4's working place that holds the trash.
pub(super) const TRASH: &str = "trash";
/// How many folders of the trash are tried before giving up; the second is a new one, unless an earlier run had this id.
const TRIES: usize = 10_000;

impl Folder {
    /// Moves what is in `slot` to the trash, and tells where it is now.
    pub(super) fn trash(&self, slot: &Slot) -> Result<PathBuf, Error> {
        let run = self.run_id();
        let (parent, name) = split(&slot.below);
        for attempt in 0..TRIES {
            // Where the key is taken, not its name but the run gets a number: a longer name might be too long.
            let folder = match attempt {
                0 => run.clone(),
                _ => format!("{run}.{}", self.trash_folders.fetch_add(1, Ordering::Relaxed) + 1),
            };
            let below = Path::new(TRASH).join(folder).join(parent);
            let dir = match self.make_dir(&self.work, &below) {
                Err(Error::InTheWay { .. } | Error::NotFound { .. }) => continue,
                made => made?,
            };
            let path = self.path_in(&self.work, &below.join(name));
            match self.renames.noreplace(slot.at(), At::new(&dir, name)) {
                Ok(()) => return Ok(path),
                Err(Errno::EXIST | Errno::NOENT) => {}
                Err(errno) => return Err(Error::new(errno, &path)),
            }
        }
        Err(Error::Exists { path: self.path_in(&self.work, Path::new(TRASH)) })
    }

    /// Deletes for good what came into the trash longer than `older_than` before `now`, and tells how many files that
    /// were. The time is the file's ctime, which its move into the trash set.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`], [`Error::InTheWay`], [`Error::Io`] if the trash cannot be read. A file that cannot be deleted
    /// stays for another time.
    pub fn empty_trash(&self, older_than: Duration, now: SystemTime) -> Result<u64, Error> {
        let Some(trash) = self.find_dir(&self.work, Path::new(TRASH))? else {
            return Ok(0);
        };
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let oldest =
            i128::try_from(now).unwrap_or(i128::MAX) - i128::try_from(older_than.as_nanos()).unwrap_or(i128::MAX);
        let tree = Tree::read(&trash, Path::new(""))
            .map_err(|errno| Error::new(errno, &self.path_in(&self.work, Path::new(TRASH))))?;
        let mut deleted = 0;
        for file in &tree.files {
            let (parent, name) = split(file);
            let gone = open_dir(&trash, parent).and_then(|dir| {
                let at = At::new(&dir, name);
                if at.stat()?.1.ctime_ns > oldest { Ok(false) } else { at.unlink().map(|()| true) }
            });
            deleted += u64::from(gone == Ok(true));
        }
        tree.remove_folders(&trash);
        Ok(deleted)
    }
}

/// What is in one of s4's own folders, links not followed.
#[derive(Default)]
pub(super) struct Tree {
    /// Everything but folders.
    pub(super) files: Vec<PathBuf>,
    /// Folders, each after the one it is in.
    folders: Vec<PathBuf>,
}

impl Tree {
    /// Reads the tree at `below` in `dir`; paths in it are below `dir`.
    pub(super) fn read(dir: &OwnedFd, below: &Path) -> Result<Tree, Errno> {
        let mut tree = Tree::default();
        let mut next = Some(below.to_owned());
        let mut seen = 0;
        while let Some(folder) = next {
            let listed = open(dir, &folder, LIST, Mode::empty())?;
            for (name, kind) in list(listed)? {
                let path = folder.join(OsStr::from_bytes(&name));
                if kind == FileType::Directory { tree.folders.push(path) } else { tree.files.push(path) }
            }
            next = tree.folders.get(seen).cloned();
            seen += 1;
        }
        Ok(tree)
    }

    /// Removes its folders as far as they are empty.
    pub(super) fn remove_folders(&self, dir: impl AsFd) {
        for folder in self.folders.iter().rev() {
            let (parent, name) = split(folder);
            // A folder that is not empty stays, as it should.
            let _ = open_dir(dir.as_fd(), parent).and_then(|parent| unlinkat(parent, name, AtFlags::REMOVEDIR));
        }
    }
}

/// Names and types of what is in an open folder.
pub(super) fn list(dir: OwnedFd) -> Result<Vec<(Vec<u8>, FileType)>, Errno> {
    let mut entries = Vec::new();
    each_name(&mut Dir::new(dir)?, |name, kind| {
        match kind {
            Err(Errno::NOENT) => {}
            kind => entries.push((name.to_owned(), kind?)),
        }
        Ok(())
    })?;
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Key;
    use std::fs;

    #[test]
    fn names_taken_in_the_trash_keep_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        folder.begin_run("run".to_owned());
        // The last one finds a file where it needs a folder.
        for (name, text) in [("a", "1"), ("a", "2"), ("a/b", "3")] {
            if name.contains('/') {
                fs::create_dir(dir.path().join("a")).unwrap();
            }
            fs::write(dir.path().join(name), text).unwrap();
            let key = Key::parse(name).unwrap();
            folder.remove(&key, &folder.stat(&key).unwrap().unwrap()).unwrap();
        }
        for (path, text) in [("run/a", "1"), ("run.1/a", "2"), ("run.2/a/b", "3")] {
            assert_eq!(fs::read_to_string(dir.path().join(".s4/trash").join(path)).unwrap(), text);
        }
    }

    #[test]
    fn only_old_trash_is_deleted_and_links_are_not_followed() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let trash = dir.path().join(".s4/trash");
        fs::create_dir_all(trash.join("run/a/b")).unwrap();
        fs::write(trash.join("run/a/b/file"), "").unwrap();
        fs::write(other.path().join("precious"), "").unwrap();
        std::os::unix::fs::symlink(other.path(), trash.join("run/link")).unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        let (week, hour) = (Duration::from_secs(7 * 86_400), Duration::from_secs(3_600));
        assert_eq!(folder.empty_trash(week, SystemTime::now() + week - hour).unwrap(), 0);
        assert_eq!(folder.empty_trash(week, SystemTime::now() + week + hour).unwrap(), 2);
        assert_eq!(fs::read_dir(&trash).unwrap().count(), 0);
        assert!(other.path().join("precious").exists());
    }
}
