//! The store against a real server: `S4_TEST_ENDPOINT`, `S4_TEST_ACCESS_KEY` and `S4_TEST_SECRET_KEY` say which.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use super::*;
use crate::content::Sha256;
use crate::remote::{Body, Capabilities, check, list_all, probe};

/// How to reach the test server; `None` where there is none, which is a failure where all tests must run.
fn test_server() -> Option<Connection> {
    let variable = |name: &str| std::env::var(name).ok();
    let Some(endpoint) = variable("S4_TEST_ENDPOINT") else {
        assert_ne!(variable("CI").as_deref(), Some("true"), "S4_TEST_ENDPOINT is not set");
        println!("skipped: S4_TEST_ENDPOINT is not set");
        return None;
    };
    Some(Connection {
        endpoint_url: Some(endpoint),
        access_key_id: variable("S4_TEST_ACCESS_KEY"),
        secret_access_key: variable("S4_TEST_SECRET_KEY").map(Secret::new),
        ..Connection::default()
    })
}

/// A store below `prefix` in a fresh bucket.
async fn fresh(prefix: &str) -> Option<S3Store> {
    let connection = test_server()?;
    let bucket = format!("s4-remote-{:016x}", RandomState::new().hash_one(prefix));
    let uri = S3Uri::parse(&format!("s3://{bucket}/{prefix}")).unwrap();
    let store = S3Store::connect(&connection, &uri).await.unwrap();
    store.client.create_bucket().bucket(bucket).send().await.unwrap();
    Some(store)
}

async fn put(store: &S3Store, name: &str, body: &'static str) -> Result<ETag, Error> {
    let body = Bytes::from_static(body.as_bytes());
    store.put(name, body, &Metadata::default(), &Expect::Absent).await.map(|written| written.etag)
}

async fn replace(store: &S3Store, name: &str, body: &'static str, etag: &ETag) -> Result<ETag, Error> {
    let (body, expect) = (Bytes::from_static(body.as_bytes()), Expect::ETag(etag.clone()));
    store.put(name, body, &Metadata::default(), &expect).await.map(|written| written.etag)
}

async fn get(store: &S3Store, name: &str, options: GetOptions) -> Result<(ObjectInfo, Vec<u8>), Error> {
    let Got::Object(info, mut body) = store.get(name, options).await? else { panic!("{name} has not changed") };
    let mut bytes = Vec::new();
    while let Some(chunk) = body.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok((info, bytes))
}

async fn names(store: &S3Store) -> Vec<String> {
    list_all(store).await.unwrap().into_iter().map(|row| row.name.into()).collect()
}

fn deletion(name: &str, etag: &ETag) -> Deletion {
    Deletion { name: name.into(), etag: etag.clone() }
}

fn other() -> ETag {
    ETag::new("00000000000000000000000000000000")
}

/// Names that servers and clients get wrong.
fn odd_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "plain",
        "a b",
        "a+b",
        "%41",
        "a%2Fb",
        "a?b",
        "a#b",
        "a&b=c",
        "a\\b",
        "<a>&'\"",
        "é",
        "e\u{301}",
        "日本/語",
        "\u{1f600}",
        "a\tb",
        "a\nb",
        "\u{1}\u{1f}",
        "\u{7f}",
        "\u{85}",
        " lead",
        "trail ",
        "~",
        "...",
        "a*",
        "a:b",
        "@",
        "a;b",
        "a,b",
        "a=b",
        "$(x)",
        "[a]",
        "{a}",
        "|",
        "^",
        "`",
        "!",
    ]
    .map(String::from)
    .to_vec();
    names.push("é".repeat(100) + "/" + &"x/".repeat(300));
    names.iter_mut().for_each(|name| *name = name.trim_end_matches('/').into());
    names.push(format!("{}/{}", "d/".repeat(300).trim_end_matches('/'), "n".repeat(255)));
    names
}

#[tokio::test]
async fn explore() {
    let Some(store) = fresh("p").await else { return };
    let e = put(&store, "m/1", "x").await.unwrap();
    println!("{:?}", store.delete(&[deletion("m/1", &e)]).await);
    println!("put onto empty dir {:?}", put(&store, "m", "x").await);
    let e = put(&store, "n/1", "x").await.unwrap();
    let f = put(&store, "n/2", "x").await.unwrap();
    println!("{:?}", store.delete(&[deletion("n/1", &e), deletion("n/2", &f)]).await);
    println!("put onto empty dir {:?}", put(&store, "n", "x").await);
    tokio::time::sleep(Duration::from_secs(3)).await;
    println!("put onto empty dir {:?} {:?}", put(&store, "n", "x").await, put(&store, "m", "x").await);
    let e = put(&store, "q", "x").await.unwrap();
    println!("file to folder {:?}", put(&store, "q/1", "x").await);
    println!("{:?}", store.delete(&[deletion("q", &e)]).await);
    println!("q/1 {:?}", store.head("q/1").await.is_ok());
    let e = put(&store, "r", "x").await.unwrap();
    println!("{:?}", store.delete(&[deletion("r", &e)]).await);
    println!("folder after deleted file {:?}", put(&store, "r/1", "x").await);
    for name in ["dir/", "z\u{1}x/y", "m!/1", "d e/f"] {
        put(&store, name, "x").await.unwrap();
    }
    for o in store.list(None, 1000).await.unwrap().objects {
        println!(
            "{o:?} {:?} {:?}",
            store.head(&o.name).await.map(|i| i.etag),
            store.delete(&[deletion(&o.name, &o.etag)]).await
        );
    }
}
