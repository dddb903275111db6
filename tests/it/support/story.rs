//! Users who edit while processes sync, and what must become of their work.
//!
//! The model is the causal one: every content is unique, and it may vanish only when a user, on a machine that held exactly
//! it, replaced or deleted it. To know exactly what a user took away while a sync was running, nothing is ever overwritten
//! here: what makes way is renamed out of the folder into a grave, and what lies there in the end was taken away.
//!
//! Contents tell their number and their size all over, so that a torn or mixed one is recognised wherever it turns up.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{Bucket, Dice, Machine, TestEnv, converge};

/// Few names, so that everything meets: files, folders, each other's places, odd ones.
const NAMES: [&str; 8] = ["a", "b", "a/x", "c/d", "c/d/e", "c", "odd name %41+", "z\u{fc}\u{1f980}"];
/// The same without those that are now a file's and now a folder's. SeaweedFS takes a former folder for an object: a new key of
/// such a name is written after a look and without a condition, and what another machine writes in between is lost, as the
/// manual says.
const FILES: [&str; 7] = ["b", "b2", "a/x", "a/y", "c/d/e", "odd name %41+", "z\u{fc}\u{1f980}"];
/// Small contents, many of them of the same size; and one that goes in parts.
const SIZES: [usize; 12] = [32, 32, 32, 32, 33, 33, 200, 200, 4096, 100_000, 100_000, 17 << 20];
/// What a content repeats all over.
const BLOCK: usize = 4096;

/// The content of a number, of at least 32 bytes.
pub(crate) fn content(number: usize, size: usize) -> Vec<u8> {
    let mut bytes = format!("content {number:07} {size:010}\n").into_bytes();
    let filler = [b'.'; BLOCK - 32];
    for block in 0.. {
        if bytes.len() >= size {
            break;
        }
        bytes.extend_from_slice(format!("{number:07} {block:07}\n").as_bytes());
        bytes.extend_from_slice(&filler);
    }
    bytes.truncate(size);
    bytes
}

/// Which content it is; `None` for one that nobody has written.
pub(crate) fn number_of(bytes: &[u8]) -> Option<usize> {
    let head = str::from_utf8(bytes.get(..26)?).ok()?;
    let number = head.strip_prefix("content ")?.get(..7)?.parse().ok()?;
    (bytes == content(number, bytes.len())).then_some(number)
}

/// The machines of a story, and what their users have written.
pub(crate) struct Story {
    pub(crate) bucket: Bucket,
    pub(crate) machines: Vec<Machine>,
    pub(crate) dice: Dice,
    /// Where things are made, and where they end, one folder beside each machine's.
    desks: Vec<PathBuf>,
    graves: Vec<PathBuf>,
    moves: Cell<usize>,
    sizes: &'static [usize],
    written: usize,
    journal: RefCell<Vec<String>>,
    _env: TestEnv,
}

impl Story {
    /// Machines with empty folders.
    pub(crate) fn of(bucket: Bucket, machines: usize, seed: u64) -> Story {
        let env = TestEnv::new();
        let machines: Vec<Machine> = (0..machines).map(|_| env.machine(&bucket)).collect();
        let beside = |name: &str| -> Vec<PathBuf> {
            let path = |machine: &Machine| machine.path("").with_file_name(name);
            let folders: Vec<PathBuf> = machines.iter().map(path).collect();
            folders.iter().for_each(|folder| fs::create_dir(folder).unwrap());
            folders
        };
        let (desks, graves) = (beside("desk"), beside("grave"));
        let (dice, moves, journal) = (Dice::of(seed), Cell::new(0), RefCell::default());
        Story { bucket, machines, dice, desks, graves, moves, sizes: &SIZES, written: 0, journal, _env: env }
    }

    /// The same with contents of other sizes, of 32 bytes at least.
    pub(crate) fn with_sizes(self, sizes: &'static [usize]) -> Story {
        Story { sizes, ..self }
    }

    /// Waits until daemons have brought all folders and the bucket to the same.
    #[track_caller]
    pub(crate) fn comes_to_rest(&self, when: &str) {
        self.note(format!("the end of {when}"));
        converge(&self.bucket, &self.machines.iter().collect::<Vec<_>>());
    }

    /// Remembers what happened, to be told if all does not end well.
    pub(crate) fn note(&self, what: String) {
        self.journal.borrow_mut().push(what);
    }

    /// One random thing that a user does. A sync may be running; what it gets in the way of is not done.
    pub(crate) fn edit(&mut self) {
        let at = self.dice.roll(self.machines.len());
        let names: &[&str] = if self.bucket.server_if_any().is_some() { &NAMES } else { &FILES };
        let (name, other) = (*self.dice.pick(names), *self.dice.pick(names));
        match self.dice.roll(10) {
            0..=5 => self.write(at, name),
            6 => {
                self.note(format!("machine {at}: remove {name:?}"));
                self.take(at, name);
            }
            7 => self.rename(at, name, other),
            8 => {
                if let Ok(file) = File::options().write(true).open(self.machines[at].path(name)) {
                    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
                }
            }
            _ => {
                let mode = *self.dice.pick(&[0o644, 0o600, 0o755]);
                let path = self.machines[at].path(name);
                if path.is_file() {
                    // It may be gone by now.
                    let _ = fs::set_permissions(path, Permissions::from_mode(mode));
                }
            }
        }
    }

    fn fresh(&self, folder: &Path) -> PathBuf {
        self.moves.set(self.moves.get() + 1);
        folder.join(self.moves.get().to_string())
    }

    /// Puts whatever is there, or above it as a file, into the grave.
    fn take(&self, at: usize, key: &str) {
        let above = key.match_indices('/').map(|(end, _)| &key[..end]);
        for prefix in above.chain([key]) {
            let path = self.machines[at].path(prefix);
            if prefix == key || path.is_file() {
                let _ = fs::rename(path, self.fresh(&self.graves[at]));
            }
        }
    }

    /// Moves a file to where nothing may be.
    fn put(&self, at: usize, from: &Path, key: &str) {
        let to = self.machines[at].path(key);
        let _ = fs::create_dir_all(to.parent().unwrap());
        let _ = renameat_with(CWD, from, CWD, &to, RenameFlags::NOREPLACE);
    }

    fn write(&mut self, at: usize, key: &str) {
        self.written += 1;
        let made = self.fresh(&self.desks[at]);
        fs::write(&made, content(self.written, *self.dice.pick(self.sizes))).unwrap();
        self.note(format!("machine {at}: write {key:?}, content {}", self.written));
        self.take(at, key);
        // What does not get there stays on the desk.
        self.put(at, &made, key);
    }

    fn rename(&self, at: usize, from: &str, to: &str) {
        self.note(format!("machine {at}: rename {from:?} to {to:?}"));
        let nested = |a: &str, b: &str| a == b || b.starts_with(&format!("{a}/"));
        let from_path = self.machines[at].path(from);
        if !nested(from, to) && !nested(to, from) && from_path.exists() {
            self.take(at, to);
            self.put(at, &from_path, to);
        }
    }

    /// The contents that are in none of the folders any more because a user wanted it so.
    fn taken(&self) -> BTreeSet<usize> {
        let mut taken = BTreeSet::new();
        let mut left: Vec<PathBuf> = self.desks.iter().chain(&self.graves).cloned().collect();
        while let Some(path) = left.pop() {
            if path.is_dir() {
                left.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                let number = number_of(&fs::read(&path).unwrap());
                taken.insert(number.unwrap_or_else(|| panic!("{} is torn", path.display())));
            }
        }
        taken
    }

    /// Checks that nothing in any folder is torn. Files come and go meanwhile.
    pub(crate) fn nothing_is_torn(&self, when: &str) {
        for (at, machine) in self.machines.iter().enumerate() {
            all_whole(&machine.tree(), &format!("in the folder of machine {at}, {when}"));
        }
    }

    /// Checks, after all is quiet, that every folder has what the bucket has, and that nothing was lost.
    pub(crate) fn nothing_is_lost(&self, when: &str) {
        let bucket = self.bucket.tree();
        let kept = all_whole(&bucket, &format!("in the bucket, {when}"));
        for (at, machine) in self.machines.iter().enumerate() {
            let differs = || -> Vec<String> {
                let tree = machine.tree();
                let keys: BTreeSet<&String> = tree.keys().chain(bucket.keys()).collect();
                keys.into_iter().filter(|key| tree.get(*key) != bucket.get(*key)).cloned().collect()
            };
            let differs = differs();
            assert!(differs.is_empty(), "machine {at} differs from the bucket at {differs:?}, {when}");
            assert!(machine.has_nothing_staged(), "machine {at} has something staged, {when}");
        }
        let taken = self.taken();
        let lost: Vec<usize> = (1..=self.written).filter(|it| !kept.contains(it) && !taken.contains(it)).collect();
        assert!(lost.is_empty(), "{}\nlost {lost:?}, {when}", self.journal.borrow().join("\n"));
    }
}

/// The contents of a tree, each of which must be whole.
pub(crate) fn all_whole(tree: &BTreeMap<String, Vec<u8>>, place: &str) -> BTreeSet<usize> {
    let number = |(key, bytes): (&String, &Vec<u8>)| {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
        number_of(bytes).unwrap_or_else(|| panic!("{key:?} is torn {place}: {} bytes, {start:?}", bytes.len()))
    };
    tree.iter().map(number).collect()
}
