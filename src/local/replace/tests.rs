use super::*;
use crate::local::moves::EVERY_WAY;
use crate::local::testing::{Case, key};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// Runs a test on each kind of file system.
fn everywhere(test: impl Fn(&mut Case)) {
    for renames in EVERY_WAY {
        let mut case = Case::new();
        case.folder.renames = renames;
        test(&mut case);
        case.nothing_is_left_over();
    }
}

#[test]
fn a_new_file_gets_its_folders_its_time_and_its_mode() {
    everywhere(|case| {
        let staged = case.staged("new");
        staged.set(1_000_000_000_000_000_001, Some(0o4751)).unwrap();
        let stat = case.folder.install(staged, &key("a/b/c")).unwrap();
        assert_eq!((stat.mtime_ns, stat.mode, stat.size), (1_000_000_000_000_000_001, 0o751, 3));
        assert_eq!(case.stat("a/b/c"), stat);
        assert_eq!(case.read("a/b/c"), "new");
    });
}

#[test]
fn a_new_file_replaces_nothing_but_an_empty_folder() {
    everywhere(|case| {
        case.write("file", "old");
        case.write("full/x", "old");
        fs::create_dir(case.path("empty")).unwrap();
        symlink("file", case.path("link")).unwrap();
        let install = |name: &str| case.folder.install(case.staged("new"), &key(name));
        assert!(matches!(install("file"), Err(Error::Exists { .. })));
        for name in ["full", "link", "file/below", "link/below"] {
            assert!(matches!(install(name), Err(Error::InTheWay { .. })), "{name}");
        }
        install("empty").unwrap();
        assert_eq!(
            (case.read("file"), case.read("full/x"), case.read("empty")),
            ("old".into(), "old".into(), "new".into())
        );
    });
}

#[test]
fn no_change_ever_goes_through_a_link() {
    everywhere(|case| {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("f"), "precious").unwrap();
        symlink(outside.path(), case.path("out")).unwrap();
        symlink(outside.path().join("f"), case.path("link")).unwrap();
        case.write("file", "mine");
        let (folder, stat) = (&case.folder, case.stat("file"));
        for name in ["out/f", "link"] {
            let key = key(name);
            assert!(folder.install(case.staged("new"), &key).is_err());
            assert!(folder.replace(case.staged("new"), &key, &stat, &Displaced::Trash).is_err());
            assert!(folder.remove(&key, &stat).is_err());
            assert!(folder.rename(&key, &stat, &self::key("to")).is_err());
            assert!(folder.rename(&self::key("file"), &case.stat("file"), &key).is_err());
        }
        let beside = Displaced::Beside(key("out/new"));
        assert!(folder.replace(case.staged("new"), &key("file"), &case.stat("file"), &beside).is_err());
        assert!(folder.install(case.staged("new"), &key("out/new/deep")).is_err());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(outside.path().join("f")).unwrap(), "precious");
        assert_eq!(case.read("file"), "mine");
    });
}

#[test]
fn a_replaced_file_goes_to_the_trash_or_beside() {
    everywhere(|case| {
        case.write("a/f", "old");
        fs::set_permissions(case.path("a/f"), fs::Permissions::from_mode(0o400)).unwrap();
        let stat = case.folder.replace(case.staged("new"), &key("a/f"), &case.stat("a/f"), &Displaced::Trash);
        assert_eq!(stat.unwrap(), case.stat("a/f"));
        assert_eq!((case.read("a/f"), case.read(".s4/trash/run/a/f")), ("new".into(), "old".into()));
        let beside = Displaced::Beside(key("a/f.conflict"));
        case.folder.replace(case.staged("newer"), &key("a/f"), &case.stat("a/f"), &beside).unwrap();
        assert_eq!((case.read("a/f"), case.read("a/f.conflict")), ("newer".into(), "new".into()));
    });
}

#[test]
fn a_file_that_is_not_what_was_expected_stays() {
    everywhere(|case| {
        case.write("f", "old");
        case.write("taken", "taken");
        let known = case.stat("f");
        let changed = |result: Result<(), Error>| assert!(matches!(result, Err(Error::Changed { .. })), "{result:?}");
        let folder = &case.folder;
        let try_all = |name: &str, stat: &Stat| {
            changed(folder.replace(case.staged("new"), &key(name), stat, &Displaced::Trash).map(drop));
            changed(folder.remove(&key(name), stat));
            changed(folder.rename(&key(name), stat, &key("to")).map(drop));
        };
        try_all("none", &known);
        try_all("no/ne", &known);
        case.write("f", "edited");
        try_all("f", &known);
        let beside = Displaced::Beside(key("taken"));
        let result = folder.replace(case.staged("new"), &key("f"), &case.stat("f"), &beside);
        assert!(matches!(result, Err(Error::Exists { .. })));
        let result = folder.rename(&key("f"), &case.stat("f"), &key("taken"));
        assert!(matches!(result, Err(Error::Exists { .. })));
        assert_eq!((case.read("f"), case.read("taken")), ("edited".into(), "taken".into()));
        assert_eq!(case.everything(), ["edited", "taken"]);
    });
}

#[test]
fn an_edit_between_the_look_and_the_move_is_given_back() {
    everywhere(|case| {
        case.write("a/f", "old");
        let known = case.stat("a/f");
        case.write("a/f", "edit");
        // As if the edit had come after the first look: the steps themselves.
        let slot = Slot::new(&case.folder, 0, Path::new("a/f")).unwrap();
        fs::rename(case.path("a/f"), case.slot_path(&slot)).unwrap();
        assert!(!case.folder.holds(&slot, &known));
        case.folder.put_back(&slot);
        drop(slot);
        assert_eq!(case.read("a/f"), "edit");
        // And with the place taken by then.
        let slot = Slot::new(&case.folder, 0, Path::new("a/f")).unwrap();
        fs::rename(case.path("a/f"), case.slot_path(&slot)).unwrap();
        case.write("a/f", "later");
        case.folder.put_back(&slot);
        drop(slot);
        assert_eq!((case.read("a/f"), case.read("a/f.conflict-run")), ("later".into(), "edit".into()));
    });
}

#[test]
fn an_exchange_that_brought_out_an_edit_is_undone() {
    let undo = |meanwhile: &dyn Fn(&Case)| {
        let case = Case::new();
        case.write("a/f", "edit");
        let mut staged = case.staged("ours");
        let ours = staged.stat().unwrap();
        let slot = Slot::new(&case.folder, ours.inode, Path::new("a/f")).unwrap();
        case.folder.exchange(&mut staged, &key("a/f"), &slot).unwrap();
        assert_eq!(case.read("a/f"), "ours");
        meanwhile(&case);
        case.folder.exchange_back(&key("a/f"), &slot, &ours);
        drop((staged, slot));
        case.nothing_is_left_over();
        case
    };
    let case = undo(&|_| {});
    assert_eq!(case.everything(), ["edit"]);
    let case = undo(&|case| fs::remove_file(case.path("a/f")).unwrap());
    assert_eq!((case.read("a/f"), case.everything()), ("edit".into(), vec!["edit".into()]));
    let case = undo(&|case| case.write("a/f", "edited in place"));
    assert_eq!(case.read("a/f"), "edited in place");
    assert_eq!(case.everything(), ["edit", "edited in place"]);
    let case = undo(&|case| {
        case.write("new", "later");
        fs::rename(case.path("new"), case.path("a/f")).unwrap();
    });
    assert_eq!((case.read("a/f"), case.everything()), ("later".into(), vec!["edit".into(), "later".into()]));
}

#[test]
fn a_link_or_a_folder_swapped_in_at_the_last_moment_comes_back() {
    let swapped = |plant: &dyn Fn(&Case)| {
        let case = Case::new();
        case.write("a/f", "old");
        let known = case.stat("a/f");
        fs::remove_file(case.path("a/f")).unwrap();
        plant(&case);
        let mut staged = case.staged("ours");
        let ours = staged.stat().unwrap();
        let slot = Slot::new(&case.folder, ours.inode, Path::new("a/f")).unwrap();
        case.folder.exchange(&mut staged, &key("a/f"), &slot).unwrap();
        assert!(!case.folder.holds(&slot, &known));
        case.folder.exchange_back(&key("a/f"), &slot, &ours);
        drop((staged, slot));
        case.nothing_is_left_over();
        case
    };
    let case = swapped(&|case| symlink("nowhere", case.path("a/f")).unwrap());
    assert_eq!(fs::read_link(case.path("a/f")).unwrap(), Path::new("nowhere"));
    let case = swapped(&|case| case.write("a/f/x", "mine"));
    assert_eq!((case.read("a/f/x"), case.everything()), ("mine".into(), vec!["mine".into()]));
}

#[test]
fn a_parent_swapped_for_a_link_leads_nowhere() {
    everywhere(|case| {
        let outside = tempfile::tempdir().unwrap();
        case.write("a/f", "mine");
        let known = case.stat("a/f");
        fs::rename(case.path("a"), case.path("moved")).unwrap();
        fs::write(outside.path().join("f"), "precious").unwrap();
        symlink(outside.path(), case.path("a")).unwrap();
        let slot = Slot::new(&case.folder, 0, Path::new("a/f")).unwrap();
        assert!(case.folder.take_out(&key("a/f"), &known, &slot).is_err());
        fs::write(case.slot_path(&slot), "new").unwrap();
        assert!(case.folder.place(slot.at(), Path::new("a/g")).is_err());
        assert!(slot.at().unlink().is_ok());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    });
}

#[test]
fn a_removed_file_is_in_the_trash_and_empty_folders_go() {
    everywhere(|case| {
        case.write("a/b/c/f", "one");
        case.write("a/other", "two");
        case.folder.remove(&key("a/b/c/f"), &case.stat("a/b/c/f")).unwrap();
        assert!(!case.path("a/b").exists());
        case.folder.remove(&key("a/other"), &case.stat("a/other")).unwrap();
        assert!(!case.path("a").exists() && case.folder.path().exists());
        assert_eq!(case.read(".s4/trash/run/a/b/c/f"), "one");
    });
}

#[test]
fn a_renamed_file_may_trade_places_with_its_folder() {
    everywhere(|case| {
        case.write("a", "text");
        let stat = case.folder.rename(&key("a"), &case.stat("a"), &key("a/b/c")).unwrap();
        assert_eq!((case.stat("a/b/c"), case.read("a/b/c")), (stat, "text".into()));
        case.folder.rename(&key("a/b/c"), &stat, &key("a")).unwrap();
        assert_eq!(case.read("a"), "text");
        case.folder.rename(&key("a"), &case.stat("a"), &key("A")).unwrap();
        assert_eq!(case.everything(), ["text"]);
    });
}

#[test]
fn threads_that_fill_and_empty_one_folder_do_not_fail() {
    let case = Case::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let case = &case;
            scope.spawn(move || {
                for _ in 0..200 {
                    let key = key(&format!("x/y/{thread}"));
                    let stat = case.folder.install(case.staged("text"), &key).unwrap();
                    case.folder.remove(&key, &stat).unwrap();
                }
            });
        }
    });
    case.nothing_is_left_over();
    assert_eq!(case.everything().len(), 800);
}

#[test]
fn the_deepest_and_the_longest_keys_work() {
    let case = Case::new();
    for name in ["d/".repeat(511) + "f", "n".repeat(255), ["x".repeat(255).as_str(); 4].join("/")] {
        let key = key(&name);
        let stat = case.folder.install(case.staged("1"), &key).unwrap();
        let stat = case.folder.replace(case.staged("2"), &key, &stat, &Displaced::Trash).unwrap();
        case.folder.remove(&key, &stat).unwrap();
    }
    case.nothing_is_left_over();
    assert_eq!(fs::read_dir(case.folder.path()).unwrap().count(), 1);
}
