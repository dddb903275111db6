//! Bad weather: it is told once when it begins and once when it ends, and what was edited meanwhile is synced afterwards.

use std::fs;
use std::io::Write as _;

use super::Pair;
use crate::support::{
    Bucket, Daemon, FAST, Machine, Proxy, SmallDisk, TARGET, TestEnv, Trouble, converge, in_own_mounts, tree,
    wait_until,
};

const BEGINS: &str = "cannot be synced now, and is tried again";
const ENDS: &str = "is synced again";

/// A daemon that gives a server up soon.
fn impatient(machine: &Machine) -> Daemon {
    let mut process = machine.process(["daemon"].iter().chain(&FAST));
    process.env("S4_TIMEOUT", "1");
    Daemon::start(machine, process)
}

/// Waits until bad weather was told of and is over, once.
#[track_caller]
fn it_was_told_once(daemon: &Daemon) {
    daemon.says(ENDS);
    daemon.is_in_sync();
    assert_eq!((daemon.times_said(BEGINS), daemon.times_said(ENDS)), (1, 1), "{}", daemon.said());
}

#[test]
fn a_server_that_is_gone_for_a_while_is_told_once_and_edits_travel_when_it_is_back() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = (env.machine(&bucket), env.machine(&bucket));
    let proxy = Proxy::before(&bucket);
    one.set("endpoint_url", proxy.endpoint());
    one.write("a", "1");
    let (first, _second) = (impatient(&one), two.fast_daemon());
    first.is_in_sync();
    assert_eq!(converge(&bucket, &[&one, &two]), tree(&[("a", "1")]));
    proxy.trouble("HTTP", Trouble::Broken, usize::MAX);
    first.is("offline");
    let why = first.status().remove(TARGET).unwrap();
    assert!(why.why.is_some() && why.errors.len() == 1, "{why:?}");
    one.write("a", "2");
    one.write("new/b", "3");
    two.write("c", "4");
    wait_until("the other machine goes on", || bucket.snapshot().contains_key("c"));
    proxy.calm();
    wait_until("all have all", || {
        let all = tree(&[("a", "2"), ("new/b", "3"), ("c", "4")]);
        [&one, &two].iter().all(|machine| machine.try_tree().is_ok_and(|tree| tree == all))
    });
    it_was_told_once(&first);
}

#[test]
fn keys_that_are_wrong_are_told_once_and_count_as_soon_as_they_are_right() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a", "1");
    one.set("aws_secret_access_key", "wrong");
    let daemon = one.fast_daemon();
    daemon.is("offline");
    daemon.says(BEGINS);
    one.set("aws_secret_access_key", bucket.secret_key());
    wait_until("it is there", || bucket.snapshot() == one.tree());
    daemon.is_in_sync();
    assert_eq!(daemon.times_said(BEGINS), 1);
}

#[test]
fn a_bucket_that_is_made_later_is_found() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.set("s3_uri", "s3://later/some/prefix");
    one.write("a", "1");
    let daemon = one.fast_daemon();
    daemon.is("offline");
    one.write("b", "2");
    bucket.server().create_bucket("later");
    wait_until("they are there", || {
        let objects = bucket.server().objects("later");
        ["a", "b"].iter().all(|key| objects.contains_key(&format!("some/prefix/{key}")))
    });
    it_was_told_once(&daemon);
}

#[test]
fn a_folder_that_goes_and_comes_back_deletes_nothing() {
    let pair = Pair::with(&[("a", "1"), ("sub/b", "2")]);
    let (one, two) = (&pair.one, &pair.two);
    let (folder, away) = (one.path(""), one.path("").with_file_name("away"));
    fs::rename(&folder, &away).unwrap();
    pair.first.is("offline");
    fs::write(away.join("sub/b"), "edited away").unwrap();
    fs::rename(&away, &folder).unwrap();
    wait_until("what was edited meanwhile is there", || two.read("sub/b") == Some("edited away".into()));
    it_was_told_once(&pair.first);
    one.write("sub/b", "again");
    pair.travels_from(one);
    assert_eq!(two.tree(), tree(&[("a", "1"), ("sub/b", "again")]));
}

#[test]
fn another_folder_in_its_place_is_neither_filled_nor_taken_for_deletions() {
    let pair = Pair::with(&[("a", "1"), ("sub/b", "2")]);
    let (one, two) = (&pair.one, &pair.two);
    let (folder, away) = (one.path(""), one.path("").with_file_name("away"));
    let before = pair.bucket.snapshot();
    fs::rename(&folder, &away).unwrap();
    fs::create_dir(&folder).unwrap();
    pair.first.is("offline");
    two.write("c", "3");
    wait_until("the other machine goes on", || pair.bucket.snapshot().contains_key("c"));
    // It has been looked at again by then.
    pair.first.says("has no index");
    let tries = pair.first.status().remove(TARGET).unwrap();
    assert!(tries.why.unwrap().contains("another one than before"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    assert!(before.iter().all(|(key, bytes)| pair.bucket.snapshot().get(key) == Some(bytes)));
    fs::remove_dir(&folder).unwrap();
    fs::rename(&away, &folder).unwrap();
    wait_until("it is synced again", || one.read("c") == Some("3".into()));
    pair.travels_from(two);
    pair.first.is_in_sync();
}

#[test]
fn a_disk_that_fills_is_told_once_and_room_ends_it() {
    in_own_mounts(|| {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = (env.machine(&bucket), env.machine(&bucket));
        let _disk = SmallDisk::over(&one.path(""), 2_048);
        one.write(".syncignore", "/filler\n");
        let (first, second) = (one.fast_daemon(), two.fast_daemon());
        first.is_in_sync();
        converge(&bucket, &[&one, &two]);
        let mut filler = fs::File::create(one.path("filler")).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
        for at in 0..4 {
            two.write(&format!("theirs/{at}"), vec![at; 100_000]);
        }
        first.is("offline");
        two.write("late", "5");
        wait_until("the other machine goes on", || bucket.snapshot().contains_key("late"));
        drop(filler);
        one.remove("filler");
        wait_until("it is here", || one.read("late").is_some());
        assert_eq!(converge(&bucket, &[&one, &two]), two.tree());
        it_was_told_once(&first);
        drop((first, second));
    });
}
