//! Reading an object, and asking for the checksum that the server keeps of it.

use std::sync::Arc;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::ChecksumMode;

use super::super::counts::Class;
use super::super::{Error, GetOptions, Got, ObjectInfo};
use super::{S3Body, S3Store, byte_range, lacks, length, quoted, seconds, sums, text, whole_size};
use crate::checksum::Checksum;
use crate::content::ETag;

impl S3Store {
    /// A GET; with `sums`, a whole object comes with the checksum that the server keeps of it, if it keeps one, and is
    /// compared with it.
    pub(super) async fn get_once(&self, name: &str, options: &GetOptions, sums: bool) -> Result<Got<S3Body>, Error> {
        let full = self.uri.full(name);
        self.counts.request(Class::Get);
        let request = self.client.get_object().bucket(self.uri.bucket()).key(&full);
        let answer = request
            .set_range(options.range.map(|range| byte_range(range, &full)).transpose()?)
            .set_if_match(options.if_match.as_ref().map(quoted))
            .set_if_none_match(options.if_none_match.as_ref().map(quoted));
        // Not by the SDK's own option: it would compute a second SHA-256 beside ours, and its errors tell damage from
        // nothing else.
        let mode = (sums && options.range.is_none()).then_some("ENABLED");
        let answer = answer.customize().mutate_request(move |request| {
            if let Some(mode) = mode {
                request.headers_mut().insert("x-amz-checksum-mode", mode);
            }
        });
        let answer = match answer.send().await {
            Err(error) if error.raw_response().is_some_and(|raw| raw.status().as_u16() == 304) => {
                return Ok(Got::NotModified);
            }
            answer => answer.map_err(self.failed("read", &full))?,
        };
        let length = length(answer.content_length())?;
        let size = match options.range {
            None => length,
            Some((first, _)) => whole_size(answer.content_range(), first).ok_or_else(|| {
                Error::Damaged(format!("the server sent another part of '{full}' than was asked for"))
            })?,
        };
        let told = [
            answer.checksum_crc64_nvme(),
            answer.checksum_crc32_c(),
            answer.checksum_crc32(),
            answer.checksum_sha256(),
        ];
        let checksum = mode.and_then(|_| sums::told(told, answer.checksum_type()));
        let info = info(&answer, size)?;
        let body = S3Body::new(answer.body, (length, checksum), Arc::clone(&self.server), Arc::clone(&self.counts))
            .throttled(self.settings.throttle_down.clone());
        Ok(Got::Object(info, body))
    }

    /// Asks after an object, or after a version of it.
    pub(super) async fn head_once(&self, name: &str, id: Option<&str>) -> Result<ObjectInfo, Error> {
        let full = self.uri.full(name);
        self.counts.request(Class::Head);
        let request = self.client.head_object().bucket(self.uri.bucket()).key(&full);
        let request = request.set_version_id(id.map(str::to_owned));
        let answer = request.send().await.map_err(self.failed("look at", &full))?;
        Ok(ObjectInfo {
            size: length(answer.content_length())?,
            etag: ETag::new(answer.e_tag().ok_or_else(|| lacks("ETag"))?),
            last_modified: seconds(answer.last_modified())?,
            metadata: text::from_user_metadata(answer.metadata(), answer.content_type()),
            version_id: answer.version_id,
        })
    }

    /// The checksum that the server keeps of a whole object, in that very version.
    pub(super) async fn checksum_once(&self, name: &str, etag: &ETag, sums: bool) -> Result<Option<Checksum>, Error> {
        if !sums {
            return Ok(None);
        }
        let full = self.uri.full(name);
        self.counts.request(Class::Head);
        let request = self.client.head_object().bucket(self.uri.bucket()).key(&full);
        let request = request.if_match(quoted(etag)).checksum_mode(ChecksumMode::Enabled);
        let answer = request.send().await.map_err(self.failed("look at", &full))?;
        let told = [
            answer.checksum_crc64_nvme(),
            answer.checksum_crc32_c(),
            answer.checksum_crc32(),
            answer.checksum_sha256(),
        ];
        let is_it = answer.e_tag().map(ETag::new).as_ref() == Some(etag);
        Ok(sums::told(told, answer.checksum_type()).filter(|_| is_it))
    }
}

/// What an answer says of its object, which has `size` bytes in all.
pub(super) fn info(answer: &GetObjectOutput, size: u64) -> Result<ObjectInfo, Error> {
    Ok(ObjectInfo {
        size,
        etag: ETag::new(answer.e_tag().ok_or_else(|| lacks("ETag"))?),
        last_modified: seconds(answer.last_modified())?,
        metadata: text::from_user_metadata(answer.metadata(), answer.content_type()),
        version_id: answer.version_id().map(str::to_owned),
    })
}
