//! `s4 restore`: what was replaced or deleted comes back, on every machine, and nothing is lost for it.

use std::collections::BTreeMap;
use std::fs;

use s4_test_server::{Behaviour, Checksums, Conditions, ETags, Fault, FaultKind, Op, Options};

use crate::log::log;
use crate::support::{Bucket, Machine, Ran, Record, Restored, TARGET, TestEnv, in_sync, tree, whole};

/// What a restore tells of each key: what was to be done, and what came of it.
#[track_caller]
fn restore(machine: &Machine, args: &[&str], code: i32) -> BTreeMap<String, Restored> {
    let ran = machine.run(["restore", TARGET, "--json"].iter().chain(args)).with(code);
    let restored = |record| match record {
        Record::Restored(restored) => (restored.key.clone(), restored),
        other => panic!("{other:?}"),
    };
    whole(&ran.out).into_iter().map(restored).collect()
}

/// The same in two words for each key.
fn told(restored: &BTreeMap<String, Restored>) -> Vec<(&str, &str, &str)> {
    restored.values().map(|it| (it.key.as_str(), it.action.as_str(), it.result.as_str())).collect()
}

/// The id of the version of a key that is so old, 0 for the newest.
fn version(machine: &Machine, key: &str, age: usize) -> String {
    log(machine, &[TARGET, key])[age].version_id.clone()
}

/// Checks that machines and bucket hold these files, and that a sync has nothing more to do.
#[track_caller]
fn all_hold(bucket: &Bucket, machines: [&Machine; 2], files: &[(&str, &str)]) {
    assert_eq!(machines[0].tree(), tree(files), "at once, where it was restored");
    machines[0].is_idle();
    machines[1].sync();
    assert_eq!(machines[1].tree(), tree(files));
    machines[1].is_idle();
    assert_eq!(bucket.tree(), tree(files));
}

/// Lets a bucket's clock go on by so many seconds, so that versions are told apart.
fn later(bucket: &Bucket, seconds: i64) {
    bucket.server().set_clock_offset(seconds);
}

/// A bucket whose past has three moments: an hour, half an hour and no time ago.
fn with_past(env: &TestEnv) -> (Bucket, Machine, Machine) {
    let bucket = Bucket::in_process();
    bucket.keep_versions();
    later(&bucket, -3_600);
    let (one, two) = in_sync(env, &bucket, &[("a", "old a"), ("b/c", "old c"), ("b/d", "d"), ("calm", "")]);
    later(&bucket, -1_800);
    one.write("a", "newer a");
    one.remove("b/c");
    one.write("e", "new");
    one.sync();
    two.sync();
    later(&bucket, 0);
    (bucket, one, two)
}

#[test]
fn a_version_comes_back_by_its_id_with_its_time_and_mode_and_without_an_upload() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        bucket.keep_versions();
        let (one, two) = in_sync(&env, &bucket, &[("calm", "")]);
        one.write("a", "first");
        one.set_mode("a", 0o640);
        one.set_mtime("a", 1_600_000_000_123_456_789);
        one.sync();
        one.write("a", "second, and longer");
        one.sync();
        let old = version(&one, "a", 1);
        if let Some(server) = bucket.server_if_any() {
            server.reset_counts();
        }
        let ran = one.run(["restore", TARGET, "a", "--version", &old, "--yes"]).with(0);
        assert!(
            ran.out.contains("1 file to replace") && ran.closing().starts_with("1 file replaced in"),
            "{}",
            ran.out
        );
        if let Some(server) = bucket.server_if_any() {
            assert_eq!((server.counts().of(Op::CopyObject), server.counts().of(Op::UploadPart)), (1, 0));
        }
        all_hold(&bucket, [&one, &two], &[("a", "first"), ("calm", "")]);
        assert_eq!((one.mode("a"), two.mode("a")), (0o640, 0o640));
        assert_eq!(one.mtime("a"), two.mtime("a"));
        assert_eq!(one.trash(), tree(&[("a", "second, and longer")]), "what was replaced is kept");
    }
}

#[test]
fn a_deleted_key_comes_back() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        bucket.keep_versions();
        let (one, two) = in_sync(&env, &bucket, &[("b/a", "text"), ("b/never deleted", "1"), ("calm", "")]);
        one.remove("b/a");
        one.sync();
        two.sync();
        let planned = restore(&one, &["--deleted", "--dry-run"], 0);
        assert_eq!(told(&planned), [("b/a", "bring-back", "planned")]);
        assert_eq!(one.read("b/a"), None);
        let done = restore(&one, &["b/", "--deleted", "--yes"], 0);
        assert_eq!(told(&done), [("b/a", "bring-back", "done")]);
        all_hold(&bucket, [&one, &two], &[("b/a", "text"), ("b/never deleted", "1"), ("calm", "")]);
        assert_eq!(one.run(["restore", TARGET, "--deleted"]).with(0).out, "Nothing to restore\n");
    }
}

#[test]
fn a_target_becomes_what_it_was_at_a_time() {
    let env = TestEnv::new();
    let (bucket, one, two) = with_past(&env);
    let planned = restore(&one, &["--at", "45 minutes ago", "--dry-run"], 0);
    let expected = [("a", "replace"), ("b/c", "bring-back"), ("e", "delete")];
    assert_eq!(told(&planned), expected.map(|(key, action)| (key, action, "planned")));
    assert_eq!(one.tree(), two.tree());
    let done = restore(&one, &["--at", "45 minutes ago", "--yes"], 0);
    assert_eq!(told(&done), expected.map(|(key, action)| (key, action, "done")));
    all_hold(&bucket, [&one, &two], &[("a", "old a"), ("b/c", "old c"), ("b/d", "d"), ("calm", "")]);
    assert_eq!(one.trash(), tree(&[("a", "newer a"), ("e", "new")]));
    // And back again: the past of the restore is a past as well.
    let back = restore(&two, &["--at", "15m ago", "--yes"], 0);
    assert_eq!(back.len(), 3);
    all_hold(&bucket, [&two, &one], &[("a", "newer a"), ("b/d", "d"), ("calm", ""), ("e", "new")]);
}

#[test]
fn a_folder_or_a_key_becomes_what_it_was_and_the_rest_stays() {
    let env = TestEnv::new();
    let (bucket, one, two) = with_past(&env);
    let inside = one.s4(["restore", ".", "--at", "45m ago", "--yes"]).current_dir(one.path("b")).output().unwrap();
    crate::support::ran(&inside).with(0);
    all_hold(&bucket, [&one, &two], &[("a", "newer a"), ("b/c", "old c"), ("b/d", "d"), ("calm", ""), ("e", "new")]);
    restore(&one, &["a", "--at", "45m ago", "--yes"], 0);
    assert_eq!(one.read("a").unwrap(), b"old a");
    // A key that is named, and was not there, is not deleted for that.
    let refused = restore(&one, &["e", "--at", "45m ago", "--yes"], 4);
    assert_eq!(told(&refused), [("e", "bring-back", "refused")]);
    assert!(one.read("e").is_some());
}

#[test]
fn edits_that_are_not_synced_are_left_alone() {
    let env = TestEnv::new();
    let (bucket, one, two) = with_past(&env);
    one.write("a", "mine");
    one.remove("b/d");
    let done = restore(&one, &["--at", "45m ago", "--yes"], 4);
    let words: Vec<_> = told(&done);
    assert_eq!(words, [("a", "replace", "refused"), ("b/c", "bring-back", "done"), ("e", "delete", "done")]);
    assert!(done["a"].message.as_ref().unwrap().contains("sync first"), "{done:?}");
    assert_eq!((one.read("a").unwrap(), bucket.tree()["a"].as_slice()), (b"mine".to_vec(), &b"newer a"[..]));
    one.sync();
    two.sync();
    assert_eq!(two.tree(), tree(&[("a", "mine"), ("b/c", "old c"), ("calm", "")]));
}

#[test]
fn what_is_wanted_and_here_already_is_taken_over_without_a_transfer() {
    let env = TestEnv::new();
    let (bucket, one, two) = with_past(&env);
    one.write("a", "old a");
    let inode = fs::metadata(one.path("a")).unwrap();
    bucket.server().reset_counts();
    let done = restore(&one, &["a", "--at", "45m ago", "--yes"], 0);
    assert_eq!(told(&done), [("a", "replace", "done")]);
    assert_eq!(fs::metadata(one.path("a")).unwrap().modified().unwrap(), inode.modified().unwrap());
    assert_eq!(one.trash(), BTreeMap::new());
    all_hold(&bucket, [&one, &two], &[("a", "old a"), ("b/d", "d"), ("calm", ""), ("e", "new")]);
}

#[test]
fn a_file_that_became_a_folder_becomes_a_file_again() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.keep_versions();
    later(&bucket, -3_600);
    let (one, two) = in_sync(&env, &bucket, &[("a", "file"), ("b/c", "in a folder"), ("calm", "")]);
    later(&bucket, -1_800);
    for machine in [&one, &two] {
        machine.remove("a");
        machine.remove("b");
    }
    one.write("a/x", "below");
    one.write("b", "file now");
    one.sync();
    two.sync();
    later(&bucket, 0);
    let refused = restore(&one, &["b/c", "--at", "45m ago", "--yes"], 4);
    assert!(refused["b/c"].message.as_ref().unwrap().contains("\"b\" is in its way"), "{refused:?}");
    let old = log(&one, &[TARGET]).into_iter().rfind(|it| it.key == "a" && it.what == "written").unwrap();
    let refused = restore(&one, &["a", "--version", &old.version_id, "--yes"], 4);
    assert!(refused["a"].message.as_ref().unwrap().contains("\"a/x\" is in its way"), "{refused:?}");
    restore(&one, &["--at", "45m ago", "--yes"], 0);
    all_hold(&bucket, [&one, &two], &[("a", "file"), ("b/c", "in a folder"), ("calm", "")]);
}

#[test]
fn aside_the_contents_of_a_time_are_written_and_nothing_else_changes() {
    for within in [false, true] {
        let env = TestEnv::new();
        let (bucket, one, _) = with_past(&env);
        let stamps = bucket.stamps();
        let dir = if within { one.path("then/of") } else { env.home("aside").join("deep") };
        let place = dir.to_str().unwrap();
        let done = restore(&one, &["--at", "45m ago", "--to", place, "--yes"], 0);
        let copied = ["a", "b/c", "b/d", "calm"];
        assert_eq!(told(&done), copied.map(|key| (key, "copy", "done")));
        assert_eq!(fs::read(dir.join("a")).unwrap(), b"old a");
        assert_eq!(fs::read(dir.join("b/c")).unwrap(), b"old c");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 3, "nothing of s4's own");
        assert_eq!((bucket.stamps(), one.read("a").unwrap()), (stamps, b"newer a".to_vec()));
        // Nothing that is there is written over.
        fs::write(dir.join("a"), "mine").unwrap();
        let again = restore(&one, &["a", "--at", "45m ago", "--to", place, "--yes"], 4);
        assert_eq!(told(&again), [("a", "copy", "failed")]);
        assert_eq!(fs::read(dir.join("a")).unwrap(), b"mine");
    }
    let env = TestEnv::new();
    let (_bucket, one, _) = with_past(&env);
    for wrong in ["", ".s4/x"] {
        let place = one.path(wrong);
        one.run(["restore", TARGET, "--at", "now", "--to", place.to_str().unwrap(), "--yes"]).with(2);
    }
}

#[test]
fn it_asks_first_and_needs_a_yes_where_nobody_can_be_asked() {
    let env = TestEnv::new();
    let (_bucket, one, _) = with_past(&env);
    let line = ["restore", TARGET, "--at", "45m ago"];
    let ran = one.run(line).with(2);
    assert!(ran.out.contains("replace     a") && ran.err.contains("--yes"), "{ran:?}");
    one.run([&line[..], &["--json"]].concat()).with(2);
    assert_eq!(one.read("a").unwrap(), b"newer a");
    let answered = |answer: &str| -> Ran { one.in_terminal(one.process(line), &[answer]) };
    assert!(answered("n").with(1).out.contains("Nothing has been changed"));
    assert_eq!(one.read("a").unwrap(), b"newer a");
    answered("y").with(0);
    assert_eq!(one.read("a").unwrap(), b"old a");
}

#[test]
fn many_deletions_are_refused_until_they_are_forced() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.keep_versions();
    later(&bucket, -3_600);
    let (one, two) = in_sync(&env, &bucket, &[("calm", "")]);
    later(&bucket, 0);
    for number in 0..12 {
        one.write(&format!("f{number}"), "");
    }
    one.sync();
    two.sync();
    let line = ["restore", TARGET, "--at", "30m ago", "--yes"];
    let ran = one.run(line).with(5);
    ran.warns("--force");
    assert_eq!((one.tree().len(), bucket.tree().len()), (13, 13));
    one.run([&line[..], &["--force"]].concat()).with(0);
    two.sync_with(&["--force"]).with(0);
    all_hold(&bucket, [&one, &two], &[("calm", "")]);
}

#[test]
fn what_another_machine_writes_meanwhile_is_not_written_over() {
    let env = TestEnv::new();
    let (bucket, one, two) = with_past(&env);
    two.write("a", "theirs");
    let meanwhile = bucket.server().control();
    let done = std::sync::atomic::AtomicBool::new(false);
    let name = bucket.name().to_owned();
    bucket.server().on_request(move |request| {
        if request.operation == Op::CopyObject && !done.swap(true, std::sync::atomic::Ordering::SeqCst) {
            meanwhile.put_foreign(&name, "some/prefix/a", "theirs");
        }
    });
    let ended = restore(&one, &["a", "--at", "45m ago", "--yes"], 4);
    bucket.server().clear_hook();
    assert_eq!(told(&ended), [("a", "replace", "failed")]);
    assert_eq!(bucket.tree()["a"], b"theirs");
    one.sync();
    two.sync();
    assert_eq!((one.read("a").unwrap(), two.read("a").unwrap()), (b"theirs".to_vec(), b"theirs".to_vec()));
}

#[test]
fn what_another_machine_has_pushed_unseen_is_replaced_as_well() {
    for age in [1, 2] {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        bucket.keep_versions();
        let (one, two) = in_sync(&env, &bucket, &[("a", "first"), ("calm", "")]);
        one.write("a", "second");
        one.sync();
        two.sync();
        two.write("a", "third");
        two.sync();
        // Of age 1 is what this machine still has.
        let old = version(&one, "a", age);
        restore(&one, &["a", "--version", &old, "--yes"], 0);
        all_hold(&bucket, [&one, &two], &[("a", if age == 1 { "second" } else { "first" }), ("calm", "")]);
    }
}

#[test]
fn a_run_that_dies_after_the_copies_is_ended_by_the_next_sync() {
    let env = TestEnv::new();
    let (bucket, one, two) = with_past(&env);
    bucket.server().inject(Fault::new(FaultKind::access_denied()).on(Op::GetObject).times(1_000));
    let ran = one.run(["restore", TARGET, "--at", "45m ago", "--yes"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    bucket.server().clear_faults();
    one.sync();
    all_hold(&bucket, [&one, &two], &[("a", "old a"), ("b/c", "old c"), ("b/d", "d"), ("calm", "")]);
}

#[test]
fn servers_that_do_less_or_otherwise_restore_as_well() {
    let base = Behaviour::default;
    for behaviour in [
        Behaviour { conditions: Conditions::OnlyPut, ..base() },
        Behaviour { conditions: Conditions::Ignored, ..base() },
        Behaviour { conditions: Conditions::Refused, ..base() },
        Behaviour { etags: ETags::Opaque, ..base() },
        Behaviour { checksums: Checksums::Refused, ..base() },
        Behaviour { page_size: 2, ..base() },
    ] {
        let env = TestEnv::new();
        let bucket = Bucket::in_process_with(Options { behaviour: behaviour.clone(), ..Options::default() });
        let odd = "b +%c?é/d&e;=#'\"";
        env.machine(&bucket).run(["edit", TARGET, "--versioning", "on"]).with(0);
        let (one, two) = in_sync(&env, &bucket, &[("a", "first"), (odd, "odd"), ("calm", "")]);
        one.write("a", "second");
        one.remove(odd);
        one.sync();
        two.sync();
        let old = version(&one, "a", 1);
        let replaced = restore(&one, &["a", "--version", &old, "--yes"], 0);
        assert_eq!(told(&replaced), [("a", "replace", "done")], "{behaviour:?}");
        let back = restore(&one, &["--deleted", "--yes"], 0);
        assert_eq!(told(&back), [(odd, "bring-back", "done")], "{behaviour:?}");
        all_hold(&bucket, [&one, &two], &[("a", "first"), (odd, "odd"), ("calm", "")]);
        one.run(["edit", TARGET, "--keep-versions", "9"]).with(0);
        assert_eq!(bucket.expirations().len(), 1, "{behaviour:?}");
    }
}

#[test]
fn a_bucket_without_versions_says_what_helps() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
        let ran = one.run(["restore", TARGET, "--deleted", "--yes"]).with(1);
        ran.warns("s4 edit files --versioning on");
        ran.warns("s4 trash list files");
    }
}

#[test]
fn what_makes_no_sense_is_usage() {
    let env = TestEnv::new();
    let (_bucket, one, _) = with_past(&env);
    for line in [
        &["a"][..],
        &["--version", "x"],
        &["a", "e", "--version", "x"],
        &["a", "--version", "x", "--at", "now"],
        &["--at", "soon"],
        &["--at", "2999-01-01"],
        &["../a", "--at", "now"],
    ] {
        one.run(["restore", TARGET].iter().chain(line)).with(2);
    }
    one.run(["restore", TARGET, "never", "--deleted"]).with(1).warns("there never was \"never\"");
    let refused = restore(&one, &["a", "--version", "x", "--yes"], 4);
    assert_eq!(told(&refused), [("a", "bring-back", "refused")]);
}
