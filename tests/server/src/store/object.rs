//! One stored object.

use std::collections::BTreeMap;

use bytes::Bytes;
use md5::{Digest, Md5};
use s3s::crypto::Checksum as _;
use s3s::{S3Error, s3_error};

/// An object as the server holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Its content.
    pub bytes: Bytes,
    /// Its ETag, without quotes.
    pub etag: String,
    /// The CRC-64/NVME of what was written, in base64.
    pub crc64nvme: String,
    /// When it was written, seconds since the epoch by the server's clock.
    pub last_modified: i64,
    /// The user's metadata; names without `x-amz-meta-`.
    pub metadata: BTreeMap<String, String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// The storage class that the writer asked for.
    pub storage_class: Option<String>,
    /// The encryption that the writer asked for (`AES256`, `aws:kms`). Nothing is encrypted here.
    pub encryption: Option<String>,
    /// The key that the writer asked for.
    pub kms_key_id: Option<String>,
}

/// What a writer gives beside the content.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) content_type: Option<String>,
    pub(crate) storage_class: Option<String>,
    pub(crate) encryption: Option<String>,
    pub(crate) kms_key_id: Option<String>,
}

impl StoredObject {
    pub(crate) fn new(bytes: Bytes, etag: String, last_modified: i64, attributes: Attributes) -> StoredObject {
        let Attributes { metadata, content_type, storage_class, encryption, kms_key_id } = attributes;
        let crc64nvme = crc64nvme(&bytes);
        StoredObject {
            bytes,
            etag,
            crc64nvme,
            last_modified,
            metadata,
            content_type,
            storage_class,
            encryption,
            kms_key_id,
        }
    }
}

/// What a read of a delete marker gets: 404 where it is the current version, 405 where its id was named.
pub(crate) fn marker_error(named: bool) -> S3Error {
    let mut error = if named {
        s3_error!(MethodNotAllowed, "The specified method is not allowed against this resource.")
    } else {
        s3_error!(NoSuchKey, "The specified key does not exist.")
    };
    let marker = (
        hyper::header::HeaderName::from_static("x-amz-delete-marker"),
        hyper::header::HeaderValue::from_static("true"),
    );
    error.set_headers([marker].into_iter().collect());
    error
}

/// The CRC-64/NVME of some bytes, in base64 as headers have it.
pub(crate) fn crc64nvme(bytes: &[u8]) -> String {
    let mut sum = s3s::crypto::Crc64Nvme::new();
    sum.update(bytes);
    base64_simd::STANDARD.encode_to_string(sum.finalize())
}

/// The MD5 of some bytes, as lower-case hex.
pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

/// The MD5 of the parts' MD5s, and the number of parts.
pub(crate) fn md5_of_parts<'a>(parts: impl ExactSizeIterator<Item = &'a Bytes>) -> String {
    let count = parts.len();
    let mut all = Md5::new();
    for part in parts {
        all.update(Md5::digest(part));
    }
    format!("{}-{count}", hex(&all.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
