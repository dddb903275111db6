//! `s4 status --daemon` and `--watch`, of a daemon that does nothing but tell what stands on its board.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::thread::JoinHandle;

use predicates::str::{contains, is_empty};
use rustix::process::{Pid, Signal, kill_process};
use s4::ambient::Clock;
use s4::daemon::board::{Board, Moving, State};
use s4::daemon::control::Control;
use s4::env::Env;
use tokio::sync::{mpsc, oneshot};

use crate::support::{Bucket, Machine, Record, TARGET, Terminal, TestEnv, whole};

/// A daemon without work. It runs until it is dropped.
pub(crate) struct Daemon {
    board: Arc<Board>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Daemon {
    pub(crate) fn of(machine: &Machine) -> Daemon {
        let board = Arc::new(Board::new(Clock::Fixed(1_795_435_200_000_000_000)));
        board.change(TARGET, |standing| standing.state = State::InSync);
        let home = machine.path("").parent().unwrap().to_owned();
        let env = Env::new([("XDG_RUNTIME_DIR", home)], PathBuf::from("/"));
        let control = Control::bind(&env, &machine.config()).unwrap();
        let (end, ends) = oneshot::channel();
        let its_board = Arc::clone(&board);
        let thread = std::thread::spawn(move || {
            s4::runtime().unwrap().block_on(async {
                tokio::select! {
                    _ = control.serve(its_board, mpsc::channel(1).0) => {}
                    _ = ends => {}
                }
            });
        });
        Daemon { board, end: Some(end), thread: Some(thread) }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.end.take().map(|end| end.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[test]
fn without_a_daemon_it_says_so_and_what_helps() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let told = "error: no daemon is running\nhint: start it: s4 daemon, or with every login: s4 daemon --install\n";
    machine.s4(["status", "--daemon"]).assert().code(1).stdout(is_empty()).stderr(told);
    machine
        .s4(["status", "--daemon", "--json"])
        .assert()
        .code(1)
        .stdout(contains("\"message\":\"no daemon is running\""))
        .stderr(told);
    machine.s4(["status", "--daemon", "flies"]).assert().code(2).stderr(contains("did you mean \"files\"?"));
}

#[test]
fn it_shows_what_the_daemon_tells() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let daemon = Daemon::of(&machine);
    machine
        .s4(["status", "--daemon"])
        .assert()
        .code(0)
        .stdout("files: in sync since 2026-11-23T12:00:00Z\n")
        .stderr(is_empty());
    daemon.board.change(TARGET, |standing| {
        standing.state = State::Syncing;
        (standing.files, standing.bytes) = ((12, 300), (0, 1 << 20));
        standing.moving.insert("a\u{1b}".to_owned(), Moving { bytes: 1, of: 4 });
        standing.conflicts = vec!["b".to_owned()];
        (standing.scanned, standing.listed, standing.synced) = (Some(0), Some(0), Some(0));
        standing.why = Some("because".to_owned());
        standing.trouble(0, "no");
    });
    let shown = machine.run(["status", "--daemon", TARGET]).with(0);
    shown.says("files: syncing 12 of 300 files, 0 B of 1.0 MiB");
    shown.says("   25 % of 4 B: a\\u{1b}");
    let records = whole(&machine.run(["status", "--daemon", "--json"]).with(0).out);
    let [Record::Status(status)] = &records[..] else { panic!("{records:?}") };
    assert_eq!((status.state.as_str(), status.since.as_str()), ("syncing", "2026-11-23T12:00:00Z"));
    assert_eq!((status.moving[0].key.as_str(), status.errors[0].message.as_str()), ("a\u{1b}", "no"));
    daemon.board.remove(TARGET);
    machine
        .s4(["status", "--daemon", TARGET])
        .assert()
        .code(1)
        .stderr(contains("the daemon does not keep \"files\" in sync"));
    machine.s4(["status", "--daemon"]).assert().code(0).stdout(is_empty()).stderr("The daemon has no targets\n");
}

#[test]
fn who_watches_gets_each_change_until_ctrl_c_which_is_no_failure() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let daemon = Daemon::of(&machine);
    let mut process = machine.process(["status", "--watch", "--json"]);
    let mut child = process.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut out = String::new();
    let mut until = |text: &str| loop {
        let line = lines.next().unwrap();
        out += &format!("{line}\n");
        if line.contains(text) {
            return out.clone();
        }
    };
    until("\"state\":\"in-sync\"");
    daemon.board.change(TARGET, |standing| standing.state = State::Paused);
    until("\"state\":\"paused\"");
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), Signal::INT).unwrap();
    assert_eq!(whole(&until("\"type\":\"end\"")).len(), 2);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A terminal in which the status is watched, from a shell that is there when it ends: what a terminal has not yet shown of its last
/// program may be lost.
fn watched(machine: &Machine) -> Terminal {
    let home = machine.path("").parent().unwrap().to_owned();
    let mut shell = TestEnv::shell(&home, "trap : INT; s4 status --watch; echo ended with $?; read line");
    Terminal::start(shell.env("TERM", "xterm"))
}

#[test]
fn on_a_terminal_it_changes_in_its_place_and_ends_with_the_daemon() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let daemon = Daemon::of(&machine);
    let mut terminal = watched(&machine);
    terminal.wait_for("\u{1b}[?1049h");
    terminal.wait_for("files: in sync since");
    let change = "n".repeat(140);
    daemon.board.change(TARGET, |standing| {
        standing.state = State::Offline;
        standing.why = Some(change.clone());
    });
    let before = terminal.wait_for("files: offline since");
    assert!(before.ends_with("\u{1b}[H\u{1b}[K"), "{before:?}");
    terminal.resize(60);
    terminal.wait_for(&format!("\u{1b}[K    {}\r\n", "n".repeat(56)));
    drop(daemon);
    let rest = terminal.wait_for("\u{1b}[?1049l");
    assert!(rest.contains("Ctrl-C ends this view"), "{rest:?}");
    terminal.wait_for("files: offline since");
    terminal.wait_for("error: the daemon has ended");
    terminal.wait_for("ended with 1");
}

#[test]
fn ctrl_c_gives_the_terminal_back() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let _daemon = Daemon::of(&machine);
    let mut terminal = watched(&machine);
    terminal.wait_for("Ctrl-C ends this view");
    terminal.press("\u{3}");
    terminal.wait_for("\u{1b}[?25h\u{1b}[?1049l");
    terminal.wait_for("files: in sync since");
    terminal.wait_for("ended with 0");
}
