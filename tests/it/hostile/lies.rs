//! Metadata that lies: what makes no sense is as if it was not there, and what makes sense gives nobody any rights.

use std::time::{Duration, UNIX_EPOCH};

use super::PREFIX;
use crate::support::{Bucket, TestEnv};

const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn put(bucket: &Bucket, key: &str, metadata: &[(&str, &str)]) {
    bucket.server().put_foreign_with(bucket.name(), &format!("{PREFIX}{key}"), "hello", metadata);
}

#[test]
fn no_object_gives_a_file_more_than_permission_bits() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    let modes = [
        ("7777", Some(0o777)),
        ("4755", Some(0o755)),
        ("2711", Some(0o711)),
        ("1666", Some(0o666)),
        ("107755", Some(0o755)),
        ("100777", Some(0o777)),
        ("37777777777", Some(0o777)),
        ("40000000000", None),
        ("999", None),
        ("-644", None),
        ("rwsrwsrwt", None),
        ("", None),
        ("77777777777777777777777777777777777777", None),
    ];
    modes.iter().for_each(|(mode, _)| put(&bucket, &format!("m{mode}"), &[("mode", mode)]));
    put(&bucket, "none", &[]);
    one.sync();
    let plain = one.mode("none");
    for (mode, expected) in modes {
        assert_eq!(one.mode(&format!("m{mode}")), expected.unwrap_or(plain), "{mode}");
    }
    one.is_idle();
}

#[test]
fn times_that_make_no_sense_are_none_and_others_are_held_to_what_the_disk_can_have() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = (env.machine(&bucket), env.machine(&bucket));
    let senseless = ["NaN", "inf", "-inf", "1e400", "1e3", "0x10", "", "+5", "--5", "5.5.5", "99999999999999999999999"];
    for time in senseless {
        put(&bucket, &format!("t{time}"), &[("mtime", time)]);
    }
    let extreme = [
        "-18446744073709551615",
        "18446744073709551615",
        "9223372036854775807.999999999",
        "-0.000000001",
        "-62135596800",
    ];
    extreme.iter().for_each(|time| put(&bucket, &format!("x{time}"), &[("mtime", time)]));
    let before = std::time::SystemTime::now() - Duration::from_secs(3_600);
    one.sync();
    two.sync();
    assert_eq!(one.tree().len(), senseless.len() + extreme.len());
    assert_eq!(two.tree(), one.tree());
    for time in senseless {
        assert!(one.mtime(&format!("t{time}")) > before, "{time}: the time of the object counts");
    }
    assert!(one.mtime("x-0.000000001") <= UNIX_EPOCH);
    let stamps = bucket.stamps();
    one.is_idle();
    two.is_idle();
    assert_eq!(bucket.stamps(), stamps, "nothing was uploaded over it");
}

#[test]
fn a_sum_that_lies_is_found_out_and_one_that_is_none_is_not_looked_at() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = (env.machine(&bucket), env.machine(&bucket));
    let wrong = "0".repeat(64);
    for (key, sum) in
        [("right", HELLO), ("wrong", &wrong), ("short", &wrong[1..]), ("garbage", "garbage"), ("empty", "")]
    {
        put(&bucket, key, &[("sha256", sum)]);
    }
    one.sync();
    assert!(one.tree().values().all(|bytes| bytes == b"hello") && one.tree().len() == 5, "{:?}", one.tree());
    let index = one.index();
    assert!(one.tree().keys().all(|key| index[key]["sha256"] == HELLO), "{index:?}");
    // A file that is there already is not taken for equal because somebody says so.
    let three = env.machine(&bucket);
    put(&bucket, "lie", &[("sha256", HELLO)]);
    bucket.server().put_foreign_with(bucket.name(), &format!("{PREFIX}lie"), "jello", &[("sha256", HELLO)]);
    three.write("lie", "hello");
    three.sync_with(&[]).with(3);
    assert_eq!(three.read("lie").as_deref(), Some(&b"hello"[..]));
    assert_eq!(bucket.tree()["lie"], b"jello");
    two.sync_with(&[]);
    assert_eq!(two.read("wrong").as_deref(), Some(&b"hello"[..]));
}
