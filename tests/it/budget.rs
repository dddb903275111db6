//! What a sync costs in requests: a part of the contract.

use std::collections::BTreeMap;

use s4_test_server::{Behaviour, Op, Options};

use crate::support::{Bucket, Machine, TestEnv, read_index, write_index};

const PAGE: usize = 10;

/// A server with small pages, and two machines that know already what it can do.
fn setting() -> (TestEnv, Bucket, Machine, Machine) {
    let behaviour = Behaviour { page_size: PAGE, ..Behaviour::default() };
    let bucket = Bucket::in_process_with(Options { behaviour, ..Options::default() });
    let env = TestEnv::new();
    let (one, two) = (env.machine(&bucket), env.machine(&bucket));
    one.sync();
    two.sync();
    (env, bucket, one, two)
}

/// The requests of a sync, by operation; those that were not made left out.
fn cost(bucket: &Bucket, machine: &Machine) -> BTreeMap<Op, u64> {
    bucket.server().reset_counts();
    machine.sync();
    let counts = bucket.server().counts();
    assert_eq!(counts.unknown, 0);
    counts.operations
}

fn write(machine: &Machine, keys: std::ops::Range<usize>) {
    for key in keys {
        machine.write(&format!("folder/{key:03}"), format!("content of {key}"));
    }
}

#[test]
fn a_sync_with_nothing_to_do_is_one_conditional_get_and_the_pages_of_the_listing() {
    let (_env, bucket, one, two) = setting();
    // With the index itself, these fill their pages exactly.
    for (files, pages) in [(9, 1), (29, 3), (30, 4)] {
        write(&one, 0..files);
        one.sync();
        two.sync();
        for machine in [&one, &two] {
            assert_eq!(
                cost(&bucket, machine),
                [(Op::GetObject, 1), (Op::ListObjectsV2, pages)].into(),
                "{files} files"
            );
            let counts = bucket.server().counts();
            assert_eq!((counts.not_modified, counts.bytes_in), (1, 0), "{files} files");
        }
    }
}

#[test]
fn an_empty_bucket_and_an_empty_folder_cost_two_requests() {
    let (_env, bucket, one, _) = setting();
    assert_eq!(cost(&bucket, &one), [(Op::GetObject, 1), (Op::ListObjectsV2, 1)].into());
}

#[test]
fn a_push_of_few_is_a_put_and_a_head_for_each_and_one_for_the_index() {
    let (_env, bucket, one, _) = setting();
    write(&one, 0..3);
    let expected = [(Op::GetObject, 1), (Op::HeadObject, 3), (Op::ListObjectsV2, 1), (Op::PutObject, 4)].into();
    assert_eq!(cost(&bucket, &one), expected);
}

#[test]
fn a_push_of_many_learns_their_times_from_the_listing() {
    let bucket = Bucket::in_process();
    let env = TestEnv::new();
    let one = env.machine(&bucket);
    one.sync();
    write(&one, 0..30);
    let expected = [(Op::GetObject, 1), (Op::ListObjectsV2, 2), (Op::PutObject, 31)].into();
    assert_eq!(cost(&bucket, &one), expected);
}

#[test]
fn an_update_costs_no_more_than_a_create() {
    let (_env, bucket, one, _) = setting();
    write(&one, 0..5);
    one.sync();
    one.write("folder/002", "another content");
    let expected = [(Op::GetObject, 1), (Op::HeadObject, 1), (Op::ListObjectsV2, 1), (Op::PutObject, 2)].into();
    assert_eq!(cost(&bucket, &one), expected);
    assert_eq!(bucket.server().counts().not_modified, 1);
}

#[test]
fn a_pull_is_one_get_for_each_file() {
    let (_env, bucket, one, two) = setting();
    write(&one, 0..15);
    one.sync();
    let expected = [(Op::GetObject, 16), (Op::ListObjectsV2, 2)].into();
    assert_eq!(cost(&bucket, &two), expected, "the index, and each file");
    assert_eq!(two.tree(), one.tree());
}

#[test]
fn deletes_go_in_one_request() {
    let (_env, bucket, one, two) = setting();
    write(&one, 0..20);
    one.sync();
    two.sync();
    for key in 0..8 {
        one.remove(&format!("folder/{key:03}"));
    }
    let expected = [(Op::DeleteObjects, 1), (Op::GetObject, 1), (Op::ListObjectsV2, 3), (Op::PutObject, 1)].into();
    assert_eq!(cost(&bucket, &one), expected);
    // As if some time had passed since.
    let mut index = read_index(&bucket.objects()[".index"]);
    for key in 0..8 {
        let deleted_at = &mut index[&format!("folder/{key:03}")]["deleted_at"];
        *deleted_at = (deleted_at.as_i64().unwrap() - 60).into();
    }
    bucket.put(".index", write_index(&index));
    let looks = [(Op::GetObject, 1), (Op::ListObjectsV2, 2)].into();
    assert_eq!(cost(&bucket, &two), looks, "the other machine writes nothing");
    assert_eq!((bucket.tree(), two.tree()), (one.tree(), one.tree()));
}

#[test]
fn a_file_that_is_equal_already_costs_no_transfer() {
    let (_env, bucket, one, two) = setting();
    write(&one, 0..5);
    write(&two, 0..5);
    one.sync();
    // The index tells the sums.
    assert_eq!(cost(&bucket, &two), [(Op::GetObject, 1), (Op::ListObjectsV2, 1)].into());
    assert_eq!(cost(&bucket, &two), [(Op::GetObject, 1), (Op::ListObjectsV2, 1)].into());
}

/// A sync of a machine that keeps change logs of indexes of any size.
fn logged(machine: &Machine) {
    machine.s4(["sync"]).env("S4_LOG_FROM", "1").assert().success();
}

#[test]
fn with_a_change_log_few_changes_cost_few_bytes_whatever_the_size_of_the_index() {
    let bucket = Bucket::in_process();
    let env = TestEnv::new();
    let (one, two) = (env.machine(&bucket), env.machine(&bucket));
    write(&one, 0..600);
    logged(&one);
    logged(&two);
    let index = |of: &Machine| of.read(".index").unwrap();
    let (file, before) = (bucket.objects()[".index"].clone(), index(&one));
    for (round, machine, other) in [(1, &one, &two), (2, &two, &one), (3, &two, &one)] {
        machine.write("folder/300", format!("edited in round {round}"));
        machine.remove(&format!("folder/00{round}"));
        machine.write(&format!("new/{round}"), "new");
        bucket.server().reset_counts();
        logged(machine);
        let counts = bucket.server().counts();
        let pushed = [
            (Op::DeleteObject, 1),
            (Op::GetObject, 1),
            (Op::HeadObject, 2),
            (Op::ListObjectsV2, 1),
            (Op::PutObject, 3),
        ];
        assert_eq!(counts.operations, pushed.into(), "round {round}");
        assert!(counts.bytes_in < 3_000, "round {round}: {} bytes", counts.bytes_in);
        bucket.server().reset_counts();
        logged(other);
        let counts = bucket.server().counts();
        let pulled = [(Op::GetObject, 3), (Op::ListObjectsV2, 1)];
        assert_eq!(counts.operations, pulled.into(), "round {round}");
        assert_eq!(counts.bytes_in, 0);
        for machine in [&one, &two] {
            bucket.server().reset_counts();
            logged(machine);
            let counts = bucket.server().counts();
            assert_eq!(counts.operations, [(Op::GetObject, 1), (Op::ListObjectsV2, 1)].into(), "round {round}");
            assert_eq!(counts.not_modified, 1);
        }
    }
    assert_eq!((&bucket.objects()[".index"], &index(&one)), (&file, &before), "nobody wrote an index whole");
    // All of it is told by the index and the log together, and by an index alone.
    let entries = |of: &Machine, options: &[&str]| {
        let out = of.s4(["read-index", "files"]).args(options).assert().success();
        let lines = String::from_utf8(out.get_output().stdout.clone()).unwrap();
        lines.lines().filter(|line| line.contains("\"entry\"")).map(str::to_owned).collect::<Vec<_>>()
    };
    let told = [&[][..], &["--remote"]].map(|options| entries(&one, options));
    one.s4(["write-index", "files", "--whole"]).assert().success();
    assert!(!bucket.objects().contains_key(".s4/log") && bucket.objects()[".index"] != file && index(&one) != before);
    assert_eq!([&[][..], &["--remote"]].map(|options| entries(&one, options)), told);
    for machine in [&one, &two] {
        logged(machine);
        assert_eq!(machine.tree(), bucket.tree());
    }
}
