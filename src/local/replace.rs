//! The only code that changes the user's files. Nothing is overwritten and nothing deleted: a file goes by being moved,
//! is checked after the move to be what the plan knew, and ends up in the trash.
//!
//! Nothing here waits for the disk: contents are put there by [`Staged::sync`] before, names by [`Folder::sync_all`].

use std::path::Path;

use rustix::io::Errno;

use super::beneath::{At, open_dir, prune, split};
use super::moves::unknown;
use super::slot::Slot;
use super::staging::Staged;
use super::{Error, Folder, Stat};
use crate::key::Key;

/// What becomes of a file that is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Displaced {
    /// It goes to the trash.
    Trash,
    /// It gets this free key.
    Beside(Key),
}

impl Folder {
    /// Makes `staged` the new file `key`, with the folders it needs.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] if there is a file, [`Error::InTheWay`] if there is anything else but an empty folder, or a parent
    /// is no folder; [`Error::NoSpace`], [`Error::Denied`], [`Error::Io`].
    #[allow(clippy::needless_pass_by_value)] // It is used up: dropping it removes what could not be installed.
    pub fn install(&self, staged: Staged, key: &Key) -> Result<Stat, Error> {
        let mut staged = staged;
        staged.moved(|from| self.place(from, Path::new(key.as_str())))?;
        staged.stat()
    }

    /// Replaces the file `key`, which is what `expected` says, by `staged`, in one step where the file system can do that.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] if the file is not or no longer what was expected; it is then as the user left it.
    /// [`Error::Exists`] if the key that the old file should get is taken; [`Error::InTheWay`], [`Error::NoSpace`],
    /// [`Error::Denied`], [`Error::Io`]. In all cases the old file is in its place, or, should that have been taken just
    /// then, beside it.
    pub fn replace(&self, staged: Staged, key: &Key, expected: &Stat, displaced: &Displaced) -> Result<Stat, Error> {
        self.expect(key, expected)?;
        let ours = staged.stat()?.inode;
        let slot = Slot::new(self, ours, Path::new(key.as_str()))?;
        // After the slot, so that on the way out it goes first and leaves the slot empty.
        let mut staged = staged;
        match self.exchange(&mut staged, key, &slot) {
            Err(errno) if unknown(errno) => return self.replace_by_moves(staged, key, expected, displaced),
            Err(Errno::NOENT) => return Err(Error::Changed { path: self.path_of(key) }),
            Err(errno) => return Err(Error::new(errno, &self.path_of(key))),
            Ok(()) => {}
        }
        let settled = if self.holds(&slot, expected) {
            self.displace(&slot, displaced)
        } else {
            Err(Error::Changed { path: self.path_of(key) })
        };
        if let Err(error) = settled {
            self.exchange_back(key, &slot, ours);
            return Err(error);
        }
        staged.stat()
    }

    /// Moves the file `key`, which is what `expected` says, to the trash, and removes the folders that this leaves empty.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] if it is not or no longer what was expected; [`Error::InTheWay`], [`Error::NoSpace`],
    /// [`Error::Denied`], [`Error::Io`]. In all cases the file is in its place, or, should that have been taken just
    /// then, beside it.
    pub fn remove(&self, key: &Key, expected: &Stat) -> Result<(), Error> {
        let below = Path::new(key.as_str());
        self.expect(key, expected)?;
        let slot = Slot::new(self, 0, below)?;
        self.take_out(key, expected, &slot)?;
        self.trash(&slot).inspect_err(|_| self.put_back(&slot))?;
        prune(&self.root, below);
        Ok(())
    }

    /// Gives the file `from`, which is what `expected` says, the free key `to`, and removes the folders that this leaves
    /// empty.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] if `to` is taken, and all that [`Folder::remove`] has.
    pub fn rename(&self, from: &Key, expected: &Stat, to: &Key) -> Result<Stat, Error> {
        let (source, target) = (Path::new(from.as_str()), Path::new(to.as_str()));
        self.expect(from, expected)?;
        let slot = Slot::new(self, 0, source)?;
        self.take_out(from, expected, &slot)?;
        // Now, since a file may take the place of the folder it was in.
        prune(&self.root, source);
        self.place(slot.at(), target).inspect_err(|_| self.put_back(&slot))?;
        match self.stat(to)? {
            Some(stat) if stat.same_content(expected) => Ok(stat),
            _ => Err(Error::Changed { path: self.path_of(to) }),
        }
    }

    /// Moves the staged file into `slot` and swaps it with the file `key`. On an error that file is untouched, and the
    /// staged one is where it was or, unless swapping is unknown here, gone.
    pub(super) fn exchange(&self, staged: &mut Staged, key: &Key, slot: &Slot) -> Result<(), Errno> {
        let (parent, name) = split(Path::new(key.as_str()));
        let dir = open_dir(&self.root, parent)?;
        if !self.renames.flags {
            return Err(Errno::NOSYS);
        }
        staged.relocate(slot.at(), |from, to| self.renames.noreplace(from, to))?;
        match self.renames.exchange(slot.at(), At::new(&dir, name)) {
            Ok(()) => {
                staged.release();
                Ok(())
            }
            // Still in the slot, and still to be removed when dropped.
            Err(errno) => Err(errno),
        }
    }

    /// Undoes [`Folder::exchange`]: what is in `slot` goes back to `key`, and our own file `ours` goes.
    fn exchange_back(&self, key: &Key, slot: &Slot, ours: u64) {
        let (parent, name) = split(Path::new(key.as_str()));
        let swap = || {
            let dir = open_dir(&self.root, parent)?;
            self.renames.exchange(slot.at(), At::new(&dir, name))
        };
        if swap().is_err() {
            // Ours is gone from the key already: the user removed or moved it.
            self.put_back(slot);
        } else if !slot.discard(ours) {
            // The user has replaced our file at that very moment. The newest of his contents gets the key, and the one
            // that was there before is kept in the trash, or in the slot.
            let _ = swap();
            let _ = self.trash(slot);
        }
    }

    /// Takes care of the old file in `slot`.
    fn displace(&self, slot: &Slot, displaced: &Displaced) -> Result<(), Error> {
        match displaced {
            Displaced::Trash => self.trash(slot).map(drop),
            Displaced::Beside(key) => self.place(slot.at(), Path::new(key.as_str())),
        }
    }

    /// Replaces where two names can not be swapped: the old file out, the new one in. A crash in between leaves the old
    /// one in its slot, from where [`Folder::recover`] brings it back.
    fn replace_by_moves(
        &self,
        mut staged: Staged,
        key: &Key,
        expected: &Stat,
        displaced: &Displaced,
    ) -> Result<Stat, Error> {
        let below = Path::new(key.as_str());
        let slot = Slot::new(self, staged.stat()?.inode, below)?;
        self.take_out(key, expected, &slot)?;
        if let Displaced::Beside(other) = displaced {
            self.place(slot.at(), Path::new(other.as_str())).inspect_err(|_| self.put_back(&slot))?;
            return match staged.moved(|from| self.place(from, below)) {
                Ok(()) => staged.stat(),
                Err(error) => {
                    if let Some(stat) = self.stat(other)?.filter(|stat| stat.same_content(expected)) {
                        self.rename(other, &stat, key)?;
                    }
                    Err(error)
                }
            };
        }
        match staged.moved(|from| self.place(from, below)) {
            Ok(()) => {}
            Err(Error::Exists { path }) => {
                // A file made just then. It is newer than the one that the plan knew, which it thereby replaced.
                let _ = self.trash(&slot);
                return Err(Error::Changed { path });
            }
            Err(error) => {
                self.put_back(&slot);
                return Err(error);
            }
        }
        // Should this fail, the old content stays in its slot, and the next run moves it to the trash.
        let _ = self.trash(&slot);
        staged.stat()
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::moves::EVERY_WAY;
    use crate::local::testing::{Case, key};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    /// Runs a test on each kind of file system.
    fn everywhere(test: impl Fn(&mut Case)) {
        for renames in EVERY_WAY {
            let mut case = Case::new();
            case.folder.renames = renames;
            test(&mut case);
            case.nothing_is_left_over();
        }
    }

    #[test]
    fn a_new_file_gets_its_folders_its_time_and_its_mode() {
        everywhere(|case| {
            let staged = case.staged("new");
            staged.set(1_000_000_000_000_000_001, Some(0o4751)).unwrap();
            let stat = case.folder.install(staged, &key("a/b/c")).unwrap();
            assert_eq!((stat.mtime_ns, stat.mode, stat.size), (1_000_000_000_000_000_001, 0o751, 3));
            assert_eq!(case.stat("a/b/c"), stat);
            assert_eq!(case.read("a/b/c"), "new");
        });
    }

    #[test]
    fn a_new_file_replaces_nothing_but_an_empty_folder() {
        everywhere(|case| {
            case.write("file", "old");
            case.write("full/x", "old");
            fs::create_dir(case.path("empty")).unwrap();
            symlink("file", case.path("link")).unwrap();
            let install = |name: &str| case.folder.install(case.staged("new"), &key(name));
            assert!(matches!(install("file"), Err(Error::Exists { .. })));
            for name in ["full", "link", "file/below", "link/below"] {
                assert!(matches!(install(name), Err(Error::InTheWay { .. })), "{name}");
            }
            install("empty").unwrap();
            assert_eq!(
                (case.read("file"), case.read("full/x"), case.read("empty")),
                ("old".into(), "old".into(), "new".into())
            );
        });
    }

    #[test]
    fn no_change_ever_goes_through_a_link() {
        everywhere(|case| {
            let outside = tempfile::tempdir().unwrap();
            fs::write(outside.path().join("f"), "precious").unwrap();
            symlink(outside.path(), case.path("out")).unwrap();
            symlink(outside.path().join("f"), case.path("link")).unwrap();
            case.write("file", "mine");
            let (folder, stat) = (&case.folder, case.stat("file"));
            for name in ["out/f", "link"] {
                let key = key(name);
                assert!(folder.install(case.staged("new"), &key).is_err());
                assert!(folder.replace(case.staged("new"), &key, &stat, &Displaced::Trash).is_err());
                assert!(folder.remove(&key, &stat).is_err());
                assert!(folder.rename(&key, &stat, &self::key("to")).is_err());
                assert!(folder.rename(&self::key("file"), &case.stat("file"), &key).is_err());
            }
            let beside = Displaced::Beside(key("out/new"));
            assert!(folder.replace(case.staged("new"), &key("file"), &case.stat("file"), &beside).is_err());
            assert!(folder.install(case.staged("new"), &key("out/new/deep")).is_err());
            assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
            assert_eq!(fs::read_to_string(outside.path().join("f")).unwrap(), "precious");
            assert_eq!(case.read("file"), "mine");
        });
    }

    #[test]
    fn a_replaced_file_goes_to_the_trash_or_beside() {
        everywhere(|case| {
            case.write("a/f", "old");
            fs::set_permissions(case.path("a/f"), fs::Permissions::from_mode(0o400)).unwrap();
            let stat = case.folder.replace(case.staged("new"), &key("a/f"), &case.stat("a/f"), &Displaced::Trash);
            assert_eq!(stat.unwrap(), case.stat("a/f"));
            assert_eq!((case.read("a/f"), case.read(".s4/trash/run/a/f")), ("new".into(), "old".into()));
            let beside = Displaced::Beside(key("a/f.conflict"));
            case.folder.replace(case.staged("newer"), &key("a/f"), &case.stat("a/f"), &beside).unwrap();
            assert_eq!((case.read("a/f"), case.read("a/f.conflict")), ("newer".into(), "new".into()));
        });
    }

    #[test]
    fn a_file_that_is_not_what_was_expected_stays() {
        everywhere(|case| {
            case.write("f", "old");
            case.write("taken", "taken");
            let known = case.stat("f");
            let changed =
                |result: Result<(), Error>| assert!(matches!(result, Err(Error::Changed { .. })), "{result:?}");
            let folder = &case.folder;
            let try_all = |name: &str, stat: &Stat| {
                changed(folder.replace(case.staged("new"), &key(name), stat, &Displaced::Trash).map(drop));
                changed(folder.remove(&key(name), stat));
                changed(folder.rename(&key(name), stat, &key("to")).map(drop));
            };
            try_all("none", &known);
            try_all("no/ne", &known);
            case.write("f", "edited");
            try_all("f", &known);
            let beside = Displaced::Beside(key("taken"));
            let result = folder.replace(case.staged("new"), &key("f"), &case.stat("f"), &beside);
            assert!(matches!(result, Err(Error::Exists { .. })));
            let result = folder.rename(&key("f"), &case.stat("f"), &key("taken"));
            assert!(matches!(result, Err(Error::Exists { .. })));
            assert_eq!((case.read("f"), case.read("taken")), ("edited".into(), "taken".into()));
            assert_eq!(case.everything(), ["edited", "taken"]);
        });
    }

    #[test]
    fn an_edit_between_the_look_and_the_move_is_given_back() {
        everywhere(|case| {
            case.write("a/f", "old");
            let known = case.stat("a/f");
            case.write("a/f", "edit");
            // As if the edit had come after the first look: the steps themselves.
            let slot = Slot::new(&case.folder, 0, Path::new("a/f")).unwrap();
            fs::rename(case.path("a/f"), case.slot_path(&slot)).unwrap();
            assert!(!case.folder.holds(&slot, &known));
            case.folder.put_back(&slot);
            drop(slot);
            assert_eq!(case.read("a/f"), "edit");
            // And with the place taken by then.
            let slot = Slot::new(&case.folder, 0, Path::new("a/f")).unwrap();
            fs::rename(case.path("a/f"), case.slot_path(&slot)).unwrap();
            case.write("a/f", "later");
            case.folder.put_back(&slot);
            drop(slot);
            assert_eq!((case.read("a/f"), case.read("a/f.conflict-run")), ("later".into(), "edit".into()));
        });
    }

    #[test]
    fn an_exchange_that_brought_out_an_edit_is_undone() {
        let undo = |meanwhile: &dyn Fn(&Case)| {
            let case = Case::new();
            case.write("a/f", "edit");
            let mut staged = case.staged("ours");
            let ours = staged.stat().unwrap().inode;
            let slot = Slot::new(&case.folder, ours, Path::new("a/f")).unwrap();
            case.folder.exchange(&mut staged, &key("a/f"), &slot).unwrap();
            assert_eq!(case.read("a/f"), "ours");
            meanwhile(&case);
            case.folder.exchange_back(&key("a/f"), &slot, ours);
            drop((staged, slot));
            case.nothing_is_left_over();
            case
        };
        let case = undo(&|_| {});
        assert_eq!(case.everything(), ["edit"]);
        let case = undo(&|case| fs::remove_file(case.path("a/f")).unwrap());
        assert_eq!((case.read("a/f"), case.everything()), ("edit".into(), vec!["edit".into()]));
        let case = undo(&|case| {
            case.write("new", "later");
            fs::rename(case.path("new"), case.path("a/f")).unwrap();
        });
        assert_eq!((case.read("a/f"), case.everything()), ("later".into(), vec!["edit".into(), "later".into()]));
    }

    #[test]
    fn a_removed_file_is_in_the_trash_and_empty_folders_go() {
        everywhere(|case| {
            case.write("a/b/c/f", "one");
            case.write("a/other", "two");
            case.folder.remove(&key("a/b/c/f"), &case.stat("a/b/c/f")).unwrap();
            assert!(!case.path("a/b").exists());
            case.folder.remove(&key("a/other"), &case.stat("a/other")).unwrap();
            assert!(!case.path("a").exists() && case.folder.path().exists());
            assert_eq!(case.read(".s4/trash/run/a/b/c/f"), "one");
        });
    }

    #[test]
    fn a_renamed_file_may_trade_places_with_its_folder() {
        everywhere(|case| {
            case.write("a", "text");
            let stat = case.folder.rename(&key("a"), &case.stat("a"), &key("a/b/c")).unwrap();
            assert_eq!((case.stat("a/b/c"), case.read("a/b/c")), (stat, "text".into()));
            case.folder.rename(&key("a/b/c"), &stat, &key("a")).unwrap();
            assert_eq!(case.read("a"), "text");
            case.folder.rename(&key("a"), &case.stat("a"), &key("A")).unwrap();
            assert_eq!(case.everything(), ["text"]);
        });
    }

    #[test]
    fn threads_that_fill_and_empty_one_folder_do_not_fail() {
        let case = Case::new();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let case = &case;
                scope.spawn(move || {
                    for _ in 0..200 {
                        let key = key(&format!("x/y/{thread}"));
                        let stat = case.folder.install(case.staged("text"), &key).unwrap();
                        case.folder.remove(&key, &stat).unwrap();
                    }
                });
            }
        });
        case.nothing_is_left_over();
        assert_eq!(case.everything().len(), 800);
    }

    #[test]
    fn the_deepest_and_the_longest_keys_work() {
        let case = Case::new();
        for name in ["d/".repeat(511) + "f", "n".repeat(255), ["x".repeat(255).as_str(); 4].join("/")] {
            let key = key(&name);
            let stat = case.folder.install(case.staged("1"), &key).unwrap();
            let stat = case.folder.replace(case.staged("2"), &key, &stat, &Displaced::Trash).unwrap();
            case.folder.remove(&key, &stat).unwrap();
        }
        case.nothing_is_left_over();
        assert_eq!(fs::read_dir(case.folder.path()).unwrap().count(), 1);
    }
}
