//! Multipart uploads.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};
use s3s::dto::ETag;
use s3s::{S3Result, s3_error};

use super::object::md5_of_parts;
use super::{Attributes, Bucket, Expected, State, StoredObject, Written};
use crate::options::{Checksums, ETags};

/// An unfinished upload.
#[derive(Debug)]
pub(crate) struct Upload {
    /// Seconds since the epoch.
    pub(crate) initiated: i64,
    /// Its parts by number.
    pub(crate) parts: BTreeMap<i32, Part>,
    attributes: Attributes,
    /// Of what its checksum is to be, as its beginner said (`FULL_OBJECT`, `COMPOSITE`).
    checksum_type: Option<String>,
}

/// The checksum that an upload ends with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claim {
    /// CRC-64/NVME of the whole, in base64.
    pub(crate) crc64nvme: Option<String>,
    /// Of what it is.
    pub(crate) checksum_type: Option<String>,
}

/// A part of an upload.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) bytes: Bytes,
    /// Without quotes.
    pub(crate) etag: String,
    /// Seconds since the epoch.
    pub(crate) last_modified: i64,
}

/// Which upload: bucket, key, id.
pub(crate) type UploadName<'a> = (&'a str, &'a str, &'a str);

impl State {
    /// Begins an upload; returns its id.
    pub(crate) fn begin_upload(
        &mut self,
        (bucket, key): (&str, &str),
        attributes: Attributes,
        checksum_type: Option<String>,
    ) -> S3Result<String> {
        let id = self.fresh_id("upload");
        let upload = Upload { initiated: self.now(), parts: BTreeMap::new(), attributes, checksum_type };
        self.bucket_mut(bucket)?.uploads.insert((key.into(), id.clone()), upload);
        Ok(id)
    }

    /// Takes a part, in place of the one that had its number.
    pub(crate) fn put_part(&mut self, (bucket, key, id): UploadName<'_>, number: i32, bytes: Bytes) -> S3Result<Part> {
        if !(1..=10_000).contains(&number) {
            return Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive"));
        }
        let part = Part { etag: self.etag(&bytes), bytes, last_modified: self.now() };
        self.bucket_mut(bucket)?.upload_mut(key, id)?.parts.insert(number, part.clone());
        Ok(part)
    }

    /// Makes the object of the named parts, if what it expects is what is there, and the object what the claim says. An upload
    /// whose completion fails stays.
    pub(crate) fn complete_upload(
        &mut self,
        (bucket, key, id): UploadName<'_>,
        named: &[(i32, Option<ETag>)],
        claim: &Claim,
        expected: &Expected,
    ) -> S3Result<Written> {
        let upload = self.bucket(bucket)?.upload(key, id)?;
        let attributes = upload.attributes.clone();
        let checks = self.behaviour.checksums == Checksums::Checked;
        if checks && claim.checksum_type.is_some() && claim.checksum_type != upload.checksum_type {
            return Err(s3_error!(InvalidRequest, "The checksum type is not the one that the upload was begun with."));
        }
        let parts = upload.select(named, self.behaviour.min_part_size)?;
        self.expect(bucket, key, expected)?;
        let etag = match self.behaviour.etags {
            ETags::Md5 => md5_of_parts(parts.iter()),
            ETags::Opaque => format!("{}-{}", self.opaque_etag(), parts.len()),
        };
        let mut bytes = BytesMut::with_capacity(parts.iter().map(Bytes::len).sum());
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        let object = StoredObject::new(bytes.freeze(), etag, self.now(), attributes);
        if checks && claim.crc64nvme.as_ref().is_some_and(|claimed| *claimed != object.crc64nvme) {
            return Err(s3_error!(BadDigest, "The CRC64NVME you specified did not match the calculated checksum."));
        }
        self.bucket_mut(bucket)?.uploads.remove(&(key.to_owned(), id.to_owned()));
        self.store((bucket, key), object)
    }

    /// Gives an upload up.
    pub(crate) fn abort_upload(&mut self, (bucket, key, id): UploadName<'_>) -> S3Result<()> {
        match self.bucket_mut(bucket)?.uploads.remove(&(key.to_owned(), id.to_owned())) {
            Some(_) => Ok(()),
            None => Err(no_such_upload()),
        }
    }
}

impl Bucket {
    pub(crate) fn upload(&self, key: &str, id: &str) -> S3Result<&Upload> {
        self.uploads.get(&(key.to_owned(), id.to_owned())).ok_or_else(no_such_upload)
    }

    fn upload_mut(&mut self, key: &str, id: &str) -> S3Result<&mut Upload> {
        self.uploads.get_mut(&(key.to_owned(), id.to_owned())).ok_or_else(no_such_upload)
    }
}

impl Upload {
    /// The bytes of the named parts, once they are known to be there, in order and large enough.
    fn select(&self, named: &[(i32, Option<ETag>)], min_part_size: usize) -> S3Result<Vec<Bytes>> {
        if named.is_empty() {
            return Err(s3_error!(MalformedXML, "The upload names no part"));
        }
        if !named.is_sorted_by(|(one, _), (next, _)| one < next) {
            return Err(s3_error!(InvalidPartOrder, "The list of parts was not in ascending order."));
        }
        let mut parts = Vec::with_capacity(named.len());
        for (number, etag) in named {
            match self.parts.get(number) {
                Some(part) if etag.as_ref().is_some_and(|etag| etag.value() == part.etag) => {
                    parts.push(part.bytes.clone());
                }
                _ => return Err(s3_error!(InvalidPart, "Part {number} is not there or has another ETag")),
            }
        }
        if parts.iter().rev().skip(1).any(|part| part.len() < min_part_size) {
            return Err(s3_error!(EntityTooSmall, "A part but the last is smaller than the minimum"));
        }
        Ok(parts)
    }
}

fn no_such_upload() -> s3s::S3Error {
    s3_error!(NoSuchUpload, "The specified upload does not exist.")
}
