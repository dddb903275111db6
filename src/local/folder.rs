//! The handle on a target's folder, through which everything in it is reached.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::io::Errno;
use sha2::Digest;

use super::beneath::{At, LIST, convert, make_dirs, open, open_dir, split};
use super::moves::Renames;
use super::sys::{fstat, openat};
use super::trash::list;
use super::{Error, Ignore, Links, Stat};
use crate::content::to_hex;
use crate::key::{Key, PRIVATE, is_reserved};

/// The permission bits of what is nobody else's business.
pub(super) const OWNER_DIR: Mode = Mode::RWXU;

/// A target's folder, held open: renaming the folder elsewhere or putting a link in its place does not lead s4 astray.
///
/// Opening it makes nothing in it; s4's own folders are made by the first write that needs them.
pub struct Folder {
    path: PathBuf,
    pub(super) root: OwnedFd,
    device: u64,
    inode: u64,
    state: Option<PathBuf>,
    /// Where the index and the lock are.
    pub(super) meta: Home,
    /// Where caches are.
    pub(super) private: Home,
    /// Where staging, swap and trash are: on the folder's own file system, so that files move by renaming.
    pub(super) work: Home,
    run: Mutex<String>,
    /// How many folders the run has begun in the trash besides its first.
    pub(super) trash_folders: AtomicU64,
    /// What a new file's mode is by the process's umask, once known.
    pub(super) default_mode: OnceLock<u32>,
    pub(super) renames: Renames,
    pub(super) links: Links,
    /// Links that were followed.
    pub(super) followed: Mutex<BTreeSet<String>>,
    pub(super) empty_folders: bool,
    /// Folders that stay when nothing is left in them, by their path.
    pub(super) spared: Mutex<BTreeSet<Box<str>>>,
    pub(super) looks: Looks,
    /// What is ignored whatever the rules say.
    pub(super) hidden: Ignore,
}

/// How much was looked at, for whoever waits.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// Files found.
    pub(super) files: AtomicU64,
    /// Bytes of files summed up.
    pub(super) bytes: AtomicU64,
}

/// A place of s4's own: a folder below the root or below the state folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Home {
    in_state: bool,
    pub(super) below: PathBuf,
}

impl Home {
    fn new(in_state: bool, below: impl Into<PathBuf>) -> Home {
        Home { in_state, below: below.into() }
    }
}

impl Folder {
    /// Opens the folder `root`. Index, lock and caches are in `state` if one is given, else in the folder; so is staging,
    /// if `state` is on the folder's file system.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::InTheWay`] if it is no folder, [`Error::Denied`], [`Error::Io`].
    pub fn open(root: &Path, state: Option<&Path>) -> Result<Folder, Error> {
        let at = |path: &Path| std::path::absolute(path).map_err(|source| Error::new(source, path));
        let path = at(root)?;
        let failed = |errno| Error::new(errno, &path);
        let handle = openat(CWD, &path, LIST | OFlags::CLOEXEC, Mode::empty()).map_err(failed)?;
        let own = File::from(handle);
        let found = own.metadata().map_err(|source| Error::new(source, &path))?;
        let mut state = state.map(at).transpose()?;
        let mut work = Home::new(false, PRIVATE);
        if let Some(folder) = &state {
            let (device, inode) = nearest(folder)?;
            if inode == Some(found.ino()) && device == found.dev() {
                // The folder itself: the same as having none.
                state = None;
            } else if device == found.dev() {
                work = Home::new(true, "");
            } else {
                // A folder may have two targets, each with its own lock: they must not clear up each other's staging.
                let sum = sha2::Sha256::digest(folder.as_os_str().as_encoded_bytes());
                work = Home::new(false, format!("{PRIVATE}/state-{}", to_hex(&sum[..8])));
            }
        }
        let in_state = state.is_some();
        Ok(Folder {
            root: own.into(),
            device: found.dev(),
            inode: found.ino(),
            meta: Home::new(in_state, ""),
            private: Home::new(in_state, if in_state { "" } else { PRIVATE }),
            work,
            run: Mutex::new(format!("run-{}", std::process::id())),
            trash_folders: AtomicU64::new(0),
            default_mode: OnceLock::new(),
            renames: Renames::default(),
            looks: Looks::default(),
            hidden: Ignore::none(),
            links: Links::default(),
            followed: Mutex::default(),
            empty_folders: false,
            spared: Mutex::default(),
            state,
            path,
        })
    }

    /// How many files walks have found in it so far, and how many bytes of files were summed up.
    pub fn looked(&self) -> (u64, u64) {
        (self.looks.files.load(Ordering::Relaxed), self.looks.bytes.load(Ordering::Relaxed))
    }

    /// The folder's path, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The device that it is on.
    pub fn device(&self) -> u64 {
        self.device
    }

    /// Which folder it is on this machine: device and inode.
    pub fn identity(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// Names the run: what it removes or replaces is found in `trash/<run id>/`. The id is one file name.
    pub fn begin_run(&self, run_id: String) {
        self.trash_folders.store(0, Ordering::Relaxed);
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = run_id;
    }

    pub(super) fn run_id(&self) -> String {
        self.run.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The stat of the file `key`; `None` if there is nothing.
    ///
    /// # Errors
    ///
    /// [`Error::InTheWay`] if there is anything but a file of a kind that is synced, or a parent is no folder; [`Error::Denied`], [`Error::Io`].
    pub fn stat(&self, key: &Key) -> Result<Option<Stat>, Error> {
        match self.own_stat(key) {
            Err(Error::InTheWay { .. }) if self.links == Links::Follow => self.stat_through(key),
            found => found,
        }
    }

    /// As [`Folder::stat`], for who writes: no link is followed.
    pub(super) fn own_stat(&self, key: &Key) -> Result<Option<Stat>, Error> {
        if key.is_marker() {
            return self.stat_folder(key);
        }
        let path = self.path_of(key);
        let (parent, name) = split(Path::new(key.as_str()));
        let found = open_dir(&self.root, parent).and_then(|dir| At::new(&dir, name).stat());
        match found {
            Ok((FileType::RegularFile, stat)) => Ok(Some(stat)),
            Ok((FileType::Symlink, stat)) if self.takes_link(key) => Ok(Some(stat)),
            Ok(_) => Err(Error::InTheWay { path }),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(Error::new(errno, &path)),
        }
    }

    /// Opens the file `key` for reading, with its stat.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::InTheWay`] as for [`Folder::stat`], [`Error::Denied`], [`Error::Io`].
    pub fn open_file(&self, key: &Key) -> Result<(File, Stat), Error> {
        match open_regular(&self.root, Path::new(key.as_str()), &self.path_of(key)) {
            Err(Error::InTheWay { .. }) if self.links == Links::Follow => self.open_through(key),
            opened => opened,
        }
    }

    /// Puts everything written so far on disk: what a commit of the index relies on.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], [`Error::NoSpace`]: writes that were accepted before may be lost.
    pub fn sync_all(&self) -> Result<(), Error> {
        #[cfg(target_os = "linux")]
        super::sys::syncfs(&self.root).map_err(|errno| Error::new(errno, &self.path))?;
        #[cfg(not(target_os = "linux"))]
        rustix::fs::sync();
        Ok(())
    }

    /// Whether a name in the key's folder is the key's own, byte by byte. Where this says no and the key's name is taken all the
    /// same, the file system cannot hold the two names apart.
    pub fn has_name(&self, key: &Key) -> bool {
        let (parent, name) = split(Path::new(key.as_str()));
        let opened = open_dir(&self.root, parent).and_then(|dir| open(&dir, Path::new(""), LIST, Mode::empty()));
        opened.and_then(list).is_ok_and(|entries| entries.iter().any(|(held, _)| held == name.as_bytes()))
    }

    /// Fails with [`Error::Changed`] unless the file `key` is exactly what `expected` says.
    pub(super) fn expect(&self, key: &Key, expected: &Stat) -> Result<(), Error> {
        match self.own_stat(key)? {
            Some(stat) if stat.same_file(expected) => Ok(()),
            _ => Err(Error::Changed { path: self.path_of(key) }),
        }
    }

    /// Where `key` is, for messages.
    pub fn path_of(&self, key: &Key) -> PathBuf {
        self.path.join(key.as_str())
    }

    /// Where a place of s4's own is, for messages.
    pub(super) fn path_in(&self, home: &Home, below: &Path) -> PathBuf {
        let base = if home.in_state { self.state.as_deref() } else { None };
        base.unwrap_or(&self.path).join(&home.below).join(below)
    }

    /// A folder of s4's own, if it is there.
    pub(super) fn find_dir(&self, home: &Home, below: &Path) -> Result<Option<OwnedFd>, Error> {
        let opened = match (&self.state, home.in_state) {
            (Some(state), true) => {
                openat(CWD, state, LIST | OFlags::CLOEXEC, Mode::empty()).and_then(|base| open_dir(base, below))
            }
            _ => open_dir(&self.root, &home.below.join(below)),
        };
        match opened {
            Ok(dir) => Ok(Some(dir)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(Error::new(errno, &self.path_in(home, below))),
        }
    }

    /// A folder of s4's own, made if it is missing.
    pub(super) fn make_dir(&self, home: &Home, below: &Path) -> Result<OwnedFd, Error> {
        if let Some(dir) = self.find_dir(home, below)? {
            return Ok(dir);
        }
        let path = self.path_in(home, below);
        match (&self.state, home.in_state) {
            (Some(state), true) => {
                let mut builder = std::fs::DirBuilder::new();
                builder.recursive(true).mode(0o700).create(state).map_err(|source| Error::new(source, state))?;
                let base = openat(CWD, state, LIST | OFlags::CLOEXEC, Mode::empty());
                base.and_then(|base| make_dirs(base, below, OWNER_DIR))
            }
            _ => make_dirs(&self.root, &home.below.join(below), OWNER_DIR),
        }
        .map_err(|errno| Error::new(errno, &path))
    }

    /// Whether what a path in the folder leads to is s4's own, or in a folder that is.
    pub(super) fn leads_to_own(&self, path: &str) -> bool {
        let Ok(end) = self.path.join(path).canonicalize() else { return false };
        let is_reserved_there =
            |root: PathBuf| end.strip_prefix(root).is_ok_and(|below| below.to_str().is_some_and(is_reserved));
        let is_in = |place: &PathBuf| place.canonicalize().is_ok_and(|place| end.starts_with(place));
        self.path.canonicalize().is_ok_and(is_reserved_there) || self.state.as_ref().is_some_and(is_in)
    }

    /// Device and inode of the state folder, which a scan must not enter.
    pub(super) fn state_identity(&self) -> Option<(u64, u64)> {
        let found = std::fs::metadata(self.state.as_ref()?).ok()?;
        Some((found.dev(), found.ino()))
    }
}

/// Opens a regular file below `dir`. `path` is for messages.
pub(super) fn open_regular(dir: &OwnedFd, name: &Path, path: &Path) -> Result<(File, Stat), Error> {
    // Not to wait for the other end, should it be a pipe; not to take a terminal, should it be one.
    let opened = open(dir, name, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::empty());
    // A socket cannot be opened at all.
    let file = opened.map_err(|errno| match errno {
        Errno::NXIO | Errno::OPNOTSUPP => Error::InTheWay { path: path.to_owned() },
        errno => Error::new(errno, path),
    })?;
    regular(file, path)
}

/// An open file with its stat, if it is a regular one.
pub(super) fn regular(file: OwnedFd, path: &Path) -> Result<(File, Stat), Error> {
    let (kind, stat) = convert(&fstat(&file).map_err(|errno| Error::new(errno, path))?);
    match kind {
        FileType::RegularFile => Ok((file.into(), stat)),
        _ => Err(Error::InTheWay { path: path.to_owned() }),
    }
}

/// The device that a folder is on, or would be made on; its inode if it is there.
fn nearest(folder: &Path) -> Result<(u64, Option<u64>), Error> {
    for path in folder.ancestors() {
        match std::fs::metadata(path) {
            Ok(found) => return Ok((found.dev(), (path == folder).then(|| found.ino()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::new(error, path)),
        }
    }
    Err(Error::NotFound { path: folder.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    fn key(name: &str) -> Key {
        Key::parse(name).unwrap()
    }

    #[test]
    fn opening_and_looking_make_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        fs::create_dir(dir.path().join("root")).unwrap();
        let folder = Folder::open(&dir.path().join("root"), Some(&state)).unwrap();
        assert_eq!(folder.stat(&key("a/b")).unwrap(), None);
        assert!(folder.read_index().unwrap().is_none() && folder.read_cache("x").unwrap().is_none());
        folder.empty_trash(std::time::Duration::ZERO, std::time::SystemTime::now()).unwrap();
        folder.recover(&mut |_| None, &|key| key.clone()).unwrap();
        folder.sync_all().unwrap();
        assert!(!state.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_missing_folder_and_a_file_in_its_place_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        assert!(matches!(Folder::open(&path, None), Err(Error::NotFound { .. })));
        fs::write(&path, "").unwrap();
        assert!(matches!(Folder::open(&path, None), Err(Error::InTheWay { .. })));
    }

    #[test]
    fn only_regular_files_are_opened_and_nothing_hangs() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("file"), "text").unwrap();
        symlink("file", dir.path().join("link")).unwrap();
        symlink("sub", dir.path().join("sublink")).unwrap();
        let _socket = UnixListener::bind(dir.path().join("socket")).unwrap();
        let root = open_dir(&folder.root, Path::new("")).unwrap();
        #[cfg(target_os = "linux")]
        rustix::fs::mknodat(&root, "pipe", FileType::Fifo, Mode::RWXU, 0).unwrap();
        drop(root);
        let (_, stat) = folder.open_file(&key("file")).unwrap();
        assert_eq!(folder.stat(&key("file")).unwrap(), Some(stat));
        assert_eq!(stat.size, 4);
        let odd = ["sub", "link", "socket", "sublink/x", "file/x"];
        for name in odd.into_iter().chain(cfg!(target_os = "linux").then_some("pipe")) {
            assert!(matches!(folder.stat(&key(name)), Err(Error::InTheWay { .. })), "{name}");
            assert!(matches!(folder.open_file(&key(name)), Err(Error::InTheWay { .. })), "{name}");
        }
        assert!(matches!(folder.open_file(&key("none")), Err(Error::NotFound { .. })));
    }

    #[test]
    fn a_state_folder_elsewhere_leaves_staging_on_the_folders_own_file_system() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), Some(Path::new("/dev/shm/none/of/it"))).unwrap();
        let staging = folder.path_in(&folder.work, Path::new("staging"));
        assert!(folder.path_in(&folder.meta, Path::new(".index")).starts_with("/dev/shm"));
        if fs::metadata("/dev/shm").is_ok_and(|found| found.dev() != folder.device()) {
            assert!(staging.starts_with(dir.path().join(".s4")), "{}", staging.display());
        }
        let own = Folder::open(dir.path(), Some(dir.path())).unwrap();
        assert_eq!(own.path_in(&own.private, Path::new("")), dir.path().join(".s4/"));
    }
}
