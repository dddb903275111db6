//! What `push-file` and `pull-file` share: changes and keys come in, outcomes and what is left over go out.

use std::sync::{Arc, Mutex, PoisonError};

use futures::stream;
use s4_commands::plumbing::InputArgs;
use s4_commands::record;
use tokio::sync::mpsc;

use crate::config::Target;
use crate::context::Context;
use crate::engine::{Carried, Engine, Order, Way};
use crate::error::{Error, ExitCode, Kind};
use crate::index::{self, Entry};
use crate::key::Key;
use crate::local::Folder;
use crate::reconcile::{Action, Alarm, Policy};
use crate::records::{self, Line, Reader};
use crate::run::{self, explain};
use crate::session::Session;
use crate::transfer::{Cancel, Failure};
use crate::ui::run::alarm as alarm_of;
use crate::ui::{Notes, Stream, Ui, text};
use crate::{interrupt, near, report};

/// Orders that were read and not begun.
const AHEAD: usize = 1_024;

/// Carries out what is of one direction.
pub(super) fn run(context: &Context, way: Way, target: &str, input: &InputArgs) -> Result<ExitCode, Error> {
    let target = run::in_flow(&context.target(target)?, &input.flow);
    let runtime = crate::runtime()?;
    let cancel = Cancel::default();
    let _interrupts = interrupt::watch(&cancel, &context.ui)?;
    let code = runtime.block_on(carry(context, way, &target, input, &cancel));
    // Whoever reads the input may wait for a line that never comes.
    runtime.shutdown_background();
    code
}

async fn carry(
    context: &Context,
    way: Way,
    target: &Target,
    input: &InputArgs,
    cancel: &Cancel,
) -> Result<ExitCode, Error> {
    // Pulling writes nothing to the bucket: what its server honours need not be known.
    let session = Session::open(context, target, way == Way::Pull).await?;
    let carried = carry_session(context, (way, target), input, cancel, &session).await;
    context.ui.debug(&text::spent(&session.spent(target)));
    carried
}

async fn carry_session(
    context: &Context,
    (way, target): (Way, &Target),
    input: &InputArgs,
    cancel: &Cancel,
    session: &Session,
) -> Result<ExitCode, Error> {
    let options = run::options(context, target, Policy::Ignore, input.force);
    let sides = (Arc::clone(&session.folder), Arc::clone(&session.store));
    let witness = Arc::new(Notes(Arc::clone(&context.ui)));
    let engine = Engine::new(sides, Arc::new(context.clock), witness, cancel.clone(), options);
    let recover = || {
        let mut base = None;
        let mut stat = |key: &Key| {
            let base = base.get_or_insert_with(|| index::load(&session.folder, false).unwrap_or_default());
            base.index.get(key.as_str()).and_then(Entry::stat)
        };
        engine.recover(&mut stat).map(|_| ()).map_err(|error| explain(way.command(), target, error))
    };
    let _lock = session.share(context, cancel, recover)?;
    let desk = Arc::new(Desk {
        ui: Arc::clone(&context.ui),
        stream: context.ui.stream(run::header(target)),
        folder: Arc::clone(&session.folder),
        target: target.name.clone(),
        way,
        force: input.force,
        cancel: cancel.clone(),
        code: Mutex::new(ExitCode::Done),
    });
    let (send, mut receive) = mpsc::channel(AHEAD);
    let reading = std::thread::spawn({
        let (desk, keys) = (Arc::clone(&desk), input.keys.clone());
        let reader = input.stdin.then(|| Reader::new(context.ui.take_input(), run::header(target)));
        move || desk.take_in(&keys, reader, &send)
    });
    let orders = stream::poll_fn(|context| receive.poll_recv(context));
    let carried = engine.carry(way, orders, &|carried| desk.hand_out(carried)).await;
    carried.map_err(|error| explain(way.command(), target, error))?;
    if way == Way::Pull {
        run::empty_trash(context, target, &session.folder);
    }
    if cancel.is_cancelled() {
        // A reader that has seen enough is none to be told anything.
        return Ok(if context.ui.is_read() { ExitCode::Interrupted } else { ExitCode::Done });
    }
    match reading.join() {
        Ok(read) => read?,
        Err(panicked) => std::panic::resume_unwind(panicked),
    }
    desk.stream.end_after(&session.spent(target));
    Ok(desk.code())
}

impl Way {
    fn command(self) -> &'static str {
        match self {
            Way::Push => "push-file",
            Way::Pull => "pull-file",
        }
    }
}

/// Where records come in and go out.
struct Desk {
    ui: Arc<Ui>,
    stream: Stream,
    folder: Arc<Folder>,
    target: String,
    way: Way,
    force: bool,
    cancel: Cancel,
    code: Mutex<ExitCode>,
}

impl Desk {
    fn code(&self) -> ExitCode {
        *self.code.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what the exit code was before.
    fn worsen(&self, code: ExitCode) -> ExitCode {
        let mut held = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        let worse = held.worse(code);
        std::mem::replace(&mut *held, worse)
    }

    /// Takes in all there is to do; what is not ours goes on at once.
    fn take_in(&self, keys: &[String], reader: Option<Reader<'_>>, orders: &mpsc::Sender<Order>) -> Result<(), Error> {
        keys.iter().for_each(|key| self.order_key(key, orders));
        let Some(mut reader) = reader else { return Ok(()) };
        for line in reader.by_ref() {
            match line? {
                Line::Key(key) => self.order_key(&key, orders),
                Line::Record { kind, text } => self.order(&kind, &text, orders)?,
                Line::Unreadable(bytes) => {
                    let error = Error::new(Kind::Usage, "it is not UTF-8, and cannot be a key");
                    self.refuse(None, Some(records::base64(&bytes)), &error);
                }
            }
            if self.cancel.is_cancelled() {
                return Ok(());
            }
        }
        if reader.is_cut() {
            return Err(Error::new(Kind::Failed, "the records that were read end before their end"));
        }
        Ok(())
    }

    fn order_key(&self, text: &str, orders: &mpsc::Sender<Order>) {
        // As shells complete it.
        match Key::parse(text.strip_prefix("./").unwrap_or(text)) {
            Ok(key) => send(Order::Key(key), orders),
            Err(why) => {
                let error = Error::new(Kind::Usage, format!("this cannot be a key: {why}"));
                self.refuse(Some(text.to_owned()), None, &error);
            }
        }
    }

    /// Tells of what was named and cannot be a key.
    fn refuse(&self, key: Option<String>, key_base64: Option<String>, error: &Error) {
        let (code, message) = (error.kind().code().to_owned(), error.to_string());
        let shown = key.as_deref().or(key_base64.as_deref()).unwrap_or_default();
        self.ui.warn(&format!("\"{shown}\": {message}"));
        self.worsen(ExitCode::Partial);
        self.went_out(self.stream.push(record::Error { code, message, key, key_base64 }));
    }

    /// Takes in a change of this direction; hands on every other record as it is.
    fn order(&self, kind: &str, text: &str, orders: &mpsc::Sender<Order>) -> Result<(), Error> {
        if kind == "change" {
            let change: record::Change = records::parse(text)?;
            let planned = records::planned(&change)?;
            if self.way.takes(planned.action) {
                match change.guard.as_ref().filter(|_| !self.force) {
                    None => send(Order::Change(Box::new(planned)), orders),
                    Some(guard) => {
                        self.worsen(ExitCode::Guard);
                        self.went_out(self.stream.push(records::refused(&planned, guard)));
                    }
                }
                return Ok(());
            }
            if planned.action == Action::Adopt {
                // A folder that both sides have stays, whatever goes from it.
                self.folder.spare_too([planned.item.key.as_str()].into_iter());
            }
        }
        self.went_out(self.stream.pass(kind, text));
        Ok(())
    }

    /// Prints what became of an order, and tells people of what is wrong.
    fn hand_out(&self, carried: Carried) {
        let word = if self.way == Way::Push { Action::Push } else { Action::Pull };
        let read = match carried {
            Carried::Ended(planned, result) => {
                if let Err(failure @ (Failure::Local(_) | Failure::Remote(_))) = &*result {
                    self.failed(&planned.item.key, &failure.reasons());
                }
                self.stream.push(records::outcome(&planned, &result))
            }
            Carried::Passed(planned, alarm) => {
                if planned.action == Action::Conflict {
                    self.worsen(ExitCode::Conflicts);
                    self.ui.warn(&format!("conflict left alone: \"{}\"", planned.item.key));
                }
                alarm.iter().for_each(|alarm| self.sound(alarm));
                self.stream.push(records::change(&planned, alarm.as_ref()))
            }
            Carried::Unchanged(key) => self.stream.push(records::idle(&key, word, "unchanged")),
            Carried::Ignored(key) => self.stream.push(records::idle(&key, word, "ignored")),
            Carried::Absent(key) => {
                let absent = records::absent(&key, word);
                let why = absent.message.as_deref().unwrap_or_default();
                let near = near::known_key(&self.folder, key.as_str());
                let near = near.map(|near| format!("; {}", near::meant(&near)));
                self.failed(&key, &format!("{why}{}", near.unwrap_or_default()));
                self.stream.push(absent)
            }
            Carried::Failed(key, failure) => {
                self.failed(&key, &failure.reasons());
                self.stream.push(records::failed(&key, word, &failure))
            }
            Carried::Waits(planned) => {
                let message = "the bucket does not have the ignore rules of this folder yet";
                self.stream.push(records::skipped(&planned, "rules", message))
            }
            Carried::Refused(planned, alarm) => {
                self.sound(&alarm);
                self.stream.push(records::refused(&planned, alarm.word()))
            }
        };
        self.went_out(read);
    }

    fn failed(&self, key: &Key, why: &str) {
        self.worsen(ExitCode::Partial);
        let what = if self.way == Way::Push { "push" } else { "pull" };
        self.ui.warn(&format!("could not {what} \"{key}\": {why}"));
    }

    /// Tells once what a guard says.
    fn sound(&self, alarm: &Alarm) {
        if self.worsen(ExitCode::Guard) != ExitCode::Guard {
            let command = format!("s4 {} --force {}", self.way.command(), report::quoted(&self.target));
            report::tell(&self.ui, &alarm_of(alarm, &[], &command));
        }
    }

    /// With nobody left to read the outcomes, nobody would write them down: the next sync would have to find out.
    fn went_out(&self, read: bool) {
        if !read {
            self.cancel.cancel();
        }
    }
}

/// Hands an order on; with the engine gone there is nobody to carry it out.
fn send(order: Order, orders: &mpsc::Sender<Order>) {
    let _ = orders.blocking_send(order);
}
