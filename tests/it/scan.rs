//! `s4 scan`: the files of a folder as records, in the order of their keys' bytes.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Bucket, Machine, Ran, TARGET, TestEnv};

/// The records of a stream, which must be whole, without header and end.
#[track_caller]
fn records(ran: &Ran) -> Vec<Value> {
    let mut records: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (first, last) = (records.remove(0), records.pop().unwrap());
    assert_eq!((&first["type"], &first["schema"], &last["type"]), (&json!("header"), &json!(1), &json!("end")));
    for kind in ["file", "problem"] {
        let number = records.iter().filter(|record| record["type"] == kind).count();
        assert_eq!(last["counts"].get(kind).map_or(0, |count| count.as_u64().unwrap()), number as u64, "{}", ran.out);
    }
    records
}

/// Type and key of each record.
#[track_caller]
fn names(ran: &Ran) -> Vec<String> {
    let name = |record: &Value| {
        let name = record.get("key").or(record.get("key_base64")).unwrap();
        let what = record.get("reason").unwrap_or(&record["type"]);
        format!("{} {}", what.as_str().unwrap(), name.as_str().unwrap())
    };
    records(ran).iter().map(name).collect()
}

fn machine(env: &TestEnv, files: &[&str]) -> Machine {
    let machine = env.machine(&Bucket::in_process());
    for file in files {
        machine.write(file, file);
    }
    machine
}

#[test]
fn a_file_is_told_with_all_that_a_sync_goes_by() {
    let env = TestEnv::new();
    let one = machine(&env, &["a/b.txt"]);
    one.set_mtime("a/b.txt", -1_500_000_000);
    one.set_mode("a/b.txt", 0o640);
    let ran = one.run(["scan", TARGET]).with(0);
    let header: Value = serde_json::from_str(ran.out.lines().next().unwrap()).unwrap();
    assert_eq!(header["target"], TARGET);
    let mut file = records(&ran).remove(0);
    let found = fs::metadata(one.path("a/b.txt")).unwrap();
    let ctime = file["ctime"].take();
    let expected = json!({
        "type": "file", "key": "a/b.txt", "size": 7, "mtime": "1969-12-31T23:59:58.500000000Z", "ctime": null,
        "inode": found.ino(), "mode": "640",
    });
    assert_eq!(file, expected);
    let nanoseconds = format!(".{:09}Z", found.ctime_nsec());
    assert!(ctime.as_str().unwrap().ends_with(&nanoseconds), "{ctime} {nanoseconds}");
    assert_eq!(ran.err, "");
}

#[test]
fn files_come_in_the_order_of_their_keys_bytes_and_without_s4s_own() {
    let env = TestEnv::new();
    let one = machine(&env, &["a/b", "a-b", "a.b", "a0", "B", "é", "a/.index", ".s4/trash/x", ".index", "a/b-/c"]);
    let files = ["B", "a-b", "a.b", "a/.index", "a/b", "a/b-/c", "a0", "é"].map(|key| format!("file {key}"));
    assert_eq!(names(&one.run(["scan", TARGET]).with(0)), files);
}

#[test]
fn what_is_ignored_is_left_out_and_what_can_not_be_a_key_is_a_problem() {
    let env = TestEnv::new();
    let one = machine(&env, &["out/deep/x", "keep", "x.o", "z"]);
    one.write(".syncignore", "/out/\n*.o\n");
    symlink("keep", one.path("link")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(one.path("socket")).unwrap();
    fs::write(one.path("").join(OsStr::from_bytes(b"latin-\xe9")), "").unwrap();
    fs::create_dir(one.path("").join(OsStr::from_bytes(b"latin-\xe9s"))).unwrap();
    fs::write(one.path("").join(OsStr::from_bytes(b"latin-\xe9.o")), "").unwrap();
    let ran = one.run(["scan", TARGET]).with(0);
    let expected = [
        "file .syncignore",
        "file keep",
        "unnameable bGF0aW4t6Q==",
        "unnameable bGF0aW4t6XM=",
        "symlink link",
        "special socket",
        "file z",
    ];
    assert_eq!(names(&ran), expected);
    let problem = json!({
        "type": "problem", "reason": "unnameable", "message": "it is not UTF-8", "key_base64": "bGF0aW4t6Q==",
    });
    assert_eq!(records(&ran)[2], problem);
    assert_eq!(ran.err, "");
}

#[test]
fn an_unreadable_folder_is_a_problem_and_ends_nothing() {
    let env = TestEnv::new();
    let one = machine(&env, &["a", "shut/x", "z"]);
    one.set_mode("shut", 0o000);
    let ran = one.run_unprivileged(&["scan", TARGET]);
    one.set_mode("shut", 0o700);
    assert_eq!(names(&ran.with(0)), ["file a", "unreadable shut", "file z"]);
    one.set_mode("", 0o000);
    let ran = one.run_unprivileged(&["scan", TARGET]);
    one.set_mode("", 0o700);
    ran.with(1).warns("error: no permission for '");
}

#[test]
fn a_folder_that_is_no_target_goes_by_its_path_and_by_its_own_rules() {
    let env = TestEnv::new();
    let one = machine(&env, &["x.o", "sub/a", "sub/b.o", "sub/c.tmp"]);
    one.write("sub/.syncignore", "*.tmp\n");
    let inner = ["file .syncignore", "file a", "file b.o"];
    let absolute = one.path("sub").display().to_string();
    for place in ["files/sub", "./files/sub/", "files/../files/sub", &absolute] {
        let ran = one.run(["scan", place]).with(0);
        assert_eq!(names(&ran), inner, "{place}");
        assert!(!ran.out.contains("\"target\""), "{}", ran.out);
    }
    // It is the current folder's `files` as well, but a target's name comes first.
    for (place, is_target) in [(TARGET, true), ("./files", false)] {
        let ran = one.run(["scan", place]).with(0);
        assert_eq!((ran.out.contains("\"target\":\"files\""), names(&ran).len()), (is_target, 5), "{}", ran.out);
    }
}

#[test]
fn a_folder_can_be_scanned_without_any_target_and_nothing_is_written() {
    let env = TestEnv::new();
    let home = env.home("home");
    fs::write(home.join("a"), "").unwrap();
    let ran = crate::support::ran(&TestEnv::shell(&home, "s4 scan .").output().unwrap()).with(0);
    assert_eq!((names(&ran), ran.err.as_str()), (vec!["file a".to_owned()], ""));
    assert_eq!(fs::read_dir(&home).unwrap().count(), 1);
}

#[test]
fn what_is_neither_a_target_nor_a_folder_is_wrong_usage() {
    let env = TestEnv::new();
    let one = machine(&env, &["a"]);
    for place in ["flies", "", "files/none"] {
        let ran = one.run(["scan", place]).with(2);
        ran.warns(&format!("error: \"{place}\" is an unknown target"));
        ran.warns("the targets are: files\n");
        assert_eq!(ran.err.contains("there is no folder"), !place.is_empty(), "{}", ran.err);
        let error: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("usage")));
    }
    one.run(["scan", "files/a"]).with(2).warns("/files/a' is not a folder\n");
    fs::write(one.config(), "{").unwrap();
    one.run(["scan", "./files"]).with(1).warns("is damaged");
}

#[test]
fn a_reader_that_leaves_early_ends_it_quietly() {
    let env = TestEnv::new();
    let one = machine(&env, &[]);
    for number in 0..2_000 {
        one.write(&format!("{number:04}"), "");
    }
    let mut scan = one.process(["scan", TARGET]);
    let mut child = scan.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("{\"type\":\"header\""));
    assert!(lines.next().unwrap().unwrap().starts_with("{\"type\":\"file\",\"key\":\"0000\""));
    // All the records do not fit in a pipe.
    drop(lines);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}
