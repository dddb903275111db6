//! `s4 log`: what the bucket keeps of the past, of one key and of all.

use s4_test_server::{Fault, FaultKind, Op};

use crate::support::{Bucket, Machine, ObjectVersion, Record, TARGET, TestEnv, in_sync, whole};

/// The versions that a log shows.
#[track_caller]
pub(crate) fn log(machine: &Machine, args: &[&str]) -> Vec<ObjectVersion> {
    let ran = machine.run(["log", "--json"].iter().chain(args)).with(0);
    let version = |record| match record {
        Record::ObjectVersion(version) => version,
        other => panic!("{other:?}"),
    };
    whole(&ran.out).into_iter().map(version).collect()
}

/// What happened, with sizes, and what is current.
fn told(versions: &[ObjectVersion]) -> Vec<(&str, &str, Option<u64>, bool)> {
    versions.iter().map(|it| (it.key.as_str(), it.what.as_str(), it.size, it.current)).collect()
}

#[test]
fn a_key_shows_what_was_written_and_deleted_the_newest_first() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        bucket.keep_versions();
        let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("a.b", "beside"), ("calm", "")]);
        one.write("a", "22");
        one.sync();
        one.remove("a");
        one.sync();
        let versions = log(&one, &[TARGET, "a"]);
        let expected =
            [("a", "deleted", None, true), ("a", "written", Some(2), false), ("a", "written", Some(1), false)];
        assert_eq!(told(&versions), expected);
        assert!(versions.iter().all(|version| version.version_id != "null"), "{versions:?}");
        assert_eq!(told(&log(&one, &[TARGET, "a", "--limit", "1"])), expected[..1]);
        let ran = one.run(["log", TARGET, "a"]).with(0);
        assert_eq!((ran.out.lines().count(), ran.err.as_str()), (5, ""));
        assert!(ran.out.contains(&versions[1].version_id), "{}", ran.out);
        let never = one.run(["log", TARGET, "never"]).with(1);
        never.warns("there never was \"never\" in \"files\"");
    }
}

#[test]
fn without_a_key_it_shows_what_happened_last_to_all_but_s4_s_own() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        bucket.keep_versions();
        let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b/c", "2"), ("b/d", "3")]);
        one.remove("a");
        one.sync();
        let mut all = log(&one, &[TARGET]);
        assert_eq!(told(&all[..1]), [("a", "deleted", None, true)]);
        all.sort_by(|one, other| one.key.cmp(&other.key));
        let keys: Vec<&str> = all.iter().map(|version| version.key.as_str()).collect();
        assert_eq!(keys, ["a", "a", "b/c", "b/d"]);
        let folder = log(&one, &[TARGET, "b/"]);
        assert_eq!(folder.len(), 2);
        assert_eq!(log(&one, &[TARGET, "--all-keys", "-n", "3"]).len(), 3);
        one.run(["log", TARGET, "a", "--all-keys"]).with(2);
    }
}

#[test]
fn in_the_folder_the_target_goes_without_saying_and_keys_are_paths() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.keep_versions();
    let (one, _) = in_sync(&env, &bucket, &[("b/c", "2"), ("d", "")]);
    let inside = |args: &[&str]| {
        let ran = one.s4(args).current_dir(one.path("b")).output().unwrap();
        crate::support::ran(&ran).with(0).out
    };
    assert!(inside(&["log", "c"]).contains("written"));
    assert!(inside(&["log", "../d"]).contains("current"));
    assert!(!inside(&["log", "."]).contains(" d "));
    assert_eq!(log(&one, &["b/c"]).len(), 1, "there is one target only");
}

#[test]
fn a_bucket_that_keeps_no_versions_is_said_to() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
        one.write("a", "22");
        one.sync();
        let ran = one.run(["log", TARGET, "a"]).with(0);
        assert_eq!(ran.out.lines().count(), 3, "{}", ran.out);
        ran.warns("s4 edit files --versioning on");
    }
}

#[test]
fn the_log_of_a_key_is_one_request_and_of_many_keys_a_page_each() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.keep_versions();
    let files: Vec<String> = (0..25).map(|number| format!("f{number:02}")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|name| (name.as_str(), "")).collect();
    let (one, _) = in_sync(&env, &bucket, &files);
    bucket.server().change(|behaviour| behaviour.page_size = 10);
    bucket.server().reset_counts();
    assert_eq!(log(&one, &[TARGET, "f07"]).len(), 1);
    assert_eq!((bucket.server().counts().total(), bucket.server().counts().of(Op::ListObjectVersions)), (1, 1));
    bucket.server().reset_counts();
    assert_eq!(log(&one, &[TARGET]).len(), 25);
    assert_eq!(bucket.server().counts().of(Op::ListObjectVersions), bucket.server().counts().total());
}

#[test]
fn a_page_that_fails_is_an_error_and_never_a_shorter_log() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.keep_versions();
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    bucket.server().inject(Fault::new(FaultKind::access_denied()).on(Op::ListObjectVersions).times(9));
    let ran = one.run(["log", TARGET]).with(1);
    ran.warns("s3:ListBucketVersions");
    assert_eq!(ran.out, "");
}
