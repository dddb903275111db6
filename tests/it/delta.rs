//! Big files that change in part: only the blocks that differ move, and what the maps say is never believed unseen.

use s4_test_server::{Behaviour, Checksums, Fault, FaultKind, Op, Options};
use serde_json::Value;

use crate::support::{Bucket, Machine, Summary, TestEnv, in_sync, read_index, synced, write_index};

const MIB: usize = 1 << 20;
/// A block.
const BLOCK: usize = 8 * MIB;
/// Of the file that is edited here.
const BLOCKS: usize = 12;

/// A content of so many blocks, each another.
fn big() -> Vec<u8> {
    (0..BLOCKS).flat_map(|block| vec![u8::try_from(block).unwrap(); BLOCK]).collect()
}

/// The same with one MiB changed where two blocks meet in the middle.
fn edited() -> Vec<u8> {
    let mut bytes = big();
    bytes[BLOCKS / 2 * BLOCK - MIB / 2..][..MIB].fill(99);
    bytes
}

/// Two machines that have the big file, which the first has edited.
fn setting(bucket: &Bucket, env: &TestEnv) -> (Machine, Machine) {
    let (one, two) = in_sync(env, bucket, &[("calm", "1")]);
    one.write("big", big());
    one.sync();
    assert_eq!(synced(&two).bytes_down, (BLOCKS * BLOCK) as u64);
    one.write("big", edited());
    (one, two)
}

/// Changes the map of the big file in an index so that it tells the sums of `other` of the content that it is of.
fn lie(index: &[u8], other: &str) -> Vec<u8> {
    let mut index = read_index(index);
    let own = index["big"]["blocks"].as_str().unwrap();
    let (head, _) = own.rsplit_once(':').unwrap();
    index["big"]["blocks"] = Value::from(format!("{head}:{}", other.rsplit_once(':').unwrap().1));
    write_index(&index)
}

fn map(machine: &Machine) -> String {
    machine.index()["big"]["blocks"].as_str().unwrap().to_owned()
}

#[test]
fn an_edit_and_an_append_move_only_their_blocks_each_way() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = setting(&bucket, &env);
        let Summary { bytes_up, requests, .. } = synced(&one);
        // Two parts are copied, one is sent; begin, end and index.
        assert_eq!((bytes_up, requests.copy, requests.put), (2 * BLOCK as u64, 2, 4));
        let Summary { bytes_down, requests, .. } = synced(&two);
        assert_eq!((bytes_down, requests.get), (2 * BLOCK as u64, 2), "the index, and one range");
        assert!(two.read("big").unwrap() == edited() && bucket.tree() == two.tree());
        // The other way round: the second machine knows the blocks of what it has put together.
        let appended = [&edited()[..], &[7; MIB]].concat();
        two.write("big", &appended);
        assert_eq!(synced(&two).bytes_up, MIB as u64);
        assert_eq!(synced(&one).bytes_down, MIB as u64);
        assert!(one.read("big").unwrap() == appended && bucket.tree() == one.tree());
        assert_eq!(bucket.uploads(), []);
        for machine in [&one, &two] {
            assert!(machine.has_nothing_staged() && machine.kept("downloads").is_empty());
            machine.is_idle();
        }
    }
}

#[test]
fn a_file_that_is_mostly_new_is_sent_whole() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = setting(&bucket, &env);
    let mut bytes = big();
    bytes[BLOCK..(BLOCKS / 2 + 2) * BLOCK].fill(98);
    one.write("big", bytes);
    let Summary { bytes_up, requests, .. } = synced(&one);
    assert_eq!((bytes_up, requests.copy), ((BLOCKS * BLOCK) as u64, 0));
}

#[test]
fn a_renamed_file_still_knows_its_blocks() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("calm", "1")]);
    one.write("before", big());
    for machine in [&one, &two] {
        machine.sync();
    }
    std::fs::rename(one.path("before"), one.path("big")).unwrap();
    assert_eq!((synced(&one).bytes_up, synced(&two).bytes_down), (0, 0));
    two.write("big", edited());
    assert_eq!((synced(&two).bytes_up, synced(&one).bytes_down), (2 * BLOCK as u64, 2 * BLOCK as u64));
    assert!(one.read("big").unwrap() == edited());
}

#[test]
fn where_the_server_copies_no_parts_all_is_sent() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = setting(&bucket, &env);
    let refused = FaultKind::FailBefore { status: 501, code: "NotImplemented".into() };
    bucket.server().inject(Fault::new(refused).on(Op::UploadPartCopy).times(100));
    one.sync();
    assert_eq!((bucket.uploads(), one.kept("uploads")), (vec![], vec![]));
    assert!(bucket.tree() == one.tree());
}

/// Two machines that have the big file, which the second has edited. Its index tells that the object has all of that already.
fn deceived(bucket: &Bucket, env: &TestEnv) -> (Machine, Machine) {
    let (one, two) = setting(bucket, env);
    one.sync();
    let new = map(&one);
    two.sync();
    two.write("big", big());
    let modified = std::fs::metadata(two.path("big")).unwrap().modified().unwrap();
    two.sync();
    two.write(".index", lie(&std::fs::read(two.path(".index")).unwrap(), &new));
    std::fs::File::options().write(true).open(two.path(".index")).unwrap().set_modified(modified).unwrap();
    two.write("big", edited());
    (one, two)
}

#[test]
fn a_map_that_lies_about_the_object_does_not_damage_it() {
    for checksums in [Checksums::Checked, Checksums::Lenient] {
        let behaviour = Behaviour { checksums, ..Behaviour::default() };
        let bucket = Bucket::in_process_with(Options { behaviour, ..Options::default() });
        let env = TestEnv::new();
        let (one, two) = deceived(&bucket, &env);
        let Summary { bytes_up, requests, .. } = synced(&two);
        // It was believed until the server compared the whole, or told its sum.
        assert_eq!((requests.copy, bytes_up), (1, (BLOCKS * BLOCK) as u64), "{checksums:?}");
        assert!(bucket.tree()["big"] == edited());
        one.sync();
        assert!(one.read("big").unwrap() == edited());
    }
}

#[test]
fn what_a_lying_map_makes_of_the_parts_never_becomes_an_object() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = deceived(&bucket, &env);
    let before = bucket.stamps()["big"].clone();
    // What would put it right again is not to be had.
    let refused = FaultKind::FailBefore { status: 403, code: "AccessDenied".into() };
    bucket.server().inject(Fault::new(refused).on(Op::UploadPart).times(100));
    two.sync_with(&[]).with(4).warns("warning: could not sync \"big\": ");
    assert_eq!((&bucket.stamps()["big"], bucket.uploads()), (&before, vec![]));
    bucket.server().clear_faults();
    for machine in [&two, &one] {
        machine.sync();
        assert!(machine.read("big").unwrap() == edited());
    }
    assert!(bucket.tree()["big"] == edited());
}

#[test]
fn a_map_that_lies_about_a_new_object_does_not_damage_the_file() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = setting(&bucket, &env);
    one.sync();
    let index = bucket.objects().remove(".index").unwrap();
    bucket.put(".index", lie(&index, &map(&two)));
    let Summary { bytes_down, requests, .. } = synced(&two);
    // It was believed until the whole was summed up: nothing to fetch, but to ask what the object is.
    assert_eq!((requests.head, requests.get), (1, 1 + (BLOCKS / 2) as u64));
    assert_eq!(bytes_down, (BLOCKS * BLOCK) as u64);
    assert!(two.read("big").unwrap() == edited());
}

#[test]
fn a_map_of_another_content_is_none() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = setting(&bucket, &env);
    one.sync();
    let mut index = read_index(&bucket.objects().remove(".index").unwrap());
    index["big"]["blocks"] = Value::from(map(&two));
    bucket.put(".index", write_index(&index));
    let Summary { bytes_down, requests, .. } = synced(&two);
    assert_eq!((bytes_down, requests.get), ((BLOCKS * BLOCK) as u64, 1 + (BLOCKS / 2) as u64));
    assert!(two.read("big").unwrap() == edited());
}
