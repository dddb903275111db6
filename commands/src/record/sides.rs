//! What is on the two sides: files, objects, index entries, and what cannot be told.

use super::fields::{Documented, FieldDoc, kind, record, text};
use crate::time::{Seconds, Time};

record! {
    /// A file of the folder, as it is now.
    File
    required {
        /// The file's path below the folder, `/` between its components.
        key: String,
    }
    parts {
        /// What `stat` says of it.
        info: FileInfo,
    }
}

record! {
    /// What is known of a file.
    FileInfo
    required {
        /// Bytes.
        size: u64,
        /// When its content was last changed.
        mtime: Time,
        /// When anything of it was last changed.
        ctime: Time,
        /// Its inode number.
        inode: u64,
        /// Its permission bits, in octal; of a symbolic link `120777`.
        mode: String,
    }
    optional {
        /// The SHA-256 of its content in hex, where somebody has read it.
        sha256: String,
    }
    flags {
        /// It is as new as the local index, so that its times do not prove it unchanged.
        racy,
        /// The object's ETag was found to be the MD5 of its content.
        matches_etag,
    }
}

record! {
    /// An object of the bucket, as it is now.
    Object
    required {
        /// The object's name below the target's prefix.
        key: String,
    }
    parts {
        /// What the listing says of it.
        info: ObjectInfo,
    }
}

record! {
    /// What is known of an object.
    ObjectInfo
    required {
        /// Bytes.
        size: u64,
        /// Its ETag, without quotes.
        etag: String,
        /// When it was written, by the server's clock.
        last_modified: Seconds,
    }
    optional {
        /// The SHA-256 of its content in hex, where an index or the object's metadata tell.
        sha256: String,
    }
    flags {
        /// The object itself was asked for its SHA-256 already.
        asked,
    }
}

record! {
    /// A key of an index.
    Entry
    required {
        /// The key.
        key: String,
        /// Whether the entry is a tombstone: the key was deleted.
        deleted: bool,
    }
    parts {
        /// What the index says of it.
        entry: IndexEntry,
    }
}

record! {
    /// What an index says of a key: the fields of s4-index(5), times as text.
    IndexEntry
    optional {
        /// In the local index when the file was last changed, in the remote one when the object was written. Not there for
        /// a deleted key.
        local_timestamp: Seconds,
        /// The version of the content: a number that only grows, the same in both indexes once a key is in sync.
        remote_timestamp: i64,
        /// Bytes.
        size: u64,
        /// The SHA-256 of the content, in hex.
        sha256: String,
        /// The object's ETag, without quotes.
        etag: String,
        /// The object's version, where the bucket has versions.
        version_id: String,
        /// When the file's content was last changed.
        mtime: Time,
        /// When anything of the file was last changed; only in the local index.
        ctime: Time,
        /// The file's inode number; only in the local index.
        inode: u64,
        /// The file's permission bits, in octal; of a symbolic link `120777`.
        mode: String,
        /// What a big content is made of, as the index has it.
        blocks: String,
        /// When the deletion was recorded.
        deleted_at: Seconds,
    }
}

record! {
    /// A name that is left alone: it cannot be looked at, or cannot be carried to the other side. Nothing at it or below it
    /// counts as deleted.
    Problem
    required {
        /// Why, in one word: `unreadable`, `symlink`, `special` (a device, pipe or socket), `unnameable` (its name cannot be
        /// a key), `hostile` (an object's name that no folder can hold) or `hidden` (something else is in its place here).
        reason: String,
        /// Why, in a sentence.
        message: String,
    }
    optional {
        /// The name, as it is in the folder or the bucket.
        key: String,
        /// The same in base64, where the name is not UTF-8.
        key_base64: String,
    }
}
