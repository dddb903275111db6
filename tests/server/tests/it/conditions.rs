//! Conditions of reads and writes, and that nothing comes between a condition and its write.

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier};
use s4_test_server::Conditions;

use crate::{B, Lab, body, fails, failure, lab};

const OTHER: &str = "\"00000000000000000000000000000000\"";

#[tokio::test]
async fn a_put_is_held_to_its_condition() {
    let lab = lab();
    let put = |text: &str| lab.client.put_object().bucket(B).key("k").body(body(text));
    fails(put("x").if_match(OTHER).send().await, 404, "NoSuchKey");
    let one = put("one").if_none_match("*").send().await.unwrap().e_tag.unwrap();
    fails(put("x").if_none_match("*").send().await, 412, "PreconditionFailed");
    fails(put("x").if_match(OTHER).send().await, 412, "PreconditionFailed");
    fails(put("x").if_none_match(&one).send().await, 501, "NotImplemented");
    assert_eq!(lab.text("k").as_deref(), Some("one"));
    put("two").if_match(&one).send().await.unwrap();
    fails(put("x").if_match(&one).send().await, 412, "PreconditionFailed");
    assert_eq!(lab.text("k").as_deref(), Some("two"));
}

#[tokio::test]
async fn a_read_is_held_to_its_condition() {
    let lab = lab();
    let etag = lab.put("k", "one").await;
    let get = || lab.client.get_object().bucket(B).key("k");
    get().if_match(&etag).if_none_match(OTHER).send().await.unwrap();
    fails(get().if_match(OTHER).send().await, 412, "PreconditionFailed");
    assert_eq!(lab.server.counts().not_modified, 0);
    let error = get().if_none_match(&etag).send().await.unwrap_err();
    let answer = error.raw_response().unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers().get("etag")), (304, Some(&*etag)));
    assert_eq!(lab.server.counts().not_modified, 1);
    let head = lab.client.head_object().bucket(B).key("k");
    assert_eq!(failure(head.clone().if_none_match(&etag).send().await).0, 304);
    assert_eq!(failure(head.if_match(OTHER).send().await).0, 412);
    // The connection is still good after an answer without a body.
    get().send().await.unwrap();
}

#[tokio::test]
async fn a_copy_is_held_to_the_conditions_of_both_its_ends() {
    let lab = lab();
    let source = lab.put("source", "one").await;
    let copy = || lab.client.copy_object().bucket(B).key("k").copy_source("bucket/source");
    fails(copy().copy_source_if_match(OTHER).send().await, 412, "PreconditionFailed");
    fails(copy().copy_source_if_none_match(&source).send().await, 412, "PreconditionFailed");
    fails(copy().if_match(OTHER).send().await, 404, "NoSuchKey");
    copy().copy_source_if_match(&source).if_none_match("*").send().await.unwrap();
    fails(copy().if_none_match("*").send().await, 412, "PreconditionFailed");
    fails(copy().if_match(OTHER).send().await, 412, "PreconditionFailed");
    copy().if_match(&source).send().await.unwrap();
}

#[tokio::test]
async fn a_delete_is_held_to_its_condition() {
    let lab = lab();
    let etag = lab.put("k", "one").await;
    let delete = || lab.client.delete_object().bucket(B).key("k");
    fails(delete().if_match(OTHER).send().await, 412, "PreconditionFailed");
    assert!(lab.text("k").is_some());
    delete().if_match(&etag).send().await.unwrap();
    fails(delete().if_match(&etag).send().await, 404, "NoSuchKey");
}

#[tokio::test]
async fn each_key_of_many_is_held_to_its_own_etag() {
    let lab = lab();
    let (same, _changed) = (lab.put("same", "one").await, lab.put("changed", "one").await);
    let delete = Delete::builder()
        .objects(ObjectIdentifier::builder().key("same").e_tag(&same).build().unwrap())
        .objects(ObjectIdentifier::builder().key("changed").e_tag(OTHER).build().unwrap())
        .objects(ObjectIdentifier::builder().key("gone").e_tag(OTHER).build().unwrap())
        .quiet(true);
    let done = lab.client.delete_objects().bucket(B).delete(delete.build().unwrap()).send().await.unwrap();
    let errors = done.errors().iter().map(|error| (error.key().unwrap(), error.code().unwrap())).collect::<Vec<_>>();
    assert_eq!(errors, [("changed", "PreconditionFailed"), ("gone", "NoSuchKey")]);
    assert!(done.deleted().is_empty(), "quiet");
    assert_eq!(lab.server.objects(B).into_keys().collect::<Vec<_>>(), ["changed"]);
}

#[tokio::test]
async fn a_completed_upload_is_held_to_its_condition_and_stays_when_refused() {
    let lab = lab();
    let old = lab.put("k", "old").await;
    let begun = lab.client.create_multipart_upload().bucket(B).key("k").send().await.unwrap();
    let id = begun.upload_id().unwrap();
    let part = lab.client.upload_part().bucket(B).key("k").upload_id(id).part_number(1).body(body("new"));
    let part = CompletedPart::builder().part_number(1).e_tag(part.send().await.unwrap().e_tag.unwrap()).build();
    let complete = || {
        let parts = CompletedMultipartUpload::builder().parts(part.clone()).build();
        lab.client.complete_multipart_upload().bucket(B).key("k").upload_id(id).multipart_upload(parts)
    };
    fails(complete().if_none_match("*").send().await, 412, "PreconditionFailed");
    fails(complete().if_match(OTHER).send().await, 412, "PreconditionFailed");
    assert_eq!(lab.text("k").as_deref(), Some("old"));
    complete().if_match(&old).send().await.unwrap();
    assert_eq!(lab.text("k").as_deref(), Some("new"));
}

#[tokio::test]
async fn conditions_can_be_ignored_or_refused() {
    let lab = lab();
    let etag = lab.put("k", "one").await;
    let put = |text: &str| lab.client.put_object().bucket(B).key("k").body(body(text));
    lab.server.set_conditions(Conditions::Refused);
    fails(put("x").if_match(&etag).send().await, 501, "NotImplemented");
    fails(lab.client.delete_object().bucket(B).key("k").if_match(&etag).send().await, 501, "NotImplemented");
    put("two").send().await.unwrap();
    lab.server.set_conditions(Conditions::Ignored);
    put("three").if_none_match("*").send().await.unwrap();
    assert_eq!(lab.text("k").as_deref(), Some("three"));
    lab.client.delete_object().bucket(B).key("k").if_match(OTHER).send().await.unwrap();
    assert_eq!(lab.text("k"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_conditional_puts_at_once_exactly_one_wins() {
    let lab = lab();
    assert_eq!(winners(&lab, |put| put.if_none_match("*")).await, 1);
    for _ in 0..5 {
        let etag = lab.server.object(B, "k").unwrap().etag;
        assert_eq!(winners(&lab, move |put| put.if_match(format!("\"{etag}\""))).await, 1);
    }
}

type Put = aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;

/// Sends 24 puts of distinct contents at once; returns how many were taken.
async fn winners(lab: &Lab, condition: impl Fn(Put) -> Put) -> usize {
    let round = lab.server.counts().total();
    let puts = (0..24).map(|at| {
        let put = lab.client.put_object().bucket(B).key("k").body(body(&format!("{round} {at}")));
        tokio::spawn(condition(put).send())
    });
    let puts = puts.collect::<Vec<_>>();
    let mut won = 0;
    for put in puts {
        match put.await.unwrap() {
            Ok(_) => won += 1,
            lost => fails(lost, 412, "PreconditionFailed"),
        }
    }
    won
}

#[tokio::test]
async fn conditions_may_be_kept_by_puts_alone() {
    let lab = lab();
    lab.server.set_conditions(Conditions::OnlyPut);
    lab.put("k", "one").await;
    fails(
        lab.client.put_object().bucket(B).key("k").body(body("x")).if_none_match("*").send().await,
        412,
        "PreconditionFailed",
    );
    let copy = lab.client.copy_object().bucket(B).key("k").copy_source("bucket/k").storage_class("STANDARD_IA".into());
    copy.if_match(OTHER).send().await.unwrap();
    lab.client.delete_object().bucket(B).key("k").if_match(OTHER).send().await.unwrap();
    assert_eq!(lab.text("k"), None);
}

#[tokio::test]
async fn a_read_may_be_answered_whatever_its_client_has() {
    let lab = lab();
    lab.server.change(|behaviour| behaviour.not_modified = false);
    let etag = lab.put("k", "one").await;
    lab.client.get_object().bucket(B).key("k").if_none_match(&etag).send().await.unwrap();
    assert_eq!(lab.server.counts().not_modified, 0);
}

#[tokio::test]
async fn what_is_not_there_may_be_denied() {
    let lab = lab();
    lab.server.change(|behaviour| behaviour.missing_is_denied = true);
    fails(lab.client.get_object().bucket(B).key("k").send().await, 403, "AccessDenied");
    assert_eq!(failure(lab.client.head_object().bucket(B).key("k").send().await).0, 403);
    lab.put("k", "one").await;
    lab.client.get_object().bucket(B).key("k").send().await.unwrap();
}
