//! A program in a terminal of its own, with somebody who answers its questions.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::{Machine, Ran, TARGET};

/// What a conflict's question ends with.
const QUESTION: &str = "Choice (default=skip): ";
/// Columns of a terminal, where nobody says otherwise.
const COLUMNS: u16 = 150;
/// How long something may take that takes no time: this machine may have others to serve.
const PATIENCE: Duration = Duration::from_secs(60);

impl Machine {
    /// Syncs the target in a pseudo-terminal, where each question gets the next of the answers. What the terminal shows
    /// is the result's `out`.
    pub(crate) fn sync_in_terminal(&self, answers: &[&str]) -> Ran {
        self.in_terminal(self.process(["sync", TARGET]), answers)
    }

    /// Runs a process of this machine in a pseudo-terminal, as [`Machine::sync_in_terminal`].
    pub(crate) fn in_terminal(&self, mut command: Command, answers: &[&str]) -> Ran {
        command.env("PAGER", "cat").env("TERM", "dumb");
        in_terminal(command, COLUMNS, answers)
    }
}

/// Runs a process in a pseudo-terminal with so many columns, as [`Machine::sync_in_terminal`].
pub(crate) fn in_terminal(command: Command, columns: u16, answers: &[&str]) -> Ran {
    let (mut terminal, mut child) = start(command, columns);
    let out = converse(&mut terminal, answers);
    Ran { code: child.wait().unwrap().code().unwrap(), out, err: String::new() }
}

/// Starts a program in a new terminal. Nobody else holds the terminal open, so that it closes with the program.
fn start(mut command: Command, columns: u16) -> (File, Child) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    tcsetwinsize(&controller, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap().into_string().unwrap();
    let end = || Stdio::from(File::options().read(true).write(true).open(&name).unwrap());
    let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    (File::from(controller), child)
}

/// A program in a terminal, with somebody who types and watches. It ends with its user.
pub(crate) struct Terminal {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    /// What was shown and not yet looked at.
    shown: String,
    child: Child,
}

impl Terminal {
    /// Starts a program as the leader of a session: shells want that.
    pub(crate) fn start(command: &Command) -> Terminal {
        let mut leader = Command::new("setsid");
        let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        leader.env_clear().envs(variables).arg("--ctty").arg(command.get_program()).args(command.get_args());
        leader.current_dir(command.get_current_dir().unwrap());
        let (keyboard, child) = start(leader, COLUMNS);
        let mut terminal = keyboard.try_clone().unwrap();
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = terminal.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal { keyboard, screen, shown: String::new(), child }
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Gives it another width.
    pub(crate) fn resize(&mut self, columns: u16) {
        let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.keyboard, size).unwrap();
    }

    /// Waits until `text` is shown; returns what was shown before it, and goes on behind it.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some((before, after)) = self.shown.split_once(text) {
                let before = before.to_owned();
                self.shown = after.to_owned();
                return before;
            }
            match self.screen.recv_timeout(end.saturating_duration_since(Instant::now())) {
                // What a letter is cut into comes together again before anybody waits for it: markers are ASCII.
                Ok(bytes) => self.shown += &String::from_utf8_lossy(&bytes),
                Err(why) => panic!("{text:?} is not shown ({why}), but: {:?}", self.shown),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers until the last program has left the terminal; returns all that it showed.
fn converse(terminal: &mut File, answers: &[&str]) -> String {
    let (mut shown, mut buffer) = (Vec::new(), [0; 4096]);
    let mut left = answers.iter();
    // A terminal that nobody holds open any more ends in an error.
    while let Ok(read @ 1..) = terminal.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..read]);
        let screen = String::from_utf8_lossy(&shown);
        let asked = screen.matches(QUESTION).count() + screen.matches("[y/N]: ").count();
        while answers.len() - left.len() < asked {
            let answer = left.next().unwrap_or_else(|| panic!("one question too many: {}", text(&shown)));
            terminal.write_all(format!("{answer}\n").as_bytes()).unwrap();
        }
    }
    assert_eq!(left.len(), 0, "too few questions: {}", text(&shown));
    text(&shown)
}

fn text(shown: &[u8]) -> String {
    String::from_utf8(shown.to_vec()).unwrap().replace("\r\n", "\n")
}
