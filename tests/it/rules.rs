//! `.syncignore` between machines: a rule that did not arrive, or arrives late, costs nobody a file.

use s4_test_server::{Fault, FaultKind, Op};

use crate::support::{Bucket, Machine, TestEnv, in_sync, tree};

/// Two machines that share a secret, of which the first has made a rule that takes it out of the bucket.
fn secret_left_the_bucket(env: &TestEnv, bucket: &Bucket) -> (Machine, Machine) {
    let (one, two) = in_sync(env, bucket, &SHARED);
    one.write(".syncignore", "secret\n");
    one.sync();
    assert!(one.read("secret").is_some(), "it stays where the rule was made");
    assert!(!bucket.tree().contains_key("secret"));
    (one, two)
}

const SHARED: [(&str, &str); 3] = [("keep", "1"), ("secret", "2"), (".syncignore", "# no rules yet\n")];

#[test]
fn a_rule_that_arrives_spares_the_file() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (_one, two) = secret_left_the_bucket(&env, &bucket);
    two.sync();
    assert!(two.read("secret").is_some());
}

#[test]
fn rules_that_cannot_be_fetched_delete_nothing() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (_one, two) = secret_left_the_bucket(&env, &bucket);
    let denied = Fault::new(FaultKind::access_denied()).on(Op::GetObject).key("prefix/.syncignore");
    bucket.server().inject(denied.times(1_000));
    assert_ne!(two.sync_with(&[]).code, 0);
    assert!(two.read("secret").is_some(), "it was deleted for want of the rule that spares it");
    bucket.server().clear_faults();
    two.sync();
    assert!(two.read("secret").is_some());
}

#[test]
fn rules_in_conflict_delete_nothing_elsewhere() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &SHARED);
    two.write(".syncignore", "# other rules\n");
    two.sync();
    one.write(".syncignore", "secret\n");
    one.sync_with(&[]).with(3).warns("conflict left alone: \".syncignore\"");
    two.sync();
    assert!(two.read("secret").is_some(), "the second never heard of the rule, and lost the file to it");
    assert!(one.read("secret").is_some());
}

#[test]
fn a_file_that_is_ignored_now_is_not_pulled_over() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("keep", "1"), ("secret", "mine")]);
    one.write(".syncignore", "secret\n");
    let control = bucket.server().control();
    let edited_there = move || drop(control.put_foreign("bucket", "some/prefix/secret", "theirs"));
    bucket.meanwhile((Op::DeleteObject, "secret"), edited_there, || one.sync());
    assert_eq!(one.read("secret").unwrap(), b"mine");
    assert_eq!(bucket.tree()["secret"], b"theirs");
}

#[test]
fn pulled_rules_are_reported_once() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    bucket.put(".syncignore", "x");
    let ran = one.sync();
    assert_eq!(ran.out.matches(".syncignore").count(), 1, "{ran:?}");
    assert!(ran.out.contains("1 file down") && !ran.out.contains("found equal"), "{ran:?}");
}

#[test]
fn an_emptied_folder_is_refused_though_its_rules_were_just_pulled() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), (".syncignore", "# old\n")]);
    two.write(".syncignore", "# new\n");
    two.sync();
    for key in ["a", "b", ".syncignore"] {
        one.remove(key);
    }
    one.sync_with(&["--conflicts", "remote"]).with(5);
    assert_eq!(bucket.tree(), tree(&[("a", "1"), ("b", "2"), (".syncignore", "# new\n")]));
}

#[test]
fn a_copy_of_a_conflict_that_the_rules_leave_out_stays_here() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write(".syncignore", "*.conflict-*\n");
    one.write("f", "mine");
    bucket.put("f", "theirs");
    one.sync_with(&["--conflicts", "keep-both"]).with(0);
    assert_eq!(bucket.tree(), tree(&[(".syncignore", "*.conflict-*\n"), ("f", "theirs")]));
    let copies: Vec<_> = one.tree().into_iter().filter(|(key, _)| key.contains(".conflict-")).collect();
    assert!(matches!(&copies[..], [(_, bytes)] if bytes == b"mine"), "{copies:?}");
}
