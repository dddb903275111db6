//! Renames and copies save a transfer, and only where the content is certain: nobody's edit travels under another name.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, UNIX_EPOCH};

use s4_test_server::Op;

use crate::support::{Bucket, Machine, TestEnv, in_sync, tree};

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

/// What a sync asked of the server by operation, and the bytes of all bodies each way; it looks and writes the index besides.
fn moves(bucket: &Bucket, machine: &Machine) -> (BTreeMap<Op, u64>, u64, u64) {
    bucket.server().reset_counts();
    machine.sync();
    let counts = bucket.server().counts();
    (counts.operations, counts.bytes_in, counts.bytes_out)
}

/// Contents that are no worse to compress than to tell apart.
fn large(number: usize) -> Vec<u8> {
    let line = format!("line of content {number}\n");
    line.bytes().cycle().take(LARGE).collect()
}

/// Bytes of a large content. All that a sync says besides is less.
const LARGE: usize = 256 << 10;

/// A bucket with a folder of large files, and two machines that have it.
fn folders(env: &TestEnv) -> (Bucket, Machine, Machine) {
    let bucket = Bucket::in_process();
    let (one, two) = (env.machine(&bucket), env.machine(&bucket));
    (0..6).for_each(|number| one.write(&format!("deep/folder/{number}"), large(number)));
    one.sync();
    two.sync();
    (bucket, one, two)
}

#[test]
fn a_renamed_folder_with_an_edited_file_moves_that_file_alone() {
    let env = TestEnv::new();
    let (bucket, one, two) = folders(&env);
    fs::rename(one.path("deep"), one.path("moved")).unwrap();
    one.write("moved/folder/3", large(33));
    let (made, up, _) = moves(&bucket, &one);
    let expected = [
        (Op::CopyObject, 5),
        (Op::DeleteObjects, 1),
        (Op::GetObject, 1),
        (Op::HeadObject, 6),
        (Op::ListObjectsV2, 1),
        (Op::PutObject, 2),
    ];
    assert_eq!(made, expected.into());
    assert!((LARGE as u64..2 * LARGE as u64).contains(&up), "{up} bytes up");
    let (made, _, down) = moves(&bucket, &two);
    assert_eq!(made, [(Op::GetObject, 2), (Op::ListObjectsV2, 1)].into());
    assert!((LARGE as u64..2 * LARGE as u64).contains(&down), "{down} bytes down");
    assert_eq!((two.tree(), bucket.tree()), (one.tree(), one.tree()));
    for machine in [&one, &two] {
        machine.is_idle();
    }
}

#[test]
fn a_file_renamed_beside_an_edited_one_is_one_copy_and_one_delete() {
    let env = TestEnv::new();
    let (bucket, one, two) = folders(&env);
    fs::rename(one.path("deep/folder/1"), one.path("deep/folder/one")).unwrap();
    one.write("deep/folder/2", "a small edit");
    let (made, up, _) = moves(&bucket, &one);
    let of = |op| made.get(&op).copied().unwrap_or_default();
    assert_eq!((of(Op::CopyObject), of(Op::DeleteObject) + of(Op::DeleteObjects), of(Op::PutObject)), (1, 1, 2));
    assert!(up < LARGE as u64, "{up} bytes up");
    let (made, _, down) = moves(&bucket, &two);
    assert_eq!(made, [(Op::GetObject, 2), (Op::ListObjectsV2, 1)].into());
    assert!(down < LARGE as u64, "{down} bytes down");
    assert_eq!((two.tree(), bucket.tree()), (one.tree(), one.tree()));
}

#[test]
fn a_copied_folder_is_copied_in_the_bucket() {
    let env = TestEnv::new();
    let (bucket, one, two) = folders(&env);
    (0..6).for_each(|number| one.write(&format!("copy/{number}"), large(number)));
    // What is there already, under a name that is there already.
    one.write("deep/folder/5", large(4));
    let ran = one.sync_with(&["--dry-run"]).with(0);
    let (uri, _) = one.places(&bucket);
    ran.says(&format!("Copying deep/folder/0 => copy/0 on {uri}"));
    assert!(ran.closing().contains(" 6 COPY"), "{}", ran.closing());
    let (made, up, _) = moves(&bucket, &one);
    // The content of the file that is replaced is nowhere any more when its turn comes.
    assert_eq!((made[&Op::CopyObject], made[&Op::PutObject]), (6, 2), "{made:?}");
    assert!((LARGE as u64..2 * LARGE as u64).contains(&up), "{up} bytes up");
    let (_, folder) = two.places(&bucket);
    two.sync_with(&["--dry-run"]).with(0).says(&format!("Copying deep/folder/0 => copy/0 on {folder}"));
    let (made, _, down) = moves(&bucket, &two);
    assert_eq!(made, [(Op::GetObject, 2), (Op::ListObjectsV2, 1)].into());
    assert!((LARGE as u64..2 * LARGE as u64).contains(&down), "{down} bytes down");
    assert_eq!((two.tree(), bucket.tree()), (one.tree(), one.tree()));
    one.is_idle();
    two.is_idle();
}

#[test]
fn a_small_copy_is_uploaded() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "some few bytes")]);
    one.write("b", "some few bytes");
    let (made, ..) = moves(&bucket, &one);
    assert_eq!((made.get(&Op::CopyObject), made[&Op::PutObject]), (None, 2));
}

#[test]
fn a_copy_has_its_own_time_mode_and_type() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = (env.machine(&bucket), env.machine(&bucket));
        one.write("notes.txt", large(1));
        one.write("move.txt", large(2));
        one.sync();
        two.sync();
        one.write("page.html", large(1));
        fs::rename(one.path("move.txt"), one.path("moved.html")).unwrap();
        for (key, mode, seconds) in [("page.html", 0o640, 1_000_000_000), ("moved.html", 0o600, 1_100_000_000)] {
            fs::set_permissions(one.path(key), fs::Permissions::from_mode(mode)).unwrap();
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            File::options().write(true).open(one.path(key)).unwrap().set_modified(time).unwrap();
        }
        one.sync();
        // It knows neither content, and goes by what the objects say.
        let fresh = env.machine(&bucket);
        fresh.sync();
        // It copies what it has.
        two.sync();
        for key in ["page.html", "moved.html", "notes.txt"] {
            let of = |machine: &Machine| {
                let found = fs::metadata(machine.path(key)).unwrap();
                (found.modified().unwrap(), found.permissions().mode())
            };
            assert_eq!([of(&fresh), of(&two)], [of(&one); 2], "{key}");
        }
        assert_eq!((two.tree(), fresh.tree()), (one.tree(), one.tree()));
        let Some(server) = bucket.server_if_any() else { continue };
        for key in ["page.html", "moved.html"] {
            let object = server.object(bucket.name(), &format!("some/prefix/{key}")).unwrap();
            assert_eq!(object.content_type.as_deref(), Some("text/html"), "{key}");
        }
    }
}

#[test]
fn a_copy_whose_source_is_replaced_meanwhile_is_uploaded() {
    let env = TestEnv::new();
    let (bucket, one, two) = folders(&env);
    one.write("copy", large(0));
    let there = bucket.server().control();
    let then = move || drop(there.put_foreign("bucket", "some/prefix/deep/folder/0", "another content"));
    bucket.meanwhile((Op::CopyObject, "copy"), then, || one.sync());
    assert_eq!(bucket.tree()["copy"], large(0));
    one.sync();
    two.sync();
    assert_eq!((two.tree(), bucket.tree()), (one.tree(), one.tree()));
    assert_eq!(one.read("deep/folder/0").unwrap(), b"another content");
}

#[test]
fn a_file_that_changed_is_no_source_of_a_pull() {
    let env = TestEnv::new();
    let (bucket, one, two) = folders(&env);
    one.write("copy", large(0));
    one.sync();
    // Of the same size and time.
    let path = two.path("deep/folder/0");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, large(7)).unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    two.sync();
    assert_eq!((two.read("copy").unwrap(), two.read("deep/folder/0").unwrap()), (large(0), large(7)));
    one.sync();
    assert_eq!((one.tree(), bucket.tree()), (two.tree(), two.tree()));
}
