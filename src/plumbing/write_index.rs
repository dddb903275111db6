//! `s4 write-index`

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use s4_commands::plumbing::write_index::WriteIndexArgs;
use s4_commands::record::{self, Record};

use crate::ambient::Ambient as _;
use crate::context::Context;
use crate::cost::Spent;
use crate::engine::{Engine, Told, Written};
use crate::error::{Error, ExitCode, Kind};
use crate::reconcile::Policy;
use crate::records::{self, Line, Reader};
use crate::run::{self, explain};
use crate::session::Session;
use crate::transfer::{Cancel, agree};
use crate::ui::text::{self, printable};
use crate::ui::{Notes, Stream};
use crate::{interrupt, report};

/// How long the steps before this one may take to end after an interruption; what they tell by then is written down.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is looked whether that is over.
const LOOK: Duration = Duration::from_millis(100);

/// Writes outcomes into both indexes.
///
/// # Errors
///
/// When the input or an index cannot be read or written. What was read before is written all the same.
pub fn run(context: &Context, args: &WriteIndexArgs) -> Result<ExitCode, Error> {
    let target = context.target(&args.target)?;
    let name = &target.name;
    let reads = args.stdin || !args.whole;
    if context.ui.options().terminals.input && !args.stdin && reads {
        let error = Error::new(Kind::Usage, "write-index reads outcomes from standard input, and that is a terminal");
        let name = report::quoted(name);
        return Err(error.hint(format!("put it behind another step: s4 push-file {name} KEY | s4 write-index {name}")));
    }
    let runtime = crate::runtime()?;
    let cancel = Cancel::default();
    let _interrupts = interrupt::watch(&cancel, &context.ui)?;
    let stream = Arc::new(context.ui.stream(run::header(&target)));
    let desk = Arc::new(Desk { stream: Arc::clone(&stream), now: context.clock.now(), told: Mutex::default() });
    let (ended, end) = mpsc::channel();
    if reads {
        let reader = Reader::new(context.ui.take_input(), run::header(&target));
        let desk = Arc::clone(&desk);
        // Nobody waits for it any more after an interruption.
        std::thread::spawn(move || drop(ended.send(desk.read(reader))));
    }
    let read = if reads { wait(&end, &cancel) } else { Ok(true) };
    let (outcomes, code) = desk.take();
    let committed = runtime.block_on(commit(context, (name, args.whole), outcomes, &cancel));
    runtime.shutdown_background();
    let (written, spent) = committed?;
    stream.push(record::Commit { local: written.local as u64, remote: written.remote as u64 });
    let whole = read?;
    if cancel.is_cancelled() {
        return Ok(ExitCode::Interrupted);
    }
    if !whole {
        let message = "the records that were read end before their end; what they tell is written";
        return Err(Error::new(Kind::Failed, message));
    }
    stream.end_after(&spent);
    Ok(code)
}

/// Waits for the end of the input; after an interruption only for a while. Whether the input was whole.
fn wait(end: &mpsc::Receiver<Result<bool, Error>>, cancel: &Cancel) -> Result<bool, Error> {
    let mut interrupted = None;
    loop {
        match end.recv_timeout(LOOK) {
            Ok(read) => return read,
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(false),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        if cancel.is_cancelled() && interrupted.get_or_insert_with(Instant::now).elapsed() > GRACE {
            return Ok(false);
        }
    }
}

/// Outcomes in heaps of some size: one list of a million would be copied each time it grows, and let go only at its end.
#[derive(Default)]
struct Heaps(Vec<Vec<Told>>);

/// How many outcomes make a heap.
const HEAP: usize = 4_096;

impl Heaps {
    fn push(&mut self, told: Option<Told>) {
        let Some(told) = told else { return };
        match self.0.last_mut().filter(|heap| heap.len() < HEAP) {
            Some(heap) => heap.push(told),
            None => self.0.push(vec![told]),
        }
    }
}

/// Where records come in, and what they told.
struct Desk {
    stream: Arc<Stream>,
    now: i64,
    told: Mutex<(Heaps, Option<ExitCode>)>,
}

impl Desk {
    /// What was told so far, and what it makes of the exit code.
    fn take(&self) -> (Heaps, ExitCode) {
        let (outcomes, code) = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        (outcomes, code.unwrap_or(ExitCode::Done))
    }

    /// Reads the input to its end, and prints it on. Whether no end was missing.
    fn read(&self, mut reader: Reader<'_>) -> Result<bool, Error> {
        for line in reader.by_ref() {
            match line? {
                Line::Record { kind, text } => match self.record(&kind, &text)? {
                    Some(record) => self.stream.push(record),
                    None => self.stream.pass(&kind, &text),
                },
                Line::Key(key) => {
                    let message = format!("\"{}\" is a key; outcomes are what can be written", printable(&key));
                    return Err(Error::new(Kind::Usage, message).hint("push-file and pull-file take keys"));
                }
                Line::Unreadable(_) => return Err(Error::new(Kind::Usage, "a line is not UTF-8, and no record")),
            };
        }
        Ok(!reader.is_cut())
    }

    /// Takes in a record; returns the one to print in its place, if there is one.
    fn record(&self, kind: &str, text: &str) -> Result<Option<Record>, Error> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcomes, worst) = &mut *told;
        let mut worsen = |code: ExitCode| *worst = Some(worst.unwrap_or(ExitCode::Done).worse(code));
        match kind {
            "outcome" => {
                let outcome: record::Outcome = records::parse(text)?;
                worsen(code_of(&outcome));
                outcomes.push(records::told(outcome)?);
            }
            "error" => {
                let error: record::Error = records::parse(text)?;
                worsen(if error.code == Kind::Guard.code() { ExitCode::Guard } else { ExitCode::Partial });
            }
            "change" => {
                let change: record::Change = records::parse(text)?;
                if change.guard.is_some() {
                    worsen(ExitCode::Guard);
                    return Ok(None);
                }
                let planned = records::planned(&change)?;
                if change.action == "conflict" {
                    worsen(ExitCode::Conflicts);
                } else if let Some(done) = agree(&planned, self.now) {
                    let outcome = records::outcome(&planned, &Ok(done));
                    outcomes.push(records::told(outcome.clone())?);
                    return Ok(Some(outcome.into()));
                }
            }
            _ => {}
        }
        Ok(None)
    }
}

/// What an outcome adds to the exit code.
fn code_of(outcome: &record::Outcome) -> ExitCode {
    match (outcome.result.as_str(), outcome.reason.as_deref()) {
        ("failed", _) | ("skipped", Some("changed")) => ExitCode::Partial,
        ("skipped", Some("guard")) => ExitCode::Guard,
        ("skipped", Some("conflict")) => ExitCode::Conflicts,
        _ => ExitCode::Done,
    }
}

async fn commit(
    context: &Context,
    (name, whole): (&str, bool),
    outcomes: Heaps,
    cancel: &Cancel,
) -> Result<(Written, Spent), Error> {
    // Read again: a step before this one may have found out what the server honours.
    let target = &context.target(name)?;
    let session = Session::open(context, target, outcomes.0.is_empty() && !whole).await?;
    // What was done must be written down: it is worth waiting for, and after an interruption at least for a while.
    let (_lock, cancel) = if cancel.is_cancelled() {
        let cancel = Cancel::default();
        (session.lock(context, &cancel)?, cancel)
    } else {
        (session.lock_patiently(context, cancel)?, cancel.clone())
    };
    let sides = (Arc::clone(&session.folder), Arc::clone(&session.store));
    let witness = Arc::new(Notes(Arc::clone(&context.ui)));
    let mut options = run::options(context, target, Policy::Ignore, false);
    if whole {
        options.logging = options.logging.off();
    }
    let engine = Engine::new(sides, Arc::new(context.clock), witness, cancel, options);
    let written = engine.record(outcomes.0.into_iter().flatten()).await;
    let spent = session.spent(target);
    context.ui.debug(&text::spent(&spent));
    written.map(|written| (written, spent)).map_err(|error| explain("write-index", target, error))
}
