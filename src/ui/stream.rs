//! A stream of records, from its header to its end.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use s4_commands::record::{self, End, Header, Record};

use super::{Ui, lock};
use crate::cost::Spent;
use crate::records;

/// How long a record may be held back, so that a stream of many is not a system call each.
const HOLD: Duration = Duration::from_millis(50);

/// A stream of records; can be shared between threads. Without [`Stream::end`] it counts as cut off.
pub struct Stream {
    ui: Arc<Ui>,
    written: Mutex<Written>,
    pace: Arc<Pace>,
    /// Lets go of what is held back, even while nothing more comes.
    flusher: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Written {
    /// How many records of each type there were.
    counts: BTreeMap<String, u64>,
    /// The line that is being written; kept to be used again.
    line: Vec<u8>,
}

impl Ui {
    /// Begins a stream of records with its header.
    pub fn stream(self: &Arc<Ui>, header: Header) -> Stream {
        let pace = Arc::new(Pace::default());
        let (its_ui, its_pace) = (Arc::clone(self), Arc::clone(&pace));
        let flusher = thread::Builder::new().spawn(move || its_pace.keep(|| its_ui.flush())).ok();
        let stream = Stream { ui: Arc::clone(self), written: Mutex::default(), pace, flusher };
        stream.put(&mut lock(&stream.written).line, &Record::Header(header));
        stream
    }
}

impl Stream {
    /// Prints a record and counts it; returns whether anybody still reads.
    pub fn push(&self, record: impl Into<Record>) -> bool {
        let record = record.into();
        let mut written = lock(&self.written);
        written.count(record.kind());
        self.put(&mut written.line, &record)
    }

    /// Prints a record as it was read, and counts it; returns whether anybody still reads.
    pub fn pass(&self, kind: &str, text: &str) -> bool {
        let mut written = lock(&self.written);
        written.count(kind);
        written.line.clear();
        written.line.extend_from_slice(text.as_bytes());
        self.print(&mut written.line)
    }

    /// Ends the stream with the counts.
    pub fn end(&self) {
        self.end_with(None);
    }

    /// As [`Stream::end`], of a command that has asked a server for something.
    pub fn end_after(&self, spent: &Spent) {
        self.end_with(Some(records::spent(spent)));
    }

    fn end_with(&self, spent: Option<record::Spent>) {
        let mut written = lock(&self.written);
        let counts = std::mem::take(&mut written.counts);
        self.put(&mut written.line, &Record::End(End { counts, spent }));
        self.ui.flush();
    }

    fn put(&self, line: &mut Vec<u8>, record: &Record) -> bool {
        line.clear();
        // As in `Ui::record`, this does not fail.
        serde_json::to_writer(&mut *line, record).is_ok() && self.print(line)
    }

    fn print(&self, line: &mut Vec<u8>) -> bool {
        line.push(b'\n');
        let mut output = lock(&self.ui.output);
        output.write(line, false);
        // Told with the output locked: else the flusher could come in between, and take this line for gone.
        if self.pace.comes() || self.flusher.is_none() {
            self.ui.put(&mut output, b"", true);
        }
        output.failed.is_none()
    }
}

impl Written {
    fn count(&mut self, kind: &str) {
        match self.counts.get_mut(kind) {
            Some(count) => *count += 1,
            None => {
                self.counts.insert(kind.to_owned(), 1);
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.pace.end();
        if let Some(flusher) = self.flusher.take() {
            // It only flushes, and cannot panic.
            let _ = flusher.join();
        }
    }
}

/// When records go out: the first one at once, those that come within [`HOLD`] of it together at the end of that time.
#[derive(Default)]
struct Pace {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing went out lately.
    #[default]
    Calm,
    /// Something went out, nothing is held back.
    Open,
    /// Something is held back.
    Holding,
    /// The stream has ended.
    Ended,
}

impl Pace {
    /// Takes note of a record. Whether it goes out at once.
    fn comes(&self) -> bool {
        let mut state = lock(&self.state);
        let calm = *state == State::Calm;
        *state = if calm { State::Open } else { State::Holding };
        if calm {
            self.changed.notify_one();
        }
        calm
    }

    fn end(&self) {
        *lock(&self.state) = State::Ended;
        self.changed.notify_one();
    }

    /// Lets go of what is held back, in time, until the stream ends.
    fn keep(&self, flush: impl Fn()) {
        let mut state = lock(&self.state);
        while *state != State::Ended {
            let calm = |state: &mut State| *state == State::Calm;
            state = self.changed.wait_while(state, calm).unwrap_or_else(PoisonError::into_inner);
            let running = |state: &mut State| *state != State::Ended;
            let waited = self.changed.wait_timeout_while(state, HOLD, running);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            match *state {
                State::Holding => {
                    *state = State::Open;
                    drop(state);
                    flush();
                    state = lock(&self.state);
                }
                State::Open => *state = State::Calm,
                State::Calm | State::Ended => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufWriter, Write};
    use std::sync::mpsc;

    use s4_commands::record::Version;

    use super::super::capture::options;
    use super::*;

    fn version() -> Version {
        Version { tool: "s4".into(), version: "1".into(), schema: 1 }
    }

    /// Hands on what is written to it.
    struct Pipe(mpsc::Sender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn piped() -> (Arc<Ui>, mpsc::Receiver<Vec<u8>>) {
        let (sender, receiver) = mpsc::channel();
        let output = Box::new(BufWriter::with_capacity(1 << 20, Pipe(sender)));
        (Arc::new(Ui::with_streams(Box::new(io::empty()), output, Box::new(io::sink()), options())), receiver)
    }

    #[test]
    fn a_stream_has_a_header_and_ends_with_its_counts() {
        let (ui, seen) = Ui::captured("");
        let stream = Arc::new(ui).stream(Header { target: Some("docs".to_owned()), ..Header::new() });
        for _ in 0..2 {
            assert!(stream.push(version()));
        }
        assert!(stream.pass("later", r#"{"type":"later","x":1}"#));
        stream.end();
        let out = seen.out();
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[0].starts_with(r#"{"type":"header","schema":1"#) && lines[0].contains(r#""target":"docs""#));
        assert_eq!(lines[3], r#"{"type":"later","x":1}"#);
        assert_eq!(lines[4], r#"{"type":"end","counts":{"later":1,"version":2}}"#);
    }

    #[test]
    fn what_is_held_back_goes_out_though_nothing_more_comes() {
        let (ui, receiver) = piped();
        let stream = ui.stream(Header::new());
        let first = receiver.try_recv().unwrap();
        assert!(first.starts_with(br#"{"type":"header""#) && first.ends_with(b"}\n"));
        for _ in 0..3 {
            stream.push(version());
        }
        let mut later = Vec::new();
        while later.iter().filter(|byte| **byte == b'\n').count() < 3 {
            later.extend(receiver.recv_timeout(Duration::from_secs(60)).unwrap());
        }
        stream.end();
        assert_eq!(receiver.try_recv().unwrap(), b"{\"type\":\"end\",\"counts\":{\"version\":3}}\n");
    }

    #[test]
    fn many_records_go_out_together() {
        let (ui, receiver) = piped();
        let stream = ui.stream(Header::new());
        for _ in 0..10_000 {
            stream.push(version());
        }
        stream.end();
        let writes: Vec<_> = receiver.try_iter().collect();
        assert_eq!(writes.concat().iter().filter(|byte| **byte == b'\n').count(), 10_002);
        assert!(writes.len() < 1_000, "{}", writes.len());
    }

    #[test]
    fn a_reader_that_left_is_noticed_and_no_error() {
        let (ui, receiver) = piped();
        let stream = ui.stream(Header::new());
        drop(receiver);
        let mut pushed = 1;
        while stream.push(version()) {
            pushed += 1;
        }
        drop(stream);
        assert!(pushed < 100_000, "{pushed}");
        ui.finish().unwrap();
    }
}
