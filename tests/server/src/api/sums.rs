//! Request bodies, and the checksums that come with them.

use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use hyper::HeaderMap;
use md5::{Digest as _, Md5};
use s3s::checksum::ChecksumHasher;
use s3s::crypto::Checksum as _;
use s3s::dto::{ChecksumType, StreamingBlob};
use s3s::{S3Error, S3Request, S3Result, TrailingHeaders, s3_error};

use super::Api;
use crate::fault::{FaultKind, Pending, flip_a_bit};
use crate::options::Checksums;
use crate::store::StoredObject;

impl Api {
    /// The bytes of a request, damaged as a fault wants it, and checked against the checksums that came with them.
    pub(super) async fn body<T>(&self, request: &S3Request<T>, body: Option<StreamingBlob>) -> S3Result<Bytes> {
        let mut bytes = collect(body).await?;
        if request.extensions.get::<Pending>().is_some_and(|pending| pending.take_if(&FaultKind::CorruptRequest)) {
            bytes = flip_a_bit(&bytes);
        }
        if self.checks_sums() {
            check_sums(&bytes, &request.headers)?;
            if let Some(trailers) = request.trailing_headers.as_ref().and_then(TrailingHeaders::take) {
                check_sums(&bytes, &trailers)?;
            }
        }
        Ok(bytes)
    }

    /// What an answer tells of the sum of what is stored.
    pub(super) fn told(&self, crc64nvme: &str) -> (Option<String>, Option<ChecksumType>) {
        let sum = self.checks_sums().then(|| crc64nvme.to_owned());
        let kind = sum.as_ref().map(|_| ChecksumType::from_static(ChecksumType::FULL_OBJECT));
        (sum, kind)
    }

    fn checks_sums(&self) -> bool {
        self.control.state().behaviour.checksums.are_checked()
    }
}

/// The sum that a read is told, if it asked for it and for the whole.
pub(super) fn shown(
    object: &StoredObject,
    checksums: Checksums,
    mode: Option<&str>,
    part: bool,
) -> (Option<String>, Option<ChecksumType>) {
    if !checksums.are_checked() || mode != Some("ENABLED") || part {
        return (None, None);
    }
    (Some(object.crc64nvme.clone()), Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT)))
}

async fn collect(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let chunks: Vec<Bytes> = match body {
        Some(body) => {
            body.try_collect().await.map_err(|e| S3Error::with_source(s3s::S3ErrorCode::IncompleteBody, e))?
        }
        None => Vec::new(),
    };
    Ok(match <[Bytes; 1]>::try_from(chunks) {
        Ok([bytes]) => bytes,
        Err(chunks) => chunks
            .iter()
            .fold(BytesMut::new(), |mut all, chunk| {
                all.extend_from_slice(chunk);
                all
            })
            .freeze(),
    })
}

/// Checks the `x-amz-checksum-` headers and `Content-MD5`.
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
    let md5 = sent("content-md5");
    let equal = crc32 == sums.checksum_crc32
        && crc32c == sums.checksum_crc32c
        && crc64nvme == sums.checksum_crc64nvme
        && sha1 == sums.checksum_sha1
        && sha256 == sums.checksum_sha256
        && md5.is_none_or(|md5| md5 == base64_simd::STANDARD.encode_to_string(Md5::digest(bytes)));
    if equal { Ok(()) } else { Err(s3_error!(BadDigest, "The checksum you specified did not match what we received.")) }
}
