//! The side of who asks the daemon.

use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use s4_commands::record::{self, Status};
use serde_json::Value;

use super::place::{Place, cannot};
use super::wire::Ask;
use crate::env::Env;
use crate::error::{Error, Kind};

/// How long an answer may take that the daemon has at hand.
const SOON: Duration = Duration::from_secs(10);
/// How long it may take to end what is under way.
const LATER: Duration = Duration::from_secs(60);
/// Bytes of the longest line that is read. A target may have very many conflicts.
const LONGEST: u64 = 256 << 20;

/// Asks the daemon for the config file `config_path`; `None` if none runs.
///
/// # Errors
///
/// When it does not take the question, or the user's folder for sockets is no private one.
pub fn ask(env: &Env, config_path: &Path, ask: &Ask) -> Result<Option<Answers>, Error> {
    let Some(place) = Place::find(env, config_path)? else { return Ok(None) };
    let mut stream = match UnixStream::connect(&place.socket) {
        Ok(stream) => stream,
        // A daemon that was killed leaves its socket behind, and nobody listens.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => return Err(cannot("use the socket", &place.socket).because(error)),
    };
    let patience = if matches!(ask, Ask::Pause(_) | Ask::Resume(_)) { LATER } else { SOON };
    let asked = stream
        .set_write_timeout(Some(SOON))
        .and_then(|()| stream.set_read_timeout(Some(patience)))
        .and_then(|()| stream.write_all(&ask.line()));
    match asked {
        // Who has too many clients says so and hangs up without reading.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(silent(error)),
        _ => Ok(Some(Answers { reader: BufReader::new(stream), waits: *ask == Ask::Watch, state: State::New })),
    }
}

/// What the daemon answers: one set of records, in the order of the targets' names, and more of them to who watches. After an error
/// there is no more.
#[derive(Debug)]
pub struct Answers {
    reader: BufReader<UnixStream>,
    /// Whether the next set may take any time.
    waits: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing came yet.
    New,
    /// A set came.
    Answered,
    /// Nothing more will come.
    Ended,
}

impl Iterator for Answers {
    type Item = Result<Vec<Status>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Ended {
            return None;
        }
        let set = self.read_set();
        self.state = if matches!(set, Some(Ok(_))) { State::Answered } else { State::Ended };
        set
    }
}

impl Answers {
    fn read_set(&mut self) -> Option<Result<Vec<Status>, Error>> {
        let mut set = Vec::new();
        loop {
            let mut line = Vec::new();
            match (&mut self.reader).take(LONGEST).read_until(b'\n', &mut line) {
                Ok(_) if line.ends_with(b"\n") => {}
                Ok(_) if self.state == State::Answered && set.is_empty() && line.is_empty() => return None,
                Ok(_) => return Some(Err(Error::new(Kind::Failed, "the daemon ended before it answered"))),
                Err(error) => return Some(Err(silent(error))),
            }
            match take(&line) {
                Ok(Line::Status(status)) => set.push(*status),
                Ok(Line::Other) => {}
                Ok(Line::End) if self.waits && self.state == State::New => {
                    let forever = self.reader.get_ref().set_read_timeout(None);
                    return Some(forever.map(|()| set).map_err(silent));
                }
                Ok(Line::End) => return Some(Ok(set)),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

enum Line {
    Status(Box<Status>),
    End,
    /// A later version may have more to say.
    Other,
}

fn take(line: &[u8]) -> Result<Line, Error> {
    let senseless = |error| Error::new(Kind::Failed, "the daemon's answer makes no sense").because(error);
    let value: Value = serde_json::from_slice(line).map_err(senseless)?;
    match value.get("type").and_then(Value::as_str) {
        Some("status") => serde_json::from_value(value).map(Box::new).map(Line::Status).map_err(senseless),
        Some("end") => Ok(Line::End),
        Some("error") => {
            let record: record::Error = serde_json::from_value(value).map_err(senseless)?;
            let kind = if record.code == Kind::Usage.code() { Kind::Usage } else { Kind::Failed };
            Err(Error::new(kind, record.message))
        }
        _ => Ok(Line::Other),
    }
}

fn silent(error: io::Error) -> Error {
    let timed_out = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
    let error = if timed_out { io::Error::from(ErrorKind::TimedOut) } else { error };
    Error::new(Kind::Failed, "the daemon does not answer").because(error)
}
