//! The records as a reader of them would declare them: a field or a type that is not here is a failure.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// A record of any type.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Record {
    Header {
        schema: u32,
        tool: String,
        version: String,
        target: Option<String>,
        folder: Option<String>,
        place: Option<String>,
    },
    End {
        counts: BTreeMap<String, u64>,
        spent: Option<Spent>,
    },
    Error {
        code: String,
        message: String,
        key: Option<String>,
        key_base64: Option<String>,
    },
    Problem {
        reason: String,
        message: String,
        key: Option<String>,
        key_base64: Option<String>,
    },
    File(File),
    Object(Object),
    Entry(Entry),
    Change(Box<Change>),
    Outcome(Box<Outcome>),
    Commit {
        local: u64,
        remote: u64,
    },
    Forecast {
        bytes_up: u64,
        bytes_down: u64,
        requests: Requests,
        dollars: f64,
    },
    Left {
        ignored: u64,
        symlinks: u64,
        held_back: u64,
    },
    Summary(Summary),
    Finding(Finding),
    Upload(Upload),
    Verification(Verification),
    Hash {
        size: u64,
        sha256: String,
        path: Option<String>,
        path_base64: Option<String>,
        matches_etag: Option<bool>,
    },
    Check(Check),
    Target(Target),
    Row(Row),
    ObjectVersion(ObjectVersion),
    Restored(Restored),
    Trashed(Trashed),
    Status(Status),
    Policy {
        place: String,
        policy: Value,
    },
    Page {
        title: String,
        section: u8,
        about: String,
        topic: Option<String>,
        path: Option<String>,
    },
    Completion {
        shell: String,
        script: String,
    },
    Version {
        tool: String,
        version: String,
        schema: u32,
    },
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) deleted: bool,
    pub(crate) local: Option<String>,
    pub(crate) s3: Option<String>,
    pub(crate) size: Option<u64>,
    pub(crate) state_local: Option<String>,
    pub(crate) state_remote: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) size_remote: Option<u64>,
    pub(crate) mode: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) version_id: Option<String>,
    pub(crate) sha256: Option<String>,
    #[serde(default)]
    pub(crate) ignored: bool,
    #[serde(default)]
    pub(crate) left_alone: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    pub(crate) target: String,
    pub(crate) state: String,
    pub(crate) since: String,
    pub(crate) why: Option<String>,
    pub(crate) conflicts: Vec<String>,
    pub(crate) problems: u64,
    pub(crate) scanned: Option<String>,
    pub(crate) listed: Option<String>,
    pub(crate) synced: Option<String>,
    pub(crate) files_done: u64,
    pub(crate) files_all: u64,
    pub(crate) bytes_done: u64,
    pub(crate) bytes_all: u64,
    pub(crate) moving: Vec<Moving>,
    pub(crate) errors: Vec<Trouble>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Moving {
    pub(crate) key: String,
    pub(crate) bytes: u64,
    pub(crate) of: u64,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trouble {
    pub(crate) at: String,
    pub(crate) message: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) mtime: String,
    pub(crate) ctime: String,
    pub(crate) inode: u64,
    pub(crate) mode: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Object {
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) last_modified: String,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) deleted: bool,
    pub(crate) local_timestamp: Option<String>,
    pub(crate) remote_timestamp: Option<i64>,
    pub(crate) size: Option<u64>,
    pub(crate) sha256: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) version_id: Option<String>,
    pub(crate) mtime: Option<String>,
    pub(crate) ctime: Option<String>,
    pub(crate) inode: Option<u64>,
    pub(crate) mode: Option<String>,
    pub(crate) blocks: Option<String>,
    pub(crate) deleted_at: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeenFile {
    pub(crate) size: u64,
    pub(crate) mtime: String,
    pub(crate) ctime: String,
    pub(crate) inode: u64,
    pub(crate) mode: String,
    pub(crate) sha256: Option<String>,
    #[serde(default)]
    pub(crate) racy: bool,
    #[serde(default)]
    pub(crate) matches_etag: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeenObject {
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) last_modified: String,
    pub(crate) sha256: Option<String>,
    #[serde(default)]
    pub(crate) asked: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) key: String,
    pub(crate) action: String,
    pub(crate) local: String,
    pub(crate) remote: String,
    pub(crate) file: Option<SeenFile>,
    pub(crate) object: Option<SeenObject>,
    pub(crate) base: Option<Map<String, Value>>,
    pub(crate) indexed: Option<Map<String, Value>>,
    pub(crate) source: Option<Source>,
    pub(crate) guard: Option<String>,
    #[serde(default)]
    pub(crate) renamed: bool,
    #[serde(default)]
    pub(crate) ignored: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) key: String,
    pub(crate) file: Option<SeenFile>,
    pub(crate) object: Option<SeenObject>,
    #[serde(default)]
    pub(crate) stays: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outcome {
    pub(crate) key: String,
    pub(crate) action: String,
    pub(crate) result: String,
    pub(crate) bytes: u64,
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) kept_as: Option<String>,
    pub(crate) base_version: Option<i64>,
    pub(crate) entry: Option<Map<String, Value>>,
    pub(crate) remote_entry: Option<Map<String, Value>>,
    #[serde(default)]
    pub(crate) learn_modified: bool,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Requests {
    pub(crate) list: u64,
    pub(crate) get: u64,
    pub(crate) head: u64,
    pub(crate) put: u64,
    pub(crate) copy: u64,
    pub(crate) delete: u64,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spent {
    pub(crate) bytes_up: u64,
    pub(crate) bytes_down: u64,
    pub(crate) requests: Requests,
    pub(crate) dollars: f64,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Summary {
    pub(crate) done: BTreeMap<String, u64>,
    pub(crate) bytes_up: u64,
    pub(crate) bytes_down: u64,
    pub(crate) conflicts: u64,
    pub(crate) failed: u64,
    pub(crate) problems: u64,
    pub(crate) symlinks: u64,
    pub(crate) held_back: u64,
    pub(crate) requests: Requests,
    pub(crate) dollars: f64,
    #[serde(default)]
    pub(crate) interrupted: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finding {
    pub(crate) key: String,
    pub(crate) fault: String,
    pub(crate) message: String,
    pub(crate) expected: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) object: Option<String>,
    #[serde(default)]
    pub(crate) repaired: bool,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verification {
    pub(crate) files: u64,
    pub(crate) objects: u64,
    pub(crate) bytes_read: u64,
    pub(crate) bytes_fetched: u64,
    pub(crate) findings: u64,
    pub(crate) repaired: u64,
    pub(crate) pending: u64,
    pub(crate) unproven: u64,
    pub(crate) problems: u64,
    pub(crate) requests: Requests,
    pub(crate) dollars: f64,
    #[serde(default)]
    pub(crate) interrupted: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    pub(crate) ignored: bool,
    pub(crate) key: Option<String>,
    pub(crate) key_base64: Option<String>,
    pub(crate) pattern: Option<String>,
    pub(crate) line: Option<u64>,
    pub(crate) matched: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) local_folder: String,
    pub(crate) s3_uri: String,
    pub(crate) stored_keys: bool,
    pub(crate) endpoint_url: Option<String>,
    pub(crate) region_name: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) conditional_writes: Option<Value>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectVersion {
    pub(crate) key: String,
    pub(crate) version_id: String,
    pub(crate) what: String,
    pub(crate) last_modified: String,
    pub(crate) size: Option<u64>,
    pub(crate) etag: Option<String>,
    pub(crate) storage_class: Option<String>,
    #[serde(default)]
    pub(crate) current: bool,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restored {
    pub(crate) key: String,
    pub(crate) action: String,
    pub(crate) result: String,
    pub(crate) version_id: Option<String>,
    pub(crate) last_modified: Option<String>,
    pub(crate) size: Option<u64>,
    pub(crate) path: Option<String>,
    pub(crate) message: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trashed {
    pub(crate) key: String,
    pub(crate) run: String,
    pub(crate) size: u64,
    pub(crate) trashed: String,
    pub(crate) restored_as: Option<String>,
    pub(crate) message: Option<String>,
    #[serde(default)]
    pub(crate) emptied: bool,
}

/// The records of an output.
#[track_caller]
pub(crate) fn records(out: &str) -> Vec<Record> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    out.lines().map(parse).collect()
}

/// The records of an output that is whole, without its header and its end; the end's counts are those of the records.
#[track_caller]
pub(crate) fn whole(out: &str) -> Vec<Record> {
    let mut all = records(out);
    let Some(Record::End { counts, .. }) = all.pop() else { panic!("no end: {out}") };
    assert!(matches!(all.first(), Some(Record::Header { schema: 1, .. })), "no header: {out}");
    all.remove(0);
    let mut counted = BTreeMap::new();
    for line in out.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        *counted.entry(record["type"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    counted.remove("header");
    counted.remove("end");
    assert_eq!(counts, counted, "{out}");
    all
}

/// The changes of an output, by key.
#[track_caller]
pub(crate) fn changes(out: &str) -> BTreeMap<String, Change> {
    let changes = whole(out).into_iter().filter_map(|record| match record {
        Record::Change(change) => Some((change.key.clone(), *change)),
        _ => None,
    });
    changes.collect()
}

/// The outcomes of an output, by key.
#[track_caller]
pub(crate) fn outcomes(out: &str) -> BTreeMap<String, Outcome> {
    let outcomes = records(out).into_iter().filter_map(|record| match record {
        Record::Outcome(outcome) => Some((outcome.key.clone(), *outcome)),
        _ => None,
    });
    outcomes.collect()
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) upload_id: String,
    pub(crate) begun: String,
}

/// A sync that goes well, as it tells of itself.
#[track_caller]
pub(crate) fn synced(machine: &super::Machine) -> Summary {
    let records = whole(&machine.run(["sync", super::TARGET, "--json"]).with(0).out);
    let summary = records.into_iter().find_map(|record| match record {
        Record::Summary(summary) => Some(summary),
        _ => None,
    });
    summary.unwrap()
}
