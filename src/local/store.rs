//! s4's own small files: the local index and caches, replaced whole or not at all.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;

use super::beneath::{At, LIST, open};
use super::folder::{Home, open_regular};
use super::sys::{fsync, renameat, unlinkat};
use super::{Error, Folder, Stat};
use crate::key::INDEX;

/// The change log of the local index, in the private folder.
const LOG: &str = "log";

/// No index is larger: that would be one of some ten million keys.
pub(crate) const LARGEST: u64 = 1 << 30;

impl Folder {
    /// The bytes of the local index and its mtime (nanoseconds since the epoch); `None` if there is none.
    ///
    /// # Errors
    ///
    /// Everything but a proven absence: [`Error::InTheWay`], [`Error::Denied`], [`Error::Io`].
    pub fn read_index(&self) -> Result<Option<(Vec<u8>, i128)>, Error> {
        self.read_own(&self.meta, INDEX)
    }

    /// The stats of the local index and of its change log: as long as they are the same, so is what is in them.
    ///
    /// # Errors
    ///
    /// As [`Folder::read_index`].
    pub fn index_stats(&self) -> Result<[Option<Stat>; 2], Error> {
        Ok([self.stat_own(&self.meta, INDEX)?, self.stat_own(&self.private, LOG)?])
    }

    /// Replaces the local index: after a crash at any instant the old one or the new one is there, whole.
    ///
    /// # Errors
    ///
    /// [`Error::NoSpace`], [`Error::Denied`], [`Error::InTheWay`], [`Error::Io`]; the old index then stands.
    pub fn write_index(&self, bytes: &[u8]) -> Result<(), Error> {
        self.write_to_last(&self.meta, INDEX, bytes)
    }

    /// The bytes of the local index's change log and its mtime, as [`Folder::read_index`].
    ///
    /// # Errors
    ///
    /// As [`Folder::read_index`].
    pub fn read_log(&self) -> Result<Option<(Vec<u8>, i128)>, Error> {
        self.read_own(&self.private, LOG)
    }

    /// Replaces the change log, as [`Folder::write_index`].
    ///
    /// # Errors
    ///
    /// As [`Folder::write_index`].
    pub fn write_log(&self, bytes: &[u8]) -> Result<(), Error> {
        self.write_to_last(&self.private, LOG, bytes)
    }

    /// Takes the change log away, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Folder::remove_cache`].
    pub fn remove_log(&self) -> Result<(), Error> {
        self.remove_cache(LOG)
    }

    /// Replaces a file of ours; its name lasts as well.
    fn write_to_last(&self, home: &Home, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let dir = self.write_own(home, name, bytes)?;
        let path = self.path_in(home, Path::new(name));
        let listed = open(&dir, Path::new(""), LIST, Mode::empty()).map_err(|errno| Error::new(errno, &path))?;
        fsync(&File::from(listed)).map_err(|source| Error::new(source, &path))
    }

    /// Renames a damaged local index to a free `index.damaged-<n>` in the private folder, and tells where it is.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if there is none, [`Error::NoSpace`], [`Error::Denied`], [`Error::Io`].
    pub fn set_index_aside(&self) -> Result<PathBuf, Error> {
        let path = self.path_in(&self.meta, Path::new(INDEX));
        let from = self.make_dir(&self.meta, Path::new(""))?;
        let to = self.make_dir(&self.private, Path::new(""))?;
        for number in 1_u64.. {
            let name = format!("index.damaged-{number}");
            match self.renames.noreplace(At::new(&from, INDEX.as_ref()), At::new(&to, name.as_ref())) {
                Ok(()) => return Ok(self.path_in(&self.private, Path::new(&name))),
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(Error::new(errno, &path)),
            }
        }
        Err(Error::Exists { path })
    }

    /// The bytes of a cache file in the private folder; `None` if there is none. `name` is one file name.
    ///
    /// # Errors
    ///
    /// [`Error::InTheWay`], [`Error::Denied`], [`Error::Io`].
    pub fn read_cache(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.read_own(&self.private, name)?.map(|(bytes, _)| bytes))
    }

    /// Where a cache file is.
    pub fn cache_path(&self, name: &str) -> PathBuf {
        self.path_in(&self.private, Path::new(name))
    }

    /// Replaces a cache file in one step. After a crash of the machine there is the old one, the new one, or none.
    ///
    /// # Errors
    ///
    /// [`Error::NoSpace`], [`Error::Denied`], [`Error::InTheWay`], [`Error::Io`].
    pub fn write_cache(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.write_own(&self.private, name, bytes).map(drop)
    }

    /// Takes a cache file away; [`Folder::sync_all`] makes that last.
    ///
    /// # Errors
    ///
    /// [`Error::InTheWay`], [`Error::Denied`], [`Error::Io`].
    pub fn remove_cache(&self, name: &str) -> Result<(), Error> {
        let Some(dir) = self.find_dir(&self.private, Path::new(""))? else {
            return Ok(());
        };
        match unlinkat(&dir, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(Error::new(errno, &self.path_in(&self.private, Path::new(name)))),
        }
    }

    fn stat_own(&self, home: &Home, name: &str) -> Result<Option<Stat>, Error> {
        let Some(dir) = self.find_dir(home, Path::new(""))? else { return Ok(None) };
        match At::new(&dir, OsStr::new(name)).stat() {
            Ok((_, stat)) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(Error::new(errno, &self.path_in(home, Path::new(name)))),
        }
    }

    fn read_own(&self, home: &Home, name: &str) -> Result<Option<(Vec<u8>, i128)>, Error> {
        let Some(dir) = self.find_dir(home, Path::new(""))? else {
            return Ok(None);
        };
        let path = self.path_in(home, Path::new(name));
        let (file, stat) = match open_regular(&dir, Path::new(name), &path) {
            Err(Error::NotFound { .. }) => return Ok(None),
            opened => opened?,
        };
        // One byte more than any index has shows that it is none.
        let most = LARGEST + 1;
        let mut bytes = Vec::with_capacity(stat.size.min(most).try_into().unwrap_or(0));
        file.take(most).read_to_end(&mut bytes).map_err(|source| Error::new(source, &path))?;
        Ok(Some((bytes, stat.mtime_ns)))
    }

    /// Replaces a file of ours; returns the folder that it is in.
    fn write_own(&self, home: &Home, name: &str, bytes: &[u8]) -> Result<OwnedFd, Error> {
        let path = self.path_in(home, Path::new(name));
        let mut staged = self.stage_in(&self.private)?;
        staged.write_at(0, bytes)?;
        staged.sync()?;
        let dir = self.make_dir(home, Path::new(""))?;
        staged.moved(|from| renameat(from.dir, from.name, &dir, name).map_err(|errno| Error::new(errno, &path)))?;
        Ok(dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn the_index_is_where_s4_always_had_it_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        folder.write_index(b"one").unwrap();
        folder.write_index(b"two").unwrap();
        let (bytes, mtime) = folder.read_index().unwrap().unwrap();
        let found = fs::metadata(dir.path().join(".index")).unwrap();
        assert_eq!(bytes, b"two");
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
        assert!(mtime > 1_000_000_000_000_000_000);
        assert_eq!(fs::read_dir(dir.path().join(".s4/staging")).unwrap().count(), 0);
    }

    #[test]
    fn with_a_state_folder_nothing_is_written_in_the_folder() {
        let (dir, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let below = state.path().join("a/b");
        let folder = Folder::open(dir.path(), Some(&below)).unwrap();
        folder.write_index(b"index").unwrap();
        folder.write_cache("remote", b"cache").unwrap();
        assert_eq!(fs::read(below.join(".index")).unwrap(), b"index");
        assert_eq!(fs::read(below.join("remote")).unwrap(), b"cache");
        assert_eq!(folder.read_cache("remote").unwrap().unwrap(), b"cache");
        assert_eq!(fs::metadata(&below).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn damaged_indexes_are_kept_under_names_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        for number in 1..3 {
            folder.write_index(format!("damaged {number}").as_bytes()).unwrap();
            let aside = folder.set_index_aside().unwrap();
            assert_eq!(aside, dir.path().join(format!(".s4/index.damaged-{number}")));
            assert_eq!(fs::read_to_string(aside).unwrap(), format!("damaged {number}"));
        }
        assert!(folder.read_index().unwrap().is_none());
        assert!(matches!(folder.set_index_aside(), Err(Error::NotFound { .. })));
    }

    #[test]
    fn an_index_that_is_a_link_is_neither_read_nor_written_through() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(other.path().join("precious"), "precious").unwrap();
        symlink(other.path().join("precious"), dir.path().join(".index")).unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        assert!(matches!(folder.read_index(), Err(Error::InTheWay { .. })));
        folder.write_index(b"new").unwrap();
        assert_eq!(fs::read_to_string(other.path().join("precious")).unwrap(), "precious");
        assert_eq!(folder.read_index().unwrap().unwrap().0, b"new");
    }
}
