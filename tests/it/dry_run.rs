//! `--dry-run` shows what a sync would do and changes nothing; `--json` says it in records.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;

use s4_test_server::Op;
use serde::Deserialize;

use crate::support::{Bucket, Machine, TestEnv, in_sync};

/// The records as this test understands them; a field or type that is not here is a failure.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Record {
    Header { schema: u32, tool: String, version: String, target: String },
    Change(Change),
    Outcome { key: String, action: String, result: String, bytes: u64, error: Option<String> },
    Error { code: String, message: String, key: Option<String> },
    End { counts: BTreeMap<String, u64> },
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Change {
    key: String,
    action: String,
    local: String,
    remote: String,
    local_size: Option<u64>,
    remote_size: Option<u64>,
    etag: Option<String>,
    renamed_from: Option<String>,
}

fn records(out: &str) -> Vec<Record> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    out.lines().map(parse).collect()
}

/// Two machines with one of everything to do.
fn setting(env: &TestEnv, bucket: &Bucket) -> Machine {
    let files = ["push", "pull", "gone here", "gone there", "moved/here", "moved there", "both", "calm"];
    let files: Vec<(&str, &str)> = files.iter().map(|key| (*key, *key)).collect();
    let (one, two) = in_sync(env, bucket, &files);
    two.write("pull", "a longer text");
    two.write("both", "theirs");
    two.write("new there", "12345");
    two.remove("gone there");
    fs::rename(two.path("moved there"), two.path("to there")).unwrap();
    two.sync();
    one.write("push", "another text");
    one.write("both", "mine");
    one.write("new here", "1234567");
    one.remove("gone here");
    fs::rename(one.path("moved/here"), one.path("to here")).unwrap();
    one
}

/// Path, inode, mtime, ctime and mode.
type Stat = (String, u64, i64, i64, u32);

/// Every file and folder with all that a stat tells, s4's own included, and the objects.
fn state(machine: &Machine, bucket: &Bucket) -> (BTreeSet<Stat>, BTreeMap<String, Vec<u8>>) {
    let mut found = BTreeSet::new();
    let mut left = vec![machine.path(""), machine.config().parent().unwrap().to_owned()];
    while let Some(path) = left.pop() {
        let stat = fs::symlink_metadata(&path).unwrap();
        if stat.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        let times =
            (stat.mtime() * 1_000_000_000 + stat.mtime_nsec(), stat.ctime() * 1_000_000_000 + stat.ctime_nsec());
        found.insert((path.display().to_string(), stat.ino(), times.0, times.1, stat.mode()));
    }
    (found, bucket.objects())
}

#[test]
fn a_dry_run_changes_nothing_at_all_and_only_reads() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let one = setting(&env, &bucket);
        let fresh = env.machine(&bucket);
        fresh.write("mine", "1");
        for (machine, code) in [(&one, 3), (&fresh, 0)] {
            let before = state(machine, &bucket);
            if let Some(server) = bucket.server_if_any() {
                server.reset_counts();
            }
            for args in [&["--dry-run"][..], &["--dry-run", "--json"]] {
                machine.sync_with(args).with(code);
            }
            if let Some(server) = bucket.server_if_any() {
                let made: BTreeSet<Op> = server.counts().operations.into_keys().collect();
                assert!(made.is_subset(&[Op::GetObject, Op::HeadObject, Op::ListObjectsV2].into()), "{made:?}");
            }
            assert_eq!(state(machine, &bucket), before);
        }
    }
}

#[test]
fn a_dry_run_prints_the_plan_and_what_it_costs() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = setting(&env, &bucket);
    let (uri, folder) = one.places(&bucket);
    let ran = one.sync_with(&["--dry-run"]).with(3);
    for line in [
        format!("Creating new here ({folder} => {uri})"),
        format!("Creating new there ({uri} => {folder})"),
        format!("Updating push ({folder} => {uri})"),
        format!("Updating pull ({uri} => {folder})"),
        format!("Deleting gone here on {uri}"),
        format!("Deleting gone there on {folder}"),
        format!("Renaming moved/here => to here on {uri}"),
        format!("Renaming moved there => to there on {folder}"),
    ] {
        ran.says(&line);
    }
    ran.warns("conflict left alone: \"both\" (updated here, updated in the bucket)");
    let costs = ran.closing();
    assert!(costs.starts_with("A sync would send 19 B, fetch 18 B, and make "), "{costs}");
    assert!(costs.contains("2 GET") && costs.contains("1 COPY") && costs.contains("1 DELETE"), "{costs}");
    assert!(costs.contains("; with this look it costs $0.0000"), "{costs}");
}

#[test]
fn what_a_dry_run_foretells_is_what_the_sync_does() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = setting(&env, &bucket);
    let planned: BTreeSet<(String, String)> = records(&one.sync_with(&["--dry-run", "--json"]).with(3).out)
        .into_iter()
        .filter_map(|record| match record {
            Record::Change(change) if change.action != "conflict" => Some((change.key, change.action)),
            _ => None,
        })
        .collect();
    let done: BTreeSet<(String, String)> = records(&one.sync_with(&["--json"]).with(3).out)
        .into_iter()
        .filter_map(|record| match record {
            Record::Outcome { key, action, result, .. } if result == "done" => Some((key, action)),
            _ => None,
        })
        .collect();
    assert_eq!(planned, done);
    assert_eq!(done.len(), 10);
}

#[test]
fn the_records_of_a_dry_run_say_all_that_is_known() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = setting(&env, &bucket);
    let mut records = records(&one.sync_with(&["--dry-run", "--json"]).with(3).out);
    let end = records.pop().unwrap();
    assert_eq!(end, Record::End { counts: [("change".to_owned(), 11)].into() });
    let Record::Header { schema, tool, version, target } = records.remove(0) else { panic!("no header first") };
    assert_eq!((schema, tool.as_str(), target.as_str()), (1, "s4", "files"));
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    let changes: BTreeMap<String, Change> = records
        .into_iter()
        .map(|record| match record {
            Record::Change(change) => (change.key.clone(), change),
            other => panic!("{other:?}"),
        })
        .collect();
    let etag = |key: &str| Some(bucket.server().object(bucket.name(), &format!("some/prefix/{key}")).unwrap().etag);
    let change = |key: &str, action: &str, states: [&str; 2], sizes: [Option<u64>; 2]| Change {
        key: key.into(),
        action: action.into(),
        local: states[0].into(),
        remote: states[1].into(),
        local_size: sizes[0],
        remote_size: sizes[1],
        etag: sizes[1].and_then(|_| etag(key)),
        renamed_from: None,
    };
    assert_eq!(changes["push"], change("push", "push", ["updated", "unchanged"], [Some(12), Some(4)]));
    assert_eq!(changes["new here"], change("new here", "push", ["created", "absent"], [Some(7), None]));
    assert_eq!(changes["new there"], change("new there", "pull", ["absent", "created"], [None, Some(5)]));
    assert_eq!(changes["both"], change("both", "conflict", ["updated", "updated"], [Some(4), Some(6)]));
    assert_eq!(changes["gone there"], change("gone there", "delete-local", ["unchanged", "deleted"], [Some(10), None]));
    let renamed = change("to here", "push", ["created", "absent"], [Some(10), None]);
    assert_eq!(changes["to here"], Change { renamed_from: Some("moved/here".into()), ..renamed });
}

#[test]
fn the_records_of_a_sync_end_with_its_counts() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = setting(&env, &bucket);
    bucket.put("bad//name", "x");
    let ran = one.sync_with(&["--json"]).with(3);
    let records = records(&ran.out);
    let Some(Record::End { counts }) = records.last() else { panic!("no end: {}", ran.out) };
    let expected =
        [("push", 3), ("pull", 3), ("delete-remote", 2), ("delete-local", 2), ("conflicts", 1), ("problems", 1)];
    assert_eq!(*counts, expected.map(|(name, count)| (name.to_owned(), count)).into());
    let skipped = Record::Outcome {
        key: "both".into(),
        action: "conflict".into(),
        result: "skipped".into(),
        bytes: 0,
        error: None,
    };
    assert!(records.contains(&skipped), "{}", ran.out);
    let problem =
        Record::Error { code: "problem".into(), message: "it has an empty part".into(), key: Some("bad//name".into()) };
    assert!(records.contains(&problem), "{}", ran.out);
}

#[test]
fn a_refusal_is_a_record_too() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    one.remove("a");
    let before = state(&one, &bucket);
    let ran = one.sync_with(&["--dry-run", "--json"]).with(5);
    assert_eq!(state(&one, &bucket), before);
    let error = records(&ran.out).into_iter().find_map(|record| match record {
        Record::Error { code, message, key } => Some((code, message, key)),
        _ => None,
    });
    let (code, message, key) = error.unwrap();
    assert_eq!((code.as_str(), key), ("guard", None));
    assert!(message.starts_with("the folder held files and is empty now"), "{message}");
}

#[test]
fn an_ignored_key_of_newer_rules_is_foretold() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b.log", "2")]);
    one.write("c.log", "not yet synced");
    two.write(".syncignore", "*.log\n");
    two.sync();
    let before = state(&one, &bucket);
    let ran = one.sync_with(&["--dry-run"]).with(0);
    assert_eq!(state(&one, &bucket), before);
    assert!(ran.out.contains("Creating .syncignore (") && !ran.out.contains(".log"), "{}", ran.out);
}
