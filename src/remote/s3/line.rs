//! The way to a server: TLS and whose certificates are believed, and proxies.

use std::path::Path;
use std::sync::Arc;

use aws_config::profile;
use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_types::os_shim_internal::{Env, Fs};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::super::Error;
use super::super::counts::Counts;
use super::connect::Connection;
use super::throttle::Throttle;
use super::{READ_TIMEOUT, patience};

/// The HTTP client; one for plain HTTP alone starts faster, since it reads no certificates. A `bundle` of certificates counts in
/// place of the system's. With `connection.proxied`, the proxies of the environment are taken, with their exceptions.
pub(super) fn http_client(
    connection: &Connection,
    plain: bool,
    (bundle, counts): (Option<Vec<u8>>, &Arc<Counts>),
) -> SharedHttpClient {
    let proxied = connection.proxied;
    let trusted = bundle.map(|bundle| TrustStore::empty().with_pem_certificate(bundle));
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder();
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.set_proxy_config(proxied.then(ProxyConfig::from_env));
        // A proxy may itself be reached by TLS.
        if plain && !proxied {
            return connector.build_http();
        }
        let connector = connector.tls_provider(Provider::Rustls(CryptoMode::Ring));
        let context = trusted.clone().map(|trusted| TlsContext::builder().with_trust_store(trusted).build());
        match context {
            Some(Ok(context)) => connector.tls_context(context).build(),
            // With rustls none is refused.
            Some(Err(_)) | None => connector.build(),
        }
    });
    let throttle = connection.bandwidth.up.map(|rate| Arc::new(Throttle::new(rate)));
    patience::patient(client, connection.patience.unwrap_or(READ_TIMEOUT), throttle, counts)
}

/// The certificates of the authorities to believe, if others than the system's are named: by the connection, or by the profile of
/// the AWS configuration files.
///
/// # Errors
///
/// [`Error::Other`] for a file that cannot be read, or holds no certificate that makes sense: nothing is believed then.
pub(super) async fn bundle(connection: &Connection) -> Result<Option<Vec<u8>>, Error> {
    let of_profile = if connection.ca_bundle.is_none() && connection.access_key_id.is_none() {
        let name = connection.profile.clone().map(Into::into);
        let profiles = profile::load(&Fs::real(), &Env::real(), &Default::default(), name).await;
        // What is wrong with those files is told by whoever needs more of them.
        profiles.ok().and_then(|profiles| profiles.get("ca_bundle").map(Into::into))
    } else {
        None
    };
    connection.ca_bundle.clone().or(of_profile).map(|file| read_bundle(&file)).transpose()
}

fn read_bundle(file: &Path) -> Result<Vec<u8>, Error> {
    let wrong = |what: String| Error::Other(format!("the certificates in '{}' cannot be used: {what}", file.display()));
    let bytes = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        store.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if store.is_empty() { Err(wrong("there is no certificate in it".to_owned())) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_without_certificates_that_make_sense_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bundle");
        assert!(read_bundle(&file).unwrap_err().to_string().contains("cannot be used"));
        for (bytes, why) in [
            ("", "there is no certificate in it"),
            ("-----BEGIN CERTIFICATE-----\n", "cannot be used"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used"),
        ] {
            std::fs::write(&file, bytes).unwrap();
            let error = read_bundle(&file).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains("bundle"), "{error}");
        }
    }
}
