//! What a test can let go wrong, count, and change between requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use s4_test_server::{Fault, FaultKind, Op, Request};

use crate::{B, body, fails, failure, lab};

#[tokio::test]
async fn a_request_can_be_refused_before_it_is_applied() {
    let lab = lab();
    let put = || lab.client.put_object().bucket(B).key("some key").body(body(&"x".repeat(3 << 20))).send();
    for (kind, status, code) in [
        (FaultKind::slow_down(), 503, "SlowDown"),
        (FaultKind::internal_error(), 500, "InternalError"),
        (FaultKind::access_denied(), 403, "AccessDenied"),
        (FaultKind::conflict(), 409, "ConditionalRequestConflict"),
        (FaultKind::FailBefore { status: 418, code: "OurOwn".into() }, 418, "OurOwn"),
    ] {
        lab.server.inject(Fault::new(kind).on(Op::PutObject).key("key"));
        lab.client.head_bucket().bucket(B).send().await.unwrap();
        fails(put().await, status, code);
    }
    assert_eq!(lab.text("some key"), None);
    put().await.unwrap();
}

#[tokio::test]
async fn a_lost_reply_leaves_the_write_applied() {
    let lab = lab();
    lab.server.inject(Fault::new(FaultKind::LoseReply).on(Op::PutObject));
    assert_eq!(failure(lab.client.put_object().bucket(B).key("k").body(body("x")).send().await).0, 0);
    assert_eq!(lab.text("k").as_deref(), Some("x"));
    lab.server.inject(Fault::new(FaultKind::LoseReply).on(Op::DeleteObject));
    assert_eq!(failure(lab.client.delete_object().bucket(B).key("k").send().await).0, 0);
    assert_eq!(lab.text("k"), None);
    assert_eq!((lab.server.counts().of(Op::PutObject), lab.server.counts().of(Op::DeleteObject)), (1, 1));
}

#[tokio::test]
async fn a_dropped_request_is_not_applied() {
    let lab = lab();
    lab.server.inject(Fault::new(FaultKind::Drop).after(1).times(2));
    lab.put("before", "x").await;
    for _ in 0..2 {
        assert_eq!(failure(lab.client.put_object().bucket(B).key("k").body(body("x")).send().await).0, 0);
    }
    assert_eq!(lab.text("k"), None);
    lab.put("k", "x").await;
    lab.server.inject(Fault::new(FaultKind::Drop).times(100));
    lab.server.clear_faults();
    lab.put("k", "y").await;
}

#[tokio::test]
async fn a_body_can_break_off_after_any_byte() {
    let lab = lab();
    let content = "0123456789".repeat(100_000);
    lab.put("k", &content).await;
    for kept in [0, 1, 500_000, content.len() - 1] {
        lab.server.inject(Fault::new(FaultKind::TruncateBody(kept)).on(Op::GetObject));
        let got = lab.client.get_object().bucket(B).key("k").send().await.unwrap();
        assert_eq!(got.content_length(), Some(content.len() as i64), "the headers promise all of it");
        let mut stream = got.body;
        let mut received = 0;
        let broken = loop {
            match stream.next().await {
                Some(Ok(bytes)) => received += bytes.len(),
                Some(Err(_)) => break true,
                None => break false,
            }
        };
        assert_eq!((received, broken), (kept, true));
    }
}

#[tokio::test]
async fn a_request_can_arrive_damaged_and_its_checksum_tells() {
    let lab = lab();
    lab.put("k", "old").await;
    let put = || lab.client.put_object().bucket(B).key("k").body(body("hello"));
    for (sum, expected) in [(None, "hemlo"), (Some("M3eFcAZSQlc="), "old")] {
        lab.put("k", "old").await;
        lab.server.inject(Fault::new(FaultKind::CorruptRequest).on(Op::PutObject));
        // The SDK's own checksum would tell as well.
        let unsummed = aws_sdk_s3::config::Builder::new()
            .request_checksum_calculation(aws_sdk_s3::config::RequestChecksumCalculation::WhenRequired);
        let put = put().set_checksum_crc64_nvme(sum.map(str::to_owned)).customize().config_override(unsummed);
        match sum {
            None => drop(put.send().await.unwrap()),
            Some(_) => fails(put.send().await, 400, "BadDigest"),
        }
        assert_eq!(lab.text("k").as_deref(), Some(expected));
    }
    put().send().await.unwrap();
    assert_eq!(lab.text("k").as_deref(), Some("hello"));
}

#[tokio::test]
async fn a_body_can_arrive_damaged() {
    let lab = lab();
    lab.put("k", "hello").await;
    lab.server.inject(Fault::new(FaultKind::CorruptBody).on(Op::GetObject));
    let got = lab.client.get_object().bucket(B).key("k").send().await.unwrap();
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "hemlo");
    assert_eq!(lab.text("k").as_deref(), Some("hello"));
}

#[tokio::test]
async fn requests_can_be_slow() {
    let lab = lab();
    lab.server.inject(Fault::new(FaultKind::Delay(Duration::from_millis(120))));
    let start = Instant::now();
    lab.put("k", "x").await;
    assert!(start.elapsed() >= Duration::from_millis(120));
    lab.server.change(|behaviour| behaviour.latency = Duration::from_millis(60));
    let start = Instant::now();
    lab.put("k", "x").await;
    lab.put("k", "x").await;
    assert!(start.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn requests_and_bytes_are_counted() {
    let lab = lab();
    lab.put("k", "hello").await;
    lab.client.get_object().bucket(B).key("k").send().await.unwrap().body.collect().await.unwrap();
    lab.client.head_object().bucket(B).key("k").send().await.unwrap();
    let counts = lab.server.counts();
    assert_eq!((counts.of(Op::PutObject), counts.of(Op::GetObject), counts.of(Op::HeadObject)), (1, 1, 1));
    assert_eq!((counts.total(), counts.of(Op::ListObjectsV2), counts.bytes_out), (3, 0, 5));
    assert!(counts.bytes_in >= 5);
    lab.server.reset_counts();
    assert_eq!(lab.server.counts().total(), 0);
}

#[tokio::test]
async fn a_hook_changes_things_between_two_requests() {
    let lab = lab();
    let etag = lab.put("k", "one").await;
    let control = lab.server.control();
    lab.server.on_request(move |request| {
        if request.operation == Op::PutObject {
            control.put_foreign(B, "k", "foreign");
        }
    });
    let put = lab.client.put_object().bucket(B).key("k").body(body("two")).if_match(etag);
    fails(put.send().await, 412, "PreconditionFailed");
    assert_eq!(lab.text("k").as_deref(), Some("foreign"));
}

#[tokio::test]
async fn a_hook_sees_each_request_and_may_make_some_itself() {
    let lab = lab();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (log, client) = (Arc::clone(&seen), lab.client.clone());
    let handle = tokio::runtime::Handle::current();
    let depth = AtomicU64::new(0);
    lab.server.on_request(move |request| {
        log.lock().unwrap().push(request.clone());
        if depth.fetch_add(1, Ordering::SeqCst) == 0 {
            handle.block_on(client.head_bucket().bucket(B).send()).unwrap();
        }
    });
    lab.put("k", "x").await;
    lab.server.clear_hook();
    lab.put("k", "x").await;
    let request =
        |operation, key: Option<&str>| Request { operation, bucket: Some(B.into()), key: key.map(str::to_owned) };
    assert_eq!(*seen.lock().unwrap(), [request(Op::PutObject, Some("k")), request(Op::HeadBucket, None)]);
}

#[tokio::test]
async fn a_hook_that_panics_fails_the_request() {
    let lab = lab();
    lab.server.on_request(|_| panic!("expected by this test"));
    fails(lab.client.put_object().bucket(B).key("k").body(body("x")).send().await, 500, "InternalError");
    assert_eq!(lab.text("k"), None);
}
