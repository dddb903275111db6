//! S4 0.4 reads the bucket's index when it begins and writes it whole when it ends, whatever was written between.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use s4_test_server::Op;

use super::{Fleet, Member, Version, assert_equal_trees, entries};
use crate::support::{Bucket, TestEnv};

/// Syncs an S4 0.4, which has something to upload, and `between` after it has read the index.
fn sync_around(old: &Member<'_>, between: &Member<'_>) {
    let server = old.fleet.bucket.server();
    let (begun, command) = (AtomicBool::new(false), between.machine.s4(["sync"]));
    let command = Mutex::new(command);
    server.on_request(move |request| {
        if request.operation == Op::PutObject && !begun.swap(true, Ordering::Relaxed) {
            command.lock().unwrap().assert().success();
        }
    });
    old.sync();
    server.clear_hook();
}

#[test]
fn an_entry_that_was_overwritten_comes_back_though_the_file_was_touched() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let sync = || machine.s4(["sync"]).assert().success();
    machine.write("a", "1");
    sync();
    let before = bucket.objects()[".index"].clone();
    machine.write("b", "1");
    sync();
    bucket.put(".index", before);
    let file = std::fs::File::options().write(true).open(machine.path("b")).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(100)).unwrap();
    sync();
    assert!(entries(&bucket.objects()[".index"])["b"]["sha256"].is_string());
}

#[test]
fn s4_puts_back_what_s4_0_4_overwrote_in_the_index() {
    let Some(fleet) = Fleet::new(Bucket::in_process()) else { return };
    let (old, new) = (fleet.member(Version::Old), fleet.member(Version::New));
    let (third, away) = (fleet.member(Version::Old), fleet.member(Version::New));
    for key in ["edited", "deleted", "same"] {
        old.write(key, "1");
    }
    for member in [&old, &new, &third, &away] {
        member.sync();
    }
    old.write("by old", "2");
    new.write("by new", "2");
    new.write("edited", "2");
    new.remove("deleted");
    let listed = |key: &str| entries(&fleet.bucket.objects()[".index"]).get(key).cloned();
    let known = |key: &str| entries(&new.machine.read(".index").unwrap())[key].clone();
    sync_around(&old, &new);
    assert_eq!(listed("by new"), None, "S4 0.4 did not overwrite the index");
    assert_eq!(new.sync(), ["transfer by old"]);
    let entry = listed("by new").unwrap();
    assert_eq!(entry["remote_timestamp"], known("by new")["remote_timestamp"]);
    assert!(entry["sha256"].is_string() && entry["local_timestamp"].is_number(), "{entry}");
    assert_eq!(listed("edited").unwrap()["sha256"], known("edited")["sha256"]);
    let missed = ["delete deleted", "transfer by new", "transfer edited"];
    assert_eq!(old.sync(), missed);
    let missed = ["delete deleted", "transfer by new", "transfer by old", "transfer edited"];
    for member in [&third, &away] {
        assert_eq!(member.sync(), missed);
    }
    for member in [&old, &new, &third, &away] {
        assert_eq!(member.sync(), [""; 0]);
    }
    assert_equal_trees(&[&old, &new, &third, &away]);
}
