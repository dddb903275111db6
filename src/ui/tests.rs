use std::path::PathBuf;

use clap::Parser as _;
use s4_commands::Cli;
use s4_commands::record::{End, Record};

use super::capture::options;
use super::*;

struct Failing(io::ErrorKind);

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::from(self.0))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn resolved(line: &str, vars: &[(&str, &str)]) -> Options {
    let globals = Cli::parse_from(line.split(' ')).globals;
    Options::resolve(&globals, &Env::new(vars.to_vec(), PathBuf::new()), Terminals::default(), Clock::Fixed(0))
}

#[test]
fn results_and_talk_go_their_own_ways() {
    let (ui, seen) = Ui::captured("");
    ui.say("result");
    ui.record(&Record::End(End::default()));
    ui.note("going on");
    ui.warn("odd");
    ui.debug("step");
    ui.finish().unwrap();
    assert_eq!(seen.out(), "result\n{\"type\":\"end\",\"counts\":{}}\n");
    assert_eq!(seen.err(), "going on\nwarning: odd\n");
}

#[test]
fn what_was_done_is_not_told_where_only_troubles_are_wanted() {
    let (ui, seen) = Ui::captured_with("", Options { level: LogLevel::Warning, ..options() });
    ui.relate("done");
    ui.say("asked for");
    ui.warn("odd");
    assert_eq!((seen.out().as_str(), seen.err().as_str()), ("asked for\n", "warning: odd\n"));
}

#[test]
fn talk_is_always_printable() {
    let (ui, seen) = Ui::captured("");
    ui.note("a\u{1b}b");
    assert_eq!(seen.err(), "a\\u{1b}b\n");
}

#[test]
fn timestamps_stand_before_lines_but_not_before_records() {
    let (ui, seen) = Ui::captured_with("", Options { timestamps: true, ..options() });
    ui.say("x");
    ui.record(&Record::End(End::default()));
    ui.warn("y");
    ui.flush();
    assert_eq!(seen.out(), "1970-01-01T00:00:00Z x\n{\"type\":\"end\",\"counts\":{}}\n");
    assert_eq!(seen.err(), "1970-01-01T00:00:00Z warning: y\n");
}

#[test]
fn a_reader_that_left_is_no_error_but_a_full_disk_is() {
    for (kind, fine) in [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::StorageFull, false)] {
        let ui = Ui::with_streams(Box::new(io::empty()), Box::new(Failing(kind)), Box::new(io::sink()), options());
        ui.say("x");
        ui.say("y");
        assert_eq!(ui.finish().is_ok(), fine, "{kind:?}");
    }
}

#[test]
fn a_secret_from_a_pipe_is_a_line() {
    let (ui, seen) = Ui::captured("hunter2\n");
    assert_eq!(ui.ask_secret("Secret: ").unwrap().as_deref(), Some("hunter2"));
    assert_eq!(seen.err(), "Secret: ");
}

#[test]
fn options_come_from_command_line_and_environment() {
    let quiet = resolved("s4 sync -q", &[]);
    assert_eq!((quiet.level, quiet.progress), (LogLevel::Warning, false));
    assert_eq!(resolved("s4 sync", &[]).pager.as_deref(), Some("less"));
    assert_eq!(resolved("s4 sync", &[("PAGER", "cat")]).pager, None);
    assert!(resolved("s4 sync --color always", &[]).paint_error.is_on());
    assert!(!resolved("s4 sync --color always --no-colors", &[]).paint_error.is_on());
}

#[test]
fn how_progress_is_shown_hangs_on_the_terminal_and_its_letters() {
    let manner = |line: &str, vars: &[(&str, &str)], error| {
        let globals = Cli::parse_from(line.split(' ')).globals;
        let terminals = Terminals { error, ..Terminals::default() };
        let options = Options::resolve(&globals, &Env::new(vars.to_vec(), PathBuf::new()), terminals, Clock::Fixed(0));
        Ui::captured_with("", options).0.manner()
    };
    let of = |vars: &[(&str, &str)]| manner("s4 sync", vars, true);
    let (letters, ascii) = (Manner::Lines { ascii: false }, Manner::Lines { ascii: true });
    assert_eq!(of(&[("TERM", "xterm"), ("LANG", "de_DE.UTF-8")]), letters);
    assert_eq!(of(&[("TERM", "xterm"), ("LANG", "C.utf8"), ("LC_ALL", "")]), letters);
    assert_eq!(of(&[("TERM", "xterm"), ("LANG", "C.UTF-8"), ("LC_ALL", "C")]), ascii);
    assert_eq!(of(&[("TERM", "xterm"), ("LANG", "C.UTF-8"), ("LC_CTYPE", "POSIX")]), ascii);
    assert_eq!(of(&[("TERM", "xterm")]), ascii);
    assert_eq!([of(&[("TERM", "dumb")]), of(&[])], [Manner::Log; 2]);
    assert_eq!(manner("s4 sync", &[("TERM", "xterm")], false), Manner::Log);
    assert_eq!(manner("s4 sync --quiet", &[("TERM", "xterm")], true), Manner::Hidden);
    assert_eq!(manner("s4 sync --log-level WARNING", &[], false), Manner::Hidden);
}
