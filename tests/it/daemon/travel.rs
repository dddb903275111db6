//! What a user does in one folder is soon so in the other one.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Pair;
use crate::support::{Bucket, FAST, Machine, TestEnv, converge, tree, wait_until};

/// A folder beside the one that is synced, on the same disk.
fn beside(machine: &Machine, name: &str) -> std::path::PathBuf {
    machine.path("").with_file_name(name)
}

#[test]
fn files_that_come_change_go_and_are_renamed_travel() {
    let pair = Pair::with(&[("a", "1"), ("stays", "0"), ("sub/b", "2"), ("sub/deep/c", "3")]);
    let (one, two) = (&pair.one, &pair.two);
    one.write("new", "4");
    pair.travels_from(one);
    two.write("new", "5");
    pair.travels_from(two);
    one.remove("a");
    pair.travels_from(one);
    fs::rename(two.path("new"), two.path("sub/moved")).unwrap();
    pair.travels_from(two);
    fs::rename(one.path("sub"), one.path("folder")).unwrap();
    pair.travels_from(one);
    assert_eq!(
        pair.bucket.snapshot(),
        tree(&[("folder/b", "2"), ("folder/deep/c", "3"), ("folder/moved", "5"), ("stays", "0")])
    );
    // What was renamed is heard of under its new name.
    two.write("folder/deep/d", "6");
    pair.travels_from(two);
    one.write("folder/deep/d", "7");
    pair.travels_from(one);
    wait_until("the empty folders are gone", || !two.path("sub").exists());
    // A file in the place of a folder, and the reverse.
    two.remove("folder");
    two.write("folder", "8");
    pair.travels_from(two);
    one.remove("folder");
    one.write("folder/again", "9");
    pair.travels_from(one);
}

#[test]
fn folders_that_are_made_moved_in_and_moved_out_travel_with_all_that_is_in_them() {
    let calm: Vec<String> = (0..30).map(|at| format!("calm/{at}")).collect();
    let calm: Vec<(&str, &str)> = calm.iter().map(|key| (key.as_str(), "calm")).collect();
    let pair = Pair::with(&calm);
    let (one, two) = (&pair.one, &pair.two);
    // The watch of a new folder comes later than the folder: what is made in between has to be found.
    for round in 0..10 {
        for depth in 1..6 {
            let folder = "d/".repeat(depth);
            one.write(&format!("{round}/{folder}file"), format!("{round} {depth}"));
        }
    }
    pair.travels_from(one);
    one.write("3/d/d/d/d/d/file", "edited");
    two.write("4/d/late/file", "late");
    pair.meet();
    assert_eq!((two.read("3/d/d/d/d/d/file"), one.read("4/d/late/file")), (Some("edited".into()), Some("late".into())));
    let outside = beside(one, "outside");
    fs::create_dir_all(outside.join("x/y/z")).unwrap();
    for at in 0..8 {
        fs::write(outside.join(format!("x/{at}")), "in").unwrap();
        fs::write(outside.join(format!("x/y/z/{at}")), "in").unwrap();
    }
    fs::rename(outside.join("x"), one.path("7/x")).unwrap();
    pair.travels_from(one);
    one.write("7/x/y/z/0", "edited inside");
    pair.travels_from(one);
    fs::rename(one.path("7/x"), outside.join("x")).unwrap();
    pair.travels_from(one);
    // It is watched no more.
    fs::write(outside.join("x/y/z/0"), "edited outside").unwrap();
    one.write("end", "");
    pair.travels_from(one);
    assert!(!pair.first.said().contains("guard"));
}

#[test]
fn what_editors_and_copiers_do_arrives_whole() {
    let pair = Pair::with(&[("doc", "first"), ("disk", &"0".repeat(100_000))]);
    let (one, two) = (&pair.one, &pair.two);
    for round in 0..5 {
        // As vim does it, and as most others.
        one.write("4913", "");
        one.remove("4913");
        fs::rename(one.path("doc"), one.path("doc~")).unwrap();
        one.write("doc", format!("edition {round}"));
        one.remove("doc~");
        two.write("sub/.other.tmp", format!("other {round}"));
        fs::rename(two.path("sub/.other.tmp"), two.path("sub/other")).unwrap();
        wait_until("both have the edition", || {
            let wanted = [format!("edition {round}"), format!("other {round}")];
            let has = |machine: &Machine| {
                ["doc", "sub/other"].map(|key| machine.read(key).unwrap_or_default()) == wanted.clone().map(Vec::from)
            };
            has(one) && has(two)
        });
    }
    pair.meet();
    // As `rsync --inplace` does it: parts of a file change where they are.
    let mut disk = File::options().write(true).open(one.path("disk")).unwrap();
    for at in [0, 50_000, 99_000] {
        disk.seek(SeekFrom::Start(at)).unwrap();
        disk.write_all(&[b'1'; 1_000]).unwrap();
    }
    drop(disk);
    pair.travels_from(one);
    assert_eq!(two.read("disk").unwrap().iter().filter(|byte| **byte == b'1').count(), 3_000);
    let known = ["disk", "doc", "sub/other"];
    assert!(pair.bucket.snapshot().keys().all(|key| known.contains(&key.as_str())));
}

#[test]
fn a_log_that_grows_all_the_time_is_carried_while_it_grows() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = (env.machine(&bucket), env.machine(&bucket));
    let (first, _second) = (one.daemon(&[]), two.fast_daemon());
    first.is_in_sync();
    let (begin, is_enough) = (Instant::now(), AtomicBool::new(false));
    let line = b"all is well\n";
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut log = File::create(one.path("log")).unwrap();
            while !is_enough.load(Ordering::SeqCst) {
                log.write_all(line).unwrap();
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        // It ends whatever comes of this.
        struct Enough<'a>(&'a AtomicBool);
        impl Drop for Enough<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let _enough = Enough(&is_enough);
        wait_until("the log arrives", || two.read("log").is_some_and(|log| log.len() > line.len()));
    });
    assert!(begin.elapsed() > Duration::from_secs(4), "it is not carried at each line");
    assert!(two.read("log").unwrap().len().is_multiple_of(line.len()));
    assert_eq!(converge(&bucket, &[&one, &two]), one.tree());
}

#[test]
fn rules_that_are_edited_count_at_once_and_what_they_leave_out_is_not_watched() {
    let pair = Pair::with(&[("calm", "1"), ("build/old", "2")]);
    let (one, two) = (&pair.one, &pair.two);
    let inode = |machine: &Machine, key: &str| fs::metadata(machine.path(key)).unwrap().ino();
    assert!(pair.first.watched().contains(&inode(one, "build")));
    one.write(".syncignore", "/build/\n");
    wait_until("the rule counts there", || !pair.bucket.snapshot().contains_key("build/old"));
    wait_until("the rule arrives", || two.read(".syncignore").is_some());
    assert_eq!((one.read("build/old"), two.read("build/old")), (Some("2".into()), Some("2".into())));
    for (machine, text) in [(one, "3"), (two, "4")] {
        machine.write("build/sub/new", text);
    }
    one.write("seen", "5");
    wait_until("what is not left out travels", || two.read("seen").is_some());
    assert!(!pair.bucket.snapshot().keys().any(|key| key.starts_with("build")));
    for (machine, daemon) in [(one, &pair.first), (two, &pair.second)] {
        wait_until("what is left out has no watch", || !daemon.watched().contains(&inode(machine, "build")));
        assert!(!daemon.watched().contains(&inode(machine, "build/sub")));
    }
    two.remove("build");
    one.write(".syncignore", "");
    pair.travels_from(one);
    assert_eq!(two.read("build/sub/new"), Some("3".into()));
    // At once: it may not have its watch yet.
    two.write("build/old", "8");
    pair.travels_from(two);
    one.write("build/sub/new", "6");
    pair.travels_from(one);
    two.write("build/sub/new", "7");
    pair.travels_from(two);
}

#[test]
fn a_target_without_any_file_waits_for_the_first_one() {
    let pair = Pair::with(&[]);
    pair.two.write("first", "1");
    pair.travels_from(&pair.two);
    pair.one.remove("first");
    pair.one.write("second", "2");
    pair.travels_from(&pair.one);
}

#[test]
fn names_that_are_no_text_are_told_once_and_hold_up_nothing() {
    let pair = Pair::with(&[("calm", "1")]);
    let odd = pair.one.path("").join(OsStr::from_bytes(b"odd \xff"));
    fs::write(&odd, "2").unwrap();
    fs::create_dir(pair.one.path("").join(OsStr::from_bytes(b"folder \xff"))).unwrap();
    pair.first.says("odd ");
    for round in 0..3 {
        pair.one.write("calm", format!("round {round}"));
        wait_until("others travel", || pair.two.read("calm") == pair.one.read("calm"));
        fs::write(&odd, format!("{round}")).unwrap();
    }
    assert_eq!(pair.first.times_said("odd "), 1);
    fs::remove_dir(pair.one.path("").join(OsStr::from_bytes(b"folder \xff"))).unwrap();
    fs::rename(odd, pair.one.path("even")).unwrap();
    pair.travels_from(&pair.one);
}

#[test]
fn what_other_tools_write_and_delete_is_found_by_a_listing() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("calm", "1");
    let daemon = one.daemon(&[&FAST[..], &["--relist", "1s"]].concat());
    daemon.is_in_sync();
    bucket.put("theirs", "2");
    wait_until("it is here", || one.read("theirs") == Some("2".into()));
    bucket.put("calm", "3");
    wait_until("it is here", || one.read("calm") == Some("3".into()));
    bucket.remove("theirs");
    wait_until("it is gone", || one.read("theirs").is_none());
    let listed = daemon.status().remove(crate::support::TARGET).unwrap().listed;
    assert!(listed.is_some());
}

#[test]
fn what_is_edited_while_no_daemon_runs_travels_when_one_does() {
    let Pair { first, second, one, two, bucket, env: _env } =
        Pair::with(&[("edited", "1"), ("gone", "2"), ("renamed", "3"), ("both", "4"), ("sub/x", "5")]);
    assert_eq!((first.terminate().0, second.terminate().0), (Some(0), Some(0)));
    one.write("edited", "new");
    one.remove("gone");
    one.write("both", "one's");
    two.write("both", "two's");
    fs::rename(two.path("renamed"), two.path("sub/y")).unwrap();
    two.remove("sub/x");
    let _daemons = (one.fast_daemon(), two.fast_daemon());
    wait_until("both have all", || {
        let has = |machine: &Machine| {
            let Ok(tree) = machine.try_tree() else { return false };
            let contents: Vec<&[u8]> = tree.values().map(Vec::as_slice).collect();
            let all = ["new", "one's", "two's", "3"].iter().all(|text| contents.contains(&text.as_bytes()));
            all && tree.len() == 4 && tree.contains_key("sub/y")
        };
        has(&one) && has(&two)
    });
    converge(&bucket, &[&one, &two]);
}

#[test]
fn what_is_edited_behind_links_travels_too() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.set("links", "follow");
    one.write("calm", "1");
    let (folder, file) = (beside(&one, "photos"), beside(&one, "file"));
    fs::create_dir_all(folder.join("sub")).unwrap();
    fs::write(folder.join("sub/a"), "2").unwrap();
    fs::write(&file, "3").unwrap();
    std::os::unix::fs::symlink(&folder, one.path("there")).unwrap();
    let daemon = one.fast_daemon();
    daemon.is_in_sync();
    std::os::unix::fs::symlink(&file, one.path("later")).unwrap();
    wait_until("it is there", || bucket.snapshot().get("later").is_some_and(|bytes| bytes == b"3"));
    fs::write(folder.join("sub/b"), "4").unwrap();
    fs::write(&file, "edited").unwrap();
    wait_until("it is there", || bucket.snapshot().get("later").is_some_and(|bytes| bytes == b"edited"));
    wait_until("it is there", || bucket.snapshot().contains_key("there/sub/b"));
    fs::remove_file(folder.join("sub/a")).unwrap();
    wait_until("it is gone", || !bucket.snapshot().contains_key("there/sub/a"));
    assert_eq!(daemon.times_said("no watches are left"), 0, "{}", daemon.said());
}
