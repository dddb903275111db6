//! Disks that fill, go away, or may not be written: nothing is lost, it is said, and the next sync does the rest.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use s4_test_server::Op;

use crate::support::{Bucket, Machine, Ran, SmallDisk, TARGET, TestEnv, in_own_mounts, in_sync, tree};

/// Fills a disk to its last byte.
fn fill(path: &Path) {
    let mut filler = fs::File::create(path).unwrap();
    while filler.write_all(&[0; 4096]).is_ok() {}
}

#[track_caller]
fn told(ran: &Ran, machine: &Machine) {
    ran.warns(&format!("no space left for '{}", machine.path("").display()));
    ran.warns("hint: make room on the disk; what was done so far is kept\n");
}

#[test]
fn a_disk_that_fills_during_a_pull_is_told_and_room_ends_it() {
    in_own_mounts(|| {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = (env.machine(&bucket), env.machine(&bucket));
        let _disk = SmallDisk::over(&one.path(""), 1_024);
        one.write(".syncignore", "/filler\n");
        one.write("ours", "1");
        one.sync();
        // Small ones, one in a single piece, one in several: each alone is too much.
        for (round, size) in [8 << 10, 4 << 20, 40 << 20].into_iter().enumerate() {
            two.sync();
            (0..if size < 1 << 20 { 60 } else { 1 }).for_each(|at| two.write(&format!("{round}/{at}"), vec![7; size]));
            two.write("after", format!("{round}"));
            two.sync();
            fill(&one.path("filler"));
            one.write("ours", format!("{round}"));
            let before = bucket.tree();
            told(&one.sync_with(&[]).with(1), &one);
            assert!(one.has_nothing_staged());
            let after = bucket.tree();
            assert!(before.iter().all(|(key, bytes)| key == "ours" || after.get(key) == Some(bytes)));
            one.remove("filler");
            // What does not fit with room either is taken away elsewhere.
            if size > 1 << 20 {
                // Whoever asks for the room of all of it at once knows that there may be some for others.
                match size < 16 << 20 {
                    true => told(&one.sync_with(&[]).with(1), &one),
                    false => {
                        let ran = one.sync_with(&[]).with(4);
                        ran.warns(&format!("the disk has no room for its {} MiB", size >> 20));
                        assert_eq!(one.read("after"), Some(round.to_string().into_bytes()));
                    }
                }
                two.remove(&round.to_string());
                two.sync();
            }
            one.sync();
            two.sync();
            let mut all = one.tree();
            all.remove("filler");
            assert!(all == two.tree() && all == bucket.tree(), "{size}");
            assert_eq!(all["ours"], round.to_string().into_bytes());
        }
    });
}

#[test]
fn a_disk_that_fills_during_the_commit_is_told_and_room_ends_it() {
    in_own_mounts(|| {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = (env.machine(&bucket), env.machine(&bucket));
        let _disk = SmallDisk::over(&one.path(""), 4_096);
        one.write(".syncignore", "/filler\n");
        one.write("a", "1");
        one.sync();
        (0..400).for_each(|at| one.write(&format!("new/{at}"), "x"));
        let filler = one.path("filler");
        // While the last of them is on its way: what is left to be written here is the index.
        let ran = bucket.meanwhile((Op::PutObject, "new/399"), move || fill(&filler), || one.sync_with(&[]));
        told(&ran.with(1), &one);
        assert_eq!(bucket.tree().len(), 402);
        one.remove("filler");
        one.sync();
        two.sync();
        assert_eq!((one.tree(), bucket.tree()), (two.tree(), two.tree()));
        one.is_idle();
    });
}

#[test]
fn a_folder_that_is_unmounted_deletes_nothing() {
    in_own_mounts(|| {
        for state_elsewhere in [false, true] {
            let (env, bucket) = (TestEnv::new(), Bucket::in_process());
            let one = env.machine(&bucket);
            if state_elsewhere {
                one.set("state_folder", one.path("").with_file_name("state").to_str().unwrap());
            }
            let disk = SmallDisk::over(&one.path(""), 1_024);
            one.write("a", "1");
            one.write("b", "2");
            one.sync();
            let before = bucket.objects();
            drop(disk);
            let ran = one.sync_with(&[]);
            if state_elsewhere {
                // The index tells that there were files, and that it was another disk.
                assert_eq!(ran.code, 5, "{ran:?}");
                assert_eq!(one.tree(), tree(&[]));
            } else {
                // The index went with the disk: to s4 this is a new folder.
                assert_eq!(ran.code, 0, "{ran:?}");
                assert_eq!(one.tree(), bucket.tree());
            }
            assert_eq!(bucket.objects(), before);
        }
    });
}

#[test]
fn a_folder_that_is_unmounted_during_a_sync_deletes_nothing() {
    in_own_mounts(|| {
        for when in [Op::ListObjectsV2, Op::PutObject] {
            let (env, bucket) = (TestEnv::new(), Bucket::in_process());
            let (one, two) = (env.machine(&bucket), env.machine(&bucket));
            let disk = SmallDisk::over(&one.path(""), 1_024);
            for key in ["a", "b", "c"] {
                one.write(key, key);
            }
            one.sync();
            two.sync();
            one.write("new", "4");
            one.remove("c");
            let goes = std::sync::Mutex::new(Some(disk));
            bucket.server().on_request(move |request| {
                if request.operation == when
                    && let Some(disk) = goes.lock().unwrap().take()
                {
                    disk.away();
                }
            });
            let ran = one.sync_with(&[]);
            bucket.server().clear_hook();
            // The files may be held open, or be gone: either way only what a user deleted goes.
            assert!([0, 1, 4, 5].contains(&ran.code), "{ran:?}");
            let kept = bucket.tree();
            assert!(["a", "b"].iter().all(|key| kept.get(*key) == Some(&key.as_bytes().to_vec())), "{ran:?}");
            two.sync();
            assert!(["a", "b"].iter().all(|key| two.read(key).is_some()));
        }
    });
}

#[test]
fn a_folder_that_is_emptied_during_a_sync_deletes_nothing_at_once() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    one.write("new", "3");
    let folder = one.path("");
    let all_go = move || ["a", "b", "new"].iter().for_each(|key| fs::remove_file(folder.join(key)).unwrap());
    bucket.between_look_and_act(&one, all_go, || one.sync_with(&[]));
    two.sync_with(&[]);
    assert!(["a", "b"].iter().all(|key| two.read(key).is_some() && bucket.tree().contains_key(*key)));
}

#[test]
fn a_disk_that_may_not_be_written_is_told_and_can_be_pushed_with_its_state_elsewhere() {
    in_own_mounts(|| {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let one = env.machine(&bucket);
        let disk = SmallDisk::over(&one.path(""), 1_024);
        one.write("a", "1");
        disk.may_be_written(false);
        let ran = one.sync_with(&[]).with(1);
        ran.warns(&format!("'{}", one.path("").display()));
        assert_eq!(bucket.tree(), tree(&[]));
        one.set("state_folder", one.path("").with_file_name("state").to_str().unwrap());
        one.sync();
        assert_eq!(bucket.tree(), one.tree());
        // What would have to be written there fails, and deletes nothing.
        bucket.put("theirs", "2");
        one.sync_with(&[]).with(4).warns("could not sync \"theirs\"");
        assert_eq!(bucket.tree().len(), 2);
        disk.may_be_written(true);
        one.sync();
        assert_eq!(bucket.tree(), one.tree());
    });
}

#[test]
fn a_place_for_its_own_files_that_may_not_be_written_is_told() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    two.write("a", "edited");
    two.remove("b");
    two.sync();
    one.write("new", "3");
    one.set_mode(".s4", 0o500);
    let ran = one.run_unprivileged(&["sync", TARGET]);
    one.set_mode(".s4", 0o700);
    assert!([1, 4].contains(&ran.code), "{ran:?}");
    ran.warns(&format!("no permission for '{}", one.path(".s4").display()));
    assert_eq!((one.read("a").unwrap(), one.read("b").unwrap()), (b"1".to_vec(), b"2".to_vec()));
    one.sync();
    two.sync();
    assert_eq!((one.tree(), two.tree()), (bucket.tree(), bucket.tree()));
    assert_eq!(one.tree(), tree(&[("a", "edited"), ("new", "3")]));
}
