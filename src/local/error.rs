//! What can go wrong in the folder, by what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// A failed look at, or change of, the folder. What failed changed nothing, unless the function says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing is there.
    #[error("'{}' does not exist", path.display())]
    NotFound {
        /// The missing file or folder.
        path: PathBuf,
    },
    /// What is there is not what the plan expected: look again and decide again.
    #[error("'{}' has changed meanwhile", path.display())]
    Changed {
        /// The changed file.
        path: PathBuf,
    },
    /// The name is taken, by a new file or by one whose name the file system cannot hold apart from it.
    #[error("'{}' already exists", path.display())]
    Exists {
        /// The taken name.
        path: PathBuf,
    },
    /// Something that s4 neither follows nor replaces: a folder, link or special file at the key, or a parent which is
    /// no folder.
    #[error("something is in the way of '{}'", path.display())]
    InTheWay {
        /// What cannot be reached.
        path: PathBuf,
    },
    /// A key that is, or passes through, a symbolic link that is followed: for reading alone.
    #[error("'{}' is a symbolic link here; nothing is written through it", path.display())]
    ThroughLink {
        /// The link.
        path: PathBuf,
    },
    /// An object that says of itself that it is a symbolic link, and cannot be one.
    #[error("it is no path that a symbolic link can lead to: {why}")]
    NoLink {
        /// Where the link would be.
        path: PathBuf,
        /// What is wrong with its content.
        why: &'static str,
    },
    /// Another run holds the lock.
    #[error("'{}' is locked by another s4{}", path.display(), pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// The holder's process id, where it told it.
        pid: Option<u32>,
    },
    /// The disk or the quota is full.
    #[error("no space left for '{}'", path.display())]
    NoSpace {
        /// What was being written.
        path: PathBuf,
    },
    /// The disk or the quota has no room for a file of this size; for a smaller one there may be.
    #[error("the disk has no room for its {} MiB", size.div_ceil(1 << 20))]
    NoRoom {
        /// What was to be written.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
    },
    /// The user has no right to do it, or the file system is read-only.
    #[error("no permission for '{}'", path.display())]
    Denied {
        /// What was refused.
        path: PathBuf,
    },
    /// A file of rules that nobody can have written.
    #[error("'{}' has more than {} MiB: that is more than s4 reads of it", path.display(), most >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most bytes that it may have.
        most: u64,
    },
    /// Anything else.
    #[error("cannot access '{}'", path.display())]
    Io {
        /// What was being accessed.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

impl Error {
    /// The one place that gives the system's errors their meaning.
    pub(super) fn new(source: impl Into<io::Error>, path: &Path) -> Error {
        let (source, path) = (source.into(), path.to_owned());
        match Errno::from_io_error(&source) {
            Some(Errno::NOENT) => Error::NotFound { path },
            Some(Errno::EXIST | Errno::NOTEMPTY) => Error::Exists { path },
            Some(Errno::NOTDIR | Errno::LOOP | Errno::ISDIR) => Error::InTheWay { path },
            Some(Errno::NOSPC | Errno::DQUOT) => Error::NoSpace { path },
            Some(Errno::ACCESS | Errno::PERM | Errno::ROFS) => Error::Denied { path },
            _ => Error::Io { path, source },
        }
    }

    /// The file or folder that it is about.
    pub fn path(&self) -> &Path {
        match self {
            Error::NotFound { path }
            | Error::Changed { path }
            | Error::Exists { path }
            | Error::InTheWay { path }
            | Error::ThroughLink { path }
            | Error::NoLink { path, .. }
            | Error::Locked { path, .. }
            | Error::NoSpace { path }
            | Error::NoRoom { path, .. }
            | Error::Denied { path }
            | Error::TooLarge { path, .. }
            | Error::Io { path, .. } => path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_errno_means_one_thing_and_names_the_path() {
        for (errno, text) in [
            (Errno::NOENT, "'/f/a' does not exist"),
            (Errno::EXIST, "'/f/a' already exists"),
            (Errno::LOOP, "something is in the way of '/f/a'"),
            (Errno::NOSPC, "no space left for '/f/a'"),
            (Errno::DQUOT, "no space left for '/f/a'"),
            (Errno::ROFS, "no permission for '/f/a'"),
            (Errno::IO, "cannot access '/f/a'"),
        ] {
            assert_eq!(Error::new(errno, Path::new("/f/a")).to_string(), text);
        }
    }

    #[test]
    fn a_lock_names_its_holder_where_it_is_known() {
        let path = PathBuf::from("/f/.s4lock");
        let unknown = Error::Locked { path: path.clone(), pid: None };
        assert_eq!(unknown.to_string(), "'/f/.s4lock' is locked by another s4");
        assert_eq!(Error::Locked { path, pid: Some(7) }.to_string(), format!("{unknown} (process 7)"));
    }
}
