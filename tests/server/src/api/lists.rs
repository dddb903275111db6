//! Listings: of objects, versions, uploads and parts.

use std::ops::Bound;

use s3s::dto::{
    CommonPrefix, DeleteMarkerEntry, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectVersionsInput,
    ListObjectVersionsOutput, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
    ListPartsInput, ListPartsOutput, MultipartUpload, Object, ObjectStorageClass, ObjectVersion,
    ObjectVersionStorageClass, Part, StorageClass,
};
use s3s::{S3Result, s3_error};

use super::Api;
use super::convert::{Encoding, etag, size, timestamp};
use crate::options::Order;
use crate::store::listing::{Last, Query};
use crate::store::{StoredObject, Version};

fn class(object: &StoredObject) -> String {
    object.storage_class.clone().unwrap_or_else(|| StorageClass::STANDARD.to_owned())
}

fn common(prefixes: &[String], encoding: Encoding) -> Option<Vec<CommonPrefix>> {
    let shown = |prefix: &String| CommonPrefix { prefix: Some(encoding.text(prefix)) };
    (!prefixes.is_empty()).then(|| prefixes.iter().map(shown).collect())
}

/// What a client may ask for is bounded by S3's own page size, which the behaviour may lower.
fn limit(asked: Option<i32>, page_size: usize) -> S3Result<usize> {
    match usize::try_from(asked.unwrap_or(1000)) {
        Ok(asked) => Ok(asked.min(page_size).min(1000)),
        Err(_) => Err(s3_error!(InvalidArgument, "A page has no negative length")),
    }
}

/// The prefix that an earlier page of a listing by markers ended with, if its marker is one.
fn rolled_up<'a>(marker: &'a str, delimiter: &str) -> Option<&'a str> {
    (!delimiter.is_empty() && marker.ends_with(delimiter)).then_some(marker)
}

impl Api {
    pub(super) fn list(&self, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        let encoding = Encoding::new(input.encoding_type.as_ref())?;
        let token = match &input.continuation_token {
            Some(token) => {
                Some(Last::parse(token).ok_or_else(|| s3_error!(InvalidArgument, "The token is none of ours"))?)
            }
            None => None,
        };
        let state = self.control.state();
        let encoding = encoding.by(state.behaviour.names);
        let limit = limit(input.max_keys, state.behaviour.page_size)?;
        let query = Query {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref().unwrap_or_default(),
            rolled_up: token.as_ref().and_then(|last| match last {
                Last::Prefix(prefix) => Some(&**prefix),
                Last::Key(_) => None,
            }),
            limit,
        };
        let bucket = state.bucket(&input.bucket)?;
        let start = token.as_ref().map(Last::text).or(input.start_after.as_deref());
        let from = match (start, state.behaviour.order) {
            (Some(after), Order::Bytes) if after >= query.prefix => Bound::Excluded(after),
            _ => Bound::Included(query.prefix),
        };
        let objects = bucket.keys.range::<str, _>((from, Bound::Unbounded)).filter_map(|(key, versions)| {
            let object = versions.last()?.object.as_ref()?;
            Some((key.as_str(), object))
        });
        let page = match state.behaviour.order {
            Order::Bytes => query.page(objects),
            Order::Folders => {
                let is_after = |key: &str| start.is_none_or(|after| key.split('/').gt(after.split('/')));
                let mut rest: Vec<_> =
                    objects.filter(|(key, _)| key.starts_with(query.prefix) && is_after(key)).collect();
                rest.sort_by(|(one, _), (other, _)| one.split('/').cmp(other.split('/')));
                query.page(rest.into_iter())
            }
        };
        let shown = |(key, object): &(String, &StoredObject)| Object {
            key: Some(encoding.text(key)),
            size: Some(size(object.bytes.len())),
            e_tag: etag(&object.etag),
            last_modified: Some(timestamp(object.last_modified)),
            storage_class: Some(ObjectStorageClass::from(class(object))),
            ..Object::default()
        };
        Ok(ListObjectsV2Output {
            contents: Some(page.rows.iter().map(shown).collect()),
            common_prefixes: common(&page.prefixes, encoding),
            key_count: i32::try_from(page.rows.len() + page.prefixes.len()).ok(),
            max_keys: i32::try_from(limit).ok(),
            is_truncated: Some(page.last.is_some()),
            next_continuation_token: page.last.as_ref().map(Last::token),
            continuation_token: input.continuation_token,
            name: Some(input.bucket),
            prefix: Some(encoding.text(input.prefix.as_deref().unwrap_or_default())),
            delimiter: input.delimiter.as_deref().map(|text| encoding.text(text)),
            start_after: input.start_after.as_deref().map(|text| encoding.text(text)),
            encoding_type: encoding.shown(),
            ..ListObjectsV2Output::default()
        })
    }

    /// The listing's first version, which goes on after a name that it shows, not by a token.
    pub(super) fn list_by_markers(&self, input: ListObjectsInput) -> S3Result<ListObjectsOutput> {
        let encoding = Encoding::new(input.encoding_type.as_ref())?.by(self.control.state().behaviour.names);
        let delimiter = input.delimiter.as_deref().unwrap_or_default();
        let last = input.marker.as_ref().filter(|marker| !marker.is_empty()).map(|marker| {
            match rolled_up(marker, delimiter) {
                Some(prefix) => Last::Prefix(prefix.to_owned()),
                None => Last::Key(marker.clone()),
            }
        });
        let page = self.list(ListObjectsV2Input {
            bucket: input.bucket,
            continuation_token: last.as_ref().map(Last::token),
            delimiter: input.delimiter,
            encoding_type: input.encoding_type,
            max_keys: input.max_keys,
            prefix: input.prefix,
            ..ListObjectsV2Input::default()
        })?;
        // Without a delimiter S3 leaves it to the client to take the last key.
        let next = page.next_continuation_token.as_deref().filter(|_| page.delimiter.is_some()).and_then(Last::parse);
        Ok(ListObjectsOutput {
            contents: page.contents,
            common_prefixes: page.common_prefixes,
            max_keys: page.max_keys,
            is_truncated: page.is_truncated,
            marker: Some(encoding.text(input.marker.as_deref().unwrap_or_default())),
            next_marker: next.map(|last| encoding.text(last.text())),
            name: page.name,
            prefix: page.prefix,
            delimiter: page.delimiter,
            encoding_type: page.encoding_type,
            ..ListObjectsOutput::default()
        })
    }

    pub(super) fn list_versions(&self, input: &ListObjectVersionsInput) -> S3Result<ListObjectVersionsOutput> {
        let encoding = Encoding::new(input.encoding_type.as_ref())?;
        let state = self.control.state();
        let limit = limit(input.max_keys, state.behaviour.page_size)?;
        let delimiter = input.delimiter.as_deref().unwrap_or_default();
        let marker = input.key_marker.as_deref().unwrap_or_default();
        let query = Query {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter,
            rolled_up: rolled_up(marker, delimiter),
            limit,
        };
        let mut after = input.version_id_marker.as_deref();
        let bucket = state.bucket(&input.bucket)?;
        let versions = bucket.keys.iter().flat_map(|(key, versions)| {
            let newest = versions.len() - 1;
            let rows = versions.iter().enumerate().rev();
            rows.map(move |(at, version)| (key.as_str(), (version, at == newest)))
        });
        let rest = versions.filter(|(key, (version, _))| {
            if *key != marker {
                return *key > marker;
            }
            // Of the marker's key come the versions after the marker's.
            let shown = after.is_none() && input.version_id_marker.is_some();
            after = after.filter(|id| *id != version.id);
            shown
        });
        let page = query.page(rest);
        let (mut shown, mut markers) = (Vec::new(), Vec::new());
        for (key, (version, latest)) in &page.rows {
            match show_version(&encoding.text(key), version, *latest) {
                Ok(version) => shown.push(version),
                Err(marker) => markers.push(marker),
            }
        }
        let last_id = page.rows.last().map(|(_, (version, _))| version.id.clone());
        Ok(ListObjectVersionsOutput {
            versions: Some(shown),
            delete_markers: Some(markers),
            common_prefixes: common(&page.prefixes, encoding),
            is_truncated: Some(page.last.is_some()),
            next_version_id_marker: match &page.last {
                Some(Last::Key(_)) => last_id,
                _ => None,
            },
            next_key_marker: page.last.as_ref().map(|last| encoding.text(last.text())),
            key_marker: input.key_marker.as_deref().map(|text| encoding.text(text)),
            version_id_marker: input.version_id_marker.clone(),
            max_keys: i32::try_from(limit).ok(),
            name: Some(input.bucket.clone()),
            prefix: Some(encoding.text(input.prefix.as_deref().unwrap_or_default())),
            delimiter: input.delimiter.as_deref().map(|text| encoding.text(text)),
            encoding_type: input.encoding_type.clone(),
            ..ListObjectVersionsOutput::default()
        })
    }

    pub(super) fn list_uploads(&self, input: &ListMultipartUploadsInput) -> S3Result<ListMultipartUploadsOutput> {
        let encoding = Encoding::new(input.encoding_type.as_ref())?;
        let state = self.control.state();
        let limit = limit(input.max_uploads, state.behaviour.page_size)?;
        let delimiter = input.delimiter.as_deref().unwrap_or_default();
        let marker = input.key_marker.as_deref().unwrap_or_default();
        let query = Query {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter,
            rolled_up: rolled_up(marker, delimiter),
            limit,
        };
        let uploads = state.bucket(&input.bucket)?.uploads.iter();
        let rest = uploads.filter(|((key, id), _)| match &input.upload_id_marker {
            Some(after) if key == marker => id > after,
            _ => key.as_str() > marker,
        });
        let page = query.page(rest.map(|((key, id), upload)| (key.as_str(), (id, upload))));
        let shown = |(key, (id, upload)): &(String, (&String, &crate::store::Upload))| MultipartUpload {
            key: Some(encoding.text(key)),
            upload_id: Some((*id).clone()),
            initiated: Some(timestamp(upload.initiated)),
            storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
            ..MultipartUpload::default()
        };
        let last_id = page.rows.last().map(|(_, (id, _))| (*id).clone());
        Ok(ListMultipartUploadsOutput {
            uploads: Some(page.rows.iter().map(shown).collect()),
            common_prefixes: common(&page.prefixes, encoding),
            is_truncated: Some(page.last.is_some()),
            next_upload_id_marker: match &page.last {
                Some(Last::Key(_)) => last_id,
                _ => None,
            },
            next_key_marker: page.last.as_ref().map(|last| encoding.text(last.text())),
            max_uploads: i32::try_from(limit).ok(),
            bucket: Some(input.bucket.clone()),
            encoding_type: input.encoding_type.clone(),
            ..ListMultipartUploadsOutput::default()
        })
    }

    pub(super) fn parts(&self, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        let state = self.control.state();
        let limit = limit(input.max_parts, state.behaviour.page_size)?;
        let upload = state.bucket(&input.bucket)?.upload(&input.key, &input.upload_id)?;
        let after = Bound::Excluded(input.part_number_marker.unwrap_or(0));
        let mut rest = upload.parts.range((after, Bound::Unbounded));
        let shown = |(number, part): (&i32, &crate::store::Part)| Part {
            part_number: Some(*number),
            size: Some(size(part.bytes.len())),
            e_tag: etag(&part.etag),
            last_modified: Some(timestamp(part.last_modified)),
            ..Part::default()
        };
        let parts: Vec<Part> = rest.by_ref().take(limit).map(shown).collect();
        let more = rest.next().is_some();
        Ok(ListPartsOutput {
            next_part_number_marker: parts.last().filter(|_| more).and_then(|part| part.part_number),
            is_truncated: Some(more),
            parts: Some(parts),
            max_parts: i32::try_from(limit).ok(),
            part_number_marker: input.part_number_marker,
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            ..ListPartsOutput::default()
        })
    }
}

/// A version's row, or a delete marker's.
fn show_version(key: &str, version: &Version, latest: bool) -> Result<ObjectVersion, DeleteMarkerEntry> {
    let last_modified = Some(timestamp(version.last_modified));
    let version_id = Some(version.id.clone());
    match &version.object {
        Some(object) => Ok(ObjectVersion {
            key: Some(key.into()),
            version_id,
            is_latest: Some(latest),
            last_modified,
            size: Some(size(object.bytes.len())),
            e_tag: etag(&object.etag),
            storage_class: Some(ObjectVersionStorageClass::from(class(object))),
            ..ObjectVersion::default()
        }),
        None => Err(DeleteMarkerEntry {
            key: Some(key.into()),
            version_id,
            is_latest: Some(latest),
            last_modified,
            ..DeleteMarkerEntry::default()
        }),
    }
}
