//! Every combination of odd components, at every place in a key.

use std::collections::BTreeSet;
use std::path::Path;

use super::{outside, put};
use crate::support::{Bucket, TestEnv};

/// Components that no folder can hold, s4's own names, and some that are odd and fine.
fn components() -> Vec<String> {
    let odd =
        ["", ".", "..", ".s4", ".S4", ".index", ".INDEX", ".s4lock", "...", " ", "-f", "\\..", "é", "e\u{301}", "~"];
    let long = ["x".repeat(255), "x".repeat(256)];
    odd.into_iter().map(str::to_owned).chain(long).collect()
}

/// What is to become of a key, said in another way than s4 says it.
#[derive(Debug, PartialEq)]
enum Fate {
    Carried,
    PassedBy,
    Reported,
}

fn fate(key: &str) -> Fate {
    let parts: Vec<&str> = key.split('/').collect();
    let own = [".s4", ".index", ".s4lock"].iter().any(|own| parts[0].to_lowercase() == *own);
    if own || key.ends_with('/') || key.is_empty() {
        return Fate::PassedBy;
    }
    let fits = |part: &&str| !["", ".", ".."].contains(part) && part.len() <= 255;
    if parts.iter().all(fits) && key.len() <= 1024 { Fate::Carried } else { Fate::Reported }
}

#[test]
fn all_combinations_of_odd_components_are_carried_or_reported_and_never_lead_out() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    let components = components();
    let mut keys: BTreeSet<String> = BTreeSet::new();
    for first in &components {
        for second in &components {
            keys.insert(format!("1/{first}/2/{second}/leaf"));
            keys.insert(format!("{first}/{second}/pair"));
            keys.insert(format!("{first}/3/{second}"));
            for third in components.iter().take(6) {
                keys.insert(format!("{first}/{third}/{second}/triple"));
            }
        }
    }
    // Nothing stands where another key needs a folder.
    keys.retain(|key| key.len() + "some/prefix/".len() <= 1024);
    keys.iter().for_each(|key| put(&bucket, key));
    let before = outside(&one);
    let ran = one.sync_with(&[]).with(0);
    let carried: Vec<&String> = keys.iter().filter(|key| fate(key) == Fate::Carried).collect();
    assert!(carried.len() > 100, "{}", carried.len());
    assert_eq!(one.tree().keys().collect::<Vec<_>>(), carried);
    assert!(one.tree().iter().all(|(key, bytes)| *bytes == format!("content of {key:?}").into_bytes()));
    let reported = keys.iter().filter(|key| fate(key) == Fate::Reported).count();
    assert_eq!(ran.err.matches("warning: left alone: ").count(), reported);
    assert_eq!(outside(&one), before);
    one.sync_with(&[]).with(0);
    assert_eq!(
        bucket.server().objects(bucket.name()).len(),
        keys.len() + 1,
        "nothing was deleted or added but the index"
    );
}

#[test]
fn the_longest_and_the_deepest_keys_arrive_and_go() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = (env.machine(&bucket), env.machine(&bucket));
    let room = 1024 - "some/prefix/".len();
    let deep = "d/".repeat(room / 2 - 1) + "d";
    let long = format!("{0}/{0}/{0}/{1}", "y".repeat(255), "z".repeat(room - 3 * 256));
    assert!(deep.len() > 1000 && long.len() == room);
    for key in [&deep, &long] {
        put(&bucket, key);
    }
    one.sync();
    assert_eq!(one.tree().keys().collect::<Vec<_>>(), [&deep, &long]);
    one.write(&deep, "edited");
    one.sync();
    two.sync();
    assert_eq!(two.read(&deep).as_deref(), Some(&b"edited"[..]));
    two.remove("d");
    two.sync();
    one.sync();
    assert_eq!((one.tree().len(), one.folders().len()), (1, 3));
    assert_eq!(one.trash().into_keys().collect::<Vec<_>>(), [deep]);
    assert!(Path::new(&one.path(&long)).is_file());
}

#[test]
fn files_and_folders_of_one_name_are_told_and_harm_nothing() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    for key in ["a", "a/b", "a/b/c", "a-b", "a/b-c", "A", "A/b"] {
        put(&bucket, key);
    }
    let before = bucket.objects();
    let ran = one.sync_with(&[]);
    assert!(matches!(ran.code, 0 | 3 | 4), "{ran:?}");
    assert!(one.tree().contains_key("a-b"));
    assert!(one.tree().iter().all(|(key, bytes)| before.get(key) == Some(bytes)));
    // Whatever came of it, nothing goes: neither now nor later.
    one.sync_with(&[]);
    let mut after = bucket.objects();
    after.remove(".index");
    assert_eq!(after, before);
}
