use super::super::fake::{Conditions, Fake};
use super::*;

fn content() -> Bytes {
    Bytes::from_static(b"x")
}

async fn put<S: ObjectStore>(store: &S, name: &str, expect: &Expect) -> Result<ETag, Error> {
    store.put(name, content(), &Metadata::default(), expect).await.map(|written| written.etag)
}

fn deletion(name: &str, etag: &ETag) -> Deletion {
    Deletion { name: name.into(), etag: etag.clone() }
}

/// Stores whose servers keep nothing, and one that is guarded needlessly.
fn guarded() -> [Guarded<Fake>; 3] {
    [
        Guarded::new(Fake::with(Conditions::Ignored), Capabilities::default()),
        Guarded::new(Fake::with(Conditions::Refused), Capabilities::default()),
        Guarded::new(Fake::default(), Capabilities::default()),
    ]
}

#[tokio::test]
async fn a_put_that_expects_something_else_changes_nothing() {
    for store in guarded() {
        let first = put(&store, "a", &Expect::Absent).await.unwrap();
        assert!(matches!(put(&store, "a", &Expect::Absent).await, Err(Error::Precondition)));
        assert!(matches!(put(&store, "b", &Expect::ETag(first.clone())).await, Err(Error::Precondition)));
        let second = put(&store, "a", &Expect::ETag(first.clone())).await.unwrap();
        assert!(matches!(put(&store, "a", &Expect::ETag(first)).await, Err(Error::Precondition)));
        assert_eq!(store.head("a").await.unwrap().etag, second);
    }
}

#[tokio::test]
async fn a_copy_that_expects_something_else_changes_nothing() {
    for store in guarded() {
        let a = put(&store, "a", &Expect::Absent).await.unwrap();
        let b = put(&store, "b", &Expect::Absent).await.unwrap();
        assert!(matches!(store.copy(("a", &a), "b", None, &Expect::Absent).await, Err(Error::Precondition)));
        assert!(matches!(store.copy(("a", &a), "b", None, &Expect::ETag(a.clone())).await, Err(Error::Precondition)));
        assert!(matches!(store.copy(("a", &b), "c", None, &Expect::Absent).await, Err(Error::Precondition)));
        assert_eq!(store.head("b").await.unwrap().etag, b);
        store.copy(("a", &a), "b", None, &Expect::ETag(b)).await.unwrap();
        store.copy(("a", &a), "c", None, &Expect::Absent).await.unwrap();
    }
}

#[tokio::test]
async fn an_upload_that_expects_something_else_changes_nothing() {
    for store in guarded() {
        let a = put(&store, "a", &Expect::Absent).await.unwrap();
        let upload = store.begin_upload("a", &Metadata::default()).await.unwrap();
        let parts = [store.upload_part("a", &upload, 1, content()).await.unwrap()];
        let complete = async |expect: Expect| store.complete_upload("a", &upload, (&parts, None), &expect).await;
        assert!(matches!(complete(Expect::Absent).await, Err(Error::Precondition)));
        assert!(matches!(complete(Expect::ETag(ETag::new("x"))).await, Err(Error::Precondition)));
        assert_eq!(store.head("a").await.unwrap().etag, a);
        complete(Expect::ETag(a)).await.unwrap();
    }
}

#[tokio::test]
async fn deletes_take_only_the_versions_named() {
    for store in guarded() {
        let etag = put(&store, "a", &Expect::Absent).await.unwrap();
        let other = put(&store, "b", &Expect::Absent).await.unwrap();
        let gone = deletion("gone", &etag);
        let results = store.delete(&[gone, deletion("b", &etag), deletion("a", &etag)]).await;
        assert!(matches!(results[..], [Ok(()), Err(Error::Precondition), Ok(())]), "{results:?}");
        assert_eq!(store.store().names(), ["b"]);
        assert_eq!(store.head("b").await.unwrap().etag, other);
    }
}

#[tokio::test]
async fn a_look_that_fails_fails_the_write() {
    let store = Guarded::new(Fake::with(Conditions::Ignored), Capabilities::default());
    let etag = put(&store, "a", &Expect::Absent).await.unwrap();
    store.store().fail_after(0);
    assert!(matches!(put(&store, "a", &Expect::ETag(etag.clone())).await, Err(Error::Network(_))));
    store.store().fail_after(0);
    let results = store.delete(&[deletion("a", &etag), deletion("a", &etag)]).await;
    assert!(matches!(results[..], [Err(Error::Network(_)), Ok(())]), "{results:?}");
}

#[tokio::test]
async fn nothing_is_added_where_the_server_keeps_all_conditions() {
    let store = Guarded::new(Fake::default(), Capabilities::ALL);
    let etag = put(&store, "a", &Expect::Absent).await.unwrap();
    let copied = store.copy(("a", &etag), "b", None, &Expect::Absent).await.unwrap().etag;
    store.delete(&[deletion("a", &etag), deletion("b", &copied)]).await;
    assert_eq!(store.store().log(), ["put if a", "copy if b", "delete if a b"]);
}

#[tokio::test]
async fn without_conditions_in_batches_each_key_is_deleted_in_its_own_request() {
    let store = Guarded::new(Fake::default(), Capabilities { delete_many: false, ..Capabilities::ALL });
    let etag = put(&store, "a", &Expect::Absent).await.unwrap();
    store.store().log();
    let results = store.delete(&[deletion("a", &etag), deletion("b", &etag)]).await;
    assert!(matches!(results[..], [Ok(()), Ok(())]));
    assert_eq!(store.store().log(), ["delete if a", "delete if b"]);
}

#[tokio::test]
async fn a_folder_that_the_server_takes_for_an_object_is_no_obstacle() {
    let store =
        Guarded::new(Fake::with(Conditions::FoldersCount), Capabilities { folder_names: false, ..Capabilities::ALL });
    for name in ["a/x", "b/x", "c/x"] {
        put(&store, name, &Expect::Absent).await.unwrap();
    }
    let a = put(&store, "a", &Expect::Absent).await.unwrap();
    store.copy(("a", &a), "b", None, &Expect::Absent).await.unwrap();
    let upload = store.begin_upload("c", &Metadata::default()).await.unwrap();
    let parts = [store.upload_part("c", &upload, 1, content()).await.unwrap()];
    store.complete_upload("c", &upload, (&parts, None), &Expect::Absent).await.unwrap();
    // What is there is still found.
    assert!(matches!(put(&store, "a", &Expect::Absent).await, Err(Error::Precondition)));
    assert_eq!(store.head("a").await.unwrap().etag, a);
}

#[test]
fn what_a_configuration_does_not_say_is_missing() {
    let read: Capabilities = serde_json::from_str(r#"{"put": true, "later": 1}"#).unwrap();
    assert_eq!(read, Capabilities { put: true, ..Capabilities::default() });
    let text = serde_json::to_string(&Capabilities::ALL).unwrap();
    assert_eq!(
        text,
        r#"{"put":true,"complete":true,"copy":true,"delete":true,"delete_many":true,"folder_names":true,"list_order":true}"#
    );
}
