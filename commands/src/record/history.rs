//! What the commands for the past say with `--json`.

use super::fields::{Documented, FieldDoc, kind, record, text};
use crate::time::Seconds;

record! {
    /// A version of a key, or its deletion, as the bucket keeps it.
    ObjectVersion
    required {
        /// The key.
        key: String,
        /// The id of the version; `null` for what was written while the bucket kept no versions.
        version_id: String,
        /// What happened: `written` or `deleted`.
        what: String,
        /// When, by the server's clock.
        last_modified: Seconds,
    }
    optional {
        /// Bytes; not there for a deletion.
        size: u64,
        /// The ETag, without quotes; not there for a deletion.
        etag: String,
        /// The storage class, where it is not STANDARD.
        storage_class: String,
    }
    flags {
        /// It is the state of the key now.
        current,
    }
}

record! {
    /// What a restore does, or would do, with a key.
    Restored
    required {
        /// The key.
        key: String,
        /// What is to be done: `bring-back`, `replace`, `delete` or `copy`.
        action: String,
        /// What became of it: `planned`, `done`, `refused` or `failed`.
        result: String,
    }
    optional {
        /// The id of the version.
        version_id: String,
        /// When that was written, by the server's clock.
        last_modified: Seconds,
        /// Bytes of it.
        size: u64,
        /// The file that it is copied to.
        path: String,
        /// Why it was refused, or what failed.
        message: String,
    }
}

record! {
    /// A file in the trash of this machine.
    Trashed
    required {
        /// The key that it had.
        key: String,
        /// The run that put it there.
        run: String,
        /// Bytes.
        size: u64,
        /// When it was put there.
        trashed: Seconds,
    }
    optional {
        /// The key that it has in the folder now.
        restored_as: String,
        /// Why it was not put back.
        message: String,
    }
    flags {
        /// It is deleted for good.
        emptied,
    }
}
