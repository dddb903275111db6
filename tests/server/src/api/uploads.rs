//! Multipart uploads.

use s3s::dto::{
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CopyPartResult, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, Range, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Result, s3_error};

use super::Api;
use super::convert::{etag, source, timestamp};
use super::objects::{check_source, part, sent};
use crate::store::{Attributes, Claim, Expected, crc64nvme};

impl Api {
    pub(super) fn begin_upload(&self, input: CreateMultipartUploadInput) -> S3Result<CreateMultipartUploadOutput> {
        let attributes = Attributes {
            metadata: sent(input.metadata),
            content_type: input.content_type,
            storage_class: input.storage_class.map(|class| class.as_str().to_owned()),
            encryption: input.server_side_encryption.map(|method| method.as_str().to_owned()),
            kms_key_id: input.ssekms_key_id,
        };
        let checksum_type = input.checksum_type.map(|kind| kind.as_str().to_owned());
        let upload_id = self.control.state().begin_upload((&input.bucket, &input.key), attributes, checksum_type)?;
        Ok(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(upload_id),
            ..CreateMultipartUploadOutput::default()
        })
    }

    pub(super) async fn put_part(&self, mut request: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
        let body = request.input.body.take();
        let bytes = self.body(&request, body).await?;
        let input = request.input;
        let (checksum_crc64nvme, _) = self.told(&crc64nvme(&bytes));
        let upload = (&*input.bucket, &*input.key, &*input.upload_id);
        let part = self.control.state().put_part(upload, input.part_number, bytes)?;
        Ok(UploadPartOutput { checksum_crc64nvme, e_tag: etag(&part.etag), ..UploadPartOutput::default() })
    }

    pub(super) fn copy_part(&self, input: &UploadPartCopyInput) -> S3Result<UploadPartCopyOutput> {
        let (bucket, key, version_id) = source(&input.copy_source)?;
        let range = match &input.copy_source_range {
            Some(range) => Some(Range::parse(range).map_err(|e| s3_error!(e, InvalidArgument, "The range is wrong"))?),
            None => None,
        };
        let mut state = self.control.state();
        let (object, source_version) = state.bucket(bucket)?.find(key, version_id)?;
        check_source(object, input.copy_source_if_match.as_ref(), input.copy_source_if_none_match.as_ref())?;
        let (bytes, _) = part(&object.bytes, range)?;
        let upload = (&*input.bucket, &*input.key, &*input.upload_id);
        let part = state.put_part(upload, input.part_number, bytes)?;
        let result = CopyPartResult {
            e_tag: etag(&part.etag),
            last_modified: Some(timestamp(part.last_modified)),
            ..CopyPartResult::default()
        };
        Ok(UploadPartCopyOutput {
            copy_part_result: Some(result),
            copy_source_version_id: source_version,
            ..UploadPartCopyOutput::default()
        })
    }

    pub(super) fn complete_upload(
        &self,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let parts = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let parts: Vec<_> = parts.into_iter().map(|part| (part.part_number.unwrap_or_default(), part.e_tag)).collect();
        let expected = Expected::new(input.if_match, input.if_none_match);
        let checksum_type = input.checksum_type.map(|kind| kind.as_str().to_owned());
        let claim = Claim { crc64nvme: input.checksum_crc64nvme, checksum_type };
        let upload = (&*input.bucket, &*input.key, &*input.upload_id);
        let mut state = self.control.state();
        let expected = state.beyond_put(expected);
        let written = state.complete_upload(upload, &parts, &claim, &expected)?;
        drop(state);
        let (checksum_crc64nvme, checksum_type) = self.told(&written.crc64nvme);
        Ok(CompleteMultipartUploadOutput {
            checksum_crc64nvme,
            checksum_type,
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: etag(&written.etag),
            version_id: written.version_id,
            ..CompleteMultipartUploadOutput::default()
        })
    }
}
