//! [`S3Store`]: one target's objects in a real bucket. The one module that knows the SDK, beside that of the queue.

mod body;
mod connect;
mod delete;
mod errors;
mod lifecycle;
mod line;
mod list;
mod patience;
mod read;
mod rows;
mod sums;
#[cfg(test)]
mod tests;
mod text;
mod throttle;
mod uploads;
mod versions;
#[cfg(test)]
mod wire_tests;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{ServerSideEncryption, StorageClass};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;

pub use self::body::S3Body;
pub(super) use self::connect::shared;
pub use self::connect::{Connection, check_endpoint};
pub(super) use self::errors::{Doing, Refusal, broken, refused};
pub use self::list::{read_page, read_page_by_sdk};
pub(super) use self::text::decode;
use self::throttle::Throttle;
use super::counts::{Class, Counts, CountsSnapshot};
use super::guarded::Unconditional;
use super::uri::S3Uri;
use super::{
    Cursor, Deletion, Error, Expect, GetOptions, Got, Metadata, ObjectInfo, ObjectStore, Page, Part, Unfinished,
    Written,
};
use crate::checksum::Checksum;
use crate::content::ETag;

/// How long to wait for a connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request may stand still, where the connection says nothing else: while its body is taken, until its answer
/// begins, and between the pieces of it.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a request is sent at most.
const ATTEMPTS: u32 = 5;
/// From this size on a body goes unsigned where nobody can change it on its way: its hash would be the dearest part of the request.
const UNSIGNED_FROM: usize = 64 * 1024;

/// One target's objects: those below a prefix of a bucket. Clones share connections and counts.
#[derive(Clone, Debug)]
pub struct S3Store {
    client: Client,
    uri: S3Uri,
    address: Option<Arc<str>>,
    server: Arc<str>,
    counts: Arc<Counts>,
    settings: Arc<Settings>,
}

/// What goes with every write.
#[derive(Debug)]
struct Settings {
    storage_class: Option<StorageClass>,
    sse: Option<ServerSideEncryption>,
    sse_kms_key_id: Option<String>,
    /// Nobody but the server can change what is sent: seen with the first request, since the endpoint may come from anywhere in
    /// the AWS chain.
    alone: Arc<AtomicBool>,
    /// What was learnt of the server.
    learnt: sums::Learnt,
    /// How fast contents may come.
    throttle_down: Option<Arc<Throttle>>,
    /// Listings are read by the SDK's own reader.
    sdk_lists: bool,
}

impl S3Store {
    /// Makes ready to reach `uri`; the first request comes with the first use.
    ///
    /// # Errors
    ///
    /// An endpoint that is none, and an access key id without its secret or the reverse.
    pub async fn connect(connection: &Connection, uri: &S3Uri) -> Result<S3Store, Error> {
        S3Store::with_attempts(connection, uri, ATTEMPTS).await
    }

    async fn with_attempts(connection: &Connection, uri: &S3Uri, attempts: u32) -> Result<S3Store, Error> {
        let (counts, alone) = (Arc::new(Counts::default()), Arc::new(AtomicBool::new(false)));
        let (client, address) = connect::client(connection, attempts, &counts, &alone).await?;
        Ok(S3Store {
            client,
            uri: uri.clone(),
            address: address.map(Into::into),
            server: connect::server_name(connection, uri).into(),
            counts,
            settings: Arc::new(Settings {
                storage_class: connection.storage_class.as_deref().map(StorageClass::from),
                sse: connection.sse.as_deref().map(ServerSideEncryption::from),
                sse_kms_key_id: connection.sse_kms_key_id.clone(),
                alone,
                learnt: sums::Learnt::default(),
                throttle_down: connection.bandwidth.down.map(|rate| Arc::new(Throttle::new(rate))),
                sdk_lists: connection.sdk_lists,
            }),
        })
    }

    /// Where the objects are.
    pub fn uri(&self) -> &S3Uri {
        &self.uri
    }

    /// Which bucket it is, and on which server: what is found out about one is true of no other.
    pub fn identity(&self) -> String {
        let bucket = self.uri.bucket();
        self.address.as_ref().map_or_else(|| format!("s3://{bucket}"), |address| format!("s3://{bucket} at {address}"))
    }

    /// How many objects were listed so far, and how many bytes were sent of which nothing is known yet.
    pub fn under_way(&self) -> (u64, u64) {
        (self.counts.listed(), self.counts.flying())
    }

    /// The requests made so far through this store and its clones.
    pub fn counts(&self) -> CountsSnapshot {
        self.counts.snapshot()
    }

    /// Whether nobody but the server is known to be able to change what is sent.
    fn is_alone(&self) -> bool {
        self.settings.alone.load(Ordering::Relaxed)
    }

    /// What makes an [`Error`] of a failed request to `verb` the object of the whole name `full`.
    fn failed<E>(&self, verb: &str, full: &str) -> impl FnOnce(SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        move |error| errors::error_of(&error, self.doing(verb, full))
    }

    fn doing<'a>(&'a self, verb: &'a str, full: &'a str) -> Doing<'a> {
        Doing { server: &self.server, bucket: self.uri.bucket(), verb, name: full }
    }
}

impl ObjectStore for S3Store {
    type Body = S3Body;

    async fn list(&self, start: Option<&Cursor>, limit: u16) -> Result<Page, Error> {
        self.list_once(start, limit).await
    }

    fn slow_downs(&self) -> u64 {
        self.counts.slow_downs()
    }

    async fn head(&self, name: &str) -> Result<ObjectInfo, Error> {
        self.head_once(name, None).await
    }

    async fn get(&self, name: &str, options: GetOptions) -> Result<Got<S3Body>, Error> {
        self.summed(|sums| self.get_once(name, &options, sums)).await
    }

    async fn checksum(&self, name: &str, etag: &ETag) -> Result<Option<Checksum>, Error> {
        self.summed(|sums| self.checksum_once(name, etag, sums)).await
    }

    async fn put(&self, name: &str, body: Bytes, metadata: &Metadata, expect: &Expect) -> Result<Written, Error> {
        self.put_sound(name, &body, metadata, Some(expect)).await
    }

    async fn copy(
        &self,
        source: (&str, &ETag),
        name: &str,
        metadata: Option<&Metadata>,
        expect: &Expect,
    ) -> Result<Written, Error> {
        self.copy_if(source, name, metadata, Some(expect)).await
    }

    async fn delete(&self, deletions: &[Deletion]) -> Vec<Result<(), Error>> {
        let wanted = deletions.iter().map(|deletion| (&*deletion.name, Some(&deletion.etag)));
        self.delete_if(&wanted.collect::<Vec<_>>()).await
    }

    async fn begin_upload(&self, name: &str, metadata: &Metadata) -> Result<String, Error> {
        self.summed(|sums| self.begin_once(name, metadata, sums)).await
    }

    async fn upload_part(&self, name: &str, upload: &str, number: u32, body: Bytes) -> Result<ETag, Error> {
        let number =
            i32::try_from(number).map_err(|_| Error::Other(format!("an upload has no part number {number}")))?;
        self.part_sound(name, upload, number, &body).await
    }

    async fn copy_part(
        &self,
        source: (&str, &ETag),
        range: (u64, u64),
        name: &str,
        part: (&str, u32),
    ) -> Result<ETag, Error> {
        let address = self.address(source.0);
        S3Store::undamaged(|| self.copy_part_once((&address, source.1), range, name, part)).await
    }

    async fn complete_upload(
        &self,
        name: &str,
        upload: &str,
        parts: (&[ETag], Option<Checksum>),
        expect: &Expect,
    ) -> Result<Written, Error> {
        self.complete_sound(name, upload, parts, Some(expect)).await
    }

    async fn abort_upload(&self, name: &str, upload: &str) -> Result<(), Error> {
        let full = self.uri.full(name);
        self.counts.request(Class::Delete);
        let request = self.client.abort_multipart_upload().bucket(self.uri.bucket()).key(&full).upload_id(upload);
        match request.send().await.map_err(self.failed("give up the upload of", &full)) {
            // An upload that is gone is given up: so is it after a lost answer.
            Ok(_) | Err(Error::Conflict | Error::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn list_parts(&self, name: &str, upload: &str) -> Result<Vec<Part>, Error> {
        match self.parts_of(name, upload).await {
            Err(Error::Conflict) => Err(Error::NotFound),
            listed => listed,
        }
    }

    async fn list_uploads(&self) -> Result<Vec<Unfinished>, Error> {
        self.unfinished().await
    }
}

impl Unconditional for S3Store {
    async fn put_regardless(&self, name: &str, body: Bytes, metadata: &Metadata) -> Result<Written, Error> {
        self.put_sound(name, &body, metadata, None).await
    }

    async fn copy_regardless(
        &self,
        source: (&str, &ETag),
        name: &str,
        metadata: Option<&Metadata>,
    ) -> Result<Written, Error> {
        self.copy_if(source, name, metadata, None).await
    }

    async fn complete_regardless(
        &self,
        name: &str,
        upload: &str,
        parts: (&[ETag], Option<Checksum>),
    ) -> Result<Written, Error> {
        self.complete_sound(name, upload, parts, None).await
    }

    async fn delete_regardless(&self, names: &[&str]) -> Vec<Result<(), Error>> {
        self.delete_if(&names.iter().map(|name| (*name, None)).collect::<Vec<_>>()).await
    }
}

/// The time-outs for one request that moves `bytes`.
fn patient(bytes: usize) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::config::Builder::new().timeout_config(connect::timeouts(bytes))
}

/// An ETag as headers carry it.
fn quoted(etag: &ETag) -> String {
    format!("\"{etag}\"")
}

/// An answer without something that every server sends.
fn lacks(what: &str) -> Error {
    Error::Damaged(format!("an answer of the server has no {what}"))
}

fn length(length: Option<i64>) -> Result<u64, Error> {
    length.and_then(|length| length.try_into().ok()).ok_or_else(|| lacks("Content-Length"))
}

/// Whole seconds, as headers have them.
fn seconds(time: Option<&DateTime>) -> Result<i64, Error> {
    time.map(DateTime::secs).ok_or_else(|| lacks("Last-Modified"))
}

/// A `Range` header for a first byte and a number of bytes.
fn byte_range((first, count): (u64, u64), full: &str) -> Result<String, Error> {
    let last = count.checked_sub(1).and_then(|count| first.checked_add(count));
    let last = last.ok_or_else(|| Error::Other(format!("cannot read {count} bytes of '{full}'")))?;
    Ok(format!("bytes={first}-{last}"))
}

/// The size of the whole object by a `Content-Range: bytes FIRST-LAST/SIZE`, if the part begins where it should.
fn whole_size(content_range: Option<&str>, first: u64) -> Option<u64> {
    let (range, size) = content_range?.strip_prefix("bytes ")?.split_once('/')?;
    let (begin, _) = range.split_once('-')?;
    if begin.parse() == Ok(first) { size.parse().ok() } else { None }
}
