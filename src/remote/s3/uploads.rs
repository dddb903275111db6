//! Unfinished uploads: which there are below the prefix, and what parts they have.

use aws_sdk_s3::types::EncodingType;

use super::super::counts::Class;
use super::super::{Error, Part, Unfinished};
use super::write::COPY_LIKE_BYTES;
use super::{S3Store, byte_range, lacks, length, patient, quoted, seconds, text};
use crate::content::ETag;

/// Pages of a listing that s4 follows: more than there can be parts or anybody has uploads.
const MOST_PAGES: usize = 1_000;

impl S3Store {
    /// A part that the server makes of what the address `source` names, in that very version.
    pub(super) async fn copy_part_once(
        &self,
        (source, etag): (&str, &ETag),
        range: (u64, u64),
        name: &str,
        (upload, number): (&str, u32),
    ) -> Result<ETag, Error> {
        let full = self.uri.full(name);
        let range = byte_range(range, source)?;
        self.counts.request(Class::Copy);
        let answer = self
            .client
            .upload_part_copy()
            .bucket(self.uri.bucket())
            .key(&full)
            .upload_id(upload)
            .part_number(number.try_into().unwrap_or(i32::MAX))
            .copy_source(source)
            .copy_source_if_match(quoted(etag))
            .copy_source_range(range)
            // It is answered when it is done.
            .customize()
            .config_override(patient(COPY_LIKE_BYTES))
            .send()
            .await
            .map_err(self.failed("copy a part of", &full))?;
        let etag = answer.copy_part_result.and_then(|part| part.e_tag);
        Ok(ETag::new(&etag.ok_or_else(|| lacks("ETag"))?))
    }

    pub(super) async fn parts_of(&self, name: &str, upload: &str) -> Result<Vec<Part>, Error> {
        let full = self.uri.full(name);
        let mut parts = Vec::new();
        let mut marker = None;
        for _ in 0..MOST_PAGES {
            self.counts.request(Class::List);
            let request = self.client.list_parts().bucket(self.uri.bucket()).key(&full).upload_id(upload);
            let answer = request.set_part_number_marker(marker.take()).send().await;
            let answer = answer.map_err(self.failed("list the parts of", &full))?;
            for part in answer.parts() {
                let number = part.part_number().and_then(|number| u32::try_from(number).ok());
                parts.push(Part {
                    number: number.ok_or_else(|| lacks("part number"))?,
                    size: length(part.size())?,
                    etag: ETag::new(part.e_tag().ok_or_else(|| lacks("ETag"))?),
                });
            }
            marker = answer.next_part_number_marker.filter(|_| answer.is_truncated == Some(true));
            if marker.is_none() {
                break;
            }
        }
        Ok(parts)
    }

    pub(super) async fn unfinished(&self) -> Result<Vec<Unfinished>, Error> {
        let prefix = self.uri.full("");
        let mut uploads = Vec::new();
        let mut marker = (None, None);
        for _ in 0..MOST_PAGES {
            self.counts.request(Class::List);
            let request = self
                .client
                .list_multipart_uploads()
                .bucket(self.uri.bucket())
                .set_prefix(Some(prefix.clone()).filter(|prefix| !prefix.is_empty()))
                .set_key_marker(marker.0.take())
                .set_upload_id_marker(marker.1.take())
                .encoding_type(EncodingType::Url);
            let answer = request.send().await.map_err(self.failed("list the uploads below", &prefix))?;
            let encoded = answer.encoding_type() == Some(&EncodingType::Url);
            let plain = |name: &str| match encoded {
                true => text::decode(name).map(std::borrow::Cow::into_owned),
                false => Some(name.to_owned()),
            };
            for upload in answer.uploads() {
                let full = upload.key().and_then(plain).ok_or_else(|| lacks("key"))?;
                // Some servers answer with more than was asked for.
                let Some(name) = self.uri.below(&full) else { continue };
                uploads.push(Unfinished {
                    name: name.into(),
                    upload: upload.upload_id().ok_or_else(|| lacks("upload id"))?.into(),
                    begun: seconds(upload.initiated()).unwrap_or_default(),
                });
            }
            if answer.is_truncated != Some(true) || answer.next_key_marker.is_none() {
                break;
            }
            marker = (answer.next_key_marker().and_then(plain), answer.next_upload_id_marker);
        }
        Ok(uploads)
    }
}
