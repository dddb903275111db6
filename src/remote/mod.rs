//! The bucket: the small [`ObjectStore`] that the engine needs, and what fulfils it.
//!
//! [`s3`] and [`queue`] are the modules that know the SDK. Keys here are whole object names *below the target's prefix*: the store
//! adds and strips the prefix, and hands out names as they are, hostile ones included; [`crate::key::Key`] judges them.

pub mod counts;
#[cfg(test)]
mod fake;
pub mod guarded;
pub mod listing;
pub mod permissions;
pub mod probe;
pub mod queue;
pub mod ranges;
pub mod s3;
pub mod uri;
pub mod versions;

use std::future::Future;

use bytes::Bytes;

pub use self::counts::CountsSnapshot;
pub use self::guarded::{Capabilities, Guarded};
pub use self::listing::{PAGE, list_all, list_pages, put_in_order};
pub use self::permissions::{Needs, policy};
pub use self::probe::{PROBE, check, probe};
pub use self::queue::{EventQueue, Wake};
pub use self::ranges::{cuts, list_ranges};
pub use self::s3::{Connection, S3Store, check_endpoint, read_page, read_page_by_sdk};
pub use self::uri::{S3Uri, UriError};
pub use self::versions::{Stored, Version, Versioning};

use crate::checksum::Checksum;
use crate::content::{ETag, Sha256};

/// What a write expects to find under its key. A write whose expectation fails changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No object (`If-None-Match: *`).
    Absent,
    /// Exactly this version of it (`If-Match`).
    ETag(ETag),
}

/// One row of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name below the prefix, as the bucket holds it.
    pub name: Box<str>,
    /// Bytes.
    pub size: u64,
    /// Its ETag.
    pub etag: ETag,
    /// When it was written, seconds since the epoch, by the server's clock.
    pub last_modified: i64,
}

/// One page of a listing, in the server's order: S3 goes by the bytes of the names, some other servers do not.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The rows.
    pub objects: Vec<Listed>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

/// Where a page of a listing begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// After this name. To cut a range out of a listing, on servers that list by the bytes of the names.
    After(String),
    /// Where the page before ended, in the server's own words; right on every server.
    Token(String),
}

/// What s4 writes with a content and reads back: user metadata and type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The file's mtime in nanoseconds since the epoch (`mtime`: seconds with a fraction, as rclone writes it).
    pub mtime_ns: Option<i128>,
    /// The file's permission bits (`mode`: octal).
    pub mode: Option<u32>,
    /// The content's sum (`sha256`: hex).
    pub sha256: Option<Sha256>,
    /// `Content-Type`.
    pub content_type: Option<String>,
}

/// What the server says of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Bytes of the whole object (also when a range was asked for).
    pub size: u64,
    /// Its ETag.
    pub etag: ETag,
    /// When it was written, seconds since the epoch, by the server's clock.
    pub last_modified: i64,
    /// Its version, where the bucket has versions.
    pub version_id: Option<String>,
    /// User metadata; fields that are missing or make no sense are `None`.
    pub metadata: Metadata,
}

/// What a write made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The new object's ETag.
    pub etag: ETag,
    /// Its version, where the bucket has versions.
    pub version_id: Option<String>,
}

/// Which part of an object to read, and under which condition.
#[derive(Clone, Debug, Default)]
pub struct GetOptions {
    /// First byte and number of bytes.
    pub range: Option<(u64, u64)>,
    /// Only this version; another one is [`Error::Precondition`].
    pub if_match: Option<ETag>,
    /// Not this version; the same one is [`Got::NotModified`].
    pub if_none_match: Option<ETag>,
}

/// The answer to a read.
pub enum Got<B> {
    /// The object, its bytes to come.
    Object(ObjectInfo, B),
    /// It still is what `if_none_match` named.
    NotModified,
}

/// The bytes of an answer as they arrive.
pub trait Body: Send {
    /// The next bytes; `None` at the end. A connection that breaks off is an error, never an early end.
    fn chunk(&mut self) -> impl Future<Output = Result<Option<Bytes>, Error>> + Send;

    /// Whether what arrives is compared with a checksum that the server keeps of the object, so that damage on the way is an
    /// error at the end. Asked before the first chunk.
    fn is_compared(&self) -> bool {
        false
    }
}

/// A part of an unfinished upload, as the server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 1.
    pub number: u32,
    /// Bytes.
    pub size: u64,
    /// Its ETag.
    pub etag: ETag,
}

/// An upload that somebody has begun and neither completed nor given up: its parts are paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The name below the prefix.
    pub name: Box<str>,
    /// Its id.
    pub upload: Box<str>,
    /// When it was begun, seconds since the epoch, by the server's clock.
    pub begun: i64,
}

/// A key to delete, and the version that may be deleted.
#[derive(Clone, Debug)]
pub struct Deletion {
    /// The name below the prefix.
    pub name: Box<str>,
    /// The version seen.
    pub etag: ETag,
}

/// The requests of one target that s4 needs, each one request to S3 (retries aside).
///
/// Writes are conditional, always: there is no way to write without saying what is expected.
pub trait ObjectStore: Send + Sync + 'static {
    /// The bytes of a GET.
    type Body: Body;

    /// Up to `limit` (at most 1,000) names from `start` on, or from the first.
    fn list(&self, start: Option<&Cursor>, limit: u16) -> impl Future<Output = Result<Page, Error>> + Send;

    /// Whether the server is known to list by the bytes of the names, from any name on: then ranges can be listed at once.
    fn lists_by_bytes(&self) -> bool {
        false
    }

    /// How often the server has asked to slow down so far.
    fn slow_downs(&self) -> u64 {
        0
    }

    /// Asks after one object; [`Error::NotFound`] when there is none.
    fn head(&self, name: &str) -> impl Future<Output = Result<ObjectInfo, Error>> + Send;

    /// Reads an object or a part of it.
    fn get(&self, name: &str, options: GetOptions) -> impl Future<Output = Result<Got<Self::Body>, Error>> + Send;

    /// The checksum that the server keeps of that version of an object; `None` where it keeps none of the whole.
    fn checksum(&self, _name: &str, _etag: &ETag) -> impl Future<Output = Result<Option<Checksum>, Error>> + Send {
        std::future::ready(Ok(None))
    }

    /// Writes an object in one request, and sees to it that what is stored is what was sent.
    fn put(
        &self,
        name: &str,
        body: Bytes,
        metadata: &Metadata,
        expect: &Expect,
    ) -> impl Future<Output = Result<Written, Error>> + Send;

    /// Copies `source` (that very version) to `name` on the server. Its metadata travels along, unless there is other to go with
    /// the copy.
    fn copy(
        &self,
        source: (&str, &ETag),
        name: &str,
        metadata: Option<&Metadata>,
        expect: &Expect,
    ) -> impl Future<Output = Result<Written, Error>> + Send;

    /// Deletes up to 1,000 keys, each only in the version named. One result a deletion, in their order; a key that is
    /// gone already counts as deleted.
    fn delete(&self, deletions: &[Deletion]) -> impl Future<Output = Vec<Result<(), Error>>> + Send;

    /// Begins a multipart upload; returns its id.
    fn begin_upload(&self, name: &str, metadata: &Metadata) -> impl Future<Output = Result<String, Error>> + Send;

    /// Uploads part `number` (from 1); returns its ETag.
    fn upload_part(
        &self,
        name: &str,
        upload: &str,
        number: u32,
        body: Bytes,
    ) -> impl Future<Output = Result<ETag, Error>> + Send;

    /// Has the server make part `number` of a range, first byte and number of bytes, of that version of `source`; returns its ETag.
    fn copy_part(
        &self,
        source: (&str, &ETag),
        range: (u64, u64),
        name: &str,
        part: (&str, u32),
    ) -> impl Future<Output = Result<ETag, Error>> + Send;

    /// Makes the object of its parts' ETags, in order, if it is what the checksum is of: a server that keeps checksums compares,
    /// and one that finds another content makes no object ([`Error::Damaged`]). On [`Error::Conflict`] the upload must begin
    /// anew.
    fn complete_upload(
        &self,
        name: &str,
        upload: &str,
        parts: (&[ETag], Option<Checksum>),
        expect: &Expect,
    ) -> impl Future<Output = Result<Written, Error>> + Send;

    /// Gives an upload up, so that its parts are not paid for.
    fn abort_upload(&self, name: &str, upload: &str) -> impl Future<Output = Result<(), Error>> + Send;

    /// The parts that an upload has, a request for each thousand; [`Error::NotFound`] where there is no such upload (any more).
    fn list_parts(&self, name: &str, upload: &str) -> impl Future<Output = Result<Vec<Part>, Error>> + Send;

    /// All unfinished uploads below the prefix, whoever has begun them, a request for each thousand.
    fn list_uploads(&self) -> impl Future<Output = Result<Vec<Unfinished>, Error>> + Send;
}

/// Why a request failed, by what can be done about it. Messages name what was being done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There is no such object.
    #[error("no such object")]
    NotFound,
    /// What the write or read expected is not what is there (412): look again and decide again.
    #[error("changed in the bucket meanwhile")]
    Precondition,
    /// Another operation on the key was under way (409): make the write again.
    #[error("another write to the same key was under way")]
    Conflict,
    /// The server does not do what was asked (501).
    #[error("the server does not support this request: {0}")]
    NotImplemented(String),
    /// The bucket does not exist.
    #[error("the bucket '{bucket}' does not exist")]
    NoSuchBucket {
        /// Its name.
        bucket: String,
    },
    /// The keys are known, and lack the permission (403).
    #[error("access denied: {0}")]
    Denied(String),
    /// The access key id or the secret is wrong, or a session has expired.
    #[error("the credentials were refused: {0}")]
    Credentials(String),
    /// No credentials were found at all.
    #[error("no credentials found: {0}")]
    NoCredentials(String),
    /// The bucket lives in another region.
    #[error("the bucket is in region '{0}'")]
    WrongRegion(String),
    /// The server could not be reached, or the connection broke; retries did not help.
    #[error("cannot reach the server: {0}")]
    Network(String),
    /// The server is overloaded or failing (5xx, SlowDown); retries did not help.
    #[error("the server failed: {0}")]
    Server(String),
    /// The clocks of this machine and the server are too far apart.
    #[error("the clock of this machine is too far off: {0}")]
    Clock(String),
    /// What arrived is not what was sent: a checksum or a length differs.
    #[error("damaged on the way: {0}")]
    Damaged(String),
    /// Anything else the server said.
    #[error("{0}")]
    Other(String),
}
