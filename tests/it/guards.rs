//! A sync that looks like an accident is stopped before it does anything.

mod table;

use std::collections::BTreeMap;

use crate::support::{Bucket, Machine, Ran, TestEnv, in_sync, write_index};

fn files(count: usize) -> Vec<(String, String)> {
    (0..count).map(|number| (format!("f/{number:02}"), format!("content of {number}"))).collect()
}

fn many(env: &TestEnv, bucket: &Bucket, count: usize) -> (Machine, Machine) {
    let files = files(count);
    let files: Vec<(&str, &str)> = files.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    in_sync(env, bucket, &files)
}

fn remove(machine: &Machine, keys: std::ops::Range<usize>) {
    for key in keys {
        machine.remove(&format!("f/{key:02}"));
    }
}

/// Syncs, which must be refused with nothing done on either side.
fn refused(machine: &Machine, bucket: &Bucket) -> Ran {
    let sides = || -> [BTreeMap<String, Vec<u8>>; 2] {
        let mut files = machine.everything();
        files.remove(".s4lock");
        [files, bucket.objects()]
    };
    let before = sides();
    let ran = machine.sync_with(&[]).with(5);
    assert_eq!(sides(), before);
    ran.warns("hint: if that is right: s4 sync --force files\n");
    ran
}

#[test]
fn an_emptied_folder_deletes_nothing() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b/c", "2")]);
        one.remove("a");
        one.remove("b");
        let ran = refused(&one, &bucket);
        ran.warns(
            "error: the folder held files and is empty now; this would delete 2 objects in the bucket\nhint: it would delete \"a\", \"b/c\"\n",
        );
        one.sync_with(&["--force"]).with(0);
        assert_eq!(bucket.tree(), BTreeMap::new());
        // On the other machine they are few.
        two.sync();
        assert_eq!(two.tree(), BTreeMap::new());
        two.is_idle();
    }
}

#[test]
fn an_emptied_bucket_empties_a_folder_of_few_and_keeps_it_in_the_trash() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b/c", "2")]);
    let before = one.tree();
    for key in bucket.objects().into_keys() {
        bucket.remove(&key);
    }
    one.sync();
    assert_eq!((one.tree(), one.trash()), (BTreeMap::new(), before));
}

#[test]
fn a_mass_of_deletes_in_the_folder_is_not_carried_to_the_bucket() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, _) = many(&env, &bucket, 24);
        remove(&one, 0..13);
        one.write("new", "not pushed either");
        let ran = refused(&one, &bucket);
        ran.warns("error: this would delete 13 of 24 keys in the bucket\n");
        ran.warns("hint: it would delete \"f/00\", \"f/01\", ");
        ran.warns("\"f/09\", and 3 more\n");
        one.sync_with(&["--force"]).with(0);
        assert_eq!(bucket.tree(), one.tree());
        one.is_idle();
    }
}

#[test]
fn a_mass_of_deletes_in_the_bucket_is_not_carried_to_the_folder() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = many(&env, &bucket, 24);
        remove(&one, 0..13);
        one.sync_with(&["--force"]).with(0);
        let ran = refused(&two, &bucket);
        ran.warns("error: this would delete 13 of 24 keys in the folder\n");
        two.sync_with(&["--force"]).with(0);
        assert_eq!(two.tree(), one.tree());
        two.is_idle();
    }
}

#[test]
fn half_of_the_keys_and_a_few_keys_are_no_mass() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = many(&env, &bucket, 24);
    for range in [0..12, 12..22] {
        remove(&one, range);
        one.sync();
        two.sync();
        assert_eq!((bucket.tree(), two.tree()), (one.tree(), one.tree()));
    }
}

#[test]
fn a_target_can_set_its_own_limit() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = many(&env, &bucket, 24);
    one.set("max_delete", 100);
    remove(&one, 0..23);
    one.sync();
    two.set("max_delete", 10);
    two.sync_with(&[]).with(5);
}

#[test]
fn renames_are_no_deletes() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = many(&env, &bucket, 24);
        std::fs::rename(one.path("f"), one.path("g")).unwrap();
        one.sync();
        two.sync();
        assert_eq!((bucket.tree(), two.tree()), (one.tree(), one.tree()));
    }
}

#[test]
fn a_folder_on_another_device_deletes_nothing() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    one.remove("a");
    let mut index = one.index();
    index[".index"]["device"] = 1.into();
    one.write(".index", write_index(&index));
    let ran = refused(&one, &bucket);
    ran.warns("error: the folder is on another device than at the last sync; this would delete 1 object in");
    // Asking again does not make it right.
    refused(&one, &bucket);
    one.sync_with(&["--force"]).with(0);
    assert_eq!(bucket.tree(), one.tree());
    // The new device is known from now on.
    one.write("c", "3");
    one.sync();
    one.remove("b");
    one.sync();
}

#[test]
fn a_removed_state_of_the_folder_is_a_first_sync_and_no_mass_delete() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = many(&env, &bucket, 24);
    // A drive that is not mounted: the folder is empty, the index gone with it.
    one.remove("");
    std::fs::create_dir(one.path("")).unwrap();
    one.sync();
    assert_eq!((one.tree(), bucket.tree()), (two.tree(), two.tree()));
}
