//! The walk over the folder.
//!
//! Folders wait as paths, not as handles, and each is opened from the root: one descriptor is open at a time, however
//! deep the tree. It ends by itself where paths get too long for keys.

use std::fmt::Write;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Dir, FileType, Mode, fstat, statat};
use rustix::io::Errno;

use std::path::Path;

use super::beneath::{LIST, convert, open};
use super::{Error, Folder, Hidden, Ignore, LocalFile, Scan};
use crate::key::{Key, is_reserved};

/// Finds the folder's files. What can not be read does not end the scan: it is reported, and hides what is below it.
///
/// # Errors
///
/// Only if the folder itself can not be read: [`Error::Denied`], [`Error::Io`].
pub fn scan(folder: &Folder, ignore: &Ignore) -> Result<Scan, Error> {
    let mut walk = Walk {
        folder,
        ignore,
        state: folder.state_identity(),
        found: Scan { device: folder.device(), ..Scan::default() },
        waiting: Vec::new(),
    };
    walk.list("").map_err(|errno| Error::new(errno, folder.path()))?;
    while let Some(path) = walk.waiting.pop() {
        match walk.list(&path) {
            // Removed since its parent was read.
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::LOOP) => walk.found.hidden.push((path, Hidden::Symlink)),
            Err(errno) => walk.hide(path, errno),
        }
    }
    let mut found = walk.found;
    found.files.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    found.hidden.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    // What is hidden twice, by its own fault and by the end of its folder's listing, is told once.
    found.hidden.dedup_by(|one, other| one.0 == other.0);
    found.unnameable.sort_unstable();
    Ok(found)
}

struct Walk<'a> {
    folder: &'a Folder,
    ignore: &'a Ignore,
    state: Option<(u64, u64)>,
    found: Scan,
    /// Paths of the folders still to be read.
    waiting: Vec<String>,
}

impl Walk<'_> {
    /// Reads one folder.
    fn list(&mut self, path: &str) -> Result<(), Errno> {
        let handle = open(&self.folder.root, Path::new(path), LIST, Mode::empty())?;
        if self.state.is_some() && self.is_state(&handle)? {
            return Ok(());
        }
        // A removed folder still lists, as empty: that must not look like one whose files were deleted.
        if path.is_empty() && fstat(&handle)?.st_nlink == 0 {
            return Err(Errno::NOENT);
        }
        let mut dir = Dir::new(handle)?;
        let mut name = path.as_bytes().to_owned();
        if !name.is_empty() {
            name.push(b'/');
        }
        let parent = name.len();
        while let Some(entry) = dir.read() {
            let entry = entry?;
            let last = entry.file_name();
            if last == c"." || last == c".." {
                continue;
            }
            name.truncate(parent);
            name.extend_from_slice(last.to_bytes());
            let stat = || statat(dir.fd()?, last, AtFlags::SYMLINK_NOFOLLOW);
            self.entry(&name, entry.file_type(), stat);
        }
        Ok(())
    }

    /// Takes in one entry. `kind` is what the folder says of it, and need not be known.
    fn entry(&mut self, name: &[u8], kind: FileType, stat: impl Fn() -> Result<rustix::fs::Stat, Errno>) {
        let kind = match kind {
            FileType::Unknown => match stat() {
                Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                Err(errno) => return self.lost(name, errno),
            },
            kind => kind,
        };
        let text = str::from_utf8(name);
        if text.is_ok_and(is_reserved) {
            return;
        }
        if self.ignore.is_ignored_name(name, kind == FileType::Directory) {
            self.found.ignored += 1;
            return;
        }
        let Ok(text) = text else {
            self.found.unnameable.push((printable(name), "it is not UTF-8".to_owned()));
            return;
        };
        let key = match Key::parse(text) {
            Ok(key) => key,
            Err(problem) => {
                self.found.unnameable.push((printable(name), problem.to_string()));
                return;
            }
        };
        match kind {
            FileType::RegularFile => match stat().map(|stat| convert(&stat)) {
                Ok((FileType::RegularFile, stat)) => self.found.files.push(LocalFile { key, stat }),
                Ok(_) => self.hide(text.to_owned(), Errno::AGAIN),
                Err(errno) => self.lost(name, errno),
            },
            FileType::Directory => self.waiting.push(text.to_owned()),
            FileType::Symlink => self.found.hidden.push((text.to_owned(), Hidden::Symlink)),
            _ => self.found.hidden.push((text.to_owned(), Hidden::Special)),
        }
    }

    /// An entry whose stat can not be had: gone, or unreadable.
    fn lost(&mut self, name: &[u8], errno: Errno) {
        match str::from_utf8(name) {
            _ if errno == Errno::NOENT => {}
            Ok(path) => self.hide(path.to_owned(), errno),
            Err(_) => self.found.unnameable.push((printable(name), "it is not UTF-8".to_owned())),
        }
    }

    fn hide(&mut self, path: String, errno: Errno) {
        let reason = if errno == Errno::AGAIN {
            "it is changing right now".to_owned()
        } else {
            Error::new(errno, &self.folder.path().join(&path)).to_string()
        };
        self.found.hidden.push((path, Hidden::Unreadable(reason)));
    }

    /// Whether an open folder is s4's own state folder, which may be anywhere.
    #[allow(clippy::unnecessary_cast)] // The width of a device number differs between systems.
    fn is_state(&self, handle: &OwnedFd) -> Result<bool, Errno> {
        let stat = fstat(handle)?;
        Ok(self.state == Some((stat.st_dev as u64, stat.st_ino as u64)))
    }
}

/// A name as text without control characters: those and bytes that are not UTF-8 as escapes.
pub(crate) fn printable(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter.is_control() || letter == '\\' {
                text.extend(letter.escape_default());
            } else {
                text.push(letter);
            }
        }
        for byte in chunk.invalid() {
            // Writing into a string can not fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::time::{Duration, UNIX_EPOCH};

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        dir
    }

    fn scanned(dir: &Path, rules: &str) -> Scan {
        scan(&Folder::open(dir, None).unwrap(), &Ignore::parse(rules.as_bytes())).unwrap()
    }

    fn keys(scan: &Scan) -> Vec<&str> {
        scan.files.iter().map(|file| file.key.as_str()).collect()
    }

    #[test]
    fn files_come_in_the_order_of_their_keys_bytes_without_s4s_own() {
        let dir = tree(&["a/b", "a-b", "a.b", "B", "é", "a/.index", ".index", ".s4lock", ".s4/trash/x", ".syncignore"]);
        let scan = scanned(dir.path(), "");
        assert_eq!(keys(&scan), [".syncignore", "B", "a-b", "a.b", "a/.index", "a/b", "é"]);
        assert_eq!(scan.files[5].stat.size, 3);
        assert_eq!(scan.device, Folder::open(dir.path(), None).unwrap().device());
        assert!(scan.hidden.is_empty() && scan.unnameable.is_empty());
    }

    #[test]
    fn ignored_folders_are_not_entered() {
        let dir = tree(&["keep", "x.o", "out/a", "out/b", "out/deep/c", "src/y.o", "src/z"]);
        let scan = scanned(dir.path(), "*.o\nout/\n");
        assert_eq!(keys(&scan), ["keep", "src/z"]);
        assert_eq!(scan.ignored, 3);
    }

    #[test]
    fn links_and_special_files_are_hidden_and_never_followed() {
        let dir = tree(&["a/file"]);
        symlink(dir.path(), dir.path().join("a/loop")).unwrap();
        symlink("nowhere", dir.path().join("broken")).unwrap();
        symlink("x", dir.path().join("ignored.o")).unwrap();
        let _socket = UnixListener::bind(dir.path().join("socket")).unwrap();
        let scan = scanned(dir.path(), "*.o");
        assert_eq!(keys(&scan), ["a/file"]);
        let expected = [("a/loop", Hidden::Symlink), ("broken", Hidden::Symlink), ("socket", Hidden::Special)];
        assert_eq!(scan.hidden, expected.map(|(path, hidden)| (path.to_owned(), hidden)));
        assert_eq!(scan.hidden(&Key::parse("a/loop/a/file").unwrap()), Some(&Hidden::Symlink));
        assert_eq!(scan.ignored, 1);
    }

    #[test]
    fn names_that_can_not_be_keys_are_reported_and_left_alone() {
        let dir = tree(&["fine"]);
        fs::write(dir.path().join(OsStr::from_bytes(b"bad\xff\x1b")), "").unwrap();
        fs::create_dir(dir.path().join(OsStr::from_bytes(b"dir\xfe"))).unwrap();
        fs::write(dir.path().join(OsStr::from_bytes(b"dir\xfe/in")), "").unwrap();
        let scan = scanned(dir.path(), "");
        assert_eq!(keys(&scan), ["fine"]);
        let names: Vec<_> = scan.unnameable.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["bad\\xff\\u{1b}", "dir\\xfe"]);
    }

    #[test]
    fn a_tree_thousands_deep_ends_where_keys_end() {
        let dir = tree(&["top"]);
        let root = fs::canonicalize(dir.path()).unwrap();
        let mut at: OwnedFd = fs::File::open(&root).unwrap().into();
        for _ in 0..2_000 {
            rustix::fs::mkdirat(&at, "d", Mode::RWXU).unwrap();
            at = rustix::fs::openat(&at, "d", LIST, Mode::empty()).unwrap();
        }
        let scan = scanned(&root, "");
        assert_eq!(keys(&scan), ["top"]);
        assert_eq!(scan.unnameable.len(), 1);
        assert_eq!(scan.unnameable[0].1, "it is longer than 1024 bytes");
    }

    #[test]
    fn any_time_is_taken_as_it_is() {
        let dir = tree(&["old"]);
        let time = UNIX_EPOCH - Duration::new(1_000_000_000, 250_000_000);
        fs::File::options().write(true).open(dir.path().join("old")).unwrap().set_modified(time).unwrap();
        let scan = scanned(dir.path(), "");
        assert_eq!(scan.files[0].stat.mtime_ns, -1_000_000_000_250_000_000);
    }

    #[test]
    fn an_unreadable_folder_hides_what_is_in_it() {
        let dir = tree(&["a", "shut/x"]);
        let shut = dir.path().join("shut");
        fs::set_permissions(&shut, fs::Permissions::from_mode(0o000)).unwrap();
        let refused = fs::read_dir(&shut).is_err();
        let scan = scanned(dir.path(), "");
        fs::set_permissions(&shut, fs::Permissions::from_mode(0o700)).unwrap();
        // A superuser reads it all the same.
        if refused {
            assert_eq!(keys(&scan), ["a"]);
            assert!(matches!(scan.hidden(&Key::parse("shut/x").unwrap()), Some(Hidden::Unreadable(_))));
        }
    }

    #[test]
    fn a_removed_root_is_an_error_and_not_an_empty_scan() {
        let dir = tree(&["root/a"]);
        let root = dir.path().join("root");
        let folder = Folder::open(&root, None).unwrap();
        fs::remove_dir_all(&root).unwrap();
        assert!(matches!(scan(&folder, &Ignore::none()), Err(Error::NotFound { .. })));
    }

    #[test]
    fn a_state_folder_within_the_folder_is_not_scanned() {
        let dir = tree(&["a", "meta/state/keep"]);
        let folder = Folder::open(dir.path(), Some(&dir.path().join("meta/state"))).unwrap();
        folder.write_index(b"index").unwrap();
        let scan = scan(&folder, &Ignore::none()).unwrap();
        assert_eq!(keys(&scan), ["a"]);
    }
}
