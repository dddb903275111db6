//! Opening below a folder: never through a link, never out of it. Names are resolved by the kernel in one step where it
//! can (`openat2`), else one component at a time.

use std::ffi::OsStr;
use std::path::{Component, Path};

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::{Errno, Result};

use super::Stat;
use super::sys::{mkdirat, openat, statat, unlinkat};
use crate::content::LINK_MODE;

/// How a folder is opened that only serves to reach things in it: that needs no right to list it.
#[cfg(target_os = "linux")]
const HANDLE: OFlags = OFlags::PATH.union(OFlags::DIRECTORY);
#[cfg(not(target_os = "linux"))]
const HANDLE: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);

/// How a folder is opened to list or fsync it.
pub(super) const LIST: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);

/// No handle reaches a child process, and no last link is followed.
const ALWAYS: OFlags = OFlags::CLOEXEC.union(OFlags::NOFOLLOW);

/// One name in an open folder. System calls on it resolve a single component, so nothing can be swapped in above it.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) dir: BorrowedFd<'a>,
    pub(super) name: &'a OsStr,
}

impl<'a> At<'a> {
    pub(super) fn new(dir: &'a OwnedFd, name: &'a OsStr) -> At<'a> {
        At { dir: dir.as_fd(), name }
    }

    /// What is there, links not followed.
    pub(super) fn stat(self) -> Result<(FileType, Stat)> {
        Ok(convert(&statat(self.dir, self.name, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    /// Removes the name of what is no folder.
    pub(super) fn unlink(self) -> Result<()> {
        unlinkat(self.dir, self.name, AtFlags::empty())
    }
}

/// Opens `path` below `dir`. A link anywhere in it is an error (`LOOP` or `NOTDIR`).
pub(super) fn open(dir: impl AsFd, path: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    #[cfg(target_os = "linux")]
    match resolve(dir.as_fd(), path, flags, mode) {
        // An old kernel, a sandbox that knows no such call, or names moving about meanwhile.
        Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => {}
        done => return done,
    }
    walk(dir.as_fd(), path, flags, mode)
}

#[cfg(target_os = "linux")]
fn resolve(dir: BorrowedFd<'_>, path: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    use rustix::fs::ResolveFlags;
    let stay = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    super::sys::openat2(dir, path, flags | ALWAYS, mode, stay)
}

fn walk(dir: BorrowedFd<'_>, path: &Path, flags: OFlags, mode: Mode) -> Result<OwnedFd> {
    let mut at: Option<OwnedFd> = None;
    let mut components = path.components().peekable();
    while let Some(component) = components.next() {
        let name = match component {
            Component::Normal(name) => name,
            Component::CurDir => OsStr::new("."),
            // Never asked for; and if it were, it would lead out.
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(Errno::XDEV),
        };
        let from = at.as_ref().map_or(dir, AsFd::as_fd);
        if components.peek().is_none() {
            return openat(from, name, flags | ALWAYS, mode);
        }
        at = Some(openat(from, name, HANDLE | ALWAYS, Mode::empty())?);
    }
    Err(Errno::NOENT)
}

/// A handle on the folder `path` below `dir`; on `dir` itself when `path` is empty.
pub(super) fn open_dir(dir: impl AsFd, path: &Path) -> Result<OwnedFd> {
    open(dir, path, HANDLE, Mode::empty())
}

/// As [`open_dir`], making the folders that are missing.
pub(super) fn make_dirs(dir: impl AsFd, path: &Path, mode: Mode) -> Result<OwnedFd> {
    match open_dir(dir.as_fd(), path) {
        Err(Errno::NOENT) => {}
        done => return done,
    }
    let mut at = open_dir(dir, Path::new(""))?;
    for name in path.components() {
        let name = Path::new(name.as_os_str());
        match open_dir(&at, name) {
            Err(Errno::NOENT) => {
                // Another thread may be making it as well.
                match mkdirat(&at, name, mode) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(errno) => return Err(errno),
                }
                at = open_dir(&at, name)?;
            }
            opened => at = opened?,
        }
    }
    Ok(at)
}

/// Removes the folders above `path` that are empty, innermost first, `dir` itself never.
pub(super) fn prune(dir: impl AsFd, path: &Path) {
    prune_unless(dir, path, |_| false);
}

/// As [`prune`], up to one that is to be spared.
pub(super) fn prune_unless(dir: impl AsFd, path: &Path, spared: impl Fn(&Path) -> bool) {
    for folder in path.ancestors().skip(1).take_while(|folder| !folder.as_os_str().is_empty()) {
        if spared(folder) {
            return;
        }
        let (parent, name) = split(folder);
        // What stops it, above all a folder that is not empty, is no failure: the folder just stays.
        let removed = open_dir(dir.as_fd(), parent).and_then(|parent| unlinkat(parent, name, AtFlags::REMOVEDIR));
        if removed.is_err() {
            return;
        }
    }
}

/// The folder and the last component of a path.
pub(super) fn split(path: &Path) -> (&Path, &OsStr) {
    (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or_default())
}

/// Reads a folder: hands out the bytes of each name with what it is, as far as that can be told.
pub(super) fn each_name(dir: &mut Dir, mut take: impl FnMut(&[u8], Result<FileType>) -> Result<()>) -> Result<()> {
    while let Some(entry) = dir.read() {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let kind = match entry.file_type() {
            // Some file systems do not tell.
            FileType::Unknown => {
                statat(dir.fd()?, name, AtFlags::SYMLINK_NOFOLLOW).map(|stat| FileType::from_raw_mode(stat.st_mode))
            }
            kind => Ok(kind),
        };
        take(name.to_bytes(), kind)?;
    }
    Ok(())
}

/// Takes the system's stat apart.
// The widths of its fields differ between systems: a cast needed on one is unneeded on another.
#[allow(clippy::unnecessary_cast, clippy::useless_conversion)]
pub(super) fn convert(stat: &rustix::fs::Stat) -> (FileType, Stat) {
    let time = |seconds: i128, nanoseconds: i128| seconds * 1_000_000_000 + nanoseconds;
    let kind = FileType::from_raw_mode(stat.st_mode);
    let found = Stat {
        size: u64::try_from(stat.st_size).unwrap_or(0),
        mtime_ns: time(stat.st_mtime.into(), stat.st_mtime_nsec.into()),
        ctime_ns: time(stat.st_ctime.into(), stat.st_ctime_nsec.into()),
        inode: stat.st_ino as u64,
        // What rights a link has means nothing, and differs between systems.
        mode: if kind == FileType::Symlink { LINK_MODE } else { stat.st_mode as u32 & 0o7777 },
    };
    (kind, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn planted() -> (tempfile::TempDir, OwnedFd) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("root/a/b")).unwrap();
        fs::write(dir.path().join("root/a/b/file"), "inside").unwrap();
        fs::write(dir.path().join("outside"), "outside").unwrap();
        symlink(dir.path(), dir.path().join("root/out")).unwrap();
        symlink("a", dir.path().join("root/in")).unwrap();
        symlink("../outside", dir.path().join("root/a/link")).unwrap();
        let root = openat(rustix::fs::CWD, dir.path().join("root"), LIST, Mode::empty()).unwrap();
        (dir, root)
    }

    #[test]
    fn both_ways_of_opening_stay_inside_and_follow_no_link() {
        let (_dir, root) = planted();
        for walking in [false, true] {
            let open = |path: &str| {
                let (root, path, flags) = (root.as_fd(), Path::new(path), OFlags::RDONLY);
                if walking { walk(root, path, flags, Mode::empty()) } else { open(root, path, flags, Mode::empty()) }
            };
            assert!(open("a/b/file").is_ok());
            for link in ["out/outside", "in/b/file", "a/link", "out"] {
                assert!(matches!(open(link), Err(Errno::LOOP | Errno::NOTDIR)), "{link}");
            }
            for outside in ["../outside", "/etc/passwd", "a/../../outside"] {
                assert_eq!(open(outside).unwrap_err(), Errno::XDEV, "{outside}");
            }
            assert_eq!(open("a/none").unwrap_err(), Errno::NOENT);
        }
    }

    #[test]
    fn folders_are_made_but_not_through_links_or_files() {
        let (dir, root) = planted();
        make_dirs(&root, Path::new("a/x/y"), Mode::from_raw_mode(0o777)).unwrap();
        assert!(dir.path().join("root/a/x/y").is_dir());
        for blocked in ["out/made", "in/made", "a/b/file/made"] {
            assert!(make_dirs(&root, Path::new(blocked), Mode::from_raw_mode(0o777)).is_err(), "{blocked}");
        }
        assert!(!dir.path().join("made").exists() && !dir.path().join("root/a/made").exists());
    }

    #[test]
    fn empty_folders_are_pruned_up_to_one_that_is_not() {
        let (dir, root) = planted();
        fs::create_dir_all(dir.path().join("root/a/x/y/z")).unwrap();
        prune(&root, Path::new("a/x/y/z/gone"));
        assert!(!dir.path().join("root/a/x").exists() && dir.path().join("root/a").exists());
        fs::create_dir(dir.path().join("empty")).unwrap();
        prune(&root, Path::new("out/empty/gone"));
        assert!(dir.path().join("empty").exists(), "a link led out");
    }
}
