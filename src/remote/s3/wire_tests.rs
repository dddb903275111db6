//! What goes over the wire, and what is made of answers that a healthy server does not give.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::remote::{Body, check};

/// A server that gives the same answer to every request, and notes what it was asked.
struct Canned {
    store: S3Store,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    async fn answering(answer: impl Into<String>) -> Canned {
        Canned::with_attempts(answer, 1).await
    }

    async fn with_attempts(answer: impl Into<String>, attempts: u32) -> Canned {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connection = connection(&format!("http://{}", listener.local_addr().unwrap()));
        let heads = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, answer.into(), Arc::clone(&heads)));
        Canned { store: S3Store::with_attempts(&connection, &uri(), attempts).await.unwrap(), heads }
    }

    /// The last request's line and headers, in lower case.
    fn head(&self) -> String {
        self.heads.lock().unwrap().last().unwrap().to_lowercase()
    }
}

/// Answers each connection's first request, then closes it.
async fn serve(listener: TcpListener, answer: String, heads: Arc<Mutex<Vec<String>>>) {
    while let Ok((mut connection, _)) = listener.accept().await {
        let mut request = Vec::new();
        let end = loop {
            connection.read_buf(&mut request).await.unwrap();
            if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
        };
        let head = String::from_utf8_lossy(&request[..end]).into_owned();
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        while request.len() < end + 4 + length.unwrap_or(0) {
            connection.read_buf(&mut request).await.unwrap();
        }
        heads.lock().unwrap().push(head);
        connection.write_all(answer.as_bytes()).await.unwrap();
    }
}

fn uri() -> S3Uri {
    S3Uri::parse("s3://bucket/p").unwrap()
}

fn connection(endpoint: &str) -> Connection {
    Connection {
        endpoint_url: Some(endpoint.into()),
        access_key_id: Some("id".into()),
        secret_access_key: Some(s4_commands::Secret::new("hush-hush")),
        ..Connection::default()
    }
}

/// An answer with an error's XML in it.
fn refusal(status: &str, code: &str, rest: &str) -> String {
    answer(status, "", &format!("<Error><Code>{code}</Code><Message>So it is.</Message>{rest}</Error>"))
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

const OBJECT: &str = "etag: \"v1\"\r\nlast-modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n";

async fn put(store: &S3Store, expect: &Expect) -> Result<Written, Error> {
    store.put("a", Bytes::from_static(b"x"), &Metadata::default(), expect).await
}

#[tokio::test]
async fn the_right_region_is_named_wherever_the_server_says_it() {
    for wrong in [
        answer("301 Moved Permanently", "x-amz-bucket-region: eu-west-1\r\n", ""),
        refusal("400 Bad Request", "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
        answer(
            "301 Moved Permanently",
            "x-amz-bucket-region: eu-west-1\r\n",
            "<Error><Code>PermanentRedirect</Code></Error>",
        ),
    ] {
        let error = check(&Canned::answering(wrong).await.store).await.unwrap_err();
        assert!(matches!(&error, Error::WrongRegion(region) if region == "eu-west-1"), "{error}");
    }
}

#[tokio::test]
async fn refusals_become_what_can_be_done_about_them() {
    for (status, code, variant) in [
        ("409 Conflict", "ConditionalRequestConflict", "Conflict"),
        ("412 Precondition Failed", "PreconditionFailed", "Precondition"),
        ("404 Not Found", "NoSuchKey", "Precondition"),
        ("404 Not Found", "NoSuchBucket", "NoSuchBucket"),
        ("403 Forbidden", "RequestTimeTooSkewed", "Clock"),
        ("501 Not Implemented", "NotImplemented", "NotImplemented"),
        ("503 Slow Down", "SlowDown", "Server"),
        ("403 Forbidden", "AccessDenied", "Denied"),
    ] {
        let canned = Canned::answering(refusal(status, code, "")).await;
        let error = put(&canned.store, &Expect::ETag(ETag::new("v0"))).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(variant), "{code}: {error:?}");
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}

#[tokio::test]
async fn an_error_inside_a_good_answer_is_an_error() {
    let canned = Canned::answering(refusal("200 OK", "InternalError", "")).await;
    let (etag, expect) = (ETag::new("v1"), Expect::Absent);
    let completed = canned.store.complete_upload("a", "1", (std::slice::from_ref(&etag), None), &expect).await;
    assert!(matches!(completed, Err(Error::Server(_))), "{completed:?}");
    let copied = canned.store.copy(("a", &etag), "b", None, &expect).await;
    assert!(matches!(copied, Err(Error::Server(_))), "{copied:?}");
}

#[tokio::test]
async fn answers_that_make_no_sense_are_damaged() {
    for odd in [
        answer("200 OK", "", "<html>"),
        answer("200 OK", "", "<ListBucketResult><Contents><Key>p/a</Key></Contents></ListBucketResult>"),
        answer("200 OK", "", "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"),
    ] {
        let error = check(&Canned::answering(odd.clone()).await.store).await.unwrap_err();
        assert!(matches!(error, Error::Damaged(_)), "{odd}: {error:?}");
    }
    let error = Canned::answering(answer("200 OK", "", "")).await.store.head("a").await.unwrap_err();
    assert!(matches!(error, Error::Damaged(_)), "{error:?}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_and_no_early_end() {
    let broken = format!("HTTP/1.1 200 OK\r\n{OBJECT}content-length: 10\r\nconnection: close\r\n\r\nabc");
    let canned = Canned::answering(broken).await;
    let Got::Object(info, mut body) = canned.store.get("a", GetOptions::default()).await.unwrap() else { panic!() };
    assert_eq!((info.size, info.last_modified), (10, 1_704_067_200));
    let end = loop {
        match body.chunk().await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert!(matches!(end, Err(Error::Network(_))), "{end:?}");
}

#[tokio::test]
async fn another_part_than_was_asked_for_is_damaged() {
    let options = || GetOptions { range: Some((5, 2)), ..GetOptions::default() };
    for headers in ["", "content-range: bytes 0-1/10\r\n", "content-range: bytes 5-6/*\r\n"] {
        let canned = Canned::answering(answer("206 Partial Content", &format!("{OBJECT}{headers}"), "xx")).await;
        assert!(matches!(canned.store.get("a", options()).await, Err(Error::Damaged(_))), "{headers}");
        assert!(canned.head().contains("range: bytes=5-6"), "{}", canned.head());
    }
}

#[tokio::test]
async fn servers_that_cannot_be_reached_are_named_with_the_plain_cause() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (endpoint, cause) in [
        (format!("http://{closed}"), "connection refused"),
        ("http://s4-no-such-host.invalid".to_owned(), "no server of that name"),
    ] {
        let store = S3Store::with_attempts(&connection(&endpoint), &uri(), 1).await.unwrap();
        let error = check(&store).await.unwrap_err();
        assert!(matches!(error, Error::Network(_)), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&endpoint) && text.contains(cause) && !text.contains("hush"), "{text}");
    }
}

#[tokio::test]
async fn a_connection_that_is_closed_without_an_answer_is_a_network_error() {
    let error = check(&Canned::answering("").await.store).await.unwrap_err();
    assert!(matches!(error, Error::Network(_)), "{error:?}");
}

#[tokio::test]
async fn what_fails_for_the_moment_is_sent_again_and_counted() {
    let canned = Canned::with_attempts(refusal("503 Slow Down", "SlowDown", ""), 2).await;
    assert!(matches!(check(&canned.store).await, Err(Error::Server(_))));
    let counts = canned.store.counts();
    assert_eq!((counts.list, counts.requests(), counts.retries), (1, 1, 1));
}

#[tokio::test]
async fn conditions_and_names_go_out_as_servers_want_them() {
    let canned = Canned::answering(answer("200 OK", OBJECT, "")).await;
    put(&canned.store, &Expect::Absent).await.unwrap();
    let head = canned.head();
    assert!(head.starts_with("put /bucket/p/a?x-id=putobject ") && head.contains("\r\nif-none-match: *"), "{head}");
    // The body is signed, and its checksum is a header like any other: nothing is in chunks, or behind the body.
    assert!(head.contains("x-amz-content-sha256: 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"));
    assert!(
        head.contains("\r\nx-amz-checksum-crc64nvme: lb1namru5le=") && head.matches("checksum").count() == 2,
        "{head}"
    );
    assert!(!head.contains("aws-chunked") && !head.contains("trailer"), "{head}");
    put(&canned.store, &Expect::ETag(ETag::new("v0"))).await.unwrap();
    assert!(canned.head().contains("\r\nif-match: \"v0\""), "{}", canned.head());

    let _ = canned.store.copy(("a b+%//ü\u{1}", &ETag::new("v1")), "b", None, &Expect::Absent).await;
    let head = canned.head();
    assert!(head.contains("x-amz-copy-source: bucket/p/a%20b%2b%25//%c3%bc%01\r\n"), "{head}");
    assert!(head.contains("x-amz-copy-source-if-match: \"v1\"") && head.contains("\r\nif-none-match: *"), "{head}");

    let _ = canned.store.list(Some(&Cursor::After("a b+".into())), 7).await;
    let head = canned.head();
    for part in ["max-keys=7", "encoding-type=url", "prefix=p%2f", "start-after=p%2fa%20b%2b"] {
        assert!(head.contains(part), "{part}: {head}");
    }
    let etag = ETag::new("v1");
    let deletion = |name: &str| Deletion { name: name.into(), etag: etag.clone() };
    canned.store.delete(&[deletion("a"), deletion("b")]).await;
    assert!(canned.head().contains("\r\ncontent-md5: "), "{}", canned.head());
}

#[tokio::test]
async fn big_bodies_are_only_unsigned_where_nobody_can_change_them() {
    for (alone, bytes, unsigned) in
        [(true, UNSIGNED_FROM, true), (true, UNSIGNED_FROM - 1, false), (false, UNSIGNED_FROM, false)]
    {
        let canned = Canned::answering(answer("200 OK", OBJECT, "")).await;
        let body = Bytes::from(vec![0; bytes]);
        // Set anew for each, since the store sees that the line of this test is safe.
        canned.store.settings.alone.store(alone, Ordering::Relaxed);
        canned.store.put("a", body.clone(), &Metadata::default(), &Expect::Absent).await.unwrap();
        assert_eq!(canned.head().contains("x-amz-content-sha256: unsigned-payload"), unsigned, "{}", canned.head());
        canned.store.settings.alone.store(alone, Ordering::Relaxed);
        canned.store.upload_part("a", "1", 1, body).await.unwrap();
        assert_eq!(canned.head().contains("x-amz-content-sha256: unsigned-payload"), unsigned, "{}", canned.head());
    }
}

#[tokio::test]
async fn without_checksums_every_body_is_signed() {
    let canned = Canned::answering(answer("200 OK", OBJECT, "")).await;
    canned.store.settings.learnt.takes_sums.store(false, Ordering::Relaxed);
    let body = Bytes::from(vec![0; UNSIGNED_FROM]);
    for write in 0..4 {
        canned.store.settings.alone.store(true, Ordering::Relaxed);
        match write {
            0 => drop(canned.store.put("a", body.clone(), &Metadata::default(), &Expect::Absent).await.unwrap()),
            1 => drop(canned.store.upload_part("a", "1", 1, body.clone()).await.unwrap()),
            2 => drop(canned.store.begin_upload("a", &Metadata::default()).await),
            _ => drop(canned.store.get("a", GetOptions::default()).await),
        }
        let head = canned.head();
        assert!(!head.contains("unsigned-payload") && !head.contains("checksum"), "{head}");
    }
}

#[tokio::test]
async fn a_whole_read_asks_for_the_checksum_and_a_part_does_not() {
    let canned =
        Canned::answering(answer("200 OK", &format!("{OBJECT}x-amz-checksum-crc64nvme: M3eFcAZSQlc=\r\n"), "hello"));
    let canned = canned.await;
    let Got::Object(_, body) = canned.store.get("a", GetOptions::default()).await.unwrap() else { panic!() };
    assert!(body.is_compared() && canned.head().contains("\r\nx-amz-checksum-mode: enabled"), "{}", canned.head());
    let _ = canned.store.get("a", GetOptions { range: Some((0, 5)), ..GetOptions::default() }).await;
    assert!(!canned.head().contains("checksum"), "{}", canned.head());
    let crc = Checksum::crc64(b"hello");
    assert_eq!(canned.store.checksum("a", &ETag::new("v1")).await.unwrap(), Some(crc));
    assert_eq!(canned.store.checksum("a", &ETag::new("v2")).await.unwrap(), None);
}

#[tokio::test]
async fn an_encrypted_line_is_recognised_by_its_first_request() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let store = S3Store::with_attempts(&connection(&format!("https://{closed}")), &uri(), 1).await.unwrap();
    assert!(!store.is_alone());
    assert!(matches!(check(&store).await, Err(Error::Network(_))));
    assert!(store.is_alone());
}

#[tokio::test]
async fn settings_go_with_every_write_and_no_secret_is_shown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Connection {
        storage_class: Some("STANDARD_IA".into()),
        sse: Some("aws:kms".into()),
        sse_kms_key_id: Some("the-key".into()),
        ..connection(&format!("http://{}", listener.local_addr().unwrap()))
    };
    let heads = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn(serve(listener, answer("200 OK", OBJECT, ""), Arc::clone(&heads)));
    let store = S3Store::with_attempts(&settings, &uri(), 1).await.unwrap();
    let canned = Canned { store, heads };
    assert!(!format!("{:?}", canned.store).contains("hush"));
    let etag = ETag::new("v1");
    for write in 0..3 {
        match write {
            0 => drop(put(&canned.store, &Expect::Absent).await),
            1 => drop(canned.store.copy(("a", &etag), "b", None, &Expect::Absent).await),
            _ => drop(canned.store.begin_upload("a", &Metadata::default()).await),
        }
        let head = canned.head();
        for header in [
            "x-amz-storage-class: standard_ia",
            "x-amz-server-side-encryption: aws:kms\r\n",
            "x-amz-server-side-encryption-aws-kms-key-id: the-key",
        ] {
            assert!(head.contains(header), "{header}: {head}");
        }
    }
}
