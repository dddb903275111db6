//! Carrying out changes that come one by one, and keys that somebody names: what push-file and pull-file do.
//!
//! Each takes the actions of its own direction and hands on the others, so that the two and `write-index` in a row make a sync.

use std::collections::HashMap;
use std::future::ready;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use futures::stream::{self, Stream, StreamExt};
use tokio::sync::OnceCell;

use super::learn::live_names;
use super::observe::{GoBy, LOOKING};
use super::sync::ROUNDS;
use super::{Engine, Error, Summary, is_rules};
use crate::index::{self, Index, RemoteIndex};
use crate::key::{self, Key};
use crate::local::{self, Found, Ignore};
use crate::reconcile::{Action, Alarm, Guards, Item, Plan, Planned, guard};
use crate::remote::{self, ObjectStore};
use crate::transfer::{Done, Failure};

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the bucket.
    Push,
    /// To the folder.
    Pull,
}

impl Way {
    /// Whether an action is one of this direction's. Those of neither are nothing but a note in the indexes, or a question.
    pub fn takes(self, action: Action) -> bool {
        match action {
            Action::Push | Action::DeleteRemote => self == Way::Push,
            Action::Pull | Action::DeleteLocal | Action::KeepBoth | Action::MoveAside => self == Way::Pull,
            Action::Adopt | Action::Forget | Action::Conflict => false,
        }
    }
}

/// What is to be carried out.
#[derive(Debug)]
pub enum Order {
    /// A change, as it was seen.
    Change(Box<Planned>),
    /// A key: to be looked at, and decided.
    Key(Key),
}

/// What became of an order.
#[derive(Debug)]
pub enum Carried {
    /// An action of this direction has ended.
    Ended(Box<Planned>, Box<Result<Done, Failure>>),
    /// It is not this direction's business, or not any more. With an alarm: a deletion that nobody may carry out.
    Passed(Box<Planned>, Option<Alarm>),
    /// There is nothing to do about the key.
    Unchanged(Key),
    /// The ignore rules leave the key out.
    Ignored(Key),
    /// Neither side has the key, nor had it.
    Absent(Key),
    /// The key could not be looked at.
    Failed(Key, Failure),
    /// An ignored object stays until the bucket has the rule that ignores it: other machines would take it for deleted.
    Waits(Box<Planned>),
    /// A deletion of this direction that a key comes to, and a guard refuses.
    Refused(Box<Planned>, Alarm),
}

/// What single keys are judged by; read when the first one comes.
struct Memory {
    base: Index,
    written_ns: Option<i128>,
    ignore: Ignore,
    remote_index: Index,
}

/// What must wait for the end of the orders.
#[derive(Default)]
struct Waiting {
    /// Ignored objects to delete.
    ignored: Vec<Planned>,
    /// Deletions that were decided here, in either direction: only all of them together show whether they are an accident.
    decided: Vec<Deletion>,
}

/// A deletion that nobody has planned.
struct Deletion {
    planned: Planned,
    /// Whether it is to be carried out here: somebody named the key, and it is of this direction. Else it is handed on.
    ours: bool,
}

/// What an order comes to, once it is looked at.
enum Decided {
    /// This is to be done, in one direction or the other.
    Planned(Box<Planned>),
    /// A deletion, in one direction or the other, that nobody has planned: a key came to it.
    Deletion(Box<Planned>),
    /// There is nothing to do but to tell.
    Told(Carried),
    /// Going on is useless.
    Stopped(Error),
}

type Tell<'a> = &'a (dyn Fn(Carried) + Sync);

impl<S: ObjectStore> Engine<S> {
    /// Carries out the orders of one direction as they come, and tells what became of each. What is no longer as a change has
    /// it is looked at and decided again. The caller shares the folder's lock.
    ///
    /// # Errors
    ///
    /// What makes going on useless: an index that cannot be read, a full disk.
    pub async fn carry(&self, way: Way, orders: impl Stream<Item = Order> + Send, tell: Tell<'_>) -> Result<(), Error> {
        self.folder.begin_run(self.options.stamp.clone());
        if self.folder.keeps_empty() {
            let base = index::load(&self.folder, false)?.index;
            self.folder.spare_too(live_names(&base));
        }
        let carried = self.carry_rounds(way, orders, tell).await;
        self.carrier.settle().await;
        carried
    }

    async fn carry_rounds(
        &self,
        way: Way,
        orders: impl Stream<Item = Order> + Send,
        tell: Tell<'_>,
    ) -> Result<(), Error> {
        let memory = OnceCell::new();
        let (waiting, stopped) = (Mutex::new(Waiting::default()), Mutex::new(None));
        let stop = |error: Error| *held(&stopped) = Some(error);
        let orders = orders.take_until(self.cancel.cancelled());
        let decided = orders.map(|order| self.decide_order(way, order, &memory)).buffered(LOOKING);
        let ours = decided.take_while(|_| ready(held(&stopped).is_none())).filter_map(|decided| {
            match decided {
                Some(Decided::Planned(planned)) if !way.takes(planned.action) => tell(Carried::Passed(planned, None)),
                Some(Decided::Planned(planned)) if planned.item.ignored => held(&waiting).ignored.push(*planned),
                Some(Decided::Planned(planned)) => return ready(Some(*planned)),
                Some(Decided::Deletion(planned)) => {
                    let ours = way.takes(planned.action);
                    held(&waiting).decided.push(Deletion { planned: *planned, ours });
                }
                Some(Decided::Told(carried)) => tell(carried),
                Some(Decided::Stopped(error)) => stop(error),
                // The run was interrupted.
                None => {}
            }
            ready(None)
        });
        let mut again = self.carry_ours(ours, &stop, tell).await;
        for _ in 1..ROUNDS {
            if again.is_empty() || held(&stopped).is_some() || self.cancel.is_cancelled() {
                break;
            }
            let keys = std::mem::take(&mut again);
            let mut ours = Vec::new();
            for decided in self.decide_keys(keys, self.memory(&memory).await?, None).await {
                match decided {
                    // Nobody has asked for a deletion that a second look comes to.
                    Decided::Deletion(planned) => {
                        held(&waiting).decided.push(Deletion { planned: *planned, ours: false });
                    }
                    Decided::Planned(planned) if way.takes(planned.action) => ours.push(*planned),
                    Decided::Planned(planned) => tell(Carried::Passed(planned, None)),
                    Decided::Told(carried) => tell(carried),
                    Decided::Stopped(error) => stop(error),
                }
            }
            again = self.carry_ours(stream::iter(ours), &stop, tell).await;
        }
        for key in again {
            tell(Carried::Failed(key, Failure::Changed));
        }
        let Waiting { mut ignored, decided } = std::mem::take(&mut *held(&waiting));
        if held(&stopped).is_none() {
            ignored.extend(self.carry_deletions(decided, &memory, tell).await?);
            self.carry_ignored(ignored, &memory, tell).await?;
        }
        let stopped = held(&stopped).take();
        stopped.map_or(Ok(()), Err)
    }

    /// Carries out what is this direction's; returns the keys to look at again.
    async fn carry_ours(
        &self,
        ours: impl Stream<Item = Planned> + Send,
        stop: &(dyn Fn(Error) + Sync),
        tell: Tell<'_>,
    ) -> Vec<Key> {
        let mut again = Vec::new();
        let mut ended = |planned: Planned, result: Result<Done, Failure>| {
            match &result {
                Err(Failure::Changed) => return again.push(planned.item.key),
                Err(Failure::Moved(beside)) => again.extend([beside.clone(), planned.item.key.clone()]),
                Err(Failure::Local(local::Error::NoSpace { path })) => {
                    stop(Error::Local(local::Error::NoSpace { path: path.clone() }));
                }
                Ok(done) => again.extend(done.kept_as.clone()),
                Err(_) => {}
            }
            tell(Carried::Ended(Box::new(planned), Box::new(result)));
        };
        self.carrier.carry_out(ours, &mut ended).await;
        again
    }

    /// Deletes ignored objects, once the bucket has the rules that ignore them.
    async fn carry_ignored(
        &self,
        ignored: Vec<Planned>,
        memory: &OnceCell<Memory>,
        tell: Tell<'_>,
    ) -> Result<(), Error> {
        if ignored.is_empty() || self.cancel.is_cancelled() {
            return Ok(());
        }
        let Ok(rules) = Key::parse(key::IGNORE) else { return Ok(()) };
        let looked = self.decide_keys(vec![rules], self.memory(memory).await?, None).await;
        let settled = |decided: &Decided| match decided {
            // One that is still to be pulled is in the bucket.
            Decided::Planned(planned) => matches!(planned.action, Action::Adopt | Action::Forget | Action::Pull),
            Decided::Told(carried) => matches!(carried, Carried::Unchanged(_) | Carried::Absent(_)),
            Decided::Deletion(_) | Decided::Stopped(_) => false,
        };
        if !looked.iter().all(settled) {
            ignored.into_iter().for_each(|planned| tell(Carried::Waits(Box::new(planned))));
            return Ok(());
        }
        for key in self.carry_ours(stream::iter(ignored), &|_| {}, tell).await {
            tell(Carried::Failed(key, Failure::Changed));
        }
        Ok(())
    }

    /// Carries out or hands on the deletions that were decided here, unless there is so much of them that it looks like an
    /// accident. Returns those of ignored objects, which have to wait for their rules.
    async fn carry_deletions(
        &self,
        decided: Vec<Deletion>,
        memory: &OnceCell<Memory>,
        tell: Tell<'_>,
    ) -> Result<Vec<Planned>, Error> {
        if decided.is_empty() || self.cancel.is_cancelled() {
            return Ok(Vec::new());
        }
        let alarm = self.alarm(&decided, self.memory(memory).await?)?;
        let mut ours = Vec::new();
        for Deletion { planned, ours: is_ours } in decided {
            match &alarm {
                None if is_ours => ours.push(planned),
                Some(alarm) if is_ours => tell(Carried::Refused(Box::new(planned), alarm.clone())),
                alarm => tell(Carried::Passed(Box::new(planned), alarm.clone())),
            }
        }
        let (ignored, ours): (Vec<_>, Vec<_>) = ours.into_iter().partition(|planned| planned.item.ignored);
        for key in self.carry_ours(stream::iter(ours), &|_| {}, tell).await {
            tell(Carried::Failed(key, Failure::Changed));
        }
        Ok(ignored)
    }

    /// What a guard says of deletions that were decided here.
    fn alarm(&self, decided: &[Deletion], memory: &Memory) -> Result<Option<Alarm>, Error> {
        if self.options.force {
            return Ok(None);
        }
        let deletions = decided.iter().map(|deletion| deletion.planned.clone()).collect();
        let guards = Guards {
            max_delete: self.options.max_delete,
            known: memory.base.live(),
            files: usize::from(self.has_files(&memory.ignore)?),
            folders: usize::from(self.folder.keeps_empty()),
            withheld: 0,
            moved_device: memory.base.device.is_some_and(|device| device != self.folder.device()),
            deleted: [0, 0],
        };
        Ok(guard(&Plan { deletions, ..Plan::default() }, &guards))
    }

    /// Whether the folder has any file that a sync would carry.
    fn has_files(&self, ignore: &Ignore) -> Result<bool, Error> {
        let mut found = false;
        let mut first = |entry| {
            found |= matches!(entry, Found::File(file) if !is_rules(file.key.as_str()) && !file.key.is_marker());
            if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        local::walk(&self.folder, ignore, &mut first)?;
        Ok(found)
    }

    /// `None`: the run was interrupted before the order was decided.
    async fn decide_order(&self, way: Way, order: Order, memory: &OnceCell<Memory>) -> Option<Decided> {
        let (key, changed) = match order {
            Order::Change(planned) if planned.action == Action::DeleteLocal && way.takes(planned.action) => {
                // The one action that would not meet its object by itself. A file that goes while the object is there would look
                // like a user's deletion if the outcome was lost.
                match self.store.head(planned.item.key.as_str()).await {
                    Err(remote::Error::NotFound) => return Some(Decided::Planned(planned)),
                    Err(error) => {
                        return Some(Decided::Told(Carried::Failed(planned.item.key, Failure::Remote(error))));
                    }
                    Ok(_) => (planned.item.key, true),
                }
            }
            Order::Change(mut planned) => {
                // The same of a file that is renamed: with its old object there, the content is fetched instead.
                if let Some(source) = planned.source.as_ref().filter(|source| way == Way::Pull && !source.stays)
                    && !matches!(self.store.head(source.item.key.as_str()).await, Err(remote::Error::NotFound))
                {
                    planned.source = None;
                }
                return Some(Decided::Planned(planned));
            }
            Order::Key(key) => (key, false),
        };
        let memory = match self.memory(memory).await {
            Ok(memory) => memory,
            Err(error) => return Some(Decided::Stopped(error)),
        };
        let written_ns = memory.written_ns.filter(|_| !changed);
        self.decide_keys(vec![key], memory, written_ns).await.pop()
    }

    /// Looks at keys and decides them: what is to be done about each, or what became of it. `written_ns` is when the local
    /// index was written; `None` for keys that have changed since.
    async fn decide_keys(&self, keys: Vec<Key>, memory: &Memory, written_ns: Option<i128>) -> Vec<Decided> {
        let mut summary = Summary::default();
        let base = |key: &Key| memory.base.get(key.as_str());
        let by = GoBy { ignore: &memory.ignore, base: &base, written_ns };
        let items = self.look_at(keys, &by, &mut summary).await;
        let idle = |item: &Item| match item.key.clone() {
            key if item.ignored => Carried::Ignored(key),
            key if item.local.is_some() || item.remote.is_some() || item.live_base().is_some() => {
                Carried::Unchanged(key)
            }
            key => Carried::Absent(key),
        };
        let mut looked: HashMap<Key, Carried> = items.iter().map(|item| (item.key.clone(), idle(item))).collect();
        let planned = self.decide(items, &memory.remote_index, None, &mut summary).await;
        for key in planned.iter().map(|planned| &planned.item.key).chain(summary.failed.iter().map(|(key, _)| key)) {
            looked.remove(key);
        }
        // An interruption leaves questions without an answer.
        let unchanged = looked.into_values().filter(|_| !self.cancel.is_cancelled());
        let failed = summary.failed.into_iter().map(|(key, failure)| Carried::Failed(key, failure));
        let told: Vec<_> = unchanged.chain(failed).map(Decided::Told).collect();
        let todo = |planned: Planned| match planned.action {
            Action::DeleteLocal | Action::DeleteRemote => Decided::Deletion(Box::new(planned)),
            _ => Decided::Planned(Box::new(planned)),
        };
        planned.into_iter().map(todo).chain(told).collect()
    }

    async fn memory<'m>(&self, memory: &'m OnceCell<Memory>) -> Result<&'m Memory, Error> {
        let read = || async {
            let mut base = index::load(&self.folder, false)?;
            self.note_damage(&mut base);
            let written_ns = base.written_ns;
            let base = self.ledger(&mut base).into_base();
            let ignore = Ignore::load(&self.folder)?;
            let mut remote_index = RemoteIndex::fetch_both(&*self.store, &self.folder).await?;
            let remote_index = remote_index.index(&*self.store, &self.folder).await?.clone();
            Ok(Memory { base, written_ns, ignore, remote_index })
        };
        memory.get_or_try_init(read).await
    }
}

/// A panic elsewhere leaves whole values behind.
fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
