//! Carrying actions out: bytes between folder and bucket, many keys at a time, bounded in requests and in bytes held.
//!
//! Every action carries what it expects to find on either side. Where a side turns out to be something else, nothing
//! is written and the key is [`Failure::Changed`]: it is looked at and decided again. Nothing here decides.

mod copied;
mod cut;
mod delta;
mod foresee;
mod gate;
mod install;
mod markers;
mod media;
mod pool;
mod pull;
mod push;
mod ranges;
mod read;
mod record;
mod resume;

pub use cut::{Cut, MOST_COPIED};
pub use foresee::Foreseen;
pub use pool::{Cancel, run_all};
pub(crate) use read::read_back;
pub use record::{Done, agree, learns_modified};

use std::pin::pin;
use std::sync::Arc;

use futures::stream::{self, Stream, StreamExt as _};
use tokio::sync::Semaphore;

use crate::ambient::Ambient;
use crate::key::Key;
use crate::local::{self, Folder};
use crate::reconcile::{Action, Planned};
use crate::remote::{self, Deletion, Expect, ObjectStore};
use gate::Gate;
use install::Installer;

/// Parts of one object in flight.
const PARTS_IN_FLIGHT: usize = 6;
/// Bytes of content held in memory at a time, in KiB: four parts, so that a big file goes in less than 100 MiB with all the rest.
const MEMORY_KIB: u32 = 64 << 10;
/// The most contents that move at a time, each way, if nothing else is said.
pub const JOBS: Jobs = Jobs { up: 256, down: 256 };
/// Keys under way at a time: those that move, and those that have arrived and wait for the disk to be flushed. The more of them
/// wait, the fewer flushes it takes; each holds a file open, and a thousand is what most systems allow.
const UNDER_WAY: usize = 512;
/// The most deletions that one request takes.
pub const BATCH: usize = 1_000;
/// Requests to delete in flight.
const BATCHES: usize = 4;
/// Deletions in the bucket that wait for others, so that one request does for many.
const HELD_DELETIONS: usize = BATCH * BATCHES;
/// How often a content that arrived damaged is fetched again.
const ATTEMPTS: u32 = 3;

/// Why an action was not carried out. Nothing was changed on the side that it would have written to, or it will be
/// recognised on the next look.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A side is not what the plan saw: look again and decide again.
    #[error("it changed meanwhile")]
    Changed,
    /// The file has this name now: look at both names and decide.
    #[error("it was kept as '{0}'")]
    Moved(Key),
    /// The object is a symbolic link, and those are not synced here: it is left alone.
    #[error("it is a symbolic link in the bucket, and those are not synced here")]
    Link,
    /// The run was interrupted before the action was begun or finished.
    #[error("interrupted")]
    Interrupted,
    /// The folder would not have it.
    #[error(transparent)]
    Local(local::Error),
    /// The bucket would not have it.
    #[error(transparent)]
    Remote(remote::Error),
}

impl Failure {
    /// Why, with all its causes.
    pub fn reasons(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}

impl From<local::Error> for Failure {
    fn from(error: local::Error) -> Failure {
        match error {
            local::Error::Changed { .. } | local::Error::NotFound { .. } => Failure::Changed,
            error => Failure::Local(error),
        }
    }
}

impl From<remote::Error> for Failure {
    fn from(error: remote::Error) -> Failure {
        match error {
            // A condition on an object that is gone is answered with not-found.
            remote::Error::Precondition | remote::Error::NotFound => Failure::Changed,
            error => Failure::Remote(error),
        }
    }
}

/// Hears what happens, from many tasks at once.
pub trait Progress: Send + Sync + 'static {
    /// It is the turn of an action that moves a content.
    fn began(&self, _planned: &Planned) {}
    /// Bytes of a key's content have moved; of what has to be moved again, again.
    fn moved(&self, _key: &Key, _bytes: u64) {}
    /// An action has ended. A deletion in the bucket ends with its whole batch.
    fn ended(&self, _planned: &Planned, _result: &Result<Done, Failure>) {}
}

/// Moves contents between a folder and a bucket.
pub struct Carrier<S> {
    store: Arc<S>,
    folder: Arc<Folder>,
    ambient: Arc<dyn Ambient>,
    memory: Arc<Semaphore>,
    pushing: Gate,
    pulling: Gate,
    installer: Installer,
    progress: Arc<dyn Progress>,
    cancel: Cancel,
    conflict_stamp: String,
    /// Names the place in the bucket.
    place: String,
    cut: Cut,
}

impl<S: ObjectStore> Carrier<S> {
    /// Makes a carrier. `conflict_stamp` names conflict copies: `HOST-YYYYMMDD-HHMMSS`; `place` is where in the bucket.
    /// At most `jobs` contents move at a time.
    pub fn new(
        store: Arc<S>,
        folder: Arc<Folder>,
        ambient: Arc<dyn Ambient>,
        progress: Arc<dyn Progress>,
        (cancel, conflict_stamp, place): (Cancel, String, String),
        (cut, jobs): (Cut, Jobs),
    ) -> Carrier<S> {
        let installer = Installer::start(Arc::clone(&folder));
        let memory = Arc::new(Semaphore::new(MEMORY_KIB as usize));
        let gate = |most| Gate::new(most, store.slow_downs());
        let (pushing, pulling) = (gate(jobs.up), gate(jobs.down));
        Carrier {
            store,
            folder,
            ambient,
            memory,
            pushing,
            pulling,
            installer,
            progress,
            cancel,
            conflict_stamp,
            place,
            cut,
        }
    }

    /// Carries out actions as they come. `ended` hears of each as it ends, on the calling task.
    ///
    /// Deletions in the folder and everything else never run side by side, and keep their order: one may make way for the
    /// other. Deletions in the bucket wait for a batch, or for the end, and come after all that came before them.
    pub async fn carry_out(
        self: &Arc<Self>,
        actions: impl Stream<Item = Planned> + Send,
        ended: &mut (dyn FnMut(Planned, Result<Done, Failure>) + Send),
    ) {
        let mut actions = pin!(actions.peekable());
        let mut deletions = Vec::new();
        while !self.cancel.is_cancelled() {
            let Some(next) = actions.as_mut().peek().await else { break };
            let deletes = next.action == Action::DeleteLocal;
            let stage = stream::unfold((actions.as_mut(), &mut deletions), |(mut actions, deletions)| async move {
                while deletions.len() < HELD_DELETIONS {
                    let same = |next: &Planned| is_remote(next) || (next.action == Action::DeleteLocal) == deletes;
                    let next = actions.as_mut().next_if(same).await?;
                    if !is_remote(&next) {
                        return Some((next, (actions, deletions)));
                    }
                    deletions.push(next);
                }
                None
            });
            self.run_stage(stage, ended).await;
            if deletions.len() >= HELD_DELETIONS {
                self.delete_batches(std::mem::take(&mut deletions), ended).await;
            }
        }
        self.delete_batches(deletions, ended).await;
    }

    async fn run_stage(
        self: &Arc<Self>,
        actions: impl Stream<Item = Planned> + Send,
        ended: &mut (dyn FnMut(Planned, Result<Done, Failure>) + Send),
    ) {
        let carrier = Arc::clone(self);
        let one = move |planned: Planned| {
            let carrier = Arc::clone(&carrier);
            async move {
                let result = carrier.carry_out_one(&planned).await;
                carrier.progress.ended(&planned, &result);
                (planned, result)
            }
        };
        run_all(actions, UNDER_WAY, &self.cancel, one, &mut |(planned, result)| ended(planned, result)).await;
    }

    async fn delete_batches(
        self: &Arc<Self>,
        deletions: Vec<Planned>,
        ended: &mut (dyn FnMut(Planned, Result<Done, Failure>) + Send),
    ) {
        let carrier = Arc::clone(self);
        let batch = move |planned: Vec<Planned>| {
            let carrier = Arc::clone(&carrier);
            async move { carrier.delete_remote(planned).await }
        };
        let batches = stream::iter(batches(deletions));
        run_all(batches, BATCHES, &self.cancel, batch, &mut |results| {
            for (planned, result) in results {
                ended(planned, result);
            }
        })
        .await;
    }

    /// Waits until everything that was handed over for installing is in its place: the folder's lock must outlive it.
    pub async fn settle(&self) {
        self.installer.drain().await;
    }

    /// Moves a content, when it is its turn.
    async fn in_turn<T>(&self, gate: &Gate, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let moving = gate.enter().await;
        if self.cancel.is_cancelled() {
            return Err(Failure::Interrupted);
        }
        let moved = work.await;
        moving.moved(self.store.slow_downs());
        moved
    }

    async fn carry_out_one(&self, planned: &Planned) -> Result<Done, Failure> {
        if matches!(planned.action, Action::Pull | Action::KeepBoth | Action::DeleteLocal | Action::MoveAside) {
            self.folder.expect_own(&planned.item.key)?;
        }
        match planned.action {
            action if planned.item.key.is_marker() => self.carry_marker(action, planned).await,
            Action::Push => self.push(planned).await,
            Action::Pull | Action::KeepBoth => self.pull(planned).await,
            Action::DeleteLocal => self.delete_local(planned),
            Action::MoveAside => self.move_aside(planned).await,
            // Deletions in the bucket go in batches, and conflicts are nothing to carry out.
            Action::DeleteRemote | Action::Conflict | Action::Adopt | Action::Forget => {
                agree(planned, self.ambient.now()).ok_or(Failure::Changed)
            }
        }
    }

    /// Moves a file beside, so that a folder can take its place, or an object that no folder has room for. The indexes learn
    /// of it when both keys are looked at again.
    async fn move_aside(&self, planned: &Planned) -> Result<Done, Failure> {
        let item = &planned.item;
        let beside = self.free_conflict_key(&item.key)?.ok_or(Failure::Changed)?;
        match (&item.local, &item.remote) {
            (Some(expected), _) => drop(self.folder.rename(&item.key, &expected.stat, &beside)?),
            (None, Some(there)) => {
                self.store.copy((item.key.as_str(), &there.etag), beside.as_str(), None, &Expect::Absent).await?;
                let old = Deletion { name: item.key.as_str().into(), etag: there.etag.clone() };
                self.store.delete(&[old]).await.into_iter().collect::<Result<(), _>>()?;
            }
            (None, None) => return Err(Failure::Changed),
        }
        Err(Failure::Moved(beside))
    }

    fn delete_local(&self, planned: &Planned) -> Result<Done, Failure> {
        let item = &planned.item;
        let expected = item.local.as_ref().ok_or(Failure::Changed)?;
        match self.folder.remove(&item.key, &expected.stat) {
            Ok(()) => {}
            // The pull that this deletion is the other half of has renamed it.
            Err(_) if planned.renamed && matches!(self.folder.stat(&item.key), Ok(None)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(record::deleted(item, self.ambient.now()))
    }

    /// Deletes a batch of objects, those whose files are still gone: deletions come last, and the scan may be hours old.
    async fn delete_remote(&self, batch: Vec<Planned>) -> Vec<(Planned, Result<Done, Failure>)> {
        let still_gone = |planned: &Planned| planned.item.ignored || self.folder.is_gone(&planned.item.key);
        let (batch, back): (Vec<_>, Vec<_>) = batch.into_iter().partition(still_gone);
        let mut results: Vec<_> = back.into_iter().map(|planned| (planned, Err(Failure::Changed))).collect();
        results.extend(self.delete_objects(batch).await);
        results
    }

    async fn delete_objects(&self, batch: Vec<Planned>) -> Vec<(Planned, Result<Done, Failure>)> {
        let deletions: Vec<Deletion> = batch
            .iter()
            .filter_map(|planned| {
                let etag = planned.item.remote.as_ref()?.etag.clone();
                Some(Deletion { name: planned.item.key.as_str().into(), etag })
            })
            .collect();
        let results = self.store.delete(&deletions).await;
        let ended = batch.into_iter().zip(results).map(|(planned, result)| {
            let result = match result {
                Ok(()) => Ok(record::deleted(&planned.item, self.ambient.now())),
                Err(error) => Err(Failure::from(error)),
            };
            self.progress.ended(&planned, &result);
            (planned, result)
        });
        ended.collect()
    }

    /// Permits for holding `bytes` in memory; more than there is in all counts as all of it.
    async fn hold(&self, bytes: u64) -> Option<tokio::sync::OwnedSemaphorePermit> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(MEMORY_KIB).clamp(1, MEMORY_KIB);
        Arc::clone(&self.memory).acquire_many_owned(kib).await.ok()
    }
}

/// Whether an action is a deletion in the bucket, of an object that was seen.
fn is_remote(planned: &Planned) -> bool {
    planned.action == Action::DeleteRemote && planned.item.remote.is_some()
}

/// Deletions a thousand at a time, the most that one request takes.
fn batches(deletions: Vec<Planned>) -> Vec<Vec<Planned>> {
    let mut batches: Vec<Vec<Planned>> = Vec::new();
    for planned in deletions {
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH => batch.push(planned),
            _ => batches.push(vec![planned]),
        }
    }
    batches
}

/// How many contents move at a time, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// To the bucket.
    pub up: usize,
    /// To the folder.
    pub down: usize,
}
