//! `--dry-run` shows what a sync would do and changes nothing; `--json` says it in records.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;

use s4_test_server::Op;

use crate::support::{Bucket, Change, Machine, Record, TestEnv, changes, in_sync, outcomes, records, whole};

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
    assert!(
        costs.contains("make 1 LIST, 3 GET, ") && costs.contains("1 COPY") && costs.contains("1 DELETE"),
        "{costs}"
    );
    assert!(costs.contains(" in all, for $0.0000"), "{costs}");
}

#[test]
fn what_a_dry_run_foretells_is_what_the_sync_does() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = setting(&env, &bucket);
    let planned: BTreeSet<(String, String)> = changes(&one.sync_with(&["--dry-run", "--json"]).with(3).out)
        .into_values()
        .filter(|change| change.action != "conflict")
        .map(|change| (change.key, change.action))
        .collect();
    let done: BTreeSet<(String, String)> = outcomes(&one.sync_with(&["--json"]).with(3).out)
        .into_values()
        .filter(|outcome| outcome.result == "done")
        .map(|outcome| (outcome.key, outcome.action))
        .collect();
    assert_eq!(planned, done);
    assert_eq!(done.len(), 10);
}

#[test]
fn the_records_of_a_dry_run_say_all_that_is_known() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = setting(&env, &bucket);
    let ran = one.sync_with(&["--dry-run", "--json"]).with(3);
    let Record::Header { schema, tool, version, target, folder, place } = records(&ran.out).remove(0) else {
        panic!("no header first")
    };
    assert_eq!(folder.as_deref(), one.path("").to_str());
    assert_eq!(place.unwrap(), format!("{} at {}", bucket.uri(), bucket.endpoint()));
    assert_eq!((schema, tool.as_str(), target.as_deref()), (1, "s4", Some("files")));
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    let changes = changes(&ran.out);
    assert_eq!(changes.len(), 11);
    let etag = |key: &str| bucket.server().object(bucket.name(), &format!("some/prefix/{key}")).unwrap().etag;
    let expected = |key: &str, action: &str, states: [&str; 2], sizes: [Option<u64>; 2]| {
        let Change { action: is, local, remote, file, object, .. } = &changes[key];
        assert_eq!([is.as_str(), local, remote], [action, states[0], states[1]], "{key}");
        assert_eq!([file.as_ref().map(|file| file.size), object.as_ref().map(|object| object.size)], sizes, "{key}");
        if let Some(object) = object {
            assert_eq!(object.etag, etag(key));
        }
    };
    expected("push", "push", ["updated", "unchanged"], [Some(12), Some(4)]);
    expected("new here", "push", ["created", "absent"], [Some(7), None]);
    expected("new there", "pull", ["absent", "created"], [None, Some(5)]);
    expected("both", "conflict", ["updated", "updated"], [Some(4), Some(6)]);
    expected("gone there", "delete-local", ["unchanged", "deleted"], [Some(10), None]);
    expected("to here", "push", ["created", "absent"], [Some(10), None]);
    let source = changes["to here"].source.as_ref().unwrap();
    assert_eq!((source.key.as_str(), &source.object.as_ref().unwrap().etag), ("moved/here", &etag("moved/here")));
    assert!(changes["moved/here"].renamed && !changes["gone here"].renamed);
    let forecast = whole(&ran.out).pop();
    assert!(matches!(forecast, Some(Record::Forecast { bytes_up: 19, bytes_down: 18, .. })), "{forecast:?}");
}

#[test]
fn the_records_of_a_sync_end_with_its_summary() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = setting(&env, &bucket);
    bucket.put("bad//name", "x");
    let ran = one.sync_with(&["--json"]).with(3);
    let mut records = whole(&ran.out);
    let Some(Record::Summary(summary)) = records.pop() else { panic!("no summary: {}", ran.out) };
    let done = [("push", 3), ("pull", 3), ("delete-remote", 2), ("delete-local", 2)];
    assert_eq!(summary.done, done.map(|(name, count)| (name.to_owned(), count)).into());
    assert_eq!((summary.conflicts, summary.failed, summary.problems, summary.interrupted), (1, 0, 1, false));
    assert_eq!((summary.bytes_up, summary.bytes_down), (19, 18));
    assert!(summary.requests.put > 0 && summary.dollars > 0.0);
    let skipped = &outcomes(&ran.out)["both"];
    let how = (skipped.action.as_str(), skipped.result.as_str(), skipped.reason.as_deref());
    assert_eq!(how, ("conflict", "skipped", Some("conflict")));
    let problem = Record::Problem {
        reason: "hostile".into(),
        message: "it has an empty part".into(),
        key: Some("bad//name".into()),
        key_base64: None,
    };
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
        Record::Error { code, message, key, .. } => Some((code, message, key)),
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
