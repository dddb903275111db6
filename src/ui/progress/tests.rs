use super::super::capture::options;
use super::super::{Options, Terminals};
use super::*;

fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn shared(ui: Ui, watch: Option<Watch>) -> Shared {
    let tally = Mutex::new(Tally::new("docs"));
    Shared { ui: Arc::new(ui), tally, watch, state: Mutex::default(), changed: Condvar::new() }
}

#[test]
fn a_log_gets_its_first_line_after_a_while_and_then_one_now_and_then() {
    let (ui, seen) = Ui::captured("");
    let shared = shared(ui, Some(Box::new(|| Looked { files: 7, ..Looked::default() })));
    let mut shows = Shows::new(shared.ui.manner());
    let mut show = |millis| {
        let before = seen.err().len();
        shared.show(&mut shows, at(millis));
        seen.err()[before..].to_owned()
    };
    assert_eq!(show(4_900), "");
    assert_eq!(show(5_100), "Looking at docs: 7 files\n");
    lock(&shared.tally).grow(2, 4 << 20, 0);
    assert_eq!(show(5_200), "");
    lock(&shared.tally).read(2 << 20);
    assert_eq!(show(15_000), "");
    assert_eq!(show(15_200), "1 of 2 files, 2.0 MiB of 4.0 MiB, 204.8 KiB/s, 11 s left\n");
    assert_eq!(show(25_000), "");
    assert_eq!(show(25_300).lines().count(), 1);
    assert_eq!(seen.out(), "");
}

#[test]
fn a_terminal_shows_it_soon_and_lines_that_stay_come_above() {
    let (ui, seen) = Ui::captured_with("", Options { moves: true, terminals: all(), ..options() });
    let shared = shared(ui, None);
    let mut shows = Shows::new(shared.ui.manner());
    shared.show(&mut shows, at(400));
    assert_eq!(seen.err(), "");
    shared.show(&mut shows, at(500));
    assert_eq!(seen.err(), "\r⠙ Looking at docs\u{1b}[K\u{1b}[J\r");
    let shown = seen.err().len();
    shared.ui.note("odd");
    assert_eq!(&seen.err()[shown..], "\r\u{1b}[Jodd\n⠙ Looking at docs\u{1b}[K\u{1b}[J\r");
    let shown = seen.err().len();
    // What stays on stdout comes in place of it, too.
    shared.ui.say("result");
    assert_eq!(&seen.err()[shown..], "\r\u{1b}[J⠙ Looking at docs\u{1b}[K\u{1b}[J\r");
    assert_eq!(seen.out(), "result\n");
    shared.ui.end_live();
    assert!(seen.err().ends_with("\r\u{1b}[J"));
}

fn all() -> Terminals {
    Terminals { input: true, output: true, error: true }
}

#[test]
fn who_is_in_a_hurry_sees_nothing_and_who_wants_quiet_has_it() {
    for options in [Options { moves: true, terminals: all(), ..options() }, options()] {
        let (ui, seen) = Ui::captured_with("", options);
        drop(Progress::start(&Arc::new(ui), "docs", None));
        assert_eq!(seen.err(), "");
    }
    let (ui, seen) = Ui::captured_with("", Options { progress: false, moves: true, ..options() });
    assert_eq!(ui.manner(), Manner::Hidden);
    let progress = Progress::start(&Arc::new(ui), "docs", None);
    assert!(lock(&progress.shower).is_none());
    progress.stop();
    assert_eq!(seen.err(), "");
}
