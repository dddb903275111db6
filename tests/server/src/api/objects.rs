//! Reading, writing, copying and deleting objects.

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput,
    DeleteObjectsOutput, DeletedObject, ETagCondition, Error, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, Metadata, MetadataDirective, ObjectIdentifier, PutObjectInput, PutObjectOutput, Range,
    ServerSideEncryption, StorageClass, StreamingBlob,
};
use s3s::{Body, S3Request, S3Result, s3_error};

use super::Api;
use super::convert::{check_read, etag, size, source, timestamp};
use super::sums::shown as shown_sum;
use crate::store::{Attributes, Expected, State, StoredObject};

/// The metadata that a writer sends, for the store.
pub(super) fn sent(metadata: Option<Metadata>) -> BTreeMap<String, String> {
    metadata.into_iter().flatten().collect()
}

/// The user's metadata, for the wire.
fn shown(object: &StoredObject) -> Option<Metadata> {
    Some(object.metadata.clone().into_iter().collect())
}

/// The storage class header, which S3 leaves out for its standard class.
fn storage_class(object: &StoredObject) -> Option<StorageClass> {
    object.storage_class.clone().filter(|class| class != StorageClass::STANDARD).map(StorageClass::from)
}

impl Api {
    pub(super) fn get(&self, input: &GetObjectInput) -> S3Result<GetObjectOutput> {
        let state = self.control.state();
        let (object, version_id) = state.find((&input.bucket, &input.key), input.version_id.as_deref())?;
        let unless = input.if_none_match.as_ref().filter(|_| state.behaviour.not_modified);
        check_read(object, input.if_match.as_ref(), unless)?;
        let (bytes, content_range) = part(&object.bytes, input.range)?;
        let mode = input.checksum_mode.as_ref().map(|mode| mode.as_str());
        let (checksum_crc64nvme, checksum_type) =
            shown_sum(object, state.behaviour.checksums, mode, content_range.is_some());
        Ok(GetObjectOutput {
            accept_ranges: Some("bytes".into()),
            checksum_crc64nvme,
            checksum_type,
            content_length: Some(size(bytes.len())),
            content_range,
            body: Some(StreamingBlob::from(Body::from(bytes))),
            content_type: object.content_type.clone(),
            e_tag: etag(&object.etag),
            last_modified: Some(timestamp(object.last_modified)),
            metadata: shown(object),
            storage_class: storage_class(object),
            server_side_encryption: object.encryption.clone().map(ServerSideEncryption::from),
            ssekms_key_id: object.kms_key_id.clone(),
            version_id,
            ..GetObjectOutput::default()
        })
    }

    pub(super) fn head(&self, input: &HeadObjectInput) -> S3Result<HeadObjectOutput> {
        let state = self.control.state();
        let (object, version_id) = state.find((&input.bucket, &input.key), input.version_id.as_deref())?;
        check_read(object, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let (bytes, content_range) = part(&object.bytes, input.range)?;
        let mode = input.checksum_mode.as_ref().map(|mode| mode.as_str());
        let (checksum_crc64nvme, checksum_type) =
            shown_sum(object, state.behaviour.checksums, mode, content_range.is_some());
        Ok(HeadObjectOutput {
            accept_ranges: Some("bytes".into()),
            checksum_crc64nvme,
            checksum_type,
            content_length: Some(size(bytes.len())),
            content_range,
            content_type: object.content_type.clone(),
            e_tag: etag(&object.etag),
            last_modified: Some(timestamp(object.last_modified)),
            metadata: shown(object),
            storage_class: storage_class(object),
            server_side_encryption: object.encryption.clone().map(ServerSideEncryption::from),
            ssekms_key_id: object.kms_key_id.clone(),
            version_id,
            ..HeadObjectOutput::default()
        })
    }

    pub(super) async fn put(&self, mut request: S3Request<PutObjectInput>) -> S3Result<PutObjectOutput> {
        let body = request.input.body.take();
        let bytes = self.body(&request, body).await?;
        let input = request.input;
        let attributes = Attributes {
            metadata: sent(input.metadata),
            content_type: input.content_type,
            storage_class: input.storage_class.map(|class| class.as_str().to_owned()),
            encryption: input.server_side_encryption.as_ref().map(|method| method.as_str().to_owned()),
            kms_key_id: input.ssekms_key_id.clone(),
        };
        let expected = Expected::new(input.if_match, input.if_none_match);
        let written = self.control.state().put((&input.bucket, &input.key), bytes, attributes, &expected)?;
        let (checksum_crc64nvme, checksum_type) = self.told(&written.crc64nvme);
        Ok(PutObjectOutput {
            checksum_crc64nvme,
            checksum_type,
            e_tag: etag(&written.etag),
            version_id: written.version_id,
            server_side_encryption: input.server_side_encryption,
            ssekms_key_id: input.ssekms_key_id,
            ..PutObjectOutput::default()
        })
    }

    pub(super) fn copy(&self, request: S3Request<CopyObjectInput>) -> S3Result<CopyObjectOutput> {
        let expected = Expected::of_copy(&request.headers)?;
        let input = request.input;
        let (bucket, key, version_id) = source(&input.copy_source)?;
        let replace = input.metadata_directive.as_ref().is_some_and(|it| it.as_str() == MetadataDirective::REPLACE);
        let in_place = (bucket, key) == (&*input.bucket, &*input.key) && version_id.is_none();
        if in_place && !replace && input.storage_class.is_none() && input.server_side_encryption.is_none() {
            return Err(s3_error!(InvalidRequest, "A copy to itself has to change something beside the content"));
        }
        let mut state = self.control.state();
        let expected = state.beyond_put(expected);
        let (object, source_version) = state.bucket(bucket)?.find(key, version_id)?;
        check_source(object, input.copy_source_if_match.as_ref(), input.copy_source_if_none_match.as_ref())?;
        let (metadata, content_type) = if replace {
            (sent(input.metadata), input.content_type)
        } else {
            (object.metadata.clone(), object.content_type.clone())
        };
        let attributes = Attributes {
            metadata,
            content_type,
            storage_class: input.storage_class.map(|class| class.as_str().to_owned()),
            encryption: input.server_side_encryption.as_ref().map(|method| method.as_str().to_owned()),
            kms_key_id: input.ssekms_key_id,
        };
        let bytes = object.bytes.clone();
        let written = state.put((&input.bucket, &input.key), bytes, attributes, &expected)?;
        let result = CopyObjectResult {
            e_tag: etag(&written.etag),
            last_modified: Some(timestamp(written.last_modified)),
            ..CopyObjectResult::default()
        };
        Ok(CopyObjectOutput {
            copy_object_result: Some(result),
            copy_source_version_id: source_version,
            version_id: written.version_id,
            ..CopyObjectOutput::default()
        })
    }

    pub(super) fn delete(&self, input: DeleteObjectInput) -> S3Result<DeleteObjectOutput> {
        let expected = Expected::new(input.if_match, None);
        let place = (&*input.bucket, &*input.key);
        let mut state = self.control.state();
        let expected = state.beyond_put(expected);
        let deleted = state.delete(place, input.version_id.as_deref(), &expected)?;
        Ok(DeleteObjectOutput {
            delete_marker: deleted.marker.then_some(true),
            version_id: deleted.version_id,
            ..DeleteObjectOutput::default()
        })
    }

    pub(super) fn delete_many(&self, input: DeleteObjectsInput) -> S3Result<DeleteObjectsOutput> {
        if input.delete.objects.len() > 1000 {
            return Err(s3_error!(MalformedXML, "More than 1000 keys"));
        }
        let mut state = self.control.state();
        state.bucket(&input.bucket)?;
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for object in input.delete.objects {
            match delete_one(&mut state, &input.bucket, object) {
                Ok(done) => deleted.push(done),
                Err(error) => errors.push(error),
            }
        }
        if input.delete.quiet == Some(true) {
            deleted.clear();
        }
        Ok(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), ..DeleteObjectsOutput::default() })
    }
}

impl Expected {
    /// What a copy expects at its destination; read from the headers, since s3s does not know these conditions yet.
    fn of_copy(headers: &HeaderMap) -> S3Result<Expected> {
        let condition = |name: HeaderName| match headers.get(name) {
            None => Ok(None),
            Some(value) => match ETagCondition::parse_http_header(value.as_bytes()) {
                Ok(condition) => Ok(Some(condition)),
                Err(_) => Err(s3_error!(InvalidArgument, "A condition is neither * nor an ETag")),
            },
        };
        Ok(Expected::new(condition(IF_MATCH)?, condition(IF_NONE_MATCH)?))
    }
}

/// One key of a DeleteObjects.
fn delete_one(state: &mut State, bucket: &str, object: ObjectIdentifier) -> Result<DeletedObject, Error> {
    let expected = state.beyond_put(Expected::new(object.e_tag.map(ETagCondition::ETag), None));
    match state.delete((bucket, &object.key), object.version_id.as_deref(), &expected) {
        Ok(deleted) => Ok(DeletedObject {
            delete_marker: deleted.marker.then_some(true),
            delete_marker_version_id: deleted.version_id.filter(|_| deleted.marker),
            key: Some(object.key),
            version_id: object.version_id,
        }),
        Err(error) => Err(Error {
            code: Some(error.code().as_str().to_owned()),
            key: Some(object.key),
            message: error.message().map(str::to_owned),
            version_id: object.version_id,
        }),
    }
}

/// The conditions that a copy puts on its source. There is no 304 here: all failures are 412.
pub(super) fn check_source(
    object: &StoredObject,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    check_read(object, if_match, if_none_match).map_err(|_| crate::store::precondition_failed())
}

/// The bytes of a range, and what the answer says of it.
pub(super) fn part(bytes: &Bytes, range: Option<Range>) -> S3Result<(Bytes, Option<String>)> {
    let Some(range) = range else { return Ok((bytes.clone(), None)) };
    let full = bytes.len();
    let taken = range.check(full as u64)?;
    let (first, end) = (usize::try_from(taken.start).unwrap_or(full), usize::try_from(taken.end).unwrap_or(full));
    if first == end {
        // A suffix of nothing at all.
        return Err(s3_error!(InvalidRange));
    }
    Ok((bytes.slice(first..end), Some(format!("bytes {first}-{}/{full}", end - 1))))
}
