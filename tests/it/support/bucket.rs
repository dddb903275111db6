//! A bucket of the test's own, on either server.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    MultipartUpload, NoncurrentVersionExpiration, Object, VersioningConfiguration,
};
use s4_test_server::{Options, Server};
use tokio::runtime::Runtime;

use super::given;

/// An empty bucket, and how to reach it.
pub(crate) struct Bucket {
    name: String,
    endpoint: String,
    access_key: String,
    secret_key: String,
    client: Client,
    runtime: Runtime,
    server: Option<Server>,
}

impl Bucket {
    /// One on an in-process server of its own.
    pub(crate) fn in_process() -> Bucket {
        Bucket::in_process_with(Options::default())
    }

    /// As [`Bucket::in_process`], on a server with these options.
    pub(crate) fn in_process_with(options: Options) -> Bucket {
        let server = Server::start(options);
        let keys = (server.access_key().to_owned(), server.secret_key().to_owned());
        let bucket = Bucket::new("bucket".into(), server.endpoint(), keys);
        server.create_bucket(&bucket.name);
        Bucket { server: Some(server), ..bucket }
    }

    /// One on the SeaweedFS that `tests/run` started; `None` where there is none and may be none.
    pub(crate) fn seaweed() -> Option<Bucket> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let endpoint = given("S4_TEST_ENDPOINT")?;
        let keys = (given("S4_TEST_ACCESS_KEY")?, given("S4_TEST_SECRET_KEY")?);
        // Other test processes may use the same server.
        let name = format!("it-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let bucket = Bucket::new(name, endpoint, keys);
        bucket.runtime.block_on(bucket.client.create_bucket().bucket(&bucket.name).send()).unwrap();
        Some(bucket)
    }

    /// One on each server that there is.
    pub(crate) fn each() -> impl Iterator<Item = Bucket> {
        std::iter::once_with(Bucket::in_process).chain(std::iter::once_with(Bucket::seaweed).flatten())
    }

    fn new(name: String, endpoint: String, (access_key, secret_key): (String, String)) -> Bucket {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&endpoint)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(&access_key, &secret_key, None, None, "test"))
            .force_path_style(true)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            // Some of the servers take no checksums.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = Client::from_conf(config);
        Bucket { name, endpoint, access_key, secret_key, client, runtime, server: None }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What a target says: the bucket and a prefix.
    pub(crate) fn uri(&self) -> String {
        format!("s3://{}/{PREFIX}", self.name)
    }

    /// Its server's URL.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The access key id.
    pub(crate) fn access_key(&self) -> &str {
        &self.access_key
    }

    /// Its secret.
    pub(crate) fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// The in-process server: its counts, faults and hooks.
    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// As [`Bucket::server`]; `None` for a bucket on SeaweedFS.
    pub(crate) fn server_if_any(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// The objects and their bytes by key, below the target's prefix; without s4's own. For a bucket that is at rest: an
    /// object that goes between the listing and its reading is a failure.
    pub(crate) fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        self.objects().into_iter().filter(|(key, _)| !is_own(key)).collect()
    }

    /// As [`Bucket::tree`], of the in-process server, at one moment, and without a request: for a bucket that others are
    /// at work in.
    pub(crate) fn snapshot(&self) -> BTreeMap<String, Vec<u8>> {
        let below = |name: String| name.strip_prefix(PREFIX)?.strip_prefix('/').map(str::to_owned);
        let objects = self.server().objects(&self.name).into_iter();
        let objects = objects.filter_map(|(name, object)| Some((below(name)?, object.bytes.to_vec())));
        objects.filter(|(key, _)| !is_own(key)).collect()
    }

    /// As [`Bucket::tree`], with s4's own.
    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let listed = self.list();
        self.runtime.block_on(async {
            let mut objects = BTreeMap::new();
            for object in &listed {
                let name = object.key().unwrap();
                let got = self.client.get_object().bucket(&self.name).key(name).send().await.unwrap();
                let bytes = got.body.collect().await.unwrap().to_vec();
                objects.insert(name[PREFIX.len() + 1..].to_owned(), bytes);
            }
            objects
        })
    }

    /// ETag and `LastModified` of each object of [`Bucket::tree`]: equal ones show that nobody wrote it in between.
    pub(crate) fn stamps(&self) -> BTreeMap<String, String> {
        let mut stamps = BTreeMap::new();
        for object in self.list() {
            let key = object.key().unwrap()[PREFIX.len() + 1..].to_owned();
            if !is_own(&key) {
                let modified = object.last_modified().unwrap();
                stamps.insert(key, format!("{} {modified}", object.e_tag().unwrap()));
            }
        }
        stamps
    }

    fn list(&self) -> Vec<Object> {
        let list = self.client.list_objects_v2().bucket(&self.name).prefix(format!("{PREFIX}/"));
        self.runtime.block_on(async {
            let mut pages = list.into_paginator().send();
            let mut objects = Vec::new();
            while let Some(page) = pages.next().await {
                objects.extend(page.unwrap().contents.unwrap_or_default());
            }
            objects
        })
    }

    /// Writes an object below the prefix as another tool would.
    pub(crate) fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        let put = self.client.put_object().bucket(&self.name).key(format!("{PREFIX}/{key}"));
        self.runtime.block_on(put.body(bytes.into().into()).send()).unwrap();
    }

    /// Begins an upload in parts below the prefix as another tool would; returns its id.
    pub(crate) fn begin_upload(&self, key: &str) -> String {
        let begin = self.client.create_multipart_upload().bucket(&self.name).key(format!("{PREFIX}/{key}"));
        self.runtime.block_on(begin.send()).unwrap().upload_id.unwrap()
    }

    /// Gives an upload up, as a rule of the bucket does.
    pub(crate) fn abort_upload(&self, key: &str, id: &str) {
        let name = format!("{PREFIX}/{key}");
        let abort = self.client.abort_multipart_upload().bucket(&self.name).key(name).upload_id(id);
        self.runtime.block_on(abort.send()).unwrap();
    }

    /// The unfinished uploads below the prefix: key and id.
    pub(crate) fn uploads(&self) -> Vec<(String, String)> {
        let list = self.client.list_multipart_uploads().bucket(&self.name).prefix(format!("{PREFIX}/"));
        let uploads = self.runtime.block_on(list.send()).unwrap().uploads.unwrap_or_default();
        let upload = |upload: &MultipartUpload| {
            Some((upload.key()?[PREFIX.len() + 1..].to_owned(), upload.upload_id()?.to_owned()))
        };
        uploads.iter().filter_map(upload).collect()
    }

    /// Has the bucket keep versions from now on.
    pub(crate) fn keep_versions(&self) {
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let put = self.client.put_bucket_versioning().bucket(&self.name).versioning_configuration(on);
        self.runtime.block_on(put.send()).unwrap();
    }

    /// Has the bucket remove versions below a prefix after some days, by a rule of that name; other rules go.
    pub(crate) fn expire(&self, id: &str, prefix: &str, days: i32) {
        let expiration = NoncurrentVersionExpiration::builder().noncurrent_days(days).build();
        let rule =
            LifecycleRule::builder().id(id).status(ExpirationStatus::Enabled).noncurrent_version_expiration(expiration);
        let rule = rule.filter(LifecycleRuleFilter::builder().prefix(prefix).build()).build().unwrap();
        let rules = BucketLifecycleConfiguration::builder().rules(rule).build().unwrap();
        let put = self.client.put_bucket_lifecycle_configuration().bucket(&self.name).lifecycle_configuration(rules);
        self.runtime.block_on(put.send()).unwrap();
    }

    /// The rules of the bucket that remove versions: name, prefix, and after how many days.
    pub(crate) fn expirations(&self) -> Vec<(String, String, Option<i32>)> {
        let get = self.client.get_bucket_lifecycle_configuration().bucket(&self.name).send();
        // There are none, and a server says so with an error.
        let Ok(answer) = self.runtime.block_on(get) else { return Vec::new() };
        let rule = |rule: &LifecycleRule| {
            let prefix = rule.filter().and_then(LifecycleRuleFilter::prefix).unwrap_or_default().to_owned();
            let days = rule.noncurrent_version_expiration().and_then(NoncurrentVersionExpiration::noncurrent_days);
            (rule.id().unwrap_or_default().to_owned(), prefix, days)
        };
        answer.rules().iter().map(rule).collect()
    }

    /// Deletes an object below the prefix as another tool would.
    pub(crate) fn remove(&self, key: &str) {
        let delete = self.client.delete_object().bucket(&self.name).key(format!("{PREFIX}/{key}"));
        self.runtime.block_on(delete.send()).unwrap();
    }
}

/// Where the targets' objects are in a bucket.
pub(super) const PREFIX: &str = "some/prefix";

fn is_own(key: &str) -> bool {
    key == ".index" || key.starts_with(".s4/")
}
