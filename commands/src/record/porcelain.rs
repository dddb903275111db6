//! What the commands for people say with `--json`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{Documented, FieldDoc, kind, record, text};
use super::steps::Requests;
use crate::time::Seconds;

record! {
    /// A target of the config file. Stored keys are no part of it.
    Target
    required {
        /// Its name.
        name: String,
        /// The folder.
        local_folder: String,
        /// The place in the bucket.
        s3_uri: String,
        /// Whether keys are stored in the config file.
        stored_keys: bool,
    }
    optional {
        /// The server's address, where it is not AWS.
        endpoint_url: String,
        /// The bucket's region, where it is known.
        region_name: String,
        /// The profile that the keys come from.
        profile: String,
        /// What the probe of the server found: each conditional write with whether the server honours it.
        conditional_writes: Value,
    }
}

record! {
    /// A key of a target, as it is in folder and bucket.
    Row
    required {
        /// The key.
        key: String,
        /// Whether the key is deleted: gone on both sides.
        deleted: bool,
    }
    optional {
        /// When the file was last changed; not there for a deleted or missing file.
        local: Seconds,
        /// When the object was written; not there for a deleted or missing object.
        s3: Seconds,
        /// Bytes of the file; of the object where there is no file, and of a deleted key what the index remembers.
        size: u64,
        /// The file against the base: `unchanged`, `created`, `updated`, `deleted` or `absent`; not there where that cannot be
        /// told.
        state_local: String,
        /// The object against the base, in the same words.
        state_remote: String,
        /// What a sync would do about it, in the words of a `change` record; not there where that is nothing.
        action: String,
        /// Bytes of the object, if there is one.
        size_remote: u64,
        /// The file's permission bits, in octal.
        mode: String,
        /// The object's ETag, without quotes.
        etag: String,
        /// The object's version, where the bucket has versions and an index tells it.
        version_id: String,
        /// The SHA-256 in hex of the content that `size` is of, where it is known.
        sha256: String,
    }
    flags {
        /// The ignore rules leave the key out.
        ignored,
        /// It cannot be looked into, or cannot be carried.
        left_alone,
    }
}

record! {
    /// What the next sync would take in all: the look that was just made, once more, and what comes of it.
    Forecast
    required {
        /// Bytes of content to send.
        bytes_up: u64,
        /// Bytes of content to fetch.
        bytes_down: u64,
        /// Requests by class: `list`, `get`, `head`, `put`, `copy`, `delete`.
        requests: Requests,
        /// What that costs in US dollars, bytes included; see `prices` in s4-config(5).
        dollars: f64,
    }
}

record! {
    /// How much a look at a target leaves out.
    Left
    required {
        /// Files and folders that the ignore rules leave out.
        ignored: u64,
        /// Symbolic links that are left alone.
        symlinks: u64,
        /// Changes of the other direction, where only one is carried.
        held_back: u64,
    }
}

record! {
    /// What a sync did.
    Summary
    required {
        /// How many actions were done, by action.
        done: BTreeMap<String, u64>,
        /// Bytes of content sent.
        bytes_up: u64,
        /// Bytes of content fetched.
        bytes_down: u64,
        /// How many conflicts were left alone.
        conflicts: u64,
        /// How many keys failed.
        failed: u64,
        /// How many names were left alone.
        problems: u64,
        /// How many symbolic links were left alone.
        symlinks: u64,
        /// Changes of the other direction, where only one is carried.
        held_back: u64,
        /// Requests by class: `list`, `get`, `head`, `put`, `copy`, `delete`.
        requests: Requests,
        /// What all that costs in US dollars, bytes included; see `prices` in s4-config(5).
        dollars: f64,
    }
    flags {
        /// The run was interrupted.
        interrupted,
    }
}

record! {
    /// A key that is not as it was synced.
    Finding
    required {
        /// The key.
        key: String,
        /// What is wrong: `file`, `object`, `both`, `index`, `metadata` or `unreadable`, see s4-verify(1).
        fault: String,
        /// The same in a sentence.
        message: String,
    }
    optional {
        /// The SHA-256 that was synced, in hex.
        expected: String,
        /// The SHA-256 of the file, where it was read.
        file: String,
        /// The SHA-256 of the object, where it was read.
        object: String,
    }
    flags {
        /// It has been put right.
        repaired,
    }
}

record! {
    /// An upload in parts that somebody has begun and not ended, and that this folder knows nothing of: its parts are paid for.
    Upload
    required {
        /// The name of the object that it would become, below the target's prefix.
        key: String,
        /// Its id, as `aws s3api abort-multipart-upload` takes it.
        upload_id: String,
        /// When it was begun, by the server's clock.
        begun: Seconds,
    }
}

record! {
    /// What a verification came to.
    Verification
    required {
        /// How many files were read.
        files: u64,
        /// How many objects were compared with the index.
        objects: u64,
        /// Bytes of files that were read.
        bytes_read: u64,
        /// Bytes of objects that were read.
        bytes_fetched: u64,
        /// How many keys are not as they were synced, repaired ones too.
        findings: u64,
        /// How many of them were repaired.
        repaired: u64,
        /// How many keys are not synced yet.
        pending: u64,
        /// How many objects have nothing to be compared with.
        unproven: u64,
        /// How many names were left alone.
        problems: u64,
        /// Requests by class: `list`, `get`, `head`, `put`, `copy`, `delete`.
        requests: Requests,
        /// What all that costs in US dollars, bytes included; see `prices` in s4-config(5).
        dollars: f64,
    }
    flags {
        /// It was interrupted.
        interrupted,
    }
}

record! {
    /// What the keys of a target need to be allowed.
    Policy
    required {
        /// The place in the bucket.
        place: String,
        /// The policy, as IAM takes it.
        policy: Value,
    }
}

record! {
    /// A page of the manual.
    Page
    required {
        /// Its title, which `man` takes.
        title: String,
        /// Its section of the manual.
        section: u8,
        /// What it is about.
        about: String,
    }
    optional {
        /// What `s4 help` calls it; not there for s4(1).
        topic: String,
        /// The file that it was written to.
        path: String,
    }
}

record! {
    /// What makes a shell complete.
    Completion
    required {
        /// The shell.
        shell: String,
        /// The script for it.
        script: String,
    }
}

record! {
    /// The program's version.
    Version
    required {
        /// The program: `s4`.
        tool: String,
        /// Its version.
        version: String,
        /// The number of the schema that it writes.
        schema: u32,
    }
}
