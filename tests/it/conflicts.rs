//! Keys that changed on both sides: what each answer makes of them.

use std::collections::BTreeMap;

use s4_test_server::Op;

use crate::support::{Bucket, Machine, Ran, TARGET, Terminal, TestEnv, in_sync, tree};

/// 2001, 2017 and 2033, in nanoseconds.
const OLDER: i64 = 1_000_000_000_000_000_000;
const OLD: i64 = 1_500_000_000_000_000_000;
const NEW: i64 = 2_000_000_000_000_000_000;

/// Two machines and one conflict of each kind, of which the first machine has synced its side: on the other one it is
/// still to be answered.
fn setting(env: &TestEnv, bucket: &Bucket) -> (Machine, Machine) {
    let files = [("edit-edit.txt", "base"), ("edit-delete", "base"), ("delete-edit", "base"), ("calm", "calm")];
    let (theirs, mine) = in_sync(env, bucket, &files);
    theirs.write("edit-edit.txt", "theirs");
    theirs.set_mtime("edit-edit.txt", OLD);
    theirs.remove("edit-delete");
    theirs.write("delete-edit", "theirs");
    theirs.write("create-create", "theirs");
    theirs.set_mtime("create-create", OLD);
    theirs.write("equal", "equal");
    theirs.sync();
    mine.write("edit-edit.txt", "mine!!");
    mine.set_mtime("edit-edit.txt", NEW);
    mine.write("edit-delete", "mine");
    mine.remove("delete-edit");
    mine.write("create-create", "mine");
    mine.set_mtime("create-create", OLDER);
    mine.write("equal", "equal");
    (theirs, mine)
}

/// A tree without the names of conflict copies, which say when and where; and those names.
fn without_stamps(mut files: BTreeMap<String, Vec<u8>>) -> (BTreeMap<String, Vec<u8>>, Vec<String>) {
    let copies: Vec<String> = files.keys().filter(|key| key.contains(".conflict-")).cloned().collect();
    for copy in &copies {
        let bytes = files.remove(copy).unwrap();
        let (name, _) = copy.split_once(".conflict-").unwrap();
        files.insert(format!("copy of {name}"), bytes);
    }
    (files, copies)
}

/// Everything agrees, and stays so.
fn settled(theirs: &Machine, mine: &Machine, bucket: &Bucket) {
    theirs.sync();
    assert_eq!((theirs.tree(), bucket.tree()), (mine.tree(), mine.tree()));
    mine.is_idle();
    theirs.is_idle();
}

const CALM: [(&str, &str); 2] = [("calm", "calm"), ("equal", "equal")];

#[test]
fn each_choice_answers_each_kind_of_conflict() {
    let local: &[_] = &[("edit-edit.txt", "mine!!"), ("edit-delete", "mine"), ("create-create", "mine")];
    let remote: &[_] = &[("edit-edit.txt", "theirs"), ("delete-edit", "theirs"), ("create-create", "theirs")];
    let newest: &[_] =
        &[("edit-edit.txt", "mine!!"), ("edit-delete", "mine"), ("delete-edit", "theirs"), ("create-create", "theirs")];
    let both: &[_] = &[
        ("edit-edit.txt", "theirs"),
        ("copy of edit-edit", "mine!!"),
        ("edit-delete", "mine"),
        ("delete-edit", "theirs"),
        ("create-create", "theirs"),
        ("copy of create-create", "mine"),
    ];
    let choices =
        [("1", local), ("local", local), ("2", remote), ("remote", remote), ("newest", newest), ("keep-both", both)];
    for bucket_of in [0, 1] {
        for (choice, expected) in choices {
            let Some(bucket) = Bucket::each().nth(bucket_of) else { return };
            let env = TestEnv::new();
            let (theirs, mine) = setting(&env, &bucket);
            mine.sync_with(&["--conflicts", choice]).with(0);
            let (files, copies) = without_stamps(mine.tree());
            assert_eq!(files, tree(&[&CALM[..], expected].concat()), "--conflicts {choice}");
            for copy in copies {
                let (_, stamp) = copy.split_once(".conflict-").unwrap();
                let stamp = stamp.strip_suffix(".txt").unwrap_or(stamp);
                let mut parts = stamp.rsplitn(3, '-').map(str::len);
                assert_eq!((parts.next(), parts.next()), (Some(6), Some(8)), "HOST-YYYYMMDD-HHMMSS: {copy}");
                assert_eq!(copy.starts_with("edit"), copy.ends_with(".txt"), "{copy}");
            }
            settled(&theirs, &mine, &bucket);
        }
    }
}

/// What is on either side, to the last byte of the indexes.
fn both_sides(machine: &Machine, bucket: &Bucket) -> [BTreeMap<String, Vec<u8>>; 2] {
    [machine.tree(), bucket.tree()]
}

#[test]
fn conflicts_that_nobody_answers_are_left_alone_and_named() {
    let states = [
        ("edit-edit.txt", "updated here, updated in the bucket"),
        ("edit-delete", "updated here, deleted in the bucket"),
        ("delete-edit", "deleted here, updated in the bucket"),
        ("create-create", "created here, created in the bucket"),
    ];
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (_theirs, mine) = setting(&env, &bucket);
        let before = both_sides(&mine, &bucket);
        for args in [&["--conflicts", "ignore"][..], &[], &[]] {
            let ran = mine.sync_with(args).with(3);
            assert_eq!(both_sides(&mine, &bucket), before);
            assert!(ran.closing().contains("4 in conflict in "), "{}", ran.out);
            for (key, states) in states {
                ran.warns(&format!("warning: conflict left alone: \"{key}\" ({states})"));
            }
            assert_eq!(ran.err.matches("conflict left alone").count(), 4, "{}", ran.err);
        }
    }
}

#[test]
fn what_else_changed_is_synced_beside_a_conflict() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (theirs, mine) = setting(&env, &bucket);
        theirs.write("from them", "1");
        theirs.sync();
        mine.write("from me", "2");
        mine.sync_with(&[]).with(3);
        assert_eq!(mine.read("from them").as_deref(), Some(&b"1"[..]));
        assert_eq!(bucket.tree()["from me"], b"2");
    }
}

#[test]
fn the_target_can_say_how_conflicts_are_answered_and_the_command_line_wins() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (_theirs, mine) = setting(&env, &bucket);
    mine.set("conflicts", "remote");
    mine.sync_with(&["--conflicts", "ignore"]).with(3);
    mine.sync();
    assert_eq!(mine.read("edit-edit.txt").as_deref(), Some(&b"theirs"[..]));
}

#[test]
fn equal_contents_are_adopted_without_a_word_or_a_transfer() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (theirs, mine) = in_sync(&env, &bucket, &[("edited", "base"), ("gone", "base"), ("calm", "")]);
        for machine in [&theirs, &mine] {
            machine.write("edited", "the same edit");
            machine.write("created", "the same file");
            machine.remove("gone");
        }
        theirs.sync();
        let ran = mine.sync();
        assert!(ran.closing().starts_with("2 found equal in "), "{}", ran.out);
        assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
        settled(&theirs, &mine, &bucket);
    }
}

#[test]
fn objects_of_other_tools_that_equal_the_files_are_adopted() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let one = env.machine(&bucket);
        for (key, text) in [("a", "1"), ("b/c", "2"), ("empty", "")] {
            one.write(key, text);
            bucket.put(key, text);
        }
        let ran = one.sync();
        assert!(ran.closing().starts_with("3 found equal in "), "{}", ran.out);
        one.is_idle();
    }
}

#[test]
fn contents_are_compared_by_reading_where_nothing_tells_their_sums() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.server().change(|behaviour| behaviour.etags = s4_test_server::ETags::Opaque);
    let one = env.machine(&bucket);
    for (key, here, there) in [("equal", "same", "same"), ("unequal", "here", "them")] {
        one.write(key, here);
        bucket.put(key, there);
    }
    let before = one.tree();
    let ran = one.sync_with(&[]).with(3);
    ran.warns("conflict left alone: \"unequal\"");
    assert!(ran.closing().contains("1 found equal"), "{}", ran.out);
    assert_eq!(one.tree(), before);
    assert_eq!(bucket.server().counts().of(Op::GetObject), 3, "the index and each object");
}

/// One conflict, answered at a terminal.
fn answered(answers: &[&str]) -> (TestEnv, Bucket, [Machine; 2], Ran) {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (theirs, mine) = in_sync(&env, &bucket, &[("a.txt", "base\n"), ("calm", "calm")]);
    theirs.write("a.txt", "theirs\n");
    theirs.sync();
    mine.write("a.txt", "mine\n");
    let ran = mine.sync_in_terminal(answers);
    (env, bucket, [theirs, mine], ran)
}

#[test]
fn the_prompt_asks_in_the_words_of_s4_0_4() {
    let (_env, bucket, [_, mine], ran) = answered(&["1"]);
    let (uri, folder) = mine.places(&bucket);
    let shown: Vec<&str> = ran.out.lines().skip_while(|line| !line.starts_with("Conflict")).collect();
    assert_eq!(shown[0], "Conflict for \"a.txt\". Which version would you like to keep?", "{}", ran.out);
    let sides = [format!("   (1) {folder}a.txt updated at 20"), format!("   (2) {uri}a.txt updated at 20")];
    for (line, start) in shown[1..].iter().zip(sides) {
        assert!(line.starts_with(&start) && line.ends_with("Z (updated)"), "{line:?}");
    }
    assert_eq!(shown[3..6], ["   (d) View difference", "   (b) Keep both", "   (X) Skip this file"]);
    assert_eq!(shown[6], "Choice (default=skip): 1", "{}", ran.out);
}

#[test]
fn the_answers_at_the_prompt_count() {
    for (answer, code, kept) in [
        ("1", 0, &[("a.txt", "mine\n")][..]),
        ("2", 0, &[("a.txt", "theirs\n")]),
        ("b", 0, &[("a.txt", "theirs\n"), ("copy of a", "mine\n")]),
        ("X", 3, &[("a.txt", "mine\n")]),
        ("", 3, &[("a.txt", "mine\n")]),
    ] {
        let (_env, bucket, [theirs, mine], ran) = answered(&[answer]);
        assert_eq!(ran.code, code, "answer {answer:?}:\n{}", ran.out);
        assert_eq!(without_stamps(mine.tree()).0, tree(&[&[("calm", "calm")], kept].concat()), "answer {answer:?}");
        if code == 0 {
            settled(&theirs, &mine, &bucket);
        } else {
            assert_eq!(bucket.tree(), theirs.tree());
        }
    }
}

#[test]
fn the_prompt_shows_the_difference_and_asks_again() {
    let (_env, _bucket, [_, mine], ran) = answered(&["d", "2"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    for line in ["-theirs", "+mine", "@@ -1 +1 @@"] {
        assert!(ran.out.lines().any(|shown| shown == line), "no {line:?} in:\n{}", ran.out);
    }
    assert_eq!(mine.read("a.txt").as_deref(), Some(&b"theirs\n"[..]));
}

#[test]
fn nothing_is_asked_where_the_command_line_answers() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (_theirs, mine) = setting(&env, &bucket);
    mine.set("conflicts", "keep-both");
    let ran = mine.sync_in_terminal(&[]).with(0);
    assert!(!ran.out.contains("Which version"), "{}", ran.out);
}

#[test]
fn an_object_that_no_folder_has_room_for_is_kept_under_another_name() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("calm", "")]);
        // A file and a folder of one name, made at once on two machines.
        one.remove("a");
        one.write("a/x", "2");
        two.write("a", "edited");
        two.sync();
        let left = one.sync_with(&["--conflicts", "ignore"]).with(3);
        assert!(left.err.contains("conflict"), "{}", left.err);
        one.sync_with(&["--conflicts", "keep-both"]).with(0);
        let (kept, stamps) = without_stamps(one.tree());
        assert_eq!(kept, tree(&[("copy of a", "edited"), ("a/x", "2"), ("calm", "")]), "{stamps:?}");
        settled(&two, &one, &bucket);
    }
}

#[test]
fn ctrl_c_at_the_question_ends_it() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("k", "1"), ("l", "1")]);
    for key in ["k", "l"] {
        two.write(key, "theirs");
        one.write(key, "mine");
    }
    two.sync();
    let mut command = one.process(["sync", TARGET]);
    command.env("TERM", "dumb");
    let mut terminal = Terminal::start(&command);
    terminal.wait_for("Choice (default=skip): ");
    terminal.press("\x03");
    terminal.wait_for("Interrupted in ");
    assert_eq!((one.tree()["k"].as_slice(), bucket.tree()["k"].as_slice()), (&b"mine"[..], &b"theirs"[..]));
}
