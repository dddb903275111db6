//! Side by side with S4 0.4, the real one: its folders taken over, mixed fleets, and the way back.
//!
//! S4 0.4 knows times to the second and asks where it cannot tell; with nobody there to answer, a question ends its run.
//! So no sync of it here may ask, unless the test is about a case that two machines with S4 0.4 cannot do either.

mod again;
mod back;
mod overwritten;
mod rounds;
mod takeover;

use std::cell::Cell;
use std::io::Read;
use std::sync::Once;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::{Bucket, Machine, TestEnv};

/// Machines that share one bucket, some with S4 0.4.
struct Fleet {
    env: TestEnv,
    bucket: Bucket,
    last_edit: Cell<SystemTime>,
    /// Whether the new ones keep change logs, small as the indexes are.
    logs: bool,
}

/// Which s4 a machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// S4 0.4.
    Old,
    /// The one under test.
    New,
}

/// One of the machines.
struct Member<'a> {
    fleet: &'a Fleet,
    machine: Machine,
    version: Cell<Version>,
}

impl Fleet {
    /// One without machines; `None` where there is no bucket or no S4 0.4.
    fn new(bucket: impl Into<Option<Bucket>>) -> Option<Fleet> {
        static IS_0_4: Once = Once::new();
        let (env, bucket) = (TestEnv::new(), bucket.into()?);
        let mut version = env.machine(&bucket).python_s4(["version"])?;
        IS_0_4.call_once(|| drop(version.assert().success().stdout("0.4.4\n")));
        Some(Fleet { env, bucket, last_edit: Cell::new(SystemTime::UNIX_EPOCH), logs: false })
    }

    /// Two on SeaweedFS; with logs, what S4 0.4 reads in the index lags behind.
    fn with_and_without_logs() -> impl Iterator<Item = Fleet> {
        [false, true].into_iter().filter_map(|logs| Some(Fleet { logs, ..Fleet::new(Bucket::seaweed())? }))
    }

    fn member(&self, version: Version) -> Member<'_> {
        Member { fleet: self, machine: self.env.machine(&self.bucket), version: Cell::new(version) }
    }

    /// The time of an edit: in a later second than any edit or sync before it, since S4 0.4 sees no other.
    fn next_second(&self) -> SystemTime {
        let next = self.last_edit.get().max(SystemTime::now()) + Duration::from_secs(1);
        self.last_edit.set(next);
        next
    }
}

impl Member<'_> {
    /// Writes a file that S4 0.4 takes for an edited one.
    fn write(&self, key: &str, content: impl AsRef<[u8]>) {
        self.machine.write(key, content);
        let file = std::fs::File::options().write(true).open(self.machine.path(key)).unwrap();
        file.set_modified(self.fleet.next_second()).unwrap();
    }

    fn remove(&self, key: &str) {
        self.machine.remove(key);
    }

    /// Syncs, and returns what was done, sorted: `transfer KEY` or `delete KEY`. It must end well and ask nothing.
    fn sync(&self) -> Vec<String> {
        let mut done = match self.version.get() {
            Version::Old => {
                let told = self.old_sync();
                assert!(!told.contains("Conflict") && !told.contains("error"), "{told}");
                told.split(['\n', '\r']).filter_map(told_by_old).collect()
            }
            Version::New => self.outcomes().iter().filter_map(told_by_new).collect::<Vec<_>>(),
        };
        done.sort();
        done
    }

    /// What a sync of S4 0.4 says; nobody answers it.
    fn old_sync(&self) -> String {
        let out = self.machine.python_s4(["sync"]).unwrap().assert().success();
        let out = out.get_output();
        format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
    }

    /// The outcomes that a sync of the s4 under test tells.
    fn outcomes(&self) -> Vec<Value> {
        let mut sync = self.machine.s4(["sync", "--json"]);
        if self.fleet.logs {
            sync.env("S4_LOG_FROM", "1");
        }
        let out = sync.assert().success();
        let lines = String::from_utf8(out.get_output().stdout.clone()).unwrap();
        let records = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        records.filter(|record| record["type"] == "outcome").collect()
    }
}

/// What a line of S4 0.4 tells of a key. (Its progress bar leaves blanks and carriage returns between lines.)
fn told_by_old(line: &str) -> Option<String> {
    let line = line.trim_start();
    // It takes the change log for a file.
    let line = Some(line).filter(|line| !line.contains(" .s4/log "))?;
    let transfer = ["Creating ", "Updating "].into_iter().find_map(|word| line.strip_prefix(word));
    if let Some((key, _)) = transfer.and_then(|rest| rest.rsplit_once(" (")) {
        return Some(format!("transfer {key}"));
    }
    let (key, _) = line.strip_prefix("Deleting ")?.rsplit_once(" on ")?;
    Some(format!("delete {key}"))
}

/// What an outcome tells of a key; `None` where nothing was moved or removed.
fn told_by_new(outcome: &Value) -> Option<String> {
    assert_eq!(outcome["result"], "done", "{outcome}");
    let what = match outcome["action"].as_str().unwrap() {
        "push" | "pull" => "transfer",
        "delete-local" | "delete-remote" => "delete",
        "adopt" | "forget" => return None,
        other => panic!("{other}: {outcome}"),
    };
    Some(format!("{what} {}", outcome["key"].as_str().unwrap()))
}

/// Asserts that all folders and the bucket hold the same.
fn assert_equal_trees(members: &[&Member<'_>]) {
    let expected = members[0].machine.tree();
    assert_eq!(members[0].fleet.bucket.tree(), expected, "the bucket");
    for (at, member) in members.iter().enumerate() {
        assert_eq!(member.machine.tree(), expected, "machine {at}");
    }
}

/// The entries of an index file.
fn entries(index: &[u8]) -> Value {
    let mut text = String::new();
    flate2::read::GzDecoder::new(index).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}
