//! What a pipe may delete, and what not.

use std::fs;

use serde_json::Value;

use super::{PULL, PUSH, WRITE, outcome, select};
use crate::support::{Bucket, Record, TARGET, TestEnv, changes, in_sync, outcomes, records};

#[test]
fn a_guard_holds_whatever_is_taken_out_of_the_stream() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    one.remove("a");
    one.remove("b");
    let diff = one.run(["diff-index", TARGET]).with(5);
    diff.warns("the folder held files and is empty now");
    assert!(matches!(records(&diff.out)[1], Record::Error { ref code, .. } if code == "guard"), "{}", diff.out);
    let only_changes = select(&diff.out, |record| record["type"] == "change");
    for input in [&diff.out, &only_changes] {
        let pushed = one.feed(&PUSH, input).with(5);
        assert_eq!(outcome(&pushed.out, "a"), ["delete-remote", "skipped", "guard"]);
        one.feed(&WRITE, &pushed.out).with(5);
        assert_eq!(bucket.tree().len(), 2);
    }
    let forced = one.run(["diff-index", TARGET, "--force"]).with(0);
    let pushed = one.feed(&PUSH, &forced.out).with(0);
    one.feed(&WRITE, &pushed.out).with(0);
    assert!(bucket.tree().is_empty());
    one.is_idle();
}

#[test]
fn keys_do_not_go_round_the_guards() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let files: Vec<String> = (0..12).map(|number| format!("{number:02}")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|key| (key.as_str(), "x")).collect();
    let (one, two) = in_sync(&env, &bucket, &files);
    files.iter().for_each(|(key, _)| one.remove(key));
    let keys = select(&one.run(["list-objects", TARGET]).with(0).out, |record| record["type"] == "object");
    let keys: String =
        keys.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["key"].to_string() + "\n").collect();
    let refused = one.feed(&PUSH, &keys).with(5);
    refused.warns("the folder held files and is empty now");
    refused.warns("if that is right: s4 push-file --force files");
    assert_eq!(outcome(&refused.out, "00"), ["delete-remote", "skipped", "guard"]);
    assert_eq!(bucket.tree().len(), 12);
    // The other way round.
    two.remove("00");
    two.sync();
    for (key, _) in &files {
        bucket.remove(key);
    }
    let here = env.machine(&bucket);
    assert!(here.tree().is_empty());
    let refused = two.feed(&PULL, &keys).with(5);
    refused.warns("would delete");
    assert_eq!(two.tree().len(), 11);
    // Nor does a command of the other direction hand such deletions on as if they were planned.
    let passed = two.feed(&PUSH, &keys).with(5);
    assert!(
        changes(&passed.out).values().all(|change| change.guard.as_deref() == Some("mass-deletion")),
        "{}",
        passed.out
    );
    two.feed(&PULL, &passed.out).with(5);
    assert_eq!(two.tree().len(), 11);
    let forced = two.feed(&["pull-file", TARGET, "--stdin", "--force"], &keys).with(4);
    assert_eq!(outcome(&forced.out, "05"), ["delete-local", "done", ""]);
    assert!(two.tree().is_empty());
}

#[test]
fn a_deletion_that_only_a_second_look_comes_to_is_not_carried_out() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    one.write("a", "edited");
    let diff = one.run(["diff-index", TARGET]).with(0).out;
    one.remove("a");
    let pushed = one.feed(&PUSH, &diff).with(0);
    assert_eq!(changes(&pushed.out)["a"].action, "delete-remote");
    assert_eq!(bucket.tree()["a"], b"1");
    // A key that became ignored meanwhile is such a deletion too.
    one.write("b", "edited");
    let diff = one.run(["diff-index", TARGET]).with(0).out;
    one.write("b", "edited again");
    one.write(".syncignore", "b\n");
    one.feed(&PUSH, &select(&diff, |record| record["key"] == "b"));
    assert!(bucket.tree().contains_key("b"));
}

#[test]
fn a_file_goes_only_while_its_object_is_gone() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), ("moved", "a content of its own")]);
    two.remove("a");
    fs::rename(two.path("moved"), two.path("to")).unwrap();
    two.sync();
    let diff = one.run(["diff-index", TARGET]).with(0).out;
    assert_eq!(changes(&diff)["to"].source.as_ref().unwrap().key, "moved");
    // The other machine brings both back, as they were.
    two.write("a", "1");
    two.write("moved", "a content of its own");
    two.sync();
    let pulled = one.feed(&PULL, &diff).with(0);
    assert_eq!(one.tree(), two.tree());
    assert!(!outcomes(&pulled.out).contains_key("a"), "{}", pulled.out);
    // Though nobody wrote the outcomes down, nothing looks like a user's deletion.
    one.sync();
    two.sync();
    assert_eq!((one.tree(), one.tree().len()), (two.tree(), 4));
    // The same with a listing of yesterday.
    let yesterday = one.run(["list-objects", TARGET]).with(0).out;
    two.write("new", "since then");
    two.sync();
    one.sync();
    let diff = one.feed(&["diff-index", TARGET, "--remote", "-"], &yesterday).with(0).out;
    assert_eq!(changes(&diff)["new"].action, "delete-local");
    let pulled = one.feed(&PULL, &diff).with(0).out;
    one.feed(&WRITE, &pulled).with(0);
    one.sync();
    assert_eq!(one.read("new").unwrap(), b"since then");
}

#[test]
fn an_ignored_object_waits_for_its_rule() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b.tmp", "2")]);
    one.write(".syncignore", "*.tmp\n");
    let diff = one.run(["diff-index", TARGET]).with(0).out;
    let without_rule = select(&diff, |record| record["key"] == "b.tmp");
    let pushed = one.feed(&PUSH, &without_rule).with(0);
    assert_eq!(outcome(&pushed.out, "b.tmp"), ["delete-remote", "skipped", "rules"]);
    assert!(bucket.tree().contains_key("b.tmp"));
    let pushed = one.feed(&PUSH, &diff).with(0);
    assert_eq!(outcome(&pushed.out, "b.tmp"), ["delete-remote", "done", ""]);
    one.feed(&WRITE, &pushed.out).with(0);
    two.sync();
    assert_eq!(two.read("b.tmp").unwrap(), b"2");
}
