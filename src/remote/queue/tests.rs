//! The queue against answers that are made up, and against moto: `S4_TEST_SQS` says where that is.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use aws_sdk_s3::types::{Event, NotificationConfiguration, QueueConfiguration};
use aws_sdk_sqs::types::QueueAttributeName;
use s4_commands::Secret;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn connection() -> Connection {
    Connection {
        region: Some("eu-west-1".into()),
        access_key_id: Some("id".into()),
        secret_access_key: Some(Secret::new("hush-hush")),
        ..Connection::default()
    }
}

fn uri() -> S3Uri {
    S3Uri::parse("s3://box/some/docs").unwrap()
}

fn event(key: &str) -> String {
    json!({"Records": [{"s3": {"bucket": {"name": "box"}, "object": {"key": key}}}]}).to_string()
}

#[test]
fn the_server_and_its_region_are_in_the_address() {
    for (url, server, region) in [
        ("https://sqs.eu-west-1.amazonaws.com/1/q", "https://sqs.eu-west-1.amazonaws.com", Some("eu-west-1")),
        ("https://sqs.cn-north-1.amazonaws.com.cn/1/q", "https://sqs.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
        (
            "https://v.sqs.us-east-1.vpce.amazonaws.com/1/q",
            "https://v.sqs.us-east-1.vpce.amazonaws.com",
            Some("us-east-1"),
        ),
        ("https://eu-west-1.queue.amazonaws.com/1/q", "https://eu-west-1.queue.amazonaws.com", Some("eu-west-1")),
        ("https://queue.amazonaws.com/1/q", "https://queue.amazonaws.com", None),
        ("https://sqs.us-east-1.api.aws/1/q", "https://sqs.us-east-1.api.aws", Some("us-east-1")),
        ("https://sqs.us-east-1.example.com/1/q", "https://sqs.us-east-1.example.com", None),
        ("http://127.0.0.1:5000/1/q", "http://127.0.0.1:5000", None),
    ] {
        assert_eq!((server_of(url), region_of(server_of(url))), (server, region), "{url}");
    }
}

#[test]
fn a_wait_is_no_standing_still() {
    let bucket = Connection { patience: Some(Duration::from_secs(1)), ..connection() };
    let queue = towards(&bucket, "http://127.0.0.1:5000");
    assert_eq!(queue.patience, Some(Duration::from_secs(1) + WAIT));
    assert_eq!((queue.region.as_deref(), queue.access_key_id.as_deref()), (Some("eu-west-1"), Some("id")));
    let queue = towards(&bucket, "https://sqs.us-east-1.amazonaws.com");
    assert_eq!(queue.region.as_deref(), Some("us-east-1"));
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_and_not_repeated() {
    for url in ["https://me:hush@host/q", "https://host/q?hush", "hush"] {
        let error = EventQueue::connect(&connection(), url, &uri()).await.unwrap_err().to_string();
        assert!(error.starts_with("the address of the event queue ") && !error.contains("hush"), "{error}");
    }
}

/// A queue on a server that gives these answers in turn, with the requests that it got.
async fn answering(answers: Vec<(u16, String)>) -> (EventQueue, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/1/q", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn(serve(listener, answers, Arc::clone(&asked)));
    (EventQueue::connect(&connection(), &url, &uri()).await.unwrap(), asked)
}

async fn serve(listener: TcpListener, answers: Vec<(u16, String)>, asked: Arc<Mutex<Vec<String>>>) {
    for (status, body) in answers {
        let (mut line, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        // Each request ends with the JSON that it asks with.
        while !request.ends_with(b"}") {
            line.read_buf(&mut request).await.unwrap();
        }
        asked.lock().unwrap().push(String::from_utf8(request).unwrap());
        let answer =
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        line.write_all(answer.as_bytes()).await.unwrap();
    }
}

fn received(bodies: &[&str]) -> (u16, String) {
    let message =
        |(id, body): (usize, &&str)| json!({"MessageId": "m", "ReceiptHandle": format!("h{id}"), "Body": body});
    (200, json!({"Messages": bodies.iter().enumerate().map(message).collect::<Vec<_>>()}).to_string())
}

fn refusal(status: u16, code: &str, message: &str) -> (u16, String) {
    (status, json!({"__type": format!("com.amazonaws.sqs#{code}"), "message": message}).to_string())
}

#[tokio::test]
async fn what_is_read_is_deleted_whatever_it_is() {
    let gone = (200, json!({"Successful": [{"Id": "0"}, {"Id": "1"}, {"Id": "2"}], "Failed": []}).to_string());
    let messages = received(&["?", &event("elsewhere"), &event("some/docs/a+b")]);
    let (queue, asked) = answering(vec![messages, gone, received(&[])]).await;
    let wake = queue.next().await.unwrap();
    assert_eq!(wake, Wake { keys: ["a b".to_owned()].into(), anything: true });
    assert!(queue.next().await.unwrap().is_empty());
    let asked = asked.lock().unwrap();
    for (request, words) in [
        (0, ["AmazonSQS.ReceiveMessage", r#""WaitTimeSeconds":20"#, r#""MaxNumberOfMessages":10"#, "/eu-west-1/sqs/"]),
        (
            1,
            [
                "AmazonSQS.DeleteMessageBatch",
                r#""ReceiptHandle":"h0""#,
                r#""ReceiptHandle":"h1""#,
                r#""ReceiptHandle":"h2""#,
            ],
        ),
    ] {
        let text = &asked[request];
        assert!(words.iter().all(|word| text.contains(word)) && !text.contains("hush"), "{text}");
    }
    // Where nothing came, nothing is deleted.
    assert_eq!(asked.len(), 3);
}

#[tokio::test]
async fn what_can_not_be_deleted_is_told_after_what_it_says() {
    let kept = json!({"Successful": [], "Failed": [{"Id": "0", "SenderFault": false, "Code": "InternalError"}]});
    for (answer, told) in [
        (refusal(403, "AccessDeniedException", "No."), "access denied: cannot delete messages of the queue 'http://"),
        ((200, kept.to_string()), "the server failed: cannot delete messages of the queue 'http://"),
    ] {
        let (queue, _) = answering(vec![received(&[&event("some/docs/a")]), answer, received(&[])]).await;
        assert_eq!(queue.next().await.unwrap().keys, ["a".to_owned()].into());
        let error = queue.next().await.unwrap_err().to_string();
        assert!(error.starts_with(told), "{error}");
        assert!(queue.next().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn refusals_are_judged_as_those_of_a_bucket() {
    for (status, code, message, told) in [
        (403, "AccessDeniedException", "No.", "access denied: cannot read the queue 'http://"),
        (400, "QueueDoesNotExist", "No.", "the queue 'http://"),
        (404, "", "", "there is no queue at 'http://"),
        (
            403,
            "InvalidClientTokenId",
            "No.",
            "the credentials were refused: the server does not know the access key id",
        ),
        (403, "SignatureDoesNotMatch", "No.", "the credentials were refused: the secret access key does not fit"),
        (403, "SignatureDoesNotMatch", "Signature expired: x", "the clock of this machine is too far off: cannot read"),
        (400, "InvalidSignatureException", "No.", "the credentials were refused: the secret access key does not fit"),
        (403, "ExpiredToken", "No.", "the credentials were refused: the session has expired"),
        (400, "InvalidAttributeName", "No.", "cannot read the queue 'http://"),
        (200, "", "", "damaged on the way: "),
    ] {
        let answer = if code.is_empty() { (status, "{".to_owned()) } else { refusal(status, code, message) };
        let (queue, _) = answering(vec![answer]).await;
        let error = queue.next().await.unwrap_err().to_string();
        assert!(error.starts_with(told) && !error.contains("bucket"), "{status} {code}: {error}");
    }
    // These are worth a second attempt.
    for code in ["RequestThrottled", "InternalError"] {
        let (queue, asked) = answering(vec![refusal(500, code, "Later."), refusal(500, code, "Later.")]).await;
        let error = queue.next().await.unwrap_err();
        assert!(
            matches!(&error, Error::Server(said) if said.contains(code) || said.contains("RequestLimit")),
            "{error}"
        );
        assert_eq!(asked.lock().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_the_network() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let queue = EventQueue::connect(&connection(), &format!("{server}/1/q"), &uri()).await.unwrap();
    let error = queue.next().await.unwrap_err();
    assert!(matches!(&error, Error::Network(said) if *said == format!("{server}: connection refused")), "{error}");
}

/// A queue on moto, and what S3 is there; `None` where there is none, which is a failure where all tests must run.
async fn on_moto() -> Option<(EventQueue, aws_sdk_s3::Client, String)> {
    let variable = |name: &str| std::env::var(name).ok();
    let Some(server) = variable("S4_TEST_SQS") else {
        assert_ne!(variable("CI").as_deref(), Some("true"), "S4_TEST_SQS is not set");
        println!("skipped: S4_TEST_SQS is not set");
        return None;
    };
    let name = format!("s4-events-{:016x}", RandomState::new().hash_one("queue"));
    let shared = s3::shared(&towards(&connection(), &server), &Arc::default()).await.unwrap();
    let sqs = Client::from_conf(Builder::from(&shared).endpoint_url(&server).build());
    let config = aws_sdk_s3::config::Builder::from(&shared).endpoint_url(&server).force_path_style(true).build();
    let url = sqs.create_queue().queue_name(&name).send().await.unwrap().queue_url.unwrap();
    let uri = S3Uri::parse(&format!("s3://{name}/some/docs")).unwrap();
    let queue = EventQueue::connect(&connection(), &url, &uri).await.unwrap();
    Some((queue, aws_sdk_s3::Client::from_conf(config), name))
}

/// Has the bucket tell the queue of its changes, as the manual says.
async fn subscribe(queue: &EventQueue, s3: &aws_sdk_s3::Client, bucket: &str) {
    let region = aws_sdk_s3::types::BucketLocationConstraint::EuWest1;
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(region).build();
    s3.create_bucket().bucket(bucket).create_bucket_configuration(place).send().await.unwrap();
    let arn = QueueAttributeName::QueueArn;
    let asked = queue.client.get_queue_attributes().queue_url(&queue.url).attribute_names(arn.clone()).send().await;
    let arn = asked.unwrap().attributes.unwrap().remove(&arn).unwrap();
    let to = QueueConfiguration::builder().queue_arn(arn).events(Event::S3ObjectCreated).events(Event::S3ObjectRemoved);
    let configuration = NotificationConfiguration::builder().queue_configurations(to.build().unwrap()).build();
    let request = s3.put_bucket_notification_configuration().bucket(bucket).notification_configuration(configuration);
    request.send().await.unwrap();
}

/// All that the queue tells until it has told of `key`.
async fn told_until(queue: &EventQueue, key: &str) -> Wake {
    let mut whole = Wake::default();
    let told = async {
        while !whole.keys.contains(key) {
            let wake = queue.next().await.unwrap();
            whole.keys.extend(wake.keys);
            whole.anything |= wake.anything;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(60), told).await.is_ok();
    assert!(in_time, "only these came: {whole:?}");
    whole
}

/// How many messages the queue holds, those that are being read included.
async fn left(queue: &EventQueue) -> Vec<String> {
    let names =
        [QueueAttributeName::ApproximateNumberOfMessages, QueueAttributeName::ApproximateNumberOfMessagesNotVisible];
    let request = queue.client.get_queue_attributes().queue_url(&queue.url).set_attribute_names(Some(names.into()));
    request.send().await.unwrap().attributes.unwrap().into_values().collect()
}

#[tokio::test]
async fn changes_in_a_bucket_wake() {
    let Some((queue, s3, bucket)) = on_moto().await else { return };
    subscribe(&queue, &s3, &bucket).await;
    for key in ["some/docs/.index", "elsewhere/a", "some/docs/my café+100%.txt"] {
        let body = aws_sdk_s3::primitives::ByteStream::from_static(b"x");
        s3.put_object().bucket(&bucket).key(key).body(body).send().await.unwrap();
    }
    s3.delete_object().bucket(&bucket).key("some/docs/.index").send().await.unwrap();
    let wake = told_until(&queue, "my café+100%.txt").await;
    let keys = [".index".to_owned(), "my café+100%.txt".to_owned()].into();
    // Nor does the trial that S3 makes of the queue count.
    assert_eq!(wake, Wake { keys, anything: false });
}

#[tokio::test]
async fn a_queue_is_emptied_by_reading() {
    let Some((queue, _, bucket)) = on_moto().await else { return };
    let of = |key: &str| event(key).replace("\"box\"", &format!("\"{bucket}\""));
    for message in
        (0..12).map(|number| of(&format!("some/docs/{number}"))).chain([of("other/x"), "?".into(), of("some/docs/end")])
    {
        queue.client.send_message().queue_url(&queue.url).message_body(message).send().await.unwrap();
    }
    assert_eq!(left(&queue).await.iter().filter(|count| *count == "15").count(), 1);
    let wake = told_until(&queue, "end").await;
    assert_eq!(wake.keys.len(), 13);
    assert!(wake.anything, "{wake:?}");
    assert_eq!(left(&queue).await, ["0", "0"]);
}

#[tokio::test]
async fn a_queue_that_does_not_exist_is_named() {
    let Some((queue, ..)) = on_moto().await else { return };
    queue.client.delete_queue().queue_url(&queue.url).send().await.unwrap();
    let error = queue.next().await.unwrap_err().to_string();
    assert_eq!(error, format!("the queue '{}' does not exist", queue.url));
}
