//! A link to a folder outside takes the place of a folder, and gives it back, at any moment between a check and a use.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::below;
use crate::support::{Bucket, Machine, TestEnv, in_sync};

/// Two machines in sync, and on the first a folder outside that has what `d` has by name, to which the link `spare` leads.
struct Stage {
    _env: TestEnv,
    bucket: Bucket,
    one: Machine,
    two: Machine,
    outer: PathBuf,
    before: BTreeMap<PathBuf, (u64, i64, Vec<u8>)>,
}

impl Stage {
    fn set() -> Stage {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let files =
            ["d/old", "d/edited", "d/gone", "d/renamed", "d/sub/old", "d/sub/gone", "e/renamed", "calm", ".syncignore"];
        let files: Vec<(&str, &str)> =
            files.iter().map(|key| (*key, if *key == ".syncignore" { "/spare\n" } else { *key })).collect();
        let (one, two) = in_sync(&env, &bucket, &files);
        let outer = one.path("").with_file_name("outer");
        fs::create_dir_all(outer.join("sub")).unwrap();
        for name in ["old", "edited", "gone", "renamed", "new", "sub/old", "sub/gone", "sub/new"] {
            fs::write(outer.join(name), format!("outside {name}")).unwrap();
        }
        fs::create_dir(outer.join("empty")).unwrap();
        symlink(&outer, one.path("spare")).unwrap();
        let before = looks(&outer);
        Stage { _env: env, bucket, one, two, outer, before }
    }

    /// What another machine does in the folder.
    fn change(&self, round: usize) {
        self.two.write("d/edited", format!("edit {round}"));
        self.two.write("d/sub/old", format!("edit {round} below"));
        self.two.write("d/new", format!("new {round}"));
        self.two.write(&format!("d/sub/new-{round}/deep"), format!("deep {round}"));
        let (from, to) = if round.is_multiple_of(2) { ("d/renamed", "e/moved") } else { ("e/moved", "d/renamed") };
        fs::rename(self.two.path(from), self.two.path(to)).unwrap();
        for gone in ["d/gone", "d/sub/gone"] {
            if round.is_multiple_of(2) { self.two.remove(gone) } else { self.two.write(gone, format!("back {round}")) }
        }
        self.two.sync_with(&["--force", "--conflicts", "local"]);
    }

    /// Syncs the machine whose folder moves about: whatever comes of it, it ends.
    fn sync(&self) {
        let ran = self.one.sync_with(&["--force", "--conflicts", "remote"]);
        assert!(matches!(ran.code, 0 | 1 | 3 | 4), "{ran:?}");
    }

    /// Checks that nothing outside was touched, and nothing of it read.
    fn check(&self) {
        assert_eq!(looks(&self.outer), self.before);
        let outside = |(_, bytes): &(String, Vec<u8>)| bytes.starts_with(b"outside");
        assert_eq!(self.bucket.objects().into_iter().find(outside), None);
        assert_eq!(self.one.everything().into_iter().find(outside), None);
    }

    /// Puts the folder back, after which all must come right.
    fn settle(&self) {
        if self.one.path("d").is_symlink() {
            swap(&self.one.path("d"), &self.one.path("spare"));
        }
        fs::remove_file(self.one.path("spare")).unwrap();
        for machine in [&self.one, &self.two, &self.one] {
            machine.sync_with(&["--force", "--conflicts", "remote"]).with(0);
        }
        assert_eq!(self.one.tree(), self.two.tree());
        assert_eq!(self.bucket.tree(), self.two.tree());
        self.check();
    }
}

/// Everything below a folder: which file, when changed, and what is in it.
fn looks(folder: &Path) -> BTreeMap<PathBuf, (u64, i64, Vec<u8>)> {
    let paths = below(folder).into_iter().map(PathBuf::from);
    let look = |path: PathBuf| {
        let found = fs::symlink_metadata(&path).unwrap();
        let bytes = if found.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        (path, (found.ino(), found.mtime_nsec(), bytes))
    };
    paths.map(look).collect()
}

fn swap(one: &Path, other: &Path) {
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).unwrap();
}

#[test]
fn a_folder_that_becomes_a_link_at_any_request_leads_nowhere() {
    let stage = Stage::set();
    for step in 1..=4 {
        for round in 0..4 {
            stage.change(round);
            let (folder, link) = (stage.one.path("d"), stage.one.path("spare"));
            let seen = std::sync::Mutex::new(0);
            stage.bucket.server().on_request(move |_| {
                let mut seen = seen.lock().unwrap();
                *seen += 1;
                if *seen % step == 0 {
                    swap(&folder, &link);
                }
            });
            stage.sync();
            stage.bucket.server().clear_hook();
            stage.check();
        }
    }
    stage.settle();
}

#[test]
fn a_folder_that_keeps_becoming_a_link_leads_nowhere() {
    let stage = Stage::set();
    let stop = Arc::new(AtomicBool::new(false));
    let swapping = {
        let (folder, link, stop) = (stage.one.path("d"), stage.one.path("spare"), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut swaps = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                swap(&folder, &link);
                swaps += 1;
                // For one half of the time it is the folder, for the other the link.
                std::thread::yield_now();
            }
            swaps
        })
    };
    for round in 0..12 {
        stage.change(round);
        stage.sync();
    }
    stop.store(true, Ordering::Relaxed);
    assert!(swapping.join().unwrap() > 1_000);
    stage.check();
    stage.settle();
}

#[test]
fn links_in_the_place_of_s4s_own_folders_lead_nowhere() {
    for own in [".s4", ".s4/staging", ".s4/trash", ".s4/swap", ".index", ".s4lock"] {
        let stage = Stage::set();
        stage.change(0);
        let place = stage.one.path(own);
        if place.is_dir() {
            fs::remove_dir_all(&place).unwrap();
        } else if place.exists() {
            fs::remove_file(&place).unwrap();
        }
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        symlink(&stage.outer, &place).unwrap();
        stage.one.sync_with(&["--force", "--conflicts", "remote"]);
        stage.check();
        fs::remove_file(&place).ok();
        stage.settle();
    }
}
