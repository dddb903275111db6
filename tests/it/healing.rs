//! Indexes that are lost, damaged, of another place, or overtaken by what happened since: the next sync makes them right.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, SystemTime};

use s4_test_server::Op;

use crate::support::{Bucket, Machine, TestEnv, in_sync, read_index, write_index};

/// Sets the time of a file to so many seconds from now, and returns it.
fn dated(machine: &Machine, key: &str, seconds: u64) -> SystemTime {
    let time = SystemTime::now() + Duration::from_secs(seconds);
    fs::File::options().write(true).open(machine.path(key)).unwrap().set_modified(time).unwrap();
    fs::metadata(machine.path(key)).unwrap().modified().unwrap()
}

#[test]
fn a_target_that_gets_another_place_in_the_bucket_keeps_its_files() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), ("c", "3")]);
    let before = one.tree();
    one.set("s3_uri", bucket.uri().replace("some/prefix", "another/place"));
    one.sync();
    assert_eq!((one.tree(), bucket.tree()), (before.clone(), before.clone()));
    let objects = bucket.server().objects(bucket.name());
    let there = objects.iter().filter_map(|(key, object)| Some((key.strip_prefix("another/place/")?, object)));
    let there = there.filter(|(key, _)| *key != ".index").map(|(key, object)| (key.to_owned(), object.bytes.to_vec()));
    assert_eq!(there.collect::<BTreeMap<_, _>>(), before);
}

#[test]
fn a_remote_index_that_vanishes_during_the_commit_is_made_whole_again() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("one", "1"), ("two", "2")]);
    one.write("three", "3");
    let control = bucket.server().control();
    let vanishes = move || assert!(control.remove_foreign("bucket", "some/prefix/.index"));
    bucket.meanwhile((Op::PutObject, ".index"), vanishes, || one.sync());
    one.sync();
    one.sync();
    let index = read_index(&bucket.objects()[".index"]);
    assert!(["one", "two", "three"].iter().all(|key| index.contains_key(*key)), "{index:?}");
}

#[test]
fn a_damaged_copy_of_the_remote_index_is_no_damage_of_the_remote_index() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("gone", "1");
    one.write("stays", "1");
    one.sync();
    one.remove("gone");
    one.sync();
    let two = env.machine(&bucket);
    two.sync();
    two.write("of-two", "1");
    two.sync();
    let copy = two.path(".s4/remote-index");
    let mut bytes = fs::read(&copy).unwrap();
    let near_the_end = bytes.len() - 12;
    bytes[near_the_end] ^= 0xff;
    fs::write(&copy, bytes).unwrap();
    two.write("more", "1");
    two.sync();
    let index = read_index(&bucket.objects()[".index"]);
    assert!(["gone", "stays", "of-two", "more"].iter().all(|key| index.contains_key(*key)), "{index:?}");
    assert!(index["gone"]["local_timestamp"].is_null(), "its tombstone stands: {index:?}");
}

#[test]
fn an_object_below_the_name_of_the_index_stops_nothing() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    bucket.put(".index/x", "hostile");
    bucket.put("fine", "1");
    one.sync();
    one.sync();
    assert!(one.path(".index").is_file());
    assert_eq!(one.read("fine").unwrap(), b"1");
}

#[test]
fn a_new_number_of_the_folders_device_is_remembered_by_a_sync_that_does_nothing() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), ("c", "3")]);
    // As after a reboot: the same files, another number for their device.
    let mut index = one.index();
    let device = std::mem::replace(&mut index[".index"]["device"], 1.into());
    one.write(".index", write_index(&index));
    // Clearly newer than the files, so that it is not the doubt about them that has it written.
    dated(&one, ".index", 60);
    one.sync();
    assert_eq!(one.index()[".index"]["device"], device);
    one.remove("a");
    one.sync();
    assert_eq!(bucket.tree(), one.tree());
}

#[test]
fn a_file_from_the_future_does_not_make_every_sync_write() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("ordinary", "1");
    one.write("future", "1");
    dated(&one, "future", 365 * 86_400);
    one.sync();
    let written = dated(&one, ".index", 60);
    one.sync();
    assert_eq!(fs::metadata(one.path(".index")).unwrap().modified().unwrap(), written);
}
