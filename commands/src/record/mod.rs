//! The records of `--json` and of the plumbing: one JSON object a line, `"type"` first.
//!
//! A stream begins with a [`Record::Header`] and ends with a [`Record::End`]. Sizes are bytes, times are RFC 3339 in
//! UTC. Readers ignore fields and types that they do not know. A released field keeps its name and its meaning.

mod codec;
mod daemon;
mod fields;
mod history;
mod porcelain;
mod sides;
mod steps;
mod stream;

pub use daemon::{Moving, Status, Trouble};
pub use fields::{Documented, FieldDoc, RecordDoc};
pub use history::{ObjectVersion, Restored, Trashed};
pub use porcelain::{
    Completion, Finding, Forecast, Left, Page, Policy, Row, Summary, Target, Upload, Verification, Version,
};
pub use sides::{Entry, File, FileInfo, IndexEntry, Object, ObjectInfo, Problem};
pub use steps::{Change, Check, Commit, Hash, Outcome, Requests, Source};
pub use stream::{End, Error, Header, Spent};

use fields::records;

/// The number of the schema that these records belong to.
pub const SCHEMA: u32 = 1;

records! {
    /// The first record of a stream.
    Header "header",
    /// The last record of a stream; a stream without it was cut off.
    End "end",
    /// What went wrong.
    Error "error",
    /// A name that is left alone.
    Problem "problem",
    /// A file of the folder.
    File "file",
    /// An object of the bucket.
    Object "object",
    /// A key of an index.
    Entry "entry",
    /// A key that differs between the sides, and what a sync would do about it.
    Change "change",
    /// What became of an action.
    Outcome "outcome",
    /// What was written into the indexes.
    Commit "commit",
    /// What the next sync would take in all.
    Forecast "forecast",
    /// How much a look at a target leaves out.
    Left "left",
    /// What a sync did.
    Summary "summary",
    /// A key that is not as it was synced.
    Finding "finding",
    /// An upload in parts that is nobody's.
    Upload "upload",
    /// What a verification came to.
    Verification "verification",
    /// The sum of a file's content.
    Hash "hash",
    /// Whether a path is ignored.
    Check "check",
    /// A target of the config file.
    Target "target",
    /// A key of a target, as the two indexes have it.
    Row "row",
    /// A version of a key, or its deletion.
    ObjectVersion "object_version",
    /// What a restore does with a key.
    Restored "restored",
    /// A file in the trash.
    Trashed "trashed",
    /// Where the daemon stands with a target.
    Status "status",
    /// What the keys of a target need to be allowed.
    Policy "policy",
    /// A page of the manual.
    Page "page",
    /// What makes a shell complete.
    Completion "completion",
    /// The program's version.
    Version "version",
}

#[cfg(test)]
mod tests;
