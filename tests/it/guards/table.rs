//! Each situation that looks like an accident, and each command that might carry it out: all refuse, and nothing is touched.

use std::collections::BTreeMap;
use std::fs;
use std::time::SystemTime;

use super::{many, remove};
use crate::support::{Bucket, Machine, TARGET, TestEnv, write_index};

/// What became of a machine with 24 files, or of its bucket.
struct Situation {
    name: &'static str,
    happens: fn(&Machine, &Bucket),
    /// What the guard says.
    says: &'static str,
    /// The guard's word in records, and the action that it stops.
    word: &'static str,
    stops: &'static str,
}

fn empty_bucket(_: &Machine, bucket: &Bucket) {
    bucket.objects().keys().for_each(|key| bucket.remove(key));
}

fn move_device(machine: &Machine) {
    let mut index = machine.index();
    index[".index"]["device"] = 1.into();
    machine.write(".index", write_index(&index));
}

const SITUATIONS: [Situation; 9] = [
    Situation {
        name: "the folder was emptied",
        happens: |machine, _| machine.remove("f"),
        says: "the folder held files and is empty now; this would delete 24 objects in the bucket",
        word: "emptied",
        stops: "delete-remote",
    },
    Situation {
        name: "the folder was emptied but for its rules",
        happens: |machine, _| {
            machine.write(".syncignore", "*.tmp\n");
            machine.remove("f");
        },
        says: "the folder held files and is empty now; this would delete 24 objects in the bucket",
        word: "emptied",
        stops: "delete-remote",
    },
    Situation {
        name: "the folder was emptied, and what came is ignored",
        happens: |machine, _| {
            machine.write(".syncignore", "*.tmp\n");
            machine.remove("f");
            machine.write("x.tmp", "x");
        },
        says: "the folder held files and is empty now; this would delete 24 objects in the bucket",
        word: "emptied",
        stops: "delete-remote",
    },
    Situation {
        name: "the folder is another drive's",
        happens: |machine, _| {
            move_device(machine);
            remove(machine, 0..1);
        },
        says: "the folder is on another device than at the last sync; this would delete 1 object in the bucket",
        word: "moved-device",
        stops: "delete-remote",
    },
    Situation {
        name: "many files were deleted, and some came",
        happens: |machine, _| {
            remove(machine, 0..13);
            machine.write("new", "new");
        },
        says: "this would delete 13 of 24 keys in the bucket",
        word: "mass-deletion",
        stops: "delete-remote",
    },
    Situation {
        name: "a target allows no deletions, and there are some more than a few",
        happens: |machine, _| {
            machine.set("max_delete", 0);
            remove(machine, 0..11);
        },
        says: "this would delete 11 of 24 keys in the bucket",
        word: "mass-deletion",
        stops: "delete-remote",
    },
    Situation {
        name: "a rule covers everything",
        happens: |machine, _| machine.write(".syncignore", "*\n"),
        says: "this would delete 24 of 24 keys in the bucket",
        word: "mass-deletion",
        stops: "delete-remote",
    },
    Situation {
        name: "many objects were deleted",
        happens: |_, bucket| (0..13).for_each(|number| bucket.remove(&format!("f/{number:02}"))),
        says: "this would delete 13 of 24 keys in the folder",
        word: "mass-deletion",
        stops: "delete-local",
    },
    Situation {
        name: "the bucket was emptied",
        happens: empty_bucket,
        says: "this would delete 24 of 24 keys in the folder",
        word: "mass-deletion",
        stops: "delete-local",
    },
];

/// Everything that a command could have touched: contents, times of files, versions of objects, the config file.
type Touchable =
    (BTreeMap<String, (Vec<u8>, Option<SystemTime>)>, BTreeMap<String, Vec<u8>>, BTreeMap<String, String>, Vec<u8>);

fn touchable(machine: &Machine, bucket: &Bucket) -> Touchable {
    let mut files: BTreeMap<_, _> = machine
        .everything()
        .into_iter()
        .map(|(key, bytes)| {
            let mtime = fs::metadata(machine.path(&key)).and_then(|found| found.modified()).ok();
            (key, (bytes, mtime))
        })
        .collect();
    files.remove(".s4lock");
    (files, bucket.objects(), bucket.stamps(), fs::read(machine.config()).unwrap())
}

/// The commands that carry out a whole plan, or show it.
const WHOLE: [&[&str]; 9] = [
    &["sync"],
    &["sync", TARGET],
    &["sync", TARGET, "--json"],
    &["sync", TARGET, "--conflicts", "1"],
    &["sync", TARGET, "--conflicts", "remote"],
    &["sync", TARGET, "--conflicts", "keep-both"],
    &["sync", TARGET, "--dry-run"],
    &["sync", TARGET, "--dry-run", "--json"],
    &["diff-index", TARGET],
];

/// A machine in that situation.
fn machine(situation: &Situation, env: &TestEnv, bucket: &Bucket) -> Machine {
    let (one, _) = many(env, bucket, 24);
    (situation.happens)(&one, bucket);
    one
}

#[test]
fn every_command_that_looks_at_the_whole_refuses_and_touches_nothing() {
    for situation in &SITUATIONS {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let one = machine(situation, &env, &bucket);
        let before = touchable(&one, &bucket);
        for command in WHOLE {
            let ran = one.run(command.iter());
            let what = format!("{}: {command:?}: {ran:?}", situation.name);
            assert_eq!(ran.code, 5, "{what}");
            let lines: Vec<&str> = ran.err.lines().collect();
            let [error, would, hint] = lines[..] else { panic!("{what}") };
            assert_eq!(error, format!("error: {}", situation.says), "{what}");
            assert!(would.starts_with("hint: it would delete \"f/0"), "{what}");
            assert_eq!(hint, format!("hint: if that is right: s4 {} --force files", command[0]), "{what}");
            assert!(touchable(&one, &bucket) == before, "something was touched: {what}");
        }
    }
}

#[test]
fn a_pipe_refuses_as_well() {
    for situation in &SITUATIONS {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let one = machine(situation, &env, &bucket);
        let (files, objects) = (one.tree(), bucket.tree());
        let piped = one.sync_by_pipe();
        // The step between is 0 where the deletions are the other direction's.
        assert_eq!([piped.codes[0], piped.codes[3]], [5, 5], "{}: {piped:?}", situation.name);
        assert!(piped.last.err.contains(situation.says), "{}: {}", situation.name, piped.last.err);
        assert!(one.tree() == files && bucket.tree() == objects, "{}", situation.name);
        let diff = one.run(["diff-index", TARGET]);
        let stopped = format!("\"action\":\"{}\"", situation.stops);
        let stopped: Vec<&str> = diff.out.lines().filter(|line| line.contains(&stopped)).collect();
        let guard = format!("\"guard\":\"{}\"", situation.word);
        assert!(!stopped.is_empty() && stopped.iter().all(|line| line.contains(&guard)), "{}", diff.out);
    }
}

#[test]
fn what_a_guard_has_stopped_is_done_with_force_and_undone_without_a_trace() {
    for situation in &SITUATIONS {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let one = machine(situation, &env, &bucket);
        one.sync_with(&[]).with(5);
        let ran = one.sync_with(&["--force", "--conflicts", "local"]);
        assert_eq!(ran.code, 0, "{}: {ran:?}", situation.name);
        one.is_idle();
        let own = |tree: BTreeMap<String, Vec<u8>>| tree.into_keys().filter(|key| key != "x.tmp").collect::<Vec<_>>();
        let covered = situation.name == "a rule covers everything";
        if covered {
            assert_eq!(own(bucket.tree()), [".syncignore"]);
            assert_eq!(one.tree().len(), 25, "what is ignored stays on disk");
        } else {
            assert_eq!(own(bucket.tree()), own(one.tree()), "{}", situation.name);
        }
    }
}

#[test]
fn rules_from_the_bucket_that_cover_everything_delete_nothing() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = many(&env, &bucket, 24);
    bucket.put(".syncignore", "*\n");
    let before = touchable(&one, &bucket);
    one.sync_with(&["--dry-run"]).with(5).warns("this would delete 24 of 24 keys in the bucket");
    assert!(touchable(&one, &bucket) == before);
    // The rules come, since they say what the rest is; nothing else does.
    let objects = bucket.tree();
    for _ in 0..2 {
        one.sync_with(&[]).with(5).warns("error: this would delete 24 of ");
        assert!(one.tree() == objects && bucket.tree() == objects);
    }
    // Whoever takes them back goes on as before.
    one.remove(".syncignore");
    one.sync();
    assert_eq!((one.tree().len(), bucket.tree()), (24, one.tree()));
}

#[test]
fn one_more_is_too_many_and_one_less_is_not() {
    for (share, deleted, code) in
        [(50, 12, 0), (50, 13, 5), (0, 10, 0), (0, 11, 5), (100, 23, 0), (95, 22, 0), (95, 23, 5)]
    {
        for in_bucket in [false, true] {
            let (env, bucket) = (TestEnv::new(), Bucket::in_process());
            let (one, _) = many(&env, &bucket, 24);
            one.set("max_delete", share);
            if in_bucket {
                (0..deleted).for_each(|number| bucket.remove(&format!("f/{number:02}")));
            } else {
                remove(&one, 0..deleted);
            }
            let ran = one.sync_with(&[]);
            assert_eq!(ran.code, code, "{share} %, {deleted} of 24, in the bucket: {in_bucket}: {ran:?}");
        }
    }
}

#[test]
fn a_share_that_makes_no_sense_stops_the_sync() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = many(&env, &bucket, 12);
    remove(&one, 0..11);
    let before = bucket.objects();
    for share in ["101", "-1", "NaN", "inf", "half"] {
        one.set("max_delete", share);
        one.sync_with(&[]).with(1).warns("error: target \"files\": max_delete is not ");
    }
    assert_eq!(bucket.objects(), before);
}

#[test]
fn the_sides_are_guarded_one_by_one() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = many(&env, &bucket, 24);
    // Together they are 22 of 24.
    remove(&one, 0..11);
    (11..22).for_each(|number| bucket.remove(&format!("f/{number:02}")));
    one.sync();
    assert_eq!((one.tree().len(), bucket.tree()), (2, one.tree()));
}

#[test]
fn a_guard_stops_one_target_and_no_other() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = many(&env, &bucket, 24);
    one.remove("f");
    let mut config: serde_json::Value = serde_json::from_slice(&fs::read(one.config()).unwrap()).unwrap();
    let other = one.path("").with_file_name("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("a"), "1").unwrap();
    for name in ["before", "zz after"] {
        let mut target = config["targets"][TARGET].clone();
        target["s3_uri"] = format!("s3://{}/{name}", bucket.name()).into();
        target["local_folder"] = other.join(name).to_str().unwrap().into();
        fs::create_dir(other.join(name)).unwrap();
        fs::write(other.join(name).join("a"), "1").unwrap();
        config["targets"][name] = target;
    }
    fs::write(one.config(), config.to_string()).unwrap();
    let ran = one.run(["sync"]).with(5);
    ran.warns("hint: if that is right: s4 sync --force files\n");
    let objects = bucket.server().objects(bucket.name());
    assert!(objects.contains_key("before/a") && objects.contains_key("zz after/a") && objects.len() == 24 + 5);
    fs::rename(other.join("zz after"), other.join("gone")).unwrap();
    // A failure is graver than a refusal.
    one.run(["sync"]).with(1).warns("the folder held files and is empty now");
}

/// What becomes of a base and of a folder at the same time: without a base nothing is deleted anywhere.
#[test]
fn with_no_base_to_go_by_nothing_is_deleted() {
    type Happens = fn(&Machine);
    let bases: [(&str, Happens); 4] = [
        ("damaged", |machine| machine.write(".index", "garbage")),
        ("empty", |machine| machine.write(".index", "")),
        ("lost", |machine| machine.remove(".index")),
        ("of another place", |machine| {
            let mut index = machine.index();
            index[".index"]["place"] = "s3://elsewhere".into();
            machine.write(".index", write_index(&index));
        }),
    ];
    let folders: [(&str, Happens); 3] = [
        ("as it was", |_| ()),
        ("emptied", |machine| machine.remove("f")),
        ("nearly emptied", |machine| remove(machine, 0..23)),
    ];
    for (base, base_happens) in bases {
        for (folder, folder_happens) in folders {
            let (env, bucket) = (TestEnv::new(), Bucket::in_process());
            let (one, two) = many(&env, &bucket, 24);
            base_happens(&one);
            folder_happens(&one);
            let what = format!("base {base}, folder {folder}");
            let ran = one.sync_with(&[]);
            assert_eq!(ran.code, 0, "{what}: {ran:?}");
            assert!(one.tree() == two.tree() && bucket.tree() == two.tree(), "{what}: {ran:?}");
            assert!(one.trash().is_empty(), "{what}");
            two.is_idle();
        }
    }
}

#[test]
fn another_place_in_the_bucket_empties_no_folder() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = many(&env, &bucket, 24);
    let before = one.tree();
    one.set("s3_uri", format!("s3://{}/elsewhere", bucket.name()));
    one.sync().warns("the folder was last synced with s3://");
    assert_eq!((one.tree(), one.trash()), (before, BTreeMap::new()));
    assert_eq!(bucket.tree().len(), 24, "the old place is left alone");
    assert_eq!(bucket.server().objects(bucket.name()).len(), 2 * 25);
}

#[test]
fn a_link_to_an_empty_folder_is_no_emptied_folder() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = many(&env, &bucket, 24);
    let elsewhere = one.path("").with_file_name("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    // The index goes with the folder.
    one.remove("");
    std::os::unix::fs::symlink(&elsewhere, one.path("")).unwrap();
    one.sync();
    assert_eq!((one.tree(), bucket.tree()), (two.tree(), two.tree()));
    // It stays where it was.
    let state = one.path("").with_file_name("state");
    two.set("state_folder", state.to_str().unwrap());
    two.sync();
    two.remove("f");
    fs::remove_dir_all(two.path(".s4")).unwrap();
    two.sync_with(&[]).with(5).warns("the folder held files and is empty now");
}
