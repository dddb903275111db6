//! The steps of a sync: what differs, what became of it, what was written down.

use super::fields::{Documented, FieldDoc, kind, record, text};
use super::sides::{FileInfo, IndexEntry, ObjectInfo};

record! {
    /// A key that differs between the sides, and what a sync would do about it. Whoever carries it out expects to find file and
    /// object as they are here, and leaves alone what is not so.
    Change
    required {
        /// The key.
        key: String,
        /// What to do: `push`, `pull`, `delete-remote`, `delete-local`, `adopt` (the sides agree: record it), `forget`
        /// (neither side has it any more: record that), `keep-both`, `move-aside` or `conflict`.
        action: String,
        /// The file against the base: `unchanged`, `created`, `updated`, `deleted` or `absent`.
        local: String,
        /// The object against the base, in the same words.
        remote: String,
    }
    optional {
        /// The file, if there is one, as a `file` record has it.
        file: FileInfo,
        /// The object, if there is one, as an `object` record has it.
        object: ObjectInfo,
        /// The base: what the local index says of the key, as an `entry` record has it.
        base: IndexEntry,
        /// What the remote index says of the key, as an `entry` record has it.
        indexed: IndexEntry,
        /// For a rename or a copy, the key that has the content already.
        source: Source,
        /// The guard that stopped the whole plan: `emptied`, `moved-device` or `mass-deletion`. Such a change is not carried
        /// out.
        guard: String,
    }
    flags {
        /// The deletion is the other half of a rename.
        renamed,
        /// The ignore rules leave the key out.
        ignored,
    }
}

record! {
    /// The old name of a renamed key, or the key that another one is a copy of.
    Source
    required {
        /// That key.
        key: String,
    }
    optional {
        /// Its file, if there is one.
        file: FileInfo,
        /// Its object, if there is one.
        object: ObjectInfo,
    }
    flags {
        /// It stays: a copy. Else it goes away: a rename.
        stays,
    }
}

record! {
    /// What became of an action.
    Outcome
    required {
        /// The key.
        key: String,
        /// The action, in the words of `change`.
        action: String,
        /// `done`, `skipped` or `failed`.
        result: String,
        /// Bytes of content that went over the network.
        bytes: u64,
    }
    optional {
        /// Why it was skipped or failed, in one word. Skipped: `conflict`, `changed` (a side is no longer as the change has
        /// it), `unchanged`, `ignored`, `symlink` (the object is a symbolic link, and those are skipped here), `guard`, `rules` (the
        /// ignore rules are not in the bucket yet) or `interrupted`. Failed: `absent` (neither side has the key), `local`,
        /// `no-space` or `remote`.
        reason: String,
        /// The same in a sentence.
        message: String,
        /// The key that the local version of a conflict has now.
        kept_as: String,
        /// The version of the base that it was made on, the base's `remote_timestamp`. An outcome counts only on top of that.
        base_version: i64,
        /// What the local index is to say of the key, as an `entry` record has it.
        entry: IndexEntry,
        /// What the remote index is to say of the key; not there where it says so already.
        remote_entry: IndexEntry,
    }
    flags {
        /// The object is new, and `remote_entry` lacks the time at which the server wrote it.
        learn_modified,
    }
}

record! {
    /// What was written into the indexes.
    Commit
    required {
        /// Number of entries that the local index was told.
        local: u64,
        /// Number of entries that the remote index was told.
        remote: u64,
    }
}

record! {
    /// Requests by class.
    Requests
    required {
        /// LIST.
        list: u64,
        /// GET.
        get: u64,
        /// HEAD.
        head: u64,
        /// PUT and POST.
        put: u64,
        /// COPY.
        copy: u64,
        /// DELETE.
        delete: u64,
    }
}

record! {
    /// The sum of a file's content.
    Hash
    required {
        /// Bytes.
        size: u64,
        /// The SHA-256 of the content, in hex.
        sha256: String,
    }
    optional {
        /// The file, as it was named.
        path: String,
        /// The same in base64, where the name is not UTF-8.
        path_base64: String,
        /// Whether the ETag that was given is the MD5 of the content.
        matches_etag: bool,
    }
}

record! {
    /// Whether a path is ignored.
    Check
    required {
        /// Whether it is.
        ignored: bool,
    }
    optional {
        /// The path, below the folder.
        key: String,
        /// The same in base64, where the name is not UTF-8.
        key_base64: String,
        /// The pattern that decided; not there where none matches.
        pattern: String,
        /// The line of the pattern in `.syncignore`, from 1.
        line: u64,
        /// The path that the pattern matches: the key, or a folder that it is in.
        matched: String,
    }
}
