//! A machine's disk: a real folder, whose times, inode numbers and durability are those of the simulation.
//!
//! Times come from the machine's own clock, in ticks as a kernel has them. Inode numbers are given anew as soon as they are
//! free. What was written and not flushed may be gone after a power failure: names by being undone from the last one back,
//! contents by being cut off. A folder that is flushed keeps its own names, and not those of other folders: some file systems
//! promise no more.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fd::AsFd;
use rustix::fs::{FileType, Stat};
use rustix::path::Arg;

use super::dice::Dice;

/// How often the clock ticks that files are stamped by, nanoseconds: the slowest that kernels have.
const TICK_NS: i128 = 10_000_000;

/// A name, as a path.
pub(super) struct Place(pub(super) PathBuf);

impl Place {
    pub(super) fn of(dir: &impl AsFd, path: &impl Arg) -> Place {
        let folder = fs::read_link(format!("/proc/self/fd/{}", dir.as_fd().as_raw_fd())).unwrap_or_default();
        Place(folder.join(&*path.to_string_lossy()))
    }

    pub(super) fn exists(&self) -> bool {
        fs::symlink_metadata(&self.0).is_ok()
    }
}

/// What was under a name.
pub(super) enum Seen {
    Nothing,
    Folder,
    /// A file, which also has this name now, where nobody looks.
    File {
        grave: PathBuf,
        inode: u64,
        links: u64,
    },
}

/// A change of names that is not on disk yet, by what undoes it.
enum Change {
    Made(PathBuf),
    RemovedFolder(PathBuf),
    Removed { path: PathBuf, grave: PathBuf },
    Moved { from: PathBuf, to: PathBuf, covered: Option<PathBuf> },
    Swapped(PathBuf, PathBuf),
}

impl Change {
    /// The names that it is about.
    fn paths(&self) -> [&Path; 2] {
        match self {
            Change::Made(path) | Change::RemovedFolder(path) | Change::Removed { path, .. } => [path, path],
            Change::Moved { from, to, .. } => [from, to],
            Change::Swapped(one, other) => [one, other],
        }
    }
}

struct Node {
    inode: u64,
    modified: i128,
    changed: i128,
}

/// See the module.
pub(super) struct Disk {
    graves: PathBuf,
    buried: u64,
    nodes: HashMap<u64, Node>,
    free: Vec<u64>,
    last: u64,
    changes: Vec<Change>,
    /// Files whose content is not on disk yet.
    dirty: HashMap<u64, File>,
}

impl Disk {
    /// `graves`: a folder on the same file system, outside of the one that is synced.
    pub(super) fn new(graves: PathBuf) -> Disk {
        Disk {
            graves,
            buried: 0,
            nodes: HashMap::new(),
            free: Vec::new(),
            last: 100,
            changes: Vec::new(),
            dirty: HashMap::new(),
        }
    }

    fn node(&mut self, real: u64, now: i128) -> &mut Node {
        let (free, last) = (&mut self.free, &mut self.last);
        self.nodes.entry(real).or_insert_with(|| {
            let inode = free.pop().unwrap_or_else(|| {
                *last += 1;
                *last
            });
            Node { inode, modified: ticks(now), changed: ticks(now) }
        })
    }

    /// The stat of a file, as this machine sees it.
    pub(super) fn shown(&mut self, mut found: Stat, now: i128) -> Stat {
        if matches!(FileType::from_raw_mode(found.st_mode), FileType::RegularFile | FileType::Symlink) {
            let node = self.node(found.st_ino, now);
            let split = |time: i128| (time.div_euclid(1_000_000_000), time.rem_euclid(1_000_000_000));
            found.st_ino = node.inode;
            // The widths of the fields differ between architectures.
            (found.st_mtime, found.st_mtime_nsec) = (split(node.modified).0 as _, split(node.modified).1 as _);
            (found.st_ctime, found.st_ctime_nsec) = (split(node.changed).0 as _, split(node.changed).1 as _);
        }
        found
    }

    /// When a file was modified, as this machine sees it.
    pub(super) fn modified(&mut self, path: &Path, now: i128) -> i128 {
        fs::symlink_metadata(path).map_or(0, |found| self.node(found.ino(), now).modified)
    }

    /// A file at `path` has been written, or dated `modified` if that is given. Its user's doing, which outlives everything.
    pub(super) fn user_wrote(&mut self, path: &Path, modified: Option<i128>, now: i128) {
        if let Ok(found) = fs::symlink_metadata(path).map(|found| found.ino()) {
            let node = self.node(found, now);
            (node.modified, node.changed) = (modified.unwrap_or(ticks(now)), ticks(now));
        }
        self.user_did();
    }

    /// A file at `path` got another name or mode.
    pub(super) fn user_changed(&mut self, path: &Path, now: i128) {
        if let Ok(found) = fs::symlink_metadata(path).map(|found| found.ino()) {
            self.node(found, now).changed = ticks(now);
        }
        self.user_did();
    }

    /// The file at `path` is about to be removed.
    pub(super) fn user_removes(&mut self, path: &Path) {
        if let Ok(found) = fs::symlink_metadata(path) {
            self.gone(found.ino(), found.nlink());
        }
        self.user_did();
    }

    /// Whatever came before what a user did is on disk, as file systems with a journal have it.
    pub(super) fn user_did(&mut self) {
        self.changes.clear();
    }

    fn gone(&mut self, real: u64, links: u64) {
        if links <= 1
            && let Some(node) = self.nodes.remove(&real)
        {
            self.free.push(node.inode);
        }
    }

    pub(super) fn made(&mut self, place: &Place, now: i128) {
        if let Ok(found) = fs::symlink_metadata(&place.0)
            && !found.is_dir()
        {
            self.node(found.ino(), now).changed = ticks(now);
        }
        self.changes.push(Change::Made(place.0.clone()));
    }

    /// Keeps what is under a name that is about to go.
    pub(super) fn bury(&mut self, place: &Place) -> Seen {
        match fs::symlink_metadata(&place.0) {
            Ok(found) if !found.is_dir() => {
                self.buried += 1;
                let grave = self.graves.join(self.buried.to_string());
                fs::hard_link(&place.0, &grave).unwrap();
                Seen::File { grave, inode: found.ino(), links: found.nlink() }
            }
            Ok(_) => Seen::Folder,
            Err(_) => Seen::Nothing,
        }
    }

    pub(super) fn removed(&mut self, place: &Place, seen: Seen) {
        match seen {
            Seen::File { grave, inode, links } => {
                self.gone(inode, links);
                self.changes.push(Change::Removed { path: place.0.clone(), grave });
            }
            Seen::Folder | Seen::Nothing => self.changes.push(Change::RemovedFolder(place.0.clone())),
        }
    }

    pub(super) fn moved(&mut self, (from, to): &(Place, Place), covered: Seen, now: i128) {
        let covered = match covered {
            Seen::File { grave, inode, links } => {
                self.gone(inode, links);
                Some(grave)
            }
            Seen::Folder | Seen::Nothing => None,
        };
        self.changes.push(Change::Moved { from: from.0.clone(), to: to.0.clone(), covered });
        self.stamp(&to.0, now);
    }

    pub(super) fn swapped(&mut self, (one, other): &(Place, Place), now: i128) {
        self.changes.push(Change::Swapped(one.0.clone(), other.0.clone()));
        self.stamp(&one.0, now);
        self.stamp(&other.0, now);
    }

    fn stamp(&mut self, path: &Path, now: i128) {
        if let Ok(found) = fs::symlink_metadata(path)
            && !found.is_dir()
        {
            self.node(found.ino(), now).changed = ticks(now);
        }
    }

    pub(super) fn dated(&mut self, file: &impl AsFd, modified: Option<i128>, now: i128) {
        let Ok(found) = rustix::fs::fstat(file) else { return };
        let node = self.node(found.st_ino, now);
        node.modified = modified.unwrap_or(node.modified);
        node.changed = ticks(now);
    }

    pub(super) fn dated_at(&mut self, place: &Place, modified: i128, now: i128) {
        let Ok(found) = fs::symlink_metadata(&place.0) else { return };
        let node = self.node(found.ino(), now);
        (node.modified, node.changed) = (modified, ticks(now));
    }

    pub(super) fn written(&mut self, file: &File, now: i128) {
        let Ok(found) = file.metadata() else { return };
        let node = self.node(found.ino(), now);
        (node.modified, node.changed) = (ticks(now), ticks(now));
        self.dirty.entry(found.ino()).or_insert_with(|| file.try_clone().unwrap());
    }

    pub(super) fn synced(&mut self) {
        self.changes.clear();
        self.dirty.clear();
    }

    /// A folder's names, or a file's content.
    pub(super) fn synced_one(&mut self, file: &File) {
        match file.metadata() {
            Ok(found) if found.is_dir() => self.names_synced(&Place::of(file, &".").0),
            Ok(found) => drop(self.dirty.remove(&found.ino())),
            Err(_) => {}
        }
    }

    /// The names in a folder are on disk, and what they need: whatever came before in the same places.
    fn names_synced(&mut self, folder: &Path) {
        let mut on_disk: Vec<PathBuf> = Vec::new();
        let mut left = Vec::new();
        for change in self.changes.drain(..).rev() {
            let paths = change.paths();
            let needed = |path: &Path| on_disk.iter().any(|known| known.starts_with(path) || path.starts_with(known));
            if paths.iter().any(|path| path.parent() == Some(folder) || needed(path)) {
                on_disk.extend(paths.map(Path::to_owned));
            } else {
                left.push(change);
            }
        }
        left.reverse();
        self.changes = left;
    }

    /// A power failure: some of the last changes of names never reached the disk, and no content that was not flushed did.
    pub(super) fn lose_power(&mut self, dice: &mut Dice) {
        let lost = dice.roll(self.changes.len() + 1);
        for change in self.changes.drain(..).rev().take(lost) {
            match change {
                Change::Made(path) if path.is_dir() => fs::remove_dir(path).unwrap(),
                Change::Made(path) => fs::remove_file(path).unwrap(),
                Change::RemovedFolder(path) => fs::create_dir(path).unwrap(),
                Change::Removed { path, grave } => fs::rename(grave, path).unwrap(),
                Change::Moved { from, to, covered } => {
                    fs::rename(&to, from).unwrap();
                    if let Some(grave) = covered {
                        fs::rename(grave, to).unwrap();
                    }
                }
                Change::Swapped(one, other) => {
                    let aside = self.graves.join("aside");
                    fs::rename(&one, &aside).unwrap();
                    fs::rename(&other, &one).unwrap();
                    fs::rename(aside, other).unwrap();
                }
            }
        }
        for (_, file) in self.dirty.drain() {
            let length = file.metadata().map_or(0, |found| found.len());
            file.set_len(if dice.roll(2) == 0 { 0 } else { length / 2 }).unwrap();
        }
    }
}

fn ticks(now: i128) -> i128 {
    now - now.rem_euclid(TICK_NS)
}
