//! The progress of a run: lines on a terminal, whatever becomes of its width, and nothing of it in results.

use crate::support::{Bucket, Machine, TARGET, Terminal, TestEnv};

/// More than comes through in the time of a test.
const BIG: usize = 40 << 20;

/// A sync in a terminal that knows how to move its cursor, as it sends a big file slowly.
fn slowly(machine: &Machine, locale: &str) -> Terminal {
    machine.write("films/of a long holiday in the mountains with everybody.mkv", vec![b'x'; BIG]);
    let mut sync = machine.process(["sync", TARGET, "--bandwidth-limit", "512K"]);
    sync.env("TERM", "xterm").env("LANG", locale);
    Terminal::start(&sync)
}

#[test]
fn lines_fit_the_terminal_whatever_becomes_of_its_width() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let mut terminal = slowly(&machine, "C.UTF-8");
    terminal.wait_for("films/of a long holiday in the mountains with everybody.mkv  0 %");
    terminal.wait_for("0/1 file, ");
    for columns in [60, 25, 100] {
        terminal.resize(columns);
        // All that may have been broken is cleared, and what comes then knows the new width.
        terminal.wait_for("\r\u{1b}[J");
        for _ in 0..2 {
            let shown = terminal.wait_for("\u{1b}[1A\r");
            let lines: Vec<&str> = shown.trim_start_matches('\r').split("\r\r\n").collect();
            assert_eq!(lines.len(), 2, "{shown:?}");
            for line in lines {
                let text = line.replace("\u{1b}[K", "").replace("\u{1b}[J", "").replace("\u{1b}[2m", "");
                let text = text.replace("\u{1b}[0m", "").replace("\u{1b}[32m", "");
                assert!(!text.contains('\u{1b}') && text.chars().count() < usize::from(columns), "{columns}: {text:?}");
                assert!(text.contains(" %") || text.contains("1 file"), "{text:?}");
            }
        }
    }
    terminal.press("\u{3}");
    terminal.wait_for("Interrupted");
    // The lines are gone.
    let rest = terminal.wait_for("\n");
    assert!(!rest.contains('%'), "{rest:?}");
}

#[test]
fn a_terminal_of_few_letters_gets_no_others() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let mut terminal = slowly(&env.machine(&bucket), "C");
    terminal.resize(50);
    terminal.wait_for("films/");
    let shown = terminal.wait_for(" left");
    assert!(shown.is_ascii() && shown.contains("...") && shown.contains("0/1 file"), "{shown:?}");
}

#[test]
fn contents_that_are_restored_beside_show_how_far_they_have_come() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.keep_versions();
    let machine = env.machine(&bucket);
    machine.write("film.mkv", vec![b'x'; BIG]);
    machine.sync();
    machine.remove("film.mkv");
    machine.sync_with(&["--force"]).with(0);
    machine.set("bandwidth_limit", "512K");
    let mut restore = machine.process(["restore", TARGET, "--deleted", "--to", "beside", "--yes"]);
    restore.env("TERM", "xterm").env("LANG", "C.UTF-8");
    let mut terminal = Terminal::start(&restore);
    terminal.wait_for("film.mkv  0 %");
    terminal.wait_for("0/1 file, ");
    terminal.press("\u{3}");
    // Not after the minute and a half that the rest would take.
    terminal.wait_for("Interrupted, 1 not done in ");
}

#[test]
fn quick_runs_and_quiet_ones_show_none() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    for args in [&["sync", TARGET, "--quiet"][..], &["sync", TARGET, "--json"], &["restore", TARGET, "--help"]] {
        machine.write("file", args.join(" "));
        let mut process = machine.process(args);
        process.env("TERM", "xterm").env("PAGER", "cat");
        let ran = machine.in_terminal(process, &[]).with(0);
        assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
    }
}
