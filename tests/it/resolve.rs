//! `s4 resolve`: conflicts are answered one by one, and nothing else is touched.

use std::path::PathBuf;

use s4_test_server::Op;

use crate::support::{Bucket, Machine, Ran, TARGET, TestEnv, in_sync, outcomes, tree};

const BASE: &str = "1\n2\n3\n4\n5\n";

/// Two machines in conflict over `key`; the second has synced.
fn in_conflict(env: &TestEnv, bucket: &Bucket, key: &str, [mine, theirs]: [&str; 2]) -> (Machine, Machine) {
    let (one, two) = in_sync(env, bucket, &[(key, BASE), ("calm", ""), ("other", "x")]);
    two.write(key, theirs);
    two.write("there", "waits");
    two.sync();
    one.write(key, mine);
    one.write("here", "waits");
    (one, two)
}

fn resolve(machine: &Machine, args: &[&str], code: i32) -> Ran {
    machine.run(["resolve", TARGET].iter().chain(args)).with(code)
}

/// What is left to do after a conflict was answered: what the answer was not about.
#[track_caller]
fn only_others_wait(machine: &Machine) {
    assert_eq!(machine.run(["status", "-s"]).with(0).out, "A  here\n A there\n");
}

#[test]
fn the_version_that_is_kept_is_the_one_on_both_sides() {
    for (keep, text, trash) in [("local", "mine", None), ("remote", "theirs", Some(&b"mine"[..]))] {
        for bucket in Bucket::each() {
            let env = TestEnv::new();
            let (one, _) = in_conflict(&env, &bucket, "k", ["mine", "theirs"]);
            let ran = resolve(&one, &["k", "--keep", keep], 0);
            assert_eq!((one.tree()["k"].as_slice(), bucket.tree()["k"].as_slice()), (text.as_bytes(), text.as_bytes()));
            assert!(ran.out.starts_with("Updating k ("), "{}", ran.out);
            assert_eq!(one.trash().get("k").map(Vec::as_slice), trash);
            only_others_wait(&one);
        }
    }
}

#[test]
fn both_are_kept_under_two_names_and_other_machines_get_both() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_conflict(&env, &bucket, "k.txt", ["mine", "theirs"]);
    resolve(&one, &["k.txt", "--keep", "both"], 0);
    let copy = one.tree().into_keys().find(|key| key.starts_with("k.conflict-") && key.ends_with(".txt")).unwrap();
    assert_eq!((one.tree()[&copy].as_slice(), one.tree()["k.txt"].as_slice()), (&b"mine"[..], &b"theirs"[..]));
    assert_eq!(bucket.tree()[&copy], b"mine");
    only_others_wait(&one);
    two.sync();
    assert_eq!(two.tree()[&copy], b"mine");
}

#[test]
fn an_edit_against_a_deletion_goes_either_way() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let keys = ["gone here, local", "gone here, remote", "gone there, local", "gone there, remote"];
    let files: Vec<(&str, &str)> = keys.iter().map(|key| (*key, "1")).collect();
    let (one, two) = in_sync(&env, &bucket, &files);
    keys[..2].iter().for_each(|key| two.write(key, "edited"));
    keys[2..].iter().for_each(|key| two.remove(key));
    two.sync();
    keys[..2].iter().for_each(|key| one.remove(key));
    keys[2..].iter().for_each(|key| one.write(key, "edited"));
    for keep in ["local", "remote"] {
        let wanted: Vec<&str> = keys.into_iter().filter(|key| key.ends_with(keep)).collect();
        resolve(&one, &[wanted[0], wanted[1], "--keep", keep], 0);
    }
    let left = tree(&[("gone here, remote", "edited"), ("gone there, local", "edited")]);
    assert_eq!((one.tree(), bucket.tree()), (left.clone(), left));
    assert_eq!(one.trash().get("gone there, remote").map(Vec::as_slice), Some(&b"edited"[..]));
    one.is_idle();
}

#[test]
fn a_folder_stands_for_all_conflicts_in_it() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("d/a", "1"), ("d/b", "1"), ("e", "1")]);
    for key in ["d/a", "d/b", "e"] {
        two.write(key, "theirs");
        one.write(key, "mine");
    }
    two.sync();
    resolve(&one, &["d/", "--keep", "remote"], 0);
    assert_eq!(one.tree(), tree(&[("d/a", "theirs"), ("d/b", "theirs"), ("e", "mine")]));
    resolve(&one, &["d/", "--keep", "remote"], 0).warns("There is no conflict there");
}

#[test]
fn what_is_in_no_conflict_is_refused_before_anything_is_done() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_conflict(&env, &bucket, "k", ["mine", "theirs"]);
    let before = (one.tree(), bucket.stamps());
    for key in ["calm", "here", "there"] {
        let ran = resolve(&one, &["k", key, "--keep", "remote"], 1);
        ran.warns(&format!("\"{key}\" is in no conflict"));
        ran.warns("s4 conflicts files");
    }
    resolve(&one, &["never", "--keep", "remote"], 1).warns("there is no \"never\" in \"files\"");
    resolve(&one, &["--keep", "remote"], 2).warns("no key is named");
    resolve(&one, &["k"], 2);
    assert_eq!((one.tree(), bucket.stamps()), before);
    two.write("name/file", "x");
    two.sync();
    one.write("name", "a file");
    resolve(&one, &["name/", "--keep", "local"], 1).warns("--conflicts keep-both");
}

#[test]
fn what_changes_while_it_is_answered_stays_a_conflict() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_conflict(&env, &bucket, "k", ["mine", "theirs"]);
    let server = bucket.server().control();
    let then = move || drop(server.put_foreign("bucket", "some/prefix/k", "theirs again"));
    let ran = bucket.meanwhile((Op::PutObject, "k"), then, || resolve(&one, &["k", "--keep", "local"], 3));
    ran.warns("conflict left alone: \"k\"");
    assert_eq!((bucket.tree()["k"].as_slice(), one.tree()["k"].as_slice()), (&b"theirs again"[..], &b"mine"[..]));
}

#[test]
fn edits_of_other_lines_are_merged() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        bucket.keep_versions();
        let (one, two) = in_conflict(&env, &bucket, "k", ["eins\n2\n3\n4\n5\n", "1\n2\n3\n4\n5\n6\n"]);
        one.set_mode("k", 0o640);
        let ran = resolve(&one, &["k", "--merge"], 0);
        assert!(ran.out.starts_with("Updating k ("), "{}", ran.out);
        let merged = b"eins\n2\n3\n4\n5\n6\n";
        assert_eq!((one.tree()["k"].as_slice(), bucket.tree()["k"].as_slice()), (&merged[..], &merged[..]));
        assert_eq!((one.mode("k"), one.trash()["k"].as_slice()), (0o640, &b"eins\n2\n3\n4\n5\n"[..]));
        only_others_wait(&one);
        two.sync();
        assert_eq!(two.tree()["k"], merged);
    }
}

#[test]
fn edits_of_the_same_lines_are_left_beside_with_markers() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.keep_versions();
    let (one, _) = in_conflict(&env, &bucket, "k", ["1\nzwei\n3\n4\n5\n", "1\ndeux\n3\n4\n5\n"]);
    let ran = resolve(&one, &["k", "--merge"], 3);
    ran.warns("has its lines between markers: put them right there, and then: s4 resolve files k --merge");
    let named = |ran: &Ran| PathBuf::from(ran.err.split('\'').nth(1).unwrap());
    let by_hand = named(&ran);
    let marked = "1\n<<<<<<< local\nzwei\n||||||| last synced\n2\n=======\ndeux\n>>>>>>> remote\n3\n4\n5\n";
    assert_eq!(std::fs::read(&by_hand).unwrap(), marked.as_bytes());
    assert_eq!(one.tree()["k"], b"1\nzwei\n3\n4\n5\n");
    assert_eq!(named(&resolve(&one, &["k", "--merge"], 3)), by_hand);
    std::fs::write(&by_hand, "").unwrap();
    resolve(&one, &["k", "--merge"], 3);
    let records = outcomes(&resolve(&one, &["k", "--merge", "--json"], 3).out);
    assert_eq!((records["k"].result.as_str(), records["k"].reason.as_deref()), ("skipped", Some("conflict")));
    // As the warning says.
    std::fs::write(&by_hand, "1\nzwei, deux\n3\n4\n5\n").unwrap();
    // The same versions, and no others, it is of.
    one.write("k", "1\nzwo\n3\n4\n5\n");
    let other = named(&resolve(&one, &["k", "--merge"], 3));
    assert!(other != by_hand, "{other:?}");
    one.write("k", "1\nzwei\n3\n4\n5\n");
    resolve(&one, &["k", "--merge"], 0);
    assert_eq!(bucket.tree()["k"], b"1\nzwei, deux\n3\n4\n5\n");
    assert!(!by_hand.exists());
    only_others_wait(&one);
}

#[test]
fn on_a_terminal_an_editor_puts_it_right() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.keep_versions();
    let (one, _) = in_conflict(&env, &bucket, "k", ["1\nzwei\n3\n4\n5\n", "1\ndeux\n3\n4\n5\n"]);
    let with = |editor: &str| {
        let mut command = one.process(["resolve", TARGET, "k", "--merge"]);
        command.env("EDITOR", editor);
        one.in_terminal(command, &[])
    };
    let left = with("true").with(3);
    assert!(left.out.contains("has its lines between markers"), "{}", left.out);
    let failed = with("false").with(3);
    assert!(failed.out.contains("the editor 'false' ended with exit status: 1; "), "{}", failed.out);
    let spoilt = with("sed -i -e '/^|/,/^=/d' -e '/^[<>]/d' \"$1\"; false").with(3);
    assert!(spoilt.out.contains("ended with exit status: 1"), "{}", spoilt.out);
    with("").with(0);
    assert_eq!(bucket.tree()["k"], b"1\nzwei\ndeux\n3\n4\n5\n");
    assert_eq!(one.tree().keys().collect::<Vec<_>>(), ["calm", "here", "k", "other"]);
}

#[test]
fn what_can_not_be_merged_says_why_and_stays_as_it_is() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("gone", "1"), ("old", "1")]);
    for (key, text) in [("bin", "\0\x01"), ("new", "theirs"), ("old", "theirs")] {
        two.write(key, text);
        one.write(key, "mine");
    }
    two.remove("gone");
    one.write("gone", "mine");
    two.sync();
    let before = (one.tree(), bucket.stamps());
    for (key, why) in [
        ("bin", "it is no text"),
        ("gone", "it was deleted on one side"),
        ("new", "it was created on both sides"),
        ("old", "what was last synced is nowhere any more"),
    ] {
        let ran = resolve(&one, &[key, "--merge"], 3);
        ran.warns(&format!("conflict left open: \"{key}\": {why}"));
        ran.warns("--keep");
    }
    assert_eq!((one.tree(), bucket.stamps()), before);
}

#[test]
fn a_key_takes_no_listing() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_conflict(&env, &bucket, "k", ["mine", "theirs"]);
    bucket.server().reset_counts();
    resolve(&one, &["k", "--keep", "local"], 0);
    let counts = bucket.server().counts();
    assert_eq!(counts.of(Op::ListObjectsV2), 0, "{counts:?}");
}

#[test]
fn a_file_there_that_is_a_folder_here_is_found_by_its_name() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("thing", "1"), ("calm", "1")]);
    two.write("thing", "edited");
    two.sync();
    one.remove("thing");
    one.write("thing/inner", "2");
    let ran = resolve(&one, &["thing", "--keep", "remote"], 4);
    ran.warns("could not sync \"thing\": something is in the way of ");
    resolve(&one, &["thing", "--keep", "local"], 0);
    assert!(!bucket.tree().contains_key("thing"));
}
