//! `s4 status` and `s4 conflicts`: what differs and why, without a change anywhere.

use s4_test_server::{Fault, FaultKind, Op};

use crate::status::Daemon;
use crate::support::{Bucket, Machine, Record, TARGET, TestEnv, changes, in_sync, whole};

/// Two machines where everything differs in some way: seen from the first.
fn differing(env: &TestEnv, bucket: &Bucket) -> Machine {
    let files = ["both", "calm", "gone here", "gone there", "here", "old", "there"];
    let files: Vec<(&str, &str)> = files.into_iter().map(|key| (key, key)).collect();
    let (one, two) = in_sync(env, bucket, &files);
    two.write("there", "otherwise");
    two.write("both", "theirs");
    two.remove("gone there");
    two.sync();
    one.write("both", "mine");
    one.write("here", "zwei");
    one.write("sub/new", "n");
    one.remove("gone here");
    std::fs::rename(one.path("old"), one.path("new name")).unwrap();
    std::os::unix::fs::symlink("calm", one.path("link")).unwrap();
    one
}

#[test]
fn it_tells_what_differs_and_changes_nothing() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let one = differing(&env, &bucket);
        let before = (one.everything(), bucket.objects());
        let ran = one.run(["status"]).with(3);
        assert_eq!(
            ran.out,
            "files: 3 to push (5 B), 1 to pull (9 B), 1 to delete in the bucket, 1 to delete here, 1 in conflict\n\
             \nTo push:\n    modified: here\n    renamed:  old -> new name\n    new:      sub/new\n\
             \nTo pull:\n    modified: there\n\
             \nTo delete in the bucket:\n    deleted: gone here\n\
             \nTo delete here:\n    deleted: gone there\n\
             \nConflicts, to answer by 's4 resolve':\n    modified on both sides: both\n"
        );
        assert_eq!(ran.err, "");
        assert_eq!((one.everything(), bucket.objects()), before, "it has changed something");
    }
}

#[test]
fn in_short_each_key_has_a_line() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = differing(&env, &bucket);
    let ran = one.run(["status", "-s", TARGET]).with(3);
    assert_eq!(ran.out, "MM both\nD  gone here\n D gone there\nM  here\nR  old -> new name\nA  sub/new\n M there\n");
}

#[test]
fn records_are_those_of_diff_index_and_leave_conflicts_open() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = differing(&env, &bucket);
    std::fs::write(one.path(std::str::from_utf8(b"bad").unwrap()), "").unwrap();
    let status = changes(&one.run(["status", "--json"]).with(3).out);
    let plumbing = changes(&one.run(["diff-index", TARGET]).with(3).out);
    assert_eq!(format!("{status:?}"), format!("{plumbing:?}"));
    let open = changes(&one.run(["conflicts", "--json"]).with(3).out);
    assert_eq!(open.keys().collect::<Vec<_>>(), ["both"]);
}

#[test]
fn exit_codes_tell_clean_from_differing_from_conflicts() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    let clean = one.run(["status", "--exit-code"]).with(0);
    assert_eq!((clean.out.as_str(), clean.err.as_str()), ("files: nothing differs\n", ""));
    one.write("b", "2");
    one.run(["status"]).with(0);
    one.run(["status", "--exit-code"]).with(1);
    assert_eq!(one.run(["conflicts"]).with(0).out, "files: no conflicts\n");
    bucket.put("b", "other");
    one.run(["status", "--exit-code"]).with(3);
    one.run(["status", "nosuch"]).with(2);
}

#[test]
fn conflicts_are_listed_with_both_sides() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("both", "1"), ("gone", "1")]);
    two.write("both", "theirs");
    two.remove("gone");
    two.write("name/file", "x");
    two.sync();
    one.write("both", "mine");
    one.write("gone", "edited");
    one.write("name", "a file");
    one.set_mtime("both", 1_700_000_000_000_000_000);
    one.set_mtime("gone", 1_700_000_000_000_000_000);
    let ran = one.run(["conflicts"]).with(3);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines[..3],
        ["files: 3 conflicts", "    both: modified on both sides", "      here:  4 B, 2023-11-14T22:13:20Z"]
    );
    assert!(lines[3].starts_with("      there: 6 B, 20") && lines[3].ends_with("Z"), "{lines:?}");
    assert_eq!(lines[4..6], ["    gone: modified here, deleted there", "      here:  6 B, 2023-11-14T22:13:20Z"]);
    assert_eq!(lines[6..], ["    name/file: a file on one side, a folder on the other"]);
    assert!(one.run(["status"]).with(3).out.contains("    name taken by a file or a folder: name/file\n"));
}

#[test]
fn ignored_names_are_counted_and_what_a_guard_would_stop_is_said() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let files: Vec<String> = (0..30).map(|number| format!("d/f{number:02}")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|name| (name.as_str(), "")).collect();
    let (one, _) = in_sync(&env, &bucket, &files);
    one.write(".syncignore", "*.tmp\n");
    one.write("kept", "");
    one.write("a.tmp", "");
    one.write("b.tmp", "");
    one.sync();
    let ran = one.run(["status", "--ignored"]).with(0);
    assert_eq!(ran.out, "files: nothing differs, 2 names ignored\n");
    assert_eq!(one.run(["status", "--ignored", "-s"]).with(0).out, "## 2 names ignored\n");
    let left = r#"{"type":"left","ignored":2,"symlinks":0,"held_back":0}"#;
    assert!(one.run(["status", "--json"]).with(0).out.contains(left));
    for (key, _) in &files {
        one.remove(key);
    }
    let ran = one.run(["status"]).with(0);
    ran.warns("warning: a sync would be stopped: this would delete 30 of");
    ran.says("    deleted: d/f07");
    let records = changes(&one.run(["status", "--json"]).with(0).out);
    assert!(records.values().all(|change| change.guard.as_deref() == Some("mass-deletion")));
}

#[test]
fn much_is_shown_by_folder() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    for number in 0..45 {
        one.write(&format!("many/f{number:02}"), "");
    }
    one.write("top", "");
    let ran = one.run(["status"]).with(0);
    assert_eq!(
        ran.out,
        "files: 46 to push\n\nTo push:\n    new: top\n    many/: 45 new\n\nThis is by folder; --all lists everything\n"
    );
    assert!(one.run(["status", "--all"]).with(0).out.contains("\n    new: many/f44\n"));
}

#[test]
fn where_the_daemon_stands_comes_first() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    machine.write("a", "1");
    let daemon = Daemon::of(&machine);
    let ran = machine.run(["status"]).with(0);
    assert_eq!(ran.out, "files: in sync since 2026-11-23T12:00:00Z\nfiles: 1 to push (1 B)\n\nTo push:\n    new: a\n");
    let records = whole(&machine.run(["status", "--json"]).with(0).out);
    assert!(matches!(&records[..], [Record::Status(_), Record::Change(_), Record::Left { .. }]), "{records:?}");
    drop(daemon);
    assert!(machine.run(["status"]).with(0).out.starts_with("files: 1 to push"));
}

#[test]
fn one_target_that_can_not_be_looked_at_keeps_none_of_the_others_from_it() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let add = ["add", "--local-folder", "~/other", "--s3-uri", "s3://nosuch/other", "--name", "a", "--no-check"];
    machine.run(add).with(0);
    std::fs::remove_dir(machine.path("").parent().unwrap().join("other")).unwrap();
    for command in ["status", "conflicts"] {
        let ran = machine.run([command]).with(1);
        ran.warns("does not exist");
        assert!(ran.out.starts_with("files: no"), "{}", ran.out);
    }
    assert_eq!(machine.run(["status", "-s"]).with(1).out, "## files\n");
}

#[test]
fn a_look_costs_what_an_idle_sync_costs() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    one.is_idle();
    bucket.server().reset_counts();
    one.run(["status"]).with(0);
    let counts = bucket.server().counts();
    assert_eq!((counts.total(), counts.of(Op::ListObjectsV2)), (2, 1), "{counts:?}");
    bucket.server().inject(Fault::new(FaultKind::access_denied()).on(Op::ListObjectsV2).times(9));
    let ran = one.run(["status"]).with(1);
    assert_eq!(ran.out, "", "a listing that failed is no status");
}
