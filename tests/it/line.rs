//! The way to a server: addresses, proxies, TLS, and who pays.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{Bucket, Machine, Proxy, TARGET, TestEnv, ran, tree};

/// A machine with a file, whose server has no address but for the proxies of the environment.
fn behind(env: &TestEnv, bucket: &Bucket) -> Machine {
    let machine = env.machine(bucket);
    machine.write("a", "1");
    machine.set("endpoint_url", "http://s3.example.test");
    machine
}

#[test]
fn the_proxy_of_the_environment_is_taken_unless_the_server_is_excepted() {
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (proxy, machine) = (Proxy::before(&bucket), behind(&env, &bucket));
        ran(&machine.s4(["sync", TARGET]).env(name, proxy.endpoint()).output().unwrap()).with(0);
        assert_eq!(bucket.tree(), tree(&[("a", "1")]));
        let heads = proxy.heads();
        assert!(heads.iter().all(|head| head.contains(" http://s3.example.test/bucket")), "{heads:?}");
        let mut excepted = machine.s4(["sync", TARGET]);
        excepted.env(name, proxy.endpoint()).env("NO_PROXY", "example.test").env("S4_TIMEOUT", "1");
        ran(&excepted.output().unwrap()).with(1);
        assert_eq!(proxy.heads(), [""; 0]);
    }
}

#[test]
fn addresses_name_the_bucket_where_they_are_told_to() {
    for (style, address) in [
        (None, " http://s3.example.test/bucket"),
        (Some("path"), " http://s3.example.test/bucket"),
        (Some("virtual"), " http://bucket.s3.example.test/"),
    ] {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (proxy, machine) = (Proxy::before(&bucket), behind(&env, &bucket));
        if let Some(style) = style {
            machine.run(["edit", TARGET, "--no-check", "--addressing-style", style]).with(0);
        }
        // The server knows no names of buckets: all that counts is what was asked.
        let _ = machine.s4(["sync", TARGET]).env("HTTP_PROXY", proxy.endpoint()).output().unwrap();
        let heads = proxy.heads();
        assert!(!heads.is_empty() && heads.iter().all(|head| head.contains(address)), "{style:?}: {heads:?}");
    }
}

#[test]
fn who_pays_says_so_with_each_request() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (proxy, machine) = (Proxy::before(&bucket), env.machine(&bucket));
    machine.set("endpoint_url", proxy.endpoint());
    machine.write("a", "1");
    for (choice, pays) in [("on", true), ("off", false), ("-", false)] {
        machine.run(["edit", TARGET, "--requester-pays", choice]).with(0);
        machine.sync();
        let heads = proxy.heads();
        let says =
            |head: &String| head.contains("x-amz-request-payer: requester") && head.contains("x-amz-request-payer;");
        assert!(heads.len() > 5 && heads.iter().all(|head| says(head) == pays), "{choice}: {heads:?}");
    }
}

/// TLS before the server of a bucket, with a certificate that nobody knows; returns the address and the certificate.
fn tls_before(bucket: &Bucket) -> (String, String) {
    let signed = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![signed.cert.der().clone()], key).unwrap();
    let (config, server) = (Arc::new(config), bucket.endpoint().trim_start_matches("http://").to_owned());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let (config, server) = (Arc::clone(&config), server.clone());
            // Who does not believe the certificate goes away.
            std::thread::spawn(move || pass(client, ServerConnection::new(config).unwrap(), &server));
        }
    });
    (address, signed.cert.pem())
}

/// Passes one request and its answer on.
fn pass(client: TcpStream, connection: ServerConnection, server: &str) -> io::Result<()> {
    let (mut tls, mut upstream) = (StreamOwned::new(connection, client), TcpStream::connect(server)?);
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        tls.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let text = String::from_utf8(head).unwrap();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let (line, rest) = text.split_once("\r\n").unwrap();
    write!(upstream, "{line}\r\nconnection: close\r\n{rest}")?;
    io::copy(&mut (&mut tls).take(length), &mut upstream)?;
    upstream.set_read_timeout(Some(Duration::from_secs(60)))?;
    io::copy(&mut upstream, &mut tls)?;
    tls.conn.send_close_notify();
    tls.flush()
}

#[test]
fn certificates_of_ones_own_are_believed_if_they_are_named_and_no_others() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let ((endpoint, certificate), (_, other)) = (tls_before(&bucket), tls_before(&bucket));
    machine.set("endpoint_url", endpoint);
    machine.write("a", "1");
    let file = |name: &str, content: &str| {
        let path = env.home(name).join("ca.pem");
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let (right, wrong, none) = (file("right", &certificate), file("wrong", &other), file("none", "x"));
    let refused = machine.run(["sync", TARGET]).with(1);
    assert!(refused.err.contains("certificate") && refused.err.contains("--ca-bundle"), "{}", refused.err);
    machine.run(["edit", TARGET, "--no-check", "--ca-bundle", &wrong]).with(0);
    machine.run(["sync", TARGET]).with(1);
    machine.run(["edit", TARGET, "--no-check", "--ca-bundle", &none]).with(0);
    let refused = machine.run(["sync", TARGET]).with(1);
    assert!(refused.err.contains("there is no certificate in it"), "{}", refused.err);
    machine.run(["edit", TARGET, "--ca-bundle", &right]).with(0);
    machine.sync();
    assert_eq!(bucket.tree(), tree(&[("a", "1")]));
    machine.run(["edit", TARGET, "--no-check", "--ca-bundle", "-"]).with(0);
    ran(&machine.s4(["sync", TARGET]).env("AWS_CA_BUNDLE", &right).output().unwrap()).with(0);
}
