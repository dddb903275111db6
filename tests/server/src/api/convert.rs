//! Between the wire's types and the store's.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use hyper::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::Checksum as _;
use s3s::dto::{CopySource, ETag, ETagCondition, EncodingType, StreamingBlob, Timestamp};
use s3s::{S3Error, S3Result, TrailingHeaders, s3_error};

use crate::store::{StoredObject, precondition_failed};

/// Seconds since the epoch as the wire's time; a clock set before 1970 shows as 1970.
pub(super) fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// An ETag for the wire.
pub(super) fn etag(text: &str) -> Option<ETag> {
    Some(ETag::Strong(text.to_owned()))
}

/// A number of bytes for the wire.
pub(super) fn size(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The conditions of a read: 412 or 304 where they do not hold.
pub(super) fn check_read(
    object: &StoredObject,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let matches = |condition: &ETagCondition| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == object.etag,
    };
    if if_match.is_some_and(|condition| !matches(condition)) {
        return Err(precondition_failed());
    }
    if if_none_match.is_some_and(matches) {
        return Err(not_modified(object));
    }
    Ok(())
}

/// 304, with the ETag that was asked about.
fn not_modified(object: &StoredObject) -> S3Error {
    let mut error = s3_error!(NotModified);
    if let Ok(value) = format!("\"{}\"", object.etag).parse() {
        error.set_headers([(hyper::header::ETAG, value)].into_iter().collect());
    }
    error
}

/// The object that a copy reads: bucket, key, version.
pub(super) fn source(source: &CopySource) -> S3Result<(&str, &str, Option<&str>)> {
    match source {
        CopySource::Bucket { bucket, key, version_id } => Ok((bucket, key, version_id.as_deref())),
        _ => Err(s3_error!(NotImplemented, "Only buckets are known as the source of a copy")),
    }
}

/// The bytes of a request, checked against the checksums that came with them.
pub(super) async fn body(
    body: Option<StreamingBlob>,
    headers: &HeaderMap,
    trailers: Option<&TrailingHeaders>,
) -> S3Result<Bytes> {
    let chunks: Vec<Bytes> = match body {
        Some(body) => {
            body.try_collect().await.map_err(|e| S3Error::with_source(s3s::S3ErrorCode::IncompleteBody, e))?
        }
        None => Vec::new(),
    };
    let bytes = match <[Bytes; 1]>::try_from(chunks) {
        Ok([bytes]) => bytes,
        Err(chunks) => chunks
            .iter()
            .fold(BytesMut::new(), |mut all, chunk| {
                all.extend_from_slice(chunk);
                all
            })
            .freeze(),
    };
    check_sums(&bytes, headers)?;
    if let Some(trailers) = trailers.and_then(TrailingHeaders::take) {
        check_sums(&bytes, &trailers)?;
    }
    Ok(bytes)
}

/// Checks the `x-amz-checksum-` headers.
fn check_sums(bytes: &[u8], headers: &HeaderMap) -> S3Result<()> {
    let sent = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let crc32 = sent("x-amz-checksum-crc32");
    let crc32c = sent("x-amz-checksum-crc32c");
    let crc64nvme = sent("x-amz-checksum-crc64nvme");
    let sha1 = sent("x-amz-checksum-sha1");
    let sha256 = sent("x-amz-checksum-sha256");
    let mut hasher = ChecksumHasher {
        crc32: crc32.as_ref().map(|_| s3s::crypto::Crc32::new()),
        crc32c: crc32c.as_ref().map(|_| s3s::crypto::Crc32c::new()),
        crc64nvme: crc64nvme.as_ref().map(|_| s3s::crypto::Crc64Nvme::new()),
        sha1: sha1.as_ref().map(|_| s3s::crypto::Sha1::new()),
        sha256: sha256.as_ref().map(|_| s3s::crypto::Sha256::new()),
    };
    hasher.update(bytes);
    let sums = hasher.finalize();
    let equal = crc32 == sums.checksum_crc32
        && crc32c == sums.checksum_crc32c
        && crc64nvme == sums.checksum_crc64nvme
        && sha1 == sums.checksum_sha1
        && sha256 == sums.checksum_sha256;
    if equal { Ok(()) } else { Err(s3_error!(BadDigest, "The checksum you specified did not match what we received.")) }
}

/// How a listing shows keys: as they are, or in `encoding-type=url`.
#[derive(Clone, Copy)]
pub(super) struct Encoding {
    url: bool,
}

impl Encoding {
    pub(super) fn new(asked: Option<&EncodingType>) -> S3Result<Encoding> {
        match asked.map(EncodingType::as_str) {
            None => Ok(Encoding { url: false }),
            Some(EncodingType::URL) => Ok(Encoding { url: true }),
            Some(_) => Err(s3_error!(InvalidArgument, "Invalid Encoding Method specified in Request")),
        }
    }

    /// As S3 does it: a space becomes `+`, the slash stays.
    pub(super) fn text(self, text: &str) -> String {
        if !self.url {
            return text.to_owned();
        }
        text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
                    encoded.push(char::from(byte));
                }
                b' ' => encoded.push('+'),
                _ => encoded += &format!("%{byte:02X}"),
            }
            encoded
        })
    }
}
