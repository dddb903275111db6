//! The server as the SDK sees it.
#![expect(clippy::unwrap_used, reason = "a test that meets an error has failed, helpers of tests too")]

mod conditions;
mod faults;
mod listings;
mod objects;
mod uploads;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use s4_test_server::{Options, Server};

/// The bucket of these tests.
const B: &str = "bucket";
/// Keys that some server or client somewhere mangles.
const ODD_KEYS: &[&str] = &[
    " leading",
    " /trailing ",
    "%41",
    "%zz",
    "+ plus",
    "..",
    "./x",
    "//",
    "/a",
    "a",
    "a/",
    "a//b",
    "a/../b",
    "a?b#c&d=e",
    "a\\b",
    "a~b'(c)*!",
    "cr\rlf\n",
    "ctl\u{1}\u{1f}\u{7f}",
    "e\u{301}",
    "quote\"<x>",
    "tab\t",
    "\u{e9}",
    "\u{ffe6}",
    "\u{1f980}",
];

struct Lab {
    server: Server,
    client: Client,
}

fn lab() -> Lab {
    lab_with(Options::default())
}

fn lab_with(options: Options) -> Lab {
    let server = Server::start(options);
    server.create_bucket(B);
    let client = client(&server, server.secret_key());
    Lab { server, client }
}

/// A client that tries once.
fn client(server: &Server, secret: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(server.endpoint())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(server.access_key(), secret, None, None, "test"))
        .force_path_style(true)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        // What arrives damaged is to be looked at.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    Client::from_conf(config)
}

impl Lab {
    /// Writes an object; returns its ETag, quoted.
    async fn put(&self, key: &str, bytes: &str) -> String {
        let put = self.client.put_object().bucket(B).key(key).body(body(bytes));
        put.send().await.unwrap().e_tag.unwrap()
    }

    /// What the server holds, as text.
    fn text(&self, key: &str) -> Option<String> {
        Some(String::from_utf8(self.server.object(B, key)?.bytes.to_vec()).unwrap())
    }
}

fn body(bytes: &str) -> ByteStream {
    ByteStream::from(bytes.as_bytes().to_vec())
}

/// Status and code of a failure; 0 where there was no answer.
fn failure<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E>>,
) -> (u16, String) {
    let error = result.unwrap_err();
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    (status, error.code().unwrap_or_default().to_owned())
}

/// Asserts status and code.
#[track_caller]
fn fails<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E>>,
    status: u16,
    code: &str,
) {
    assert_eq!(failure(result), (status, code.to_owned()));
}

#[tokio::test]
async fn a_wrong_secret_is_refused_and_not_counted() {
    let lab = lab();
    fails(client(&lab.server, "wrong").list_buckets().send().await, 403, "SignatureDoesNotMatch");
    assert_eq!(lab.server.counts().total(), 0);
}

#[tokio::test]
async fn buckets_are_made_found_and_listed() {
    let Lab { server, client } = lab();
    client.create_bucket().bucket("another").send().await.unwrap();
    fails(client.create_bucket().bucket("another").send().await, 409, "BucketAlreadyOwnedByYou");
    client.head_bucket().bucket("another").send().await.unwrap();
    assert_eq!(failure(client.head_bucket().bucket("nowhere").send().await).0, 404);
    fails(client.list_objects_v2().bucket("nowhere").send().await, 404, "NoSuchBucket");
    let buckets = client.list_buckets().send().await.unwrap();
    let names = buckets.buckets().iter().map(|bucket| bucket.name().unwrap()).collect::<Vec<_>>();
    assert_eq!(names, ["another", B]);
    let location = client.get_bucket_location().bucket(B).send().await.unwrap();
    assert_eq!(location.location_constraint().map_or("", |region| region.as_str()), "");
    drop(server);
    assert!(client.list_buckets().send().await.is_err(), "it stops when it is dropped");
}

#[tokio::test]
async fn a_region_is_told() {
    let lab = lab_with(Options { region: "eu-west-1".into(), ..Options::default() });
    let location = lab.client.get_bucket_location().bucket(B).send().await.unwrap();
    assert_eq!(location.location_constraint().unwrap().as_str(), "eu-west-1");
    assert_eq!(lab.client.head_bucket().bucket(B).send().await.unwrap().bucket_region(), Some("eu-west-1"));
}

#[tokio::test]
async fn what_is_not_offered_is_not_implemented() {
    let lab = lab();
    fails(lab.client.get_bucket_acl().bucket(B).send().await, 501, "NotImplemented");
    assert_eq!((lab.server.counts().unknown, lab.server.counts().total()), (1, 1));
}
