//! What is in the trash, and its ways out: back into the folder, or for good.

use std::path::{Path, PathBuf};

use rustix::fs::FileType;

use super::beneath::{At, open_dir, prune, split};
use super::folder::open_regular;
use super::hash::hash_open;
use super::sys::readlinkat;
use super::trash::{TRASH, Tree};
use super::{Error, Folder, Stat};
use crate::content::Sha256;
use crate::key::Key;

/// A file in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trashed {
    /// The key that it had.
    pub key: Key,
    /// The run that put it there.
    pub run: String,
    /// Its stat; the ctime is when it was put there.
    pub stat: Stat,
}

impl Trashed {
    /// Its path below the trash.
    fn below(&self) -> PathBuf {
        Path::new(&self.run).join(self.key.as_str())
    }
}

impl Folder {
    /// What is in the trash, what came last first.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`], [`Error::InTheWay`], [`Error::Io`] if the trash cannot be read.
    pub fn trashed(&self) -> Result<Vec<Trashed>, Error> {
        let Some(trash) = self.find_dir(&self.work, Path::new(TRASH))? else { return Ok(Vec::new()) };
        let failed = |errno| Error::new(errno, &self.path_in(&self.work, Path::new(TRASH)));
        let tree = Tree::read(&trash, Path::new("")).map_err(failed)?;
        let mut found = Vec::with_capacity(tree.files.len());
        for path in &tree.files {
            let (parent, name) = split(path);
            let stat = open_dir(&trash, parent).and_then(|dir| At::new(&dir, name).stat());
            // What no sync has put there is none of ours.
            let named = path.to_str().and_then(|path| path.split_once('/'));
            if let (Ok((FileType::RegularFile | FileType::Symlink, stat)), Some((run, key))) = (stat, named)
                && let Ok(key) = Key::parse(key)
            {
                found.push(Trashed { key, run: run.to_owned(), stat });
            }
        }
        found.sort_by(|one, other| (other.stat.ctime_ns, &one.key).cmp(&(one.stat.ctime_ns, &other.key)));
        Ok(found)
    }

    /// The sum of a file in the trash.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if it is there no more; [`Error::Denied`], [`Error::InTheWay`], [`Error::Io`].
    pub fn hash_trashed(&self, trashed: &Trashed) -> Result<Sha256, Error> {
        let (below, path) = self.place_of(trashed);
        let trash = self.find_dir(&self.work, Path::new(TRASH))?;
        let trash = trash.ok_or_else(|| Error::NotFound { path: path.clone() })?;
        if trashed.stat.is_link() {
            let (parent, name) = split(&below);
            let target = open_dir(&trash, parent).and_then(|dir| readlinkat(&dir, name, Vec::new()));
            return Ok(Sha256::of(target.map_err(|errno| Error::new(errno, &path))?.as_bytes()));
        }
        let (file, stat) = open_regular(&trash, &below, &path)?;
        let content = hash_open(&file, stat.size, None).map_err(|source| Error::new(source, &path))?;
        Ok(content.sha256)
    }

    /// Moves a file from the trash to `key`, where nothing is. The caller holds the folder's lock.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`] if there is a file, [`Error::InTheWay`] if there is anything else, or a parent is no folder;
    /// [`Error::NotFound`] if it is in the trash no more; [`Error::Denied`], [`Error::Io`].
    pub fn take_from_trash(&self, trashed: &Trashed, key: &Key) -> Result<(), Error> {
        let (below, path) = self.place_of(trashed);
        let gone = || Error::NotFound { path: path.clone() };
        let trash = self.find_dir(&self.work, Path::new(TRASH))?.ok_or_else(gone)?;
        let (parent, name) = split(&below);
        let dir = open_dir(&trash, parent).map_err(|errno| Error::new(errno, &path))?;
        At::new(&dir, name).stat().map_err(|errno| Error::new(errno, &path))?;
        self.place(At::new(&dir, name), Path::new(key.as_str()))?;
        prune(&trash, &below);
        Ok(())
    }

    /// Deletes a file in the trash for good, if it is still the one that was seen; returns whether it was. The caller holds the
    /// folder's lock.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`], [`Error::Io`].
    pub fn delete_trashed(&self, trashed: &Trashed) -> Result<bool, Error> {
        let (below, path) = self.place_of(trashed);
        let Some(trash) = self.find_dir(&self.work, Path::new(TRASH))? else { return Ok(false) };
        let (parent, name) = split(&below);
        let Ok(dir) = open_dir(&trash, parent) else { return Ok(false) };
        let at = At::new(&dir, name);
        if !at.stat().is_ok_and(|(kind, stat)| kind != FileType::Directory && stat.same_file(&trashed.stat)) {
            return Ok(false);
        }
        at.unlink().map_err(|errno| Error::new(errno, &path))?;
        prune(&trash, &below);
        Ok(true)
    }

    /// A trashed file's path below the trash, and the whole one for messages.
    fn place_of(&self, trashed: &Trashed) -> (PathBuf, PathBuf) {
        let below = trashed.below();
        let path = self.path_in(&self.work, &Path::new(TRASH).join(&below));
        (below, path)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder whose trash has these files, by their paths below it.
    fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(".s4/trash").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let folder = Folder::open(dir.path(), None).unwrap();
        (dir, folder)
    }

    fn one(folder: &Folder, run: &str) -> Trashed {
        folder.trashed().unwrap().into_iter().find(|trashed| trashed.run == run).unwrap()
    }

    #[test]
    fn what_runs_put_there_is_listed_by_run_and_key() {
        let (dir, folder) = folder(&[("one/a/b", "12"), ("two/a/b", "3"), ("stray", ""), ("one/.index", "")]);
        std::os::unix::fs::symlink("a", dir.path().join(".s4/trash/one/link")).unwrap();
        let mut found: Vec<_> =
            folder.trashed().unwrap().iter().map(|it| (it.run.clone(), it.key.to_string(), it.stat.size)).collect();
        found.sort();
        let expected = [("one", "a/b", 2), ("one", "link", 1), ("two", "a/b", 1)];
        assert_eq!(found, expected.map(|(run, key, size)| (run.to_owned(), key.to_owned(), size)));
        assert_eq!(Folder::open(tempfile::tempdir().unwrap().path(), None).unwrap().trashed().unwrap(), []);
    }

    #[test]
    fn a_file_goes_back_to_a_free_place_and_to_no_other() {
        let (dir, folder) = folder(&[("one/a/b", "old")]);
        let trashed = one(&folder, "one");
        fs::create_dir(dir.path().join("a")).unwrap();
        fs::write(dir.path().join("a/b"), "new").unwrap();
        assert!(matches!(folder.take_from_trash(&trashed, &trashed.key), Err(Error::Exists { .. })));
        let beside = Key::parse("c/b").unwrap();
        folder.take_from_trash(&trashed, &beside).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("c/b")).unwrap(), "old");
        assert_eq!(fs::read_to_string(dir.path().join("a/b")).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path().join(".s4/trash")).unwrap().count(), 0, "no empty folder stays");
        assert!(matches!(folder.take_from_trash(&trashed, &beside), Err(Error::NotFound { .. })));
    }

    #[test]
    fn only_what_was_seen_is_deleted() {
        let (dir, folder) = folder(&[("one/a", "1"), ("two/b", "2")]);
        let (seen, other) = (one(&folder, "one"), one(&folder, "two"));
        fs::write(dir.path().join(".s4/trash/two/b"), "another").unwrap();
        assert_eq!((folder.delete_trashed(&seen).unwrap(), folder.delete_trashed(&other).unwrap()), (true, false));
        assert!(!folder.delete_trashed(&seen).unwrap());
        assert_eq!(folder.trashed().unwrap().len(), 1);
    }
}
