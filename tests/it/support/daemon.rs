//! Daemons that run while a test edits, and waiting for what they are to do: nothing here sleeps and hopes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{read_dir, read_to_string};
use std::io::Read;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::records::Status;
use super::{Bucket, Machine, Record, TARGET, whole};

/// How long something may take before it counts as never.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked for.
const EVERY: Duration = Duration::from_millis(20);

/// Options of a daemon that makes nobody wait.
pub(crate) const FAST: [&str; 4] = ["--poll", "250ms", "--settle", "50ms"];

/// Waits until something is so.
///
/// # Panics
///
/// If it is not so in time.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    loop {
        let begin = Instant::now();
        if is_so() {
            return;
        }
        assert!(Instant::now() < end, "this did not come to be: {what}");
        breathe(begin);
    }
}

/// Leaves the processor to those who are waited for, the longer the more it takes to look at them.
fn breathe(since: Instant) {
    std::thread::sleep(EVERY.max(since.elapsed() * 2));
}

/// Checks that something stays as it is for a while.
#[track_caller]
pub(crate) fn stays(what: &str, long: Duration, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + long;
    while Instant::now() < end {
        assert!(is_so(), "this is so no more: {what}");
        std::thread::sleep(EVERY);
    }
}

/// Waits until all folders have what the bucket has, however long that takes as long as it gets on. Returns that tree.
#[track_caller]
pub(crate) fn converge(bucket: &Bucket, machines: &[&Machine]) -> BTreeMap<String, Vec<u8>> {
    let (mut end, mut least) = (Instant::now() + PATIENCE, usize::MAX);
    loop {
        let (begin, there, mut differ) = (Instant::now(), bucket.snapshot(), BTreeSet::new());
        for machine in machines {
            // Files that go while they are looked at are no end yet.
            let Ok(here) = machine.try_tree() else {
                differ.insert(String::new());
                continue;
            };
            let keys = here.keys().chain(there.keys()).filter(|key| here.get(*key) != there.get(*key));
            differ.extend(keys.map(|key| format!("{}: {key}", machine.path("").display())));
        }
        if differ.is_empty() {
            return there;
        }
        if differ.len() < least {
            (end, least) = (Instant::now() + PATIENCE, differ.len());
        }
        let some: Vec<_> = differ.iter().take(20).collect();
        assert!(Instant::now() < end, "{} keys are not as they are in the bucket: {some:?}", differ.len());
        breathe(begin);
    }
}

/// A daemon on a machine. It is killed when it is dropped, and what it said is shown if the test fails.
pub(crate) struct Daemon {
    machine: Machine,
    child: Child,
    out: Arc<Mutex<String>>,
    err: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Machine {
    /// Starts a daemon of all targets with some options.
    pub(crate) fn daemon(&self, options: &[&str]) -> Daemon {
        Daemon::start(self, self.process(["daemon"].iter().chain(options)))
    }

    /// Starts a daemon that waits for little.
    pub(crate) fn fast_daemon(&self) -> Daemon {
        self.daemon(&FAST)
    }
}

impl Daemon {
    /// Starts this very process, which is to be a daemon of the machine.
    pub(crate) fn start(machine: &Machine, mut process: std::process::Command) -> Daemon {
        process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = process.spawn().unwrap();
        let (out, err) = (Arc::<Mutex<String>>::default(), Arc::<Mutex<String>>::default());
        let readers = vec![
            collect(child.stdout.take().unwrap(), Arc::clone(&out)),
            collect(child.stderr.take().unwrap(), Arc::clone(&err)),
        ];
        Daemon { machine: machine.clone(), child, out, err, readers }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has told on stderr so far.
    pub(crate) fn said(&self) -> String {
        self.err.lock().unwrap().clone()
    }

    /// How many lines of stderr hold a text.
    pub(crate) fn times_said(&self, text: &str) -> usize {
        self.said().lines().filter(|line| line.contains(text)).count()
    }

    /// What it has printed on stdout so far.
    pub(crate) fn printed(&self) -> String {
        self.out.lock().unwrap().clone()
    }

    /// Waits until it has told something.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        wait_until(&format!("the daemon says {text:?}"), || self.said().contains(text));
    }

    /// Where each target stands, by its name; nothing while it does not answer yet.
    pub(crate) fn status(&self) -> BTreeMap<String, Status> {
        let ran = self.machine.run(["status", "--daemon", "--json"]);
        if ran.code != 0 {
            return BTreeMap::new();
        }
        let status = |record| match record {
            Record::Status(status) => Some((status.target.clone(), status)),
            _ => None,
        };
        whole(&ran.out).into_iter().filter_map(status).collect()
    }

    /// The state of the machine's one target.
    pub(crate) fn state(&self) -> String {
        self.status().remove(TARGET).map(|status| status.state).unwrap_or_default()
    }

    /// Waits until the machine's target is in a state.
    #[track_caller]
    pub(crate) fn is(&self, state: &str) {
        wait_until(&format!("the target is {state}"), || self.state() == state);
    }

    /// Waits until it has looked at everything, and has nothing to do.
    #[track_caller]
    pub(crate) fn is_in_sync(&self) {
        self.is("in-sync");
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap(), signal).unwrap();
    }

    /// Ends it as a service manager does; returns its exit code, how long it took, and all that it said.
    #[track_caller]
    pub(crate) fn terminate(mut self) -> (Option<i32>, Duration, String) {
        let begin = Instant::now();
        self.signal(Signal::TERM);
        wait_until("the daemon ends", || self.child.try_wait().unwrap().is_some());
        let took = begin.elapsed();
        let code = self.child.wait().unwrap().code();
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        (code, took, self.said())
    }

    /// Ends it as nothing may end a program.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The processor time that it has used.
    pub(crate) fn processor(&self) -> Duration {
        let stat = read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        // Linux tells it in hundredths of a second, whatever it counts in itself.
        Duration::from_millis(ticks * 10)
    }

    /// The memory that it has in use, in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// The inodes that it watches, of all its watchers.
    pub(crate) fn watched(&self) -> Vec<u64> {
        let mut inodes = Vec::new();
        for descriptor in read_dir(format!("/proc/{}/fdinfo", self.pid())).unwrap() {
            // One that is closed meanwhile is no watcher.
            let text = read_to_string(descriptor.unwrap().path()).unwrap_or_default();
            let watches = text.lines().filter(|line| line.starts_with("inotify "));
            let inode = |line: &str| line.split(' ').find_map(|word| word.strip_prefix("ino:")).unwrap().to_owned();
            inodes.extend(watches.map(|line| u64::from_str_radix(&inode(line), 16).unwrap()));
        }
        inodes.sort_unstable();
        inodes
    }

    /// Checks that it does next to nothing for two seconds.
    #[track_caller]
    pub(crate) fn is_idle(&self) {
        let (begin, before) = (Instant::now(), self.processor());
        stays("the daemon runs", Duration::from_secs(2), || {
            read_to_string(format!("/proc/{}/stat", self.pid())).is_ok()
        });
        let (used, passed) = (self.processor() - before, begin.elapsed());
        assert!(used < passed / 4, "it used {used:?} of {passed:?} for nothing:\n{}", self.said());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let status = if std::thread::panicking() {
            self.machine.run(["status", "--daemon", "--json"]).out
        } else {
            String::new()
        };
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.readers.drain(..).for_each(|reader| drop(reader.join()));
        if std::thread::panicking() {
            show(&format!("--- the daemon of {}\n{}{status}", self.machine.path("").display(), self.said()));
        }
    }
}

#[expect(clippy::print_stderr, reason = "what a failed test has to tell")]
fn show(text: &str) {
    eprintln!("{text}");
}

fn collect(mut pipe: impl Read + Send + 'static, into: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let (mut buffer, mut rest) = ([0; 4096], Vec::new());
        while let Ok(read @ 1..) = pipe.read(&mut buffer) {
            rest.extend_from_slice(&buffer[..read]);
            // Whole lines: what a letter is cut into comes together again.
            if let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') {
                let lines: Vec<u8> = rest.drain(..=end).collect();
                into.lock().unwrap().push_str(&String::from_utf8_lossy(&lines));
            }
        }
        into.lock().unwrap().push_str(&String::from_utf8_lossy(&rest));
    })
}
