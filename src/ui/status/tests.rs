use s4_commands::record::{Header, Moving, Trouble};
use s4_commands::time::Seconds;

use super::*;

const NOON: Seconds = Seconds(1_795_435_200);

fn status(state: &str) -> Status {
    Status { target: "docs".to_owned(), state: state.to_owned(), since: NOON, ..Status::default() }
}

/// A target of which there is everything to tell.
fn busy() -> Status {
    let moving = |key: &str, bytes, of| Moving { key: key.to_owned(), bytes, of };
    Status {
        files_done: 12,
        files_all: 1300,
        bytes_done: 3 << 20,
        bytes_all: 80 << 20,
        moving: vec![moving("a/big\u{1b}.bin", 5 << 20, 10 << 20), moving("empty", 0, 0)],
        conflicts: (0..12).map(|number| format!("notes/{number}.txt")).collect(),
        problems: 1,
        synced: Some(NOON),
        scanned: Some(NOON),
        listed: Some(NOON),
        errors: vec![Trouble { at: NOON, message: "cannot use s3://b/x: the server\nsays no".to_owned() }],
        ..status("syncing")
    }
}

fn on(width: usize) -> Looks {
    Looks { width: Some(width), ..Looks::PLAIN }
}

#[test]
fn the_first_line_tells_what_the_daemon_does() {
    let why = |state: &str| Status { why: Some("no \u{1b} network".to_owned()), ..status(state) };
    for (status, line) in [
        (status("in-sync"), "docs: in sync since 2026-11-23T12:00:00Z"),
        (status("starting"), "docs: starting since 2026-11-23T12:00:00Z"),
        (status("syncing"), "docs: syncing since 2026-11-23T12:00:00Z"),
        (busy(), "docs: syncing 12 of 1,300 files, 3.0 MiB of 80.0 MiB"),
        (why("offline"), "docs: offline since 2026-11-23T12:00:00Z: no \\u{1b} network"),
        (why("stopped"), "docs: stopped by a guard since 2026-11-23T12:00:00Z: no \\u{1b} network"),
        (status("later\u{7}"), "docs: later\\u{7} since 2026-11-23T12:00:00Z"),
    ] {
        assert_eq!(head(&status, &Looks::PLAIN), line);
    }
}

#[test]
fn a_terminal_is_told_how_long_it_is_so() {
    let looks = Looks { now: Some(NOON.0 + 7_300), bytes: true, ..Looks::PLAIN };
    assert_eq!(head(&status("in-sync"), &looks), "docs: in sync for 2 hours");
    assert_eq!(head(&busy(), &looks), "docs: syncing 12 of 1,300 files, 3145728 B of 83886080 B");
    assert!(text(&busy(), &looks).contains("\n  last synced: 2 hours ago\n"));
}

#[test]
fn a_paragraph_has_all_that_there_is_to_tell() {
    let shown = text(&busy(), &on(80));
    let expected = "docs: syncing 12 of 1,300 files, 3.0 MiB of 80.0 MiB\n  \
         50 % of 10.0 MiB: a/big\\u{1b}.bin\n    0 % of 0 B: empty\n  12 conflicts left alone:\n    notes/0.txt\n";
    assert!(shown.starts_with(&expected.replace("  50 %", "   50 %")), "{shown}");
    let end = "    notes/9.txt\n    and 2 more\n  1 name left alone or failed\n  last synced: 2026-11-23T12:00:00Z\n  \
               whole folder seen: 2026-11-23T12:00:00Z\n  whole bucket seen: 2026-11-23T12:00:00Z\n  last errors:\n    \
               2026-11-23T12:00:00Z: cannot use s3://b/x: the server\\nsays no\n";
    assert!(shown.ends_with(end), "{shown}");
    assert_eq!(text(&status("in-sync"), &on(80)).lines().count(), 1);
}

#[test]
fn it_fits_terminals_of_any_width_and_loses_nothing() {
    let long = Status { why: Some("x".repeat(100) + " y"), conflicts: vec!["é".repeat(90)], ..status("offline") };
    for status in [busy(), long] {
        let whole: String = text(&status, &Looks::PLAIN).split_whitespace().collect();
        for width in [40, 80, 33] {
            let shown = text(&status, &on(width));
            assert!(shown.lines().all(|line| line.chars().count() <= width), "{width}\n{shown}");
            assert_eq!(shown.split_whitespace().collect::<String>(), whole);
        }
    }
    // Nothing fits a terminal without columns; it is shown all the same.
    assert!(!text(&busy(), &on(0)).is_empty());
}

#[test]
fn colours_decorate_and_change_no_word() {
    let shown = text(&busy(), &Looks { paint: Paint::ON, ..on(40) });
    let mut plain = String::new();
    let mut letters = shown.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => drop(letters.by_ref().find(|letter| *letter == 'm')),
            letter => plain.push(letter),
        }
    }
    assert_ne!(shown, plain);
    assert_eq!(plain, text(&busy(), &on(40)));
}

#[test]
fn lines_and_records_come_again_only_when_they_differ() {
    let mail = Status { target: "mail".to_owned(), ..status("paused") };
    let sets = [vec![status("in-sync"), mail.clone()], vec![status("in-sync"), mail.clone()], vec![busy(), mail]];
    let (ui, seen) = Ui::captured("");
    let ui = Arc::new(ui);
    let stream = ui.stream(Header::new());
    let mut view = StatusView::new(Arc::clone(&ui), &[], Shown::Records(stream), Looks::PLAIN);
    sets.iter().for_each(|set| view.show(set.clone()));
    assert!(view.close(true).is_empty());
    assert!(seen.out().ends_with("{\"type\":\"end\",\"counts\":{\"status\":3}}\n"), "{}", seen.out());

    let (ui, seen) = Ui::captured("");
    let names = ["docs", "other"].map(str::to_owned);
    let mut view = StatusView::new(Arc::new(ui), &names, Shown::Lines, Looks::PLAIN);
    sets.iter().for_each(|set| view.show(set.clone()));
    assert_eq!(view.close(true), ["other"]);
    let out = seen.out();
    assert_eq!(out.lines().filter(|line| line.starts_with("docs: ")).count(), 2, "{out}");
    assert!(!out.contains("mail"));
}

#[test]
fn what_a_screen_showed_last_stays() {
    let (ui, seen) = Ui::captured("");
    let ui = Arc::new(ui);
    let mut view = StatusView::new(Arc::clone(&ui), &[], Shown::Screen(Screen::enter(ui)), Looks::PLAIN);
    view.show(vec![busy()]);
    view.show(vec![status("in-sync")]);
    view.close(true);
    let after = seen.out().rsplit("\u{1b}[?1049l").next().unwrap().to_owned();
    assert_eq!(after, "docs: in sync since 2026-11-23T12:00:00Z\n");
}
