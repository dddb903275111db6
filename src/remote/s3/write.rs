//! The writes that make an object, each with its expectation.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, MetadataDirective};
use bytes::Bytes;

use super::super::counts::Class;
use super::super::{Error, Expect, Metadata, Written};
use super::{S3Store, UNSIGNED_FROM, lacks, patient, quoted, text};
use crate::content::ETag;

/// A copy and the end of an upload move no bytes of ours, but up to 5 GiB of the server's: as patient as for this many.
const COPY_LIKE_BYTES: usize = 16 << 20;

impl S3Store {
    /// A PUT; `None`: over whatever is there.
    pub(super) async fn put_if(
        &self,
        name: &str,
        body: Bytes,
        metadata: &Metadata,
        expect: Option<&Expect>,
    ) -> Result<Written, Error> {
        let (full, length) = (self.uri.full(name), body.len());
        let (if_match, if_none_match) = conditions(expect);
        self.counts.request(Class::Put);
        self.counts.up(length);
        let request = self
            .client
            .put_object()
            .bucket(self.uri.bucket())
            .key(&full)
            .set_metadata(Some(text::to_user_metadata(metadata)))
            .set_content_type(metadata.content_type.clone())
            .set_storage_class(self.settings.storage_class.clone())
            .set_server_side_encryption(self.settings.sse.clone())
            .set_ssekms_key_id(self.settings.sse_kms_key_id.clone())
            .set_if_match(if_match)
            .set_if_none_match(if_none_match)
            .body(ByteStream::from(body));
        let answer = if length < UNSIGNED_FROM {
            request.send().await
        } else {
            let patient = request.customize().config_override(patient(length));
            if self.is_encrypted() { patient.disable_payload_signing() } else { patient }.send().await
        };
        let answer = answer.map_err(self.failed("write", &full)).map_err(|error| unmet(error, expect))?;
        written(answer.e_tag, answer.version_id)
    }

    /// A copy on the server, of that very version of `source`.
    pub(super) async fn copy_if(
        &self,
        source: &str,
        source_etag: &ETag,
        name: &str,
        expect: Option<&Expect>,
    ) -> Result<Written, Error> {
        let full = self.uri.full(name);
        let source = format!("{}/{}", self.uri.bucket(), text::encode(&self.uri.full(source)));
        let (if_match, if_none_match) = conditions(expect);
        self.counts.request(Class::Copy);
        let answer = self
            .client
            .copy_object()
            .bucket(self.uri.bucket())
            .key(&full)
            .copy_source(source)
            .copy_source_if_match(quoted(source_etag))
            .metadata_directive(MetadataDirective::Copy)
            .set_storage_class(self.settings.storage_class.clone())
            .set_server_side_encryption(self.settings.sse.clone())
            .set_ssekms_key_id(self.settings.sse_kms_key_id.clone())
            .set_if_match(if_match)
            .set_if_none_match(if_none_match)
            // A copy is answered when it is done, and a big one takes its time.
            .customize()
            .config_override(patient(COPY_LIKE_BYTES))
            .send()
            .await
            .map_err(self.failed("copy to", &full))
            // A source that is gone is not the version that was named either.
            .map_err(|error| if matches!(error, Error::NotFound) { Error::Precondition } else { error })?;
        written(answer.copy_object_result.and_then(|result| result.e_tag), answer.version_id)
    }

    /// The end of a multipart upload.
    pub(super) async fn complete_if(
        &self,
        name: &str,
        upload: &str,
        parts: &[ETag],
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
fn conditions(expect: Option<&Expect>) -> (Option<String>, Option<String>) {
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

fn written(etag: Option<String>, version_id: Option<String>) -> Result<Written, Error> {
    Ok(Written { etag: ETag::new(&etag.ok_or_else(|| lacks("ETag"))?), version_id })
}
