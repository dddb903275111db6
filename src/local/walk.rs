//! The walk over the folder: what is in it, handed out in the order of the keys' bytes as it is found.
//!
//! Depth first. Each folder is read once, and wholly before anything of it is handed out: of one whose listing fails nothing
//! has to be taken back, it is hidden with all that is in it. What is held is the names of the folders from the root down to
//! where the walk is, and a few handles on the innermost of them. It ends by itself where paths get too long for keys.

use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::Ordering;

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::beneath::{LIST, convert, open};
use super::follow::{Leads, emptiness};
use super::names::Names;
use super::sys::{fstat, openat, statat};
use super::{Error, Folder, Hidden, Ignore, Links, LocalFile, Stat};
use crate::key::{Key, is_reserved};

/// How many folders are held open at once, the innermost ones. One that was closed is opened again from the root, so this
/// may be any number; few trees are as deep.
const KEPT_OPEN: usize = 16;

/// How a folder is opened that a link leads to.
const FOLLOWED: OFlags = LIST.union(OFlags::CLOEXEC);

/// Something that a walk came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A regular file; or a symbolic link, where those are synced as what they are.
    File(LocalFile),
    /// Something that hides what is at or below its path.
    Hidden {
        /// Its path below the folder.
        path: String,
        /// What it is.
        why: Hidden,
    },
    /// A name that cannot be a key.
    Unnameable {
        /// The bytes of the path below the folder, of any kind.
        name: Vec<u8>,
        /// Why it cannot be a key.
        why: String,
    },
}

/// What a walk counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Number of files and folders that the ignore rules left out.
    pub ignored: u64,
}

/// Hands out what is in the folder, in the order of the names' bytes, where a folder's name counts as ending in `/`. What
/// cannot be read does not end the walk: it is handed out as hidden. A `found` that breaks off ends it.
///
/// # Errors
///
/// Only if the folder itself cannot be read, before anything was handed out: [`Error::NotFound`], [`Error::Denied`],
/// [`Error::Io`].
pub fn walk(
    folder: &Folder,
    ignore: &Ignore,
    found: &mut dyn FnMut(Found) -> ControlFlow<()>,
) -> Result<Totals, Error> {
    walk_at(folder, ignore, "", found)
}

/// As [`walk`], of what is at or below a path alone, by names with `/` between; nothing, if nothing is there. What hides the path
/// is handed out in its stead.
///
/// # Errors
///
/// As [`walk`].
pub fn walk_at(
    folder: &Folder,
    ignore: &Ignore,
    path: &str,
    found: &mut dyn FnMut(Found) -> ControlFlow<()>,
) -> Result<Totals, Error> {
    let failed = |errno| Error::new(errno, folder.path());
    let state = folder.state_identity();
    let mut walk = Walk { folder, ignore, state, found, only: path, path: String::new(), totals: Totals::default() };
    let root = open(&folder.root, Path::new(""), LIST, Mode::empty()).map_err(failed)?;
    // A removed folder still lists, as empty: that must not look like one whose files were deleted.
    if fstat(&root).map_err(failed)?.st_nlink == 0 {
        return Err(failed(Errno::NOENT));
    }
    let mut levels: Vec<Level> = walk.level(root).map_err(failed)?.into_iter().collect();
    while let Some(mut level) = levels.pop() {
        match walk.go_on(&mut level, &levels) {
            ControlFlow::Continue(None) => {}
            ControlFlow::Continue(Some(inner)) => {
                levels.push(level);
                if let Some(outer) = levels.len().checked_sub(KEPT_OPEN).and_then(|at| levels.get_mut(at)) {
                    outer.dir = None;
                }
                levels.push(inner);
            }
            ControlFlow::Break(()) => break,
        }
    }
    Ok(walk.totals)
}

struct Walk<'a> {
    folder: &'a Folder,
    ignore: &'a Ignore,
    state: Option<(u64, u64)>,
    found: &'a mut dyn FnMut(Found) -> ControlFlow<()>,
    /// Nothing but what is at or below this path, or on the way there.
    only: &'a str,
    /// The path of what is being looked at.
    path: String,
    totals: Totals,
}

/// A folder on the way to where the walk is.
struct Level {
    /// `None`: closed, to be opened again.
    dir: Option<Dir>,
    /// Device and inode.
    identity: (u64, u64),
    /// How much of the walk's path is this folder's, the `/` included.
    path: usize,
    names: Names,
    /// Whether nothing at all is in it.
    is_empty: bool,
}

impl Level {
    /// Whether it is that folder, or is in it by way of those `above`.
    fn is_in(&self, identity: (u64, u64), above: &[Level]) -> bool {
        self.identity == identity || above.iter().any(|level| level.identity == identity)
    }
}

/// What a folder or a link came to.
enum Came {
    To(Option<Found>),
    /// A folder to be walked.
    In(Level),
}

impl Walk<'_> {
    /// Goes through the names of a folder up to the next folder in it, which it gives back; `None` at the end. `above`: the
    /// folders that it is in.
    fn go_on(&mut self, level: &mut Level, above: &[Level]) -> ControlFlow<(), Option<Level>> {
        while let Some((name, kind)) = level.names.next() {
            self.path.truncate(level.path);
            let Some(key) = self.key(name, kind == FileType::Directory)? else { continue };
            let found = match kind {
                // Something else was there once.
                FileType::RegularFile if self.only.len() > self.path.len() => None,
                FileType::RegularFile => self.file(level, key),
                FileType::Symlink if self.folder.takes_link(&key) => match self.only.len() > self.path.len() {
                    true => Some(Found::Hidden { path: key.into(), why: Hidden::Symlink }),
                    false => self.file(level, key),
                },
                FileType::Symlink if self.folder.links != Links::Follow => {
                    Some(Found::Hidden { path: key.into(), why: Hidden::Symlink })
                }
                FileType::Symlink | FileType::Directory => {
                    let is_link = kind == FileType::Symlink;
                    let came = if is_link { self.follow(level, above, key) } else { self.enter(level, above) };
                    match came {
                        Ok(Came::To(found)) => found,
                        Ok(Came::In(inner)) => return ControlFlow::Continue(Some(inner)),
                        Err(errno) => self.lost(errno),
                    }
                }
                _ => Some(Found::Hidden { path: key.into(), why: Hidden::Special }),
            };
            if let Some(found) = found {
                (self.found)(found)?;
            }
        }
        ControlFlow::Continue(None)
    }

    /// Puts a name behind the path, and makes a key of it. `None`: it is s4's own, left out by the rules, or no key.
    fn key(&mut self, name: &[u8], is_dir: bool) -> ControlFlow<(), Option<Key>> {
        let Ok(text) = str::from_utf8(name) else {
            let name = [self.path.as_bytes(), name].concat();
            if self.ignore.is_ignored_name(&name, is_dir) {
                self.totals.ignored += 1;
            } else {
                (self.found)(Found::Unnameable { name, why: "it is not UTF-8".to_owned() })?;
            }
            return ControlFlow::Continue(None);
        };
        if self.path.is_empty() && is_reserved(text) {
            return ControlFlow::Continue(None);
        }
        self.path.push_str(text);
        if self.ignore.is_ignored(&self.path, is_dir) {
            self.totals.ignored += 1;
            return ControlFlow::Continue(None);
        }
        match Key::parse(&self.path) {
            Ok(key) => ControlFlow::Continue(Some(key)),
            Err(problem) => {
                let name = self.path.clone().into_bytes();
                (self.found)(Found::Unnameable { name, why: problem.to_string() })?;
                ControlFlow::Continue(None)
            }
        }
    }

    /// What stands for the folder that the path leads to.
    fn marker(&self) -> Found {
        match Key::parse_any(&self.path) {
            Ok(key) => Found::File(LocalFile { key, stat: Stat::default() }),
            Err(why) => Found::Unnameable { name: self.path.clone().into_bytes(), why: why.to_string() },
        }
    }

    fn file(&self, level: &mut Level, key: Key) -> Option<Found> {
        let name = &self.path[level.path..];
        let found = self.handle(level).and_then(|dir| statat(dir, name, AtFlags::SYMLINK_NOFOLLOW));
        match found.map(|stat| convert(&stat)) {
            Ok((FileType::RegularFile, stat)) => {
                self.folder.looks.files.fetch_add(1, Ordering::Relaxed);
                Some(Found::File(LocalFile { key, stat }))
            }
            Ok((FileType::Symlink, stat)) if self.folder.takes_link(&key) => Some(Found::File(LocalFile { key, stat })),
            Ok(_) => self.lost(Errno::AGAIN),
            Err(errno) => self.lost(errno),
        }
    }

    /// Takes a link for what it leads to. One that leads nowhere hides what is below it: a drive may not be mounted.
    fn follow(&mut self, level: &mut Level, above: &[Level], key: Key) -> Result<Came, Errno> {
        let hidden = |path: &str, why| Ok(Came::To(Some(Found::Hidden { path: path.to_owned(), why })));
        let name = &self.path[level.path..];
        let (kind, stat) = match self.handle(level).and_then(|dir| statat(dir, name, AtFlags::empty())) {
            Ok(stat) => convert(&stat),
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return hidden(&self.path, Hidden::Dangling),
            Err(errno) => return Err(errno),
        };
        if self.folder.leads_to_own(&self.path) {
            return Ok(Came::To(None));
        }
        self.folder.note_followed(&key);
        match kind {
            FileType::RegularFile if self.only.len() > self.path.len() => Ok(Came::To(None)),
            FileType::RegularFile => Ok(Came::To(Some(Found::File(LocalFile { key, stat })))),
            FileType::Directory if self.ignore.is_ignored(&self.path, true) => {
                self.totals.ignored += 1;
                Ok(Came::To(None))
            }
            FileType::Directory => {
                let handle = self.handle(level).and_then(|dir| openat(dir, name, FOLLOWED, Mode::empty()))?;
                if level.is_in(identity(&handle)?, above) {
                    let why = "this symbolic link leads to a folder that it is in itself".to_owned();
                    return hidden(&self.path, Hidden::Unreadable(why));
                }
                if emptiness(&handle)? == Leads::ToNothing {
                    return hidden(&self.path, Hidden::Dangling);
                }
                Ok(self.level(handle)?.map_or(Came::To(None), Came::In))
            }
            _ => hidden(&self.path, Hidden::Special),
        }
    }

    /// Opens and reads the folder that the path leads to. Behind a link there may be one that the link is in.
    fn enter(&mut self, outer: &mut Level, above: &[Level]) -> Result<Came, Errno> {
        let name = Path::new(&self.path[outer.path..]);
        let handle = self.handle(outer).and_then(|dir| open(dir, name, LIST, Mode::empty()));
        // It was a folder a moment ago.
        let handle = handle
            .map_err(|errno| if errno == Errno::NOTDIR || errno == Errno::LOOP { Errno::AGAIN } else { errno })?;
        if self.folder.links == Links::Follow && outer.is_in(identity(&handle)?, above) {
            let why = Hidden::Unreadable("a symbolic link leads to it from a folder that is in it".to_owned());
            return Ok(Came::To(Some(Found::Hidden { path: self.path.clone(), why })));
        }
        Ok(match self.level(handle)? {
            None => Came::To(None),
            Some(inner) if inner.is_empty && self.folder.keeps_empty() => Came::To(Some(self.marker())),
            Some(inner) => Came::In(inner),
        })
    }

    /// Reads the folder that the path leads to. `None`: it is s4's own state folder, which may be anywhere.
    fn level(&mut self, handle: OwnedFd) -> Result<Option<Level>, Errno> {
        let identity = identity(&handle)?;
        if self.state == Some(identity) {
            return Ok(None);
        }
        if !self.path.is_empty() {
            self.path.push('/');
        }
        let ahead = self.only.strip_prefix(self.path.as_str()).filter(|ahead| !ahead.is_empty());
        let mut dir;
        let names = match ahead.map(|ahead| ahead.split('/').next().unwrap_or(ahead)) {
            None => {
                dir = Dir::new(handle)?;
                Names::read(&mut dir)?
            }
            Some(name) => {
                let names = match statat(handle.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(stat) => Names::one(name.as_bytes(), convert(&stat).0)?,
                    Err(Errno::NOENT) => Names::default(),
                    Err(errno) => return Err(errno),
                };
                dir = Dir::new(handle)?;
                names
            }
        };
        let is_empty = ahead.is_none() && names.is_empty();
        Ok(Some(Level { dir: Some(dir), identity, path: self.path.len(), names, is_empty }))
    }

    /// The handle on a folder, opened again if need be. Another folder in its place is none that was read.
    fn handle<'a>(&self, level: &'a mut Level) -> Result<BorrowedFd<'a>, Errno> {
        if level.dir.is_none() {
            let path = self.path[..level.path].trim_end_matches('/');
            let handle = match self.folder.links {
                // There may be one on the way.
                Links::Follow => {
                    openat(&self.folder.root, if path.is_empty() { "." } else { path }, FOLLOWED, Mode::empty())
                }
                _ => open(&self.folder.root, Path::new(path), LIST, Mode::empty()),
            }?;
            if identity(&handle)? != level.identity {
                return Err(Errno::AGAIN);
            }
            level.dir = Some(Dir::new(handle)?);
        }
        level.dir.as_ref().ok_or(Errno::AGAIN)?.fd()
    }

    /// What there is to tell of a path that cannot be looked at: nothing if it is gone.
    fn lost(&self, errno: Errno) -> Option<Found> {
        let why = match errno {
            Errno::NOENT => return None,
            Errno::AGAIN => "it is changing right now".to_owned(),
            errno => Error::new(errno, &self.folder.path().join(&self.path)).to_string(),
        };
        Some(Found::Hidden { path: self.path.clone(), why: Hidden::Unreadable(why) })
    }
}

/// Device and inode of an open folder.
#[allow(clippy::unnecessary_cast)] // The width of a device number differs between systems.
fn identity(handle: &OwnedFd) -> Result<(u64, u64), Errno> {
    let stat = fstat(handle)?;
    Ok((stat.st_dev as u64, stat.st_ino as u64))
}

#[cfg(test)]
mod tests;
