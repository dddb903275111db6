//! Links that are followed: for reading, never for writing.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::link;
use crate::support::{Bucket, Machine, TestEnv, tree};

/// A machine that follows links, one without any, and a place outside of the first one's folder that links lead to.
fn following(env: &TestEnv, bucket: &Bucket) -> (Machine, Machine, PathBuf) {
    let (one, two) = (env.machine(bucket), env.machine(bucket));
    one.set("links", "follow");
    let outside = one.path("../outside");
    fs::create_dir_all(outside.join("sub")).unwrap();
    fs::write(outside.join("sub/file"), "1").unwrap();
    fs::write(outside.join("one"), "2").unwrap();
    link(&one, "out", "../outside");
    link(&one, "file", "../outside/one");
    link(&one, "broken", "nowhere");
    one.write("own", "3");
    assert_eq!(one.sync().err, "Flushing Index to Storage\n1 symbolic link left alone\n");
    two.sync();
    assert_eq!(two.tree(), tree(&[("file", "2"), ("out/one", "2"), ("out/sub/file", "1"), ("own", "3")]));
    (one, two, outside)
}

/// What is outside: nothing but its own user writes there.
fn contents(outside: &PathBuf) -> (Option<String>, Option<String>, usize) {
    let read = |name: &str| fs::read_to_string(outside.join(name)).ok();
    (read("one"), read("sub/file"), fs::read_dir(outside).unwrap().count())
}

#[test]
fn what_links_lead_to_travels_and_what_is_deleted_there_too() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two, outside) = following(&env, &bucket);
    fs::write(outside.join("one"), "edited").unwrap();
    fs::remove_file(outside.join("sub/file")).unwrap();
    one.sync();
    two.sync();
    assert_eq!(two.tree(), tree(&[("file", "edited"), ("out/one", "edited"), ("own", "3")]));
    // A link that goes takes with it what it led to.
    fs::remove_file(one.path("out")).unwrap();
    one.sync();
    two.sync();
    assert_eq!(two.tree(), tree(&[("file", "edited"), ("own", "3")]));
    assert_eq!(fs::read_to_string(outside.join("one")).unwrap(), "edited");
}

#[test]
fn nothing_that_others_do_is_written_through_a_link() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two, outside) = following(&env, &bucket);
    two.write("out/one", "theirs");
    two.write("out/new", "new");
    two.write("file", "theirs");
    two.remove("out/sub");
    two.write("own", "theirs");
    two.sync();
    let before = (contents(&outside), bucket.tree());
    for _ in 0..2 {
        let ran = one.sync_with(&[]).with(4);
        for key in ["out/one", "out/new", "out/sub/file", "file"] {
            ran.warns(&format!("could not sync \"{key}\": '"));
        }
        ran.warns("is a symbolic link here; nothing is written through it");
        assert_eq!((contents(&outside), bucket.tree()), before);
    }
    assert_eq!(one.read("own").unwrap(), b"theirs");
    // Both changed: the one there is not taken, whoever is asked for.
    fs::write(outside.join("one"), "mine").unwrap();
    for answer in ["remote", "keep-both"] {
        one.sync_with(&["--conflicts", answer]).with(4);
        assert_eq!(contents(&outside), (Some("mine".into()), Some("1".into()), 2));
    }
    one.sync_with(&["--conflicts", "local"]).with(4);
    assert_eq!(bucket.tree()["out/one"], b"mine");
    assert!(one.has_nothing_staged());
}

#[test]
fn a_rename_elsewhere_takes_no_file_from_behind_a_link() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two, outside) = following(&env, &bucket);
    fs::rename(two.path("out/sub/file"), two.path("moved")).unwrap();
    two.sync();
    one.sync_with(&[]).with(4);
    assert_eq!(one.read("moved").unwrap(), b"1");
    assert_eq!(contents(&outside), (Some("2".into()), Some("1".into()), 2));
}

#[test]
fn a_drive_behind_a_link_that_is_not_mounted_deletes_nothing() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two, outside) = following(&env, &bucket);
    let away = one.path("../away");
    let before = bucket.tree();
    fs::rename(&outside, &away).unwrap();
    for mount_point in [false, true] {
        if mount_point {
            fs::create_dir(&outside).unwrap();
        }
        let ran = one.sync();
        for key in ["out/one", "out/sub/file", "file"] {
            ran.warns(&format!("left alone: \"{key}\": the symbolic link in its place here leads to nothing"));
        }
        two.sync();
        assert_eq!((bucket.tree(), two.tree().len()), (before.clone(), 4));
    }
    fs::remove_dir(&outside).unwrap();
    fs::rename(&away, &outside).unwrap();
    one.sync();
    assert_eq!(bucket.tree(), before);
}

#[test]
fn a_link_to_the_folder_itself_is_told_and_ends() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _, _) = following(&env, &bucket);
    link(&one, "deep/loop", "..");
    let ran = one.sync();
    ran.warns(
        "left alone: \"deep/loop\": it cannot be read: this symbolic link leads to a folder that it is in itself",
    );
    assert_eq!(bucket.tree().len(), 4);
}

#[test]
fn a_link_to_what_the_folder_is_in_brings_nothing_of_s4_with_it() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two, _) = following(&env, &bucket);
    two.write("own", "edited");
    two.sync();
    one.sync();
    assert!(one.path(".s4/trash").is_dir());
    let parent = one.path("../parent");
    fs::create_dir_all(parent.join("more")).unwrap();
    fs::write(parent.join("more/file"), "4").unwrap();
    // The folder itself, moved below the place that a link in it leads to.
    link(&one, "up", "../parent");
    fs::create_dir_all(parent.join("deep")).unwrap();
    link(&one, "trash", ".s4/trash");
    link(&one, "index", ".index");
    symlink(one.path(""), parent.join("deep/back")).unwrap();
    link(&one, "home", "..");
    one.sync();
    let ran = one.sync();
    let root = one.path("").file_name().unwrap().to_str().unwrap().to_owned();
    ran.warns(&format!("left alone: \"home/{root}\": "));
    ran.warns("left alone: \"up/deep/back\": ");
    let tree = bucket.tree();
    let wrong = |key: &&String| key.contains(".s4") || key.contains(".index") || key.starts_with("trash");
    assert_eq!(tree.keys().find(wrong), None);
    assert!(!tree.contains_key("index"));
    assert_eq!(tree["up/more/file"], b"4");
    assert!(ran.out.contains("Nothing to update"), "{ran:?}");
}

#[test]
fn a_restore_makes_no_link_that_would_be_followed() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.keep_versions();
    let (one, _, outside) = following(&env, &bucket);
    let private = outside.join("sub").to_str().unwrap().to_owned();
    bucket.server().put_foreign_with(
        bucket.name(),
        &format!("{}notes", super::PREFIX),
        private.clone(),
        &[("mode", "120777")],
    );
    let versions = one.run(["log", "notes", "--json"]).with(0).out;
    let ids = versions.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let id = ids.filter_map(|it| it["version_id"].as_str().map(str::to_owned)).next().unwrap();
    let ran =
        one.run(["restore", "notes", "--version", &id, "--to", one.path("old").to_str().unwrap(), "--yes"]).with(4);
    ran.warns("notes");
    assert!(one.path("old/notes").symlink_metadata().is_err());
    one.run(["restore", "notes", "--version", &id, "--to", one.path("../elsewhere").to_str().unwrap(), "--yes"])
        .with(0);
    assert_eq!(fs::read_link(one.path("../elsewhere/notes")).unwrap().to_str(), Some(&*private));
}
