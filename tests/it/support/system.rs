//! What only the system can do to a folder: take its permissions away, fill its disk.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Machine, Ran, ran};

/// Whether the tests run as root, for whom permissions mean nothing.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The note that a test was left out; in CI that is a failure, since nobody would see it.
#[expect(clippy::print_stderr, reason = "the note that a test was left out")]
fn left_out(why: &str) {
    assert!(std::env::var_os("CI").is_none() || !is_root(), "{why}");
    eprintln!("left out: {why}");
}

impl Machine {
    /// Runs s4 as somebody whom permissions stop: root without its privilege to pass them by.
    pub(crate) fn run_unprivileged(&self, args: &[&str]) -> Ran {
        let hermetic = self.s4(args);
        let mut command = if is_root() {
            let mut setpriv = Command::new("setpriv");
            setpriv.arg("--bounding-set=-dac_override,-dac_read_search").arg(hermetic.get_program());
            setpriv
        } else {
            Command::new(hermetic.get_program())
        };
        let variables = hermetic.get_envs().filter_map(|(name, value)| Some((name, value?)));
        command.env_clear().envs(variables).args(hermetic.get_args()).stdin(std::process::Stdio::null());
        ran(&command.output().unwrap())
    }
}

/// A small disk of its own over a folder; gone when it is dropped.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts a disk of so many KiB over a folder; `None` where only root may and nobody is.
    pub(crate) fn over(folder: &Path, kib: usize) -> Option<SmallDisk> {
        if !is_root() {
            left_out("only root can mount a small disk");
            return None;
        }
        let size = format!("size={kib}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "s4-test"]).arg(folder).output().unwrap();
        if !mounted.status.success() {
            left_out(&format!("no disk can be mounted: {}", String::from_utf8_lossy(&mounted.stderr)));
            return None;
        }
        Some(SmallDisk(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status().unwrap();
        assert!(unmounted.success() || std::thread::panicking(), "{} stays mounted", self.0.display());
    }
}
