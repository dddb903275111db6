//! A [`Ui`] whose streams a test holds.

use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};

use s4_commands::LogLevel;

use super::colour::Paint;
use super::{Options, Terminals, Ui, lock};
use crate::ambient::Clock;

/// What was written, as it comes.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    out: Arc<Mutex<Vec<u8>>>,
    err: Arc<Mutex<Vec<u8>>>,
}

impl Seen {
    /// What went to stdout.
    pub(crate) fn out(&self) -> String {
        String::from_utf8(lock(&self.out).clone()).unwrap()
    }

    /// What went to stderr.
    pub(crate) fn err(&self) -> String {
        String::from_utf8(lock(&self.err).clone()).unwrap()
    }
}

struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// No colours, no terminals, everything from INFO on, and a clock that stands at the epoch.
pub(crate) fn options() -> Options {
    Options {
        level: LogLevel::Info,
        timestamps: false,
        progress: true,
        moves: false,
        paint_output: Paint::OFF,
        paint_error: Paint::OFF,
        terminals: Terminals::default(),
        unicode: true,
        pager: None,
        less_is_set: false,
        clock: Clock::Fixed(0),
    }
}

impl Ui {
    /// One that reads `input` and keeps what it writes.
    pub(crate) fn captured(input: &str) -> (Ui, Seen) {
        Ui::captured_with(input, options())
    }

    /// The same with other options.
    pub(crate) fn captured_with(input: &str, options: Options) -> (Ui, Seen) {
        let seen = Seen::default();
        let input = Box::new(Cursor::new(input.to_owned().into_bytes()));
        let (out, err) = (Box::new(Sink(Arc::clone(&seen.out))), Box::new(Sink(Arc::clone(&seen.err))));
        (Ui::with_streams(input, out, err, options), seen)
    }
}
