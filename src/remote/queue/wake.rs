//! What the messages of a queue say: events of S3 as S3 sends them itself, through SNS, or through EventBridge. Pure.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::remote::S3Uri;
use crate::remote::s3::decode;

/// How often a message may be wrapped in another one. One topic of SNS may pass on to another.
const WRAPPINGS: u8 = 3;

/// What a queue told. Only a hint: a key may be that of an object that is as it was, or gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wake {
    /// Whole names below the target's prefix that something happened to, s4's own (`.index`, `.s4/log`) among them. As the events
    /// have them, hostile ones included.
    pub keys: BTreeSet<String>,
    /// Something happened, and no key tells what.
    pub anything: bool,
}

impl Wake {
    /// Whether nothing happened that the target has to know of.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && !self.anything
    }

    /// Adds what one message says of the target at `uri`. One that makes no sense may have been of anything.
    pub(super) fn hear(&mut self, message: &str, uri: &S3Uri) {
        if self.read(message, uri, WRAPPINGS).is_none() {
            self.anything = true;
        }
    }

    /// `None` where something could not be read.
    fn read(&mut self, message: &str, uri: &S3Uri, wrappings: u8) -> Option<()> {
        let message: Value = serde_json::from_str(message).ok()?;
        // SNS
        if let Some(inner) = text(&message, "/Message") {
            return self.read(inner, uri, wrappings.checked_sub(1)?);
        }
        // With this one S3 tries whether it may write to the queue.
        if text(&message, "/Event") == Some("s3:TestEvent") {
            return Some(());
        }
        // EventBridge, which has the names as they are.
        if let Some(detail) = message.get("detail") {
            return self.note(detail, uri, |name| Some(name.to_owned()));
        }
        let records = message.get("Records")?.as_array().filter(|records| !records.is_empty())?;
        let decoded = |name: &str| decode(name).map(Into::into);
        let read = records.iter().map(|record| self.note(record.get("s3")?, uri, decoded));
        // To the end: one that makes no sense does not silence those after it.
        read.fold(Some(()), Option::and)
    }

    /// Notes the name of an event, if it is one below the prefix.
    fn note(&mut self, event: &Value, uri: &S3Uri, decode: impl Fn(&str) -> Option<String>) -> Option<()> {
        if text(event, "/bucket/name")? != uri.bucket() {
            return Some(());
        }
        let full = decode(text(event, "/object/key")?)?;
        // The prefix itself is a marker of a folder.
        let below = uri.below(&full).filter(|name| !name.is_empty());
        self.keys.extend(below.map(str::to_owned));
        Some(())
    }
}

fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path)?.as_str()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn uri() -> S3Uri {
        S3Uri::parse("s3://box/some/docs").unwrap()
    }

    fn heard(messages: &[&str]) -> Wake {
        let mut wake = Wake::default();
        for message in messages {
            wake.hear(message, &uri());
        }
        wake
    }

    fn keys(names: &[&str]) -> Wake {
        Wake { keys: names.iter().map(|&name| name.to_owned()).collect(), anything: false }
    }

    const ANYTHING: Wake = Wake { keys: BTreeSet::new(), anything: true };

    fn record(bucket: &str, key: &str) -> Value {
        json!({"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1", "eventName": "ObjectCreated:Put",
            "s3": {"s3SchemaVersion": "1.0", "configurationId": "s4", "bucket": {"name": bucket, "arn": "arn:aws:s3:::x"},
                "object": {"key": key, "size": 3, "eTag": "d4", "sequencer": "00"}}})
    }

    fn event(bucket: &str, key: &str) -> String {
        json!({"Records": [record(bucket, key)]}).to_string()
    }

    fn through_sns(message: &str) -> String {
        json!({"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-west-1:1:t",
            "Subject": "Amazon S3 Notification", "Message": message})
        .to_string()
    }

    fn through_event_bridge(bucket: &str, key: &str) -> String {
        json!({"version": "0", "detail-type": "Object Created", "source": "aws.s3", "resources": [],
            "detail": {"version": "0", "bucket": {"name": bucket}, "object": {"key": key, "size": 3}, "reason": "PutObject"}})
        .to_string()
    }

    #[test]
    fn each_way_names_the_keys_below_the_prefix() {
        let plain = event("box", "some/docs/a/b.txt");
        for message in [
            plain.clone(),
            through_sns(&plain),
            through_sns(&through_sns(&plain)),
            through_event_bridge("box", "some/docs/a/b.txt"),
            through_sns(&through_event_bridge("box", "some/docs/a/b.txt")),
        ] {
            assert_eq!(heard(&[&message]), keys(&["a/b.txt"]), "{message}");
        }
        let both =
            json!({"Records": [record("box", "some/docs/.index"), record("box", "some/docs/.s4/log")]}).to_string();
        assert_eq!(heard(&[&both, &plain, &plain]), keys(&[".index", ".s4/log", "a/b.txt"]));
    }

    #[test]
    fn names_are_decoded_where_they_are_encoded() {
        let encoded = "some/docs/my+caf%C3%A9%2B100%25%2Fb";
        assert_eq!(heard(&[&event("box", encoded)]), keys(&["my café+100%/b"]));
        assert_eq!(heard(&[&event("box", "some%2Fdocs%2Fa")]), keys(&["a"]));
        assert_eq!(heard(&[&through_event_bridge("box", "some/docs/1+1%20é")]), keys(&["1+1%20é"]));
        for bad in ["some/docs/%", "some/docs/%zz", "some/docs/%ff"] {
            assert_eq!(heard(&[&event("box", bad)]), ANYTHING, "{bad}");
            assert_eq!(heard(&[&event("other", bad)]), Wake::default(), "{bad}");
        }
    }

    #[test]
    fn what_is_elsewhere_or_only_a_trial_is_nothing() {
        let trial =
            json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "box", "HostId": "x"}).to_string();
        for message in [
            event("other", "some/docs/a"),
            event("box", "some/docsa"),
            event("box", "some/docs"),
            event("box", "some/docs/"),
            event("box", "a"),
            through_event_bridge("other", "some/docs/a"),
            through_event_bridge("box", "elsewhere/a"),
            through_sns(&trial),
            trial,
        ] {
            let wake = heard(&[&message]);
            assert!(wake.is_empty(), "{message}: {wake:?}");
        }
        assert!(!keys(&["a"]).is_empty() && !ANYTHING.is_empty());
    }

    #[test]
    fn what_makes_no_sense_may_be_anything() {
        let deep = "[".repeat(1 << 20);
        let wrapped = (0..=WRAPPINGS).fold(event("box", "some/docs/a"), |inner, _| through_sns(&inner));
        for message in [
            "",
            "hello",
            "null",
            "[]",
            "{}",
            "\u{0}",
            &deep,
            &wrapped,
            r#"{"Records": []}"#,
            r#"{"Records": {}}"#,
            r#"{"Records": [7]}"#,
            r#"{"Records": [{"s3": {"bucket": {"name": "box"}, "object": {"key": ["some/docs/a"]}}}]}"#,
            r#"{"Records": [{"s3": {"bucket": "box", "object": {"key": "some/docs/a"}}}]}"#,
            r#"{"Message": "You have chosen to subscribe to the topic"}"#,
            r#"{"Message": 7}"#,
            r#"{"Event": "s3:Other"}"#,
            r#"{"detail": {"bucket": {"name": "box"}}}"#,
            r#"{"detail": null}"#,
        ] {
            assert_eq!(heard(&[message]), ANYTHING, "{message:.80}");
        }
    }

    #[test]
    fn what_makes_no_sense_does_not_silence_the_rest() {
        let mixed = json!({"Records": [7, record("box", "some/docs/a"), {}, record("box", "some/docs/b")]}).to_string();
        assert_eq!(heard(&[&mixed]), Wake { anything: true, ..keys(&["a", "b"]) });
        assert_eq!(heard(&["?", &event("box", "some/docs/a")]), Wake { anything: true, ..keys(&["a"]) });
    }

    /// As a form encodes it, or a path, or a mixture.
    fn encoded(name: &str, spaces_as_plus: bool) -> String {
        name.bytes()
            .map(|byte| match byte {
                b' ' if spaces_as_plus => "+".to_owned(),
                byte if byte.is_ascii_alphanumeric() || byte == b'/' => char::from(byte).to_string(),
                byte => format!("%{byte:02x}"),
            })
            .collect()
    }

    proptest! {
        #[test]
        fn every_name_comes_through(name in "\\PC{1,12}", plus: bool, wrappings in 0..=WRAPPINGS) {
            let plain = event("box", &encoded(&format!("some/docs/{name}"), plus));
            let message = (0..wrappings).fold(plain, |inner, _| through_sns(&inner));
            prop_assert_eq!(heard(&[&message]), keys(&[&name]));
            prop_assert_eq!(heard(&[&through_event_bridge("box", &format!("some/docs/{name}"))]), keys(&[&name]));
        }

        /// A message that was damaged anywhere names at most what it named before, or may be anything.
        #[test]
        fn damage_is_never_fatal(at: prop::sample::Index, with in "\\PC{0,3}", cut in 0..3usize) {
            let whole: Vec<char> = through_sns(&event("box", "some/docs/a")).chars().collect();
            let at = at.index(whole.len());
            let rest = &whole[(at + cut).min(whole.len())..];
            let damaged: String = whole[..at].iter().copied().chain(with.chars()).chain(rest.iter().copied()).collect();
            let wake = heard(&[&damaged]);
            prop_assert!(wake.keys.len() <= 1 && wake.keys.iter().all(|key| !key.is_empty()));
        }

        #[test]
        fn json_of_any_shape_is_judged(
            field in "Records|Message|detail|Event|s3|bucket|object|key|name",
            inner in "Records|Message|detail|Event|s3|bucket|object|key|name",
            text in "\\PC{0,8}",
        ) {
            for value in [json!(text), json!([text]), json!({ &inner: text }), json!([{ &inner: [text] }])] {
                let wake = heard(&[&json!({ &field: value }).to_string()]);
                // None of these has a bucket and a key, so none names one.
                prop_assert!(wake.keys.is_empty() && wake.anything);
            }
        }
    }
}
