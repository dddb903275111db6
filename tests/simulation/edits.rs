//! What users and other tools do.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _};

use super::script::{Becomes, Edit, RULES};
use super::world::{World, collect, content};
use crate::index::{decode, encode};
use crate::key;
use crate::remote::Metadata;

impl World {
    /// Does it, as far as it can be done as things are.
    pub(super) fn edit(&mut self, edit: &Edit) {
        self.note(|| format!("{edit:?}"));
        match *edit {
            Edit::Write { machine, key, size, by_rename } => {
                let bytes = self.model.make(size);
                self.put_file(machine, key, &bytes, by_rename);
            }
            Edit::Link { machine, key, size } => {
                let bytes = self.model.make(size);
                self.put_file(machine, key, b"", true);
                let path = self.machines[machine].path(key);
                self.machines[machine].disk.user_removes(&path);
                fs::remove_file(&path).unwrap();
                self.model.came(&bytes);
                std::os::unix::fs::symlink(str::from_utf8(&bytes).unwrap(), &path).unwrap();
                let now = self.now_ns(machine);
                self.machines[machine].disk.user_wrote(&path, None, now);
            }
            Edit::MakeFolder { machine, key } => {
                // Files that are in the way stay.
                if fs::create_dir_all(self.machines[machine].path(key)).is_ok() {
                    self.machines[machine].disk.user_did();
                }
            }
            Edit::SameSize { machine, key, dated } => {
                if let Some(old) = self.file(machine, key).filter(|old| !old.is_empty()) {
                    let bytes = self.model.make(old.len());
                    let (path, now) = (self.machines[machine].path(key), self.now_ns(machine));
                    let modified = self.machines[machine].disk.modified(&path, now);
                    if bytes.len() == old.len() {
                        self.put_file(machine, key, &bytes, false);
                        if dated {
                            self.machines[machine].disk.user_wrote(&path, Some(modified), now);
                        }
                    }
                }
            }
            Edit::Append { machine, key } => {
                if let Some(mut bytes) = self.file(machine, key) {
                    bytes.extend(self.model.make(1));
                    self.model.came(&bytes);
                    self.put_file(machine, key, &bytes, false);
                }
            }
            Edit::Patch { machine, key } => {
                if let Some(mut bytes) = self.file(machine, key) {
                    let other = self.model.make(1);
                    let middle = bytes.len() / 2;
                    bytes.splice(middle..bytes.len().min(middle + other.len()), other);
                    self.model.came(&bytes);
                    self.put_file(machine, key, &bytes, false);
                }
            }
            Edit::Truncate { machine, key } => {
                if let Some(mut bytes) = self.file(machine, key) {
                    bytes.truncate(bytes.len() / 2);
                    self.model.came(&bytes);
                    self.put_file(machine, key, &bytes, false);
                }
            }
            Edit::Touch { machine, key } => {
                let path = self.machines[machine].path(key);
                if path.is_file() {
                    let now = self.now_ns(machine);
                    self.machines[machine].disk.user_wrote(&path, Some(now), now);
                }
            }
            Edit::Chmod { machine, key, writable } => {
                let path = self.machines[machine].path(key);
                if path.is_file() {
                    let mode = if writable { 0o666 } else { 0o444 };
                    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
                    let now = self.now_ns(machine);
                    self.machines[machine].disk.user_changed(&path, now);
                }
            }
            Edit::Remove { machine, key } => self.clear(machine, key, true),
            Edit::Rename { machine, from, to } => self.rename(machine, from, to),
            Edit::Copy { machine, from, to } => self.copy(machine, from, to),
            Edit::Open { machine, key } => {
                self.machines[machine].open =
                    OpenOptions::new().read(true).write(true).open(self.machines[machine].path(key)).ok();
            }
            Edit::WriteOpen { machine } => self.write_open(machine),
            Edit::Rules { machine, rules } => {
                self.put_file(machine, key::IGNORE, RULES[rules].as_bytes(), rules % 2 == 1);
            }
            Edit::Put { key, size } => {
                let bytes = self.model.make(size);
                self.put_object(key, bytes);
            }
            Edit::PutRules { rules } => self.put_object(key::IGNORE, RULES[rules].as_bytes().to_vec()),
            Edit::Delete { key } => {
                if let Some(old) = self.bucket.objects.remove(key) {
                    self.model.release(&old.bytes, Some(key));
                }
            }
            Edit::Index { of, becomes } => self.change_index(of, key::INDEX, becomes),
            Edit::Log { of, becomes } => self.change_index(of, key::LOG, becomes),
            Edit::LoseCopy { machine } => {
                let path = self.machines[machine].path(".s4/remote-index");
                self.machines[machine].disk.user_removes(&path);
                let _ = fs::remove_file(path);
            }
            Edit::Clock { of: Some(machine), seconds } => {
                self.machines[machine].ahead += i128::from(seconds) * 1_000_000_000 + i128::from(seconds) * 7_654_321;
            }
            Edit::Clock { of: None, seconds } => self.server_ahead += seconds,
            Edit::Wait { milliseconds } => self.time += i128::from(milliseconds) * 1_000_000,
            Edit::Arrive => self.arrive(),
        }
    }

    fn file(&self, machine: usize, key: &str) -> Option<Vec<u8>> {
        let path = self.machines[machine].path(key);
        content(&path)
    }

    /// Takes away whatever is at a path, or above it as a file. `for_good`: its user wants it gone.
    fn clear(&mut self, machine: usize, key: &str, for_good: bool) {
        let prefixes = key.match_indices('/').map(|(at, _)| &key[..at]).chain([key]);
        for prefix in prefixes.map(str::to_owned).collect::<Vec<_>>() {
            let path = self.machines[machine].path(&prefix);
            let mut below = std::collections::BTreeMap::new();
            if let Some(bytes) = content(&path) {
                if prefix != key && for_good {
                    return;
                }
                below.insert(prefix.clone(), bytes);
                self.machines[machine].disk.user_removes(&path);
                fs::remove_file(&path).unwrap();
            } else if prefix == key && path.is_dir() {
                collect(&path, &prefix, &mut below);
                for file in below.keys() {
                    let path = self.machines[machine].path(file);
                    self.machines[machine].disk.user_removes(&path);
                }
                fs::remove_dir_all(&path).unwrap();
            }
            for (key, bytes) in below {
                self.model.release(&bytes, Some(&key));
            }
        }
    }

    fn put_file(&mut self, machine: usize, key: &str, bytes: &[u8], by_rename: bool) {
        let path = self.machines[machine].path(key);
        if let Some(old) = self.file(machine, key) {
            self.model.release(&old, None);
        } else {
            self.clear(machine, key, false);
        }
        self.model_came(key, bytes);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if path.is_symlink() {
            self.machines[machine].disk.user_removes(&path);
            fs::remove_file(&path).unwrap();
        }
        if by_rename {
            let beside = self.machines[machine].folder().join("../graves/save");
            fs::write(&beside, bytes).unwrap();
            if path.exists() {
                self.machines[machine].disk.user_removes(&path);
            }
            fs::rename(beside, &path).unwrap();
        } else {
            // A superuser's editor and anybody else's: what is not writable is made so.
            if path.exists() {
                fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
            }
            fs::write(&path, bytes).unwrap();
        }
        let now = self.now_ns(machine);
        self.machines[machine].disk.user_wrote(&path, None, now);
    }

    fn model_came(&mut self, key: &str, bytes: &[u8]) {
        if key != key::IGNORE {
            self.model.came(bytes);
        }
    }

    fn rename(&mut self, machine: usize, from: &str, to: &str) {
        let nested = |a: &str, b: &str| a == b || b.starts_with(&format!("{a}/"));
        let path = self.machines[machine].path(from);
        if nested(from, to) || nested(to, from) {
            return;
        }
        let mut moved = std::collections::BTreeMap::new();
        match content(&path) {
            Some(bytes) => drop(moved.insert(to.to_owned(), bytes)),
            None if path.is_dir() => collect(&path, to, &mut moved),
            None => return,
        }
        // The way there may lead through files that are in the way, and that way through what is to be moved.
        self.clear(machine, to, false);
        let target = self.machines[machine].path(to);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        if fs::rename(&path, &target).is_err() {
            return;
        }
        let now = self.now_ns(machine);
        self.machines[machine].disk.user_did();
        for (key, bytes) in moved {
            self.model.roam(&bytes);
            if !target.is_dir() {
                let path = self.machines[machine].path(&key);
                self.machines[machine].disk.user_changed(&path, now);
            }
        }
    }

    fn copy(&mut self, machine: usize, from: &str, to: &str) {
        let Some(bytes) = self.file(machine, from) else { return };
        if from == to || to.starts_with(&format!("{from}/")) {
            return;
        }
        let source = self.machines[machine].path(from);
        let now = self.now_ns(machine);
        let modified = self.machines[machine].disk.modified(&source, now);
        self.put_file(machine, to, &bytes, true);
        self.model.roam(&bytes);
        let target = self.machines[machine].path(to);
        self.machines[machine].disk.user_wrote(&target, Some(modified), now);
    }

    /// An editor writes on in the file that it holds open, wherever that is by now.
    fn write_open(&mut self, machine: usize) {
        let Some(file) = self.machines[machine].open.take() else { return };
        let Some(old) = read(&file).filter(|_| file.metadata().is_ok_and(|found| found.nlink() > 0)) else { return };
        let bytes = [old.clone(), self.model.make(1)].concat();
        self.model.release(&old, None);
        self.model.came(&bytes);
        file.write_all_at(&bytes, 0).unwrap();
        let now = self.now_ns(machine);
        self.machines[machine].disk.written(&file, now);
        self.machines[machine].disk.synced_one(&file);
        self.machines[machine].open = Some(file);
    }

    fn put_object(&mut self, key: &str, bytes: Vec<u8>) {
        if let Some(old) = self.bucket.objects.get(key) {
            self.model.release(&old.bytes.clone(), None);
        }
        self.model_came(key, &bytes);
        self.set_server_clock();
        self.bucket.write(key, bytes.into(), Metadata::default());
    }

    fn change_index(&mut self, of: Option<usize>, name: &str, becomes: Becomes) {
        let is_log = name == key::LOG;
        let (now, older) = match of {
            Some(machine) => {
                let machine = &self.machines[machine];
                (fs::read(machine.path(name)).ok(), if is_log { &machine.logs } else { &machine.indexes })
            }
            None => {
                let older = if is_log { &self.remote_logs } else { &self.remote_indexes };
                (self.bucket.objects.get(name).map(|object| object.bytes.to_vec()), older)
            }
        };
        let Some(now) = now else { return };
        let new = match becomes {
            Becomes::Gone => None,
            Becomes::Older(back) => older.iter().rev().nth(back).cloned(),
            Becomes::OfOld => Some(as_s4_0_4_has_it(&now)),
            Becomes::CutOff => Some(now[..now.len() / 2].to_vec()),
        };
        match (of, new) {
            (Some(machine), None) => {
                let path = self.machines[machine].path(name);
                self.machines[machine].disk.user_removes(&path);
                fs::remove_file(path).unwrap();
            }
            (Some(machine), Some(bytes)) => {
                let path = self.machines[machine].path(name);
                fs::write(&path, bytes).unwrap();
                let time = self.now_ns(machine);
                self.machines[machine].disk.user_wrote(&path, None, time);
            }
            (None, None) => drop(self.bucket.objects.remove(name)),
            (None, Some(bytes)) => {
                self.set_server_clock();
                self.bucket.write(name, bytes.into(), Metadata::default());
            }
        }
    }
}

fn read(file: &File) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(file.metadata().ok()?.len()).ok()?];
    file.read_exact_at(&mut bytes, 0).ok()?;
    Some(bytes)
}

/// The same index with nothing but the two times of S4 0.4.
fn as_s4_0_4_has_it(bytes: &[u8]) -> Vec<u8> {
    let Ok(index) = decode(bytes) else { return bytes.to_vec() };
    let entries = index.entries().iter().map(|(name, entry)| {
        let entry = crate::index::Entry {
            local_timestamp: entry.local_timestamp,
            remote_timestamp: entry.remote_timestamp,
            ..crate::index::Entry::default()
        };
        (name.clone(), entry)
    });
    encode(&crate::index::Index::from_entries(entries.collect())).unwrap()
}
