//! Big files and bodies that meet a fault: only what went wrong is done again.

use s4_test_server::{Fault, FaultKind, Op};

use crate::support::{Bucket, TestEnv, in_sync};

/// The size of a file that goes in [`PARTS`] parts.
const BIG: usize = 40 << 20;
const PARTS: u64 = 3;

#[test]
fn a_damaged_body_of_another_tools_object_is_not_installed() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    bucket.put("foreign", "the content that another tool wrote");
    bucket.server().inject(Fault::new(FaultKind::CorruptBody).on(Op::GetObject).key("foreign"));
    one.sync();
    assert_eq!(one.read("foreign").unwrap(), b"the content that another tool wrote");
}

#[test]
fn a_big_file_goes_in_parts_each_once() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[]);
    bucket.server().reset_counts();
    one.write("big", vec![7; BIG]);
    one.sync();
    assert_eq!(bucket.server().counts().of(Op::UploadPart), PARTS);
    bucket.server().reset_counts();
    two.sync();
    assert_eq!(bucket.server().counts().of(Op::GetObject), 1 + PARTS, "the index and the parts");
    assert!(two.tree() == one.tree());
}

#[test]
fn a_part_that_breaks_off_is_fetched_again_and_not_the_whole_object() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.sync();
    bucket.put("big", vec![7; BIG]);
    bucket.server().reset_counts();
    bucket.server().inject(Fault::new(FaultKind::TruncateBody(1 << 20)).on(Op::GetObject).key("big"));
    one.sync();
    assert_eq!(bucket.server().counts().of(Op::GetObject), 1 + PARTS + 1, "the index, the parts, one again");
    assert!(one.read("big").unwrap() == vec![7; BIG]);
}

#[test]
fn a_lost_reply_does_not_upload_a_big_file_again() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    // The first sync probes the server, with uploads of its own.
    one.sync();
    bucket.server().reset_counts();
    one.write("big", vec![7; BIG]);
    bucket.server().inject(Fault::new(FaultKind::LoseReply).on(Op::CompleteMultipartUpload));
    one.sync();
    assert_eq!(bucket.server().counts().of(Op::UploadPart), PARTS);
    assert!(bucket.tree() == one.tree());
}

#[test]
fn an_object_that_another_tool_wrote_anew_with_the_old_metadata_is_pulled() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let stale = "0".repeat(64);
    bucket.server().put_foreign_with("bucket", "some/prefix/a", b"new content".as_slice(), &[("sha256", &stale)]);
    machine.s4(["sync"]).assert().success();
    assert_eq!(machine.read("a").unwrap(), b"new content");
}

#[test]
fn stale_metadata_does_not_make_different_contents_equal() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    machine.write("a", "old content");
    let mut hasher = s4::local::Hasher::new(11, None);
    hasher.update(b"old content");
    let stale = hasher.finish().sha256.to_string();
    bucket.server().put_foreign_with("bucket", "some/prefix/a", b"new content".as_slice(), &[("sha256", &stale)]);
    machine.s4(["sync", "--conflicts", "ignore"]).assert().code(3);
}

#[test]
fn one_job_moves_one_content_at_a_time() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.sync();
    (0..20).for_each(|at| one.write(&format!("f/{at:02}"), "x"));
    let (server, name) = (bucket.server().control(), bucket.name().to_owned());
    let begun = std::sync::atomic::AtomicUsize::new(0);
    bucket.server().on_request(move |request| {
        if request.operation == Op::PutObject && request.key.as_ref().is_some_and(|key| key.contains("/f/")) {
            let before = begun.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let there = server.objects(&name).keys().filter(|key| key.contains("/f/")).count();
            assert_eq!(there, before, "the one before has not ended");
        }
    });
    one.sync_with(&["--jobs", "1"]).with(0);
    bucket.server().clear_hook();
    assert!(bucket.tree() == one.tree());
}

/// Slower than allowed it may always be.
#[test]
fn a_rate_is_kept_in_both_directions_and_waiting_for_it_is_not_standing_still() {
    const RATE: usize = 300 << 10;
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[]);
    // Most of it in contents that are no more than a piece each.
    (0..90_u8).for_each(|at| one.write(&format!("f/{at}"), vec![at; RATE / 120]));
    one.write("big", vec![7; RATE / 4]);
    for (machine, limit) in [(&one, "300K:off"), (&two, "off:300K")] {
        let began = std::time::Instant::now();
        let mut sync = machine.s4(["sync", "files", "--bandwidth-limit", limit]);
        sync.env("S4_TIMEOUT", "0.5").assert().success();
        assert!(began.elapsed().as_secs_f64() > 0.7, "{limit}: {:?}", began.elapsed());
    }
    assert!(one.tree() == two.tree());
    two.set("bandwidth_limit", "100M");
    two.set("jobs", 3);
    two.is_idle();
}
