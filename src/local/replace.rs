//! The only code that changes the user's files. Nothing is overwritten and nothing deleted: a file goes by being moved,
//! is checked after the move to be what the plan knew, and ends up in the trash.
//!
//! Nothing here waits for the disk: contents are put there by [`Staged::sync`] before, names by [`Folder::sync_all`].

use std::path::Path;

use rustix::io::Errno;

use super::beneath::{At, open_dir, split};
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
        let before = staged.stat()?;
        staged.moved(|from| self.place(from, Path::new(key.as_str())))?;
        staged.stat_since(&before)
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
        let ours = staged.stat()?;
        let slot = Slot::new(self, ours.inode, Path::new(key.as_str()))?;
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
            self.exchange_back(key, &slot, &ours);
            return Err(error);
        }
        staged.stat_since(&ours)
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
        self.prune(below);
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
        self.prune(source);
        self.place(slot.at(), target).inspect_err(|_| self.put_back(&slot))?;
        match self.own_stat(to)? {
            Some(stat) if stat.same_content(expected) => Ok(stat),
            _ => Err(Error::Changed { path: self.path_of(to) }),
        }
    }

    /// Moves the staged file into `slot` and swaps it with the file `key`. On an error that file is untouched, and the
    /// other is still staged.
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
            // In the slot by now, but still to be removed when dropped.
            Err(errno) => Err(errno),
        }
    }

    /// Undoes [`Folder::exchange`]: what is in `slot` goes back to `key`, and our own file `ours` goes.
    fn exchange_back(&self, key: &Key, slot: &Slot, ours: &Stat) {
        let (parent, name) = split(Path::new(key.as_str()));
        let swap = || {
            let dir = open_dir(&self.root, parent)?;
            self.renames.exchange(slot.at(), At::new(&dir, name))
        };
        if swap().is_err() {
            // Ours is gone from the key already: the user removed or moved it.
            self.put_back(slot);
        } else if !slot.discard(|stat| stat.same_content(ours)) {
            // The user has replaced or edited our file at that very moment. The newest content gets the key, and the one
            // that was there before is kept in the trash, or in the slot.
            match swap() {
                Ok(()) => drop(self.trash(slot)),
                Err(_) => self.put_back(slot),
            }
        }
    }

    /// Takes care of the old file in `slot`.
    fn displace(&self, slot: &Slot, displaced: &Displaced) -> Result<(), Error> {
        match displaced {
            Displaced::Trash => self.trash(slot).map(drop),
            Displaced::Beside(key) => self.place(slot.at(), Path::new(key.as_str())),
        }
    }

    /// Replaces where two names cannot be swapped: the old file out, the new one in. A crash in between leaves the old
    /// one in its slot, from where [`Folder::recover`] brings it back.
    fn replace_by_moves(
        &self,
        mut staged: Staged,
        key: &Key,
        expected: &Stat,
        displaced: &Displaced,
    ) -> Result<Stat, Error> {
        let below = Path::new(key.as_str());
        let before = staged.stat()?;
        let slot = Slot::new(self, before.inode, below)?;
        self.take_out(key, expected, &slot)?;
        if let Displaced::Beside(other) = displaced {
            self.place(slot.at(), Path::new(other.as_str())).inspect_err(|_| self.put_back(&slot))?;
            return match staged.moved(|from| self.place(from, below)) {
                Ok(()) => staged.stat_since(&before),
                Err(error) => {
                    // Back, if the place is still free. If not, each content has a key of its own.
                    if let Ok(Some(stat)) = self.stat(other)
                        && stat.same_content(expected)
                    {
                        let _ = self.rename(other, &stat, key);
                    }
                    Err(match error {
                        Error::Exists { path } => Error::Changed { path },
                        error => error,
                    })
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
        staged.stat_since(&before)
    }
}
#[cfg(test)]
mod tests;
