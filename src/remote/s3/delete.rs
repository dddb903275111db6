//! Deleting: many keys in one request where that can be, each only in its version.

use std::collections::HashMap;

use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use futures::future::join_all;
use md5::{Digest, Md5};

use super::super::counts::Class;
use super::super::{Error, ObjectStore};
use super::{S3Store, errors, quoted, text};
use crate::content::ETag;

/// How many single deletes are under way at once.
const AT_ONCE: usize = 16;

/// A name below the prefix, and the version that may be deleted (`None`: any).
pub(super) type Wanted<'a> = (&'a str, Option<&'a ETag>);

impl S3Store {
    /// Deletes up to 1,000 keys; one result each, in their order.
    pub(super) async fn delete_if(&self, wanted: &[Wanted<'_>]) -> Vec<Result<(), Error>> {
        let mut results = vec![Ok(()); wanted.len()];
        // XML cannot carry every name, and one key needs no batch.
        let (mut many, mut single): (Vec<_>, Vec<_>) =
            (0..wanted.len()).partition(|&at| text::is_xml_safe(&self.uri.full(wanted[at].0)));
        if many.len() == 1 {
            single.append(&mut many);
        }
        if !many.is_empty() {
            let batch: Vec<Wanted<'_>> = many.iter().map(|&at| wanted[at]).collect();
            for (at, result) in many.into_iter().zip(self.delete_batch(&batch).await) {
                results[at] = result;
            }
        }
        for some in single.chunks(AT_ONCE) {
            let mut deletes = Vec::with_capacity(some.len());
            for &at in some {
                deletes.push(self.delete_one(wanted[at]));
            }
            for (&at, result) in some.iter().zip(join_all(deletes).await) {
                results[at] = result;
            }
        }
        for (result, (name, _)) in results.iter_mut().zip(wanted) {
            // Some servers answer 412 for a key that is gone, which is what was wanted.
            if matches!(result, Err(Error::Precondition)) && matches!(self.head(name).await, Err(Error::NotFound)) {
                *result = Ok(());
            }
        }
        results
    }

    async fn delete_one(&self, (name, etag): Wanted<'_>) -> Result<(), Error> {
        let full = self.uri.full(name);
        self.counts.request(Class::Delete);
        let request = self.client.delete_object().bucket(self.uri.bucket()).key(&full);
        let answer = request.set_if_match(etag.map(quoted)).send().await;
        match answer.map_err(self.failed("delete", &full)) {
            Ok(_) | Err(Error::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn delete_batch(&self, wanted: &[Wanted<'_>]) -> Vec<Result<(), Error>> {
        let names: Vec<String> = wanted.iter().map(|(name, _)| self.uri.full(name)).collect();
        let send = || self.summed(|sums| self.send_batch(&names, wanted, sums));
        match S3Store::undamaged(send).await {
            Ok(results) => names
                .iter()
                .map(|full| {
                    let unanswered = || Err(Error::Damaged(format!("no answer on the delete of '{full}'")));
                    results.get(full).cloned().unwrap_or_else(unanswered)
                })
                .collect(),
            Err(error) => vec![Err(error); names.len()],
        }
    }

    /// One DeleteObjects request, with a newer checksum or without; what became of each key, by its whole name.
    async fn send_batch(
        &self,
        names: &[String],
        wanted: &[Wanted<'_>],
        sums: bool,
    ) -> Result<HashMap<String, Result<(), Error>>, Error> {
        let prefix = self.uri.full("");
        let failed = |error: aws_sdk_s3::error::BuildError| Error::Other(format!("cannot delete: {error}"));
        let mut delete = Delete::builder();
        for (full, (_, etag)) in names.iter().zip(wanted) {
            let object = ObjectIdentifier::builder().key(full).set_e_tag(etag.map(quoted)).build();
            delete = delete.objects(object.map_err(failed)?);
        }
        self.counts.request(Class::Delete);
        let answer = self
            .client
            .delete_objects()
            .bucket(self.uri.bucket())
            .delete(delete.build().map_err(failed)?)
            .customize()
            .mutate_request(move |request| add_md5(request, sums))
            .send()
            .await
            .map_err(self.failed("delete below", &prefix))?;
        let mut results = HashMap::with_capacity(names.len());
        for deleted in answer.deleted() {
            results.insert(deleted.key().unwrap_or_default().to_owned(), Ok(()));
        }
        for error in answer.errors() {
            let full = error.key().unwrap_or_default();
            let (code, message) = (error.code().unwrap_or_default(), error.message().unwrap_or_default());
            let refusal = errors::Refusal { status: 200, code, message, ..errors::Refusal::default() };
            let result = match errors::refused(refusal, self.doing("delete", full)) {
                Error::NotFound => Ok(()),
                error => Err(error),
            };
            results.insert(full.to_owned(), result);
        }
        Ok(results)
    }
}

/// The `Content-MD5` of a batch, or of a setting of the bucket: older servers take none without it, and know no newer checksum.
/// Where they refuse that, the one that the SDK adds has to go.
pub(super) fn add_md5(request: &mut HttpRequest, sums: bool) {
    if !sums {
        request.headers_mut().remove("x-amz-checksum-crc32");
        request.headers_mut().remove("x-amz-sdk-checksum-algorithm");
    }
    let sum = request.body().bytes().map(|body| aws_smithy_types::base64::encode(Md5::digest(body)));
    if let Some(sum) = sum {
        request.headers_mut().insert("content-md5", sum);
    }
}
