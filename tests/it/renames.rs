//! Renames save a transfer only where the content is certain: nobody's edit travels under another name.

use std::fs;

use crate::support::{Bucket, TestEnv, in_sync, tree};

#[test]
fn an_edited_file_is_never_the_source_of_a_rename() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("f", "the content that was renamed")]);
    fs::rename(one.path("f"), one.path("g")).unwrap();
    one.sync();
    two.write("f", "an edit, of another size and all");
    two.sync_with(&["--conflicts", "remote"]).with(0);
    let renamed = tree(&[("g", "the content that was renamed")]);
    assert_eq!(two.tree(), renamed);
    two.sync();
    one.sync();
    assert_eq!((one.tree(), two.tree(), bucket.tree()), (renamed.clone(), renamed.clone(), renamed));
}

#[test]
fn an_edited_object_is_never_the_source_of_a_copy() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("d/x", "xxxxxxxx"), ("d/y", "yyyyyyyy")]);
    two.write("d/x", "edited there");
    two.sync();
    fs::rename(one.path("d"), one.path("e")).unwrap();
    one.sync_with(&["--conflicts", "local"]).with(0);
    let renamed = tree(&[("e/x", "xxxxxxxx"), ("e/y", "yyyyyyyy")]);
    assert_eq!((one.tree(), bucket.tree()), (renamed.clone(), renamed));
}
