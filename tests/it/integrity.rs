//! A bit that flips on the way is caught, in either direction: it never reaches the folder, nor the bucket under the file's
//! own name.

use s4_test_server::{Behaviour, Checksums, ETags, Fault, FaultKind, Op, Options};

use crate::support::{Bucket, Machine, TestEnv, in_sync, tree};

/// A server that behaves so.
fn server(checksums: Checksums, etags: ETags) -> Bucket {
    let behaviour = Behaviour { checksums, etags, ..Behaviour::default() };
    Bucket::in_process_with(Options { behaviour, ..Options::default() })
}

/// The next requests of this kind that name the key are damaged on their way.
fn damage(bucket: &Bucket, operation: Op, key: &str, times: u64) {
    bucket.server().inject(Fault::new(FaultKind::CorruptRequest).on(operation).key(key).times(times));
}

/// Syncs, which must go well and leave the bucket as the folder.
#[track_caller]
fn arrives(one: &Machine, bucket: &Bucket) {
    let err = one.sync().err;
    assert!(!err.contains("warning"), "{err}");
    assert_eq!(bucket.tree(), one.tree());
    one.is_idle();
}

const BIG: usize = 17 << 20;

#[test]
fn what_is_damaged_on_its_way_to_the_bucket_is_sent_again() {
    for (checksums, etags) in [
        (Checksums::Checked, ETags::Md5),
        (Checksums::Checked, ETags::Opaque),
        (Checksums::Ignored, ETags::Md5),
        (Checksums::Ignored, ETags::Opaque),
        (Checksums::Refused, ETags::Md5),
    ] {
        let (env, bucket) = (TestEnv::new(), server(checksums, etags));
        let (one, two) = in_sync(&env, &bucket, &[("known", "old content"), ("calm", "")]);
        one.write("known", "new content");
        damage(&bucket, Op::PutObject, "/known", 2);
        arrives(&one, &bucket);
        one.write("new", "content");
        damage(&bucket, Op::PutObject, "/new", 1);
        // The index, whose damage would be healed, but at a price.
        damage(&bucket, Op::PutObject, "/.index", 1);
        arrives(&one, &bucket);
        two.sync();
        assert_eq!(two.tree(), one.tree(), "{checksums:?} {etags:?}");
        two.is_idle();
    }
}

#[test]
fn a_part_that_is_damaged_on_its_way_is_sent_again() {
    for checksums in [Checksums::Checked, Checksums::Ignored, Checksums::Refused] {
        let (env, bucket) = (TestEnv::new(), server(checksums, ETags::Md5));
        let (one, two) = in_sync(&env, &bucket, &[("calm", "")]);
        one.write("big", vec![b'x'; BIG]);
        damage(&bucket, Op::UploadPart, "/big", 2);
        bucket.server().reset_counts();
        arrives(&one, &bucket);
        assert_eq!(bucket.server().counts().of(Op::UploadPart), 4, "{checksums:?}");
        two.sync();
        assert_eq!(two.tree(), one.tree());
    }
}

#[test]
fn an_upload_whose_end_is_refused_for_its_checksum_ends_without() {
    let (env, bucket) = (TestEnv::new(), server(Checksums::Checked, ETags::Md5));
    let (one, _) = in_sync(&env, &bucket, &[("calm", "")]);
    let refused = FaultKind::FailBefore { status: 400, code: "InvalidRequest".into() };
    bucket.server().inject(Fault::new(refused).on(Op::CompleteMultipartUpload));
    one.write("big", vec![b'x'; BIG]);
    bucket.server().reset_counts();
    arrives(&one, &bucket);
    assert_eq!(bucket.server().counts().of(Op::CompleteMultipartUpload), 2);
}

#[test]
fn the_request_that_a_server_refuses_for_its_checksum_is_the_only_one() {
    let (env, bucket) = (TestEnv::new(), server(Checksums::Refused, ETags::Md5));
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), ("c", "3"), ("calm", "")]);
    for key in ["a", "b"] {
        one.remove(key);
    }
    one.write("big", vec![b'x'; BIG]);
    one.write("c", "edited");
    bucket.server().reset_counts();
    arrives(&one, &bucket);
    let counts = bucket.server().counts();
    // Two syncs in all: the second one's index is refused as well.
    assert_eq!((counts.of(Op::UploadPart), counts.of(Op::DeleteObjects)), (2, 1), "{counts:?}");
    two.sync();
    assert_eq!(two.tree(), one.tree());
    two.is_idle();
}

#[test]
fn tags_that_are_no_md5_are_recognised_by_one_look() {
    let (env, bucket) = (TestEnv::new(), server(Checksums::Ignored, ETags::Opaque));
    let one = env.machine(&bucket);
    one.sync();
    for number in 0..20 {
        one.write(&format!("small/{number}"), format!("content {number}"));
    }
    one.write("big", vec![b'x'; BIG]);
    bucket.server().reset_counts();
    one.sync();
    let counts = bucket.server().counts();
    assert_eq!(bucket.tree(), one.tree());
    assert_eq!((counts.of(Op::GetObject), counts.of(Op::PutObject)), (2, 21), "the index, and one object: {counts:?}");
    // Two parts at once; what one of them shows may come too late for the other.
    let parts = counts.of(Op::UploadPart);
    assert!((4..=6).contains(&parts), "a part cannot be read back, so it is sent anew: {counts:?}");
}

#[test]
fn a_way_that_always_damages_ends_in_an_error_and_leaves_nothing() {
    for checksums in [Checksums::Checked, Checksums::Ignored, Checksums::Refused] {
        let (env, bucket) = (TestEnv::new(), server(checksums, ETags::Md5));
        let (one, two) = in_sync(&env, &bucket, &[("calm", "")]);
        one.write("bad", "content");
        one.write("good", "good");
        damage(&bucket, Op::PutObject, "/bad", 1_000);
        let ran = one.sync_with(&[]).with(4);
        ran.warns("warning: could not sync \"bad\": damaged on the way: ");
        two.sync();
        let good = tree(&[("good", "good"), ("calm", "")]);
        assert_eq!((two.tree(), bucket.tree()), (good.clone(), good), "{checksums:?}");
        bucket.server().clear_faults();
        arrives(&one, &bucket);
        two.sync();
        assert_eq!(two.tree(), one.tree());
        two.is_idle();
    }
}

#[test]
fn a_way_that_always_damages_a_known_object_ends_in_an_error_and_a_question() {
    for checksums in [Checksums::Checked, Checksums::Ignored] {
        let (env, bucket) = (TestEnv::new(), server(checksums, ETags::Md5));
        let (one, two) = in_sync(&env, &bucket, &[("bad", "old content"), ("calm", "")]);
        one.write("bad", "new content");
        damage(&bucket, Op::PutObject, "/bad", 1_000);
        one.sync_with(&[]).with(4).warns("warning: could not sync \"bad\": damaged on the way: ");
        bucket.server().clear_faults();
        // Only on a server that checks nothing has the old object gone, and there what is in its place is a change.
        let lost = checksums == Checksums::Ignored;
        assert_eq!(bucket.tree()["bad"] != *b"old content", lost, "{checksums:?}");
        one.sync_with(&[]).with(if lost { 3 } else { 0 });
        one.sync_with(&["--conflicts", "local"]).with(0);
        two.sync();
        let good = tree(&[("bad", "new content"), ("calm", "")]);
        assert_eq!((one.tree(), two.tree(), bucket.tree()), (good.clone(), good.clone(), good), "{checksums:?}");
        one.is_idle();
    }
}

#[test]
fn what_others_wrote_is_compared_with_the_checksum_of_the_server() {
    let (env, bucket) = (TestEnv::new(), server(Checksums::Checked, ETags::Opaque));
    let one = env.machine(&bucket);
    one.sync();
    bucket.put("small", "written by another tool");
    bucket.put("big", vec![b'x'; BIG]);
    for key in ["/small", "/big"] {
        bucket.server().inject(Fault::new(FaultKind::CorruptBody).on(Op::GetObject).key(key));
    }
    bucket.server().reset_counts();
    one.sync();
    let counts = bucket.server().counts();
    assert_eq!(one.tree(), bucket.tree());
    // The index; the small one twice; two ranges of the big one, twice.
    assert_eq!((counts.of(Op::GetObject), counts.of(Op::HeadObject)), (7, 2), "{counts:?}");
    // Undamaged, nothing is fetched twice.
    bucket.put("another", "of another tool");
    bucket.server().reset_counts();
    one.sync();
    assert_eq!(bucket.server().counts().of(Op::GetObject), 2, "the index and the object");
}

#[test]
fn an_index_that_arrives_damaged_is_not_taken_for_a_damaged_one() {
    for checksums in [Checksums::Checked, Checksums::Ignored] {
        let (env, bucket) = (TestEnv::new(), server(checksums, ETags::Md5));
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("calm", "")]);
        one.write("a", "edited");
        one.sync();
        let before = bucket.objects()[".index"].clone();
        // The faults flip the same bit each time.
        let index = Fault::new(FaultKind::CorruptBody).on(Op::GetObject).key("/.index");
        bucket.server().inject(index.times(if checksums == Checksums::Checked { 2 } else { 1 }));
        let ran = two.sync();
        assert!(!ran.err.contains("damaged"), "{checksums:?}: {}", ran.err);
        assert_eq!((two.tree(), &bucket.objects()[".index"]), (one.tree(), &before), "{checksums:?}");
    }
}
