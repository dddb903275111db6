//! What write-index takes, and what it leaves out.

use std::io::{BufRead as _, BufReader, Write as _};

use rustix::process::{Pid, Signal, kill_process};

use super::{WRITE, spawn};
use crate::support::{Bucket, Record, TARGET, TestEnv, in_sync, whole};

#[test]
fn outcomes_count_once_and_only_on_their_own_base() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("calm", "0")]);
    one.write("a", "content");
    let pushed = one.run(["push-file", TARGET, "a"]).with(0).out;
    one.feed(&WRITE, &pushed).with(0);
    two.sync();
    two.remove("a");
    two.sync();
    one.sync();
    two.write("a", "content");
    two.sync();
    // Told again, it would make the file here look deleted.
    let again = one.feed(&WRITE, &pushed).with(0);
    assert!(whole(&again.out).contains(&Record::Commit { local: 0, remote: 0 }), "{}", again.out);
    one.sync();
    assert_eq!((one.read("a"), bucket.tree().contains_key("a")), (Some(b"content".to_vec()), true));
}

#[test]
fn a_write_of_nothing_does_not_hide_what_the_remote_index_lost() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    let mut index = crate::support::read_index(&bucket.objects()[".index"]);
    index.shift_remove("a");
    bucket.put(".index", crate::support::write_index(&index));
    one.feed(&WRITE, "").with(0);
    one.sync();
    assert!(crate::support::read_index(&bucket.objects()[".index"]).contains_key("a"));
}

#[test]
fn a_part_of_a_sync_does_not_take_another_device_for_the_known_one() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    let mut index = one.index();
    index[".index"]["device"] = 1.into();
    one.write(".index", crate::support::write_index(&index));
    one.write("c", "3");
    let piped = one.pipe(&[&["push-file", TARGET, "c"], &WRITE]);
    assert_eq!(piped.codes, [0, 0]);
    assert!(one.index().contains_key("c"));
    assert_eq!(one.index()[".index"]["device"], 1);
    one.remove("a");
    one.sync_with(&[]).with(5).warns("the folder is on another device than at the last sync");
}

#[test]
fn outcomes_older_than_the_index_are_left_out() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    one.write("a", "second");
    let pushed = one.run(["push-file", TARGET, "a"]).with(0);
    one.sync();
    one.write("a", "the third");
    one.set_mtime("a", 4_000_000_000_000_000_000);
    one.sync();
    let before = one.index()["a"].clone();
    let written = one.feed(&WRITE, &pushed.out).with(0);
    assert!(whole(&written.out).contains(&Record::Commit { local: 0, remote: 0 }));
    assert_eq!(one.index()["a"], before);
}

#[test]
fn write_index_wants_outcomes_and_not_keys() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    let ran = one.feed(&WRITE, "a\n").with(2);
    ran.warns("\"a\" is a key; outcomes are what can be written");
    assert!(!one.path(".index").exists());
}

#[test]
fn an_interrupted_write_reads_to_the_end_and_writes_it_down() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a", "1");
    let pushed = one.run(["push-file", TARGET, "a"]).with(0).out;
    let mut child = spawn(&one, &WRITE);
    // Its header shows that it listens for signals by now.
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    err.read_line(&mut told).unwrap();
    assert!(told.starts_with("Interrupted"), "{told}");
    child.stdin.take().unwrap().write_all(pushed.as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(one.index().contains_key("a"));
}
