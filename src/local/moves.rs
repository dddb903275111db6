//! The renames that overwrite nothing, on file systems that know them and on those that do not.

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::{Errno, Result};

use super::beneath::At;
use super::sys::{linkat, renameat, renameat_with};

/// Which ways of renaming may be tried; each falls back to the next where the file system does not know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Renames {
    /// `renameat2` with flags.
    pub(super) flags: bool,
    /// Hard links.
    pub(super) links: bool,
}

impl Default for Renames {
    fn default() -> Renames {
        Renames { flags: true, links: true }
    }
}

/// Whether an error says "this file system cannot do that", as file systems and old kernels say it.
pub(super) fn unknown(errno: Errno) -> bool {
    matches!(errno, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}

impl Renames {
    /// Moves `from` to `to`, or fails with `EXIST` if that name is taken. `from` must be in one of s4's own folders, where
    /// nobody replaces it between the steps of the fallbacks.
    pub(super) fn noreplace(self, from: At<'_>, to: At<'_>) -> Result<()> {
        if self.flags {
            match renameat_with(from.dir, from.name, to.dir, to.name, RenameFlags::NOREPLACE) {
                Err(errno) if unknown(errno) => {}
                done => return done,
            }
        }
        if self.links {
            match linkat(from.dir, from.name, to.dir, to.name, AtFlags::empty()) {
                Ok(()) => return from.unlink(),
                // PERM is what file systems without hard links say, and what is said of a folder.
                Err(errno) if unknown(errno) || errno == Errno::PERM => {}
                Err(errno) => return Err(errno),
            }
        }
        // Nothing better exists here. The window between the look and the move is a few microseconds.
        match to.stat() {
            Ok(_) => Err(Errno::EXIST),
            Err(Errno::NOENT) => renameat(from.dir, from.name, to.dir, to.name),
            Err(errno) => Err(errno),
        }
    }

    /// Swaps two names in one step; [`unknown`] errors if that cannot be done here.
    pub(super) fn exchange(self, one: At<'_>, other: At<'_>) -> Result<()> {
        if !self.flags {
            return Err(Errno::NOSYS);
        }
        renameat_with(one.dir, one.name, other.dir, other.name, RenameFlags::EXCHANGE)
    }
}

/// Each way that a file system may have, for tests.
#[cfg(test)]
pub(super) const EVERY_WAY: [Renames; 3] = [
    Renames { flags: true, links: true },
    Renames { flags: false, links: true },
    Renames { flags: false, links: false },
];

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, OFlags, openat};
    use std::ffi::OsStr;
    use std::fs;

    #[test]
    fn a_move_never_overwrites_whatever_the_file_system_knows() {
        for renames in EVERY_WAY {
            let dir = tempfile::tempdir().unwrap();
            let handle = openat(CWD, dir.path(), OFlags::RDONLY, Mode::empty()).unwrap();
            let at = |name: &'static str| At::new(&handle, OsStr::new(name));
            fs::write(dir.path().join("a"), "a").unwrap();
            fs::write(dir.path().join("b"), "b").unwrap();
            assert_eq!(renames.noreplace(at("a"), at("b")), Err(Errno::EXIST), "{renames:?}");
            renames.noreplace(at("a"), at("c")).unwrap();
            assert_eq!(renames.noreplace(at("a"), at("d")), Err(Errno::NOENT), "{renames:?}");
            assert!(!dir.path().join("a").exists());
            assert_eq!(fs::read_to_string(dir.path().join("b")).unwrap(), "b");
            assert_eq!(fs::read_to_string(dir.path().join("c")).unwrap(), "a");
        }
    }
}
