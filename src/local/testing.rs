//! What the tests of changes share.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::slot::Slot;
use super::trash::Tree;
use super::{Folder, Staged, Stat};
use crate::key::Key;

pub(super) fn key(name: &str) -> Key {
    Key::parse(name).unwrap()
}

/// A folder of its own for a test.
pub(super) struct Case {
    dir: tempfile::TempDir,
    pub(super) folder: Folder,
}

impl Case {
    pub(super) fn new() -> Case {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        folder.begin_run("run".to_owned());
        Case { dir, folder }
    }

    pub(super) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    pub(super) fn slot_path(&self, slot: &Slot) -> PathBuf {
        self.path(".s4/swap").join(slot.inside())
    }

    /// Writes a file as a user's program does, in place.
    pub(super) fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn read(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap()
    }

    pub(super) fn stat(&self, below: &str) -> Stat {
        self.folder.stat(&key(below)).unwrap().unwrap()
    }

    pub(super) fn staged(&self, text: &str) -> Staged {
        let staged = self.folder.stage().unwrap();
        staged.write_at(0, text.as_bytes()).unwrap();
        staged
    }

    /// The contents of all files, wherever they are, sorted.
    pub(super) fn everything(&self) -> Vec<String> {
        let tree = Tree::read(&self.folder.root, Path::new("")).unwrap();
        let mut texts: Vec<_> =
            tree.files.iter().filter_map(|file| fs::read_to_string(self.dir.path().join(file)).ok()).collect();
        texts.sort();
        texts
    }

    /// Checks that no slot and no staged file is left.
    pub(super) fn nothing_is_left_over(&self) {
        for place in ["staging", "swap"] {
            if let Ok(entries) = fs::read_dir(self.path(".s4").join(place)) {
                let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().as_bytes().to_owned()).collect();
                assert!(names.is_empty(), "{place}: {names:?}");
            }
        }
    }
}
