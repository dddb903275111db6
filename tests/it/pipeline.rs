//! The pipe of plumbing commands and `s4 sync --conflicts ignore` come to the same: folder, bucket, both indexes, exit code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Map, Value};

use crate::support::{Bucket, Machine, Record, TARGET, TestEnv, changes, in_sync, read_index, records};

/// What there is to sync.
struct Scenario {
    name: &'static str,
    /// Prepares two machines, and returns the one that syncs.
    prepare: fn(&TestEnv, &Bucket) -> Machine,
}

const START: [(&str, &str); 6] =
    [("a", "1"), ("b", "22"), ("c/d", "333"), ("c/e", "4444"), ("odd %41+\u{e9} name", "5"), ("z", "666666")];

/// Two machines in sync, of which the first changes nothing of its own.
fn pair(env: &TestEnv, bucket: &Bucket) -> (Machine, Machine) {
    in_sync(env, bucket, &START)
}

const SCENARIOS: &[Scenario] = &[
    Scenario { name: "nothing at all", prepare: |env, bucket| env.machine(bucket) },
    Scenario {
        name: "a first upload",
        prepare: |env, bucket| {
            let one = env.machine(bucket);
            START.iter().for_each(|(key, text)| one.write(key, text));
            one.write("empty", "");
            one.write("big", vec![7; 17 << 20]);
            one
        },
    },
    Scenario {
        name: "a first download",
        prepare: |env, bucket| {
            pair(env, bucket);
            env.machine(bucket)
        },
    },
    Scenario {
        name: "both sides have files, some equal, some not",
        prepare: |env, bucket| {
            pair(env, bucket);
            let three = env.machine(bucket);
            three.write("a", "1");
            three.write("b", "other");
            three.write("mine", "mine");
            three
        },
    },
    Scenario { name: "nothing to do", prepare: |env, bucket| pair(env, bucket).0 },
    Scenario {
        name: "edits, creations and deletions here",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            one.write("a", "longer");
            one.write("new/file", "new");
            one.remove("b");
            one
        },
    },
    Scenario {
        name: "edits, creations and deletions there",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            two.write("a", "longer");
            two.write("new/file", "new");
            two.remove("b");
            two.sync();
            one
        },
    },
    Scenario {
        name: "edits of equal size within the second",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            one.write("a", "9");
            one
        },
    },
    Scenario {
        name: "a touch",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            one.set_mtime("a", 1_000_000_000_123_456_789);
            one
        },
    },
    Scenario {
        name: "everything at once, and conflicts of every kind",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            two.write("a", "theirs");
            two.write("c/d", "edited there");
            two.remove("c/e");
            two.write("both new", "theirs");
            two.write("same new", "the same");
            two.write("there", "there");
            two.sync();
            one.write("a", "mine");
            one.remove("c/d");
            one.write("c/e", "edited here");
            one.write("both new", "mine too");
            one.write("same new", "the same");
            one.write("here", "here");
            one
        },
    },
    Scenario {
        name: "deleted on both sides",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            two.remove("a");
            two.sync();
            one.remove("a");
            one
        },
    },
    Scenario {
        name: "renames here",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            fs::rename(one.path("c"), one.path("moved")).unwrap();
            fs::rename(one.path("z"), one.path("zz")).unwrap();
            one
        },
    },
    Scenario {
        name: "renames there",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            fs::rename(two.path("c"), two.path("moved")).unwrap();
            fs::rename(two.path("z"), two.path("zz")).unwrap();
            two.sync();
            one
        },
    },
    Scenario {
        name: "a file that becomes a folder there, and the reverse",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            two.remove("a");
            two.write("a/below", "in a folder now");
            two.remove("c");
            two.write("c", "a file now");
            two.sync();
            one
        },
    },
    Scenario {
        name: "a file that becomes a folder here, and the reverse",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            one.remove("a");
            one.write("a/below", "in a folder now");
            one.remove("c");
            one.write("c", "a file now");
            one
        },
    },
    Scenario {
        name: "new rules here",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            one.write(".syncignore", "c/\n*.tmp\n");
            one.write("x.tmp", "ignored");
            one.write("y", "not ignored");
            one
        },
    },
    Scenario {
        name: "new rules there",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            two.write(".syncignore", "c/\n*.tmp\n");
            two.sync();
            one.write("x.tmp", "ignored");
            one.write("y", "not ignored");
            one
        },
    },
    Scenario {
        name: "rules that both sides changed",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            two.write(".syncignore", "*.tmp\n");
            two.sync();
            one.write(".syncignore", "c/\n");
            one
        },
    },
    Scenario {
        name: "hostile names and an ignored object in the bucket",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            one.write(".syncignore", "*.tmp\n");
            one.sync();
            // SeaweedFS would not have such a name.
            let hostile = bucket.server_if_any().map(|_| "../up");
            for name in ["x.tmp", "good", "folder/"].into_iter().chain(hostile) {
                bucket.put(name, "foreign");
            }
            one
        },
    },
    Scenario {
        name: "a lost local index",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            two.write("b", "newer there");
            two.sync();
            one.remove(".index");
            one
        },
    },
    Scenario {
        name: "a damaged local index",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            one.write(".index", "{");
            one
        },
    },
    Scenario {
        name: "a lost remote index",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            bucket.remove(".index");
            one
        },
    },
    Scenario {
        name: "a damaged remote index",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            bucket.put(".index", "what?");
            one
        },
    },
    Scenario {
        name: "an emptied folder",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            START.iter().for_each(|(key, _)| one.remove(key));
            one
        },
    },
    Scenario {
        name: "a mass of deletions there",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            (0..12).for_each(|number| two.write(&format!("many/{number}"), "x"));
            two.sync();
            one.sync();
            two.remove("many");
            two.sync_with(&["--force"]).with(0);
            one.write("y", "must wait");
            one
        },
    },
    Scenario {
        name: "objects of other tools",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            bucket.put("a", "put by another tool");
            bucket.put("new by another", "put by another tool");
            bucket.remove("b");
            one
        },
    },
    Scenario {
        name: "a symbolic link in a key's place",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            two.write("a", "newer");
            two.sync();
            one.remove("a");
            std::os::unix::fs::symlink("b", one.path("a")).unwrap();
            one
        },
    },
    Scenario {
        name: "modes",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            two.write("run", "#!/bin/sh");
            two.set_mode("run", 0o755);
            two.sync();
            one.write("mine", "#!/bin/sh");
            one.set_mode("mine", 0o700);
            one
        },
    },
    Scenario {
        name: "a state folder",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            two.write("a", "newer");
            two.sync();
            one.set("state_folder", one.path("../state").to_str().unwrap());
            one.write("b", "mine, newer");
            one
        },
    },
    Scenario {
        name: "a target whose ignored keys stay in the bucket",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            one.set("on_ignore", "keep");
            one.write(".syncignore", "c/\n");
            one
        },
    },
    Scenario {
        name: "a key made again after it was deleted",
        prepare: |env, bucket| {
            let (one, two) = pair(env, bucket);
            two.remove("a");
            two.sync();
            one.sync();
            one.write("a", "born again");
            one
        },
    },
    Scenario {
        name: "an index of another place",
        prepare: |env, bucket| {
            let (one, _) = pair(env, bucket);
            one.set("s3_uri", format!("s3://{}/elsewhere", bucket.name()));
            one
        },
    },
];

/// Fields of an index that differ between two runs of one scenario: times, inodes, versions.
const VARIES: [&str; 9] = [
    "local_timestamp",
    "remote_timestamp",
    "mtime_ns",
    "ctime_ns",
    "inode",
    "deleted_at",
    "version_id",
    "device",
    "place",
];

/// What an index says, an entry a line, without what varies but with whether it is there.
fn entries(index: &Map<String, Value>) -> impl Iterator<Item = (String, String)> + '_ {
    index.iter().map(|(key, entry)| {
        let mut entry = entry.as_object().unwrap().clone();
        for (field, value) in &mut entry {
            if VARIES.contains(&field.as_str()) && !value.is_null() {
                *value = Value::from("some");
            }
        }
        (key.clone(), Value::from(entry).to_string())
    })
}

/// Everything that must be the same, a fact a line.
fn world(machine: &Machine, bucket: &Bucket, code: i32) -> BTreeSet<String> {
    let mut facts = BTreeSet::from([format!("exit code {code}")]);
    let mut contents = |what: &str, files: &BTreeMap<String, Vec<u8>>| {
        facts.extend(files.iter().map(|(key, bytes)| {
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]);
            format!("{what} {key:?}: {} bytes {shown:?}", bytes.len())
        }));
    };
    let mut objects = bucket.objects();
    let remote = objects.remove(".index");
    contents("file", &machine.tree());
    contents("trash", &machine.trash());
    contents("object", &objects);
    facts.extend(machine.tree().keys().map(|key| format!("mode {key:?} {:o}", machine.mode(key))));
    facts.extend(machine.folders().iter().map(|folder| format!("folder {folder:?}")));
    let local = ["../state/.index", ".index"].iter().find_map(|path| machine.read(path));
    for (what, bytes) in [("local", local), ("remote", remote)] {
        let index = bytes.map(|bytes| read_index(&bytes)).unwrap_or_default();
        facts.extend(entries(&index).map(|(key, entry)| format!("{what} index {key:?}: {entry}")));
    }
    facts
}

/// What the records say was done. A key that is pulled before all others, the ignore rules, is looked at again.
fn done(out: &str) -> impl Iterator<Item = String> {
    let mut done: BTreeMap<String, String> = BTreeMap::new();
    for record in records(out) {
        if let Record::Outcome(outcome) = record
            && outcome.result == "done"
        {
            let first = format!("outcome {:?}: {}, {} bytes", outcome.key, outcome.action, outcome.bytes);
            done.entry(outcome.key).or_insert(first);
        }
    }
    done.into_values()
}

fn compare(new: fn() -> Option<Bucket>) {
    for scenario in SCENARIOS {
        let worlds = [false, true].map(|by_pipe| {
            let (env, bucket) = (TestEnv::new(), new()?);
            let machine = (scenario.prepare)(&env, &bucket);
            let ran = if by_pipe {
                machine.sync_by_pipe().last
            } else {
                machine.sync_with(&["--json", "--conflicts", "ignore"])
            };
            let mut world = world(&machine, &bucket, ran.code);
            world.extend(done(&ran.out));
            let (code, told) = (ran.code, format!("{ran:?}"));
            if code == 0 {
                let again = machine.sync_with(&["--conflicts", "ignore"]).with(0);
                assert!(again.closing().starts_with("Nothing to update"), "{}: {again:?}", scenario.name);
            }
            Some((world, told))
        });
        let [Some((sync, sync_told)), Some((pipe, pipe_told))] = worlds else { return };
        let only = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect::<Vec<_>>().join("\n");
        let (in_sync, in_pipe) = (only(&sync, &pipe), only(&pipe, &sync));
        assert!(
            sync == pipe,
            "{}\nonly after sync:\n{in_sync}\nonly after the pipe:\n{in_pipe}\n{sync_told}\n{pipe_told}",
            scenario.name
        );
    }
}

#[test]
fn the_pipe_equals_a_sync_in_every_scenario() {
    compare(|| Some(Bucket::in_process()));
}

#[test]
fn the_pipe_equals_a_sync_in_every_scenario_on_seaweedfs() {
    compare(Bucket::seaweed);
}

#[test]
fn a_dry_run_in_records_is_what_diff_index_prints_and_given_sides_are_as_good_as_looking() {
    for scenario in SCENARIOS {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let machine = (scenario.prepare)(&env, &bucket);
        let before = machine.everything();
        let diff = machine.run(["diff-index", TARGET]);
        let dry = machine.run(["sync", "--dry-run", "--json", TARGET]);
        assert_eq!((diff.code, &diff.out), (dry.code, &dry.out), "{}", scenario.name);
        assert_eq!(machine.everything(), before, "{}: something was written", scenario.name);
        let [scan, objects] = ["scan", "list-objects"].map(|command| {
            let records = machine.run([command, TARGET]).with(0).out;
            let name = format!("../{command}.jsonl");
            machine.write(&name, records);
            machine.path(&name)
        });
        let sides = ["--local", scan.to_str().unwrap(), "--remote", objects.to_str().unwrap()];
        let given = machine.run(["diff-index", TARGET].iter().chain(&sides));
        assert_eq!((given.code, changes(&given.out)), (diff.code, changes(&diff.out)), "{}", scenario.name);
    }
}
