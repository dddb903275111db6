//! What a sync replaces or deletes in the folder stays in the trash for a while.

use std::collections::BTreeMap;

use crate::support::{Bucket, TestEnv, in_sync, tree};

#[test]
fn replaced_and_deleted_files_are_in_the_trash() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "old a"), ("b/c", "old c"), ("calm", "")]);
        one.write("a", "new a");
        one.remove("b");
        one.sync();
        assert_eq!(one.trash(), BTreeMap::new(), "what a person did is not kept");
        two.sync();
        assert_eq!(two.trash(), tree(&[("a", "old a"), ("b/c", "old c")]));
        assert_eq!(two.tree(), tree(&[("a", "new a"), ("calm", "")]));
        // Another sync with nothing to do empties nothing, and nothing of it travels.
        two.is_idle();
        assert_eq!((two.trash().len(), bucket.tree().len()), (2, 2));
    }
}

#[test]
fn the_version_that_loses_a_conflict_is_in_the_trash() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "base"), ("calm", "")]);
    one.write("a", "theirs");
    one.sync();
    two.write("a", "mine");
    two.sync_with(&["--conflicts", "remote"]).with(0);
    assert_eq!(two.trash(), tree(&[("a", "mine")]));
}

#[test]
fn a_renamed_file_is_not_in_the_trash() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("calm", "")]);
    std::fs::rename(one.path("a"), one.path("b")).unwrap();
    one.sync();
    two.sync();
    assert_eq!((two.trash(), two.tree()), (BTreeMap::new(), one.tree()));
}

#[test]
fn trash_days_0_empties_the_trash_at_once() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "old"), ("b/c", "old"), ("calm", "")]);
    one.write("a", "new");
    one.sync();
    two.sync();
    assert_eq!(two.trash().len(), 1);
    two.set("trash_days", 0);
    one.remove("b");
    one.sync();
    two.sync();
    assert_eq!((two.trash(), two.tree()), (BTreeMap::new(), one.tree()));
}
