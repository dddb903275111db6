//! The records of `--json` and of the plumbing: one JSON object a line, `"type"` first.
//!
//! A stream begins with a [`Record::Header`] and ends with a [`Record::End`]. Sizes are bytes, times are RFC 3339 in
//! UTC. Readers ignore fields and types that they do not know. A released field keeps its name and its meaning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The number of the schema that these records belong to.
pub const SCHEMA: u32 = 1;

/// One record, a line of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Record {
    /// The first record of a stream.
    Header(Header),
    /// The last record of a stream; a stream without it was cut off.
    End(End),
    /// What went wrong.
    Error(Error),
    /// A target of the config file.
    Target(Target),
    /// A key as the indexes have it.
    Entry(Entry),
    /// A key that differs between the sides, and what a sync would do about it.
    Change(Change),
    /// What became of an action.
    Outcome(Outcome),
    /// The program's version.
    Version(Version),
}

impl Record {
    /// The value of its `"type"`.
    pub fn kind(&self) -> &'static str {
        match self {
            Record::Header(_) => "header",
            Record::End(_) => "end",
            Record::Error(_) => "error",
            Record::Target(_) => "target",
            Record::Entry(_) => "entry",
            Record::Change(_) => "change",
            Record::Outcome(_) => "outcome",
            Record::Version(_) => "version",
        }
    }
}

/// The first record of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The number of the schema, [`SCHEMA`].
    pub schema: u32,
    /// The program that wrote the stream: `s4`.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// The target that the stream is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

impl Header {
    /// The header of a stream that this version writes.
    pub fn new(target: Option<&str>) -> Header {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Header { schema: SCHEMA, tool: "s4".to_owned(), version, target: target.map(str::to_owned) }
    }
}

/// The last record of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// How many records of each type came between header and end.
    pub counts: BTreeMap<String, u64>,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// The kind of error, one word: what a person does next depends on it.
    pub code: String,
    /// The whole message with its causes.
    pub message: String,
    /// The key that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A target of the config file. Stored keys are no part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// The folder.
    pub local_folder: String,
    /// The place in the bucket.
    pub s3_uri: String,
    /// The server's address, where it is not AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_url: Option<String>,
    /// The bucket's region, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_name: Option<String>,
    /// The profile that the keys come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Whether keys are stored in the config file.
    pub stored_keys: bool,
    /// What the probe of the server found: each conditional write with whether the server honours it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditional_writes: Option<serde_json::Value>,
}

/// A key as the indexes have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The file's time, in UTC; absent for a deleted or missing file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<String>,
    /// The object's time, in UTC; absent for a deleted or missing object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3: Option<String>,
    /// Bytes, where the index knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Whether the key is deleted.
    pub deleted: bool,
}

/// A key that differs between the sides, and what a sync would do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The key.
    pub key: String,
    /// `push`, `pull`, `delete-remote`, `delete-local`, `adopt`, `forget`, `keep-both` or `conflict`.
    pub action: String,
    /// The file against the base: `unchanged`, `created`, `updated`, `deleted` or `absent`.
    pub local: String,
    /// The object against the base, in the same words.
    pub remote: String,
    /// Bytes of the file, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_size: Option<u64>,
    /// Bytes of the object, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_size: Option<u64>,
    /// The object's ETag, which the action expects to find.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The key that was renamed to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
}

/// What became of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The key.
    pub key: String,
    /// The action, in the words of [`Change::action`].
    pub action: String,
    /// `done`, `skipped` or `failed`.
    pub result: String,
    /// Bytes of content that went over the network.
    pub bytes: u64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The program's version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The program: `s4`.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// The number of the schema that it writes.
    pub schema: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_comes_first_and_unknown_fields_are_ignored() {
        let line = serde_json::to_string(&Record::Header(Header::new(Some("docs")))).unwrap();
        assert!(line.starts_with(r#"{"type":"header","schema":1,"tool":"s4","version":""#), "{line}");
        let read = r#"{"type":"end","counts":{"file":3},"later":true}"#;
        let end = End { counts: BTreeMap::from([("file".to_owned(), 3)]) };
        assert_eq!(serde_json::from_str::<Record>(read).unwrap(), Record::End(end));
    }

    #[test]
    fn absent_is_left_out() {
        let error = Error { code: "access".to_owned(), message: "no".to_owned(), key: None };
        let line = serde_json::to_string(&Record::Error(error)).unwrap();
        assert_eq!(line, r#"{"type":"error","code":"access","message":"no"}"#);
    }
}
