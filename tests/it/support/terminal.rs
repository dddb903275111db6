//! A program in a terminal of its own, with somebody who answers its questions.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::{Machine, Ran, TARGET};

/// What a conflict's question ends with.
const QUESTION: &str = "Choice (default=skip): ";

impl Machine {
    /// Syncs the target in a pseudo-terminal, where each question gets the next of the answers. What the terminal shows
    /// is the result's `out`.
    pub(crate) fn sync_in_terminal(&self, answers: &[&str]) -> Ran {
        self.in_terminal(self.process(["sync", TARGET]), answers)
    }

    /// Runs a process of this machine in a pseudo-terminal, as [`Machine::sync_in_terminal`].
    pub(crate) fn in_terminal(&self, mut command: Command, answers: &[&str]) -> Ran {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap().into_string().unwrap();
        let end = || Stdio::from(File::options().read(true).write(true).open(&name).unwrap());
        command.env("PAGER", "cat").env("TERM", "dumb");
        let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        // Its copies of the terminal's end must go, or the terminal would never close.
        drop(command);
        let out = converse(&mut File::from(controller), answers);
        Ran { code: child.wait().unwrap().code().unwrap(), out, err: String::new() }
    }
}

/// Answers until the last program has left the terminal; returns all that it showed.
fn converse(terminal: &mut File, answers: &[&str]) -> String {
    let (mut shown, mut buffer) = (Vec::new(), [0; 4096]);
    let mut left = answers.iter();
    // A terminal that nobody holds open any more ends in an error.
    while let Ok(read @ 1..) = terminal.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..read]);
        let asked = String::from_utf8_lossy(&shown).matches(QUESTION).count();
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
