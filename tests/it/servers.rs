//! Servers as they are: each does less than S3 in its own way, and s4 promises what s4-servers(7) says.

use std::time::{SystemTime, UNIX_EPOCH};

use s4_test_server::{Behaviour, Conditions, ETags, Fault, FaultKind, Names, Op, Options, Order};
use serde_json::{Value, json};

use crate::support::{Bucket, Machine, TARGET, TestEnv, in_sync, ran, tree};

fn server(behaviour: Behaviour) -> Bucket {
    Bucket::in_process_with(Options { behaviour, ..Options::default() })
}

/// Everything that happens every day, on two machines.
fn days_work(bucket: &Bucket) {
    let env = TestEnv::new();
    let (one, two) = in_sync(&env, bucket, &[("a", "1"), ("b", "2"), ("c", "3"), ("d/e", "4"), ("calm", "")]);
    one.write("a", "edited");
    one.remove("b");
    std::fs::rename(one.path("c"), one.path("z")).unwrap();
    two.write("new", "5");
    two.write("big", vec![1; 17 << 20]);
    // The same on both is no conflict, however it got there.
    one.write("same", "made twice");
    two.write("same", "made twice");
    for machine in [&one, &two, &one, &two] {
        machine.sync();
    }
    assert!(one.tree() == two.tree() && one.tree() == bucket.tree());
    assert_eq!(one.tree().into_keys().collect::<Vec<_>>(), ["a", "big", "calm", "d/e", "new", "same", "z"]);
    // A touch is no change.
    one.set_mtime("a", 1_000_000_000);
    let stamps = bucket.stamps();
    one.sync();
    assert_eq!(bucket.stamps(), stamps);
    one.is_idle();
    two.is_idle();
    // An edit on both is one.
    one.write("a", "mine");
    two.write("a", "theirs");
    one.sync();
    two.sync_with(&[]).with(3).warns("conflict left alone: \"a\"");
    assert_eq!((bucket.tree()["a"].as_slice(), two.read("a").unwrap().as_slice()), (&b"mine"[..], &b"theirs"[..]));
}

fn finding(machine: &Machine) -> Value {
    let config: Value = serde_json::from_slice(&std::fs::read(machine.config()).unwrap()).unwrap();
    config["targets"][TARGET]["conditional_writes"].clone()
}

#[test]
fn conditions_that_are_kept_by_some_writes_only_are_told_apart() {
    let bucket = server(Behaviour { conditions: Conditions::OnlyPut, ..Behaviour::default() });
    days_work(&bucket);
    let env = TestEnv::new();
    let one = env.machine(&bucket);
    one.sync();
    let found = finding(&one);
    let kept = ["put", "complete", "copy", "delete", "delete_many"].map(|write| found[write].as_bool().unwrap());
    assert_eq!(kept, [true, false, false, false, false]);
    let missing = "    the server has no conditional writes for large uploads, renames, deletes";
    assert_eq!(one.run(["targets"]).with(0).closing(), missing);
}

#[test]
fn opaque_etags_do() {
    days_work(&server(Behaviour { etags: ETags::Opaque, ..Behaviour::default() }));
}

#[test]
fn a_server_whose_clock_is_off_by_hours_does() {
    for hours in [-10, -1, 1, 10] {
        days_work(&server(Behaviour { clock_offset: hours * 3600, ..Behaviour::default() }));
    }
}

#[test]
fn a_server_that_always_sends_the_index_does() {
    let bucket = server(Behaviour { not_modified: false, ..Behaviour::default() });
    days_work(&bucket);
    assert_eq!(bucket.server().counts().not_modified, 0);
}

#[test]
fn small_pages_do() {
    days_work(&server(Behaviour { page_size: 1, ..Behaviour::default() }));
}

#[test]
fn odd_names_arrive_however_the_server_lists_them() {
    let names = [
        "a b",
        "a+b",
        "a%2Bb",
        "%41",
        "ü/ö \u{1f980}",
        "t\tab",
        "<&>\"'",
        "d.e/f g+/h%",
        "line\nline",
        "car\rriage",
        "bell\u{7}",
    ];
    for names_shown in [Names::Encoded, Names::EncodedAll, Names::Plain] {
        for page_size in [1000, 3] {
            let bucket = server(Behaviour { names: names_shown, page_size, ..Behaviour::default() });
            let env = TestEnv::new();
            let files = names.map(|name| (name, name));
            let (one, two) = in_sync(&env, &bucket, &files);
            assert_eq!(bucket.server().objects(bucket.name()).len(), names.len() + 1);
            for name in names {
                two.write(name, format!("edited {name}"));
            }
            two.sync();
            one.sync();
            assert_eq!(one.tree(), two.tree());
            assert_eq!(one.tree().into_keys().collect::<Vec<_>>(), tree(&files).into_keys().collect::<Vec<_>>());
            one.is_idle();
        }
    }
}

#[test]
fn a_missing_object_that_may_not_be_asked_after_is_not_taken_for_absent() {
    let bucket = server(Behaviour { missing_is_denied: true, ..Behaviour::default() });
    let env = TestEnv::new();
    let one = env.machine(&bucket);
    one.write("a", "1");
    let ran = one.sync_with(&[]).with(1);
    ran.warns("caused by: access denied: cannot read 'some/prefix/.index' in bucket 'bucket'");
    ran.warns(
        "; it takes s3:GetObject\nhint: see what the keys have to be allowed: s4 policy s3://bucket/some/prefix\n",
    );
    assert_eq!(bucket.server().objects(bucket.name()).len(), 0);
    bucket.server().change(|behaviour| behaviour.missing_is_denied = false);
    one.sync();
    assert_eq!(bucket.tree(), one.tree());
}

#[test]
fn clocks_too_far_apart_for_a_signature_are_told() {
    let bucket = Bucket::in_process();
    let env = TestEnv::new();
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    let skewed = FaultKind::FailBefore { status: 403, code: "RequestTimeTooSkewed".into() };
    bucket.server().inject(Fault::new(skewed).times(1_000));
    one.write("a", "edited");
    let ran = one.sync_with(&[]).with(1);
    ran.warns("caused by: the clock of this machine is too far off: ");
    ran.warns("hint: look at the clock of this machine: timedatectl; and set it: timedatectl set-ntp true\n");
    bucket.server().clear_faults();
    one.sync();
    assert_eq!(bucket.tree(), one.tree());
}

#[test]
fn times_of_this_machine_that_are_off_by_hours_decide_nothing() {
    let bucket = Bucket::in_process();
    let env = TestEnv::new();
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
    for (hours, text) in [(-10, "from before"), (10, "from the future"), (-1, "and back")] {
        one.write("a", text);
        one.set_mtime("a", now + hours * 3_600_000_000_000);
        one.sync();
        two.sync();
        assert_eq!(two.read("a").unwrap(), text.as_bytes());
        assert_eq!(two.mtime("a"), one.mtime("a"));
    }
}

/// Two servers that hold the same: one keeps conditions, the other overlooks them. What was found out about the first is known.
fn moved_from_a_good_server() -> (TestEnv, Bucket, Machine) {
    let (env, good) = (TestEnv::new(), Bucket::in_process());
    let bad = server(Behaviour { conditions: Conditions::Ignored, ..Behaviour::default() });
    let machine = env.machine(&good);
    machine.sync();
    assert_eq!(finding(&machine)["put"], true);
    machine.set("endpoint_url", bad.endpoint());
    (env, bad, machine)
}

#[test]
fn what_was_found_out_about_another_server_is_not_trusted() {
    let (_env, bucket, machine) = moved_from_a_good_server();
    machine.write("f", "ours");
    let control = bucket.server().control();
    let there = move || drop(control.put_foreign("bucket", "some/prefix/f", "theirs"));
    bucket.between_look_and_act(&machine, there, || machine.sync_with(&[])).with(3);
    assert_eq!((bucket.tree()["f"].as_slice(), machine.read("f").unwrap().as_slice()), (&b"theirs"[..], &b"ours"[..]));
    assert_eq!(finding(&machine)["put"], false);
    assert_eq!(finding(&machine)["server"], format!("s3://bucket at {}", bucket.endpoint()));
}

#[test]
fn what_was_found_out_about_another_server_of_the_aws_chain_is_not_trusted() {
    let (env, good) = (TestEnv::new(), Bucket::in_process());
    let bad = server(Behaviour { conditions: Conditions::Refused, ..Behaviour::default() });
    let machine = env.machine(&good);
    for field in ["endpoint_url", "aws_access_key_id", "aws_secret_access_key"] {
        machine.set(field, Value::Null);
    }
    let sync = |variable: &str, bucket: &Bucket| {
        let mut sync = machine.s4(["sync"]);
        sync.env(variable, bucket.endpoint())
            .env("AWS_ACCESS_KEY_ID", bucket.access_key())
            .env("AWS_SECRET_ACCESS_KEY", bucket.secret_key());
        ran(&sync.output().unwrap()).with(0);
        finding(&machine)["put"].clone()
    };
    assert_eq!(sync("AWS_ENDPOINT_URL", &good), true);
    assert_eq!(sync("AWS_ENDPOINT_URL", &bad), false);
    assert_eq!(sync("AWS_ENDPOINT_URL_S3", &good), true);
    assert_eq!(sync("AWS_ENDPOINT_URL_S3", &bad), false);
}

#[test]
fn what_the_config_file_says_of_no_server_is_not_trusted() {
    let bucket = server(Behaviour { conditions: Conditions::Ignored, ..Behaviour::default() });
    let env = TestEnv::new();
    let machine = env.machine(&bucket);
    machine.set("conditional_writes", json!({"put": true, "complete": true, "copy": true, "delete": true}));
    machine.sync();
    assert_eq!(finding(&machine)["put"], false);
    // And what is known is not found out again.
    bucket.server().reset_counts();
    machine.sync();
    assert_eq!(bucket.server().counts().of(Op::PutObject), 0);
}

/// Two thousand names, of which ranges of a thousand would miss most on a server that walks through folders: all below `a/`
/// comes before `a-b` there, where a range ends.
fn many(one: &Machine) {
    (0..998).for_each(|at| one.write(&format!("A/{at:04}"), "x"));
    one.write("a-b", "x");
    (0..1_100).for_each(|at| one.write(&format!("a/{at:04}"), "x"));
}

#[test]
fn a_large_bucket_is_listed_in_ranges_where_names_are_in_the_order_of_bytes() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    many(&one);
    one.sync();
    assert_eq!(finding(&one)["list_order"], json!(true));
    bucket.server().reset_counts();
    one.is_idle();
    let counts = bucket.server().counts();
    assert_eq!((counts.of(Op::ListObjectsV2), counts.of(Op::GetObject), counts.total()), (3, 1, 4), "{counts:?}");
    // On a first sync the remote index tells where to begin.
    let two = env.machine(&bucket);
    bucket.server().reset_counts();
    two.sync();
    assert_eq!(bucket.server().counts().of(Op::ListObjectsV2), 3 + PROBE_LISTS);
    assert!(two.tree() == one.tree());
    // What is gone, and what has come anywhere, is found.
    bucket.remove("a-b");
    bucket.put("A/0500+", "new");
    bucket.put("z", "new");
    one.sync();
    assert_eq!((one.read("a-b"), one.read("z").is_some(), one.read("A/0500+").is_some()), (None, true, true));
}

/// The probe's own listings.
const PROBE_LISTS: u64 = 8;

#[test]
fn a_server_that_has_come_to_list_in_another_order_loses_nothing() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    many(&one);
    one.sync();
    let before = one.tree();
    bucket.server().change(|behaviour| behaviour.order = Order::Folders);
    one.is_idle();
    assert!(one.tree() == before && bucket.tree() == before);
}

#[test]
fn a_server_that_walks_through_folders_is_listed_page_by_page() {
    let bucket = server(Behaviour { order: Order::Folders, page_size: 2, ..Behaviour::default() });
    days_work(&bucket);
}
