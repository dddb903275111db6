//! Multipart uploads.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};
use s4_test_server::{Behaviour, Checksums, Options};

use crate::{B, Lab, body, fails, lab, lab_with};

fn small_parts() -> Lab {
    let behaviour = Behaviour { min_part_size: 3, ..Behaviour::default() };
    lab_with(Options { behaviour, ..Options::default() })
}

impl Lab {
    async fn begin(&self, key: &str) -> String {
        let begin = self.client.create_multipart_upload().bucket(B).key(key).content_type("text/x");
        begin.metadata("mode", "600").send().await.unwrap().upload_id.unwrap()
    }

    async fn part(&self, key: &str, id: &str, number: i32, bytes: ByteStream) -> CompletedPart {
        let part = self.client.upload_part().bucket(B).key(key).upload_id(id).part_number(number).body(bytes);
        let etag = part.send().await.unwrap().e_tag.unwrap();
        CompletedPart::builder().part_number(number).e_tag(etag).build()
    }

    fn complete(
        &self,
        key: &str,
        id: &str,
        parts: &[CompletedPart],
    ) -> aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.to_vec())).build();
        self.client.complete_multipart_upload().bucket(B).key(key).upload_id(id).multipart_upload(parts)
    }
}

#[tokio::test]
async fn an_upload_becomes_the_object_of_its_parts() {
    let lab = small_parts();
    let id = lab.begin("k").await;
    // Out of order, and one of them twice.
    let last = lab.part("k", &id, 7, body("c")).await;
    lab.part("k", &id, 1, body("wrong")).await;
    let first = lab.part("k", &id, 1, body("aaa")).await;
    assert_eq!(lab.text("k"), None, "nobody sees half of it");
    let done = lab.complete("k", &id, &[first, last]).send().await.unwrap();
    let object = lab.server.object(B, "k").unwrap();
    assert_eq!((&object.bytes[..], object.metadata["mode"].as_str()), (&b"aaac"[..], "600"));
    assert_eq!(object.content_type.as_deref(), Some("text/x"));
    // md5 of the two parts' md5s, by Python.
    assert_eq!(object.etag, "eb9338ac6755c185a8f1272124f1e330-2");
    assert_eq!(done.e_tag(), Some(&*format!("\"{}\"", object.etag)));
    assert!(lab.server.uploads(B).is_empty());
    fails(lab.complete("k", &id, &[]).send().await, 404, "NoSuchUpload");
}

#[tokio::test]
async fn parts_have_to_be_large_enough_in_order_and_the_ones_sent() {
    let lab = lab();
    let id = lab.begin("k").await;
    let large = lab.part("k", &id, 1, ByteStream::from(vec![1; 5 << 20])).await;
    let small = lab.part("k", &id, 2, body("small")).await;
    let last = lab.part("k", &id, 3, body("last")).await;
    let complete = |parts: &[CompletedPart]| lab.complete("k", &id, parts).send();
    fails(complete(&[large.clone(), small.clone(), last.clone()]).await, 400, "EntityTooSmall");
    fails(complete(&[last.clone(), large.clone()]).await, 400, "InvalidPartOrder");
    let unknown = CompletedPart::builder().part_number(9).e_tag("\"x\"").build();
    fails(complete(&[large.clone(), unknown]).await, 400, "InvalidPart");
    let changed = CompletedPart::builder().part_number(3).e_tag(small.e_tag().unwrap()).build();
    fails(complete(&[large.clone(), changed]).await, 400, "InvalidPart");
    fails(complete(&[]).await, 400, "MalformedXML");
    complete(&[large, last]).await.unwrap();
    assert_eq!(lab.server.object(B, "k").unwrap().bytes.len(), (5 << 20) + 4);
}

#[tokio::test]
async fn an_upload_ends_with_the_checksum_of_its_object_or_not_at_all() {
    let lab = small_parts();
    let begin = lab.client.create_multipart_upload().bucket(B).key("k");
    let begin = begin.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).checksum_type(ChecksumType::FullObject);
    let id = begin.send().await.unwrap().upload_id.unwrap();
    let parts = [lab.part("k", &id, 1, body("1234")).await, lab.part("k", &id, 2, body("56789")).await];
    let complete = |sum: &str, kind| {
        let complete = lab.complete("k", &id, &parts).checksum_crc64_nvme(sum);
        complete.checksum_type(kind).send()
    };
    // That of "123456789", the algorithm's check value, and that of nothing.
    let (right, wrong) = ("rosUhgp5mIg=", "AAAAAAAAAAA=");
    fails(complete(wrong, ChecksumType::FullObject).await, 400, "BadDigest");
    fails(complete(right, ChecksumType::Composite).await, 400, "InvalidRequest");
    assert_eq!((lab.text("k"), lab.server.uploads(B).len()), (None, 1));
    for checksums in [Checksums::Lenient, Checksums::Ignored] {
        lab.server.change(|behaviour| behaviour.checksums = checksums);
        let id = lab.begin("other").await;
        let part = lab.part("other", &id, 1, body("1")).await;
        lab.complete("other", &id, &[part]).checksum_crc64_nvme(wrong).send().await.unwrap();
    }
    lab.server.change(|behaviour| behaviour.checksums = Checksums::Checked);
    complete(right, ChecksumType::FullObject).await.unwrap();
    assert_eq!(lab.text("k").as_deref(), Some("123456789"));
}

#[tokio::test]
async fn parts_can_be_copied_from_an_object() {
    let lab = small_parts();
    let source = lab.put("source", "0123456789").await;
    let id = lab.begin("k").await;
    let copy = |number: i32| {
        let copy = lab.client.upload_part_copy().bucket(B).key("k").upload_id(&id).part_number(number);
        copy.copy_source("bucket/source").copy_source_range("bytes=2-5")
    };
    fails(copy(1).copy_source_if_match("\"0\"").send().await, 412, "PreconditionFailed");
    let copied = copy(1).copy_source_if_match(&source).send().await.unwrap();
    let etag = copied.copy_part_result().unwrap().e_tag().unwrap();
    let first = CompletedPart::builder().part_number(1).e_tag(etag).build();
    let last = lab.part("k", &id, 2, body("!")).await;
    lab.complete("k", &id, &[first, last]).send().await.unwrap();
    assert_eq!(lab.text("k").as_deref(), Some("2345!"));
}

#[tokio::test]
async fn unfinished_uploads_and_their_parts_are_listed_until_they_are_aborted() {
    let lab = small_parts();
    lab.server.change(|behaviour| behaviour.page_size = 2);
    let mut ids = Vec::new();
    for key in ["p/a", "p/b", "p/b", "q"] {
        ids.push(lab.begin(key).await);
    }
    let list = |key: Option<String>, id: Option<String>| {
        let list = lab.client.list_multipart_uploads().bucket(B).prefix("p/");
        list.set_key_marker(key).set_upload_id_marker(id).send()
    };
    let one = list(None, None).await.unwrap();
    let two = list(one.next_key_marker.clone(), one.next_upload_id_marker.clone()).await.unwrap();
    let uploads = one.uploads().iter().chain(two.uploads()).map(|upload| upload.upload_id().unwrap());
    assert_eq!(uploads.collect::<Vec<_>>(), ids[..3].iter().collect::<Vec<_>>());
    assert_eq!((one.is_truncated(), two.is_truncated()), (Some(true), Some(false)));

    for number in 1..=3 {
        lab.part("q", &ids[3], number, body("part")).await;
    }
    let parts = |marker: Option<String>| {
        lab.client.list_parts().bucket(B).key("q").upload_id(&ids[3]).set_part_number_marker(marker).send()
    };
    let one = parts(None).await.unwrap();
    let two = parts(one.next_part_number_marker.clone()).await.unwrap();
    assert_eq!((one.parts().len(), two.parts().len(), two.parts()[0].size()), (2, 1, Some(4)));

    let abort = || lab.client.abort_multipart_upload().bucket(B).key("q").upload_id(&ids[3]).send();
    abort().await.unwrap();
    fails(abort().await, 404, "NoSuchUpload");
    fails(parts(None).await, 404, "NoSuchUpload");
    assert_eq!(lab.server.uploads(B).len(), 3);
}
