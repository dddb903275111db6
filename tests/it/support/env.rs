//! What the programs under test see of this machine: nothing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::{Bucket, Machine};

/// A folder of the test's own, with the homes of its machines; gone when it is dropped.
pub(crate) struct TestEnv {
    root: TempDir,
    machines: AtomicU32,
}

impl TestEnv {
    /// An empty one.
    pub(crate) fn new() -> TestEnv {
        TestEnv { root: TempDir::with_prefix("s4-it-").unwrap(), machines: AtomicU32::new(0) }
    }

    /// A new machine, whose one target ([`super::TARGET`]) is an empty folder and `bucket`.
    pub(crate) fn machine(&self, bucket: &Bucket) -> Machine {
        let number = self.machines.fetch_add(1, Ordering::Relaxed) + 1;
        Machine::new(self.root.path().join(format!("machine-{number}")), bucket)
    }

    /// The path of what is in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The empty home of a new machine without any target.
    pub(crate) fn home(&self, name: &str) -> PathBuf {
        let home = self.path(name);
        std::fs::create_dir(&home).unwrap();
        home
    }

    /// A line for the shell on a machine with that home, where the program under test is the one that `s4` names.
    pub(crate) fn shell(home: &Path, line: &str) -> Command {
        let mut command = TestEnv::program("/bin/sh", home);
        command.args(["-c", line]);
        command
    }

    /// Any program on a machine with that home, which finds the program under test by the name `s4`.
    pub(crate) fn program(name: &str, home: &Path) -> Command {
        let programs = Path::new(env!("CARGO_BIN_EXE_s4")).parent().unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([programs.to_owned()].into_iter().chain(std::env::split_paths(&path)));
        let mut command = hermetic(Path::new(name), home);
        command.env("PATH", path.unwrap());
        command
    }
}

/// A process that sees of the environment only the path, and of the machine only `home`.
pub(super) fn hermetic(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", home)
        .env("S4_CONFIG", config(home))
        .env("XDG_RUNTIME_DIR", home)
        .env("TZ", "UTC")
        .env("LANG", "C.UTF-8")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .current_dir(home);
    command
}

/// Where S4 0.4 has its configuration, so that both programs share it.
pub(super) fn config(home: &Path) -> PathBuf {
    home.join(".config/s4/sync.conf")
}
