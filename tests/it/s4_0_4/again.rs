//! Keys that are made again after they were deleted: what S4 0.4 knows as deleted it takes back only from an index that
//! says so too, and what it knows as there only from one that says "later".

use super::{Fleet, Member, Version, assert_equal_trees};
use crate::support::Bucket;

/// An S4 0.4 and an s4 that both had the key `a` and both know that it is gone.
fn both_know_it_deleted(fleet: &Fleet, deleted_by: Version) -> [Member<'_>; 2] {
    let members = [fleet.member(Version::Old), fleet.member(Version::New)];
    members[0].write("a", "1");
    members[0].write("other", "1");
    members[0].sync();
    members[1].sync();
    let by = members.iter().position(|member| member.version.get() == deleted_by).unwrap();
    for at in [by, 1 - by] {
        if at == by {
            members[at].remove("a");
        }
        assert_eq!(members[at].sync(), ["delete a"]);
    }
    members
}

#[test]
fn either_makes_again_what_either_deleted() {
    for deleted_by in [Version::Old, Version::New] {
        for made_by in [0, 1] {
            let Some(fleet) = Fleet::new(Bucket::seaweed()) else { return };
            let members = both_know_it_deleted(&fleet, deleted_by);
            let (makes, takes) = (&members[made_by], &members[1 - made_by]);
            makes.write("a", "2");
            for member in [makes, takes] {
                assert_eq!(member.sync(), ["transfer a"]);
            }
            assert!(makes.sync().is_empty());
            // And what was made again is a key like any other.
            takes.write("a", "3");
            for member in [takes, makes] {
                assert_eq!(member.sync(), ["transfer a"]);
            }
            makes.remove("a");
            for member in [makes, takes] {
                assert_eq!(member.sync(), ["delete a"]);
            }
            assert_equal_trees(&[makes, takes]);
        }
    }
}

#[test]
fn what_s4_made_again_and_edited_before_s4_0_4_looked_comes_to_it() {
    let Some(fleet) = Fleet::new(Bucket::seaweed()) else { return };
    let [old, new] = both_know_it_deleted(&fleet, Version::New);
    for content in ["2", "3"] {
        new.write("a", content);
        assert_eq!(new.sync(), ["transfer a"]);
    }
    assert_eq!(old.sync(), ["transfer a"]);
    assert_equal_trees(&[&old, &new]);
}

#[test]
fn what_s4_made_again_and_deleted_again_before_s4_0_4_looked_stays_deleted() {
    let Some(fleet) = Fleet::new(Bucket::seaweed()) else { return };
    let [old, new] = both_know_it_deleted(&fleet, Version::Old);
    new.write("a", "2");
    new.sync();
    new.remove("a");
    assert_eq!(new.sync(), ["delete a"]);
    assert_eq!(old.sync(), [""; 0]);
    old.write("a", "3");
    assert_eq!(old.sync(), ["transfer a"]);
    assert_eq!(new.sync(), ["transfer a"]);
    assert_equal_trees(&[&old, &new]);
}

#[test]
fn what_s4_deleted_and_made_again_while_s4_0_4_was_away_comes_to_it_as_an_update() {
    let Some(fleet) = Fleet::new(Bucket::seaweed()) else { return };
    let (old, new) = (fleet.member(Version::Old), fleet.member(Version::New));
    old.write("a", "1");
    old.write("other", "1");
    old.sync();
    new.sync();
    new.remove("a");
    assert_eq!(new.sync(), ["delete a"]);
    new.write("a", "2");
    assert_eq!(new.sync(), ["transfer a"]);
    assert_eq!(old.sync(), ["transfer a"]);
    assert_equal_trees(&[&old, &new]);
    assert!(new.sync().is_empty());
}
