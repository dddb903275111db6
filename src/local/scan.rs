//! The folder as a value: a walk, collected.

use std::fmt::Write;
use std::ops::ControlFlow;

use super::{Error, Folder, Found, Ignore, Scan, walk_at};

/// Finds the folder's files. What cannot be read does not end the scan: it is reported, and hides what is below it.
///
/// # Errors
///
/// As [`walk_at`].
pub fn scan(folder: &Folder, ignore: &Ignore) -> Result<Scan, Error> {
    scan_at(folder, ignore, [""])
}

/// Finds the files at or below some paths, of which none is below another; nothing is known of the others then.
///
/// # Errors
///
/// As [`walk_at`].
pub fn scan_at<'p>(folder: &Folder, ignore: &Ignore, paths: impl IntoIterator<Item = &'p str>) -> Result<Scan, Error> {
    let mut scan = Scan { device: folder.device(), ..Scan::default() };
    let mut take = |found| {
        match found {
            Found::File(file) => scan.files.push(file),
            Found::Hidden { path, why } => scan.hidden.push((path, why)),
            Found::Unnameable { name, why } => scan.unnameable.push((name, why)),
        }
        ControlFlow::Continue(())
    };
    let mut ignored = 0;
    for path in paths {
        ignored += walk_at(folder, ignore, path, &mut take)?.ignored;
    }
    scan.ignored = ignored;
    // A walk comes to a folder where its files are, behind what its bare name would be.
    if !scan.files.is_sorted_by(|one, other| one.key < other.key) {
        scan.files.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    }
    // Something may hide several of the paths.
    scan.hidden.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    scan.hidden.dedup_by(|one, other| one.0 == other.0);
    scan.unnameable.sort_unstable();
    scan.unnameable.dedup();
    Ok(scan)
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
            // Writing into a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::Hidden;
    use super::super::beneath::LIST;
    use super::*;
    use crate::key::Key;
    use rustix::fd::OwnedFd;
    use rustix::fs::Mode;
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::path::Path;
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
        let names: Vec<_> = scan.unnameable.iter().map(|(name, _)| printable(name)).collect();
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
    fn what_is_at_some_paths_is_what_a_scan_finds_there() {
        let dir = tree(&["a/b/c", "a/b.c", "a/bc", "ab", "out/x", "d/x.o", "d/y", "deep/er/1", "deep/er/2", "f"]);
        symlink(dir.path(), dir.path().join("link")).unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        let ignore = Ignore::parse(b"*.o\nout/\n");
        let at = |paths: &[&str]| {
            let scan = scan_at(&folder, &ignore, paths.iter().copied()).unwrap();
            keys(&scan).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(at(&["a/b"]), ["a/b/c"]);
        assert_eq!(at(&["a/b.c", "a/b"]), ["a/b.c", "a/b/c"]);
        assert_eq!(at(&["out", "out/x", "d/x.o", "gone", "gone/er", "ab/below", "a/b/c/d"]), [""; 0]);
        assert_eq!(at(&["d", "deep/er/2", "f"]), ["d/y", "deep/er/2", "f"]);
        assert_eq!(at(&[""]), keys(&scan(&folder, &ignore).unwrap()));
        let hidden = scan_at(&folder, &ignore, ["link/a", "link/x"]).unwrap().hidden;
        assert_eq!(hidden, [("link".to_owned(), Hidden::Symlink)]);
        assert_eq!(at(&[".s4/x", ".index"]), [""; 0]);
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
