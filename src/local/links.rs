//! Symbolic links, as git has them: a link's content is the path that it leads to. That path is never looked at: it may lead
//! anywhere, or nowhere.

use std::fs::File;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Timestamps};
use rustix::io::Errno;

use super::beneath::{At, open_dir, split};
use super::hash::wait_until_settled;
use super::staging::{STAGING, times};
use super::sys::{openat, readlinkat, symlinkat, utimensat};
use super::{Error, Folder, Staged, Stat};
use crate::key::{IGNORE, Key};

/// What is done about symbolic links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// They are left alone.
    #[default]
    Skip,
    /// What they lead to is read in their places. Nothing is written through them.
    Follow,
    /// They are synced as what they are.
    Preserve,
}

/// The most bytes that a link's path may have.
pub const MOST_TARGET: u64 = 4095;

/// How a link itself is opened.
#[cfg(not(target_vendor = "apple"))]
const ITSELF: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// `O_SYMLINK`.
#[cfg(target_vendor = "apple")]
const ITSELF: OFlags = OFlags::from_bits_retain(0x20_0000).union(OFlags::CLOEXEC);

impl Folder {
    /// The same folder, with its links treated so.
    #[must_use]
    pub fn with_links(mut self, links: Links) -> Folder {
        self.links = links;
        self
    }

    /// Whether a link can be a key's file. The ignore rules have to be text.
    pub fn takes_link(&self, key: &Key) -> bool {
        self.links == Links::Preserve && key.as_str() != IGNORE
    }

    /// Where the link `key`, which is what `expected` says before and after, leads to.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] if it is not, or gone; [`Error::InTheWay`], [`Error::Denied`], [`Error::Io`].
    pub fn read_link(&self, key: &Key, expected: &Stat) -> Result<Vec<u8>, Error> {
        let path = self.path_of(key);
        let failed = |errno| match errno {
            // It is no link any more.
            Errno::NOENT | Errno::INVAL => Error::Changed { path: path.clone() },
            errno => Error::new(errno, &path),
        };
        let (parent, name) = split(Path::new(key.as_str()));
        let dir = open_dir(&self.root, parent).map_err(failed)?;
        let at = At::new(&dir, name);
        let check = || match at.stat().map_err(failed)? {
            (FileType::Symlink, stat) if stat.same_file(expected) => Ok(()),
            _ => Err(Error::Changed { path: path.clone() }),
        };
        check()?;
        wait_until_settled(expected);
        let target = readlinkat(at.dir, at.name, Vec::new()).map_err(failed)?.into_bytes();
        check()?;
        if target.len() as u64 == expected.size { Ok(target) } else { Err(Error::Changed { path }) }
    }

    /// Makes a link in staging that leads to `target`, with that time of change (nanoseconds since the epoch).
    ///
    /// # Errors
    ///
    /// [`Error::NoLink`] if no link can lead there; [`Error::NoSpace`], [`Error::Denied`] (on a file system without links too),
    /// [`Error::InTheWay`], [`Error::Io`].
    pub fn stage_link(&self, key: &Key, target: &[u8], mtime_ns: i128) -> Result<Staged, Error> {
        check_target(target).map_err(|why| Error::NoLink { path: self.path_of(key), why })?;
        let below = Path::new(STAGING);
        let dir = self.make_dir(&self.work, below)?;
        loop {
            let name = Staged::free_name();
            let path = self.path_in(&self.work, below).join(&name);
            match symlinkat(target, &dir, &name) {
                Ok(()) => {}
                // Left by a process of the same id.
                Err(Errno::EXIST) => continue,
                Err(errno) => return Err(Error::new(errno, &path)),
            }
            let opened = openat(&dir, &name, ITSELF, Mode::empty());
            let link = File::from(opened.map_err(|errno| Error::new(errno, &path))?);
            let staged = Staged::link((dir, name.into()), link, path);
            staged.date(mtime_ns)?;
            return Ok(staged);
        }
    }
}

impl Staged {
    fn date(&self, mtime_ns: i128) -> Result<(), Error> {
        let times: Timestamps = times(mtime_ns);
        self.at_place(|at| utimensat(at.dir, at.name, &times, AtFlags::SYMLINK_NOFOLLOW))
    }
}

/// Why a link cannot lead to `target`.
fn check_target(target: &[u8]) -> Result<(), &'static str> {
    match target {
        [] => Err("it is empty"),
        _ if target.len() as u64 > MOST_TARGET => Err("it is too long"),
        _ if target.contains(&0) => Err("it holds a NUL byte"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use super::super::testing::{Case, key};
    use super::super::{Displaced, Found, Ignore, hash_file, scan, walk};
    use super::*;
    use crate::content::LINK_MODE;

    fn case() -> Case {
        let mut case = Case::new();
        case.folder = Folder::open(&case.path(""), None).unwrap().with_links(Links::Preserve);
        case.folder.begin_run("run".to_owned());
        case
    }

    fn target(case: &Case, name: &str) -> String {
        fs::read_link(case.path(name)).unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn a_link_is_a_file_of_its_own_kind_wherever_it_leads() {
        let case = case();
        fs::create_dir(case.path("folder")).unwrap();
        for (name, to) in [("up", ".."), ("dangling", "no/where"), ("folder/abs", "/etc"), (".syncignore", "x")] {
            symlink(to, case.path(name)).unwrap();
        }
        let scan = scan(&case.folder, &Ignore::none()).unwrap();
        let found: Vec<_> = scan.files.iter().map(|file| (file.key.as_str(), file.stat.size, file.stat.mode)).collect();
        assert_eq!(found, [("dangling", 8, LINK_MODE), ("folder/abs", 4, LINK_MODE), ("up", 2, LINK_MODE)]);
        assert_eq!(scan.hidden.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), [".syncignore"]);
        for file in &scan.files {
            assert_eq!(case.folder.stat(&file.key).unwrap(), Some(file.stat));
            let target = case.folder.read_link(&file.key, &file.stat).unwrap();
            let sum = hash_file(&case.folder, &file.key, &file.stat, None).unwrap().sha256;
            assert_eq!(fs::read_link(case.path(file.key.as_str())).unwrap().as_os_str().as_bytes(), target);
            assert_eq!(sum, crate::content::Sha256::of(&target));
        }
    }

    #[test]
    fn nothing_is_read_or_written_through_a_link() {
        let case = case();
        case.write("folder/file", "inside");
        symlink("folder", case.path("link")).unwrap();
        let through = key("link/file");
        assert!(matches!(case.folder.stat(&through), Err(Error::InTheWay { .. })));
        assert!(matches!(case.folder.open_file(&through), Err(Error::InTheWay { .. })));
        assert!(case.folder.install(case.staged("new"), &key("link/new")).is_err());
        assert_eq!(fs::read_dir(case.path("folder")).unwrap().count(), 1);
        // Whoever put a link in the place of a folder has taken away what was in it.
        assert!(case.folder.is_gone(&through));
    }

    #[test]
    fn links_replace_files_and_files_links_and_what_was_there_goes_to_the_trash() {
        let case = case();
        case.write("a", "text");
        let staged = case.folder.stage_link(&key("a"), b"../else where", -1_500_000_000).unwrap();
        let stat = case.folder.replace(staged, &key("a"), &case.stat("a"), &Displaced::Trash).unwrap();
        assert_eq!((target(&case, "a"), stat), ("../else where".to_owned(), case.stat("a")));
        assert_eq!((stat.mtime_ns, stat.mode, stat.size), (-1_500_000_000, LINK_MODE, 13));
        case.folder.replace(case.staged("again"), &key("a"), &stat, &Displaced::Trash).unwrap();
        assert_eq!(case.read("a"), "again");
        assert_eq!(
            (case.read(".s4/trash/run/a"), target(&case, ".s4/trash/run.1/a")),
            ("text".into(), "../else where".into())
        );
        let staged = case.folder.stage_link(&key("b/c"), b"x", 0).unwrap();
        let stat = case.folder.install(staged, &key("b/c")).unwrap();
        case.folder.rename(&key("b/c"), &stat, &key("d")).unwrap();
        assert_eq!(target(&case, "d"), "x");
        case.folder.remove(&key("d"), &case.stat("d")).unwrap();
        assert_eq!(target(&case, ".s4/trash/run/d"), "x");
        case.nothing_is_left_over();
    }

    #[test]
    fn a_link_that_changed_is_not_replaced_and_a_staged_one_goes_when_dropped() {
        let case = case();
        symlink("old", case.path("a")).unwrap();
        let old = case.stat("a");
        fs::remove_file(case.path("a")).unwrap();
        symlink("newer", case.path("a")).unwrap();
        let staged = case.folder.stage_link(&key("a"), b"theirs", 0).unwrap();
        assert!(matches!(case.folder.replace(staged, &key("a"), &old, &Displaced::Trash), Err(Error::Changed { .. })));
        assert!(matches!(case.folder.read_link(&key("a"), &old), Err(Error::Changed { .. })));
        let staged = case.folder.stage_link(&key("a"), b"theirs", 0).unwrap();
        assert!(matches!(case.folder.install(staged, &key("a")), Err(Error::Exists { .. })));
        assert_eq!(target(&case, "a"), "newer");
        case.nothing_is_left_over();
    }

    #[test]
    fn no_link_leads_nowhere_too_far_or_through_a_nul() {
        let case = case();
        let far = "x".repeat(4096);
        for odd in [&b""[..], b"a\0b", far.as_bytes()] {
            assert!(matches!(case.folder.stage_link(&key("a"), odd, 0), Err(Error::NoLink { .. })));
        }
        assert!(case.folder.stage_link(&key("a"), &far.as_bytes()[1..], 0).is_ok());
        case.nothing_is_left_over();
    }

    #[test]
    fn a_link_in_the_trash_can_be_told_and_taken_back() {
        let case = case();
        symlink("there", case.path("a")).unwrap();
        case.folder.remove(&key("a"), &case.stat("a")).unwrap();
        let trashed = case.folder.trashed().unwrap();
        assert_eq!(trashed.len(), 1);
        assert_eq!(case.folder.hash_trashed(&trashed[0]).unwrap(), crate::content::Sha256::of(b"there"));
        case.folder.take_from_trash(&trashed[0], &key("a")).unwrap();
        assert_eq!(target(&case, "a"), "there");
    }

    #[test]
    fn without_being_told_to_a_walk_leaves_links_alone() {
        let case = Case::new();
        symlink("there", case.path("a")).unwrap();
        let mut files = 0;
        walk(&case.folder, &Ignore::none(), &mut |found| {
            files += usize::from(matches!(found, Found::File(_)));
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(files, 0);
        assert!(matches!(case.folder.stat(&key("a")), Err(Error::InTheWay { .. })));
    }
}
