//! The records that hold a stream together.

use std::collections::BTreeMap;

use super::SCHEMA;
use super::fields::{Documented, FieldDoc, kind, record, text};
use super::steps::Requests;

record! {
    /// The first record of a stream.
    Header
    required {
        /// The number of the schema that the records belong to. It grows when a reader of older records would misunderstand
        /// newer ones.
        schema: u32,
        /// The program that wrote the stream: `s4`.
        tool: String,
        /// Its version.
        version: String,
    }
    optional {
        /// The target that the stream is about, if it is about one.
        target: String,
        /// The folder that it is about.
        folder: String,
        /// The place in the bucket that it is about, with the server where it is not AWS.
        place: String,
    }
}

impl Header {
    /// The header of a stream that this version writes, about nothing in particular.
    pub fn new() -> Header {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Header { schema: SCHEMA, tool: "s4".to_owned(), version, ..Header::default() }
    }
}

record! {
    /// The last record of a stream. A stream without it was cut off: what it does not name may be there all the same.
    End
    required {
        /// How many records of each type came between header and end.
        counts: BTreeMap<String, u64>,
    }
    optional {
        /// What the command that wrote it has asked of the server, if it did.
        spent: Spent,
    }
}

record! {
    /// What a command has asked of a server, indexes and everything included.
    Spent
    required {
        /// Bytes of bodies sent.
        bytes_up: u64,
        /// Bytes of bodies received.
        bytes_down: u64,
        /// Requests by class: `list`, `get`, `head`, `put`, `copy`, `delete`.
        requests: Requests,
        /// What all that costs in US dollars, see `prices` in s4-config(5).
        dollars: f64,
    }
}

record! {
    /// What went wrong. The exit code of the command is not 0 then.
    Error
    required {
        /// The kind of error, one word: what a person does next depends on it. `usage`, `config`, `access`, `guard`,
        /// `interrupted` or `failed`.
        code: String,
        /// The whole message with its causes.
        message: String,
    }
    optional {
        /// The key that it is about, if it is about one.
        key: String,
        /// The same in base64, where the name is not UTF-8.
        key_base64: String,
    }
}
