//! From what the configuration says to a client of the SDK: credentials, region, endpoint, time-outs, retries.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    BeforeTransmitInterceptorContextRef,
};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    Builder, ConfigBag, Credentials, Intercept, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    RuntimeComponents, StalledStreamProtectionConfig,
};
use aws_types::service_config::ServiceConfigKey;

use s4_commands::{Bandwidth, Secret};

use super::super::counts::Counts;
use super::super::{Error, S3Uri};
use super::line::{bundle, http_client};
use super::{CONNECT_TIMEOUT, READ_TIMEOUT};

/// The region that S3 itself takes where none is named, and that most other servers go by.
const DEFAULT_REGION: &str = "us-east-1";
/// How to reach a bucket: what a target's configuration says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// The server, `http://…` or `https://…`; AWS where there is none.
    pub endpoint_url: Option<String>,
    /// The region; from the AWS chain where there is none.
    pub region: Option<String>,
    /// The profile of the AWS configuration files to go by.
    pub profile: Option<String>,
    /// The access key id; without it credentials come from the AWS chain.
    pub access_key_id: Option<String>,
    /// The secret that belongs to `access_key_id`.
    pub secret_access_key: Option<Secret>,
    /// The storage class to write with, as S3 names it.
    pub storage_class: Option<String>,
    /// The server-side encryption to write with: `AES256`, `aws:kms`, `aws:kms:dsse`.
    pub sse: Option<String>,
    /// The key for `aws:kms`.
    pub sse_kms_key_id: Option<String>,
    /// How long a request may stand still; a minute if nothing is said.
    pub patience: Option<Duration>,
    /// How fast contents may move.
    pub bandwidth: Bandwidth,
    /// The file of certificates to believe in place of the system's.
    pub ca_bundle: Option<PathBuf>,
    /// Whether the environment names proxies.
    pub proxied: bool,
    /// Whether the bucket is named in the path of an address (`true`) or in its host; if nothing is said, in the path for servers other
    /// than AWS.
    pub path_style: Option<bool>,
    /// Whether this side pays for requests, where the bucket's owner does not.
    pub requester_pays: bool,
    /// Whether listings are read by the SDK's own reader, which takes ten times as long.
    pub sdk_lists: bool,
}

/// Makes a client that sends a request `attempts` times at most, and tells of each: in `counts`, and in `alone`
/// whether it was safe from others on its way. Comes with the server's address, where it is not AWS. Nothing is sent yet, except
/// where the AWS chain has to ask for a region.
pub(super) async fn client(
    connection: &Connection,
    attempts: u32,
    counts: &Arc<Counts>,
    alone: &Arc<AtomicBool>,
) -> Result<(Client, Option<String>), Error> {
    connection.endpoint_url.as_deref().map_or(Ok(()), check_endpoint)?;
    let shared = shared(connection, counts).await?;
    // A server that the environment or a profile names is as little AWS as one that the target names.
    let mut address = chain_endpoint(&shared);
    let mut config = Builder::from(&shared);
    if let Some(endpoint) = &connection.endpoint_url {
        address = Some(endpoint.clone());
        config = config.endpoint_url(endpoint);
    }
    if connection.requester_pays {
        config = config.interceptor(Payer);
    }
    let config = config
        // Servers other than AWS seldom have a host name for each bucket.
        .force_path_style(connection.path_style.unwrap_or(address.is_some()))
        .retry_config(RetryConfig::standard().with_max_attempts(attempts))
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build())
        // `patience.rs` has time-outs that serve both directions.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        // Servers other than AWS do not know the newer checksums, and some refuse them.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .interceptor(Watch { counts: Arc::clone(counts), alone: Arc::clone(alone), proxied: connection.proxied })
        .build();
    Ok((Client::from_conf(config), address))
}

/// The time-outs for a request that moves `bytes`.
pub(super) fn timeouts(bytes: usize) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(allowance(bytes as u64)).build()
}

/// How long the answer to a request may take behind which `bytes` still have to be moved: lines may be slow.
pub(super) fn allowance(bytes: u64) -> Duration {
    const SLOWEST_BYTES_PER_SECOND: u64 = 16 * 1024;
    READ_TIMEOUT + Duration::from_secs(bytes / SLOWEST_BYTES_PER_SECOND)
}

/// Refuses what is no endpoint, without repeating what might be a password in it.
///
/// # Errors
///
/// [`Error::Other`] with what is wrong.
pub fn check_endpoint(endpoint: &str) -> Result<(), Error> {
    if endpoint.contains('@') {
        return Err(Error::Other("the endpoint must not hold a user name or password".into()));
    }
    let host = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"));
    match host {
        None => Err(Error::Other(format!("the endpoint '{endpoint}' does not begin with http:// or https://"))),
        Some("") => Err(Error::Other(format!("the endpoint '{endpoint}' names no server"))),
        Some(_) => Ok(()),
    }
}

/// The keys in the configuration: both or none.
fn keys(connection: &Connection) -> Result<Option<Credentials>, Error> {
    match (&connection.access_key_id, &connection.secret_access_key) {
        (Some(id), Some(secret)) => Ok(Some(Credentials::new(id, secret.reveal(), None, None, "s4"))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(Error::NoCredentials("there is an access key id, but no secret for it".into())),
        (None, Some(_)) => Err(Error::NoCredentials("there is a secret, but no access key id for it".into())),
    }
}

/// What all clients have in common, whichever service they are for: credentials, region, HTTP client, and an address where the AWS
/// chain has one.
///
/// # Errors
///
/// An access key id without its secret, and the reverse.
pub(in crate::remote) async fn shared(connection: &Connection, counts: &Arc<Counts>) -> Result<SdkConfig, Error> {
    let bundle = bundle(connection).await?;
    match keys(connection)? {
        Some(keys) => Ok(given(connection, keys, (bundle, counts))),
        None => Ok(from_chain(connection, (bundle, counts)).await),
    }
}

/// A configuration that asks neither the environment nor any file.
fn given(connection: &Connection, keys: Credentials, line: (Option<Vec<u8>>, &Arc<Counts>)) -> SdkConfig {
    let plain = connection.endpoint_url.as_deref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(connection.region.clone().unwrap_or_else(|| DEFAULT_REGION.into())))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .http_client(http_client(connection, plain, line))
        .build()
}

/// A configuration from the AWS chain: environment, profiles, SSO, processes, containers, instances.
async fn from_chain(connection: &Connection, line: (Option<Vec<u8>>, &Arc<Counts>)) -> SdkConfig {
    // The chain itself may have to reach AWS, so this client can speak TLS even where the endpoint is plain HTTP.
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(connection, false, line));
    if let Some(profile) = &connection.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &connection.region {
        loader = loader.region(Region::new(region.clone()));
    } else if connection.endpoint_url.is_some() {
        // Never ask the instance's metadata for the region of a server that is not AWS: off AWS that only waits.
        let mut profile = ProfileFileRegionProvider::builder();
        if let Some(name) = &connection.profile {
            profile = profile.profile_name(name);
        }
        let regions = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new());
        loader = loader.region(regions.or_else(profile.build()).or_else(Region::from_static(DEFAULT_REGION)));
    }
    let loaded = loader.load().await;
    if loaded.region().is_some() {
        return loaded;
    }
    loaded.into_builder().region(Region::from_static(DEFAULT_REGION)).build()
}

/// The address that the chain has for S3, or for everything.
fn chain_endpoint(loaded: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok();
    let own = key.zip(loaded.service_config()).and_then(|(key, config)| config.load_config(key));
    own.or_else(|| loaded.endpoint_url().map(str::to_owned))
}

/// Says with each request that whoever makes it pays for it.
#[derive(Debug)]
struct Payer;

impl Intercept for Payer {
    fn name(&self) -> &'static str {
        "Payer"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), aws_sdk_s3::error::BoxError> {
        context.request_mut().headers_mut().insert("x-amz-request-payer", "requester");
        Ok(())
    }
}

/// Sees each request as it is sent.
#[derive(Debug)]
struct Watch {
    counts: Arc<Counts>,
    alone: Arc<AtomicBool>,
    proxied: bool,
}

/// Whether nobody but the server can change what is sent there: TLS protects it, or it never leaves this machine.
fn is_alone(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://") else { return uri.starts_with("https://") };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(address) => address.split(']').next(),
        None => authority.split(':').next(),
    };
    let address = host.filter(|_| !authority.contains('@')).and_then(|host| host.parse::<std::net::IpAddr>().ok());
    address.is_some_and(|address| address.is_loopback())
}

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), aws_sdk_s3::error::BoxError> {
        self.counts.attempt();
        let uri = context.request().uri();
        // To a proxy, what is plain goes as it is.
        let alone = is_alone(uri) && (!self.proxied || uri.starts_with("https://"));
        self.alone.store(alone, Ordering::Relaxed);
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), aws_sdk_s3::error::BoxError> {
        if matches!(context.response().status().as_u16(), 429 | 503) {
            self.counts.slow_down();
        }
        Ok(())
    }
}

/// The server as messages name it.
pub(super) fn server_name(connection: &Connection, uri: &S3Uri) -> String {
    match &connection.endpoint_url {
        Some(endpoint) => endpoint.clone(),
        None => format!("AWS S3, bucket '{}'", uri.bucket()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_keys() -> Connection {
        Connection {
            access_key_id: Some("id".into()),
            secret_access_key: Some(Secret::new("hush")),
            ..Connection::default()
        }
    }

    #[test]
    fn a_line_is_safe_with_tls_or_within_the_machine() {
        for (uri, alone) in [
            ("https://s3.amazonaws.com/bucket", true),
            ("http://127.0.0.1:9000/bucket/key?list-type=2", true),
            ("http://[::1]:9000/", true),
            ("http://[::1]", true),
            ("http://10.0.0.1:9000/", false),
            ("http://127.0.0.1.example.com/", false),
            ("http://127.0.0.1:x@example.com/", false),
            ("http://example.com/127.0.0.1", false),
            ("http://localhost:9000/", false),
            ("http://", false),
        ] {
            assert_eq!(is_alone(uri), alone, "{uri}");
        }
    }

    #[test]
    fn debug_output_hides_the_secret() {
        let shown = format!("{:?}", with_keys());
        assert!(shown.contains("[hidden]") && !shown.contains("hush"), "{shown}");
    }

    #[tokio::test]
    async fn endpoints_that_are_none_are_refused() {
        for (endpoint, shown) in [
            ("localhost:8333", "'localhost:8333' does not begin with http:// or https://"),
            ("https://", "names no server"),
            ("https://me:hush@host", "must not hold a user name or password"),
        ] {
            let connection = Connection { endpoint_url: Some(endpoint.into()), ..with_keys() };
            let error = client(&connection, 1, &Arc::default(), &Arc::default()).await.unwrap_err().to_string();
            assert!(error.contains(shown) && !error.contains("hush"), "{error}");
        }
    }

    #[tokio::test]
    async fn half_a_pair_of_keys_is_refused() {
        for connection in
            [Connection { access_key_id: None, ..with_keys() }, Connection { secret_access_key: None, ..with_keys() }]
        {
            let error = client(&connection, 1, &Arc::default(), &Arc::default()).await.unwrap_err();
            assert!(matches!(error, Error::NoCredentials(_)), "{error}");
        }
    }

    #[test]
    fn big_bodies_get_the_time_that_a_slow_line_needs() {
        assert_eq!(timeouts(0).read_timeout(), Some(READ_TIMEOUT));
        assert_eq!(timeouts(16 << 20).read_timeout(), Some(READ_TIMEOUT + Duration::from_secs(1024)));
    }
}
