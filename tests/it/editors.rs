//! A program that saves while syncs run, in each way that programs save: what travels is always something that was there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::{Bucket, Machine, TestEnv};

/// A part that tells which save it is of.
const MARK: usize = 8;
/// What lies between the marks at both ends: it takes a while to be read.
const BETWEEN: usize = 4 << 20;
/// How many lines a log gets at most, so that it stays small.
const LINES: usize = 20_000;
/// How often each machine syncs meanwhile.
const SYNCS: usize = 6;

fn mark(save: usize) -> Vec<u8> {
    format!("{save:07}\n").into_bytes()
}

fn marked(save: usize) -> Vec<u8> {
    [mark(save), vec![b'.'; BETWEEN], mark(save)].concat()
}

/// Saves number `save`, in each way.
fn save(folder: &Path, save: usize) {
    // In place: first one end, then the other.
    let file = File::options().write(true).open(folder.join("in-place")).unwrap();
    file.write_all_at(&mark(save), 0).unwrap();
    file.write_all_at(&mark(save), (MARK + BETWEEN) as u64).unwrap();
    // Beside, and then over it.
    let beside = folder.with_file_name("renamed.swp");
    fs::write(&beside, marked(save)).unwrap();
    fs::rename(beside, folder.join("renamed")).unwrap();
    // Emptied, and filled in one go.
    fs::write(folder.join("emptied"), mark(save)).unwrap();
    if save <= LINES {
        let mut log = File::options().append(true).open(folder.join("log")).unwrap();
        log.write_all(&mark(save)).unwrap();
    }
}

/// Which save a file is of, if it ever looked so; 0 for an empty one.
fn save_of(key: &str, bytes: &[u8]) -> Option<usize> {
    let read = |at: usize| str::from_utf8(bytes.get(at..at + MARK)?).ok()?.trim_end().parse::<usize>().ok();
    match key {
        "log" => {
            let lines = bytes.len() / MARK;
            (0..lines).all(|line| read(line * MARK) == Some(line + 1)).then_some(lines)
        }
        "emptied" if bytes.is_empty() => Some(0),
        "emptied" => read(0),
        _ => {
            let (first, last) = (read(0)?, read(MARK + BETWEEN)?);
            (first == last || key == "in-place" && first == last + 1).then_some(first)
        }
    }
}

fn check(tree: &BTreeMap<String, Vec<u8>>, place: &str) {
    for (key, bytes) in tree {
        assert!(save_of(key, bytes).is_some(), "{key:?} {place} is torn: {} bytes", bytes.len());
    }
    let known = ["emptied", "in-place", "log", "renamed"];
    assert!(tree.keys().all(|key| known.contains(&key.as_str())), "{place}: {:?}", tree.keys());
}

fn sync(machine: &Machine) {
    let ran = machine.run(["sync", "--conflicts", "keep-both"]);
    // A file that changes whenever it is looked at is left for the next time.
    assert!([0, 4].contains(&ran.code), "{ran:?}");
}

#[test]
fn what_is_saved_while_syncs_run_arrives_as_it_was_saved() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = (env.machine(&bucket), env.machine(&bucket));
        one.write("in-place", marked(0));
        one.write("log", "");
        one.sync();
        let done = AtomicBool::new(false);
        let last = std::thread::scope(|scope| {
            let (folder, done) = (one.path(""), &done);
            let editor = scope.spawn(move || {
                let mut last = 0;
                while !done.load(Ordering::SeqCst) {
                    last += 1;
                    save(&folder, last);
                }
                last
            });
            let here = scope.spawn(|| (0..SYNCS).for_each(|_| sync(&one)));
            for _ in 0..SYNCS {
                sync(&two);
                check(&two.tree(), "on the other machine");
                check(&bucket.tree(), "in the bucket");
            }
            here.join().unwrap();
            done.store(true, Ordering::SeqCst);
            editor.join().unwrap()
        });
        for machine in [&one, &two] {
            machine.sync();
            machine.is_idle();
        }
        let all = two.tree();
        check(&all, "in the end");
        assert_eq!(save_of("in-place", &all["in-place"]), Some(last));
        assert_eq!(save_of("renamed", &all["renamed"]), Some(last));
        assert_eq!(save_of("emptied", &all["emptied"]), Some(last));
        assert_eq!(save_of("log", &all["log"]), Some(last.min(LINES)));
        assert!(all == one.tree() && all == bucket.tree());
        // Only the folder of the machine that did not edit had anything replaced by a sync.
        assert_eq!(one.trash(), BTreeMap::new());
        check(&two.trash(), "in the trash");
    }
}
