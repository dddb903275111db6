//! Keys and changes, carried out one direction at a time.

use std::io::{BufRead as _, BufReader};

use rustix::process::{Pid, Signal, kill_process};

use super::{PULL, PUSH, WRITE, outcome, spawn};
use crate::support::{Bucket, Record, TARGET, TestEnv, changes, in_sync, outcomes, whole};

#[test]
fn a_key_is_pushed_and_remembered() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    one.write("a", "longer");
    one.write("b", "longer too");
    let piped = one.pipe(&[&["push-file", TARGET, "a"], &WRITE]);
    assert_eq!(piped.codes, [0, 0]);
    assert_eq!(outcome(&piped.last.out, "a"), ["push", "done", ""]);
    assert!(whole(&piped.last.out).contains(&Record::Commit { local: 1, remote: 1 }));
    assert_eq!(bucket.tree()["a"], b"longer");
    assert_eq!(bucket.tree()["b"], b"2");
    assert_eq!(changes(&one.run(["diff-index", TARGET]).out).into_keys().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn keys_that_need_something_else_go_on_as_changes() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let files = [("calm", "1"), ("pull", "2"), ("both", "3"), ("gone here", "4"), ("gone there", "5")];
    let (one, two) = in_sync(&env, &bucket, &files);
    // A file as new as the index would have to be looked into.
    one.sync();
    two.write("pull", "newer");
    two.write("both", "theirs");
    two.remove("gone there");
    two.sync();
    one.write("both", "mine");
    one.remove("gone here");
    let keys = ["calm", "pull", "both", "gone here", "gone there", "nowhere"];
    let pushed = one.run(["push-file", TARGET].iter().chain(&keys)).with(4);
    assert_eq!(outcome(&pushed.out, "calm"), ["push", "skipped", "unchanged"]);
    assert_eq!(outcome(&pushed.out, "gone here"), ["delete-remote", "done", ""]);
    assert_eq!(outcome(&pushed.out, "nowhere"), ["push", "failed", "absent"]);
    let left = changes(&pushed.out);
    let left: Vec<_> = left.values().map(|change| (change.key.as_str(), change.action.as_str())).collect();
    assert_eq!(left, [("both", "conflict"), ("gone there", "delete-local"), ("pull", "pull")]);
    // As the next command of a pipe does it.
    let pulled = one.feed(&PULL, &pushed.out).with(0);
    assert_eq!(outcome(&pulled.out, "pull"), ["pull", "done", ""]);
    assert_eq!(outcome(&pulled.out, "gone there"), ["delete-local", "done", ""]);
    assert_eq!(one.read("pull").unwrap(), b"newer");
    assert_eq!(one.read("gone there"), None);
    one.feed(&WRITE, &pulled.out).with(4);
    assert_eq!(changes(&one.run(["diff-index", TARGET]).out).into_keys().collect::<Vec<_>>(), ["both"]);
}

#[test]
fn a_list_of_keys_may_be_plain_or_json() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    for key in ["plain", "with space", "\"quoted\"", "new\nline", "{brace"] {
        one.write(key, key);
    }
    let input = "plain\n./with space\n\"\\\"quoted\\\"\"\n\"new\\nline\"\n\"{brace\"\n\n../out\n";
    let ran = one.feed(&PUSH, input).with(4);
    assert_eq!(
        bucket.tree().into_keys().collect::<Vec<_>>(),
        ["\"quoted\"", "new\nline", "plain", "with space", "{brace"]
    );
    let refused = |record: &Record| matches!(record, Record::Error { key: Some(key), .. } if key == "../out");
    assert!(whole(&ran.out).iter().any(refused), "{}", ran.out);
    one.feed(&WRITE, &ran.out).with(4);
    assert_eq!(one.index().len(), 6);
}

#[test]
fn a_side_that_changed_meanwhile_is_looked_at_again() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "1"), ("c", "1")]);
    for key in ["a", "b", "c"] {
        one.write(key, "edited");
    }
    let diff = one.run(["diff-index", TARGET]).with(0).out;
    one.write("a", "edited once more");
    two.write("b", "edited there");
    two.remove("c");
    two.sync();
    one.remove("c");
    let pushed = one.feed(&PUSH, &diff).with(3);
    assert_eq!(outcome(&pushed.out, "a"), ["push", "done", ""]);
    assert_eq!(bucket.tree()["a"], b"edited once more");
    let left = changes(&pushed.out);
    assert_eq!([&left["b"].action, &left["c"].action], ["conflict", "forget"]);
    assert_eq!(bucket.tree()["b"], b"edited there");
    one.feed(&WRITE, &pushed.out).with(3);
    assert_eq!(changes(&one.run(["diff-index", TARGET]).out).into_keys().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn an_idle_step_ends_when_it_is_asked_to() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    for command in [&PUSH, &PULL] {
        let mut child = spawn(&one, command);
        // Waiting for it would close it, and an end of the input is no interruption.
        let _open = child.stdin.take();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut String::new()).unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
    }
}

#[test]
fn a_conflict_is_answered_by_changing_its_action() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1")]);
    two.write("a", "theirs");
    two.sync();
    one.write("a", "mine!");
    let diff = one.run(["diff-index", TARGET]).with(3).out;
    let answered = diff.replace("\"action\":\"conflict\"", "\"action\":\"keep-both\"");
    let piped = one.feed(&PULL, &answered).with(0);
    let kept = outcomes(&piped.out)["a"].kept_as.clone().unwrap();
    assert_eq!((one.read("a").unwrap(), one.read(&kept).unwrap()), (b"theirs".to_vec(), b"mine!".to_vec()));
    assert_eq!(changes(&piped.out)[&kept].action, "push");
    one.feed(&WRITE, &piped.out).with(0);
    one.sync();
    assert_eq!(bucket.tree().len(), 2);
    let by_choice = one.run(["diff-index", TARGET, "--conflicts", "1"]).with(0);
    assert!(changes(&by_choice.out).is_empty());
}
