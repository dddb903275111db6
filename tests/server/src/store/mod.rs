//! The buckets, all of them under one lock: a condition and the write that depends on it are one step.
//!
//! Nothing here waits or knows of HTTP; errors are S3's own.

pub(crate) mod listing;
mod object;
mod uploads;

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use s3s::dto::{ETagCondition, LifecycleRules};
use s3s::{S3Result, s3_error};

pub use object::StoredObject;
pub(crate) use object::{Attributes, crc64nvme, marker_error, md5_hex};
pub(crate) use uploads::{Claim, Part, Upload};

use crate::fault::flip_a_bit;
use crate::options::{Behaviour, Conditions, ETags};

/// The version id of what was written while versioning was off.
pub(crate) const NULL_VERSION: &str = "null";

/// Everything that the server holds.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) buckets: BTreeMap<String, Bucket>,
    pub(crate) behaviour: Behaviour,
    serial: u64,
}

/// A bucket.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    /// Every key's versions, oldest first; never an empty list.
    pub(crate) keys: BTreeMap<String, Vec<Version>>,
    /// The unfinished uploads by key and id.
    pub(crate) uploads: BTreeMap<(String, String), Upload>,
    pub(crate) versioning: Versioning,
    /// The rules of its lifecycle, which nobody goes by here.
    pub(crate) lifecycle: LifecycleRules,
    /// Seconds since the epoch.
    pub(crate) created: i64,
}

/// Whether a bucket keeps versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Versioning {
    /// It never did.
    #[default]
    Off,
    /// It does.
    Enabled,
    /// It did.
    Suspended,
}

/// One version of a key.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) id: String,
    /// Seconds since the epoch.
    pub(crate) last_modified: i64,
    /// `None` is a delete marker.
    pub(crate) object: Option<StoredObject>,
}

/// What a write, copy or delete expects to find.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    pub(crate) if_match: Option<ETagCondition>,
    pub(crate) if_none_match: Option<ETagCondition>,
}

/// What a write made.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) etag: String,
    pub(crate) crc64nvme: String,
    pub(crate) last_modified: i64,
    pub(crate) version_id: Option<String>,
}

/// What a delete did.
#[derive(Debug, Default)]
pub(crate) struct Deleted {
    /// Whether a delete marker was made or removed.
    pub(crate) marker: bool,
    pub(crate) version_id: Option<String>,
}

impl State {
    pub(crate) fn new(behaviour: Behaviour) -> State {
        State { buckets: BTreeMap::new(), behaviour, serial: 0 }
    }

    /// Seconds since the epoch by the server's clock.
    pub(crate) fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX).saturating_add(self.behaviour.clock_offset)
    }

    /// A name that was never given before.
    fn fresh_id(&mut self, kind: &str) -> String {
        self.serial += 1;
        format!("{kind}{:08}", self.serial)
    }

    pub(crate) fn create_bucket(&mut self, name: &str) -> S3Result<()> {
        if self.buckets.contains_key(name) {
            return Err(s3_error!(BucketAlreadyOwnedByYou));
        }
        let created = self.now();
        self.buckets.insert(name.into(), Bucket { created, ..Bucket::default() });
        Ok(())
    }

    pub(crate) fn bucket(&self, name: &str) -> S3Result<&Bucket> {
        self.buckets.get(name).ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist"))
    }

    pub(crate) fn bucket_mut(&mut self, name: &str) -> S3Result<&mut Bucket> {
        self.buckets.get_mut(name).ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist"))
    }

    /// The ETag of a content that is written in one piece.
    pub(crate) fn etag(&mut self, bytes: &[u8]) -> String {
        match self.behaviour.etags {
            ETags::Md5 => md5_hex(bytes),
            ETags::Opaque => self.opaque_etag(),
        }
    }

    fn opaque_etag(&mut self) -> String {
        md5_hex(self.fresh_id("etag").as_bytes())
    }

    /// What a read finds: the key's current version, or the one named, and its id where the bucket has versions.
    pub(crate) fn find(
        &self,
        (bucket, key): (&str, &str),
        version_id: Option<&str>,
    ) -> S3Result<(&StoredObject, Option<String>)> {
        let found = self.bucket(bucket)?.find(key, version_id);
        if self.behaviour.missing_is_denied {
            found.map_err(|_| s3_error!(AccessDenied, "Access Denied"))
        } else {
            found
        }
    }

    /// What a write that is no PutObject expects, as far as the server looks at it.
    pub(crate) fn beyond_put(&self, expected: Expected) -> Expected {
        if self.behaviour.conditions == Conditions::OnlyPut { Expected::default() } else { expected }
    }

    /// Checks what a write expects against what is there.
    pub(crate) fn expect(&self, bucket: &str, key: &str, expected: &Expected) -> S3Result<()> {
        let any = expected.if_match.is_some() || expected.if_none_match.is_some();
        let current = self.bucket(bucket)?.current(key);
        match self.behaviour.conditions {
            Conditions::Ignored => Ok(()),
            Conditions::Refused if any => {
                Err(s3_error!(NotImplemented, "A header you provided implies functionality that is not implemented"))
            }
            Conditions::Refused => Ok(()),
            Conditions::Honoured | Conditions::OnlyPut => expected.check(current),
        }
    }

    /// Writes an object, if what it expects is what is there.
    pub(crate) fn put(
        &mut self,
        (bucket, key): (&str, &str),
        bytes: Bytes,
        attributes: Attributes,
        expected: &Expected,
    ) -> S3Result<Written> {
        self.expect(bucket, key, expected)?;
        let etag = self.etag(&bytes);
        self.store((bucket, key), StoredObject::new(bytes, etag, self.now(), attributes))
    }

    /// Makes `object` the key's current version.
    fn store(&mut self, (bucket, key): (&str, &str), object: StoredObject) -> S3Result<Written> {
        let (etag, crc64nvme, last_modified) = (object.etag.clone(), object.crc64nvme.clone(), object.last_modified);
        let version_id = self.push(bucket, key, Some(object))?;
        Ok(Written { etag, crc64nvme, last_modified, version_id })
    }

    /// Changes the bytes of a key's current version and nothing else of it; returns whether there is one.
    pub(crate) fn rot(&mut self, bucket: &str, key: &str) -> bool {
        let versions = self.buckets.get_mut(bucket).and_then(|bucket| bucket.keys.get_mut(key));
        let object = versions.and_then(|versions| versions.last_mut()?.object.as_mut());
        object.is_some_and(|object| {
            object.bytes = flip_a_bit(&object.bytes);
            true
        })
    }

    /// Adds a version as the bucket's versioning wants it; returns its id where the bucket has versions.
    fn push(&mut self, bucket: &str, key: &str, object: Option<StoredObject>) -> S3Result<Option<String>> {
        let fresh = self.fresh_id("version");
        let last_modified = object.as_ref().map_or_else(|| self.now(), |object| object.last_modified);
        let bucket = self.bucket_mut(bucket)?;
        let versions = bucket.keys.entry(key.into()).or_default();
        let id = match bucket.versioning {
            Versioning::Enabled => fresh,
            Versioning::Off | Versioning::Suspended => {
                versions.retain(|version| version.id != NULL_VERSION);
                NULL_VERSION.into()
            }
        };
        let shown = (bucket.versioning != Versioning::Off).then(|| id.clone());
        versions.push(Version { id, last_modified, object });
        Ok(shown)
    }

    /// Deletes a key, or one version of it for good, if what it expects is what is there.
    pub(crate) fn delete(
        &mut self,
        (bucket, key): (&str, &str),
        version_id: Option<&str>,
        expected: &Expected,
    ) -> S3Result<Deleted> {
        self.expect(bucket, key, expected)?;
        if let Some(version_id) = version_id {
            let marker = self.bucket_mut(bucket)?.remove_version(key, version_id);
            return Ok(Deleted { marker, version_id: Some(version_id.into()) });
        }
        let found = self.bucket_mut(bucket)?;
        if found.versioning == Versioning::Off {
            found.keys.remove(key);
            return Ok(Deleted::default());
        }
        let version_id = self.push(bucket, key, None)?;
        Ok(Deleted { marker: true, version_id })
    }
}

impl Bucket {
    /// The object that a plain read of the key finds.
    pub(crate) fn current(&self, key: &str) -> Option<&StoredObject> {
        self.keys.get(key)?.last()?.object.as_ref()
    }

    /// The key's current version, or the one named, and its id where the bucket has versions.
    pub(crate) fn find(&self, key: &str, version_id: Option<&str>) -> S3Result<(&StoredObject, Option<String>)> {
        let versions = self.keys.get(key).map_or(&[][..], Vec::as_slice);
        let version = match version_id {
            None => versions.last().ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))?,
            Some(id) => versions
                .iter()
                .find(|version| version.id == id)
                .ok_or_else(|| s3_error!(NoSuchVersion, "The specified version does not exist."))?,
        };
        let object = version.object.as_ref().ok_or_else(|| marker_error(version_id.is_some()))?;
        Ok((object, (self.versioning != Versioning::Off).then(|| version.id.clone())))
    }

    /// Removes one version; tells whether it was a delete marker.
    fn remove_version(&mut self, key: &str, version_id: &str) -> bool {
        let Some(versions) = self.keys.get_mut(key) else { return false };
        let Some(at) = versions.iter().position(|version| version.id == version_id) else { return false };
        let removed = versions.remove(at);
        if versions.is_empty() {
            self.keys.remove(key);
        }
        removed.object.is_none()
    }
}

impl Expected {
    /// Expects what a write's two headers say.
    pub(crate) fn new(if_match: Option<ETagCondition>, if_none_match: Option<ETagCondition>) -> Expected {
        Expected { if_match, if_none_match }
    }

    fn check(&self, current: Option<&StoredObject>) -> S3Result<()> {
        match (&self.if_none_match, current) {
            (Some(ETagCondition::Any), Some(_)) => return Err(precondition_failed()),
            (Some(ETagCondition::ETag(_)), _) => {
                return Err(s3_error!(NotImplemented, "If-None-Match of a write takes * and nothing else"));
            }
            _ => {}
        }
        match (&self.if_match, current) {
            (None, _) | (Some(ETagCondition::Any), Some(_)) => Ok(()),
            (Some(_), None) => Err(s3_error!(NoSuchKey, "The specified key does not exist.")),
            (Some(ETagCondition::ETag(wanted)), Some(object)) if wanted.value() == object.etag => Ok(()),
            (Some(ETagCondition::ETag(_)), Some(_)) => Err(precondition_failed()),
        }
    }
}

/// 412.
pub(crate) fn precondition_failed() -> s3s::S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}
