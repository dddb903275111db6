//! The store against a real server: `S4_TEST_ENDPOINT`, `S4_TEST_ACCESS_KEY` and `S4_TEST_SECRET_KEY` say which.

use std::hash::{BuildHasher, RandomState};

use futures::future::join_all;

use super::*;
use crate::content::Sha256;
use crate::remote::{Body, Capabilities, Guarded, check, list_all, probe};

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
        secret_access_key: variable("S4_TEST_SECRET_KEY").map(s4_commands::Secret::new),
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

/// Names that servers and clients get wrong, all of which this test's server can hold: SeaweedFS makes `/` of `\` and
/// of `//`, which the in-process server's tests have instead.
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
        "z-z/c",
        "z/b/c",
        "z b",
        "z.b",
    ]
    .map(String::from)
    .to_vec();
    names.push(format!("{}{}", "d/".repeat(300), "n".repeat(255)));
    // 1,024 bytes with the prefix, of two bytes a letter.
    names.push(format!("{}n", "é".repeat(100) + "/" + &"ü/".repeat(265)));
    names
}

#[tokio::test]
async fn odd_names_are_written_read_copied_listed_and_deleted_as_they_are() {
    let Some(store) = fresh("a b/ü+%").await else { return };
    let mut names = odd_names();
    assert_eq!(names.iter().map(|name| store.uri.full(name).len()).max(), Some(1006));
    for name in &names {
        let etag = put(&store, name, "content").await.unwrap();
        let (info, bytes) = get(&store, name, GetOptions::default()).await.unwrap();
        assert_eq!((info.etag, bytes.as_slice()), (etag.clone(), &b"content"[..]), "{name:?}");
        let written = store.copy((name, &etag), &format!("copies/{name}"), None, &Expect::Absent).await;
        assert_eq!(written.unwrap_or_else(|error| panic!("{name:?}: {error}")).etag, etag, "{name:?}");
    }
    names.extend(names.clone().iter().map(|name| format!("copies/{name}")));
    names.sort();
    let rows = list_all(&store).await.unwrap();
    assert_eq!(rows.iter().map(|row| &*row.name).collect::<Vec<_>>(), names);
    let deletions: Vec<Deletion> = rows.iter().map(|row| deletion(&row.name, &row.etag)).collect();
    for (row, result) in rows.iter().zip(store.delete(&deletions).await) {
        assert!(result.is_ok(), "{:?}: {result:?}", row.name);
    }
    assert!(list_all(&store).await.unwrap().is_empty());
}

#[tokio::test]
async fn pages_of_any_size_make_the_same_listing() {
    let Some(store) = fresh("p").await else { return };
    let mut names = odd_names();
    names.truncate(40);
    for name in &names {
        put(&store, name, "").await.unwrap();
    }
    names.sort();
    for limit in [1, 2, 3, 7, 39, 40, 41] {
        let (mut listed, mut start) = (Vec::new(), None);
        loop {
            let page = store.list(start.as_ref(), limit).await.unwrap();
            assert!(page.objects.len() <= limit.into());
            listed.extend(page.objects.into_iter().map(|row| row.name.to_string()));
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        listed.sort();
        assert_eq!(listed, names, "pages of {limit}");
    }
}

#[tokio::test]
async fn objects_beside_the_prefix_and_its_marker_are_not_listed() {
    let Some(store) = fresh("p").await else { return };
    let bucket = S3Store { uri: S3Uri::parse(&format!("s3://{}", store.uri.bucket())).unwrap(), ..store.clone() };
    for name in ["p/", "p/x", "pp/x", "q"] {
        put(&bucket, name, "").await.unwrap();
    }
    assert_eq!(names(&store).await, ["x"]);
    assert_eq!(names(&bucket).await, ["p/", "p/x", "pp/x", "q"]);
    assert!(store.list(Some(&Cursor::After("x".into())), 10).await.unwrap().objects.is_empty());
}

#[tokio::test]
async fn metadata_and_type_come_back_and_travel_with_a_copy() {
    let Some(store) = fresh("").await else { return };
    let metadata = Metadata {
        mtime_ns: Some(-1_500_000_001),
        mode: Some(0o640),
        sha256: Some(Sha256([7; 32])),
        content_type: Some("text/x-odd".into()),
    };
    let written = store.put("a", Bytes::from_static(b"abc"), &metadata, &Expect::Absent).await.unwrap();
    store.copy(("a", &written.etag), "b", None, &Expect::Absent).await.unwrap();
    let upload = store.begin_upload("c", &metadata).await.unwrap();
    let part = store.upload_part("c", &upload, 1, Bytes::from_static(b"abc")).await.unwrap();
    store.complete_upload("c", &upload, (&[part], None), &Expect::Absent).await.unwrap();
    for name in ["a", "b", "c"] {
        let head = store.head(name).await.unwrap();
        assert_eq!((head.size, &head.metadata), (3, &metadata), "{name}");
        assert_eq!(get(&store, name, GetOptions::default()).await.unwrap(), (head.clone(), b"abc".to_vec()));
        let rows = list_all(&store).await.unwrap();
        let row = rows.iter().find(|row| &*row.name == name).unwrap();
        assert_eq!((row.size, &row.etag, row.last_modified), (3, &head.etag, head.last_modified), "{name}");
    }
}

#[tokio::test]
async fn ranges_come_with_the_size_of_the_whole() {
    let Some(store) = fresh("").await else { return };
    let etag = put(&store, "a", "0123456789").await.unwrap();
    let range =
        async |range: (u64, u64)| get(&store, "a", GetOptions { range: Some(range), ..GetOptions::default() }).await;
    for (asked, bytes) in [((0, 10), "0123456789"), ((0, 1), "0"), ((3, 4), "3456"), ((8, 100), "89")] {
        let (info, found) = range(asked).await.unwrap();
        assert_eq!((info.size, info.etag, found.as_slice()), (10, etag.clone(), bytes.as_bytes()), "{asked:?}");
    }
    assert!(matches!(range((10, 1)).await, Err(Error::Precondition)));
    assert!(matches!(range((0, 0)).await, Err(Error::Other(_))));
}

#[tokio::test]
async fn reads_keep_their_conditions() {
    let Some(store) = fresh("").await else { return };
    let etag = put(&store, "a", "x").await.unwrap();
    let known = GetOptions { if_none_match: Some(etag.clone()), ..GetOptions::default() };
    assert!(matches!(store.get("a", known).await, Ok(Got::NotModified)));
    let changed = GetOptions { if_none_match: Some(other()), ..GetOptions::default() };
    assert_eq!(get(&store, "a", changed).await.unwrap().1, b"x");
    let wrong = GetOptions { if_match: Some(other()), ..GetOptions::default() };
    assert!(matches!(get(&store, "a", wrong).await, Err(Error::Precondition)));
    let right = GetOptions { if_match: Some(etag), ..GetOptions::default() };
    assert_eq!(get(&store, "a", right).await.unwrap().1, b"x");
    assert!(matches!(get(&store, "b", GetOptions::default()).await, Err(Error::NotFound)));
    assert!(matches!(store.head("b").await, Err(Error::NotFound)));
}

#[tokio::test]
async fn writes_that_expect_something_else_change_nothing() {
    let Some(store) = fresh("").await else { return };
    let first = put(&store, "a", "1").await.unwrap();
    assert!(matches!(put(&store, "a", "2").await, Err(Error::Precondition)));
    assert!(matches!(replace(&store, "a", "2", &other()).await, Err(Error::Precondition)));
    assert!(matches!(replace(&store, "gone", "2", &first).await, Err(Error::Precondition)));
    assert_eq!(store.head("a").await.unwrap().etag, first);
    let second = replace(&store, "a", "2", &first).await.unwrap();
    assert_ne!(first, second);

    let b = put(&store, "b", "b").await.unwrap();
    for (source, etag, name, expect) in [
        ("a", &second, "b", Expect::Absent),
        ("a", &second, "b", Expect::ETag(other())),
        ("a", &second, "gone", Expect::ETag(other())),
        ("a", &first, "c", Expect::Absent),
        ("gone", &first, "c", Expect::Absent),
    ] {
        let copied = store.copy((source, etag), name, None, &expect).await;
        assert!(matches!(copied, Err(Error::Precondition)), "{source} {etag} {name} {expect:?}: {copied:?}");
    }
    assert_eq!(names(&store).await, ["a", "b"]);
    assert_eq!(store.copy(("a", &second), "b", None, &Expect::ETag(b)).await.unwrap().etag, second);
}

#[tokio::test]
async fn of_writes_at_the_same_time_exactly_one_wins() {
    let Some(store) = fresh("").await else { return };
    let bodies = ["0", "1", "2", "3", "4", "5", "6", "7"];
    let won = |results: Vec<Result<ETag, Error>>| {
        let lost = |result: &Result<ETag, Error>| matches!(result, Err(Error::Precondition | Error::Conflict));
        assert_eq!(results.iter().filter(|result| lost(result)).count(), bodies.len() - 1, "{results:?}");
        results.into_iter().find_map(Result::ok).unwrap()
    };
    let first = won(join_all(bodies.iter().map(|body| put(&store, "a", body))).await);
    assert_eq!(store.head("a").await.unwrap().etag, first);
    // Other contents: equal ones have equal ETags, and then all of them may win.
    let bodies = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let second = won(join_all(bodies.iter().map(|body| replace(&store, "a", body, &first))).await);
    assert_eq!(store.head("a").await.unwrap().etag, second);
}

#[tokio::test]
async fn uploads_in_parts_keep_their_conditions_and_can_be_given_up() {
    let Some(store) = fresh("").await else { return };
    let (one, two) = (Bytes::from(vec![1; 5 << 20]), Bytes::from_static(b"end"));
    let upload = store.begin_upload("a", &Metadata::default()).await.unwrap();
    let second = store.upload_part("a", &upload, 2, two.clone()).await.unwrap();
    let parts = [store.upload_part("a", &upload, 1, one.clone()).await.unwrap(), second];
    let etag = put(&store, "a", "x").await.unwrap();
    let sum = Some(Checksum::crc64(&[&one[..], &two].concat()));
    let complete = async |expect: Expect| store.complete_upload("a", &upload, (&parts, sum), &expect).await;
    assert!(matches!(complete(Expect::Absent).await, Err(Error::Precondition)));
    assert!(matches!(complete(Expect::ETag(other())).await, Err(Error::Precondition)));
    let written = complete(Expect::ETag(etag)).await.unwrap();
    let (info, bytes) = get(&store, "a", GetOptions::default()).await.unwrap();
    assert_eq!((info.etag, bytes), (written.etag, [one, two.clone()].concat()));

    let upload = store.begin_upload("b", &Metadata::default()).await.unwrap();
    store.upload_part("b", &upload, 1, two.clone()).await.unwrap();
    store.abort_upload("b", &upload).await.unwrap();
    store.abort_upload("b", &upload).await.unwrap();
    assert!(matches!(store.upload_part("b", &upload, 1, two).await, Err(Error::Conflict)));
    assert_eq!(names(&store).await, ["a"]);
}

#[tokio::test]
async fn deletes_take_only_the_versions_named_and_gone_keys_count_as_deleted() {
    let Some(store) = fresh("p").await else { return };
    for batch in [true, false] {
        let (a, b, odd) = (
            put(&store, "a", "1").await.unwrap(),
            put(&store, "b", "2").await.unwrap(),
            put(&store, "c\u{1}", "3").await.unwrap(),
        );
        let wanted = [deletion("a", &other()), deletion("gone", &a), deletion("b", &b), deletion("c\u{1}", &odd)];
        let mut results = Vec::new();
        for some in wanted.chunks(if batch { 4 } else { 1 }) {
            results.extend(store.delete(some).await);
        }
        assert!(matches!(results[..], [Err(Error::Precondition), Ok(()), Ok(()), Ok(())]), "{results:?}");
        assert_eq!(names(&store).await, ["a"]);
        assert!(store.delete(&[deletion("a", &a)]).await[0].is_ok());
    }
    assert!(store.delete(&[]).await.is_empty());
}

#[tokio::test]
async fn the_probe_finds_what_the_server_keeps_and_clears_up() {
    let Some(store) = fresh("p").await else { return };
    let found = probe(&store).await.unwrap();
    // SeaweedFS keeps all conditions, takes folders for objects, and lists as one walks through folders.
    assert_eq!(found, Capabilities { folder_names: false, list_order: false, ..Capabilities::ALL });
    assert!(list_all(&store).await.unwrap().is_empty());
    let uploads = store.client.list_multipart_uploads().bucket(store.uri.bucket()).send().await.unwrap();
    assert!(uploads.uploads().is_empty());
}

#[tokio::test]
async fn a_file_can_take_the_place_of_a_folder_and_the_reverse() {
    let Some(store) = fresh("p").await else { return };
    let guarded = Guarded::new(store.clone(), Capabilities { folder_names: false, ..Capabilities::ALL });
    let below = put(&store, "a/b", "x").await.unwrap();
    assert!(store.delete(&[deletion("a/b", &below)]).await[0].is_ok());
    let body = Bytes::from_static(b"file");
    let file = guarded.put("a", body, &Metadata::default(), &Expect::Absent).await.unwrap();
    assert!(store.delete(&[deletion("a", &file.etag)]).await[0].is_ok());
    put(&store, "a/b", "x").await.unwrap();
    assert_eq!(names(&store).await, ["a/b"]);
}

#[tokio::test]
async fn requests_are_counted_by_class() {
    let Some(store) = fresh("p").await else { return };
    let before = store.counts();
    let etag = put(&store, "a", "abc").await.unwrap();
    store.copy(("a", &etag), "b", None, &Expect::Absent).await.unwrap();
    get(&store, "a", GetOptions::default()).await.unwrap();
    store.head("a").await.unwrap();
    list_all(&store.clone()).await.unwrap();
    store.delete(&[deletion("a", &etag), deletion("b", &etag)]).await;
    let counted =
        CountsSnapshot { list: 1, get: 1, head: 1, put: 1, copy: 1, delete: 1, bytes_up: 3, bytes_down: 3, ..before };
    assert_eq!(store.counts(), counted);
}

#[tokio::test]
async fn the_first_contact_tells_what_is_wrong() {
    let Some(store) = fresh("p").await else { return };
    let right = test_server().unwrap();
    let tried = async |connection: Connection, uri: &str| {
        let uri = S3Uri::parse(uri).unwrap();
        check(&S3Store::with_attempts(&connection, &uri, 1).await.unwrap()).await
    };
    let uri = store.uri.to_string();
    tried(right.clone(), &uri).await.unwrap();
    let missing = tried(right.clone(), "s3://s4-no-such-bucket/p").await;
    assert!(matches!(missing, Err(Error::NoSuchBucket { bucket }) if bucket == "s4-no-such-bucket"));
    for wrong in [
        Connection { secret_access_key: Some(s4_commands::Secret::new("hush")), ..right.clone() },
        Connection { access_key_id: Some("nobody".into()), ..right.clone() },
    ] {
        let error = tried(wrong, &uri).await.unwrap_err();
        assert!(matches!(&error, Error::Credentials(text) if !text.contains("hush")), "{error}");
    }
}
