use std::time::Duration;

use proptest::prelude::*;

use super::super::tally::{End, Looked};
use super::*;
use crate::key::Key;

fn look(columns: usize) -> Look {
    Look { columns, rows: 24, ascii: false, paint: Paint::OFF }
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const MIB: u64 = 1 << 20;

/// A run of many small files and some big ones, of which half is done after a minute or so.
fn going_on(names: &[&str]) -> Tally {
    let mut tally = Tally::new("documents");
    tally.grow(8_000, 3_481 * MIB, 0);
    for name in names {
        tally.begin(&Key::parse(name).unwrap(), 100 * MIB);
    }
    tally.note(at(0));
    for number in 0..1_204 {
        let key = Key::parse(&format!("small/{number}")).unwrap();
        tally.begin(&key, MIB);
        tally.end(&key, MIB, End::Done);
    }
    if let Some(first) = names.first() {
        tally.advance(&Key::parse(first).unwrap(), 35 * MIB);
    }
    tally.note(at(50));
    tally
}

#[test]
fn all_is_on_the_last_line_and_each_big_file_has_one_of_its_own() {
    let tally = going_on(&["films/holiday.mkv", "b.iso"]);
    assert_eq!(
        lines(&tally, look(100), 5),
        [
            "films/holiday.mkv  35 %  35.0/100.0 MiB  716.8 KiB/s",
            "b.iso               0 %   0 B/100.0 MiB             ",
            "████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░ 1,204/8,000 files, 1.2/3.4 GiB, 24.8 MiB/s, 1 min 42 s left",
        ]
    );
}

#[test]
fn what_does_not_fit_is_left_out_the_least_important_first() {
    let tally = going_on(&[]);
    let overall = |columns| lines(&tally, look(columns), 5).pop().unwrap();
    let all = "1,204/8,000 files, 1.2/3.4 GiB, 24.1 MiB/s, 1 min 46 s left";
    for (columns, line) in [
        (200, format!("{}{} {all}", "█".repeat(12), "░".repeat(28))),
        (80, format!("{}{} {all}", "█".repeat(6), "░".repeat(13))),
        (60, all.to_owned()),
        (59, "███░░░░░░░░ 32 %, 1.2/3.4 GiB, 24.1 MiB/s, 1 min 46 s left".to_owned()),
        (40, "32 %, 1.2/3.4 GiB, 1 min 46 s left".to_owned()),
        (31, "██░░░░░░ 32 %, 1 min 46 s left".to_owned()),
        (20, "████░░░░░░░░░░ 32 %".to_owned()),
        (4, "3…%".to_owned()),
    ] {
        assert_eq!(overall(columns), line, "{columns}");
    }
}

#[test]
fn where_there_is_nothing_but_ascii_there_is_nothing_else() {
    let name = format!("{}.txt", "long".repeat(30));
    let tally = going_on(&[&name]);
    let lines = lines(&tally, Look { ascii: true, ..look(80) }, 0);
    assert!(lines.iter().all(|line| line.is_ascii()), "{lines:?}");
    assert!(lines[0].contains("...") && lines[1].contains("#-..."), "{lines:?}");
}

#[test]
fn of_many_big_files_the_first_are_shown_and_the_others_counted() {
    let names: Vec<String> = (0..7).map(|number| format!("big {number}")).collect();
    let tally = going_on(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let begins = |rows| {
        let lines = lines(&tally, Look { rows, ..look(80) }, 0);
        lines.iter().map(|line| line.chars().take(5).collect::<String>()).collect::<Vec<_>>()
    };
    let shown = begins(24);
    assert_eq!(shown.len(), 6);
    assert_eq!(&shown[..5], ["big 0", "big 1", "big 2", "big 3", "and 3"]);
    assert_eq!(begins(6).len(), 3);
    assert_eq!(begins(1).len(), 1);
}

#[test]
fn before_there_is_a_plan_it_is_told_how_far_the_look_has_come() {
    let mut tally = Tally::new("docu\u{1b}ments");
    assert_eq!(plain(&tally), "Looking at docu\\u{1b}ments");
    tally.name = "documents".to_owned();
    tally.looked = Looked { files: 120_000, objects: 35_000, ..Looked::default() };
    assert_eq!(plain(&tally), "Looking at documents: 120,000 files, 35,000 objects");
    assert_eq!(lines(&tally, look(80), 11), ["⠙ Looking at documents: 120,000 files, 35,000 objects"]);
    tally.looked.read = 5 * MIB;
    assert!(plain(&tally).ends_with(", 5.0 MiB read"));
}

#[test]
fn a_log_gets_a_sentence() {
    let tally = going_on(&[]);
    assert_eq!(plain(&tally), "1,204 of 8,000 files, 1.2 GiB of 3.4 GiB, 24.1 MiB/s, 1 min 46 s left");
    let mut deletions = Tally::new("documents");
    deletions.grow(0, 0, 3_000);
    deletions.end_other();
    assert_eq!(plain(&deletions), "1 of 3,000 changes");
}

proptest! {
    #[test]
    fn no_line_is_ever_wider_than_the_terminal(
        columns in 0_usize..200,
        rows in 0_usize..60,
        turn in 0_usize..100,
        ascii: bool,
        names in prop::collection::vec("[a-z日\u{301}👍 /.]{1,60}", 0..8),
        (files, bytes, others) in (0_u64..u64::MAX >> 20, any::<u64>(), 0_u64..1 << 40),
        (moved, seconds) in (any::<u64>(), 0_u64..1 << 30),
        looked: (u64, u64, u64),
    ) {
        let mut tally = Tally::new(&names.join(" "));
        tally.looked = Looked { files: looked.0, objects: looked.1, read: looked.2, sent: moved };
        tally.grow(files, bytes, others);
        tally.note(at(0));
        for name in &names {
            let Ok(key) = Key::parse(name) else { continue };
            tally.begin(&key, bytes);
            tally.advance(&key, moved);
        }
        tally.note(at(seconds));
        for line in lines(&tally, Look { columns, rows, ascii, paint: Paint::OFF }, turn) {
            prop_assert!(width(&line) < columns.max(1), "{columns} columns: {line:?}");
            prop_assert!(!line.contains(char::is_control), "{line:?}");
        }
    }
}
