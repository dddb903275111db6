//! Going back: S4 0.4 in a folder that s4 used.

use super::{Fleet, Version, assert_equal_trees};
use crate::support::Bucket;

/// S4 0.4 knows nothing of s4's private folder and takes what is in it for files, unless this stands in `.syncignore`.
const LEAVE_OURS: &str = ".s4\n";

#[test]
fn s4_0_4_goes_on_where_s4_left_off() {
    let Some(fleet) = Fleet::new(Bucket::seaweed()) else { return };
    let (one, two) = (fleet.member(Version::New), fleet.member(Version::New));
    one.write(".syncignore", LEAVE_OURS);
    one.write("big.bin", vec![7; 17 << 20]);
    for key in ["a", "b/c", "deleted", "made again", "both", "\u{e9} d", "empty"] {
        one.write(key, if key == "empty" { "" } else { key });
    }
    two.write("both", "both");
    one.sync();
    two.sync();
    two.remove("deleted");
    two.remove("made again");
    two.write("a", "edited");
    two.machine.write("c/moved", "b/c");
    two.remove("b");
    two.sync();
    one.sync();
    one.write("made again", "2");
    one.sync();
    two.sync();
    let before = fleet.bucket.stamps();
    for member in [&one, &two] {
        member.version.set(Version::Old);
        assert_eq!(member.sync(), [""; 0]);
    }
    assert_eq!(fleet.bucket.stamps(), before);
    // And it works on: updates, deletes and new keys.
    one.write("a", "edited by S4 0.4");
    one.remove("c/moved");
    one.write("new", "new");
    one.sync();
    assert_eq!(two.sync(), ["delete c/moved", "transfer a", "transfer new"]);
    assert_equal_trees(&[&one, &two]);
    // And forth again.
    for member in [&one, &two] {
        member.version.set(Version::New);
        assert_eq!(member.sync(), [""; 0]);
    }
}

#[test]
fn s4_0_4_lists_the_keys_of_an_index_that_s4_wrote() {
    let Some(fleet) = Fleet::new(Bucket::seaweed()) else { return };
    let one = fleet.member(Version::New);
    one.write("a", "1");
    one.write("gone", "1");
    one.sync();
    one.remove("gone");
    one.sync();
    let listed = one.machine.python_s4(["ls", "--all", "files"]).unwrap().assert().success();
    let listed = String::from_utf8(listed.get_output().stdout.clone()).unwrap();
    let keys: Vec<_> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(keys.contains(&"a") && keys.contains(&"gone"), "{listed}");
}

#[test]
fn what_s4_0_4_uploads_of_s4s_own_folder_is_never_brought_to_a_folder_by_s4() {
    let Some(fleet) = Fleet::new(Bucket::seaweed()) else { return };
    let (one, two) = (fleet.member(Version::New), fleet.member(Version::New));
    one.write("a", "1");
    one.write("b", "1");
    one.sync();
    one.remove("b");
    one.sync();
    one.version.set(Version::Old);
    let uploaded = one.sync();
    assert!(!uploaded.is_empty());
    assert!(uploaded.iter().all(|done| done.starts_with("transfer .s4/")), "{uploaded:?}");
    two.sync();
    assert_equal_trees(&[&one, &two]);
    one.version.set(Version::New);
    for member in [&one, &two, &one] {
        assert_eq!(member.sync(), [""; 0]);
    }
}
