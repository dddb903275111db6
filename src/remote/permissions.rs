//! What the keys of a target need to be allowed, in the words of AWS.

use serde_json::{Value, json};

use super::S3Uri;

/// What each request is called in messages, and what it takes.
const BY_VERB: &[(&str, &str)] = &[
    ("list", "s3:ListBucket"),
    ("read", "s3:GetObject"),
    ("look at", "s3:GetObject"),
    ("write", "s3:PutObject"),
    ("begin the upload of", "s3:PutObject"),
    ("upload a part of", "s3:PutObject"),
    ("complete the upload of", "s3:PutObject"),
    ("copy to", "s3:PutObject and s3:GetObject"),
    ("copy a part of", "s3:PutObject and s3:GetObject"),
    ("delete", "s3:DeleteObject"),
    ("delete below", "s3:DeleteObject"),
    ("list the parts of", "s3:ListMultipartUploadParts"),
    ("list the uploads below", "s3:ListBucketMultipartUploads"),
    ("list the versions of", "s3:ListBucketVersions"),
    ("read a version of", "s3:GetObjectVersion"),
    ("bring back", "s3:PutObject and s3:GetObjectVersion"),
    ("ask for the versioning of", "s3:GetBucketVersioning"),
    ("set the versioning of", "s3:PutBucketVersioning"),
    ("read the lifecycle rules of", "s3:GetLifecycleConfiguration"),
    ("write the lifecycle rules of", "s3:PutLifecycleConfiguration"),
    ("remove the lifecycle rules of", "s3:PutLifecycleConfiguration"),
    ("read the queue", "sqs:ReceiveMessage"),
    ("delete messages of the queue", "sqs:DeleteMessage"),
];

/// The permission that a request takes.
pub(super) fn of_verb(verb: &str) -> Option<&'static str> {
    BY_VERB.iter().find(|(known, _)| *known == verb).map(|(_, permission)| *permission)
}

/// What a policy has to allow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs<'a> {
    /// The region, as far as it is known.
    pub region: Option<&'a str>,
    /// The key of KMS that encrypts the objects.
    pub kms_key: Option<&'a str>,
    /// The address of the event queue.
    pub event_queue: Option<&'a str>,
    /// Whether versions are to be seen and brought back.
    pub history: bool,
}

/// The least that a policy of IAM has to allow for a target at `uri`.
pub fn policy(uri: &S3Uri, needs: Needs<'_>) -> Value {
    let partition = match needs.region {
        Some(region) if region.starts_with("cn-") => "aws-cn",
        Some(region) if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    let bucket = format!("arn:{partition}:s3:::{}", uri.bucket());
    let below = if uri.prefix().is_empty() { "*".to_owned() } else { format!("{}/*", uri.prefix()) };
    let mut list = json!({"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket});
    if !uri.prefix().is_empty() {
        // Without "IfExists" an object that is not there would be answered with 403, which proves nothing.
        list["Condition"] = json!({"StringLikeIfExists": {"s3:prefix": below}});
    }
    let mut statements = vec![
        list,
        json!({"Sid": "Uploads", "Effect": "Allow", "Action": "s3:ListBucketMultipartUploads", "Resource": bucket}),
        json!({
            "Sid": "Objects",
            "Effect": "Allow",
            "Action": [
                "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"
            ],
            "Resource": format!("{bucket}/{below}"),
        }),
    ];
    if needs.history {
        let actions = ["s3:ListBucketVersions", "s3:GetBucketVersioning"];
        statements.push(json!({"Sid": "History", "Effect": "Allow", "Action": actions, "Resource": bucket}));
        let (versions, below) = ("s3:GetObjectVersion", format!("{bucket}/{below}"));
        statements.push(json!({"Sid": "Versions", "Effect": "Allow", "Action": versions, "Resource": below}));
    }
    if let Some(key) = needs.kms_key.filter(|key| key.starts_with("arn:")) {
        let actions = ["kms:GenerateDataKey", "kms:Decrypt"];
        statements.push(json!({"Sid": "Key", "Effect": "Allow", "Action": actions, "Resource": key}));
    }
    if let Some(queue) = needs.event_queue.and_then(|url| queue_arn(url, partition)) {
        let actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage"];
        statements.push(json!({"Sid": "Events", "Effect": "Allow", "Action": actions, "Resource": queue}));
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// The name of a queue at AWS: `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`.
fn queue_arn(url: &str, partition: &str) -> Option<String> {
    let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
    let region = host.strip_prefix("sqs.")?.split('.').next()?;
    let (account, name) = path.split_once('/')?;
    host.contains("amazonaws.com").then(|| format!("arn:{partition}:sqs:{region}:{account}:{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_says_what_it_takes() {
        let sources = [
            include_str!("s3/read.rs"),
            include_str!("s3/write.rs"),
            include_str!("s3/list.rs"),
            include_str!("s3/delete.rs"),
            include_str!("s3/uploads.rs"),
            include_str!("s3/versions.rs"),
            include_str!("s3/lifecycle.rs"),
            include_str!("queue.rs"),
        ];
        let mut verbs = 0;
        for source in sources {
            for call in source.split(".failed(\"").skip(1) {
                let verb = call.split('"').next().unwrap();
                assert!(of_verb(verb).is_some(), "nothing says what it takes to {verb}");
                verbs += 1;
            }
        }
        assert!(verbs > 10, "{verbs}");
    }

    #[test]
    fn a_policy_is_about_the_targets_place_alone() {
        let uri = S3Uri::parse("s3://box/a/b").unwrap();
        let needs = Needs {
            region: Some("eu-west-1"),
            kms_key: Some("arn:aws:kms:eu-west-1:1:key/2"),
            event_queue: Some("https://sqs.eu-west-1.amazonaws.com/123/changes"),
            history: true,
        };
        let policy = policy(&uri, needs);
        let resources: Vec<&str> =
            policy["Statement"].as_array().unwrap().iter().map(|it| it["Resource"].as_str().unwrap()).collect();
        assert_eq!(
            resources,
            [
                "arn:aws:s3:::box",
                "arn:aws:s3:::box",
                "arn:aws:s3:::box/a/b/*",
                "arn:aws:s3:::box",
                "arn:aws:s3:::box/a/b/*",
                "arn:aws:kms:eu-west-1:1:key/2",
                "arn:aws:sqs:eu-west-1:123:changes"
            ]
        );
        assert_eq!(policy["Statement"][0]["Condition"]["StringLikeIfExists"]["s3:prefix"], "a/b/*");
    }

    #[test]
    fn a_whole_bucket_has_no_condition_and_regions_apart_are_named_as_such() {
        let uri = S3Uri::parse("s3://box").unwrap();
        let policy = policy(&uri, Needs { region: Some("cn-north-1"), ..Needs::default() });
        assert_eq!(policy["Statement"][2]["Resource"], "arn:aws-cn:s3:::box/*");
        assert!(policy["Statement"][0].get("Condition").is_none());
        assert_eq!(queue_arn("http://127.0.0.1:4100/1/q", "aws"), None);
    }
}
