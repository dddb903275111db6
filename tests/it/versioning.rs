//! `--versioning` and `--keep-versions` of `add` and `edit`: what the bucket is told, and what it is not.

use s4_test_server::{Fault, FaultKind, Op};

use crate::log::log;
use crate::support::{Bucket, TARGET, TestEnv, in_sync, tree};

#[test]
fn a_bucket_keeps_versions_from_then_on_and_no_more() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "before"), ("calm", "")]);
        let config = std::fs::read(one.config()).unwrap();
        let ran = one.run(["edit", TARGET, "--versioning", "on"]).with(0);
        ran.warns("each is paid for like an object");
        ran.warns("s4 edit files --keep-versions 30");
        one.write("a", "after, and longer");
        one.sync();
        let versions = log(&one, &[TARGET, "a"]);
        assert_eq!(versions.iter().map(|it| it.size).collect::<Vec<_>>(), [Some(17), Some(6)]);
        let line = ["restore", TARGET, "a", "--version", &versions[1].version_id, "--yes"];
        one.run(line).with(0);
        assert_eq!(one.tree(), tree(&[("a", "before"), ("calm", "")]));
        one.run(["edit", TARGET, "--versioning", "off"]).with(0).warns("keeps no more versions");
        two.sync();
        assert_eq!(two.tree(), one.tree());
        let after: serde_json::Value = serde_json::from_slice(&std::fs::read(one.config()).unwrap()).unwrap();
        let before: serde_json::Value = serde_json::from_slice(&config).unwrap();
        assert_eq!(after, before, "none of it is a field of the target");
    }
}

#[test]
fn a_rule_for_versions_stands_beside_others() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("calm", "")]);
    bucket.expire("theirs", "logs/", 3);
    let rule = |days: i32| ("s4-some/prefix".to_owned(), "some/prefix/".to_owned(), Some(days));
    let theirs = ("theirs".to_owned(), "logs/".to_owned(), Some(3));
    for (line, rules) in [
        (["--keep-versions", "30"], vec![theirs.clone(), rule(30)]),
        (["--keep-versions", "30"], vec![theirs.clone(), rule(30)]),
        (["--keep-versions", "90"], vec![theirs.clone(), rule(90)]),
        (["--keep-versions", "off"], vec![theirs]),
    ] {
        one.run(["edit", TARGET].iter().chain(&line)).with(0);
        assert_eq!(bucket.expirations(), rules, "{line:?}");
    }
    bucket.server().reset_counts();
    one.run(["edit", TARGET, "--keep-versions", "off"]).with(0);
    assert_eq!(bucket.server().counts().total(), 1, "there is nothing to change");
}

#[test]
fn the_last_rule_that_goes_takes_the_lifecycle_with_it() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let one = env.machine(&bucket);
        let ran = one.run(["edit", TARGET, "--versioning", "on", "--keep-versions", "1"]).with(0);
        ran.warns("go a day after they were replaced or deleted");
        assert_eq!(bucket.expirations(), [("s4-some/prefix".to_owned(), "some/prefix/".to_owned(), Some(1))]);
        one.run(["edit", TARGET, "--keep-versions", "off"]).with(0).warns("No rule of ours");
        assert_eq!(bucket.expirations(), []);
    }
}

#[test]
fn a_target_can_be_added_with_versions_and_is_saved_if_they_are_denied() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    let place = format!("s3://{}/other", bucket.name());
    let line = ["add", "-C", TARGET, "--local-folder", "~/other", "--s3-uri", &place, "--versioning", "on"];
    bucket.server().inject(Fault::new(FaultKind::access_denied()).on(Op::PutBucketVersioning).times(9));
    let denied = one.run(line).with(1);
    denied.warns("s3:PutBucketVersioning");
    denied.warns("the target \"other\" is saved all the same");
    bucket.server().clear_faults();
    one.run(["edit", "other", "--versioning", "on"]).with(0);
    one.run(["edit", "other", "--versioning", "maybe"]).with(2);
    one.run(["edit", "other", "--keep-versions", "0"]).with(2);
}
