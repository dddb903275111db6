//! A folder and a bucket of S4 0.4, and then s4.

use s4_test_server::Op;
use serde_json::Value;

use super::{Fleet, Member, Version, assert_equal_trees};
use crate::support::{Bucket, TARGET};

/// Fills two folders with what S4 0.4 can meet, synced by it; some keys were deleted again.
///
/// The files are older than any index of s4, so that it needs to read each only once.
fn synced_by_old(fleet: &Fleet) -> [Member<'_>; 2] {
    let members = [fleet.member(Version::Old), fleet.member(Version::Old)];
    let [one, two] = &members;
    for at in 0..40 {
        one.machine.write(&format!("many/{}/file-{at}.txt", at % 7), format!("content {}", at % 9));
    }
    one.machine.write("empty", "");
    one.machine.write("in parts.bin", (0..9 << 20).map(|at: u32| (at / 1021) as u8).collect::<Vec<_>>());
    for key in ["a space/and ' \" more", "gr\u{fc}n/\u{1F980}/cafe\u{301}", "+%20&?#=;@", "UPPER/.hidden", "a (b) on c"]
    {
        one.machine.write(key, key);
    }
    one.machine.write("deleted/by one", "1");
    one.machine.write("deleted/by two", "2");
    one.sync();
    two.sync();
    one.remove("deleted/by one");
    two.remove("deleted/by two");
    for member in [one, two, one] {
        member.sync();
    }
    assert_eq!(one.machine.tree().len(), 47);
    assert_equal_trees(&[one, two]);
    members
}

#[test]
fn what_s4_0_4_synced_is_taken_over_without_a_transfer_or_a_question() {
    let Some(fleet) = Fleet::new(Bucket::seaweed()) else { return };
    let members = synced_by_old(&fleet);
    let before = fleet.bucket.stamps();
    for member in &members {
        member.version.set(Version::New);
        let outcomes = member.outcomes();
        assert_eq!(outcomes.len(), 47);
        for outcome in outcomes {
            assert_eq!((&outcome["action"], &outcome["result"]), (&"adopt".into(), &"done".into()), "{outcome}");
            assert_eq!(outcome["bytes"], 0, "{outcome}");
        }
    }
    assert_eq!(fleet.bucket.stamps(), before);
    let index = fleet.bucket.objects()[".index"].clone();
    for member in &members {
        assert!(member.outcomes().is_empty());
    }
    assert_eq!(fleet.bucket.objects()[".index"], index);
    assert_eq!(fleet.bucket.stamps(), before);
    assert_equal_trees(&[&members[0], &members[1]]);
}

#[test]
fn taking_over_costs_no_more_requests_than_a_sync_with_nothing_to_do() {
    let Some(fleet) = Fleet::new(Bucket::in_process()) else { return };
    let members = synced_by_old(&fleet);
    for member in &members {
        // What `s4 add` would have found out of this server; else the first sync does.
        let config = std::fs::read_to_string(member.machine.config()).unwrap();
        let mut config: Value = serde_json::from_str(&config).unwrap();
        let kept = ["put", "complete", "copy", "delete", "delete_many", "folder_names", "list_order"];
        config["targets"][TARGET]["conditional_writes"] = kept.map(|name| (name, true)).into_iter().collect();
        let server = format!("s3://{} at {}", fleet.bucket.name(), fleet.bucket.endpoint());
        config["targets"][TARGET]["conditional_writes"]["server"] = server.into();
        std::fs::write(member.machine.config(), config.to_string()).unwrap();
        member.version.set(Version::New);
    }
    let requests = |member: &Member<'_>| {
        let server = fleet.bucket.server();
        server.reset_counts();
        member.sync();
        let counts = server.counts();
        (counts.of(Op::GetObject), counts.of(Op::ListObjectsV2), counts.total(), counts.not_modified)
    };
    for not_modified in [0, 1] {
        for member in &members {
            assert_eq!(requests(member), (1, 1, 2, not_modified));
        }
    }
}

#[test]
fn what_changed_after_the_last_sync_of_s4_0_4_is_carried() {
    let Some(fleet) = Fleet::new(Bucket::seaweed()) else { return };
    let [one, two] = synced_by_old(&fleet);
    one.write("empty", "no more");
    one.write("new/here", "here");
    one.remove("+%20&?#=;@");
    two.write("UPPER/.hidden", "two's");
    two.write("new/there", "there");
    two.remove("a space/and ' \" more");
    two.sync();
    one.version.set(Version::New);
    assert_eq!(
        one.sync(),
        [
            "delete +%20&?#=;@",
            "delete a space/and ' \" more",
            "transfer UPPER/.hidden",
            "transfer empty",
            "transfer new/here",
            "transfer new/there"
        ]
    );
    assert_eq!(two.sync(), ["delete +%20&?#=;@", "transfer empty", "transfer new/here"]);
    assert_eq!(one.machine.read("UPPER/.hidden").as_deref(), Some(&b"two's"[..]));
    assert_equal_trees(&[&one, &two]);
    assert!(one.sync().is_empty());
}
