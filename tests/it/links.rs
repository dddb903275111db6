//! Symbolic links: left alone, or synced as what they are.

mod follow;

use std::fs;
use std::os::unix::fs::symlink;

use s4_test_server::Op;

use crate::support::{Bucket, Machine, TARGET, TestEnv, in_sync, tree};

const PREFIX: &str = "some/prefix/";

/// Makes a link, in the place of whatever file is there, and the folders above it.
fn link(machine: &Machine, key: &str, to: &str) {
    let path = machine.path(key);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    if path.symlink_metadata().is_ok() {
        fs::remove_file(&path).unwrap();
    }
    symlink(to, path).unwrap();
}

/// Two machines that are in sync with `files`, and sync links as what they are.
fn preserving(env: &TestEnv, bucket: &Bucket, files: &[(&str, &str)]) -> (Machine, Machine) {
    let (one, two) = in_sync(env, bucket, files);
    one.set("links", "preserve");
    two.set("links", "preserve");
    (one, two)
}

/// Both sync until all is settled, and have these files then; the next syncs do nothing.
#[track_caller]
fn settle(first: &Machine, then: &Machine, files: &[(&str, &str)]) {
    first.sync();
    then.sync();
    assert_eq!((first.tree(), then.tree()), (tree(files), tree(files)));
    first.is_idle();
    then.is_idle();
}

#[test]
fn links_travel_as_what_they_are_wherever_they_lead() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = preserving(&env, &bucket, &[("a/file", "text")]);
        for (key, to) in [("l", "a/file"), ("a/up", ".."), ("abs", "/etc/hostname"), ("broken", "no/where"), ("f", "a")]
        {
            link(&one, key, to);
        }
        let links = [("a/file", "text"), ("a/up", "-> .."), ("abs", "-> /etc/hostname"), ("broken", "-> no/where")];
        let there = [&links[..], &[("f", "-> a"), ("l", "-> a/file")]].concat();
        settle(&one, &two, &there);
        let mtime = |machine: &Machine| machine.path("broken").symlink_metadata().unwrap().modified().unwrap();
        assert_eq!(mtime(&one), mtime(&two));
        assert_eq!(bucket.tree()["broken"], b"no/where");
        assert_eq!(two.index()["broken"]["mode"], "120777");
        // Edited, renamed, deleted.
        link(&two, "abs", "elsewhere");
        fs::rename(two.path("l"), two.path("moved")).unwrap();
        two.remove("broken");
        fs::remove_file(two.path("f")).unwrap();
        let there = [("a/file", "text"), ("a/up", "-> .."), ("abs", "-> elsewhere"), ("moved", "-> a/file")];
        settle(&two, &one, &there);
        assert_eq!(bucket.tree().len(), 4);
    }
}

#[test]
fn a_file_becomes_a_link_and_a_link_a_file_or_a_folder() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = preserving(&env, &bucket, &[("a", "there"), ("b", "1"), ("d/e", "2")]);
    // Of the very bytes that the file had: nothing but the mode tells.
    link(&one, "a", "there");
    link(&one, "b", "elsewhere");
    settle(&one, &two, &[("a", "-> there"), ("b", "-> elsewhere"), ("d/e", "2")]);
    assert_eq!(two.trash(), tree(&[("a", "there"), ("b", "1")]));
    fs::remove_file(two.path("a")).unwrap();
    two.write("a", "there");
    fs::remove_file(two.path("b")).unwrap();
    two.write("b/inside", "3");
    two.remove("d");
    link(&two, "d", "b");
    two.sync_with(&["--force"]);
    settle(&two, &one, &[("a", "there"), ("b/inside", "3"), ("d", "-> b")]);
    fs::remove_file(one.path("d")).unwrap();
    one.write("d/e", "4");
    settle(&one, &two, &[("a", "there"), ("b/inside", "3"), ("d/e", "4")]);
}

#[test]
fn two_links_are_a_conflict_and_the_same_link_is_none() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = preserving(&env, &bucket, &[("kept", "x")]);
    for (machine, to) in [(&one, "one"), (&two, "two")] {
        link(machine, "same", "there");
        link(machine, "other", to);
    }
    // A file with the bytes of a link is another content.
    link(&one, "kind", "there");
    two.write("kind", "there");
    one.sync();
    assert_eq!(two.sync_with(&["--conflicts", "ignore"]).with(3).err.matches("conflict left alone").count(), 2);
    assert_eq!(two.tree(), tree(&[("kept", "x"), ("kind", "there"), ("other", "-> two"), ("same", "-> there")]));
    two.sync_with(&["--conflicts", "keep-both"]).with(0);
    one.sync();
    assert_eq!(one.tree(), two.tree());
    let mut kept: Vec<_> = one.tree().into_values().map(|bytes| String::from_utf8(bytes).unwrap()).collect();
    kept.sort();
    assert_eq!(kept, ["-> one", "-> there", "-> there", "-> two", "there", "x"]);
}

#[test]
fn where_links_are_skipped_those_of_others_are_neither_written_nor_deleted_nor_conflicts() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("file", "text"), ("edited", "1"), ("gone", "2")]);
    one.set("links", "preserve");
    for key in ["new", "file", "edited", "gone", "own"] {
        link(&one, key, "there");
    }
    two.write("edited", "another");
    two.remove("gone");
    link(&two, "own", "there");
    one.sync();
    let before = bucket.tree();
    for _ in 0..2 {
        let ran = two.sync();
        assert_eq!(ran.err.lines().collect::<Vec<_>>(), ["5 symbolic links left alone"]);
        assert_eq!(two.tree(), tree(&[("edited", "another"), ("file", "text"), ("own", "-> there")]));
        assert_eq!(bucket.tree(), before);
    }
    one.is_idle();
    // And from now on they are its own.
    two.set("links", "preserve");
    two.sync_with(&["--conflicts", "remote"]).with(0);
    assert_eq!(two.tree(), one.tree());
}

#[test]
fn a_machine_that_skips_links_from_now_on_deletes_none() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = preserving(&env, &bucket, &[("file", "text")]);
    link(&one, "a", "there");
    link(&one, "b", "there");
    settle(&one, &two, &[("a", "-> there"), ("b", "-> there"), ("file", "text")]);
    two.set("links", "skip");
    two.remove("a");
    two.sync();
    one.is_idle();
    assert_eq!(bucket.tree().len(), 3);
    // Nor does it take those away that others delete.
    one.remove("b");
    one.sync();
    assert_eq!(two.sync().err.lines().last(), Some("2 symbolic links left alone"));
    assert_eq!(two.tree(), tree(&[("b", "-> there"), ("file", "text")]));
}

#[test]
fn where_no_index_tells_the_object_does() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = (env.machine(&bucket), env.machine(&bucket));
    two.set("links", "preserve");
    bucket.server().put_foreign_with(bucket.name(), &format!("{PREFIX}theirs"), "there", &[("mode", "120777")]);
    assert_eq!(one.sync().err, "1 symbolic link left alone\n");
    assert_eq!((one.tree(), bucket.tree().len()), (tree(&[]), 1));
    two.sync();
    assert_eq!(two.tree(), tree(&[("theirs", "-> there")]));
    two.is_idle();
    // What this machine has made itself meanwhile is another thing.
    one.write("theirs", "there");
    assert_eq!(one.sync().err, "1 symbolic link left alone\n");
    assert_eq!(bucket.tree(), tree(&[("theirs", "there")]));
}

#[test]
fn what_can_be_no_link_is_refused_and_nothing_comes_through_one() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.set("links", "preserve");
    let long = "x".repeat(4096);
    for (key, target) in [("empty", ""), ("nul", "a\0b"), ("long", &long), ("way", "../outside")] {
        bucket.server().put_foreign_with(
            bucket.name(),
            &format!("{PREFIX}{key}"),
            target.to_owned(),
            &[("mode", "120777")],
        );
    }
    fs::create_dir(one.path("../outside")).unwrap();
    let ran = one.sync_with(&[]).with(4);
    for (key, why) in [("empty", "it is empty"), ("nul", "it holds a NUL byte"), ("long", "it is too long")] {
        ran.warns(&format!("could not sync \"{key}\": it is no path that a symbolic link can lead to: {why}"));
    }
    assert_eq!(one.tree(), tree(&[("way", "-> ../outside")]));
    // A key below what is a link here.
    bucket.put("way/in", "evil");
    one.sync_with(&["--conflicts", "remote"]).with(4);
    one.sync_with(&["--conflicts", "keep-both"]);
    assert_eq!(fs::read_dir(one.path("../outside")).unwrap().count(), 0);
    assert!(one.has_nothing_staged());
}

#[test]
fn the_ignore_rules_are_no_link() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = preserving(&env, &bucket, &[("a", "1")]);
    bucket.server().put_foreign_with(
        bucket.name(),
        &format!("{PREFIX}.syncignore"),
        "/etc/passwd",
        &[("mode", "120777")],
    );
    assert_eq!(one.sync().err, "1 symbolic link left alone\n");
    assert_eq!(one.tree(), tree(&[("a", "1")]));
    two.sync();
}

#[test]
fn links_are_verified_and_restored_as_links() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.keep_versions();
    let (one, two) = preserving(&env, &bucket, &[("calm", "")]);
    link(&one, "a", "first");
    settle(&one, &two, &[("a", "-> first"), ("calm", "")]);
    link(&one, "a", "second");
    settle(&one, &two, &[("a", "-> second"), ("calm", "")]);
    let ran = one.run(["verify", "--remote"]).with(0);
    assert!(ran.closing().contains("2 files (6 B) and 2 objects (6 B) verified"), "{ran:?}");
    let versions = one.run(["log", "a", "--json"]).with(0).out;
    let ids = versions.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let ids: Vec<String> = ids.filter_map(|it| it["version_id"].as_str().map(str::to_owned)).collect();
    let first = ids.last().unwrap();
    one.run(["restore", "a", "--version", first, "--to", "../aside", "--yes"]).with(0);
    one.run(["restore", "a", "--version", first, "--yes"]).with(0);
    two.sync();
    for machine in [&one, &two] {
        assert_eq!(machine.tree(), tree(&[("a", "-> first"), ("calm", "")]));
    }
    assert_eq!(two.trash()["a"], b"");
    two.remove("a");
    two.sync();
    one.sync();
    one.run(["trash", "restore", TARGET, "a"]).with(0);
    assert!(one.path("a").is_symlink());
}

#[test]
fn the_steps_carry_links_as_a_sync_does() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = preserving(&env, &bucket, &[("a", "1")]);
    link(&one, "a", "there");
    link(&one, "b", "there");
    one.sync_by_pipe().last.with(0);
    two.sync_by_pipe().last.with(0);
    assert_eq!(two.tree(), tree(&[("a", "-> there"), ("b", "-> there")]));
    one.is_idle();
    two.is_idle();
}

#[test]
fn what_was_synced_through_a_link_outlives_a_change_of_mind() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("d/a", "1"), ("d/sub/b", "2"), ("own", "3")]);
    // As it is of a folder that was followed into: nothing in it has changed, and a link is in its place.
    one.set("links", "follow");
    fs::rename(one.path("d"), one.path("../photos")).unwrap();
    link(&one, "d", "../photos");
    one.is_idle();
    let before = (bucket.tree(), two.tree());
    for links in ["preserve", "skip"] {
        one.set("links", links);
        for _ in 0..2 {
            let ran = one.sync();
            for key in ["d/a", "d/sub/b"] {
                ran.warns(&format!("left alone: \"{key}\": "));
            }
            assert_eq!(ran.err.contains("left alone: \"d\": "), links == "preserve");
            two.sync();
            assert_eq!((bucket.tree(), two.tree()), before, "{links}");
        }
    }
    one.set("links", "preserve");
    // What came to the bucket meanwhile has no place here.
    two.write("d/new", "4");
    two.sync();
    one.sync_with(&["--conflicts", "keep-both"]).warns("left alone: \"d/new\": ");
    assert!(one.path("d").is_symlink());
    // Without the link they are gone, and then there is room for it.
    two.remove("d/new");
    two.sync();
    fs::remove_file(one.path("d")).unwrap();
    one.sync();
    link(&one, "d", "../photos");
    two.set("links", "preserve");
    settle(&one, &two, &[("d", "-> ../photos"), ("own", "3")]);
    assert_eq!(fs::read_to_string(one.path("../photos/sub/b")).unwrap(), "2");
}

#[test]
fn a_big_object_that_says_it_is_a_link_is_not_fetched() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1")]);
    two.set("links", "preserve");
    let (name, size) = (format!("{PREFIX}big"), 160 << 20);
    bucket.server().put_foreign_with(bucket.name(), &name, vec![0; size], &[("mode", "120777")]);
    for (machine, code) in [(&one, 0), (&two, 4)] {
        bucket.server().reset_counts();
        let ran = machine.sync_with(&[]).with(code);
        let counts = bucket.server().counts();
        // Of ten parts those that were asked for when the first answer came.
        assert!(counts.of(Op::GetObject) < 10, "{counts:?}");
        match code {
            0 => assert_eq!(ran.err, "1 symbolic link left alone\n"),
            _ => ran.warns("could not sync \"big\": it is no path that a symbolic link can lead to: it is too long"),
        }
        assert_eq!(machine.tree(), tree(&[("a", "1")]));
        assert!(machine.has_nothing_staged());
    }
}
