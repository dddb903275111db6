//! Streams that are whole, cut, picked from, sorted, or about something else.

use std::io::{BufRead as _, BufReader};

use super::{PULL, PUSH, WRITE, outcome, select, spawn};
use crate::support::{Bucket, Record, TARGET, TestEnv, changes, in_sync, ran, records};

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
        (diff.replace("\"size\":6", "\"size\":-6"), "a record cannot be read"),
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
