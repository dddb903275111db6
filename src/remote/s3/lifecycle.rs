//! The one rule of the bucket's lifecycle that is ours: how long versions below the prefix are kept.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    NoncurrentVersionExpiration,
};

use super::super::counts::Class;
use super::super::{Error, S3Uri};
use super::S3Store;
use super::delete::add_md5;
use crate::content::to_hex;

/// After so many days an upload that was not ended goes.
const UPLOAD_DAYS: i32 = 7;
/// The most bytes that the name of a rule may have.
const MOST_ID: usize = 255;

impl S3Store {
    /// Has the bucket remove versions below the prefix so many days after they were replaced or deleted; `None`: no more. All other
    /// rules stay as they are.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`] for keys that may not; [`Error::NotImplemented`] of a server that knows no rules.
    pub async fn expire_versions(&self, days: Option<u32>) -> Result<(), Error> {
        let bucket = self.uri.bucket();
        self.counts.request(Class::Get);
        let asked = self.client.get_bucket_lifecycle_configuration().bucket(bucket).send().await;
        let (rules, least) = match asked.map_err(self.failed("read the lifecycle rules of", bucket)) {
            Ok(answer) => (answer.rules.unwrap_or_default(), answer.transition_default_minimum_object_size),
            Err(Error::NotFound) => (Vec::new(), None),
            Err(error) => return Err(error),
        };
        let wanted = with_rule(&rules, &self.uri, days)?;
        if wanted == rules {
            return Ok(());
        }
        if wanted.is_empty() {
            self.counts.request(Class::Delete);
            let gone = self.client.delete_bucket_lifecycle().bucket(bucket).send().await;
            return gone.map(drop).map_err(self.failed("remove the lifecycle rules of", bucket));
        }
        self.summed(|sums| {
            let (wanted, least) = (wanted.clone(), least.clone());
            async move {
                let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(wanted)).build();
                let configuration = configuration.map_err(|error| odd(&error))?;
                self.counts.request(Class::Put);
                let request = self.client.put_bucket_lifecycle_configuration().bucket(bucket);
                let request = request.lifecycle_configuration(configuration);
                let request = request.set_transition_default_minimum_object_size(least);
                let sent = request.customize().mutate_request(move |request| add_md5(request, sums)).send().await;
                sent.map(drop).map_err(self.failed("write the lifecycle rules of", bucket))
            }
        })
        .await
    }
}

fn odd(error: &aws_sdk_s3::error::BuildError) -> Error {
    Error::Other(format!("cannot write the lifecycle rules: {error}"))
}

/// The rules with ours among them, in the place of an older one of ours; or without it.
fn with_rule(rules: &[LifecycleRule], uri: &S3Uri, days: Option<u32>) -> Result<Vec<LifecycleRule>, Error> {
    let id = id(uri);
    let is_ours = |rule: &LifecycleRule| rule.id() == Some(&id);
    let Some(days) = days else {
        return Ok(rules.iter().filter(|rule| !is_ours(rule)).cloned().collect());
    };
    let days = i32::try_from(days).unwrap_or(i32::MAX);
    let own = LifecycleRule::builder()
        .id(&id)
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix(uri.full("")).build())
        .noncurrent_version_expiration(NoncurrentVersionExpiration::builder().noncurrent_days(days).build())
        .abort_incomplete_multipart_upload(
            AbortIncompleteMultipartUpload::builder().days_after_initiation(UPLOAD_DAYS).build(),
        )
        .build()
        .map_err(|error| odd(&error))?;
    let mut wanted = rules.to_vec();
    match wanted.iter_mut().find(|rule| is_ours(rule)) {
        Some(old) => *old = own,
        None => wanted.push(own),
    }
    Ok(wanted)
}

/// The name of our rule for a place.
fn id(uri: &S3Uri) -> String {
    use sha2::Digest as _;
    let id = format!("s4-{}", uri.prefix());
    if id.len() <= MOST_ID {
        return id;
    }
    let sum = sha2::Sha256::digest(uri.prefix().as_bytes());
    format!("s4-{}", to_hex(&sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(prefix: &str) -> S3Uri {
        S3Uri::parse(&format!("s3://bucket/{prefix}")).unwrap()
    }

    fn theirs() -> LifecycleRule {
        let filter = LifecycleRuleFilter::builder().prefix("logs/").build();
        LifecycleRule::builder().id("theirs").status(ExpirationStatus::Disabled).filter(filter).build().unwrap()
    }

    fn ids(rules: &[LifecycleRule]) -> Vec<&str> {
        rules.iter().filter_map(LifecycleRule::id).collect()
    }

    #[test]
    fn our_rule_comes_beside_others_is_replaced_and_goes() {
        let uri = uri("some/place");
        let with = with_rule(&[theirs()], &uri, Some(30)).unwrap();
        assert_eq!(ids(&with), ["theirs", "s4-some/place"]);
        assert_eq!(with[1].filter().unwrap().prefix(), Some("some/place/"));
        assert_eq!(with[1].noncurrent_version_expiration().unwrap().noncurrent_days(), Some(30));
        let other = with_rule(&with, &uri, Some(5)).unwrap();
        assert_eq!((ids(&other), other[0].clone()), (ids(&with), theirs()));
        assert_eq!(other[1].noncurrent_version_expiration().unwrap().noncurrent_days(), Some(5));
        assert_eq!(with_rule(&other, &uri, None).unwrap(), [theirs()]);
        assert_eq!(with_rule(&other, &uri, Some(5)).unwrap(), other);
    }

    #[test]
    fn a_rule_has_a_name_that_fits_and_is_of_one_place() {
        assert_eq!(id(&uri("")), "s4-");
        let (one, other) = (id(&uri(&"x".repeat(300))), id(&uri(&"x".repeat(301))));
        assert!(one != other && one.len() <= MOST_ID, "{one}");
        assert_eq!(with_rule(&[], &uri(""), Some(1)).unwrap()[0].filter().unwrap().prefix(), Some(""));
    }
}
