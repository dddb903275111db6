//! Installing what was pulled: many staged files reach the disk with one flush, and only then get their names.
//!
//! A content must be durable before its name is: after a power failure, a name with half a content would look like an
//! edit and be pushed over the good object. One flush of the file system for all files that are waiting is as safe as one
//! for each of them, and far cheaper.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::blocking::blocking;
use crate::key::Key;
use crate::local::{Displaced, Error, Folder, Staged, Stat};

/// How a staged file gets its name.
pub(super) enum Place {
    /// Nothing is there.
    New,
    /// It takes the place of exactly this file, which goes where `Displaced` says.
    Over(Stat, Displaced),
}

enum Order {
    Install(Job),
    /// Answered when all orders before it are done.
    Drain(oneshot::Sender<()>),
}

struct Job {
    staged: Staged,
    key: Key,
    place: Place,
    reply: oneshot::Sender<Result<Stat, Error>>,
}

/// The queue to the one task that installs.
pub(super) struct Installer {
    orders: mpsc::UnboundedSender<Order>,
}

/// This many files are flushed one by one; from here on, flushing the whole file system once is cheaper.
const GROUP: usize = 4;
/// The most files that wait for one flush.
const MOST: usize = 512;

impl Installer {
    pub(super) fn start(folder: Arc<Folder>) -> Installer {
        let (orders, queue) = mpsc::unbounded_channel();
        // Ends when the last carrier is gone and the queue is empty.
        tokio::spawn(run(folder, queue));
        Installer { orders }
    }

    pub(super) async fn install(&self, staged: Staged, key: Key, place: Place) -> Option<Result<Stat, Error>> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(Order::Install(Job { staged, key, place, reply })).ok()?;
        answer.await.ok()
    }

    pub(super) async fn drain(&self) {
        let (reply, answer) = oneshot::channel();
        if self.orders.send(Order::Drain(reply)).is_ok() {
            let _ = answer.await;
        }
    }
}

async fn run(folder: Arc<Folder>, mut queue: mpsc::UnboundedReceiver<Order>) {
    let mut waiting = Vec::with_capacity(MOST);
    while queue.recv_many(&mut waiting, MOST).await > 0 {
        let orders = std::mem::replace(&mut waiting, Vec::with_capacity(MOST));
        let folder = Arc::clone(&folder);
        blocking(move || carry_out(&folder, orders)).await;
    }
}

fn carry_out(folder: &Folder, orders: Vec<Order>) {
    let mut drained = Vec::new();
    let mut jobs = Vec::with_capacity(orders.len());
    for order in orders {
        match order {
            Order::Install(job) => jobs.push(job),
            Order::Drain(reply) => drained.push(reply),
        }
    }
    let flushed = flush(folder, &jobs);
    for (job, flushed) in jobs.into_iter().zip(flushed) {
        let installed = flushed.and_then(|()| install(folder, job.staged, &job.key, job.place));
        // Nobody waits for it any more when the run was interrupted: the next one will recognise it.
        let _ = job.reply.send(installed);
    }
    for reply in drained {
        let _ = reply.send(());
    }
}

fn flush(folder: &Folder, waiting: &[Job]) -> Vec<Result<(), Error>> {
    if waiting.len() < GROUP || folder.sync_all().is_err() {
        return waiting.iter().map(|job| job.staged.sync()).collect();
    }
    waiting.iter().map(|_| Ok(())).collect()
}

fn install(folder: &Folder, staged: Staged, key: &Key, place: Place) -> Result<Stat, Error> {
    match place {
        Place::New => folder.install(staged, key),
        Place::Over(expected, displaced) => folder.replace(staged, key, &expected, &displaced),
    }
}
