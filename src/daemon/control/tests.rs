//! A daemon without work, and those who ask it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use s4_commands::record::Status;
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::ambient::Clock;
use crate::daemon::board::{Board, State};
use crate::env::Env;
use crate::ui::Ui;

/// The place of a daemon.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new() -> Home {
        let dir = tempfile::tempdir().unwrap();
        let target = serde_json::json!({"local_folder": "/docs", "s3_uri": "s3://b/docs"});
        fs::write(dir.path().join("conf"), serde_json::json!({"targets": {"docs": target}}).to_string()).unwrap();
        Home { dir }
    }

    fn env(&self) -> Env {
        Env::new([("XDG_RUNTIME_DIR", self.dir.path())], PathBuf::from("/"))
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("conf")
    }

    fn socket(&self) -> PathBuf {
        place::Place::find(&self.env(), &self.config()).unwrap().unwrap().socket
    }

    fn ask(&self, ask: &Ask) -> Option<Answers> {
        client::ask(&self.env(), &self.config(), ask).unwrap()
    }

    fn status(&self) -> Vec<Status> {
        let mut answers = self.ask(&Ask::Status).unwrap();
        let set = answers.next().unwrap().unwrap();
        assert!(answers.next().is_none());
        set
    }

    /// A client that does as it likes.
    fn stranger(&self, says: &[u8]) -> UnixStream {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.write_all(says).unwrap();
        stream
    }
}

/// A daemon that runs until it is dropped, and does with orders what a function says.
struct Daemon {
    board: Arc<Board>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Daemon {
    fn start(home: &Home, obey: impl Fn(Request) + Send + 'static) -> Daemon {
        let board = Arc::new(Board::new(Clock::Fixed(7_000_000_000)));
        board.change("docs", |standing| standing.state = State::InSync);
        let control = Control::bind(&home.env(), &home.config()).unwrap();
        let (sender, mut orders) = mpsc::channel(1);
        let (end, ends) = oneshot::channel();
        let its_board = Arc::clone(&board);
        let thread = std::thread::spawn(move || {
            let runtime = crate::runtime().unwrap();
            runtime.block_on(async {
                let obeying = async {
                    while let Some(request) = orders.recv().await {
                        obey(request);
                    }
                };
                tokio::select! {
                    _ = control.serve(its_board, sender) => {}
                    _ = ends => {}
                    () = obeying => {}
                }
            });
        });
        Daemon { board, end: Some(end), thread: Some(thread) }
    }

    fn idle(home: &Home) -> Daemon {
        Daemon::start(home, drop)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.end.take().map(|end| end.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[test]
fn who_asks_gets_what_stands_on_the_board() {
    let home = Home::new();
    let daemon = Daemon::idle(&home);
    daemon.board.change("mail", |standing| standing.why = Some("no network".to_owned()));
    let [docs, mail] = home.status().try_into().unwrap();
    assert_eq!((docs.target.as_str(), docs.state.as_str(), docs.since.0), ("docs", "in-sync", 7));
    assert_eq!((mail.target.as_str(), mail.why.as_deref()), ("mail", Some("no network")));
}

#[test]
fn without_a_daemon_there_is_no_answer() {
    let home = Home::new();
    assert!(home.ask(&Ask::Status).is_none());
    let daemon = Daemon::idle(&home);
    assert_eq!(home.status().len(), 1);
    let socket = home.socket();
    drop(daemon);
    assert!(!socket.exists());
    assert!(home.ask(&Ask::Status).is_none());
    drop(Daemon::idle(&home));
}

#[test]
fn a_second_daemon_is_refused_and_told_who_runs() {
    let home = Home::new();
    let _daemon = Daemon::idle(&home);
    let refused = Control::bind(&home.env(), &home.config()).unwrap_err();
    assert_eq!(refused.to_string(), format!("a daemon is already running (process {})", std::process::id()));
    assert_eq!(home.status().len(), 1, "the first one goes on");
    let other = home.dir.path().join("other");
    assert!(Control::bind(&home.env(), &other).is_ok(), "of another config file there can be one");
}

#[test]
fn what_a_killed_daemon_left_behind_is_no_daemon_and_no_obstacle() {
    let home = Home::new();
    drop(Daemon::idle(&home));
    let socket = home.socket();
    drop(UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    assert!(home.ask(&Ask::Status).is_none());
    let _daemon = Daemon::idle(&home);
    assert_eq!(home.status().len(), 1);
}

#[test]
fn folder_and_socket_are_the_users_alone() {
    let home = Home::new();
    let _daemon = Daemon::idle(&home);
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    let socket = home.socket();
    assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn orders_are_handed_on_and_what_came_of_them_comes_back() {
    let home = Home::new();
    let _daemon = Daemon::start(&home, |request| {
        let answer = match request.order {
            Order::Pause(names) if names == ["docs"] => Ok(()),
            Order::Resume(names) if names.is_empty() => Ok(()),
            Order::Pause(_) => Err("not now".to_owned()),
            // The daemon ends: nobody answers any more.
            Order::Resume(_) => return,
        };
        request.reply.send(answer).unwrap();
    });
    let told = |ask: Ask| home.ask(&ask).unwrap().find_map(Result::err).map(|error| error.to_string());
    assert_eq!(told(Ask::Pause(vec!["docs".to_owned()])), None);
    assert_eq!(told(Ask::Resume(Vec::new())), None);
    assert_eq!(told(Ask::Pause(vec!["x".to_owned()])).as_deref(), Some("not now"));
    assert_eq!(told(Ask::Resume(vec!["docs".to_owned()])).as_deref(), Some("the daemon is about to end"));
}

#[test]
fn people_are_told_what_became_of_their_orders() {
    let home = Home::new();
    let daemon = Daemon::start(&home, |request| request.reply.send(Ok(())).unwrap());
    let (ui, seen) = Ui::captured("");
    let config_path = Some(home.config());
    let context = Context { env: home.env(), config_path, ui: ui.into(), clock: Clock::Fixed(0) };
    let docs = ["docs".to_owned()];
    assert_eq!(pause(&context, &docs).unwrap(), ExitCode::Done);
    assert_eq!(resume(&context, &[]).unwrap(), ExitCode::Done);
    assert_eq!(seen.out(), "Paused docs\nResumed all targets\n");
    assert_eq!(
        pause(&context, &["dogs".to_owned()]).unwrap_err().hints(),
        ["did you mean \"docs\"? the targets are: docs"]
    );
    drop(daemon);
    assert_eq!(pause(&context, &docs).unwrap_err().to_string(), "no daemon is running");
}

#[test]
fn clients_that_are_slow_silent_or_senseless_hold_up_nobody() {
    let home = Home::new();
    let daemon = Daemon::idle(&home);
    let _silent = home.stranger(b"");
    let _slow = home.stranger(b"{\"ask\":");
    // More than the socket holds of a client that takes nothing.
    let many = (0..100_000).map(|number| format!("a/conflict/{number}")).collect();
    daemon.board.change("docs", |standing| standing.conflicts = many);
    let _full = home.stranger(&Ask::Watch.line());
    for senseless in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\xff\n", &[b' '; (64 << 10)]] {
        let mut answer = String::new();
        home.stranger(senseless).read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with(r#"{"type":"error","code":"usage","message":"the daemon does not know"#),
            "{answer}"
        );
    }
    assert_eq!(home.status()[0].conflicts.len(), 100_000);
}

#[test]
fn only_so_many_are_let_in() {
    let home = Home::new();
    let _daemon = Daemon::idle(&home);
    let watchers: Vec<Answers> = (0..32)
        .map(|_| {
            let mut answers = home.ask(&Ask::Watch).unwrap();
            answers.next().unwrap().unwrap();
            answers
        })
        .collect();
    let refused = home.ask(&Ask::Status).unwrap().next().unwrap().unwrap_err();
    assert_eq!(refused.to_string(), "too many others ask the daemon");
    drop(watchers);
    let begin = Instant::now();
    let is_let_in = || matches!(home.ask(&Ask::Status).unwrap().next(), Some(Ok(_)));
    while !is_let_in() {
        assert!(begin.elapsed().as_secs() < 60, "who left still counts");
    }
}

#[test]
fn who_watches_sees_the_last_change_and_not_each_of_them() {
    let home = Home::new();
    let daemon = Daemon::idle(&home);
    let mut answers = home.ask(&Ask::Watch).unwrap();
    assert_eq!(answers.next().unwrap().unwrap()[0].files_all, 0);
    let begin = Instant::now();
    for number in 1..=1000 {
        daemon.board.change("docs", |standing| standing.files = (number, 1000));
    }
    let mut sets = 1;
    while answers.next().unwrap().unwrap()[0].files_done < 1000 {
        sets += 1;
    }
    assert!(sets <= 2 + begin.elapsed().as_millis() / 100, "{sets}");
    daemon.board.remove("docs");
    assert_eq!(answers.next().unwrap().unwrap(), []);
    drop(daemon);
    assert!(answers.next().is_none());
}
