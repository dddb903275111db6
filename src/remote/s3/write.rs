//! The writes that make an object, each with its expectation.

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::copy_object::CopyObjectError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart, MetadataDirective};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;

use super::super::counts::Class;
use super::super::{Error, Expect, Metadata, Written};
use super::sums::{self, Answered};
use super::{S3Store, UNSIGNED_FROM, lacks, patient, quoted, text};
use crate::checksum::Checksum;
use crate::content::ETag;

/// A copy and the end of an upload move no bytes of ours, but up to 5 GiB of the server's: as patient as for this many.
pub(super) const COPY_LIKE_BYTES: usize = 16 << 20;

/// A request that makes an object, with what is to be said of that: its metadata and type, if any are given, and how the target
/// wants it to be stored.
macro_rules! described {
    ($request:expr, $metadata:expr, $settings:expr) => {
        $request
            .set_metadata($metadata.map(text::to_user_metadata))
            .set_content_type($metadata.and_then(|metadata: &Metadata| metadata.content_type.clone()))
            .set_storage_class($settings.storage_class.clone())
            .set_server_side_encryption($settings.sse.clone())
            .set_ssekms_key_id($settings.sse_kms_key_id.clone())
    };
}

impl S3Store {
    /// A PUT; no expectation: over whatever is there.
    pub(super) async fn put_once(
        &self,
        name: &str,
        body: &Bytes,
        metadata: &Metadata,
        expect: Option<&Expect>,
        checksum: Option<Checksum>,
    ) -> Result<Answered<Written>, Error> {
        let (full, length) = (self.uri.full(name), body.len());
        let (if_match, if_none_match) = conditions(expect);
        self.counts.request(Class::Put);
        self.counts.up(length);
        let request = self.client.put_object().bucket(self.uri.bucket()).key(&full);
        let request = described!(request, Some(metadata), self.settings)
            .set_if_match(if_match)
            .set_if_none_match(if_none_match)
            .set_checksum_crc64_nvme(checksum.and_then(sums::header))
            .body(ByteStream::from(body.clone()));
        let answer = if length < UNSIGNED_FROM {
            request.send().await
        } else {
            let patient = request.customize().config_override(patient(length));
            if self.goes_unsigned(length, checksum) { patient.disable_payload_signing() } else { patient }.send().await
        };
        let answer = answer.map_err(self.failed("write", &full)).map_err(|error| unmet(error, expect))?;
        let told = sums::told([answer.checksum_crc64_nvme(), None, None, None], answer.checksum_type());
        Ok((written(answer.e_tag, answer.version_id)?, told))
    }

    /// Begins a multipart upload; with `sums`, its parts and its end come with checksums.
    pub(super) async fn begin_once(&self, name: &str, metadata: &Metadata, sums: bool) -> Result<String, Error> {
        let full = self.uri.full(name);
        self.counts.request(Class::Put);
        let request = self.client.create_multipart_upload().bucket(self.uri.bucket()).key(&full);
        let answer = described!(request, Some(metadata), self.settings)
            .set_checksum_algorithm(sums.then_some(ChecksumAlgorithm::Crc64Nvme))
            .set_checksum_type(sums.then_some(ChecksumType::FullObject))
            .send()
            .await
            .map_err(self.failed("begin the upload of", &full))?;
        answer.upload_id.ok_or_else(|| lacks("upload id"))
    }

    /// Uploads a part.
    pub(super) async fn part_once(
        &self,
        name: &str,
        upload: &str,
        number: i32,
        body: &Bytes,
        checksum: Option<Checksum>,
    ) -> Result<Answered<ETag>, Error> {
        let (full, length) = (self.uri.full(name), body.len());
        self.counts.request(Class::Put);
        self.counts.up(length);
        let request = self.client.upload_part().bucket(self.uri.bucket()).key(&full).upload_id(upload);
        let request = request.set_checksum_crc64_nvme(checksum.and_then(sums::header));
        let request = request.part_number(number).body(ByteStream::from(body.clone()));
        let request = request.customize().config_override(patient(length));
        let unsigned = self.goes_unsigned(length, checksum);
        let request = if unsigned { request.disable_payload_signing() } else { request };
        let answer = request.send().await.map_err(self.failed("upload a part of", &full))?;
        let told = sums::told([answer.checksum_crc64_nvme(), None, None, None], None);
        Ok((ETag::new(&answer.e_tag.ok_or_else(|| lacks("ETag"))?), told))
    }

    /// Whether a body is not worth a signature of its own: it is safe from others, and its checksum protects it from chance.
    fn goes_unsigned(&self, length: usize, checksum: Option<Checksum>) -> bool {
        length >= UNSIGNED_FROM && self.is_alone() && checksum.is_some()
    }

    /// An object as the source of a copy.
    pub(super) fn address(&self, name: &str) -> String {
        format!("{}/{}", self.uri.bucket(), text::encode(&self.uri.full(name)))
    }

    /// A copy on the server, of that very version of `source`.
    pub(super) async fn copy_if(
        &self,
        (source, source_etag): (&str, &ETag),
        name: &str,
        metadata: Option<&Metadata>,
        expect: Option<&Expect>,
    ) -> Result<Written, Error> {
        let full = self.uri.full(name);
        let source = self.address(source);
        self.copy_object((source, source_etag), &full, metadata, expect, self.failed("copy to", &full)).await
    }

    /// A copy on the server of what the address `source` names, to the object whose whole name is `full`.
    pub(super) async fn copy_object(
        &self,
        (source, etag): (String, &ETag),
        full: &str,
        metadata: Option<&Metadata>,
        expect: Option<&Expect>,
        failed: impl FnOnce(SdkError<CopyObjectError, HttpResponse>) -> Error,
    ) -> Result<Written, Error> {
        let (if_match, if_none_match) = conditions(expect);
        self.counts.request(Class::Copy);
        let request = self.client.copy_object().bucket(self.uri.bucket()).key(full);
        let answer = described!(request, metadata, self.settings)
            .copy_source(source)
            .copy_source_if_match(quoted(etag))
            .metadata_directive(metadata.map_or(MetadataDirective::Copy, |_| MetadataDirective::Replace))
            .set_if_match(if_match)
            .set_if_none_match(if_none_match)
            // A copy is answered when it is done, and a big one takes its time.
            .customize()
            .config_override(patient(COPY_LIKE_BYTES))
            .send()
            .await
            .map_err(failed)
            // A source that is gone is not the version that was named either.
            .map_err(|error| if matches!(error, Error::NotFound) { Error::Precondition } else { error })?;
        written(answer.copy_object_result.and_then(|result| result.e_tag), answer.version_id)
    }

    /// The end of a multipart upload, with the checksum that the object must have.
    pub(super) async fn complete_if(
        &self,
        name: &str,
        upload: &str,
        (parts, checksum): (&[ETag], Option<Checksum>),
        expect: Option<&Expect>,
    ) -> Result<Written, Error> {
        let full = self.uri.full(name);
        let (if_match, if_none_match) = conditions(expect);
        let parts = (1..)
            .zip(parts)
            .map(|(number, etag)| CompletedPart::builder().part_number(number).e_tag(quoted(etag)).build());
        self.counts.request(Class::Put);
        let answer = self
            .client
            .complete_multipart_upload()
            .bucket(self.uri.bucket())
            .key(&full)
            .upload_id(upload)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build())
            .set_checksum_crc64_nvme(checksum.and_then(sums::header))
            .set_checksum_type(checksum.map(|_| ChecksumType::FullObject))
            .set_if_match(if_match)
            .set_if_none_match(if_none_match)
            .customize()
            .config_override(patient(COPY_LIKE_BYTES))
            .send()
            .await
            .map_err(self.failed("complete the upload of", &full))
            .map_err(|error| unmet(error, expect))?;
        written(answer.e_tag, answer.version_id)
    }
}

/// `If-Match` and `If-None-Match` for an expectation.
pub(super) fn conditions(expect: Option<&Expect>) -> (Option<String>, Option<String>) {
    match expect {
        None => (None, None),
        Some(Expect::Absent) => (None, Some("*".into())),
        Some(Expect::ETag(etag)) => (Some(quoted(etag)), None),
    }
}

/// A write that expects a version of a key which is gone is answered with 404: the expectation has failed.
fn unmet(error: Error, expect: Option<&Expect>) -> Error {
    match (error, expect) {
        (Error::NotFound, Some(Expect::ETag(_))) => Error::Precondition,
        (error, _) => error,
    }
}

pub(super) fn written(etag: Option<String>, version_id: Option<String>) -> Result<Written, Error> {
    Ok(Written { etag: ETag::new(&etag.ok_or_else(|| lacks("ETag"))?), version_id })
}
