//! End-to-end checksums: every body goes with a sum that the server checks, and is not believed stored before something shows
//! that it is.
//!
//! What shows it, the cheapest first:
//! 1. the server tells the sum of what it stored, as S3 does: CRC-64/NVME, which costs next to nothing;
//! 2. it does not, but the ETag is the MD5 of what was sent. Computed only then, since it is the dearest of all sums;
//! 3. the ETag is another: the object is read back. If it is what was sent, this server's ETags are no MD5s (an encrypted
//!    object's look the same), and nobody computes one again.
//!
//! A server that refuses checksums gets none, but a signature over every body in their place.

use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_s3::types::ChecksumType;
use bytes::Bytes;
use md5::{Digest as _, Md5};

use super::super::{Body as _, Error, Expect, GetOptions, Got, Metadata, ObjectStore as _, Written};
use super::S3Store;
use crate::blocking::blocking;
use crate::checksum::Checksum;
use crate::content::{ETag, Md5Form, Sha256};

/// How often a body is sent that arrives damaged.
const TRIES: u32 = 4;
/// From this size on summing up is left to a thread that may block.
const LONG: usize = 256 << 10;

/// What was learnt of a server, from its answers.
#[derive(Debug)]
pub(super) struct Learnt {
    /// It takes requests that have to do with checksums.
    pub(super) takes_sums: AtomicBool,
    /// Those that end an upload in parts, too.
    ends_take_sums: AtomicBool,
    /// ETags of objects that look like MD5s are MD5s.
    etags_tell: AtomicBool,
    /// Those of parts, too.
    parts_tell: AtomicBool,
    /// Held while an object is read back, so that one answer does for all who wait for it.
    asking: tokio::sync::Mutex<()>,
}

impl Default for Learnt {
    /// The best, until an answer shows otherwise.
    fn default() -> Learnt {
        let [takes_sums, ends_take_sums, etags_tell, parts_tell] = [(); 4].map(|()| AtomicBool::new(true));
        Learnt { takes_sums, ends_take_sums, etags_tell, parts_tell, asking: tokio::sync::Mutex::default() }
    }
}

impl Learnt {
    /// Whether requests may have to do with checksums.
    pub(super) fn takes_sums(&self) -> bool {
        self.takes_sums.load(Ordering::Relaxed)
    }
}

/// An answer to a write, and the sum that the server tells of what it stored.
pub(super) type Answered<T> = (T, Option<Checksum>);

impl S3Store {
    /// Makes a request that has to do with checksums; a server that does not take it gets it without.
    pub(super) async fn summed<T, F>(&self, request: impl Fn(bool) -> F + Send) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send,
    {
        self.summed_if(&self.settings.learnt.takes_sums, request).await
    }

    /// As [`S3Store::summed`], for a kind of requests that the server may refuse for itself.
    async fn summed_if<T, F>(&self, taken: &AtomicBool, request: impl Fn(bool) -> F + Send) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send,
    {
        let takes = self.settings.learnt.takes_sums() && taken.load(Ordering::Relaxed);
        let answer = request(takes).await;
        if !takes || !matches!(answer, Err(Error::NotImplemented(_) | Error::Other(_))) {
            return answer;
        }
        let without = request(false).await;
        // What is refused either way has nothing to do with them.
        if matches!(without, Ok(_) | Err(Error::Precondition)) {
            taken.store(false, Ordering::Relaxed);
        }
        without
    }

    /// Writes an object, and sees to it that what is stored is what was sent. `None`: over whatever is there.
    pub(super) async fn put_sound(
        &self,
        name: &str,
        body: &Bytes,
        metadata: &Metadata,
        expect: Option<&Expect>,
    ) -> Result<Written, Error> {
        let crc = Checksum::crc64(body);
        let mut over = None;
        let mut failure = None;
        for _ in 0..TRIES {
            let expect = expect.map(|first| over.as_ref().unwrap_or(first));
            if let (None, Some(Expect::ETag(damaged))) = (expect, &over) {
                // Without a condition: only the damaged one may be written over.
                match self.head(name).await {
                    Ok(info) if info.etag == *damaged => {}
                    Ok(_) | Err(Error::NotFound) => return Err(Error::Precondition),
                    Err(error) => return Err(error),
                }
            }
            match self.summed(|sums| self.put_once(name, body, metadata, expect, sums.then_some(crc))).await {
                Ok((written, told)) if self.has_stored(name, body, &written.etag, (crc, told)).await? => {
                    return Ok(written);
                }
                Ok((written, _)) => {
                    over = Some(Expect::ETag(written.etag));
                    let what = format!("the server has stored something else than what was sent as '{name}'");
                    failure = Some(Error::Damaged(what));
                }
                Err(error @ Error::Damaged(_)) => failure = Some(error),
                Err(error) => return Err(error),
            }
        }
        if let (Some(Expect::Absent), Some(Expect::ETag(damaged))) = (expect, &over) {
            self.take_back(name, damaged).await;
        }
        Err(failure.unwrap_or_else(|| Error::Damaged(name.to_owned())))
    }

    /// Takes a damaged object away that was made where there was none: others must not take it for a file's content. (One that
    /// was written over another stays: its deletion would be taken for the file's.) A failure changes nothing about the
    /// failure that is told.
    async fn take_back(&self, name: &str, damaged: &ETag) {
        // Some servers do not look at the condition of a delete.
        if self.head(name).await.is_ok_and(|info| info.etag == *damaged) {
            let _ = self.delete_if(&[(name, Some(damaged))]).await;
        }
    }

    /// Uploads a part, and sees to it that what is stored is what was sent.
    pub(super) async fn part_sound(&self, name: &str, upload: &str, number: i32, body: &Bytes) -> Result<ETag, Error> {
        let crc = Checksum::crc64(body);
        let learnt = &self.settings.learnt;
        let mut failure = None;
        for _ in 0..TRIES {
            match self.summed(|sums| self.part_once(name, upload, number, body, sums.then_some(crc))).await {
                Ok((etag, Some(told))) if told == crc => return Ok(etag),
                Ok((_, Some(_))) => {
                    failure =
                        Some(Err(Error::Damaged(format!("part {number} of '{name}' was stored as something else"))));
                }
                Ok((etag, None)) => {
                    if !learnt.parts_tell.load(Ordering::Relaxed) || may_be(&etag, body).await {
                        return Ok(etag);
                    }
                    failure = Some(Ok(etag));
                }
                Err(error @ Error::Damaged(_)) => failure = Some(Err(error)),
                Err(error) => return Err(error),
            }
        }
        // Chance does not damage the same bytes each time: these tags are none of MD5. A part cannot be read back.
        if let Some(Ok(_)) = &failure {
            learnt.parts_tell.store(false, Ordering::Relaxed);
        }
        failure.unwrap_or_else(|| Err(Error::Damaged(name.to_owned())))
    }

    /// Makes the object of an upload's parts, which must have that checksum. `None`: over whatever is there.
    pub(super) async fn complete_sound(
        &self,
        name: &str,
        upload: &str,
        (parts, checksum): (&[ETag], Option<Checksum>),
        expect: Option<&Expect>,
    ) -> Result<Written, Error> {
        let end = |sums| self.complete_if(name, upload, (parts, checksum.filter(|_| sums)), expect);
        S3Store::undamaged(|| self.summed_if(&self.settings.learnt.ends_take_sums, end)).await
    }

    /// Makes a request that the server can make again, as long as it arrives damaged.
    pub(super) async fn undamaged<T, F>(request: impl Fn() -> F + Send) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send,
    {
        for _ in 1..TRIES {
            match request().await {
                Err(Error::Damaged(_)) => {}
                ended => return ended,
            }
        }
        request().await
    }

    /// Whether the object that was just written is `body`.
    async fn has_stored(
        &self,
        name: &str,
        body: &Bytes,
        etag: &ETag,
        (crc, told): (Checksum, Option<Checksum>),
    ) -> Result<bool, Error> {
        if let Some(told) = told {
            return Ok(told == crc);
        }
        let learnt = &self.settings.learnt;
        if !learnt.etags_tell.load(Ordering::Relaxed) || may_be(etag, body).await {
            return Ok(true);
        }
        let _asking = learnt.asking.lock().await;
        if !learnt.etags_tell.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let is_body = self.reads_as(name, etag, body).await?;
        learnt.etags_tell.store(!is_body, Ordering::Relaxed);
        Ok(is_body)
    }

    /// Whether that version of the object reads as `body`.
    async fn reads_as(&self, name: &str, etag: &ETag, body: &Bytes) -> Result<bool, Error> {
        let options = GetOptions { if_match: Some(etag.clone()), ..GetOptions::default() };
        let Got::Object(_, mut there) = self.get(name, options).await? else { return Ok(false) };
        let mut left = &body[..];
        while let Some(chunk) = there.chunk().await? {
            match left.strip_prefix(&chunk[..]) {
                Some(rest) => left = rest,
                None => return Ok(false),
            }
        }
        Ok(left.is_empty())
    }
}

/// Whether an ETag is the MD5 of `body`, or does not look like one of a whole content.
async fn may_be(etag: &ETag, body: &Bytes) -> bool {
    let Some(Md5Form::Whole(sum)) = etag.md5_form() else { return true };
    let md5 = if body.len() < LONG {
        Md5::digest(body)
    } else {
        let body = body.clone();
        blocking(move || Md5::digest(&body)).await
    };
    md5[..] == sum
}

/// A CRC-64/NVME as headers carry it; nothing for another checksum, which s4 does not send.
pub(super) fn header(checksum: Checksum) -> Option<String> {
    match checksum {
        Checksum::Crc64(crc) => Some(aws_smithy_types::base64::encode(crc.to_be_bytes())),
        _ => None,
    }
}

/// What headers tell of a whole object: CRC-64/NVME, CRC-32C, CRC-32, SHA-256, in this order, and of what the sum is. The sum
/// of the sums of parts is none.
pub(super) fn told(sums: [Option<&str>; 4], kind: Option<&ChecksumType>) -> Option<Checksum> {
    if kind == Some(&ChecksumType::Composite) {
        return None;
    }
    let bytes = |sum: Option<&str>| aws_smithy_types::base64::decode(sum?).ok();
    let [crc64, crc32c, crc32, sha256] = sums;
    let crc64 = bytes(crc64).and_then(|sum| Some(Checksum::Crc64(u64::from_be_bytes(sum.try_into().ok()?))));
    let crc32c = || bytes(crc32c).and_then(|sum| Some(Checksum::Crc32c(u32::from_be_bytes(sum.try_into().ok()?))));
    let crc32 = || bytes(crc32).and_then(|sum| Some(Checksum::Crc32(u32::from_be_bytes(sum.try_into().ok()?))));
    let sha256 = || bytes(sha256).and_then(|sum| Some(Checksum::Sha256(Sha256(sum.try_into().ok()?))));
    crc64.or_else(crc32c).or_else(crc32).or_else(sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_survive_their_headers() {
        let crc = Checksum::crc64(b"hello");
        assert_eq!(header(crc).as_deref(), Some("M3eFcAZSQlc="));
        assert_eq!(told([Some("M3eFcAZSQlc="), None, None, None], None), Some(crc));
        let full = Some(&ChecksumType::FullObject);
        assert_eq!(told([None, Some("mnG7TA=="), None, None], full), Some(Checksum::Crc32c(0x9a71_bb4c)));
        assert_eq!(told([None, None, Some("NhCmhg=="), None], full), Some(Checksum::Crc32(0x3610_a686)));
        let sha256 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
        assert!(matches!(told([None, None, None, Some(sha256)], None), Some(Checksum::Sha256(_))));
    }

    #[test]
    fn sums_of_parts_and_nonsense_are_no_checksums() {
        for sums in [
            [None; 4],
            [Some("M3eFcAZSQlc=-2"), None, None, None],
            [Some(""), Some("?"), Some("M3eFcAZSQlc="), Some("AAAA")],
        ] {
            assert_eq!(told(sums, None), None, "{sums:?}");
        }
        assert_eq!(told([Some("M3eFcAZSQlc="), None, None, None], Some(&ChecksumType::Composite)), None);
    }
}
