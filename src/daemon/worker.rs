//! One target's life in the daemon: it waits for hints, looks where they say, and goes on whatever comes.
//!
//! The folder is opened anew for each run, so that a drive can be unmounted; of the bucket the connection stays.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use s4_commands::Direction;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::board::{Standing, State};
use super::dirty::{Dirty, Settle};
use super::due::{Due, Pace, What};
use super::ears::Ears;
use super::home::{Home, Opened};
use super::visit::Bucket;
use super::voice::Voice;
use super::weather::Weather;
use super::{Shared, power};
use crate::ambient::Ambient as _;
use crate::blocking::blocking;
use crate::config::Target;
use crate::engine::{Hints, Look, has_edits, has_news};
use crate::error::{Error, Kind};
use crate::index::Kept;
use crate::local::{Folder, Heard};
use crate::run::explain;

/// A path under constant writing is synced so often.
const NEVER_SETTLED: Duration = Duration::from_secs(5);
/// After so many polls folders are looked at that have no watch.
const UNWATCHED: u32 = 6;
/// The longest time without a look at clock, folder and battery.
const TICK: Duration = Duration::from_secs(5);
/// The same of events: an index is written soon after the objects it tells of.
const EVENTS: Duration = Duration::from_millis(200);
/// How often these are looked at, at most.
const CLOCK: Duration = Duration::from_secs(2);
/// Hints that come within so long are taken together.
const GATHER: Duration = Duration::from_millis(25);
/// If the clock jumps by more than this, the machine has slept, and nobody knows what was missed.
const SLEPT: Duration = Duration::from_secs(30);
/// What a guard has stopped is tried again no sooner: somebody may have put things right.
const GUARDED: Duration = Duration::from_secs(60);
/// The same, once something happens in the folder.
const PUT_RIGHT: Duration = Duration::from_secs(3);

/// What a worker is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Orders {
    /// The end.
    pub(super) stop: bool,
    /// Nothing is to be done for a while.
    pub(super) pause: bool,
    /// Changes when everything is to be looked at now.
    pub(super) look: u64,
}

/// Looks after one target.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) target: Target,
    pub(super) voice: Arc<Voice>,
    pub(super) orders: watch::Receiver<Orders>,
    /// The connection to the bucket, and what is known of its server.
    pub(super) bucket: Option<Bucket>,
    pub(super) home: Home,
    pub(super) kept: Option<Kept>,
    pub(super) dirty: Dirty,
    pub(super) due: Due,
    pub(super) weather: Weather,
    /// What was told of each key that could not be synced, or is in conflict.
    pub(super) told: HashMap<String, String>,
    /// How often in a row each key changed under the look at it.
    pub(super) restless: HashMap<String, u32>,
    /// The event queue, if the target has one.
    pub(super) ears: Option<Ears>,
    /// The order to look at everything that was followed last.
    ordered: u64,
    clock: (Instant, SystemTime),
    looked_at_unwatched: Instant,
}

/// Why a worker does something.
enum Next {
    Look(Look),
    Poll,
    Stop,
    Pause,
}

impl Worker {
    pub(super) fn new(shared: &Arc<Shared>, target: Target, orders: watch::Receiver<Orders>) -> Worker {
        let (args, now) = (&shared.args, Instant::now());
        let voice = Voice::new(&target, &shared.context.ui, &shared.board, args.json);
        let pace = Pace { poll: args.poll, rescan: args.rescan, relist: args.relist };
        Worker {
            shared: Arc::clone(shared),
            voice: Arc::new(voice),
            home: Home::new(&target),
            target,
            orders,
            bucket: None,
            kept: None,
            dirty: Dirty::new(Settle { quiet: args.settle, most: NEVER_SETTLED.max(args.settle) }),
            due: Due::new(pace, now),
            weather: Weather::default(),
            told: HashMap::new(),
            restless: HashMap::new(),
            ears: None,
            ordered: 0,
            clock: (now, SystemTime::now()),
            looked_at_unwatched: now,
        }
    }

    /// Until it is told to stop.
    pub(super) async fn run(mut self) {
        self.stands(|_| {});
        loop {
            let done = match self.next().await {
                Next::Stop => return,
                Next::Pause => {
                    self.pause().await;
                    Ok(())
                }
                Next::Look(look) => self.look(look).await,
                Next::Poll => self.poll().await,
            };
            match done {
                Ok(()) => {}
                Err(error) => self.rest(&error).await,
            }
        }
    }

    /// Waits for the next thing to do.
    async fn next(&mut self) -> Next {
        loop {
            let orders = *self.orders.borrow_and_update();
            if orders.stop {
                return Next::Stop;
            }
            if orders.pause {
                return Next::Pause;
            }
            if std::mem::replace(&mut self.ordered, orders.look) != orders.look {
                self.due.all();
            }
            self.listen();
            if let Some(next) = self.overheard() {
                return next;
            }
            let now = Instant::now();
            self.mind_the_clock(now);
            // What failed comes first: nothing else shows that all is well again.
            if self.weather.is_bad()
                && let Some(hints) = self.dirty.take(now)
            {
                return Next::Look(Look::Hints(hints));
            }
            let (at, what) = self.due.next(now);
            if at <= now {
                match what {
                    What::Relist => return Next::Look(Look::Everything),
                    What::Rescan => self.dirty.put_back(Hints { all: true, ..Hints::default() }, now),
                    What::Poll => return Next::Poll,
                }
            }
            if let Some(hints) = self.dirty.take(now) {
                return Next::Look(Look::Hints(hints));
            }
            let until = self.dirty.next().into_iter().chain([self.due.next(now).0, now + TICK]).min();
            tokio::select! {
                _ = self.orders.changed() => {}
                // Where one comes there are more.
                () = async { self.home.heard().await; sleep(GATHER).await } => {}
                () = async { hear(self.ears.as_ref()).await; sleep(EVENTS).await } => {}
                () = sleep_until(until.unwrap_or(now)) => {}
            }
        }
    }

    /// Takes in what was heard of the folder; whether that is anything.
    fn listen(&mut self) -> bool {
        let now = Instant::now();
        let heard = self.home.take();
        let is_heard = heard != Heard::default();
        if heard.anywhere {
            self.dirty.mark_all(now);
        }
        heard.paths.into_iter().for_each(|path| self.dirty.mark(path, now));
        if now.duration_since(self.looked_at_unwatched) >= self.shared.args.poll * UNWATCHED {
            self.looked_at_unwatched = now;
            let paths = self.home.unwatched();
            self.dirty.put_back(Hints { all: paths.contains(""), paths, ..Hints::default() }, now);
        }
        is_heard
    }

    /// What is to be done about events of the queue.
    fn overheard(&mut self) -> Option<Next> {
        let heard = self.ears.as_mut()?.take();
        match heard.objects {
            objects if !objects.is_empty() => Some(Next::Look(Look::Hints(Hints { objects, ..Hints::default() }))),
            _ => heard.index.then_some(Next::Poll),
        }
    }

    /// Whoever has slept has missed things; and with the cable goes the haste.
    fn mind_the_clock(&mut self, now: Instant) {
        if now.duration_since(self.clock.0) < CLOCK {
            return;
        }
        let (then, wall) = std::mem::replace(&mut self.clock, (now, SystemTime::now()));
        let passed = self.clock.1.duration_since(wall).unwrap_or_default();
        if passed.saturating_sub(now.duration_since(then)) > SLEPT {
            self.due.all();
        }
        self.due.on_battery = power::on_battery();
    }

    /// Asks whether other machines have written anything down.
    async fn poll(&mut self) -> Result<(), Error> {
        self.due.was_polled(Instant::now());
        let opened = self.open().await?;
        if opened.is_new {
            self.due.all();
            return Ok(());
        }
        if self.target.direction == Some(Direction::Push) {
            // None of it would be taken.
            return self.all_is_well();
        }
        let folder = Arc::new(opened.folder);
        let bucket = self.bucket().await?;
        let news = has_news(&*bucket.store, &folder).await;
        if !news.map_err(|error| explain("sync", &self.target, error))? {
            return self.all_is_well();
        }
        if !self.visit(&folder, &Look::Hints(Hints::default())).await? {
            self.due.was_futile();
        }
        Ok(())
    }

    /// Looks, and carries what there is to carry; what could not be looked at is looked at later.
    async fn look(&mut self, look: Look) -> Result<(), Error> {
        let looked = self.look_at(&look).await;
        if looked.is_err() {
            match look {
                Look::Everything => self.due.all(),
                Look::Hints(hints) if !hints.objects.is_empty() => self.due.all(),
                Look::Hints(hints) => self.dirty.put_back(hints, Instant::now()),
            }
        }
        looked
    }

    async fn look_at(&mut self, look: &Look) -> Result<(), Error> {
        let opened = self.open().await?;
        let folder = Arc::new(opened.folder);
        let mut look = look.clone();
        if opened.is_new {
            look = Look::Everything;
        }
        match &look {
            Look::Everything => self.tell_deafness(),
            Look::Hints(hints) if !self.has_edits(&folder, hints).await? => return Ok(()),
            Look::Hints(_) => {}
        }
        self.visit(&folder, &look).await.map(drop)
    }

    /// Opens the folder; a file system that does not answer holds up nobody else.
    async fn open(&mut self) -> Result<Opened, Error> {
        let mut home = std::mem::replace(&mut self.home, Home::new(&self.target));
        let (home, opened) = blocking(move || {
            let opened = home.open();
            (home, opened)
        })
        .await;
        self.home = home;
        opened
    }

    async fn has_edits(&mut self, folder: &Arc<Folder>, hints: &Hints) -> Result<bool, Error> {
        let (folder, hints, kept) = (Arc::clone(folder), hints.clone(), self.kept.take());
        let (kept, found) = blocking(move || {
            let found = has_edits(&folder, &hints, kept.as_ref());
            (kept, found)
        })
        .await;
        self.kept = kept;
        found.map_err(|error| explain("sync", &self.target, error))
    }

    fn tell_deafness(&mut self) {
        if let Some(line) = self.home.deafness()
            && self.told.insert(String::new(), line.clone()).is_none_or(|told| told != line)
        {
            self.voice.warn(&line);
        }
    }

    /// Until somebody resumes it.
    async fn pause(&mut self) {
        self.stands(|standing| standing.state = State::Paused);
        self.voice.note("paused");
        // It fails if nobody is left to give orders.
        let stops = self.orders.wait_for(|orders| !orders.pause || orders.stop).await.is_ok_and(|orders| orders.stop);
        if !stops {
            self.voice.note("goes on");
            self.stands(|standing| standing.state = State::Starting);
            self.due.all();
        }
    }

    /// Something keeps the target from being synced: tells of it once, and waits.
    async fn rest(&mut self, error: &Error) {
        let (text, is_guard) = (error.chain().join(": "), error.kind() == Kind::Guard);
        if error.kind() == Kind::Interrupted {
            return;
        }
        if error.kind() == Kind::Access {
            // Keys may become right, names may lead elsewhere.
            self.bucket = None;
        }
        let is_new = self.weather.worsens(&text);
        let now = self.shared.context.clock.now();
        self.stands(|standing| {
            standing.state = if is_guard { State::Stopped } else { State::Offline };
            standing.why = Some(text.clone());
            if is_new {
                standing.trouble(now, &text);
            }
        });
        if is_new {
            self.voice.trouble(error);
        }
        let wait = self.weather.wait(self.shared.context.clock.random());
        let wait = if is_guard { wait.max(GUARDED) } else { wait };
        // What was heard of before and has not settled came too late for the look that failed as well.
        let is_heard = self.listen() || self.dirty.is_unsettled(Instant::now());
        let put_right = async {
            if !is_heard {
                self.home.heard().await;
            }
            sleep(PUT_RIGHT).await;
        };
        tokio::select! {
            () = sleep(wait) => {}
            // What the orders are, the loop looks at.
            _ = self.orders.changed() => {}
            () = put_right, if is_guard => {}
        }
    }

    /// The weather is good again, if it was not.
    pub(super) fn all_is_well(&mut self) -> Result<(), Error> {
        if self.weather.clears() {
            self.voice.note("is synced again");
            self.stands(|standing| (standing.state, standing.why) = (State::InSync, None));
        }
        Ok(())
    }

    /// Writes down where the target stands.
    pub(super) fn stands(&self, change: impl FnOnce(&mut Standing)) {
        self.shared.board.change(&self.target.name, change);
    }
}

/// Waits for an event, if there is anything to hear.
async fn hear(ears: Option<&Ears>) {
    match ears {
        Some(ears) => ears.heard().await,
        None => std::future::pending().await,
    }
}
