//! The world of a simulation: its machines, its bucket, its time, and what has gone wrong.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::bucket::Bucket;
use super::dice::Dice;
use super::disk::Disk;
use super::line::Fault;
use super::model::{Model, shown};
use super::script::Edit;
use super::seat::Dead;
use crate::index::{Kept, Logging};
use crate::key;
use crate::remote::Error;
use crate::transfer::Cancel;

/// When the world begins, seconds since the epoch.
const BEGIN: i128 = 1_500_000_000;

/// How a machine comes to an end in the middle of a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// `kill -9`.
    Kill,
    /// A power failure.
    Power,
    /// Ctrl-C.
    Interrupt,
    /// The disk is full from then on.
    Full,
}

/// A machine's part in a sync, as it goes on.
#[derive(Default)]
pub(super) struct Running {
    pub(super) moments: u32,
    pub(super) dead: bool,
    pub(super) full: bool,
    /// Whether something that an earlier run left could not be put back yet.
    pub(super) stuck: bool,
    pub(super) stop: Option<(u32, Stop)>,
    pub(super) edits: Vec<(u32, Edit)>,
    pub(super) faults: u8,
    pub(super) switch: u8,
    pub(super) waits: Option<u32>,
    pub(super) cancel: Cancel,
}

impl Running {
    pub(super) fn next_moment(&mut self) -> Result<u32, Dead> {
        self.moments += 1;
        if self.dead { Err(Dead) } else { Ok(self.moments) }
    }

    pub(super) fn edits_at(&mut self, moment: u32) -> Vec<Edit> {
        self.edits.extract_if(.., |(at, _)| *at <= moment).map(|(_, edit)| edit).collect()
    }

    pub(super) fn stop_at(&mut self, moment: u32) -> Option<Stop> {
        self.stop.take_if(|(at, _)| *at <= moment).map(|(_, stop)| stop)
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead
    }
}

/// A machine.
pub(super) struct Machine {
    /// The folder, and beside it what is not to be touched.
    home: TempDir,
    pub(super) disk: Disk,
    /// Nanoseconds that its clock is ahead.
    pub(super) ahead: i128,
    pub(super) run: Running,
    /// A file that an editor holds open.
    pub(super) open: Option<File>,
    /// What its daemon remembers.
    pub(super) kept: Option<Kept>,
    /// Indexes that were there after its syncs.
    pub(super) indexes: Vec<Vec<u8>>,
    /// Earlier change logs.
    pub(super) logs: Vec<Vec<u8>>,
}

impl Machine {
    fn new() -> Machine {
        // Where there is such a thing, in memory: nothing here needs a real disk.
        let memory = Path::new("/dev/shm");
        let home = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap();
        for folder in ["folder", "graves"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("outside"), "outside").unwrap();
        let disk = Disk::new(home.path().join("graves"));
        Machine {
            home,
            disk,
            ahead: 0,
            run: Running::default(),
            open: None,
            kept: None,
            indexes: Vec::new(),
            logs: Vec::new(),
        }
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.home.path().join("folder")
    }

    pub(super) fn path(&self, key: &str) -> PathBuf {
        self.folder().join(key)
    }

    /// Every file's content by key, without s4's own.
    pub(super) fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        let mut tree = BTreeMap::new();
        collect(&self.folder(), "", &mut tree);
        tree.retain(|name, _| !key::is_reserved(name.split('/').next().unwrap_or_default()));
        tree
    }

    /// The folders that are empty, each with a `/` at its end.
    pub(super) fn empty_folders(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect_empty(&self.folder(), "", &mut found);
        found
    }

    /// Every file's content by path, s4's own as well.
    fn everything(&self) -> BTreeMap<String, Vec<u8>> {
        let mut tree = BTreeMap::new();
        collect(&self.folder(), "", &mut tree);
        tree
    }

    /// What transfers have left to go on from.
    pub(super) fn left(&self, drawer: &str) -> BTreeMap<String, Vec<u8>> {
        let (mut left, folder) = (BTreeMap::new(), self.path(".s4").join(drawer));
        if folder.is_dir() {
            collect(&folder, "", &mut left);
        }
        left
    }

    /// What is beside the folder.
    pub(super) fn outside(&self) -> BTreeMap<String, Vec<u8>> {
        let mut tree = BTreeMap::new();
        for entry in fs::read_dir(self.home.path()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let is_ours = ["folder", "graves"].contains(&name.as_str());
            let content = if is_ours { Vec::new() } else { fs::read(self.home.path().join(&name)).unwrap() };
            tree.insert(name, content);
        }
        tree
    }
}

/// Every file's content below a folder.
pub(super) fn collect(folder: &Path, below: &str, tree: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &path, tree);
        } else {
            tree.insert(path, content(&entry.path()).unwrap());
        }
    }
}

/// The content of a file: of a link the path that it leads to; `None` for anything else.
pub(super) fn content(path: &Path) -> Option<Vec<u8>> {
    let kind = fs::symlink_metadata(path).ok()?.file_type();
    if kind.is_symlink() {
        return Some(fs::read_link(path).unwrap().into_os_string().into_encoded_bytes());
    }
    kind.is_file().then(|| fs::read(path).unwrap())
}

fn collect_empty(folder: &Path, below: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if !entry.file_type().unwrap().is_dir() || (below.is_empty() && key::is_reserved(&name)) {
            continue;
        }
        let path = format!("{below}{name}/");
        if fs::read_dir(entry.path()).unwrap().next().is_none() {
            found.push(path);
        } else {
            collect_empty(&entry.path(), &path, found);
        }
    }
}

/// See the module.
pub(super) struct World {
    pub(super) dice: Dice,
    pub(super) machines: Vec<Machine>,
    pub(super) bucket: Bucket,
    /// Uploads whose id a machine has heard: which machine. What it says no more of it must have given up.
    pub(super) begun: HashMap<String, usize>,
    pub(super) model: Model,
    /// Whether links are synced, and empty folders.
    pub(super) links: bool,
    pub(super) folders: bool,
    /// Nanoseconds since the epoch.
    pub(super) time: i128,
    /// Seconds that the server's clock is ahead.
    pub(super) server_ahead: i64,
    /// Earlier indexes of the bucket.
    pub(super) remote_indexes: Vec<Vec<u8>>,
    /// Earlier change logs of the bucket.
    pub(super) remote_logs: Vec<Vec<u8>>,
    /// When indexes have change logs.
    pub(super) logging: Logging,
    /// Whether what nobody has given up may be in the trash alone: people who answer conflicts put it there.
    pub(super) trash_counts: bool,
    /// What happened, where somebody wants to read it.
    pub(super) log: Option<Vec<String>>,
    /// The first thing that must not be.
    pub(super) violation: Option<String>,
}

impl World {
    pub(super) fn new(machines: usize) -> World {
        World {
            dice: Dice::new(0),
            machines: (0..machines).map(|_| Machine::new()).collect(),
            bucket: Bucket::default(),
            begun: HashMap::new(),
            model: Model::default(),
            time: BEGIN * 1_000_000_000,
            server_ahead: 0,
            remote_indexes: Vec::new(),
            remote_logs: Vec::new(),
            logging: Logging::of("m"),
            links: false,
            folders: false,
            trash_counts: true,
            log: None,
            violation: None,
        }
    }

    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        // What comes after the first thing that must not be explains nothing.
        if let Some(log) = self.log.as_mut().filter(|_| self.violation.is_none()) {
            log.push(what());
        }
    }

    pub(super) fn violate(&mut self, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            let what = what();
            self.note(|| format!("VIOLATION: {what}"));
            self.violation = Some(what);
        }
    }

    /// The time by a machine's clock.
    pub(super) fn now_ns(&self, machine: usize) -> i128 {
        self.time + self.machines[machine].ahead
    }

    /// A system call takes a while.
    pub(super) fn pass_time(&mut self) {
        self.time += i128::try_from(self.dice.roll(1_000_000)).unwrap();
    }

    /// How long a request takes, milliseconds. Long enough now and then for a long run's own flushes.
    pub(super) fn latency(&mut self) -> u64 {
        let most = self.dice.pick(&[1, 50, 50, 50, 3_000]);
        self.dice.roll(most) as u64
    }

    pub(super) fn set_server_clock(&mut self) {
        self.bucket.clock = i64::try_from(self.time / 1_000_000_000).unwrap() + self.server_ahead;
    }

    /// What goes wrong with a machine's next request.
    pub(super) fn fault(&mut self, machine: usize) -> Option<Fault> {
        if !self.dice.percent(self.machines[machine].run.faults) {
            return None;
        }
        let refused = [
            Error::Server("SlowDown".to_owned()),
            Error::Network("the connection was reset".to_owned()),
            Error::Conflict,
            Error::Denied("not this one".to_owned()),
        ];
        Some(match self.dice.roll(10) {
            0..3 => Fault::Refused(self.dice.pick(&refused)),
            3..5 => Fault::Unheard,
            5 => Fault::SentTwice,
            6 if self.bucket.unconditional => Fault::SentTwice,
            6 => Fault::Late,
            7..9 => Fault::BrokenOff,
            _ => Fault::Turned,
        })
    }

    /// Whoever made a write to this name does not know whether it was applied: what is there may come as a surprise.
    pub(super) fn unsure(&mut self, name: &str) {
        if let Some(there) = self.bucket.objects.get(name) {
            self.model.roam(&there.bytes.clone());
        }
    }

    /// A write arrives that was given up long ago.
    pub(super) fn arrive(&mut self) {
        for late in std::mem::take(&mut self.bucket.late) {
            let before = self.bucket.tree();
            late(&mut self.bucket);
            for (name, bytes) in self.bucket.tree() {
                if before.get(&name) != Some(&bytes) {
                    self.model.roam(&bytes);
                }
            }
        }
    }

    pub(super) fn kill(&mut self, machine: usize, stop: Stop) {
        let Machine { run, disk, kept, .. } = &mut self.machines[machine];
        run.dead = true;
        *kept = None;
        if stop == Stop::Power {
            disk.lose_power(&mut self.dice);
        }
        self.forget(machine);
    }

    /// Each upload of a machine's that is still there has a record, so that it is gone on with or given up. One that died before it
    /// could write it is excused, and one whose disk is full.
    pub(super) fn look_at_uploads(&mut self, machine: usize) {
        let Machine { run, .. } = &self.machines[machine];
        let excused = run.dead || run.full;
        let records = self.machines[machine].left("uploads").into_values();
        // One whose first line is torn says nothing.
        let first = |record: Vec<u8>| Some(String::from_utf8_lossy(&record).split_once('\n')?.0.to_owned());
        let records: String = records.filter_map(first).collect();
        let mut unknown = Vec::new();
        self.begun.retain(|id, by| {
            let is_there = self.bucket.uploads.contains_key(id);
            let is_known = *by != machine || records.contains(&format!("\"{id}\""));
            if is_there && !is_known && !excused {
                unknown.push(id.clone());
            }
            is_there && is_known
        });
        if !unknown.is_empty() {
            self.violate(|| format!("machine {machine} has no record of {unknown:?}"));
        }
    }

    /// What a machine has carried out and not recorded cannot be told from what is new.
    pub(super) fn forget(&mut self, machine: usize) {
        let there = self.bucket.tree().into_values().chain(self.machines[machine].tree().into_values());
        for bytes in there.collect::<Vec<_>>() {
            self.model.roam(&bytes);
        }
    }

    /// A file has got a name in a folder.
    pub(super) fn look_at(&mut self, machine: usize, path: &Path) {
        let folder = self.machines[machine].folder();
        let Ok(below) = path.strip_prefix(&folder).map(Path::to_owned) else {
            return self.violate(|| format!("machine {machine} reached out of its folder: {}", path.display()));
        };
        let first = below.iter().next().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(bytes) = content(path).filter(|_| !key::is_reserved(first)) else { return };
        if !self.model.knows(&bytes) {
            self.violate(|| format!("machine {machine}: half a file at {}: {}", below.display(), shown(&bytes)));
        }
    }

    /// A content goes up under a name.
    pub(super) fn look_at_upload(&mut self, name: &str, bytes: &[u8]) {
        if !key::is_reserved(name) && !self.model.knows(bytes) {
            self.violate(|| format!("half an object at {name}: {}", shown(bytes)));
        }
    }

    /// Looks whether all that may not be lost is somewhere, and whether all that is there is whole.
    pub(super) fn check(&mut self) {
        let mut there: HashSet<Vec<u8>> = HashSet::new();
        let mut halves = Vec::new();
        for (number, machine) in self.machines.iter().enumerate() {
            for (path, bytes) in machine.everything() {
                // Of s4's own, what it has put away may be a user's; the rest is indexes and unfinished downloads.
                let put_away = [".s4/trash/", ".s4/swap/"].iter().any(|folder| path.starts_with(folder));
                let first = path.split('/').next().unwrap_or_default();
                if key::is_reserved(first) && !put_away {
                    continue;
                }
                if !self.model.knows(&bytes) {
                    halves.push(format!("machine {number}: {path}: {}", shown(&bytes)));
                }
                if self.trash_counts || !path.starts_with(".s4/trash/") {
                    there.insert(bytes);
                }
            }
        }
        for (name, bytes) in self.bucket.tree() {
            if !self.model.knows(&bytes) {
                halves.push(format!("bucket: {name}: {}", shown(&bytes)));
            }
            there.insert(bytes);
        }
        if !halves.is_empty() {
            self.violate(|| format!("not what anybody wrote: {halves:?}"));
        }
        let lost = self.model.lost(&there);
        if !lost.is_empty() {
            self.violate(|| format!("lost: {lost:?}"));
        }
        for number in 0..self.machines.len() {
            let outside = self.machines[number].outside();
            if outside.len() != 3 || outside["outside"] != b"outside" {
                self.violate(|| format!("machine {number}: something happened outside the folder: {outside:?}"));
            }
        }
    }
}
