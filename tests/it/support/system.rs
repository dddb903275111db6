//! What only the system can do to a folder: take its permissions away, fill its disk.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Machine, Ran, ran};

/// Whether the tests run as root, for whom permissions mean nothing.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Set for a test that runs where it may mount.
const UNSHARED: &str = "S4_TEST_UNSHARED";

/// Runs a test that mounts disks: as it is where root may do that, else once more by itself, in a namespace of its own where
/// everybody may. The test calls this first and does all within.
pub(crate) fn in_own_mounts<F: FnOnce()>(test: F) {
    let works = |program: &mut Command| program.output().is_ok_and(|output| output.status.success());
    let may_mount = is_root() && works(Command::new("unshare").args(["-m", "true"]));
    if may_mount || std::env::var_os(UNSHARED).is_some() {
        return test();
    }
    if !works(Command::new("unshare").args(["-Urm", "true"])) {
        return super::left_out("this system lets nobody mount a disk");
    }
    let name = std::any::type_name::<F>().replace("::{{closure}}", "");
    let (_, name) = name.split_once("::").unwrap();
    let mut again = Command::new("unshare");
    again.arg("-Urm").arg(std::env::current_exe().unwrap()).args(["--exact", name]).env(UNSHARED, "1");
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let ended_well = output.status.success() && said.contains("test result: ok. 1 passed");
    assert!(ended_well, "{said}{}", String::from_utf8_lossy(&output.stderr));
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
    /// Mounts a disk of so many KiB over a folder; to be called within [`in_own_mounts`].
    pub(crate) fn over(folder: &Path, kib: usize) -> SmallDisk {
        let size = format!("size={kib}k");
        run("mount", &["-t", "tmpfs", "-o", &size, "s4-test"], folder);
        SmallDisk(folder.to_owned())
    }

    /// Takes the disk away though files of it are open.
    pub(crate) fn away(self) {
        run("umount", &["--lazy"], &self.0);
        std::mem::forget(self);
    }

    /// Whether it may be written from now on.
    pub(crate) fn may_be_written(&self, may: bool) {
        run("mount", &["-o", if may { "remount,bind,rw" } else { "remount,bind,ro" }], &self.0);
    }
}

fn run(program: &str, args: &[&str], folder: &Path) {
    let output = Command::new(program).args(args).arg(folder).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status().unwrap();
        assert!(unmounted.success() || std::thread::panicking(), "{} stays mounted", self.0.display());
    }
}
