//! What is too large to be copied in one request is copied in parts: by a rename, a copy and a restore. The limit of S3 is 5 GiB;
//! here the server refuses what is large for a test.

use s4_test_server::{Fault, FaultKind, Op};

use crate::log::log;
use crate::support::{Bucket, Machine, Ran, Summary, TARGET, TestEnv, in_sync, synced};

/// More than what goes in parts, and no multiple of anything.
const SIZE: usize = (16 << 20) + 12_345;

fn large(seed: u8) -> Vec<u8> {
    (0..SIZE).map(|at| (at % 251) as u8 ^ seed).collect()
}

/// The server refuses requests of a kind, as S3 does what is too large.
fn refuse(bucket: &Bucket, op: Op) {
    let refused = FaultKind::FailBefore { status: 400, code: "InvalidRequest".into() };
    bucket.server().inject(Fault::new(refused).on(op).times(100));
}

/// Two machines that have a large file, which the first has renamed. The server does not copy it at once.
fn renamed(env: &TestEnv) -> (Bucket, Machine, Machine) {
    let bucket = Bucket::in_process();
    let (one, two) = in_sync(env, &bucket, &[("calm", "1")]);
    one.write("before", large(1));
    one.sync();
    two.sync();
    std::fs::rename(one.path("before"), one.path("after")).unwrap();
    refuse(&bucket, Op::CopyObject);
    (bucket, one, two)
}

/// Checks that nothing is under way any more, and that all have the same.
#[track_caller]
fn all_is_well(bucket: &Bucket, machines: [&Machine; 2]) {
    machines[1].sync();
    assert!(machines.iter().all(|machine| machine.tree() == bucket.tree()));
    assert_eq!(bucket.uploads(), []);
    machines.iter().for_each(|machine| machine.is_idle());
    assert!(machines.iter().all(|machine| machine.kept("uploads").is_empty()));
}

#[test]
fn a_large_file_is_renamed_without_an_upload() {
    let env = TestEnv::new();
    let (bucket, one, two) = renamed(&env);
    one.set_mode("after", 0o640);
    let Summary { bytes_up, requests, .. } = synced(&one);
    // The one that is refused, and a part; begin, end and index.
    assert_eq!((bytes_up, requests.copy, requests.put), (0, 2, 3));
    assert_eq!(synced(&two).bytes_down, 0);
    all_is_well(&bucket, [&one, &two]);
    assert_eq!((one.read("after").unwrap(), two.mode("after")), (large(1), 0o640));
}

#[test]
fn a_copy_of_a_large_file_is_made_by_the_server() {
    let env = TestEnv::new();
    let (bucket, one, two) = renamed(&env);
    one.write("again/after", large(1));
    assert_eq!(synced(&one).bytes_up, 0);
    all_is_well(&bucket, [&one, &two]);
}

#[test]
fn where_the_server_copies_no_parts_either_it_is_sent() {
    let env = TestEnv::new();
    let (bucket, one, two) = renamed(&env);
    refuse(&bucket, Op::UploadPartCopy);
    assert_eq!(synced(&one).bytes_up, SIZE as u64);
    all_is_well(&bucket, [&one, &two]);
}

#[test]
fn what_is_replaced_meanwhile_is_not_copied() {
    let env = TestEnv::new();
    let (bucket, one, two) = renamed(&env);
    let there = bucket.server().control();
    let then = move || drop(there.put_foreign("bucket", "some/prefix/before", "another content"));
    bucket.meanwhile((Op::UploadPartCopy, "after"), then, || one.sync_with(&[]).with(3));
    assert_eq!(bucket.tree()["after"], large(1));
    one.sync_with(&["--conflicts", "remote"]).with(0);
    assert_eq!(one.read("before").unwrap(), b"another content");
    all_is_well(&bucket, [&one, &two]);
}

/// A bucket with versions of a large file, and the id of the one before the last, which the server does not copy at once.
fn replaced(env: &TestEnv) -> (Bucket, Machine, Machine, String) {
    let bucket = Bucket::in_process();
    bucket.keep_versions();
    let (one, two) = in_sync(env, &bucket, &[("calm", "1")]);
    one.write("large", large(1));
    one.set_mode("large", 0o640);
    one.sync();
    one.write("large", large(2));
    one.sync();
    two.sync();
    refuse(&bucket, Op::CopyObject);
    let old = log(&one, &[TARGET, "large"])[1].version_id.clone();
    (bucket, one, two, old)
}

fn restore(machine: &Machine, version: &str, code: i32) -> Ran {
    machine.run(["restore", TARGET, "large", "--version", version, "--yes"]).with(code)
}

#[test]
fn a_large_version_is_restored_without_an_upload() {
    let env = TestEnv::new();
    let (bucket, one, two, old) = replaced(&env);
    bucket.server().reset_counts();
    restore(&one, &old, 0);
    let counts = bucket.server().counts();
    assert_eq!((counts.of(Op::UploadPartCopy), counts.of(Op::UploadPart)), (1, 0));
    all_is_well(&bucket, [&one, &two]);
    assert_eq!((one.read("large").unwrap(), two.mode("large")), (large(1), 0o640));
}

#[test]
fn a_restore_that_fails_leaves_nothing_half_done() {
    let env = TestEnv::new();
    let (bucket, one, two, old) = replaced(&env);
    refuse(&bucket, Op::UploadPartCopy);
    restore(&one, &old, 4);
    assert_eq!(bucket.tree()["large"], large(2));
    all_is_well(&bucket, [&one, &two]);
}

#[test]
fn a_large_restore_writes_over_nobody() {
    let env = TestEnv::new();
    let (bucket, one, two, old) = replaced(&env);
    let there = bucket.server().control();
    let then = move || drop(there.put_foreign("bucket", "some/prefix/large", "theirs"));
    bucket.meanwhile((Op::CompleteMultipartUpload, "large"), then, || restore(&one, &old, 4));
    one.sync();
    assert_eq!(one.read("large").unwrap(), b"theirs");
    all_is_well(&bucket, [&one, &two]);
}
