//! Between the wire's types and the store's.

use std::time::{Duration, SystemTime};

use s3s::dto::{CopySource, ETag, ETagCondition, EncodingType, Timestamp};
use s3s::{S3Error, S3Result, s3_error};

use crate::options::Names;
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

/// How a listing shows keys: as they are, or in `encoding-type=url`.
#[derive(Clone, Copy)]
pub(super) struct Encoding {
    url: bool,
    all: bool,
}

impl Encoding {
    pub(super) fn new(asked: Option<&EncodingType>) -> S3Result<Encoding> {
        match asked.map(EncodingType::as_str) {
            None => Ok(Encoding { url: false, all: false }),
            Some(EncodingType::URL) => Ok(Encoding { url: true, all: false }),
            Some(_) => Err(s3_error!(InvalidArgument, "Invalid Encoding Method specified in Request")),
        }
    }

    /// As a server with these habits does it.
    pub(super) fn by(self, names: Names) -> Encoding {
        Encoding { url: self.url && names != Names::Plain, all: names == Names::EncodedAll }
    }

    /// What the answer says of it.
    pub(super) fn shown(self) -> Option<EncodingType> {
        self.url.then(|| EncodingType::from_static(EncodingType::URL))
    }

    /// As S3 does it: a space becomes `+`, the slash stays.
    pub(super) fn text(self, text: &str) -> String {
        if !self.url {
            return text.to_owned();
        }
        text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
            match byte {
                b'/' if !self.all => encoded.push('/'),
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                    encoded.push(char::from(byte));
                }
                b' ' if !self.all => encoded.push('+'),
                _ => encoded += &format!("%{byte:02X}"),
            }
            encoded
        })
    }
}
