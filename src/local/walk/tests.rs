use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::testing::Case;
use super::*;

/// What a walk hands out, one line each. `meanwhile` is told of each before the walk goes on.
fn walked(case: &Case, rules: &str, mut meanwhile: impl FnMut(&str)) -> Vec<String> {
    let mut lines = Vec::new();
    let mut take = |found| {
        let line = match found {
            Found::File(file) => file.key.to_string(),
            Found::Hidden { path, why } => format!("{path}: {why:?}"),
            Found::Unnameable { name, why } => format!("{}: {why}", name.escape_ascii()),
        };
        meanwhile(&line);
        lines.push(line);
        ControlFlow::Continue(())
    };
    walk(&case.folder, &Ignore::parse(rules.as_bytes()), &mut take).unwrap();
    lines
}

/// Its path in a tree of folders that are all called `d`.
fn deep(levels: usize, name: &str) -> String {
    "d/".repeat(levels) + name
}

#[test]
fn everything_comes_where_its_name_sorts_and_a_folder_where_its_files_do() {
    let case = Case::new();
    for file in ["a/b", "a-b", "a.b", "a0", "B/x", "é", ".syncignore", "c/.index", ".index", ".s4/trash/x", "out.o"] {
        case.write(file, "");
    }
    symlink("a", case.path("a/link")).unwrap();
    symlink("a", case.path("a,link")).unwrap();
    fs::write(case.path("").join(OsStr::from_bytes(b"a\xff\x1b")), "").unwrap();
    fs::write(case.path("").join(OsStr::from_bytes(b"\xff.o")), "").unwrap();
    let expected = [
        ".syncignore",
        "B/x",
        "a,link: Symlink",
        "a-b",
        "a.b",
        "a/b",
        "a/link: Symlink",
        "a0",
        "a\\xff\\x1b: it is not UTF-8",
        "c/.index",
        "é",
    ];
    assert_eq!(walked(&case, "*.o", |_| {}), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn files_come_in_the_order_of_their_keys_bytes(paths in vec(vec("[a.\\-0é]{1,2}", 1..4), 1..20)) {
        let case = Case::new();
        let mut keys = BTreeSet::new();
        for path in paths.iter().filter(|path| path.iter().all(|name| name != "." && name != "..")) {
            let (key, path) = (path.join("/"), case.path(&path.join("/")));
            // One of the others may be in the way.
            let made = fs::create_dir_all(path.parent().unwrap()).and_then(|()| fs::write(&path, ""));
            if made.is_ok() {
                keys.insert(key);
            }
        }
        prop_assert_eq!(walked(&case, "", |_| {}), keys.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_walk_ends_where_it_is_broken_off() {
    let case = Case::new();
    for file in ["a", "b/c/d", "b/e", "f"] {
        case.write(file, "");
    }
    let mut left = 2;
    let mut take = |_| {
        left -= 1;
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    walk(&case.folder, &Ignore::none(), &mut take).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn a_deep_tree_takes_a_few_descriptors_and_none_of_its_files_is_missed() {
    let case = Case::new();
    let levels = 3 * KEPT_OPEN;
    for level in 0..=levels {
        case.write(&deep(level, "e"), "");
    }
    let root = fs::canonicalize(case.path("")).unwrap();
    let mut most = 0;
    let keys = walked(&case, "", |_| {
        // Not every system has it; then this counts nothing.
        let links = fs::read_dir("/proc/self/fd").into_iter().flatten();
        let below =
            links.filter(|link| fs::read_link(link.as_ref().unwrap().path()).is_ok_and(|to| to.starts_with(&root)));
        most = most.max(below.count());
    });
    assert_eq!(keys, (0..=levels).rev().map(|level| deep(level, "e")).collect::<Vec<_>>());
    // With the folder's own handle.
    assert!(most <= KEPT_OPEN + 2, "{most}");
}

#[test]
fn a_folder_that_was_replaced_meanwhile_gives_nothing_more_and_is_not_taken_for_empty() {
    let case = Case::new();
    let levels = 2 * KEPT_OPEN;
    case.write(&deep(levels, "first"), "");
    for name in ["e", "f/x"] {
        case.write(&deep(1, name), "");
    }
    let found = walked(&case, "", |line| {
        if line.ends_with("first") {
            fs::rename(case.path("d"), case.path("a")).unwrap();
            case.write(&deep(1, "e"), "another");
        }
    });
    let changing = |name: &str| format!("{}: Unreadable(\"it is changing right now\")", deep(1, name));
    assert_eq!(found, [deep(levels, "first"), changing("e"), changing("f")]);
}

#[test]
fn what_becomes_something_else_between_listing_and_looking_is_hidden_and_not_followed() {
    let case = Case::new();
    for file in ["a", "file", "folder/x", "gone", "gone-too/x", "z"] {
        case.write(file, "");
    }
    case.write("elsewhere/y", "");
    let found = walked(&case, "", |line| {
        if line == "a" {
            fs::remove_file(case.path("file")).unwrap();
            fs::create_dir(case.path("file")).unwrap();
            fs::remove_dir_all(case.path("folder")).unwrap();
            symlink("elsewhere", case.path("folder")).unwrap();
            fs::remove_file(case.path("gone")).unwrap();
            fs::remove_dir_all(case.path("gone-too")).unwrap();
        }
    });
    let changing = |name: &str| format!("{name}: Unreadable(\"it is changing right now\")");
    assert_eq!(found, ["a".to_owned(), "elsewhere/y".to_owned(), changing("file"), changing("folder"), "z".to_owned()]);
}

#[test]
fn a_name_that_can_not_be_a_key_comes_with_its_bytes() {
    let case = Case::new();
    fs::create_dir(case.path("").join(OsStr::from_bytes(b"dir\xfe"))).unwrap();
    fs::write(case.path("").join(OsStr::from_bytes(b"dir\xfe/in")), "").unwrap();
    let mut found = Vec::new();
    let mut take = |one| {
        found.push(one);
        ControlFlow::Continue(())
    };
    walk(&case.folder, &Ignore::none(), &mut take).unwrap();
    assert_eq!(found, [Found::Unnameable { name: b"dir\xfe".into(), why: "it is not UTF-8".to_owned() }]);
}
