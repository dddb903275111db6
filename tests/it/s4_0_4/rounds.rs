//! S4 0.4 and s4 on one bucket, round after round.

use std::time::SystemTime;

use super::{Fleet, Member, Version, assert_equal_trees};

/// Syncs one machine after the other, twice. Then all is equal, and nothing was left to do.
fn round(members: &[&Member<'_>]) {
    for member in members {
        member.sync();
    }
    let (last, others) = members.split_last().unwrap();
    for member in others {
        member.sync();
    }
    assert_equal_trees(members);
    let with_s4 = others.iter().filter(|member| member.version.get() == Version::New);
    for member in with_s4.chain([last]) {
        assert_eq!(member.sync(), [""; 0]);
    }
}

#[test]
fn s4_0_4_and_s4_pass_each_other_creates_updates_and_deletes() {
    for fleet in Fleet::with_and_without_logs() {
        let (old, new) = (fleet.member(Version::Old), fleet.member(Version::New));
        for key in ["a", "b", "c/d", "c/e f", "\u{e9}"] {
            old.write(&format!("old/{key}"), "1");
            new.write(&format!("new/{key}"), "1");
        }
        round(&[&old, &new]);
        for (member, others) in [(&old, "new"), (&new, "old")] {
            member.write(&format!("{others}/a"), "edited there");
            member.remove(&format!("{others}/c/d"));
            member.write(&format!("{others}/c/d2"), "");
        }
        round(&[&new, &old]);
        for (member, own) in [(&old, "old"), (&new, "new")] {
            member.write(&format!("{own}/a"), "edited here");
            member.write(&format!("{own}/a"), "edited here once more");
            member.write(&format!("{own}/c/d"), "here again");
            member.remove(&format!("{own}/c"));
        }
        round(&[&old, &new]);
        assert_eq!(old.machine.tree().len(), 6);
    }
}

#[test]
fn a_rename_by_s4_is_a_delete_and_a_create_to_s4_0_4() {
    for fleet in Fleet::with_and_without_logs() {
        let (old, new) = (fleet.member(Version::Old), fleet.member(Version::New));
        old.write("a", "some content");
        round(&[&old, &new]);
        new.machine.write("sub/b", "some content");
        new.remove("a");
        new.sync();
        assert_eq!(old.sync(), ["delete a", "transfer sub/b"]);
        round(&[&old, &new]);
    }
}

#[test]
fn a_quick_series_of_edits_by_s4_reaches_s4_0_4() {
    for fleet in Fleet::with_and_without_logs() {
        let (old, new) = (fleet.member(Version::Old), fleet.member(Version::New));
        for content in ["1", "2", "3"] {
            // Within one second, by every clock that S4 0.4 looks at.
            new.machine.write("a", content);
            new.sync();
        }
        assert_eq!(old.sync(), ["transfer a"]);
        for content in ["4", "5"] {
            new.machine.write("a", content);
            new.sync();
        }
        assert_eq!(old.sync(), ["transfer a"]);
        assert_eq!(old.machine.read("a").as_deref(), Some(&b"5"[..]));
        round(&[&old, &new]);
    }
}

#[test]
fn a_second_s4_and_a_second_s4_0_4_may_stay_away_for_some_rounds() {
    for fleet in Fleet::with_and_without_logs() {
        let (old, new) = (fleet.member(Version::Old), fleet.member(Version::New));
        let (away_old, away_new) = (fleet.member(Version::Old), fleet.member(Version::New));
        for key in ["by old", "by new", "deleted by old", "deleted by new", "same"] {
            old.write(key, "1");
        }
        round(&[&old, &new, &away_old, &away_new]);
        for content in ["2", "3"] {
            old.write("by old", content);
            new.write("by new", content);
            old.write(&format!("old-{content}"), content);
            new.write(&format!("new-{content}"), content);
            round(&[&old, &new]);
        }
        old.remove("deleted by old");
        new.remove("deleted by new");
        away_old.write("from away, old", "1");
        away_new.write("from away, new", "1");
        round(&[&old, &new]);
        let missed = [
            "delete deleted by new",
            "delete deleted by old",
            "transfer by new",
            "transfer by old",
            "transfer from away, old",
            "transfer new-2",
            "transfer new-3",
            "transfer old-2",
            "transfer old-3",
        ];
        assert_eq!(away_old.sync(), missed);
        assert_eq!(away_new.sync()[..4], missed[..4]);
        round(&[&old, &new, &away_old, &away_new]);
    }
}

#[test]
fn any_edits_of_one_machine_at_a_time_reach_the_other_without_a_question() {
    for fleet in Fleet::with_and_without_logs() {
        let members = [fleet.member(Version::Old), fleet.member(Version::New)];
        let keys = ["a", "b", "c/d", "c/e", "\u{e9} f"];
        let mut state = 7_u64;
        let mut any = move |below: usize| {
            // Knuth's MMIX generator; its low bits are of no use.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for step in 0..10 {
            let member = &members[step % 2];
            for edit in 0..=any(5) {
                let key = keys[any(keys.len())];
                if member.machine.read(key).is_some() && any(3) == 0 {
                    member.remove(key);
                } else {
                    member.write(key, format!("{step} {edit}"));
                }
            }
            member.sync();
            members[(step + 1) % 2].sync();
            assert_equal_trees(&[&members[0], &members[1]]);
        }
    }
}

#[test]
fn a_file_of_the_first_second_of_1970_comes_and_goes() {
    for fleet in Fleet::with_and_without_logs() {
        let (old, new) = (fleet.member(Version::Old), fleet.member(Version::New));
        for key in ["ancient", "other"] {
            new.write(key, "1");
        }
        let file = std::fs::File::options().write(true).open(new.machine.path("ancient")).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        new.sync();
        assert_eq!(old.sync(), ["transfer ancient", "transfer other"]);
        new.remove("ancient");
        new.sync();
        assert_eq!(old.sync(), ["delete ancient"]);
        assert_equal_trees(&[&old, &new]);
    }
}

#[test]
fn where_s4_0_4_has_been_seen_its_index_does_not_lag_behind() {
    let Some(fleet) = Fleet::with_and_without_logs().last() else { return };
    let (old, new) = (fleet.member(Version::Old), fleet.member(Version::New));
    // Only the log knows of the second one: S4 0.4 takes it for new.
    for key in ["b", "a"] {
        new.write(key, "1");
        new.sync();
    }
    assert!(fleet.bucket.objects().contains_key(".s4/log"));
    assert_eq!(old.sync(), ["transfer a", "transfer b"]);
    // Over a second of the server's clock: S4 0.4 asks about an object that is later than an entry that it does not know either.
    let second = || fleet.bucket.stamps()["a"].rsplit_once(' ').unwrap().1.to_owned();
    let before = second();
    let mut edit = 3;
    while edit < 5 || second() == before {
        new.write("a", edit.to_string());
        new.sync();
        edit += 1;
    }
    assert!(!fleet.bucket.objects().contains_key(".s4/log"));
    assert_eq!(old.sync(), ["transfer a"]);
    round(&[&old, &new]);
}
