//! What a run that died left half done is finished or undone at the start of the next, under the lock.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Mode};

use super::beneath::{LIST, open};
use super::folder::Home;
use super::slot::{SWAP, Slot};
use super::staging::STAGING;
use super::sys::unlinkat;
use super::trash::{Tree, list};
use super::{Error, Folder, Stat, printable};
use crate::key::Key;

/// A file of the user's that a run which died had moved, and what became of it.
#[derive(Debug)]
pub struct Recovered {
    /// Its path below the folder, made printable.
    pub path: String,
    /// Where it is now.
    pub fate: Fate,
}

/// Where a recovered file is now.
#[derive(Debug)]
pub enum Fate {
    /// In its own place again.
    Restored,
    /// Its place was taken and it was not what was last synced, an edit: it has this key now.
    Beside(Key),
    /// Its place was taken and it was what was last synced: in the trash.
    Trashed,
    /// Nowhere to go for now. It is where it was, below `swap`, and the next run tries again.
    Stuck(Error),
}

impl Folder {
    /// Finishes or undoes what a run that died was doing. To be called under the lock, before the scan. Unfinished
    /// downloads are deleted; every file of the user's is kept, and reported.
    ///
    /// `base` tells a key's stat when it was last synced, `conflict_name` a free name beside a key.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`], [`Error::InTheWay`], [`Error::Io`] if s4's own folders cannot be read.
    pub fn recover(
        &self,
        base: &mut dyn FnMut(&Key) -> Option<Stat>,
        conflict_name: &dyn Fn(&Key) -> Key,
    ) -> Result<Vec<Recovered>, Error> {
        self.clear_staging(&self.work)?;
        if self.private != self.work {
            self.clear_staging(&self.private)?;
        }
        let mut recovered = Vec::new();
        let Some(swap) = self.find_dir(&self.work, Path::new(SWAP))? else {
            return Ok(recovered);
        };
        let failed = |errno| Error::new(errno, &self.path_in(&self.work, Path::new(SWAP)));
        let listed = open(&swap, Path::new(""), LIST, Mode::empty()).and_then(list).map_err(failed)?;
        for (name, _) in listed.iter().filter(|(_, kind)| *kind == FileType::Directory) {
            // Slots have plain names; anything else in there is not s4's doing.
            let Ok(name) = str::from_utf8(name) else { continue };
            let Some(ours) = name.split('-').next().and_then(|inode| inode.parse().ok()) else { continue };
            let tree = Tree::read(&swap, Path::new(name)).map_err(failed)?;
            for file in &tree.files {
                let below = file.strip_prefix(name).unwrap_or(file);
                let fate = match Slot::left(&swap, name, below) {
                    Ok(slot) => self.recover_file(&slot, ours, base, conflict_name),
                    Err(errno) => Some(Fate::Stuck(Error::new(errno, &self.path_in(&self.work, file)))),
                };
                let path = printable(below.as_os_str().as_bytes());
                recovered.extend(fate.map(|fate| Recovered { path, fate }));
            }
            tree.remove_folders(&swap);
            // Without a file it had no folder that could have taken it along.
            let _ = unlinkat(&swap, name, AtFlags::REMOVEDIR);
        }
        Ok(recovered)
    }

    /// `None`: it was no file of the user's.
    fn recover_file(
        &self,
        slot: &Slot,
        ours: u64,
        base: &mut dyn FnMut(&Key) -> Option<Stat>,
        conflict_name: &dyn Fn(&Key) -> Key,
    ) -> Option<Fate> {
        if slot.discard(|stat| stat.inode == ours) {
            return None;
        }
        // Whatever was being done to it was never committed, so the plan will come to it again.
        let taken = match self.place(slot.at(), &slot.below) {
            Ok(()) => return Some(Fate::Restored),
            Err(error @ (Error::Exists { .. } | Error::InTheWay { .. })) => error,
            Err(error) => return Some(Fate::Stuck(error)),
        };
        let Some(key) = slot.below.to_str().and_then(|below| Key::parse(below).ok()) else {
            return Some(Fate::Stuck(taken));
        };
        let done = if base(&key).is_some_and(|stat| self.holds(slot, &stat)) {
            self.trash(slot).map(|_| Fate::Trashed)
        } else {
            let beside = conflict_name(&key);
            self.place(slot.at(), Path::new(beside.as_str())).map(|()| Fate::Beside(beside))
        };
        Some(done.unwrap_or_else(Fate::Stuck))
    }

    fn clear_staging(&self, home: &Home) -> Result<(), Error> {
        let Some(staging) = self.find_dir(home, Path::new(STAGING))? else {
            return Ok(());
        };
        let names: Result<Vec<_>, _> =
            open(&staging, Path::new(""), LIST, Mode::empty()).and_then(|listed: OwnedFd| list(listed));
        for (name, _) in names.map_err(|errno| Error::new(errno, &self.path_in(home, Path::new(STAGING))))? {
            // What cannot be removed does no harm.
            let _ = unlinkat(&staging, name.as_slice(), AtFlags::empty());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::Displaced;
    use crate::local::moves::Renames;
    use crate::local::testing::{Case, key};
    use std::fs;

    fn fates(case: &Case, base: Option<Stat>) -> Vec<(String, String)> {
        let recovered = case.folder.recover(&mut |_| base, &|_| key("beside")).unwrap();
        case.nothing_is_left_over();
        recovered.into_iter().map(|found| (found.path, format!("{:?}", found.fate))).collect()
    }

    fn one(path: &str, fate: &str) -> Vec<(String, String)> {
        vec![(path.to_owned(), fate.to_owned())]
    }

    /// A replacement that dies after `steps` of its steps; the base's stat.
    fn replacement_dies(case: &Case, steps: usize) -> Stat {
        case.write("a/f", "old");
        let base = case.stat("a/f");
        let mut staged = case.staged("download");
        if steps > 0 {
            let slot = Slot::new(&case.folder, staged.stat().unwrap().inode, Path::new("a/f")).unwrap();
            match steps {
                1 => staged.relocate(slot.at(), |from, to| Renames::default().noreplace(from, to)).unwrap(),
                _ => case.folder.exchange(&mut staged, &key("a/f"), &slot).unwrap(),
            }
            if steps > 2 {
                case.folder.trash(&slot).unwrap();
            }
            std::mem::forget(slot);
        }
        std::mem::forget(staged);
        base
    }

    #[test]
    fn a_replacement_that_died_before_the_exchange_leaves_the_old_file() {
        for steps in [0, 1] {
            let case = Case::new();
            let base = replacement_dies(&case, steps);
            assert_eq!(fates(&case, Some(base)), []);
            assert_eq!((case.everything(), case.stat("a/f")), (vec!["old".to_owned()], base));
        }
    }

    #[test]
    fn a_replacement_that_died_after_the_exchange_leaves_the_new_file_and_the_old_in_the_trash() {
        for steps in [2, 3] {
            let case = Case::new();
            let base = replacement_dies(&case, steps);
            let expected = if steps == 2 { one("a/f", "Trashed") } else { Vec::new() };
            assert_eq!(fates(&case, Some(base)), expected);
            assert_eq!((case.read("a/f"), case.read(".s4/trash/run/a/f")), ("download".into(), "old".into()));
        }
    }

    #[test]
    fn an_edit_that_a_dead_exchange_took_out_gets_a_name_beside() {
        for base in [None, Some(Stat::default())] {
            let case = Case::new();
            replacement_dies(&case, 2);
            assert_eq!(fates(&case, base), one("a/f", "Beside(\"beside\")"));
            assert_eq!((case.read("a/f"), case.read("beside")), ("download".into(), "old".into()));
        }
    }

    #[test]
    fn what_a_dead_exchange_took_out_comes_back_if_its_place_is_free() {
        let case = Case::new();
        let base = replacement_dies(&case, 2);
        fs::remove_dir_all(case.path("a")).unwrap();
        assert_eq!(fates(&case, Some(base)), one("a/f", "Restored"));
        assert_eq!(case.read("a/f"), "old");
    }

    /// A file moved out, by a removal, a rename or a replacement without exchange; the base's stat.
    fn taken_out(case: &Case) -> Stat {
        case.write("a/f", "old");
        let base = case.stat("a/f");
        let slot = Slot::new(&case.folder, 0, Path::new("a/f")).unwrap();
        case.folder.take_out(&key("a/f"), &base, &slot).unwrap();
        std::mem::forget(slot);
        base
    }

    #[test]
    fn a_file_that_a_dead_run_took_out_comes_back() {
        let case = Case::new();
        let base = taken_out(&case);
        fs::remove_dir(case.path("a")).unwrap();
        assert_eq!(fates(&case, Some(base)), one("a/f", "Restored"));
        assert!(case.stat("a/f").same_content(&base));
    }

    #[test]
    fn a_file_that_a_dead_run_took_out_yields_to_what_took_its_place() {
        for (base, fate, place) in [(true, "Trashed", ".s4/trash/run/a/f"), (false, "Beside(\"beside\")", "beside")] {
            let case = Case::new();
            let stat = taken_out(&case);
            case.write("a/f", "newer");
            assert_eq!(fates(&case, base.then_some(stat)), one("a/f", fate));
            assert_eq!((case.read("a/f"), case.read(place)), ("newer".into(), "old".into()));
        }
    }

    #[test]
    fn what_has_nowhere_to_go_stays_until_it_has() {
        let case = Case::new();
        taken_out(&case);
        case.write("a/f", "newer");
        case.write("beside", "taken");
        for _ in 0..2 {
            let recovered = case.folder.recover(&mut |_| None, &|_| key("beside")).unwrap();
            assert!(matches!(recovered[..], [Recovered { fate: Fate::Stuck(Error::Exists { .. }), .. }]));
            assert_eq!(case.everything(), ["newer", "old", "taken"]);
        }
        fs::remove_file(case.path("beside")).unwrap();
        assert_eq!(fates(&case, None), one("a/f", "Beside(\"beside\")"));
    }

    #[test]
    fn a_folder_that_was_moved_out_instead_of_a_file_comes_back_whole() {
        let case = Case::new();
        case.write("a/f/x", "1");
        case.write("a/f/y/z", "2");
        let slot = Slot::new(&case.folder, 0, Path::new("a/f")).unwrap();
        fs::rename(case.path("a/f"), case.slot_path(&slot)).unwrap();
        drop(slot);
        assert_eq!(fates(&case, None).len(), 2);
        assert_eq!((case.read("a/f/x"), case.read("a/f/y/z")), ("1".into(), "2".into()));
    }

    #[test]
    fn a_dead_replacement_without_exchange_loses_nothing() {
        let mut case = Case::new();
        case.folder.renames = Renames { flags: false, links: true };
        let base = taken_out(&case);
        std::mem::forget(case.staged("download"));
        assert_eq!(fates(&case, Some(base)), one("a/f", "Restored"));
        let stat = case.stat("a/f");
        case.folder.replace(case.staged("download"), &key("a/f"), &stat, &Displaced::Trash).unwrap();
        assert_eq!(case.everything(), ["download", "old"]);
    }
}
