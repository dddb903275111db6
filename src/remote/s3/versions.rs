//! Versions of objects, and whether the bucket keeps any.

use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{
    BucketVersioningStatus, DeleteMarkerEntry, EncodingType, ObjectVersion, VersioningConfiguration,
};

use super::super::counts::Class;
use super::super::versions::{Stored, Version, VersionCursor, VersionPage, Versioning};
use super::super::{Error, Expect, ObjectInfo, Written};
use super::delete::add_md5;
use super::read::info;
use super::{S3Body, S3Store, lacks, length, text};
use crate::content::ETag;

/// The storage class that needs no mention.
const STANDARD: &str = "STANDARD";

impl S3Store {
    /// A page of the versions whose names begin with `prefix`.
    pub(in crate::remote) async fn list_versions(
        &self,
        prefix: &str,
        start: Option<&VersionCursor>,
    ) -> Result<VersionPage, Error> {
        let full = self.uri.full(prefix);
        self.counts.request(Class::List);
        let request = self
            .client
            .list_object_versions()
            .bucket(self.uri.bucket())
            .set_prefix(Some(full.clone()).filter(|full| !full.is_empty()))
            .set_key_marker(start.map(|start| start.key.clone()))
            .set_version_id_marker(start.and_then(|start| start.id.clone()))
            .encoding_type(EncodingType::Url);
        let answer = request.send().await.map_err(self.failed("list the versions of", &full))?;
        let is_encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let decoded = |raw: &str| {
            let name = if is_encoded { text::decode(raw).map(Into::into) } else { Some(raw.to_owned()) };
            name.ok_or_else(|| Error::Damaged(format!("a listing has the unreadable name '{raw}'")))
        };
        let mut versions = Vec::with_capacity(answer.versions().len() + answer.delete_markers().len());
        for row in answer.versions() {
            versions.push(self.version(&decoded(row.key().unwrap_or_default())?, row)?);
        }
        for row in answer.delete_markers() {
            versions.push(self.marker(&decoded(row.key().unwrap_or_default())?, row)?);
        }
        // The prefix's own folder marker is no name below it.
        versions.retain(|version| !version.name.is_empty());
        let next = match (answer.is_truncated() == Some(true), answer.next_key_marker()) {
            (false, _) => None,
            (true, Some(key)) => {
                Some(VersionCursor { key: decoded(key)?, id: answer.next_version_id_marker().map(str::to_owned) })
            }
            (true, None) => return Err(Error::Damaged("the server's listing of versions stops in its middle".into())),
        };
        Ok(VersionPage { versions, next })
    }

    fn version(&self, full: &str, row: &ObjectVersion) -> Result<Version, Error> {
        let class = row.storage_class().map(|class| class.as_str()).filter(|class| *class != STANDARD);
        let content = Stored {
            size: length(row.size())?,
            etag: ETag::new(row.e_tag().ok_or_else(|| lacks("ETag"))?),
            storage_class: class.map(Into::into),
        };
        let (id, modified) = (row.version_id(), row.last_modified());
        Ok(Version { content: Some(content), ..self.row(full, id, modified, row.is_latest())? })
    }

    fn marker(&self, full: &str, row: &DeleteMarkerEntry) -> Result<Version, Error> {
        self.row(full, row.version_id(), row.last_modified(), row.is_latest())
    }

    fn row(
        &self,
        full: &str,
        id: Option<&str>,
        modified: Option<&DateTime>,
        latest: Option<bool>,
    ) -> Result<Version, Error> {
        let outside = || Error::Damaged(format!("a listing of {} has '{full}', which is not below it", self.uri));
        Ok(Version {
            name: self.uri.below(full).ok_or_else(outside)?.into(),
            // A server that has none for what is older than its versioning.
            id: id.filter(|id| !id.is_empty()).unwrap_or("null").into(),
            modified_ns: modified.map(DateTime::as_nanos).ok_or_else(|| lacks("Last-Modified"))?,
            is_current: latest == Some(true),
            content: None,
        })
    }

    /// Reads a version of an object.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if there is none of that id.
    pub async fn get_version(&self, name: &str, id: &str) -> Result<(ObjectInfo, S3Body), Error> {
        let full = self.uri.full(name);
        self.counts.request(Class::Get);
        let request = self.client.get_object().bucket(self.uri.bucket()).key(&full).version_id(id);
        let answer = request.send().await.map_err(self.failed("read a version of", &full))?;
        let size = length(answer.content_length())?;
        let info = info(&answer, size)?;
        let body = S3Body::new(answer.body, (size, None), self.server.clone(), self.counts.clone());
        Ok((info, body.throttled(self.settings.throttle_down.clone())))
    }

    /// Makes a version the current object of its name again, by a copy on the server.
    pub(in crate::remote) async fn copy_version_if(
        &self,
        name: &str,
        (id, etag): (&str, &ETag),
        expect: Option<&Expect>,
    ) -> Result<Written, Error> {
        let full = self.uri.full(name);
        let source = self.address_of_version(name, id);
        self.copy_object((source, etag), &full, None, expect, self.failed("bring back", &full)).await
    }

    /// Asks after a version of an object.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if there is none of that id.
    pub async fn head_version(&self, name: &str, id: &str) -> Result<ObjectInfo, Error> {
        self.head_once(name, Some(id)).await
    }

    /// Has the server make part `number` of an upload of a range, first byte and number of bytes, of a version of the same object.
    ///
    /// # Errors
    ///
    /// [`Error::Precondition`] if the version is gone.
    pub async fn copy_version_part(
        &self,
        name: &str,
        (id, etag): (&str, &ETag),
        range: (u64, u64),
        part: (&str, u32),
    ) -> Result<ETag, Error> {
        let source = self.address_of_version(name, id);
        S3Store::undamaged(|| self.copy_part_once((&source, etag), range, name, part)).await
    }

    fn address_of_version(&self, name: &str, id: &str) -> String {
        format!("{}?versionId={}", self.address(name), text::encode(id))
    }

    /// Whether the bucket keeps versions.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`] for keys that may not ask; [`Error::NotImplemented`] of a server that knows no versions.
    pub async fn versioning(&self) -> Result<Versioning, Error> {
        self.counts.request(Class::Get);
        let request = self.client.get_bucket_versioning().bucket(self.uri.bucket());
        let answer = request.send().await.map_err(self.failed("ask for the versioning of", self.uri.bucket()))?;
        Ok(match answer.status() {
            Some(BucketVersioningStatus::Enabled) => Versioning::On,
            Some(BucketVersioningStatus::Suspended) => Versioning::Suspended,
            _ => Versioning::Off,
        })
    }

    /// Has the bucket keep versions from now on, or no more of them.
    ///
    /// # Errors
    ///
    /// As [`S3Store::versioning`].
    pub async fn set_versioning(&self, on: bool) -> Result<(), Error> {
        let status = if on { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
        let wanted = VersioningConfiguration::builder().status(status).build();
        self.summed(|sums| {
            let wanted = wanted.clone();
            async move {
                self.counts.request(Class::Put);
                let request = self.client.put_bucket_versioning().bucket(self.uri.bucket());
                let request = request.versioning_configuration(wanted).customize();
                let sent = request.mutate_request(move |request| add_md5(request, sums)).send().await;
                sent.map(drop).map_err(self.failed("set the versioning of", self.uri.bucket()))
            }
        })
        .await
    }
}
