//! One run of a target: lock, sync, and what came of it.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use s4_commands::record::Record;
use tokio::time::{Instant, sleep};

use super::board::State;
use super::due::What;
use super::ears::Ears;
use super::worker::Worker;
use crate::ambient::Ambient as _;
use crate::blocking::blocking;
use crate::engine::{Engine, Hints, Look, Summary};
use crate::error::{Error, Kind};
use crate::key;
use crate::local::{self, Folder, Hold, Lock};
use crate::reconcile::Policy;
use crate::records;
use crate::remote::{Guarded, S3Store};
use crate::run::{self, explain};
use crate::session::{self, Session, folder_error};
use crate::transfer::{Cancel, Failure};
use crate::ui::text::printable;

/// How often the lock is tried for while another s4 has it.
const LOCK_EVERY: Duration = Duration::from_millis(100);
/// Another s4 that is done by then is not worth a word.
const LOCK_SHORT: Duration = Duration::from_secs(1);

/// The connection to the bucket; it outlives the runs.
#[derive(Clone)]
pub(super) struct Bucket {
    pub(super) store: Arc<Guarded<S3Store>>,
}

impl Worker {
    /// The connection to the bucket.
    pub(super) async fn bucket(&mut self) -> Result<Bucket, Error> {
        if let Some(bucket) = &self.bucket {
            return Ok(bucket.clone());
        }
        let target = run::in_flow(&self.target, &self.shared.args.flow);
        let Session { store, .. } = Session::open(&self.shared.context, &target, false).await?;
        let queue = session::listen(&self.shared.context, &target).await?;
        let (voice, clock) = (&self.voice, self.shared.context.clock);
        self.ears = queue.map(|queue| Ears::listen(queue, Arc::clone(voice), clock));
        Ok(self.bucket.insert(Bucket { store }).clone())
    }

    /// A run; whether it did anything.
    pub(super) async fn visit(&mut self, folder: &Arc<Folder>, look: &Look) -> Result<bool, Error> {
        let bucket = self.bucket().await?;
        let _lock = self.lock(folder).await?;
        self.stands(|standing| standing.state = State::Syncing);
        let (context, args) = (&self.shared.context, &self.shared.args);
        let policy = args.conflicts.or(self.target.conflicts).map_or(Policy::KeepBoth, run::policy);
        let target = run::in_flow(&self.target, &args.flow);
        let (options, cancel) = (run::options(context, &target, policy, false), Cancel::default());
        let sides = (Arc::clone(folder), Arc::clone(&bucket.store));
        let engine = Engine::new(sides, Arc::new(context.clock), Arc::clone(&self.voice), cancel.clone(), options);
        let mut orders = self.orders.clone();
        let halt = async {
            // It fails if nobody is left to give orders.
            let _ = orders.wait_for(|orders| orders.stop || orders.pause).await;
            cancel.cancel();
            std::future::pending::<()>().await;
        };
        let mut kept = self.kept.take();
        let synced = {
            let mut synced = pin!(engine.sync_where(look, &mut kept));
            tokio::select! {
                synced = &mut synced => synced,
                () = halt => return Err(Error::new(Kind::Interrupted, "interrupted")),
            }
        };
        self.kept = kept;
        match synced {
            Ok(summary) => {
                if summary.everything {
                    let (context, target) = (self.shared.context.clone(), self.target.clone());
                    let folder = Arc::clone(folder);
                    blocking(move || run::empty_trash(&context, &target, &folder)).await;
                }
                self.conclude(folder, look, &summary)
            }
            Err(error) => {
                self.voice.ends(std::iter::empty());
                Err(explain("sync", &self.target, error))
            }
        }
    }

    /// Takes the folder's lock, however long another s4 has it.
    async fn lock(&self, folder: &Folder) -> Result<Lock, Error> {
        let (began, mut told) = (Instant::now(), false);
        let mut orders = self.orders.clone();
        loop {
            let mut holder = None;
            match Lock::acquire(folder, Hold::Alone, Duration::ZERO, &mut |pid| holder = pid) {
                Err(local::Error::Locked { .. }) => {}
                taken => return taken.map_err(folder_error),
            }
            if began.elapsed() >= LOCK_SHORT && !std::mem::replace(&mut told, true) {
                let who = holder.map_or_else(|| "another s4".to_owned(), |pid| format!("another s4 (process {pid})"));
                self.stands(|standing| {
                    standing.state = State::Waiting;
                    standing.why = Some(format!("{who} is at work in the folder"));
                });
            }
            tokio::select! {
                () = sleep(LOCK_EVERY) => {}
                _ = orders.wait_for(|orders| orders.stop || orders.pause) => {
                    return Err(Error::new(Kind::Interrupted, "interrupted"));
                }
            }
        }
    }

    /// What a run leaves to be told and to be done; whether it did anything.
    fn conclude(&mut self, folder: &Folder, look: &Look, summary: &Summary) -> Result<bool, Error> {
        let now = Instant::now();
        let did_something = !summary.done.is_empty();
        if did_something {
            self.due.is_active(now);
        }
        self.tell_of(summary, now);
        let wrote = self.voice.take_written();
        if let Some(ears) = &mut self.ears {
            ears.wrote(wrote.into_iter(), now);
        }
        if summary.interrupted {
            return Err(Error::new(Kind::Interrupted, "interrupted"));
        }
        let hints_at_rules = |hints: &Hints| hints.all || hints.paths.contains(key::IGNORE);
        let what = match look {
            _ if summary.everything => What::Relist,
            Look::Hints(hints) if hints.all => What::Rescan,
            _ => What::Poll,
        };
        if summary.everything || matches!(look, Look::Hints(hints) if hints_at_rules(hints)) {
            self.home.renew(folder);
        }
        self.home.saw_links(folder, summary.everything);
        self.due.was_looked_at(what, self.kept.as_ref().map_or(0, crate::index::Kept::keys), now);
        self.all_is_well()?;
        self.write_down(summary, what);
        Ok(did_something)
    }

    /// Tells of what was left alone, once; what changed meanwhile is looked at again as soon as it rests.
    fn tell_of(&mut self, summary: &Summary, now: Instant) {
        let mut lasting: Vec<(String, String, String)> = Vec::new();
        let mut restless = HashMap::new();
        for (key, failure) in &summary.failed {
            if matches!(failure, Failure::Changed) {
                let times = self.restless.remove(key.as_str()).unwrap_or_default() + 1;
                restless.insert(key.as_str().to_owned(), times);
                self.dirty.mark_again(key.as_str().to_owned(), times, now);
                continue;
            }
            let (name, why) = (printable(key.as_str()).into_owned(), failure.reasons());
            lasting.push((name.clone(), why.clone(), format!("could not sync \"{name}\": {why}")));
        }
        // One that was carried meanwhile is forgotten with the others.
        self.restless = restless;
        let some_failed = !lasting.is_empty();
        for problem in &summary.problems {
            let (name, why) = (printable(&problem.name).into_owned(), problem.why.clone());
            lasting.push((name.clone(), why.clone(), format!("left alone: \"{name}\": {why}")));
        }
        for conflict in &summary.conflicts {
            let name = printable(conflict.item.key.as_str()).into_owned();
            lasting.push((name.clone(), "conflict".to_owned(), format!("conflict left alone: \"{name}\"")));
        }
        if summary.everything {
            self.told.retain(|name, _| name.is_empty() || lasting.iter().any(|(lasts, ..)| lasts == name));
            self.due.some_failed(some_failed, now);
        } else if some_failed {
            self.due.some_failed(true, now);
        }
        let at = self.shared.context.clock.now();
        for (name, why, line) in lasting {
            if self.told.insert(name, why.clone()).is_none_or(|told| told != why) {
                self.voice.warn(&line);
                self.stands(|standing| standing.trouble(at, &line));
            }
        }
        let left = summary.conflicts.iter().map(|it| records::skipped(it, "conflict", "both sides changed").into());
        let problems = records::problems(summary);
        // A whole look sees the same ones again each time.
        let news: Vec<Record> = if summary.done.is_empty() { Vec::new() } else { left.chain(problems).collect() };
        self.voice.ends(news.into_iter());
    }

    fn write_down(&self, summary: &Summary, what: What) {
        let now = self.shared.context.clock.now();
        let names = summary.conflicts.iter().map(|conflict| conflict.item.key.as_str().to_owned());
        let conflicts: Vec<String> = names.collect();
        let problems = summary.failed.len() + summary.problems.len();
        self.stands(|standing| {
            (standing.state, standing.why, standing.synced) = (State::InSync, None, Some(now));
            if what >= What::Rescan {
                standing.scanned = Some(now);
            }
            if what == What::Relist {
                (standing.listed, standing.conflicts, standing.problems) = (Some(now), conflicts, problems);
            } else {
                standing.conflicts.extend(conflicts);
                standing.conflicts.sort();
                standing.conflicts.dedup();
                standing.problems = standing.problems.max(problems);
            }
        });
    }
}
