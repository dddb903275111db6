//! The plumbing one command at a time: what goes in, what comes out, what is refused.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::support::{Bucket, Machine, Ran, Record, TARGET, TestEnv, changes, in_sync, outcomes, ran, records, whole};

impl Machine {
    /// Runs s4 with an input.
    fn feed(&self, args: &[&str], input: &str) -> Ran {
        ran(&self.s4(args).write_stdin(input).output().unwrap())
    }
}

const PUSH: [&str; 3] = ["push-file", TARGET, "--stdin"];
const PULL: [&str; 3] = ["pull-file", TARGET, "--stdin"];
const WRITE: [&str; 3] = ["write-index", TARGET, "--stdin"];

/// The outcome of a key: action, result, reason.
#[track_caller]
fn outcome(out: &str, key: &str) -> [String; 3] {
    let outcome = outcomes(out).remove(key).unwrap_or_else(|| panic!("no outcome of {key:?}: {out}"));
    [outcome.action, outcome.result, outcome.reason.unwrap_or_default()]
}

/// The lines that are left of a stream when somebody takes out its header, its end, and whatever `keep` does not want.
fn select(out: &str, keep: impl Fn(&Value) -> bool) -> String {
    let wanted = |line: &&str| {
        let record: Value = serde_json::from_str(line).unwrap();
        record["type"] != "header" && record["type"] != "end" && keep(&record)
    };
    out.lines().filter(wanted).map(|line| format!("{line}\n")).collect()
}

#[test]
fn objects_are_listed_as_they_are() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    for name in ["a", "../up", "b//c", "folder/", "\u{e9}\u{1f600} \""] {
        bucket.put(name, "12345");
    }
    let ran = one.run(["list-objects", TARGET]).with(0);
    let names: Vec<String> = whole(&ran.out)
        .into_iter()
        .map(|record| match record {
            Record::Object(object) if object.size == 5 && object.last_modified.ends_with('Z') => object.key,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["../up", "a", "b//c", "folder/", "\u{e9}\u{1f600} \""]);
}

#[test]
fn a_listing_that_fails_has_an_error_and_no_end() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.set("aws_secret_access_key", "wrong");
    let ran = one.run(["list-objects", TARGET]).with(1);
    let all = records(&ran.out);
    assert!(matches!(all.last(), Some(Record::Error { code, .. }) if code == "access"), "{}", ran.out);
}

#[test]
fn an_index_is_read_on_either_side() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "22"), ("c", "333")]);
    one.remove("b");
    one.sync();
    for side in [&[][..], &["--remote"]] {
        let ran = one.run(["read-index", TARGET].iter().chain(side)).with(0);
        let entries: Vec<(String, bool, bool)> = whole(&ran.out)
            .into_iter()
            .map(|record| match record {
                Record::Entry(entry) => {
                    assert_eq!(entry.deleted, entry.deleted_at.is_some());
                    assert_eq!(entry.deleted, entry.sha256.is_none() && entry.local_timestamp.is_none());
                    (entry.key, entry.deleted, entry.inode.is_some())
                }
                other => panic!("{other:?}"),
            })
            .collect();
        let here = side.is_empty();
        let expected = [("a", false, here), ("b", true, false), ("c", false, here)];
        assert_eq!(entries, expected.map(|(key, deleted, inode)| (key.to_owned(), deleted, inode)));
    }
    one.write(".index", "{");
    let ran = one.run(["read-index", TARGET]).with(1);
    ran.warns("cannot read the local index");
    assert!(matches!(records(&ran.out)[..], [Record::Error { .. }]), "{}", ran.out);
}

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
fn what_a_command_does_not_know_passes_through_as_it_is() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    let lines = [
        r#"{"x": 1,  "type":"later","key":"a"}"#,
        r#"{"type":"change","key":"a","action":"adopt","local":"unchanged","remote":"unchanged","note":[1]}"#,
        r#"{"type":"outcome","key":"a","action":"push","result":"failed","bytes":0,"reason":"local","mine":true}"#,
    ];
    for command in [&PUSH, &PULL] {
        let ran = one.feed(command, &(lines.join("\n") + "\n")).with(0);
        let out: Vec<&str> = ran.out.lines().collect();
        assert_eq!(out[1..4], lines);
    }
    let ran = one.feed(&WRITE, &format!("{}\n{}\n", lines[0], lines[2])).with(4);
    assert_eq!(ran.out.lines().collect::<Vec<_>>()[1..3], [lines[0], lines[2]]);
}

#[test]
fn a_stream_that_was_cut_off_stays_one_all_the_way() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a", "1");
    let diff = one.run(["diff-index", TARGET]).with(0).out;
    let cut: String = diff.lines().take(2).map(|line| format!("{line}\n")).collect();
    let pushed = one.feed(&PUSH, &cut).with(1);
    pushed.warns("end before their end");
    assert_eq!(outcome(&pushed.out, "a"), ["push", "done", ""]);
    assert!(!records(&pushed.out).iter().any(|record| matches!(record, Record::End { .. })));
    // What was done is written down all the same.
    let written = one.feed(&WRITE, &pushed.out).with(1);
    assert!(!records(&written.out).iter().any(|record| matches!(record, Record::End { .. })));
    assert!(changes(&one.run(["diff-index", TARGET]).with(0).out).is_empty());
}

#[test]
fn a_side_that_may_not_be_whole_is_refused() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), ("c", "3")]);
    one.write("a", "edited");
    for (command, side) in [("scan", "--local"), ("list-objects", "--remote")] {
        let all = one.run([command, TARGET]).with(0).out;
        let cut: String = all.lines().take(2).map(|line| format!("{line}\n")).collect();
        for input in ["", &cut, &select(&all, |record| record["key"] == "a")] {
            let ran = one.feed(&["diff-index", TARGET, side, "-"], input).with(1);
            ran.warns("have no end, or not all that it speaks of: what they do not name would count as deleted");
            assert!(ran.err.contains("--partial"), "{}", ran.err);
            assert!(!ran.out.contains("\"change\""), "{}", ran.out);
        }
        let part = one.feed(&["diff-index", TARGET, side, "-", "--partial"], &cut).with(0);
        assert_eq!(changes(&part.out).into_keys().collect::<Vec<_>>(), ["a"]);
        let whole = one.feed(&["diff-index", TARGET, side, "-"], &all).with(0);
        assert_eq!(changes(&whole.out).into_keys().collect::<Vec<_>>(), ["a"]);
    }
    one.feed(&["diff-index", TARGET, "--local", "-", "--remote", "-"], "").with(2);
    one.run(["diff-index", TARGET, "--local", "/nowhere/at/all"]).with(2).warns("cannot read '/nowhere/at/all'");
}

#[test]
fn what_a_scan_could_not_see_is_not_deleted() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("dir/b", "2")]);
    let scan = one.run(["scan", TARGET]).with(0).out;
    let blind: String = scan
        .lines()
        .map(|line| match line.contains("dir/b") {
            true => "{\"type\":\"problem\",\"reason\":\"unreadable\",\"message\":\"no\",\"key\":\"dir\"}\n".to_owned(),
            false => line.replace("{\"file\":2}", "{\"file\":1,\"problem\":1}") + "\n",
        })
        .collect();
    let ran = one.feed(&["diff-index", TARGET, "--local", "-"], &blind).with(0);
    assert!(changes(&ran.out).is_empty(), "{}", ran.out);
}

#[test]
fn records_of_another_target_or_a_newer_schema_are_refused() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    one.write("a", "edited");
    let diff = one.run(["diff-index", TARGET]).with(0).out;
    for command in [&PUSH, &PULL, &WRITE] {
        let other = diff.replacen(&format!("\"target\":\"{TARGET}\""), "\"target\":\"other\"", 1);
        one.feed(command, &other).with(2).warns("the records are about the target \"other\", not about \"files\"");
        let newer = diff.replacen("\"schema\":1", "\"schema\":2", 1);
        one.feed(command, &newer).with(1).warns("only a newer s4 can read");
    }
    assert_eq!(bucket.tree()["a"], b"1");
}

#[test]
fn senseless_records_are_refused_with_the_key_and_what_is_wrong() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    one.write("a", "edited");
    let diff = one.run(["diff-index", TARGET]).with(0).out;
    for (wrong, says) in [
        (diff.replace("\"key\":\"a\"", "\"key\":\"../a\""), "the record of \"../a\" makes no sense"),
        (diff.replace("\"action\":\"push\"", "\"action\":\"shove\""), "\"shove\" is not known"),
        (diff.replace("\"mode\":\"644\"", "\"mode\":\"rw-\""), "its mode is not in octal"),
        (diff.replace("\"size\":6", "\"size\":-6"), "a record can not be read"),
        (diff.replace("\"type\":\"change\"", "\"kind\":\"change\""), "line 2 begins like a record and is none"),
        (diff.replace("{\"type\":\"change\"", "{\n\"type\":\"change\""), "jq prints them so with -c"),
        ("null\n".to_owned(), "jq prints null for a field that a record does not have"),
    ] {
        let ran = one.feed(&PUSH, &wrong).with(1);
        ran.warns(says);
        assert!(!records(&ran.out).iter().any(|record| matches!(record, Record::End { .. })), "{}", ran.out);
    }
    assert_eq!(bucket.tree()["a"], b"1");
}

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
fn an_error_on_the_way_reaches_the_exit_code_of_the_last() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a", "1");
    let piped = one.pipe(&[&["push-file", TARGET, "a", "b//c"], &WRITE]);
    assert_eq!(piped.codes, [4, 4]);
    assert!(one.index().contains_key("a"));
    one.set("aws_secret_access_key", "wrong");
    let piped = one.pipe(&[&["diff-index", TARGET], &PUSH, &PULL]);
    assert_eq!(piped.codes[0], 1);
    assert!(piped.codes.iter().all(|code| *code == 1), "{piped:?}");
}

#[test]
fn sorting_a_stream_leaves_it_whole_and_picking_from_it_does_not() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    let listing = one.run(["list-objects", TARGET]).with(0).out;
    let diff = ["diff-index", TARGET, "--remote", "-"];
    let lines = |wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
        listing.lines().filter(|line| wanted(line)).map(|line| format!("{line}\n")).collect()
    };
    let mut sorted = lines(&|_| true);
    sorted.sort();
    assert!(changes(&one.feed(&diff, &sorted.concat()).with(0).out).is_empty());
    let picked = lines(&|line| !line.contains("\"a\"")).concat();
    one.feed(&diff, &picked).with(1).warns("not all that it speaks of");
    let cut = lines(&|line| !line.contains("\"end\"") && !line.contains("\"a\"")).concat();
    let behind = cut + &lines(&|line| line.contains("header") || line.contains("\"end\"")).concat();
    one.feed(&diff, &behind).with(1);
}

#[test]
fn records_of_the_wrong_command_or_folder_are_refused() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    let scan = one.run(["scan", TARGET]).with(0).out;
    let ran = one.feed(&["diff-index", TARGET, "--remote", "-"], &scan).with(2);
    ran.warns("these are records of the type \"file\", and \"object\" is wanted");
    one.write("../other/x", "1");
    let other = one.run(["scan", one.path("../other").to_str().unwrap()]).with(0).out;
    one.feed(&["diff-index", TARGET, "--local", "-"], &other).with(2).warns("the records are about the folder");
    let pushed = one.run(["push-file", TARGET, "a"]).with(0).out;
    one.set("s3_uri", format!("s3://{}/elsewhere", bucket.name()));
    one.feed(&WRITE, &pushed).with(2).warns("the records are about the place");
    one.run(["diff-index", TARGET, "--partial"]).with(2);
}

#[test]
fn outcomes_count_once_and_only_on_their_own_base() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("calm", "0")]);
    one.write("a", "content");
    let pushed = one.run(["push-file", TARGET, "a"]).with(0).out;
    one.feed(&WRITE, &pushed).with(0);
    two.sync();
    two.remove("a");
    two.sync();
    one.sync();
    two.write("a", "content");
    two.sync();
    // Told again, it would make the file here look deleted.
    let again = one.feed(&WRITE, &pushed).with(0);
    assert!(whole(&again.out).contains(&Record::Commit { local: 0, remote: 0 }), "{}", again.out);
    one.sync();
    assert_eq!((one.read("a"), bucket.tree().contains_key("a")), (Some(b"content".to_vec()), true));
}

#[test]
fn a_write_of_nothing_does_not_hide_what_the_remote_index_lost() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    let mut index = crate::support::read_index(&bucket.objects()[".index"]);
    index.shift_remove("a");
    bucket.put(".index", crate::support::write_index(&index));
    one.feed(&WRITE, "").with(0);
    one.sync();
    assert!(crate::support::read_index(&bucket.objects()[".index"]).contains_key("a"));
}

#[test]
fn a_part_of_a_sync_does_not_take_another_device_for_the_known_one() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    let mut index = one.index();
    index[".index"]["device"] = 1.into();
    one.write(".index", crate::support::write_index(&index));
    one.write("c", "3");
    let piped = one.pipe(&[&["push-file", TARGET, "c"], &WRITE]);
    assert_eq!(piped.codes, [0, 0]);
    assert!(one.index().contains_key("c"));
    assert_eq!(one.index()[".index"]["device"], 1);
    one.remove("a");
    one.sync_with(&[]).with(5).warns("the folder is on another device than at the last sync");
}

#[test]
fn an_idle_step_ends_when_it_is_asked_to() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    for command in [&PUSH, &PULL] {
        let mut child = spawn(&one, command);
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut String::new()).unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
    }
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

#[test]
fn outcomes_older_than_the_index_are_left_out() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    one.write("a", "second");
    let pushed = one.run(["push-file", TARGET, "a"]).with(0);
    one.sync();
    one.write("a", "the third");
    one.set_mtime("a", 4_000_000_000_000_000_000);
    one.sync();
    let before = one.index()["a"].clone();
    let written = one.feed(&WRITE, &pushed.out).with(0);
    assert!(whole(&written.out).contains(&Record::Commit { local: 0, remote: 0 }));
    assert_eq!(one.index()["a"], before);
}

#[test]
fn write_index_wants_outcomes_and_not_keys() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    let ran = one.feed(&WRITE, "a\n").with(2);
    ran.warns("\"a\" is a key; outcomes are what can be written");
    assert!(!one.path(".index").exists());
}

fn spawn(machine: &Machine, args: &[&str]) -> Child {
    let mut process = machine.process(args);
    process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn an_interrupted_write_reads_to_the_end_and_writes_it_down() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a", "1");
    let pushed = one.run(["push-file", TARGET, "a"]).with(0).out;
    let mut child = spawn(&one, &WRITE);
    // Its header shows that it listens for signals by now.
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    err.read_line(&mut told).unwrap();
    assert!(told.starts_with("Interrupted"), "{told}");
    child.stdin.take().unwrap().write_all(pushed.as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(one.index().contains_key("a"));
}

#[test]
fn a_reader_that_leaves_ends_every_command_quietly() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    for number in 0..3_000 {
        one.write(&format!("a rather long name, so that little fits into a pipe/{number}"), "x");
    }
    one.sync();
    for args in [&["scan", TARGET][..], &["list-objects", TARGET], &["read-index", TARGET]] {
        let mut child = spawn(&one, args);
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        let ended = ran(&child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn files_are_summed_up_as_sha256sum_does() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a b", "hello");
    one.write("empty", "");
    let odd = one.path("").join(std::ffi::OsStr::from_bytes(b"odd\xff"));
    fs::write(&odd, "odd").unwrap();
    let mut command = one.s4(["hash-file", "--etag", "5d41402abc4b2a76b9719d911017c592"]);
    let out = ran(&command.args([one.path("a b"), one.path("empty"), odd, one.path("none")]).output().unwrap()).with(4);
    out.warns("cannot read the file");
    let sums: Vec<_> = whole(&out.out)
        .into_iter()
        .map(|record| match record {
            Record::Hash { size, sha256, path, path_base64, matches_etag } => {
                assert_eq!(path.is_some(), path_base64.is_none());
                (size, sha256[..8].to_owned(), matches_etag)
            }
            Record::Error { key, .. } => (0, key.unwrap().rsplit('/').next().unwrap().to_owned(), None),
            other => panic!("{other:?}"),
        })
        .collect();
    let sum = |size, text: &str, matches| (size, text.to_owned(), matches);
    let expected = [
        sum(5, "2cf24dba", Some(true)),
        sum(0, "e3b0c442", Some(false)),
        sum(3, "4b66ad5c", Some(false)),
        sum(0, "none", None),
    ];
    assert_eq!(sums[..2], expected[..2]);
    assert_eq!((sums[2].0, sums[2].2, &sums[3]), (3, Some(false), &expected[3]));
    let list = format!("{}\n{}\n", one.path("a b").display(), json!(one.path("empty")));
    let listed = one.feed(&["hash-file", "--stdin"], &list).with(0);
    assert_eq!(whole(&listed.out).len(), 2);
}

#[test]
fn ignored_paths_are_told_with_the_pattern_that_decides() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write(".syncignore", "# comment\n*.log\n\n!keep.log\nbuild/\n");
    one.write("build/x", "1");
    let inside = one.path("src/a.log");
    let paths = ["./a.log", "keep.log", "build/x", "build/", "other/", "plain", inside.to_str().unwrap(), ".index"];
    let ran = one.run(["check-ignore", TARGET].iter().chain(&paths)).with(0);
    let found: Vec<_> = whole(&ran.out)
        .into_iter()
        .map(|record| match record {
            Record::Check(check) => (check.key.unwrap(), check.ignored, check.pattern, check.line, check.matched),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = |key: &str, ignored, why: Option<(&str, u64, &str)>| {
        let (pattern, matched) = (why.map(|why| why.0.to_owned()), why.map(|why| why.2.to_owned()));
        (key.to_owned(), ignored, pattern, why.map(|why| why.1), matched)
    };
    assert_eq!(
        found,
        [
            expected("a.log", true, Some(("*.log", 2, "a.log"))),
            expected("keep.log", false, Some(("!keep.log", 4, "keep.log"))),
            expected("build/x", true, Some(("build/", 5, "build"))),
            expected("build/", true, Some(("build/", 5, "build"))),
            expected("other/", false, None),
            expected("plain", false, None),
            expected("src/a.log", true, Some(("*.log", 2, "src/a.log"))),
            expected(".index", true, None),
        ]
    );
    let input = "{\"type\":\"file\",\"key\":\"b.log\"}\n{\"type\":\"end\",\"counts\":{}}\n\"c.log\"\nd\n";
    let read = one.feed(&["check-ignore", TARGET, "--stdin"], input).with(0);
    assert_eq!(whole(&read.out).len(), 3);
    for outside in ["/etc/passwd", "../x", ""] {
        let ran = one.run(["check-ignore", TARGET, outside]);
        assert_eq!(ran.code, if outside.is_empty() { 2 } else { 4 }, "{outside:?}: {ran:?}");
    }
}
