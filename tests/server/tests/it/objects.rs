//! Reading, writing, copying, deleting, and versions.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_s3::types::{
    BucketVersioningStatus, ChecksumMode, ChecksumType, Delete, MetadataDirective, ObjectIdentifier,
    ServerSideEncryption, StorageClass, VersioningConfiguration,
};
use s4_test_server::{Behaviour, Checksums, ETags, Op, Options};

use crate::{B, ODD_KEYS, body, fails, failure, lab, lab_with};

#[tokio::test]
async fn an_object_comes_back_as_it_was_put() {
    let lab = lab();
    let put = lab.client.put_object().bucket(B).key("k").body(body("hello")).content_type("text/x");
    let put = put.metadata("mtime", "1.5").metadata("mode", "644").storage_class(StorageClass::StandardIa);
    let put = put.server_side_encryption(ServerSideEncryption::Aes256).send().await.unwrap();
    assert_eq!(put.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    assert_eq!(put.version_id(), None);

    let got = lab.client.get_object().bucket(B).key("k").send().await.unwrap();
    let metadata = got.metadata().unwrap().clone();
    assert_eq!((metadata["mtime"].as_str(), metadata["mode"].as_str()), ("1.5", "644"));
    assert_eq!((got.content_type(), got.e_tag(), got.content_length()), (Some("text/x"), put.e_tag(), Some(5)));
    assert_eq!(got.storage_class(), Some(&StorageClass::StandardIa));
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "hello");

    let head = lab.client.head_object().bucket(B).key("k").send().await.unwrap();
    assert_eq!((head.content_type(), head.e_tag(), head.content_length()), (Some("text/x"), put.e_tag(), Some(5)));
    assert_eq!(head.metadata(), Some(&metadata));
    assert_eq!(head.server_side_encryption(), Some(&ServerSideEncryption::Aes256));
    let age =
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64 - head.last_modified().unwrap().secs();
    assert!((0..60).contains(&age), "{age}");
    assert_eq!(head.last_modified().unwrap().subsec_nanos(), 0);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let lab = lab();
    fails(lab.client.get_object().bucket(B).key("k").send().await, 404, "NoSuchKey");
    assert_eq!(failure(lab.client.head_object().bucket(B).key("k").send().await).0, 404);
    lab.client.delete_object().bucket(B).key("k").send().await.unwrap();
    fails(lab.client.get_object().bucket("nowhere").key("k").send().await, 404, "NoSuchBucket");
}

#[tokio::test]
async fn ranges_are_cut_to_the_object() {
    let lab = lab();
    lab.put("k", "0123456789").await;
    lab.put("empty", "").await;
    for (range, bytes, told) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let got = lab.client.get_object().bucket(B).key("k").range(range).send().await.unwrap();
        assert_eq!((got.content_range(), got.content_length()), (Some(told), Some(bytes.len() as i64)), "{range}");
        assert_eq!(got.body.collect().await.unwrap().into_bytes(), bytes, "{range}");
    }
    fails(lab.client.get_object().bucket(B).key("k").range("bytes=10-").send().await, 416, "InvalidRange");
    fails(lab.client.get_object().bucket(B).key("empty").range("bytes=0-0").send().await, 416, "InvalidRange");
    let empty = lab.client.get_object().bucket(B).key("empty").send().await.unwrap();
    assert_eq!((empty.content_length(), empty.body.collect().await.unwrap().into_bytes().len()), (Some(0), 0));
}

#[tokio::test]
async fn odd_keys_are_kept_exactly() {
    let lab = lab();
    for key in ODD_KEYS {
        lab.put(key, key).await;
        let got = lab.client.get_object().bucket(B).key(*key).send().await.unwrap();
        assert_eq!(got.body.collect().await.unwrap().into_bytes(), *key, "{key:?}");
    }
    let mut expected = ODD_KEYS.to_vec();
    expected.sort_unstable();
    assert_eq!(lab.server.objects(B).into_keys().collect::<Vec<_>>(), expected);
    for key in ODD_KEYS {
        lab.client.head_object().bucket(B).key(*key).send().await.unwrap();
        lab.client.delete_object().bucket(B).key(*key).send().await.unwrap();
    }
    assert!(lab.server.objects(B).is_empty());
}

#[tokio::test]
async fn a_wrong_checksum_is_refused() {
    let lab = lab();
    let put = lab.client.put_object().bucket(B).key("k").body(body("hello"));
    fails(put.checksum_crc64_nvme("AAAAAAAAAAA=").send().await, 400, "BadDigest");
    let put = lab.client.put_object().bucket(B).key("k").body(body("hello"));
    put.checksum_sha256("LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=").send().await.unwrap();
    assert_eq!(lab.text("k").as_deref(), Some("hello"));
    let put = |md5: &str| lab.client.put_object().bucket(B).key("m").body(body("hello")).content_md5(md5).send();
    fails(put("AAAAAAAAAAAAAAAAAAAAAA==").await, 400, "BadDigest");
    put("XUFAKrxLKna5cZ2REBfFkg==").await.unwrap();
}

#[tokio::test]
async fn a_checksum_is_told_who_writes_and_who_asks() {
    let lab = lab();
    let put = lab.client.put_object().bucket(B).key("k").body(body("hello")).send().await.unwrap();
    assert_eq!(put.checksum_crc64_nvme(), Some("M3eFcAZSQlc="));
    let get = || lab.client.get_object().bucket(B).key("k").checksum_mode(ChecksumMode::Enabled);
    let got = get().send().await.unwrap();
    assert_eq!(
        (got.checksum_crc64_nvme(), got.checksum_type()),
        (Some("M3eFcAZSQlc="), Some(&ChecksumType::FullObject))
    );
    assert_eq!(get().range("bytes=0-1").send().await.unwrap().checksum_crc64_nvme(), None);
    let head = lab.client.head_object().bucket(B).key("k").checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(head.checksum_crc64_nvme(), Some("M3eFcAZSQlc="));
    let head = lab.client.head_object().bucket(B).key("k").send().await.unwrap();
    assert_eq!(head.checksum_crc64_nvme(), None);
    lab.server.change(|behaviour| behaviour.checksums = Checksums::Ignored);
    assert_eq!(get().send().await.unwrap().checksum_crc64_nvme(), None);
    let put = lab.client.put_object().bucket(B).key("k").body(body("hello")).checksum_crc64_nvme("AAAAAAAAAAA=");
    assert_eq!(put.send().await.unwrap().checksum_crc64_nvme(), None);
    lab.server.change(|behaviour| behaviour.checksums = Checksums::Refused);
    fails(get().send().await, 400, "InvalidArgument");
    let put = lab.client.put_object().bucket(B).key("k").body(body("hello")).checksum_crc64_nvme("M3eFcAZSQlc=");
    fails(put.send().await, 400, "InvalidArgument");
}

#[tokio::test]
async fn what_is_stored_can_rot() {
    let lab = lab();
    lab.put("k", "hello").await;
    let before = lab.server.object(B, "k").unwrap();
    assert!(lab.server.rot(B, "k") && !lab.server.rot(B, "none"));
    let after = lab.server.object(B, "k").unwrap();
    assert_eq!((&after.etag, &after.crc64nvme, &after.bytes[..]), (&before.etag, &before.crc64nvme, &b"hemlo"[..]));
}

#[tokio::test]
async fn a_copy_takes_the_metadata_along_unless_told_otherwise() {
    let lab = lab();
    let put = lab.client.put_object().bucket(B).key("a+b /é").body(body("hello")).content_type("text/x");
    put.metadata("mode", "644").send().await.unwrap();
    let source = "bucket/a%2Bb%20/%C3%A9";
    let copy = lab.client.copy_object().bucket(B).copy_source(source).key("kept").send().await.unwrap();
    let kept = lab.server.object(B, "kept").unwrap();
    assert_eq!((kept.metadata["mode"].as_str(), kept.content_type.as_deref()), ("644", Some("text/x")));
    let result = copy.copy_object_result().unwrap();
    assert_eq!(result.e_tag(), Some(&*format!("\"{}\"", kept.etag)));
    assert_eq!(result.last_modified().unwrap().secs(), kept.last_modified);

    let copy = lab.client.copy_object().bucket(B).copy_source(source).key("new").metadata("mode", "600");
    copy.metadata_directive(MetadataDirective::Replace).send().await.unwrap();
    let new = lab.server.object(B, "new").unwrap();
    assert_eq!((new.metadata["mode"].as_str(), new.content_type), ("600", None));
    let onto_itself = lab.client.copy_object().bucket(B).copy_source("bucket/new").key("new");
    fails(onto_itself.send().await, 400, "InvalidRequest");
    let missing = lab.client.copy_object().bucket(B).copy_source("bucket/missing").key("x");
    fails(missing.send().await, 404, "NoSuchKey");
}

#[tokio::test]
async fn many_keys_are_deleted_at_once_odd_ones_too() {
    let lab = lab();
    let mut delete = Delete::builder();
    for key in ODD_KEYS.iter().chain(&["never there"]) {
        lab.server.put_foreign(B, key, "x");
        delete = delete.objects(ObjectIdentifier::builder().key(*key).build().unwrap());
    }
    lab.server.remove_foreign(B, "never there");
    let done = lab.client.delete_objects().bucket(B).delete(delete.build().unwrap()).send().await.unwrap();
    assert_eq!((done.deleted().len(), done.errors().len()), (ODD_KEYS.len() + 1, 0));
    assert!(lab.server.objects(B).is_empty(), "{:?}", lab.server.objects(B).keys());
    assert_eq!(lab.server.counts().of(Op::DeleteObjects), 1);
}

#[tokio::test]
async fn versions_are_kept_restored_and_removed() {
    let lab = lab();
    let first = lab.put("k", "zero").await;
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let put = lab.client.put_bucket_versioning().bucket(B).versioning_configuration(enabled);
    put.send().await.unwrap();
    let status = lab.client.get_bucket_versioning().bucket(B).send().await.unwrap();
    assert_eq!(status.status(), Some(&BucketVersioningStatus::Enabled));

    let one = lab.client.put_object().bucket(B).key("k").body(body("one")).send().await.unwrap().version_id.unwrap();
    let deleted = lab.client.delete_object().bucket(B).key("k").send().await.unwrap();
    assert_eq!(deleted.delete_marker(), Some(true));
    let marker = deleted.version_id.unwrap();
    fails(lab.client.get_object().bucket(B).key("k").send().await, 404, "NoSuchKey");
    let get = |version: &str| lab.client.get_object().bucket(B).key("k").version_id(version).send();
    assert_eq!(get(&one).await.unwrap().body.collect().await.unwrap().into_bytes(), "one");
    assert_eq!(get("null").await.unwrap().e_tag(), Some(&*first));
    fails(get("never").await, 404, "NoSuchVersion");
    fails(get(&marker).await, 405, "MethodNotAllowed");
    let new = lab.client.put_object().bucket(B).key("k").body(body("x")).if_none_match("*").send().await.unwrap();
    let new = new.version_id.unwrap();

    let restore = lab.client.copy_object().bucket(B).key("k").copy_source(format!("bucket/k?versionId={one}"));
    assert_eq!(restore.send().await.unwrap().copy_source_version_id(), Some(&*one));
    assert_eq!(lab.text("k").as_deref(), Some("one"));
    for version in [&new, &marker] {
        lab.client.delete_object().bucket(B).key("k").version_id(version).send().await.unwrap();
    }
    let versions = lab.client.list_object_versions().bucket(B).send().await.unwrap();
    assert_eq!((versions.versions().len(), versions.delete_markers().len()), (3, 0));

    lab.server.set_versioning(B, false);
    let status = lab.client.get_bucket_versioning().bucket(B).send().await.unwrap();
    assert_eq!(status.status(), Some(&BucketVersioningStatus::Suspended));
    lab.put("k", "null again").await;
    assert_eq!(get("null").await.unwrap().body.collect().await.unwrap().into_bytes(), "null again");
}

#[tokio::test]
async fn the_clock_can_lie() {
    let lab = lab();
    lab.put("now", "x").await;
    lab.server.set_clock_offset(-3600);
    lab.put("then", "x").await;
    let objects = lab.server.objects(B);
    let apart = objects["now"].last_modified - objects["then"].last_modified;
    assert!((3590..=3600).contains(&apart), "{apart}");
    let head = lab.client.head_object().bucket(B).key("then").send().await.unwrap();
    assert_eq!(head.last_modified().unwrap().secs(), objects["then"].last_modified);
}

#[tokio::test]
async fn opaque_etags_tell_nothing_of_the_content() {
    let behaviour = Behaviour { etags: ETags::Opaque, ..Behaviour::default() };
    let lab = lab_with(Options { behaviour, ..Options::default() });
    let (one, two) = (lab.put("a", "same").await, lab.put("b", "same").await);
    assert_ne!(one, two);
    assert_eq!((one.len(), two.len()), (34, 34));
}

#[tokio::test]
async fn foreign_changes_are_seen_and_not_counted() {
    let lab = lab();
    let etag = lab.server.put_foreign_with(B, "k", "foreign", &[("mtime", "7")]);
    assert_eq!(lab.server.counts().total(), 0);
    let head = lab.client.head_object().bucket(B).key("k").send().await.unwrap();
    assert_eq!(head.e_tag(), Some(&*format!("\"{etag}\"")));
    assert_eq!(head.metadata().unwrap()["mtime"], "7");
    assert!(lab.server.remove_foreign(B, "k"));
    assert!(!lab.server.remove_foreign(B, "k"));
    assert_eq!(failure(lab.client.head_object().bucket(B).key("k").send().await).0, 404);
}
