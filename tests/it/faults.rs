//! Servers and networks that fail: what was done is recognised, what was not is tried again, and no damaged byte ever
//! gets into the folder.

use s4_test_server::{Behaviour, Conditions, ETags, Fault, FaultKind, Op, Options};

use crate::support::{Bucket, Machine, TestEnv, in_sync, tree};

fn settled(one: &Machine, two: &Machine, bucket: &Bucket) {
    for machine in [two, one, two] {
        machine.sync();
    }
    assert_eq!((two.tree(), bucket.tree()), (one.tree(), one.tree()));
    one.is_idle();
    two.is_idle();
}

#[test]
fn a_write_whose_reply_is_lost_is_recognised() {
    for key in ["new", "known", ".index"] {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = in_sync(&env, &bucket, &[("known", "1"), ("calm", "")]);
        one.write("known", "edited");
        one.write("new", "2");
        bucket.server().inject(Fault::new(FaultKind::LoseReply).on(Op::PutObject).key(key));
        let ran = one.sync();
        assert!(!ran.err.contains("conflict"), "{key}: {}", ran.err);
        assert_eq!(bucket.tree(), one.tree(), "{key}");
        settled(&one, &two, &bucket);
    }
}

#[test]
fn a_copy_and_a_delete_whose_replies_are_lost_are_recognised() {
    for operation in [Op::CopyObject, Op::DeleteObject, Op::DeleteObjects] {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), ("c", "3"), ("calm", "")]);
        std::fs::rename(one.path("a"), one.path("z")).unwrap();
        if operation == Op::DeleteObjects {
            one.remove("b");
            one.remove("c");
        }
        bucket.server().inject(Fault::new(FaultKind::LoseReply).on(operation));
        one.sync();
        assert_eq!(bucket.tree(), one.tree(), "{operation}");
        settled(&one, &two, &bucket);
    }
}

#[test]
fn a_delete_that_is_refused_is_told_and_made_by_the_next_sync() {
    for operation in [Op::DeleteObject, Op::DeleteObjects] {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), ("c", "3"), ("calm", "")]);
        let gone: &[&str] = if operation == Op::DeleteObjects { &["a", "b"] } else { &["a"] };
        gone.iter().for_each(|key| one.remove(key));
        bucket.server().inject(Fault::new(FaultKind::access_denied()).on(operation));
        one.sync_with(&[]).with(4).warns("access denied");
        assert_eq!(bucket.tree().len(), 4);
        // It is not for the other machine to bring back.
        one.sync();
        assert!(gone.iter().all(|key| one.read(key).is_none()), "{operation}");
        settled(&one, &two, &bucket);
        assert_eq!(bucket.tree(), one.tree(), "{operation}");
    }
}

#[test]
fn an_upload_in_parts_survives_faults_of_each_step() {
    for kind in [FaultKind::LoseReply, FaultKind::Drop, FaultKind::slow_down()] {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let one = env.machine(&bucket);
        one.sync();
        one.write("big", vec![b'x'; 17 << 20]);
        for operation in [Op::CreateMultipartUpload, Op::UploadPart, Op::CompleteMultipartUpload] {
            bucket.server().inject(Fault::new(kind.clone()).on(operation));
        }
        one.sync();
        assert_eq!(bucket.tree(), one.tree(), "{kind:?}");
        one.is_idle();
    }
}

#[test]
fn an_overloaded_server_and_dropped_connections_are_tried_again() {
    let reads = [Op::ListObjectsV2, Op::GetObject];
    let writes = [Op::PutObject, Op::HeadObject, Op::CopyObject, Op::DeleteObject];
    for kind in [FaultKind::slow_down(), FaultKind::internal_error(), FaultKind::Drop] {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), ("calm", "")]);
        one.write("a", "edited");
        one.write("new", "3");
        std::fs::rename(one.path("b"), one.path("z")).unwrap();
        for operation in reads.into_iter().chain(writes) {
            bucket.server().inject(Fault::new(kind.clone()).on(operation));
        }
        one.sync();
        assert_eq!(bucket.tree(), one.tree(), "{kind:?}");
        for operation in reads {
            bucket.server().inject(Fault::new(kind.clone()).on(operation));
        }
        settled(&one, &two, &bucket);
    }
}

#[test]
fn damaged_and_cut_off_bodies_are_fetched_again() {
    for kind in [FaultKind::CorruptBody, FaultKind::TruncateBody(0), FaultKind::TruncateBody(5)] {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = in_sync(&env, &bucket, &[("calm", "")]);
        one.write("a", "a content of some length");
        one.sync();
        bucket.server().inject(Fault::new(kind.clone()).on(Op::GetObject).key("/a"));
        two.sync();
        assert_eq!(two.tree(), one.tree(), "{kind:?}");
        settled(&one, &two, &bucket);
    }
}

#[test]
fn a_damaged_and_a_cut_off_range_are_fetched_again() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("calm", "")]);
    one.write("big", vec![b'x'; 17 << 20]);
    one.sync();
    for kind in [FaultKind::CorruptBody, FaultKind::TruncateBody(5)] {
        bucket.server().inject(Fault::new(kind).on(Op::GetObject).key("/big"));
    }
    two.sync();
    assert_eq!(two.tree(), one.tree());
}

#[test]
fn a_body_that_always_arrives_damaged_never_reaches_the_folder_and_stops_no_other() {
    let kinds =
        [(FaultKind::CorruptBody, "damaged on the way: "), (FaultKind::TruncateBody(5), "cannot reach the server")];
    for (kind, reason) in kinds {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = in_sync(&env, &bucket, &[("bad", "old content"), ("calm", "")]);
        one.write("bad", "new content");
        one.write("good", "good");
        one.sync();
        bucket.server().inject(Fault::new(kind.clone()).on(Op::GetObject).key("/bad").times(1_000));
        let ran = two.sync_with(&[]).with(4);
        ran.warns(&format!("warning: could not sync \"bad\": {reason}"));
        assert!(ran.closing().contains("1 failed"), "{}", ran.out);
        assert_eq!(two.tree(), tree(&[("bad", "old content"), ("good", "good"), ("calm", "")]), "{kind:?}");
        let staged: Vec<String> = two.everything().into_keys().filter(|key| key.starts_with(".s4/staging")).collect();
        assert_eq!(staged, [] as [&str; 0]);
        bucket.server().clear_faults();
        settled(&one, &two, &bucket);
    }
}

#[test]
fn a_damaged_body_is_noticed_where_the_etag_tells_nothing() {
    let behaviour = Behaviour { etags: ETags::Opaque, ..Behaviour::default() };
    let bucket = Bucket::in_process_with(Options { behaviour, ..Options::default() });
    let env = TestEnv::new();
    let (one, two) = in_sync(&env, &bucket, &[("calm", "")]);
    one.write("a", "content");
    one.sync();
    bucket.server().inject(Fault::new(FaultKind::CorruptBody).on(Op::GetObject).key("/a").times(1_000));
    two.sync_with(&[]).with(4);
    assert_eq!(two.tree(), tree(&[("calm", "")]));
    bucket.server().clear_faults();
    settled(&one, &two, &bucket);
}

#[test]
fn a_key_that_may_not_be_written_stops_no_other() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("calm", "")]);
    one.write("a", "edited");
    one.write("b", "2");
    bucket.server().inject(Fault::new(FaultKind::access_denied()).on(Op::PutObject).key("/a").times(1_000));
    let ran = one.sync_with(&[]).with(4);
    ran.warns("warning: could not sync \"a\": access denied: cannot write 'some/prefix/a' in bucket 'bucket'");
    two.sync();
    assert_eq!(two.tree(), tree(&[("a", "1"), ("b", "2"), ("calm", "")]));
    bucket.server().clear_faults();
    settled(&one, &two, &bucket);
}

#[test]
fn an_index_that_can_not_be_written_loses_nothing() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), ("calm", "")]);
    one.write("a", "edited");
    one.remove("b");
    one.write("c", "3");
    bucket.server().inject(Fault::new(FaultKind::access_denied()).on(Op::PutObject).key(".index").times(1_000));
    one.sync_with(&[]).with(1).warns("access denied");
    // The other machine goes by the objects.
    bucket.server().clear_faults();
    settled(&one, &two, &bucket);
    let index = crate::support::read_index(&bucket.objects()[".index"]);
    for (key, object) in bucket.server().objects(bucket.name()) {
        if let Some(key) = key.strip_prefix("some/prefix/").filter(|key| *key != ".index") {
            assert_eq!(index[key]["etag"], object.etag.as_str(), "{key}");
        }
    }
    assert!(index["b"]["local_timestamp"].is_null(), "{index:?}");
}

#[test]
fn servers_without_conditional_writes_sync_all_the_same_and_targets_says_so() {
    for conditions in [Conditions::Ignored, Conditions::Refused] {
        let behaviour = Behaviour { conditions, ..Behaviour::default() };
        let bucket = Bucket::in_process_with(Options { behaviour, ..Options::default() });
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), ("c", "3"), ("calm", "")]);
        one.write("a", "edited");
        one.remove("b");
        std::fs::rename(one.path("c"), one.path("z")).unwrap();
        two.write("new", "4");
        two.write("big", vec![1; 17 << 20]);
        one.sync();
        two.sync();
        settled(&one, &two, &bucket);
        // An edit of both is a conflict here too.
        one.write("a", "mine");
        two.write("a", "theirs");
        one.sync();
        two.sync_with(&[]).with(3).warns("conflict left alone: \"a\"");
        let ran = one.run(["targets"]).with(0);
        let missing = "    the server has no conditional writes for uploads, large uploads, renames, deletes";
        assert!(ran.closing().starts_with(missing), "{}", ran.out);
        let own = |key: &String| key.contains("/.s4/");
        assert_eq!(bucket.server().objects(bucket.name()).keys().filter(|key| own(key)).count(), 0, "the probe's");
    }
}

#[test]
fn a_server_with_conditional_writes_is_not_said_to_lack_any() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    assert_eq!(one.run(["targets"]).with(0).out.lines().count(), 1);
}
