//! What the system gives to watchers: how much of it is taken, and what becomes of those who get none.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::Pair;
use crate::support::{Bucket, Daemon, FAST, Machine, TestEnv, wait_until};

/// The inodes of folders, as a watcher's are told.
fn inodes(machine: &Machine, folders: impl IntoIterator<Item = String>) -> Vec<u64> {
    let mut inodes: Vec<u64> =
        folders.into_iter().map(|folder| fs::metadata(machine.path(&folder)).unwrap().ino()).collect();
    inodes.sort_unstable();
    inodes
}

/// Waits until each folder but those that are left out has a watch, and nothing else.
#[track_caller]
fn has_one_each(machine: &Machine, daemon: &Daemon, left_out: &str) {
    let is_watched = |folder: &String| folder != left_out && !folder.starts_with(&format!("{left_out}/"));
    wait_until("each folder has one watch, and nothing else has any", || {
        let folders: BTreeSet<String> = machine.folders().into_iter().filter(is_watched).collect();
        daemon.watched() == inodes(machine, folders.into_iter().chain([String::new()]))
    });
}

#[test]
fn each_folder_has_one_watch_whatever_becomes_of_it() {
    let pair = Pair::with(&[(".syncignore", "/out/\n"), ("a/b/c/x", "1"), ("d/y", "2")]);
    let (one, two) = (&pair.one, &pair.two);
    let outside = one.path("").with_file_name("outside");
    fs::create_dir_all(one.path("out/deep")).unwrap();
    for depth in 1..8 {
        one.write(&format!("n{}/z", "/n".repeat(depth)), "3");
    }
    has_one_each(one, &pair.first, "out");
    fs::rename(one.path("a"), one.path("d/moved")).unwrap();
    has_one_each(one, &pair.first, "out");
    fs::rename(one.path("n"), &outside).unwrap();
    has_one_each(one, &pair.first, "out");
    // It comes again under a name that was another one's.
    fs::rename(&outside, one.path("a")).unwrap();
    fs::rename(one.path("out/deep"), one.path("deep")).unwrap();
    one.remove("d");
    has_one_each(one, &pair.first, "out");
    pair.travels_from(one);
    has_one_each(two, &pair.second, "out");
    pair.first.terminate();
}

#[test]
fn where_no_watches_are_left_it_says_what_helps_and_looks_from_time_to_time() {
    let namespace = ["-Ur", "sh", "-c"];
    let limit = "echo 4 >/proc/sys/user/max_inotify_watches";
    let works = Command::new("unshare").args(namespace).arg(limit).stderr(Stdio::null()).status();
    if !works.is_ok_and(|status| status.success()) {
        return crate::support::left_out("this system lets nobody have a limit of its own");
    }
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    (0..9).for_each(|at| one.write(&format!("{at}/x"), "1"));
    let plain = one.process(["daemon"].iter().chain(&FAST));
    let mut limited = Command::new("unshare");
    limited.args(namespace).arg(format!("{limit}; exec \"$0\" \"$@\"")).arg(plain.get_program()).args(plain.get_args());
    limited.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let daemon = Daemon::start(&one, limited);
    daemon.says("no watches are left");
    assert_eq!(daemon.times_said("sudo sysctl fs.inotify.max_user_watches="), 1, "{}", daemon.said());
    daemon.is_in_sync();
    assert_eq!(daemon.watched().len(), 4);
    (0..9).for_each(|at| one.write(&format!("{at}/x"), "2"));
    one.write("0/new/y", "3");
    wait_until("what is not watched is found", || bucket.snapshot() == one.tree());
    assert_eq!(daemon.times_said("no watches are left"), 1, "{}", daemon.said());
    daemon.is_idle();
}

#[test]
fn what_did_not_fit_into_the_queue_is_found_by_looking() {
    let pair = Pair::with(&[("a", "1"), ("b", "2")]);
    let longest: usize = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    let mut logs = ["a", "b"].map(|key| File::options().append(true).open(pair.one.path(key)).unwrap());
    pair.first.signal(Signal::STOP);
    // The same thing twice in a row is told once.
    for _ in 0..=longest / 2 {
        logs.iter_mut().for_each(|log| log.write_all(b".").unwrap());
    }
    pair.one.write("missed/x", "3");
    pair.first.signal(Signal::CONT);
    pair.travels_from(&pair.one);
    // The folder that was missed is heard of from now on.
    pair.one.write("missed/x", "4");
    pair.travels_from(&pair.one);
}
