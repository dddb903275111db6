//! The folder: scanning, hashing, and changing it without ever leaving it or losing a byte of it.
//!
//! Everything here is plain blocking code. All access goes through a [`Folder`], a handle on the target's folder.

mod beneath;
mod blocks;
mod browse;
mod copy;
mod error;
mod folder;
mod follow;
mod gone;
mod hash;
mod hollow;
mod ignore;
mod kept;
mod links;
mod lock;
mod markers;
mod moves;
mod names;
mod recover;
mod replace;
mod scan;
mod slot;
mod staging;
mod store;
mod sys;
#[cfg(test)]
mod testing;
mod trash;
mod trashed;
mod walk;
mod watch;

pub use blocks::{Summed, Summing, sum_up, take_over};
pub use copy::copy_file;
pub use error::Error;
pub use folder::Folder;
pub use hash::{
    Hasher, check_unchanged, compare_open, compare_range, hash_file, hash_open, open_now, open_settled, read_part,
    settle,
};
pub use ignore::{Explained, Ignore, MOST_RULES};
pub use kept::{Kept, Record};
pub use links::{Links, MOST_TARGET};
pub use lock::{Hold, Lock};
pub use recover::{Fate, Recovered};
pub use replace::Displaced;
pub(crate) use scan::printable;
pub use scan::{scan, scan_at};
pub use staging::Staged;
pub(crate) use store::LARGEST;
pub use trashed::Trashed;
pub use walk::{Found, Totals, walk, walk_at};
pub use watch::{Heard, Watch};

use crate::content::{Sha256, is_link};
use crate::key::Key;

/// A file's identity as `stat` tells it; equal stats mean unread bytes are unchanged. Never leaves the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Bytes.
    pub size: u64,
    /// Time of the last change of content, nanoseconds since the epoch. 128 bits: any 64-bit second fits.
    pub mtime_ns: i128,
    /// Time of the last change of anything, nanoseconds since the epoch.
    pub ctime_ns: i128,
    /// Inode number.
    pub inode: u64,
    /// Permission bits (`0o7777`); of a symbolic link, its type too: [`crate::content::LINK_MODE`].
    pub mode: u32,
}

impl Stat {
    /// Whether both describe one unchanged file. The mode is not part of it: it is no content, and changing it changes
    /// the ctime anyway.
    pub fn same_file(&self, other: &Stat) -> bool {
        self.same_content(other) && self.ctime_ns == other.ctime_ns
    }

    /// As [`Stat::same_file`], for a file that was renamed in between: renaming sets a new ctime.
    pub fn same_content(&self, other: &Stat) -> bool {
        self.size == other.size
            && self.mtime_ns == other.mtime_ns
            && self.inode == other.inode
            && self.is_link() == other.is_link()
    }

    /// Whether it is of a symbolic link: its content is the path that it leads to.
    pub fn is_link(&self) -> bool {
        is_link(self.mode)
    }
}

/// A file of the folder: a regular one, or a symbolic link where those are synced as what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFile {
    /// Its key.
    pub key: Key,
    /// Its stat.
    pub stat: Stat,
}

/// What is at a path that s4 cannot see through, so that nothing there or below it counts as deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// It could not be read; the reason.
    Unreadable(String),
    /// A symbolic link that is left alone.
    Symlink,
    /// A symbolic link that is to be followed, and leads nowhere or to an empty folder, as to a drive that is not mounted.
    Dangling,
    /// A device, socket or pipe.
    Special,
}

/// What a scan found.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// The files, in the order of their keys' bytes; without ignored ones.
    pub files: Vec<LocalFile>,
    /// Paths (below the folder, `/` between components) that hide what is at or below them, in byte order.
    pub hidden: Vec<(String, Hidden)>,
    /// The bytes of names that cannot be keys (not UTF-8, too long), in their order, with the reason.
    pub unnameable: Vec<(Vec<u8>, String)>,
    /// Number of files and folders that the ignore rules left out.
    pub ignored: u64,
    /// The device that the folder is on.
    pub device: u64,
}

impl Scan {
    /// Puts what was gathered in some order in the order that a scan has; of files of one key the last counts.
    pub fn put_in_order(&mut self) {
        self.files.sort_by(|one, other| one.key.cmp(&other.key));
        self.files.reverse();
        self.files.dedup_by(|one, other| one.key == other.key);
        self.files.reverse();
        self.hidden.sort_by(|one, other| one.0.cmp(&other.0));
        self.hidden.dedup_by(|one, other| one.0 == other.0);
    }

    /// What hides `key`, if anything: something unreadable, a link or a special file at it or above it.
    pub fn hidden(&self, key: &Key) -> Option<&Hidden> {
        key.ancestors().chain([key.path()]).find_map(|path| self.hidden_at(path))
    }

    /// What hides what is at or below that very path.
    pub fn hidden_at(&self, path: &str) -> Option<&Hidden> {
        let at = self.hidden.binary_search_by(|(hidden, _)| hidden.as_str().cmp(path)).ok()?;
        Some(&self.hidden[at].1)
    }
}

/// What reading a local file showed of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalContent {
    /// The sum of its bytes.
    pub sha256: Sha256,
    /// Whether the ETag that was asked about is an MD5 form of these bytes. `true` proves equal content, `false`
    /// proves nothing.
    pub matches_etag: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::LINK_MODE;

    #[test]
    fn a_file_is_the_same_only_if_nothing_of_its_stat_differs() {
        let stat = Stat { size: 1, mtime_ns: 2, ctime_ns: 3, inode: 4, mode: 0o644 };
        assert!(stat.same_file(&Stat { mode: 0o600, ..stat }));
        let others = [
            Stat { size: 0, ..stat },
            Stat { mtime_ns: 0, ..stat },
            // Another content can have the old size and time: `cp -p`.
            Stat { ctime_ns: 0, ..stat },
            Stat { inode: 0, ..stat },
            Stat { mode: LINK_MODE, ..stat },
        ];
        assert!(others.iter().all(|other| !stat.same_file(other)));
    }
}
