//! What the daemon says with `--json`.

use super::fields::{Documented, FieldDoc, kind, record, text};
use crate::time::Seconds;

record! {
    /// Where the daemon stands with a target.
    Status
    required {
        /// The target's name.
        target: String,
        /// What the daemon does: `starting`, `in-sync`, `syncing`, `waiting`, `offline`, `stopped` or `paused`, see s4-status(1).
        state: String,
        /// Since when.
        since: Seconds,
        /// The keys of conflicts that were left alone.
        conflicts: Vec<String>,
        /// How many keys could not be synced, or names are left alone.
        problems: u64,
        /// How many contents of this run have moved.
        files_done: u64,
        /// How many contents this run moves in all.
        files_all: u64,
        /// Bytes of content that have moved in this run.
        bytes_done: u64,
        /// Bytes of content that this run moves in all.
        bytes_all: u64,
        /// The contents that are under way, by key.
        moving: Vec<Moving>,
        /// What went wrong last, the newest first.
        errors: Vec<Trouble>,
    }
    optional {
        /// Why it is `offline`, `stopped` or `waiting`.
        why: String,
        /// When the whole folder was last looked at.
        scanned: Seconds,
        /// When the whole bucket was last listed.
        listed: Seconds,
        /// When a run last ended well.
        synced: Seconds,
    }
}

record! {
    /// A content that is under way.
    Moving
    required {
        /// Its key.
        key: String,
        /// Bytes that have moved.
        bytes: u64,
        /// Bytes in all.
        of: u64,
    }
}

record! {
    /// Something that went wrong.
    Trouble
    required {
        /// When.
        at: Seconds,
        /// The whole message with its causes.
        message: String,
    }
}
