//! All targets in one process: who is looked after, by the config file and by what people say.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{interval, timeout};

use super::Shared;
use super::control::{Order, Request};
use super::worker::{Orders, Worker};
use crate::config::Target;
use crate::error::{Error, Kind};
use crate::report;

/// How often the config file is looked at.
const CONFIG: Duration = Duration::from_secs(2);
/// How long targets are given to end.
const GRACE: Duration = Duration::from_secs(5);

/// The targets that are looked after.
pub(super) struct Supervisor {
    shared: Arc<Shared>,
    workers: JoinSet<()>,
    posts: BTreeMap<String, Post>,
    /// What each target was last found wrong with; the file as a whole has no name.
    complaints: BTreeMap<String, String>,
    /// The config file as it was last read.
    seen: Option<Stamp>,
}

/// Tells one version of the config file from another.
type Stamp = (i64, i64, u64, u64);

/// A target and its worker.
struct Post {
    target: Target,
    orders: watch::Sender<Orders>,
    id: Id,
}

impl Supervisor {
    pub(super) fn new(shared: Arc<Shared>) -> Supervisor {
        Supervisor { shared, workers: JoinSet::new(), posts: BTreeMap::new(), complaints: BTreeMap::new(), seen: None }
    }

    /// Until a signal ends it.
    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Request>) -> Result<(), Error> {
        let failed = |error: std::io::Error| Error::new(Kind::Failed, "cannot listen for signals").because(error);
        let mut hang_up = signal(SignalKind::hangup()).map_err(failed)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let notifier = Arc::clone(&self.shared.notifier);
        self.man();
        notifier.ready();
        let mut config = interval(CONFIG);
        let mut watchdog = interval(notifier.watchdog_every().unwrap_or(Duration::from_secs(3_600)));
        loop {
            tokio::select! {
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
                _ = hang_up.recv() => {
                    notifier.reloading();
                    self.shared.context.ui.note("Reading the config file again, and looking at everything");
                    self.man();
                    self.posts.values().for_each(|post| post.orders.send_modify(|orders| orders.look += 1));
                    notifier.ready();
                }
                _ = config.tick() => {
                    self.look_at_config();
                    notifier.status(&self.status());
                }
                _ = watchdog.tick() => notifier.watchdog(),
                Some(request) = requests.recv() => self.serve(request),
                Some(ended) = self.workers.join_next_with_id() => {
                    let id = ended.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
                    self.bury(id, ended.is_err());
                }
            }
        }
        notifier.stopping();
        self.shared.context.ui.note("Ending what is under way");
        self.posts.values().for_each(|post| post.orders.send_modify(|orders| orders.stop = true));
        let all = async { while self.workers.join_next().await.is_some() {} };
        // What does not end by then can be cut off at any time: the next run finds out the rest.
        let _ = timeout(GRACE, all).await;
        Ok(())
    }

    /// Reads the config file, if it is another one than before.
    fn look_at_config(&mut self) {
        let found = self.shared.context.config_path.as_deref().and_then(|path| path.metadata().ok());
        let stamp = found.map(|it| (it.mtime(), it.mtime_nsec(), it.ino(), it.len()));
        if self.seen != stamp {
            self.seen = stamp;
            self.man();
        }
    }

    /// Has each target of the config file looked after, and no other.
    fn man(&mut self) {
        let Some(wanted) = self.wanted() else { return };
        for (name, post) in &self.posts {
            let stays =
                wanted.get(name).is_none_or(|target| target.as_ref().is_none_or(|it| is_same(it, &post.target)));
            if !stays || !wanted.contains_key(name) {
                // Once it has ended, the changed one begins.
                post.orders.send_modify(|orders| orders.stop = true);
            }
        }
        for target in wanted.into_values().flatten() {
            if !self.posts.contains_key(&target.name) {
                self.begin(target);
            }
        }
    }

    fn begin(&mut self, target: Target) {
        let (orders, told) = watch::channel(Orders::default());
        let worker = Worker::new(&self.shared, target.clone(), told);
        let id = self.workers.spawn_local(worker.run()).id();
        self.posts.insert(target.name.clone(), Post { target, orders, id });
    }

    /// A worker has ended: it was told to, or it has died, and its target is begun again at the next look at the config file.
    fn bury(&mut self, id: Id, died: bool) {
        let Some(name) = self.posts.iter().find(|(_, post)| post.id == id).map(|(name, _)| name.clone()) else {
            return;
        };
        self.posts.remove(&name);
        self.shared.board.remove(&name);
        if died {
            self.shared.context.ui.warn(&format!("{name}: a defect of s4 has ended it; it begins again"));
            self.seen = None;
        } else {
            self.man();
        }
    }

    /// The targets to look after; `None` for one that makes no sense as it is now, whose worker goes on as before.
    fn wanted(&mut self) -> Option<BTreeMap<String, Option<Target>>> {
        let shared = Arc::clone(&self.shared);
        let config = match shared.context.config() {
            Ok(config) => config,
            Err(error) => {
                self.complain("", Some(&error));
                return None;
            }
        };
        self.complain("", None);
        let named = |name: &&str| shared.args.targets.is_empty() || shared.args.targets.iter().any(|it| it == name);
        let names: Vec<String> = config.names().into_iter().filter(named).map(str::to_owned).collect();
        let mut wanted = BTreeMap::new();
        for name in names {
            let target = config.target(&name, &shared.context.env).and_then(|target| {
                config.check_overlap(&target, &shared.context.env)?;
                Ok(target)
            });
            let target = target.map_err(Error::from);
            self.complain(&name, target.as_ref().err());
            wanted.insert(name, target.ok());
        }
        Some(wanted)
    }

    /// Tells what is wrong with a target's fields, or with the file, once.
    fn complain(&mut self, name: &str, error: Option<&Error>) {
        let Some(error) = error else {
            self.complaints.remove(name);
            return;
        };
        let text = error.chain().join(": ");
        if self.complaints.insert(name.to_owned(), text.clone()).is_none_or(|told| told != text) {
            report::tell(&self.shared.context.ui, error);
        }
    }

    /// Does what somebody asks for.
    fn serve(&mut self, request: Request) {
        let (names, pause) = match &request.order {
            Order::Pause(names) => (names, true),
            Order::Resume(names) => (names, false),
        };
        let unknown = names.iter().find(|name| !self.posts.contains_key(*name));
        let done = match unknown {
            Some(name) => Err(format!("the daemon has no target \"{name}\"")),
            None => Ok(()),
        };
        if done.is_ok() {
            for post in names.iter().filter_map(|name| self.posts.get(name)) {
                post.orders.send_modify(|orders| orders.pause = pause);
            }
        }
        // Whoever asked may have left.
        let _ = request.reply.send(done);
    }

    /// A line for the service manager.
    fn status(&self) -> String {
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        for standing in self.shared.board.targets().values() {
            *states.entry(standing.state.word()).or_default() += 1;
        }
        let states: Vec<String> = states.into_iter().map(|(word, number)| format!("{number} {word}")).collect();
        if states.is_empty() { "no targets yet".to_owned() } else { states.join(", ") }
    }
}

/// Whether nothing differs that a worker would have to know: what the probe of the server finds it writes down itself.
fn is_same(one: &Target, other: &Target) -> bool {
    let plain = |target: &Target| Target { conditional_writes: None, ..target.clone() };
    plain(one) == plain(other)
}
