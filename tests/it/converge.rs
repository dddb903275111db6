//! Several machines, random edits, one bucket: nothing is lost, and all trees become the same.
//!
//! The model is the causal one: every content is unique, and it may vanish only when a user, on a machine that held exactly
//! it, replaced or deleted it. The engine is the real one, the server the in-process one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures::stream;
use s4::ambient::Clock;
use s4::engine::{Carried, Engine, Given, Options, Order, Scope, Summary, Way, Witness};
use s4::index::{Log, Logging, decode};
use s4::local::{Folder, Hold, Lock};
use s4::reconcile::Policy;
use s4::records;
use s4::remote::{Capabilities, Connection, Guarded, S3Store, S3Uri};
use s4::transfer::{Cancel, Cut, Jobs, Progress, agree};
use s4_commands::record::Record;
use s4_test_server::{Op, Server};
use tempfile::TempDir;

/// Few names, so that everything meets: files, folders, each other's places, odd ones.
const NAMES: [&str; 9] = ["a", "b", "a/x", "c/d", "c/d/e", "c", "odd name %41+", "z\u{fc}\u{1f980}", "-n\nl\u{7}"];

struct Silent;
impl Progress for Silent {}
impl Witness for Silent {}

/// A reproducible source of choices.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// A folder of its own and what its user did to it.
pub(crate) struct Machine {
    name: usize,
    pub(crate) folder: TempDir,
    pub(crate) store: Arc<Guarded<S3Store>>,
    runs: usize,
    /// Whether it syncs as the plumbing does it, step by step.
    by_steps: bool,
    /// Names a range of the listing.
    page: u16,
}

impl Machine {
    pub(crate) async fn new(name: usize, server: &Server) -> Machine {
        let connection = Connection {
            endpoint_url: Some(server.endpoint()),
            access_key_id: Some(server.access_key().to_owned()),
            secret_access_key: Some(s4_commands::Secret::new(server.secret_key())),
            ..Connection::default()
        };
        let store = S3Store::connect(&connection, &S3Uri::parse("s3://bucket/p").unwrap()).await.unwrap();
        let store = Arc::new(Guarded::new(store, Capabilities::ALL));
        Machine { name, folder: TempDir::new().unwrap(), store, runs: 0, by_steps: name == 1, page: 2 }
    }

    /// Small indexes have logs too, and small logs are full; all machines agree about that.
    fn logging(&self) -> Logging {
        Logging { from: 3, most: 1_500, ..Logging::of(&format!("m{}", self.name)) }
    }

    pub(crate) fn path(&self, key: &str) -> PathBuf {
        self.folder.path().join(key)
    }

    pub(crate) async fn sync(&mut self) -> Summary {
        let (engine, _lock) = self.engine();
        if self.by_steps {
            sync_by_steps(&engine).await;
            return Summary::default();
        }
        engine.sync().await.unwrap()
    }

    /// Makes ready for a run.
    pub(crate) fn engine(&mut self) -> (Engine<Guarded<S3Store>>, Lock) {
        self.runs += 1;
        let folder = Arc::new(Folder::open(self.folder.path(), None).unwrap());
        // A program that another test is just starting has this process's files, locks too, for a moment.
        let lock = Lock::acquire(&folder, Hold::Alone, std::time::Duration::from_secs(60), &mut |_| {}).unwrap();
        let options = Options {
            policy: Policy::KeepBoth,
            max_delete: 50.0,
            force: true,
            keep_ignored: false,
            stamp: format!("m{}-{:04}", self.name, self.runs),
            place: "s3://bucket/p".to_owned(),
            cut: Cut::default(),
            jobs: Jobs { up: 8, down: 8 },
            copy_from: 1,
            page: self.page,
            logging: self.logging(),
            scope: Scope::default(),
        };
        let sides = (folder, Arc::clone(&self.store));
        (Engine::new(sides, Arc::new(Clock::System), Arc::new(Silent), Cancel::default(), options), lock)
    }

    /// Every file's content by key, without s4's own.
    fn tree(&self) -> BTreeMap<String, String> {
        let mut tree = BTreeMap::new();
        collect(self.folder.path(), "", &mut tree);
        tree
    }

    /// Takes away whatever is at a path, or above it as a file; returns the contents that went.
    fn clear(&self, key: &str) -> Vec<String> {
        let mut gone = Vec::new();
        let prefixes = key.match_indices('/').map(|(at, _)| &key[..at]).chain([key]);
        for prefix in prefixes.collect::<Vec<_>>() {
            let path = self.path(prefix);
            if path.is_file() {
                gone.push(fs::read_to_string(&path).unwrap());
                fs::remove_file(&path).unwrap();
            } else if prefix == key && path.is_dir() {
                let mut below = BTreeMap::new();
                collect(&path, "", &mut below);
                gone.extend(below.into_values());
                fs::remove_dir_all(&path).unwrap();
            }
        }
        gone
    }

    fn write(&self, key: &str, content: &str) -> Vec<String> {
        let gone = self.clear(key);
        fs::create_dir_all(self.path(key).parent().unwrap()).unwrap();
        fs::write(self.path(key), content).unwrap();
        gone
    }

    /// Moves a file to another name; returns the contents that were there.
    fn rename(&self, from: &str, to: &str) -> Vec<String> {
        let nested = |a: &str, b: &str| a == b || b.starts_with(&format!("{a}/"));
        if !self.path(from).is_file() || nested(from, to) || nested(to, from) {
            return Vec::new();
        }
        let gone = self.clear(to);
        fs::create_dir_all(self.path(to).parent().unwrap()).unwrap();
        fs::rename(self.path(from), self.path(to)).unwrap();
        gone
    }
}

/// A sync with every step by itself, and nothing but lines of JSON between them.
async fn sync_by_steps(engine: &Engine<Guarded<S3Store>>) {
    let line = |record: Record| serde_json::to_string(&record).unwrap();
    let plan = engine.plan(Given::default()).await.unwrap().plan;
    let changes = plan.actions().chain(&plan.conflicts).map(|planned| line(records::change(planned, None).into()));
    let mut lines: Vec<String> = changes.collect();
    for way in [Way::Push, Way::Pull] {
        let mut orders = Vec::new();
        lines.retain(|text| {
            let Record::Change(change) = serde_json::from_str(text).unwrap() else { return true };
            let planned = records::planned(&change).unwrap();
            let ours = way.takes(planned.action);
            if ours {
                orders.push(Order::Change(Box::new(planned)));
            }
            !ours
        });
        let out = Mutex::new(lines);
        let tell = |carried: Carried| match carried {
            Carried::Ended(planned, result) => {
                out.lock().unwrap().push(line(records::outcome(&planned, &result).into()));
            }
            Carried::Passed(planned, _) => out.lock().unwrap().push(line(records::change(&planned, None).into())),
            // Another machine came in between; the next sync looks again.
            Carried::Failed(..)
            | Carried::Waits(_)
            | Carried::Unchanged(_)
            | Carried::Absent(_)
            | Carried::Ignored(_) => {}
            Carried::Refused(..) => panic!("{carried:?}"),
        };
        engine.carry(way, stream::iter(orders), &tell).await.unwrap();
        lines = out.into_inner().unwrap();
    }
    let told = lines.iter().filter_map(|text| match serde_json::from_str(text).unwrap() {
        Record::Outcome(outcome) => records::told(outcome).unwrap(),
        Record::Change(change) => {
            let planned = records::planned(&change).unwrap();
            let done = agree(&planned, 1)?;
            records::told(records::outcome(&planned, &Ok(done))).unwrap()
        }
        _ => None,
    });
    engine.record(told).await.unwrap();
}

fn collect(folder: &Path, below: &str, tree: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if below.is_empty() && [".s4", ".s4lock", ".index"].contains(&name.as_str()) {
            continue;
        }
        let key = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &key, tree);
        } else {
            tree.insert(key, fs::read_to_string(entry.path()).unwrap());
        }
    }
}

struct World {
    server: Server,
    machines: Vec<Machine>,
    dice: Dice,
    written: usize,
    /// Contents that nobody has replaced or deleted.
    alive: BTreeSet<String>,
}

impl World {
    async fn new(seed: u64, machines: usize) -> World {
        let server = Server::start(s4_test_server::Options::default());
        server.create_bucket("bucket");
        let mut all = Vec::new();
        for name in 0..machines {
            all.push(Machine::new(name, &server).await);
        }
        let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        World { server, machines: all, dice, written: 0, alive: BTreeSet::new() }
    }

    fn edit(&mut self) {
        let (machine, name, other) =
            (self.dice.roll(self.machines.len()), self.dice.roll(NAMES.len()), self.dice.roll(NAMES.len()));
        let machine = &self.machines[machine];
        let gone = match self.dice.roll(8) {
            0..=4 => {
                self.written += 1;
                let content = format!("content {:06}", self.written);
                self.alive.insert(content.clone());
                machine.write(NAMES[name], &content)
            }
            5 => machine.clear(NAMES[name]),
            6 => machine.rename(NAMES[name], NAMES[other]),
            _ => {
                if machine.path(NAMES[name]).is_file() {
                    let file = fs::File::options().write(true).open(machine.path(NAMES[name])).unwrap();
                    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
                }
                Vec::new()
            }
        };
        for content in gone {
            self.alive.remove(&content);
        }
    }

    async fn sync_some(&mut self) {
        let first = self.dice.roll(self.machines.len());
        if self.dice.roll(2) == 0 {
            self.machines[first].sync().await;
            return;
        }
        // Two at the same instant.
        let second = (first + 1) % self.machines.len();
        let (low, high) = (first.min(second), first.max(second));
        let (left, right) = self.machines.split_at_mut(high);
        tokio::join!(left[low].sync(), right[0].sync());
    }

    async fn settle(&mut self) {
        for _ in 0..3 {
            for machine in &mut self.machines {
                machine.by_steps = false;
                machine.sync().await;
            }
        }
    }

    fn bucket(&self) -> BTreeMap<String, String> {
        let objects = self.server.objects("bucket").into_iter();
        let objects = objects.filter_map(|(key, object)| {
            let key = key.strip_prefix("p/")?.to_owned();
            (!s4::key::is_reserved(&key)).then(|| (key, String::from_utf8(object.bytes.to_vec()).unwrap()))
        });
        objects.collect()
    }

    fn check(&self, seed: u64) {
        let bucket = self.bucket();
        for machine in &self.machines {
            assert_eq!(machine.tree(), bucket, "machine {} differs from the bucket, seed {seed}", machine.name);
            let staging = machine.path(".s4/staging");
            assert!(!staging.exists() || fs::read_dir(staging).unwrap().next().is_none(), "staging, seed {seed}");
        }
        let kept: BTreeSet<String> = bucket.into_values().collect();
        let lost: Vec<_> = self.alive.difference(&kept).collect();
        assert!(lost.is_empty(), "lost {lost:?}, seed {seed}");
    }
}

async fn play(seed: u64, machines: usize, steps: usize) {
    let mut world = World::new(seed, machines).await;
    for _ in 0..steps {
        for _ in 0..world.dice.roll(4) {
            world.edit();
        }
        world.sync_some().await;
    }
    world.settle().await;
    world.check(seed);
    world.server.reset_counts();
    for machine in &mut world.machines {
        machine.page = 1_000;
        let summary = machine.sync().await;
        assert!(summary.done.is_empty() && summary.failed.is_empty() && summary.conflicts.is_empty(), "{summary:?}");
    }
    let counts = world.server.counts();
    let idle = machines as u64;
    let spent = (counts.of(Op::GetObject), counts.not_modified, counts.of(Op::ListObjectsV2), counts.total());
    assert_eq!(spent, (idle, idle, idle, 2 * idle), "an idle sync, seed {seed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_machines_lose_nothing_and_become_the_same() {
    // `S4_SEEDS=FIRST-LAST` plays others.
    let given = std::env::var("S4_SEEDS").unwrap_or_else(|_| "1-40".to_owned());
    let (first, last) = given.split_once('-').unwrap();
    for seed in first.parse::<u64>().unwrap()..=last.parse().unwrap() {
        play(seed, 3, 14).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_machines_at_the_same_instant_again_and_again_end_up_with_right_indexes() {
    let mut world = World::new(99, 2).await;
    for round in 0..25 {
        for machine in 0..2 {
            let content = format!("round {round} machine {machine}");
            world.alive.insert(content.clone());
            let gone = world.machines[machine].write(&format!("own-{machine}/{round}"), &content);
            assert!(gone.is_empty());
            let shared = format!("shared {round} {machine}");
            world.alive.insert(shared.clone());
            for content in world.machines[machine].write("shared", &shared) {
                world.alive.remove(&content);
            }
        }
        let (left, right) = world.machines.split_at_mut(1);
        tokio::join!(left[0].sync(), right[0].sync());
    }
    world.settle().await;
    world.check(99);
    let [file, log] = [".index", ".s4/log"].map(|name| world.server.object("bucket", &format!("p/{name}")).unwrap());
    let mut index = decode(&file.bytes).unwrap();
    let tag = file.etag.trim_matches('"').to_owned();
    index.apply(Log::decode(&log.bytes).unwrap().changes(&tag, &index));
    let live: Vec<_> = index.entries().iter().filter(|(_, entry)| !entry.is_tombstone()).collect();
    let bucket = world.server.objects("bucket");
    assert_eq!(live.len(), world.bucket().len());
    for (name, entry) in live {
        let object = &bucket[&format!("p/{name}")];
        assert_eq!(entry.etag.as_ref().unwrap().to_string(), object.etag, "{name}");
        assert_eq!(entry.local_timestamp, Some(object.last_modified), "{name}");
    }
}
