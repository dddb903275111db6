//! New contents, written where nobody looks until they are whole.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fd::OwnedFd;
use rustix::fs::{FallocateFlags, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT};
use rustix::io::Errno;

use super::beneath::{At, LIST, convert, open, prune};
use super::folder::Home;
use super::moves::unknown;
use super::sys::{fallocate, fchmod, fstat, fstatvfs, fsync, futimens, openat, write_all_at};
use super::{Error, Folder, Stat};

/// The folder in one of s4's homes where new files grow.
pub(super) const STAGING: &str = "staging";

/// A file that is being made. Unless it is installed, it goes when this is dropped; one that another run may go on with stays.
#[derive(Debug)]
pub struct Staged {
    file: File,
    /// Where it is; `None` once it has been moved to its place.
    place: Option<(OwnedFd, OsString)>,
    path: PathBuf,
    default_mode: u32,
    /// Whether it stays where it is when this is dropped, for another run to go on with.
    stays: bool,
    /// Whether it is a symbolic link: then it can be neither written to nor flushed by itself.
    is_link: bool,
}

impl Folder {
    /// Begins a new file in staging.
    ///
    /// # Errors
    ///
    /// [`Error::NoSpace`], [`Error::Denied`], [`Error::InTheWay`] if `.s4` is no folder, [`Error::Io`].
    pub fn stage(&self) -> Result<Staged, Error> {
        self.stage_in(&self.work)
    }

    pub(super) fn stage_in(&self, home: &Home) -> Result<Staged, Error> {
        let below = Path::new(STAGING);
        let dir = self.make_dir(home, below)?;
        // The process's umask can be read only by changing it, but the first file made shows it. Nobody else gets at
        // that file by its mode: the folder above it is ours alone.
        let known = self.default_mode.get().copied();
        let mode = Mode::from_raw_mode(if known.is_some() { 0o600 } else { 0o666 });
        loop {
            let name = Staged::free_name();
            let path = self.path_in(home, below).join(&name);
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = match openat(&dir, &name, flags, mode) {
                Ok(file) => File::from(file),
                // Left by a process of the same id.
                Err(Errno::EXIST) => continue,
                Err(errno) => return Err(Error::new(errno, &path)),
            };
            let place = Some((dir, name.into()));
            let mut staged = Staged { file, place, path, default_mode: 0o600, stays: false, is_link: false };
            staged.default_mode = match known {
                Some(mode) => mode,
                None => *self.default_mode.get_or_init(|| 0o666 & staged.mode().unwrap_or(0o600)),
            };
            if known.is_none() {
                staged.chmod(0o600)?;
            }
            return Ok(staged);
        }
    }

    /// Takes staging away again, and the folder that it is in, as far as they are empty: in a folder that is no target's.
    pub fn leave(&self) {
        prune(&self.root, &self.work.below.join(STAGING).join("any"));
    }

    /// A file that is not in staging, and stays where it is.
    pub(super) fn staged_in(&self, place: (OwnedFd, OsString), file: File, path: PathBuf) -> Result<Staged, Error> {
        let default_mode = match self.default_mode.get() {
            Some(mode) => *mode,
            None => self.stage()?.default_mode,
        };
        Ok(Staged { file, place: Some(place), path, default_mode, stays: true, is_link: false })
    }
}

impl Staged {
    /// A name in staging that this process has not used.
    pub(super) fn free_name() -> String {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
    }

    /// A symbolic link, with a handle on itself.
    pub(super) fn link(place: (OwnedFd, OsString), link: File, path: PathBuf) -> Staged {
        Staged { file: link, place: Some(place), path, default_mode: 0o600, stays: false, is_link: true }
    }

    /// Writes all of `bytes` at `offset` (bytes from the beginning). Several threads may write different places.
    ///
    /// # Errors
    ///
    /// [`Error::NoSpace`], [`Error::Io`].
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        write_all_at(&self.file, bytes, offset).map_err(|source| Error::new(source, &self.path))
    }

    /// A second handle to write with, to given places.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn writer(&self) -> Result<File, Error> {
        self.file.try_clone().map_err(|source| Error::new(source, &self.path))
    }

    /// Reserves `size` bytes, so that a disk without room for them shows before the transfer and not at its end. Where the
    /// file system cannot do that, nothing happens.
    ///
    /// # Errors
    ///
    /// [`Error::NoRoom`]: the size is the bucket's word, so this says nothing about other files. [`Error::Io`].
    pub fn allocate(&self, size: u64) -> Result<(), Error> {
        if size == 0 {
            return Ok(());
        }
        // Some file systems take all that is left before they say that it is too little, and everybody else finds a full disk.
        if fstatvfs(&self.file).is_ok_and(|disk| disk.f_frsize > 0 && size / disk.f_frsize > disk.f_bavail) {
            return Err(Error::NoRoom { path: self.path.clone(), size });
        }
        match fallocate(&self.file, FallocateFlags::empty(), 0, size) {
            Err(Errno::NOSPC | Errno::DQUOT) => Err(Error::NoRoom { path: self.path.clone(), size }),
            Err(errno) if !unknown(errno) => Err(self.failed(errno)),
            _ => Ok(()),
        }
    }

    /// A second handle, with its own position, to read back what was written. To be asked for before [`Staged::set`],
    /// which may take away the right to read.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if it has been installed or removed, [`Error::Io`].
    pub fn open(&self) -> Result<File, Error> {
        let Some((dir, name)) = &self.place else {
            return Err(Error::NotFound { path: self.path.clone() });
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(dir, name, flags, Mode::empty()).map_err(|errno| self.failed(errno))?.into())
    }

    /// Sets the time of change (nanoseconds since the epoch) and the permissions, after the last write. Only `0o777` of
    /// `mode` counts: no bucket gives a file the rights of its owner. `None` is what the umask leaves of `0o666`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]. That a file system has no permissions is no error.
    pub fn set(&self, mtime_ns: i128, mode: Option<u32>) -> Result<(), Error> {
        self.chmod(mode.unwrap_or(self.default_mode) & 0o777)?;
        futimens(&self.file, &times(mtime_ns)).map_err(|errno| self.failed(errno))
    }

    /// Puts the content on disk (fsync).
    ///
    /// # Errors
    ///
    /// [`Error::NoSpace`], [`Error::Io`].
    pub fn sync(&self) -> Result<(), Error> {
        if self.is_link {
            // It is all in its folder.
            return self.at_place(|at| {
                let dir = open(at.dir, Path::new(""), LIST, Mode::empty())?;
                fsync(&dir.into()).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
            });
        }
        fsync(&self.file).map_err(|source| Error::new(source, &self.path))
    }

    /// Does something to its name.
    pub(super) fn at_place(&self, step: impl FnOnce(At<'_>) -> Result<(), Errno>) -> Result<(), Error> {
        let Some((dir, name)) = &self.place else {
            return Err(Error::NotFound { path: self.path.clone() });
        };
        step(At::new(dir, name)).map_err(|errno| self.failed(errno))
    }

    /// Its stat as of now, wherever it has been moved.
    pub(super) fn stat(&self) -> Result<Stat, Error> {
        Ok(convert(&fstat(&self.file).map_err(|errno| self.failed(errno))?).1)
    }

    /// Its stat after it got its name; `before` is the one from before. A content that the user gave it since is not
    /// taken for ours: then the old stat is the answer, which shows the next scan that something changed.
    pub(super) fn stat_since(&self, before: &Stat) -> Result<Stat, Error> {
        let now = self.stat()?;
        Ok(if now.same_content(before) { now } else { *before })
    }

    /// Has `step` move the file to `to`, where it is still ours to remove.
    pub(super) fn relocate(
        &mut self,
        to: At<'_>,
        step: impl FnOnce(At<'_>, At<'_>) -> Result<(), Errno>,
    ) -> Result<(), Errno> {
        let Some((dir, name)) = &self.place else {
            return Err(Errno::NOENT);
        };
        let new = (to.dir.try_clone_to_owned().map_err(|_| Errno::MFILE)?, to.name.to_owned());
        step(At::new(dir, name), to)?;
        self.place = Some(new);
        self.stays = false;
        Ok(())
    }

    /// Says that it goes when it is dropped.
    pub fn goes(&mut self) {
        self.stays = false;
    }

    /// Lets go of the file: its name now is another's.
    pub(super) fn release(&mut self) {
        self.place = None;
    }

    /// Has `step` move the file, and lets go of it if that went well.
    pub(super) fn moved<T>(&mut self, step: impl FnOnce(At<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let Some((dir, name)) = &self.place else {
            return Err(Error::NotFound { path: self.path.clone() });
        };
        let done = step(At::new(dir, name))?;
        self.place = None;
        Ok(done)
    }

    fn mode(&self) -> Option<u32> {
        Some(convert(&fstat(&self.file).ok()?).1.mode)
    }

    fn chmod(&self, mode: u32) -> Result<(), Error> {
        // The width of a mode differs between systems; its bits fit into all.
        #[allow(clippy::useless_conversion)]
        let bits = Mode::from_bits_truncate(mode.try_into().unwrap_or(0o600));
        match fchmod(&self.file, bits) {
            // The file is ours, so this can only mean a file system without permissions.
            Err(Errno::PERM) => Ok(()),
            Err(errno) if !unknown(errno) => Err(self.failed(errno)),
            _ => Ok(()),
        }
    }

    fn failed(&self, errno: Errno) -> Error {
        Error::new(errno, &self.path)
    }
}

/// A time of change, in nanoseconds since the epoch, as the system takes it.
pub(super) fn times(mtime_ns: i128) -> Timestamps {
    let seconds = mtime_ns.div_euclid(1_000_000_000).clamp(i64::MIN.into(), i64::MAX.into());
    let nanoseconds = mtime_ns.rem_euclid(1_000_000_000);
    Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec {
            tv_sec: seconds.try_into().unwrap_or(0),
            tv_nsec: nanoseconds.try_into().unwrap_or(0),
        },
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some((dir, name)) = self.place.take().filter(|_| !self.stays) {
            // What cannot be removed now is removed by the next run.
            let _ = At::new(&dir, &name).unlink();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn staging(dir: &Path) -> usize {
        fs::read_dir(dir.join(".s4/staging")).map_or(0, Iterator::count)
    }

    #[test]
    fn a_staged_file_is_private_holds_what_was_written_and_goes_when_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        let staged = [folder.stage().unwrap(), folder.stage().unwrap()];
        for staged in &staged {
            staged.allocate(11).unwrap();
            staged.write_at(6, b"world").unwrap();
            staged.write_at(0, b"hello ").unwrap();
            staged.sync().unwrap();
            let mut text = String::new();
            staged.open().unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "hello world");
            assert_eq!(staged.stat().unwrap().mode, 0o600);
        }
        assert_eq!(fs::metadata(dir.path().join(".s4")).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(staging(dir.path()), 2);
        drop(staged);
        assert_eq!(staging(dir.path()), 0);
    }

    #[test]
    fn a_size_that_no_disk_has_room_for_is_told_from_a_full_disk() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        let size = 1 << 60;
        assert!(
            matches!(folder.stage().unwrap().allocate(size), Err(Error::NoRoom { size: told, .. }) if told == size)
        );
    }

    #[test]
    fn times_and_permissions_are_set_but_never_the_special_bits() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        let staged = folder.stage().unwrap();
        for (mtime, mode) in [(1_234_567_890_123_456_789, 0o6755), (-1_500_000_000, 0o1000), (0, 0o4777), (1, 0o640)] {
            staged.set(mtime, Some(mode)).unwrap();
            let stat = staged.stat().unwrap();
            assert_eq!((stat.mtime_ns, stat.mode), (mtime, mode & 0o777));
        }
        staged.set(i128::MAX, None).unwrap();
        fs::write(dir.path().join("ordinary"), "").unwrap();
        let ordinary = fs::metadata(dir.path().join("ordinary")).unwrap().permissions().mode() & 0o777;
        assert_eq!(staged.stat().unwrap().mode, ordinary);
    }

    #[test]
    fn a_link_in_place_of_the_private_folder_is_not_followed() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(other.path(), dir.path().join(".s4")).unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        assert!(matches!(folder.stage(), Err(Error::InTheWay { .. })));
        assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
    }
}
