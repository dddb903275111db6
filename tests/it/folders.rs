//! Empty folders: nothing, or synced where a target says so.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Bucket, Machine, TestEnv, in_sync, tree};

const PREFIX: &str = "some/prefix/";

/// Two machines that sync empty folders.
fn with_folders(env: &TestEnv, bucket: &Bucket, files: &[(&str, &str)]) -> (Machine, Machine) {
    let (one, two) = in_sync(env, bucket, files);
    one.set("empty_folders", true);
    two.set("empty_folders", true);
    (one, two)
}

fn make(machine: &Machine, folders: &[&str]) {
    folders.iter().for_each(|folder| fs::create_dir_all(machine.path(folder)).unwrap());
}

/// Both sync, and once more the one that went before; then they have these folders and the same files, and nothing to do.
#[track_caller]
fn settle(first: &Machine, then: &Machine, folders: &[&str]) {
    first.sync();
    then.sync();
    first.sync();
    let folders: BTreeSet<String> = folders.iter().map(|folder| (*folder).to_owned()).collect();
    assert_eq!((first.folders(), then.folders()), (folders.clone(), folders));
    assert_eq!(first.tree(), then.tree());
    first.is_idle();
    then.is_idle();
}

/// The markers in the bucket.
fn markers(bucket: &Bucket) -> Vec<String> {
    bucket.tree().into_keys().filter(|name| name.ends_with('/')).collect()
}

#[test]
fn empty_folders_come_and_go() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = with_folders(&env, &bucket, &[("file", "text")]);
    make(&one, &["a", "b/c/d", "ü"]);
    settle(&one, &two, &["a", "b", "b/c", "b/c/d", "ü"]);
    assert_eq!(markers(&bucket), ["a/", "b/c/d/", "ü/"]);
    assert_eq!(bucket.tree()["a/"], b"");
    // Renamed and removed, on the other side.
    fs::rename(two.path("b"), two.path("e")).unwrap();
    two.remove("a");
    settle(&two, &one, &["e", "e/c", "e/c/d", "ü"]);
    assert_eq!(markers(&bucket), ["e/c/d/", "ü/"]);
    one.remove("e");
    one.remove("ü");
    settle(&one, &two, &[]);
    assert_eq!(bucket.tree(), tree(&[("file", "text")]));
}

#[test]
fn a_folder_that_gets_files_and_loses_them_stays_until_it_is_removed() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = with_folders(&env, &bucket, &[("full/x", "1"), ("full/y", "2"), ("kept", "3")]);
    make(&one, &["a"]);
    settle(&one, &two, &["a", "full"]);
    two.write("a/f", "text");
    two.write("a/sub/g", "text");
    settle(&two, &one, &["a", "a/sub", "full"]);
    one.remove("a/f");
    one.remove("a/sub");
    settle(&one, &two, &["a", "full"]);
    // One that never was empty before.
    one.remove("full/x");
    one.remove("full/y");
    settle(&one, &two, &["a", "full"]);
    // All of it goes with what is in it, and does not come back.
    two.write("a/again/f", "text");
    settle(&two, &one, &["a", "a/again", "full"]);
    one.remove("a");
    one.remove("full");
    settle(&one, &two, &[]);
    assert_eq!(bucket.tree(), tree(&[("kept", "3")]));
}

#[test]
fn what_is_in_a_folder_that_another_machine_removes_stays_with_it() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = with_folders(&env, &bucket, &[("file", "text")]);
    make(&one, &["a", "b"]);
    settle(&one, &two, &["a", "b"]);
    one.remove("a");
    one.remove("b");
    two.write("a/new", "new");
    two.write(".syncignore", "*.o\n");
    two.write("b/ignored.o", "x");
    one.sync();
    two.sync();
    assert_eq!(two.read("a/new").unwrap(), b"new");
    assert!(two.path("b/ignored.o").exists());
    one.sync();
    two.sync();
    assert_eq!(one.folders(), ["a".to_owned()].into());
    one.is_idle();
    two.is_idle();
}

#[test]
fn files_and_folders_take_each_others_places() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = with_folders(&env, &bucket, &[("file", "text")]);
    make(&one, &["a", "b/c"]);
    settle(&one, &two, &["a", "b", "b/c"]);
    one.remove("a");
    one.write("a", "a file");
    one.remove("b");
    one.write("b", "a file");
    one.remove("file");
    make(&one, &["file/deep"]);
    settle(&one, &two, &["file", "file/deep"]);
    assert_eq!(two.tree(), tree(&[("a", "a file"), ("b", "a file")]));
    two.remove("a");
    make(&two, &["a"]);
    two.remove("file");
    two.write("file", "text");
    settle(&two, &one, &["a"]);
    assert_eq!(bucket.tree(), tree(&[("a/", ""), ("b", "a file"), ("file", "text")]));
}

#[test]
fn both_sides_may_make_and_remove_the_same_and_nothing_is_a_conflict() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = with_folders(&env, &bucket, &[("file", "text")]);
    make(&one, &["a", "b"]);
    make(&two, &["a", "b"]);
    two.write("b/f", "1");
    settle(&one, &two, &["a", "b"]);
    one.remove("a");
    two.remove("a");
    settle(&two, &one, &["b"]);
    // Written anew by somebody else, with something in it, while it is removed here.
    make(&one, &["c"]);
    settle(&one, &two, &["b", "c"]);
    bucket.put("c/", "by another tool");
    one.remove("c");
    one.sync();
    two.sync();
    assert_eq!(bucket.tree()["c/"], b"by another tool");
}

#[test]
fn without_being_told_to_markers_are_left_alone_on_both_sides() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = with_folders(&env, &bucket, &[("file", "text")]);
    two.set("empty_folders", false);
    make(&one, &["a", "b"]);
    make(&two, &["mine"]);
    bucket.put("console/", "");
    one.sync();
    two.write("b/f", "text");
    two.sync();
    two.remove("b");
    two.sync();
    let there = ["a/", "b/", "console/"];
    assert_eq!((markers(&bucket), two.folders()), (there.map(String::from).into(), ["mine".to_owned()].into()));
    let index = || crate::support::read_index(&bucket.objects()[".index"]);
    assert!(["a/", "b/", "console/"].iter().all(|name| index()[*name]["etag"].is_string()), "{:?}", index());
    // One that knew them leaves them alone from now on, whatever becomes of the folders.
    one.set("empty_folders", false);
    one.remove("a");
    one.write("more", "text");
    one.sync();
    assert_eq!(markers(&bucket), there);
    assert!(index()["a/"]["etag"].is_string());
    one.set("empty_folders", true);
    one.sync();
    assert_eq!(markers(&bucket), ["b/", "console/"]);
}

#[test]
fn markers_that_no_folder_can_have_are_reported() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = with_folders(&env, &bucket, &[("file", "text")]);
    fs::create_dir(one.path("../outside")).unwrap();
    symlink("../outside", one.path("link")).unwrap();
    let hostile = ["../x/", "a//", "/etc/", "..//", ".s4/", ".s4/trash/", ".index/", "link/", "link/in/"];
    for name in hostile.iter().chain(&[""]) {
        bucket.server().put_foreign(bucket.name(), &format!("{PREFIX}{name}"), "");
    }
    let before = bucket.tree();
    for _ in 0..2 {
        let ran = one.sync();
        for name in ["../x/", "a//", "/etc/", "..//"] {
            ran.warns(&format!("left alone: \"{name}\": it has"));
        }
        for name in ["link/", "link/in/"] {
            ran.warns(&format!("left alone: \"{name}\": a symbolic link is in its place here"));
        }
        assert_eq!((one.folders(), one.tree().len()), (BTreeSet::new(), 2));
    }
    assert_eq!(bucket.tree(), before);
    assert_eq!(fs::read_dir(one.path("../outside")).unwrap().count(), 0);
    assert!(!one.path("../x").exists());
}

#[test]
fn an_empty_folder_makes_way_for_a_file_of_its_name() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = with_folders(&env, &bucket, &[("file", "text")]);
    for name in ["file/", "file/in/"] {
        bucket.server().put_foreign(bucket.name(), &format!("{PREFIX}{name}"), "");
    }
    one.sync();
    assert_eq!((markers(&bucket), one.tree()), (Vec::<String>::new(), tree(&[("file", "text")])));
    one.is_idle();
}

#[test]
fn an_object_with_content_is_no_empty_folder() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = with_folders(&env, &bucket, &[("a", "text")]);
    for name in ["a/", "d/"] {
        bucket.server().put_foreign(bucket.name(), &format!("{PREFIX}{name}"), "content");
    }
    for _ in 0..2 {
        let ran = one.sync();
        ran.warns("left alone: \"a/\": its name is that of a folder, and it has content");
        ran.warns("left alone: \"d/\": its name is that of a folder, and it has content");
    }
    assert!(bucket.tree()["a/"] == b"content" && bucket.tree()["d/"] == b"content");
    assert!(one.folders().is_empty());
}

#[test]
fn folders_that_are_ignored_are_none() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = with_folders(&env, &bucket, &[(".syncignore", "/ruled/\nname\n")]);
    make(&one, &["ruled/x", "name", "a/name", "b"]);
    bucket.put("ruled/y/", "");
    one.sync();
    two.sync();
    assert_eq!(
        (markers(&bucket), two.folders()),
        (vec!["b/".to_owned(), "ruled/y/".to_owned()], ["b".to_owned()].into())
    );
    // From now on: it leaves the bucket, and stays on disk.
    one.write(".syncignore", "/ruled/\nname\n/b\n");
    one.sync();
    two.sync();
    assert_eq!((markers(&bucket), two.folders()), (vec!["ruled/y/".to_owned()], ["b".to_owned()].into()));
    two.is_idle();
}

#[test]
fn a_drive_that_is_not_mounted_removes_no_files_though_folders_are_left() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = with_folders(&env, &bucket, &[("full/file", "text")]);
    make(&one, &["a", "b"]);
    one.sync();
    one.remove("full/file");
    one.sync_with(&[]).with(5);
    one.write("full/file", "text");
    one.remove("a");
    one.sync();
    assert_eq!(markers(&bucket), ["b/"]);
}

#[test]
fn the_steps_carry_folders_as_a_sync_does() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = with_folders(&env, &bucket, &[("a/f", "text"), ("b/g", "text")]);
    make(&one, &["c", "d/e"]);
    one.sync_by_pipe().last.with(0);
    two.sync_by_pipe().last.with(0);
    assert_eq!(two.folders(), one.folders());
    one.is_idle();
    two.is_idle();
    one.remove("a/f");
    one.remove("b");
    one.remove("d");
    one.write("c/h", "text");
    one.sync_by_pipe().last.with(0);
    two.sync_by_pipe().last.with(0);
    assert_eq!((two.folders(), two.tree()), (["a".to_owned(), "c".to_owned()].into(), one.tree()));
    one.sync();
    two.sync();
    one.is_idle();
    two.is_idle();
}
