//! Where a user's file passes through while it is replaced or removed: `swap/<inode>-<n>/<key path>`.
//!
//! The place tells a later run what to do with what a crash left there: the key is the path, and `<inode>` is that of our
//! own new file, or 0 where there is none. A file of that inode is ours and can go; any other is the user's.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, FileType};
use rustix::io::Errno;

use super::beneath::{At, make_dirs, open_dir, prune, split};
use super::folder::OWNER_DIR;
use super::hollow::remove_hollow;
use super::sys::{mkdirat, renameat, unlinkat};
use super::{Error, Folder, Links, Stat};
use crate::key::Key;

/// The folder in s4's working place that holds the slots.
pub(super) const SWAP: &str = "swap";
/// How often a step is tried again because another thread removed a folder just made, as empty.
const TRIES: usize = 32;

/// A place for one file. Dropping it removes its folders as far as they are empty: what is still there stays, for
/// [`Folder::recover`] to bring back.
pub(super) struct Slot {
    swap: OwnedFd,
    name: String,
    holder: OwnedFd,
    /// The path of the file below the target's folder.
    pub(super) below: PathBuf,
}

impl Slot {
    /// Makes a slot for the file at `below`, whose own new file has `inode` (0 for none).
    pub(super) fn new(folder: &Folder, inode: u64, below: &Path) -> Result<Slot, Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let swap = folder.make_dir(&folder.work, Path::new(SWAP))?;
        let failed = |errno| Error::new(errno, &folder.path_in(&folder.work, Path::new(SWAP)));
        loop {
            let name = format!("{inode}-{}", COUNTER.fetch_add(1, Ordering::Relaxed));
            match mkdirat(&swap, &name, OWNER_DIR) {
                Ok(()) => {}
                Err(Errno::EXIST) => continue,
                Err(errno) => return Err(failed(errno)),
            }
            let holder = make_dirs(&swap, &Path::new(&name).join(split(below).0), OWNER_DIR).map_err(failed)?;
            return Ok(Slot { swap, name, holder, below: below.to_owned() });
        }
    }

    /// The slot that an earlier run left in `swap` as `name`, with the file at `below` in it.
    pub(super) fn left(swap: impl AsFd, name: &str, below: &Path) -> Result<Slot, Errno> {
        let swap = open_dir(swap, Path::new(""))?;
        let holder = open_dir(&swap, &Path::new(name).join(split(below).0))?;
        Ok(Slot { swap, name: name.to_owned(), holder, below: below.to_owned() })
    }

    /// The name that the file has in here.
    pub(super) fn at(&self) -> At<'_> {
        At::new(&self.holder, split(&self.below).1)
    }

    /// Its file's path below `swap`.
    #[cfg(test)]
    pub(super) fn inside(&self) -> PathBuf {
        Path::new(&self.name).join(&self.below)
    }

    /// Removes what is in here if `ours` knows it for a file that we made, and that no plan wants any more.
    pub(super) fn discard(&self, ours: impl FnOnce(&Stat) -> bool) -> bool {
        self.file().is_some_and(|stat| ours(&stat)) && self.at().unlink().is_ok()
    }

    /// The stat of the file that is in here, a link too.
    fn file(&self) -> Option<Stat> {
        let found = self.at().stat().ok()?;
        matches!(found.0, FileType::RegularFile | FileType::Symlink).then_some(found.1)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        prune(&self.swap, &Path::new(&self.name).join(&self.below));
        // Of a key without folders, the slot itself is all there is.
        let _ = unlinkat(&self.swap, &self.name, AtFlags::REMOVEDIR);
    }
}

impl Folder {
    /// Does `step` on the name of the file at `below`, whose folders are made. Another thread may take them away again
    /// while they are empty: then all over.
    pub(super) fn in_folder(
        &self,
        below: &Path,
        mut step: impl FnMut(At<'_>) -> Result<(), Errno>,
    ) -> Result<(), Error> {
        let (parent, name) = split(below);
        let everyone = rustix::fs::Mode::from_raw_mode(0o777);
        let mut done = Err(Errno::NOENT);
        for _ in 0..TRIES {
            done = make_dirs(&self.root, parent, everyone).and_then(|dir| step(At::new(&dir, name)));
            if done != Err(Errno::NOENT) {
                break;
            }
        }
        done.map_err(|errno| Error::new(errno, &self.path().join(below)))
    }

    /// Moves `from`, in one of s4's own folders, to the path `below` the folder if nothing is there. A folder with
    /// no file anywhere in it is nothing.
    pub(super) fn place(&self, from: At<'_>, below: &Path) -> Result<(), Error> {
        let mut in_the_way = false;
        let placed = self.in_folder(below, |to| {
            let moved = self.renames.noreplace(from, to);
            if moved != Err(Errno::EXIST) {
                return moved;
            }
            match to.stat() {
                Ok((FileType::RegularFile, _)) => Err(Errno::EXIST),
                Ok((FileType::Symlink, _)) if self.links == Links::Preserve => Err(Errno::EXIST),
                Ok((FileType::Directory, _)) if remove_hollow(to) => self.renames.noreplace(from, to),
                Ok(_) => {
                    in_the_way = true;
                    Err(Errno::EXIST)
                }
                Err(errno) => Err(errno),
            }
        });
        match placed {
            Err(Error::Exists { path }) if in_the_way => Err(Error::InTheWay { path }),
            placed => placed,
        }
    }

    /// Moves the file `key` into `slot` and makes sure that it is the one that was expected. If it is not, it goes back.
    pub(super) fn take_out(&self, key: &Key, expected: &Stat, slot: &Slot) -> Result<(), Error> {
        self.expect(key, expected)?;
        let changed = || Error::Changed { path: self.path_of(key) };
        let (parent, name) = split(Path::new(key.as_str()));
        let moved = open_dir(&self.root, parent).and_then(|dir| {
            let to = slot.at();
            // The slot is empty and ours: nothing can be overwritten there.
            renameat(&dir, name, to.dir, to.name)
        });
        match moved {
            Ok(()) if self.holds(slot, expected) => Ok(()),
            Ok(()) => {
                self.put_back(slot);
                Err(changed())
            }
            Err(Errno::NOENT) => Err(changed()),
            Err(errno) => Err(Error::new(errno, &self.path_of(key))),
        }
    }

    /// Whether what is in `slot` is the file that `expected` describes, but for the time of its renaming.
    pub(super) fn holds(&self, slot: &Slot, expected: &Stat) -> bool {
        slot.file().is_some_and(|stat| stat.same_content(expected))
    }

    /// Gives what is in `slot` back to the user: to its key, or, if that was taken meanwhile, to a name beside it. If
    /// neither can be, it stays in the slot, and the next run's [`Folder::recover`] takes care of it.
    pub(super) fn put_back(&self, slot: &Slot) {
        if self.place(slot.at(), &slot.below).is_err() {
            let (parent, name) = split(&slot.below);
            let _ = self.place(slot.at(), &parent.join(beside(name, &self.run_id())));
        }
    }
}

/// The name for a second content of the same key: the run goes before the extension.
fn beside(name: &OsStr, run: &str) -> PathBuf {
    let name = Path::new(name);
    let mut beside = name.file_stem().unwrap_or_default().to_owned();
    beside.push(format!(".conflict-{run}"));
    if let Some(extension) = name.extension() {
        beside.push(".");
        beside.push(extension);
    }
    beside.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_name_beside_keeps_the_extension() {
        for (name, expected) in [
            ("a.txt", "a.conflict-7.txt"),
            ("a", "a.conflict-7"),
            (".profile", ".profile.conflict-7"),
            ("a.tar.gz", "a.tar.conflict-7.gz"),
        ] {
            assert_eq!(beside(name.as_ref(), "7"), Path::new(expected));
        }
    }

    #[test]
    fn what_can_go_back_neither_to_its_key_nor_beside_it_stays_in_the_slot() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        let below = Path::new("sub/a");
        let slot = Slot::new(&folder, 0, below).unwrap();
        let inside = dir.path().join(".s4/swap").join(&slot.name).join(below);
        fs::write(&inside, "precious").unwrap();
        fs::write(dir.path().join("sub"), "a file where the folder was").unwrap();
        folder.put_back(&slot);
        drop(slot);
        assert_eq!(fs::read_to_string(inside).unwrap(), "precious");
    }

    #[test]
    fn a_dropped_slot_leaves_no_folders() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        for below in ["a", "x/y/z"] {
            drop(Slot::new(&folder, 5, Path::new(below)).unwrap());
        }
        assert_eq!(fs::read_dir(dir.path().join(".s4/swap")).unwrap().count(), 0);
    }
}
