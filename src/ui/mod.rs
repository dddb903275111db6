//! What people see and are asked: results on stdout, everything else on stderr.

pub mod changes;
pub mod colour;
pub mod conflict;
pub mod conflicts;
pub mod diff;
pub mod diffstat;
mod folders;
pub mod history;
mod live;
pub mod looks;
pub mod ls;
mod notes;
mod pager;
pub mod progress;
mod prompt;
pub mod restore;
pub mod run;
pub mod screen;
pub mod status;
mod stream;
pub mod table;
pub mod text;
pub mod trash;
mod tree;
pub mod verify;
mod width;
mod wrap;

use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal as _, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use s4_commands::record::Record;
use s4_commands::{Colour, Globals, LogLevel};

pub use notes::{Moves, Notes};
pub use stream::Stream;

use crate::ambient::{Ambient as _, Clock};
use crate::env::Env;
use colour::Paint;
use live::Live;
use progress::Manner;
use text::printable;

/// Bytes of records that are held back, so that a stream of many is not a system call each.
const BUFFER: usize = 64 * 1024;

/// Which of the three streams are terminals.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminals {
    /// Standard input.
    pub input: bool,
    /// Standard output.
    pub output: bool,
    /// Standard error.
    pub error: bool,
}

/// How to talk.
#[derive(Clone, Debug)]
pub struct Options {
    /// The least serious thing to say.
    pub level: LogLevel,
    /// Whether each line begins with the time.
    pub timestamps: bool,
    /// Whether progress may be shown.
    pub progress: bool,
    /// Whether stderr is a terminal that knows how to move its cursor.
    pub moves: bool,
    /// The colours of stdout.
    pub paint_output: Paint,
    /// The colours of stderr.
    pub paint_error: Paint,
    /// Which streams are terminals.
    pub terminals: Terminals,
    /// Whether more than ASCII may be drawn.
    pub unicode: bool,
    /// The command that shows long texts on a terminal.
    pub pager: Option<String>,
    /// Whether `LESS` is set, so that ours must not be.
    pub less_is_set: bool,
    /// The time.
    pub clock: Clock,
}

impl Options {
    /// What the command line, the environment and the terminals come to.
    pub fn resolve(globals: &Globals, env: &Env, terminals: Terminals, clock: Clock) -> Options {
        let colour = if globals.no_colors { Colour::Never } else { globals.color };
        let pager = env.text("PAGER").unwrap_or("less");
        Options {
            level: globals.level(),
            timestamps: globals.timestamps,
            progress: !globals.quiet && globals.level() <= LogLevel::Info,
            moves: terminals.error && env.text("TERM").is_some_and(|term| term != "dumb"),
            paint_output: Paint::choose(colour, env, terminals.output),
            paint_error: Paint::choose(colour, env, terminals.error),
            terminals,
            unicode: env.is_utf8(),
            pager: Some(pager.to_owned()).filter(|pager| pager != "cat"),
            less_is_set: env.get("LESS").is_some(),
            clock,
        }
    }
}

/// The three streams, and the rules for them. Can be shared between threads; lines never mix, nor tear the progress.
pub struct Ui {
    output: Mutex<Output>,
    error: Mutex<Talk>,
    input: Mutex<Box<dyn BufRead + Send>>,
    options: Options,
}

/// Stderr, and the lines at its bottom.
struct Talk {
    stream: Box<dyn Write + Send>,
    live: Live,
}

impl Talk {
    fn write(&mut self, text: &str) {
        // With stderr gone there is nobody left to tell.
        let _ = self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush());
    }
}

/// Stdout, and how it ended if it did.
struct Output {
    stream: Box<dyn Write + Send>,
    failed: Option<io::Error>,
}

impl Output {
    fn write(&mut self, bytes: &[u8], flush: bool) {
        if self.failed.is_some() {
            return;
        }
        let flushed = |stream: &mut dyn Write| if flush { stream.flush() } else { Ok(()) };
        let written = self.stream.write_all(bytes).and_then(|()| flushed(&mut *self.stream));
        // Kept for the end: a reader that left must not stop a run half-way.
        self.failed = written.err();
    }
}

impl Ui {
    /// Talks through the process's own streams.
    pub fn new(globals: &Globals, env: &Env, clock: Clock) -> Ui {
        let (input, output, error) = (io::stdin(), io::stdout(), io::stderr());
        let terminals =
            Terminals { input: input.is_terminal(), output: output.is_terminal(), error: error.is_terminal() };
        let output = Box::new(BufWriter::with_capacity(BUFFER, output));
        let options = Options::resolve(globals, env, terminals, clock);
        Ui::with_streams(Box::new(BufReader::new(input)), output, Box::new(error), options)
    }

    /// Talks through other streams.
    pub fn with_streams(
        input: Box<dyn BufRead + Send>,
        output: Box<dyn Write + Send>,
        error: Box<dyn Write + Send>,
        options: Options,
    ) -> Ui {
        let output = Mutex::new(Output { stream: output, failed: None });
        let error = Mutex::new(Talk { stream: error, live: Live::default() });
        Ui { output, error, input: Mutex::new(input), options }
    }

    /// How it talks.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The colours of stdout.
    pub fn paint(&self) -> Paint {
        self.options.paint_output
    }

    /// Prints a result, as it is. Names in it must have gone through [`text::printable`].
    pub fn say(&self, line: &str) {
        let mut text = String::new();
        for line in line.split('\n') {
            text += &format!("{}{line}\n", self.stamp());
        }
        self.print(text.as_bytes(), true);
    }

    /// Prints what was done, as [`Ui::say`], unless only what went wrong is wanted.
    pub fn relate(&self, line: &str) {
        if self.options.level <= LogLevel::Info {
            self.say(line);
        }
    }

    /// Prints a record on a line of its own. Records may be held back until [`Ui::flush`].
    pub fn record(&self, record: &Record) {
        // Serializing fails only for maps whose keys are no texts, and records have none.
        if let Ok(mut line) = serde_json::to_vec(record) {
            line.push(b'\n');
            self.print(&line, false);
        }
    }

    /// Whether results still reach somebody.
    pub fn is_read(&self) -> bool {
        lock(&self.output).failed.is_none()
    }

    /// The input, for who reads all of it; nothing is left for others.
    pub fn take_input(&self) -> Box<dyn BufRead + Send> {
        std::mem::replace(&mut *lock(&self.input), Box::new(io::empty()))
    }

    /// Lets go of the records held back.
    pub fn flush(&self) {
        self.print(b"", true);
    }

    /// Tells of a step.
    pub fn debug(&self, line: &str) {
        if self.options.level <= LogLevel::Debug {
            self.tell(&format!("{}{}\n", self.stamp(), self.options.paint_error.dim(&printable(line))));
        }
    }

    /// Tells what is going on.
    pub fn note(&self, line: &str) {
        if self.options.level <= LogLevel::Info {
            self.tell(&format!("{}{}\n", self.stamp(), printable(line)));
        }
    }

    /// Tells what deserves a look.
    pub fn warn(&self, line: &str) {
        if self.options.level <= LogLevel::Warning {
            let label = self.options.paint_error.warning("warning:");
            self.tell(&format!("{}{label} {}\n", self.stamp(), printable(line)));
        }
    }

    /// Writes to stderr, whatever the level. For prompts and for [`crate::report`]: what comes here must be printable.
    pub(crate) fn tell(&self, text: &str) {
        let mut error = lock(&self.error);
        let whole = format!("{}{text}{}", error.live.aside(), error.live.again());
        error.write(&whole);
    }

    /// The time in front of a line, if it is wanted.
    pub(crate) fn stamp(&self) -> String {
        if self.options.timestamps { text::time(self.options.clock.now()) + " " } else { String::new() }
    }

    /// Asks on stderr and reads a line from stdin, terminal or not. `None` at the end of the input.
    ///
    /// # Errors
    ///
    /// Those of the streams, and an answer that is not UTF-8.
    pub fn ask(&self, question: &str) -> io::Result<Option<String>> {
        self.tell(question);
        // Others may talk while a person thinks.
        let answer = prompt::answer(&mut **lock(&self.input))?;
        if answer.is_none() {
            // The cursor still stands behind the question.
            self.tell("\n");
        }
        Ok(answer)
    }

    /// As [`Ui::ask`], with an answer that does not show while it is typed.
    ///
    /// # Errors
    ///
    /// As [`Ui::ask`].
    pub fn ask_secret(&self, question: &str) -> io::Result<Option<String>> {
        if !self.options.terminals.input {
            return self.ask(question);
        }
        self.tell(question);
        match rpassword::read_password() {
            Ok(answer) => Ok(Some(answer.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                // The cursor still stands behind the question.
                self.tell("\n");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Shows a long text: page by page on a terminal, on stderr elsewhere. It is made with the right colours.
    pub(crate) fn page(&self, make: impl Fn(Paint) -> String) {
        let Terminals { input, output, .. } = self.options.terminals;
        if let Some(pager) = self.options.pager.as_deref().filter(|_| input && output)
            && pager::show(pager, &make(self.options.paint_output), self.options.less_is_set)
        {
            return;
        }
        self.tell(&make(self.options.paint_error));
    }

    /// Prints a long result, as [`Ui::say`]; page by page on a terminal.
    pub fn show(&self, text: &str) {
        let Terminals { input, output, .. } = self.options.terminals;
        let pager = self.options.pager.as_deref().filter(|_| input && output);
        if !pager.is_some_and(|pager| pager::show(pager, text, self.options.less_is_set)) {
            self.say(text.trim_end_matches('\n'));
        }
    }

    /// How progress is to be shown.
    pub(crate) fn manner(&self) -> Manner {
        match () {
            () if !self.options.progress => Manner::Hidden,
            () if self.options.moves => Manner::Lines { ascii: !self.options.unicode },
            () => Manner::Log,
        }
    }

    /// Shows lines at the bottom of the terminal of so many columns, in place of those that were there.
    fn show_live(&self, lines: Vec<String>, columns: usize) {
        let mut error = lock(&self.error);
        let text = error.live.show(lines, columns);
        error.write(&text);
    }

    /// Takes the lines at the bottom of the terminal away.
    fn end_live(&self) {
        let mut error = lock(&self.error);
        let text = error.live.end();
        if !text.is_empty() {
            error.write(&text);
        }
    }

    /// Ends the output. A reader that left early is no error.
    ///
    /// # Errors
    ///
    /// The first one that writing results came to.
    pub fn finish(&self) -> io::Result<()> {
        self.flush();
        match lock(&self.output).failed.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }

    fn print(&self, bytes: &[u8], flush: bool) {
        let mut output = lock(&self.output);
        self.put(&mut output, bytes, flush);
    }

    /// Writes results. Only what reaches the terminal can tear the progress.
    fn put(&self, output: &mut Output, bytes: &[u8], flush: bool) {
        if !flush || !self.options.terminals.output {
            return output.write(bytes, flush);
        }
        let mut error = lock(&self.error);
        let aside = error.live.aside();
        if aside.is_empty() {
            return output.write(bytes, flush);
        }
        error.write(&aside);
        output.write(bytes, flush);
        let again = error.live.again();
        error.write(&again);
    }
}

/// A panic of another thread leaves whole lines behind, so its lock can be used on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod capture;
#[cfg(test)]
mod tests;
