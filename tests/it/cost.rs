//! What a run asks of the server: it is counted, told, priced, and foretold.

use std::fs;

use s4_test_server::{Behaviour, Conditions, Op, Options, Order};
use serde_json::json;

use crate::support::{
    Bucket, Machine, Ran, Record, Requests, Spent, TARGET, TestEnv, in_sync, ran, records, whole, write_index,
};

/// The threshold from which on files move in parts.
const PART: usize = 16 << 20;

/// What a stream says that its command has asked of the server.
#[track_caller]
fn spent(out: &str) -> Spent {
    match records(out).pop() {
        Some(Record::End { spent: Some(spent), .. }) => spent,
        other => panic!("no end that tells: {other:?}"),
    }
}

/// What the server has seen since it was last asked, by class.
fn seen(bucket: &Bucket) -> Requests {
    let counts = bucket.server().counts();
    bucket.server().reset_counts();
    assert_eq!(counts.unknown, 0);
    let of = |operations: &[Op]| operations.iter().map(|operation| counts.of(*operation)).sum();
    let seen = Requests {
        list: of(&[Op::ListObjectsV2, Op::ListParts, Op::ListMultipartUploads]),
        get: of(&[Op::GetObject]),
        head: of(&[Op::HeadObject]),
        put: of(&[Op::PutObject, Op::UploadPart, Op::CreateMultipartUpload, Op::CompleteMultipartUpload]),
        copy: of(&[Op::CopyObject, Op::UploadPartCopy]),
        delete: of(&[Op::DeleteObject, Op::DeleteObjects, Op::AbortMultipartUpload]),
    };
    let Requests { list, get, head, put, copy, delete } = seen;
    assert_eq!(list + get + head + put + copy + delete, counts.total(), "{:?}", counts.operations);
    seen
}

fn within_5_percent(foretold: f64, made: f64) -> bool {
    (foretold - made).abs() <= made * 0.05
}

/// As [`compare`], of a plain sync.
#[track_caller]
pub(crate) fn comes_true(what: &str, machine: &Machine, bucket: &Bucket, args: &[&str]) {
    compare(what, bucket, &|more| machine.sync_with(&[args, more].concat()));
}

/// Foretells a sync, makes it, and compares: each class, the bytes of content, the dollars.
#[track_caller]
fn compare(what: &str, bucket: &Bucket, sync: &dyn Fn(&[&str]) -> Ran) {
    seen(bucket);
    let dry = sync(&["--dry-run", "--json"]);
    let looked = seen(bucket);
    assert_eq!(spent(&dry.out).requests, looked, "{what}: the dry run itself");
    let Some(Record::Forecast { bytes_up, bytes_down, requests, dollars }) = whole(&dry.out).pop() else {
        panic!("{what}: no forecast: {}", dry.out)
    };
    let ran = sync(&["--json"]).with(dry.code);
    let (told, made) = (spent(&ran.out), seen(bucket));
    assert_eq!(told.requests, made, "{what}: what the sync says");
    let Some(Record::Summary(summary)) = whole(&ran.out).pop() else { panic!("{what}: no summary: {}", ran.out) };
    assert_eq!((&summary.requests, summary.dollars), (&told.requests, told.dollars), "{what}");
    assert_eq!((bytes_up, bytes_down), (summary.bytes_up, summary.bytes_down), "{what}");
    for (foretold, made) in [
        (requests.list, made.list),
        (requests.get, made.get),
        (requests.head, made.head),
        (requests.put, made.put),
        (requests.copy, made.copy),
        (requests.delete, made.delete),
    ] {
        let all = format!("{what}: foretold {requests:?}, made {:?}", told.requests);
        assert!(within_5_percent(foretold as f64, made as f64), "{all}");
    }
    assert!(within_5_percent(dollars, told.dollars), "{what}: foretold ${dollars}, made ${}", told.dollars);
}

fn write(machine: &Machine, files: std::ops::Range<usize>, what: &str) {
    for file in files {
        machine.write(&format!("folder/{file:05}"), format!("{what} of {file}"));
    }
}

/// A bucket, and two machines that know what its server can do.
fn setting(env: &TestEnv) -> (Bucket, Machine, Machine) {
    let bucket = Bucket::in_process();
    let (one, two) = in_sync(env, &bucket, &[]);
    (bucket, one, two)
}

#[test]
fn first_uploads_and_downloads_cost_what_was_foretold() {
    for files in [3, 40, 1_500] {
        let env = TestEnv::new();
        let (bucket, one, two) = setting(&env);
        write(&one, 0..files, "content");
        comes_true(&format!("{files} files up"), &one, &bucket, &[]);
        comes_true(&format!("{files} files down"), &two, &bucket, &[]);
        comes_true("nothing to do", &two, &bucket, &[]);
        assert_eq!(one.tree(), two.tree());
    }
}

#[test]
fn what_a_server_keeps_is_found_out_at_the_price_that_was_foretold() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    write(&one, 0..3, "content");
    comes_true("the first sync", &one, &bucket, &[]);
}

#[test]
fn big_files_cost_what_was_foretold() {
    let env = TestEnv::new();
    let (bucket, one, two) = setting(&env);
    one.write("exact", vec![1; PART]);
    one.write("more", vec![2; 2 * PART + 1]);
    one.write("less", vec![3; PART - 1]);
    comes_true("up", &one, &bucket, &[]);
    comes_true("down", &two, &bucket, &[]);
    one.write("more", vec![4; 2 * PART]);
    comes_true("an update", &one, &bucket, &[]);
}

#[test]
fn what_changes_in_a_big_file_costs_what_was_foretold() {
    let env = TestEnv::new();
    let (bucket, one, two) = setting(&env);
    let mut bytes: Vec<u8> = (0..10).flat_map(|block| vec![block; PART / 2]).collect();
    one.write("big", &bytes);
    comes_true("the file", &one, &bucket, &[]);
    two.sync();
    bytes[PART..PART + 5].fill(99);
    bytes[3 * PART..4 * PART].fill(98);
    one.write("big", &bytes);
    comes_true("edits", &one, &bucket, &[]);
    comes_true("edits there", &two, &bucket, &[]);
    bytes.truncate(4 * PART + 1);
    two.write("big", &bytes);
    comes_true("a beginning of it", &two, &bucket, &[]);
    comes_true("a beginning of it there", &one, &bucket, &[]);
    one.write("big", vec![97; 4 * PART]);
    comes_true("another content", &one, &bucket, &[]);
    let dry = two.sync_with(&["--dry-run", "--json"]).with(0);
    let looked = two.run(["diff-index", TARGET]).with(0);
    let forecast = |out: &str| whole(out).into_iter().rfind(|record| matches!(record, Record::Forecast { .. }));
    assert_eq!(forecast(&dry.out), forecast(&looked.out), "nothing has to be read for a download");
    comes_true("another content there", &two, &bucket, &[]);
    assert!(one.tree() == two.tree() && bucket.tree() == one.tree());
}

#[test]
fn updates_and_deletes_cost_what_was_foretold() {
    let env = TestEnv::new();
    let (bucket, one, two) = setting(&env);
    write(&one, 0..1_300, "content");
    one.sync();
    two.sync();
    write(&one, 0..20, "another text");
    (600..1_100).for_each(|file| one.remove(&format!("folder/{file:05}")));
    one.write("new", "here");
    two.write("new there", "there");
    two.remove("folder/00030");
    comes_true("updates there", &two, &bucket, &[]);
    comes_true("updates and deletes", &one, &bucket, &[]);
    comes_true("the same on the other machine", &two, &bucket, &[]);
    assert_eq!(one.tree(), two.tree());
}

#[test]
fn times_are_learnt_at_the_price_that_was_foretold() {
    let env = TestEnv::new();
    let (bucket, one, _) = setting(&env);
    write(&one, 0..3_000, "content");
    one.sync();
    write(&one, 1_000..1_030, "another text");
    comes_true("close together", &one, &bucket, &[]);
    (0..30).for_each(|file| one.write(&format!("folder/{:05}", file * 100), format!("a third text of {file}")));
    comes_true("far apart", &one, &bucket, &[]);
    (0..13).for_each(|file| one.write(&format!("folder/{:05}", file * 230), format!("a fourth text of {file}")));
    write(&one, 5_000..5_020, "content");
    comes_true("both", &one, &bucket, &[]);
}

#[test]
fn times_are_learnt_at_that_price_where_listings_have_an_order_of_their_own() {
    let behaviour = Behaviour { order: Order::Folders, ..Behaviour::default() };
    let bucket = Bucket::in_process_with(Options { behaviour, ..Options::default() });
    let env = TestEnv::new();
    let (one, _) = in_sync(&env, &bucket, &[]);
    write(&one, 0..1_500, "content");
    comes_true("all of them", &one, &bucket, &[]);
    let learns = |files: usize| {
        write(&one, 0..files, &format!("the text of {files}"));
        // Beside them in the order of bytes, and far from them in that of the server.
        one.write("folder-x", format!("the text of {files}"));
        comes_true(&format!("{files} files"), &one, &bucket, &[]);
        write(&one, 0..files, &format!("another text of {files}"));
        one.sync();
        let Requests { list, head, .. } = seen(&bucket);
        (list, head)
    };
    // A page is not where it would be, so they are asked after, or all are listed.
    assert_eq!(learns(23), (2, 23));
    assert_eq!(learns(24), (4, 0));
}

#[test]
fn a_renamed_folder_costs_what_was_foretold() {
    let env = TestEnv::new();
    let (bucket, one, two) = setting(&env);
    write(&one, 0..30, "some longer content");
    one.sync();
    two.sync();
    fs::rename(one.path("folder"), one.path("renamed")).unwrap();
    one.write("renamed/00007", "edited on the way");
    comes_true("here", &one, &bucket, &["--force"]);
    comes_true("there", &two, &bucket, &["--force"]);
    assert_eq!(one.tree(), two.tree());
}

#[test]
fn copies_cost_what_was_foretold() {
    let env = TestEnv::new();
    let (bucket, one, two) = setting(&env);
    let large = |number: usize| vec![b'a' + number as u8; 5_000 + number];
    (0..20).for_each(|number| one.write(&format!("folder/{number}"), large(number)));
    one.sync();
    two.sync();
    (0..20).for_each(|number| one.write(&format!("copy/{number}"), large(number)));
    comes_true("here", &one, &bucket, &[]);
    comes_true("there", &two, &bucket, &[]);
    assert_eq!(one.tree(), two.tree());
}

#[test]
fn other_rules_cost_what_was_foretold() {
    let env = TestEnv::new();
    let bucket = Bucket::in_process();
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b.log", "2"), ("c.log", "3")]);
    two.write(".syncignore", "*.log\n");
    comes_true("new rules", &two, &bucket, &[]);
    one.write("d.log", "not yet synced");
    one.write("e", "new");
    comes_true("new rules from elsewhere", &one, &bucket, &[]);
    comes_true("nothing to do", &one, &bucket, &[]);
}

#[test]
fn conflicts_cost_what_was_foretold() {
    for policy in ["ignore", "local", "remote", "newest", "keep-both"] {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), ("c", "3"), ("calm", "4")]);
        two.write("a", "theirs");
        two.write("b", "theirs too");
        two.remove("c");
        two.sync();
        one.write("a", "mine, and longer");
        one.remove("b");
        one.write("c", "edited here");
        comes_true(policy, &one, &bucket, &["--conflicts", policy]);
    }
}

#[test]
fn a_file_where_another_machine_has_a_folder_costs_what_was_foretold() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("calm", "1")]);
    bucket.put("name/below", "theirs");
    bucket.put("name/more", "theirs too");
    bucket.put("folder", "an object");
    one.write("name", "a file");
    one.write("folder/below", "another file");
    comes_true("both kinds", &one, &bucket, &["--conflicts", "keep-both"]);
}

#[test]
fn objects_of_other_tools_cost_what_was_foretold() {
    let env = TestEnv::new();
    let (bucket, one, _) = setting(&env);
    bucket.put("theirs", "written by another tool");
    bucket.put("both", "on both sides");
    one.write("both", "on both sides");
    one.write("differs", "here");
    bucket.put("differs", "over there");
    comes_true("objects of other tools", &one, &bucket, &[]);
}

#[test]
fn a_damaged_index_costs_what_was_foretold() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    bucket.put(".index", "no index");
    comes_true("a damaged index", &one, &bucket, &[]);
}

#[test]
fn a_change_log_costs_what_was_foretold() {
    let env = TestEnv::new();
    let (bucket, one, two) = setting(&env);
    let logged = |machine: &Machine, args: &[&str]| {
        let line = ["sync", TARGET].iter().chain(args);
        ran(&machine.s4(line).env("S4_LOG_FROM", "1").output().unwrap())
    };
    write(&one, 0..1_500, "content");
    compare("with a new log", &bucket, &|args| logged(&one, args));
    compare("the same there", &bucket, &|args| logged(&two, args));
    let index = || bucket.objects()[".index"].clone();
    let (first, mut written) = (index(), Vec::new());
    for round in 0..3 {
        // The same ones again take no room in the log.
        for files in [round * 460..round * 460 + 460, 0..3] {
            write(&one, files, &format!("another content in round {round}"));
            compare(&format!("round {round}"), &bucket, &|args| logged(&one, args));
        }
        written.push(index() == first);
    }
    assert_eq!(written, [true, true, false], "the log takes two rounds");
    compare("the log there", &bucket, &|args| logged(&two, args));
    one.write("new", "a small index needs none");
    comes_true("the end of the log", &one, &bucket, &[]);
    assert!(!bucket.objects().contains_key(".s4/log"));
}

#[test]
fn beside_s4_0_4_no_change_log_is_foretold() {
    let env = TestEnv::new();
    let (bucket, one, _) = setting(&env);
    let gone = json!({"local_timestamp": null, "remote_timestamp": 1_500_000_000});
    bucket.put(".index", write_index(&[("gone".to_owned(), gone)].into_iter().collect()));
    one.write("new", "content");
    compare("beside it", &bucket, &|args| {
        let line = ["sync", TARGET].iter().chain(args);
        ran(&one.s4(line).env("S4_LOG_FROM", "1").output().unwrap())
    });
    assert!(!bucket.objects().contains_key(".s4/log"));
}

#[test]
fn a_server_without_conditions_costs_what_was_foretold() {
    let behaviour = Behaviour { conditions: Conditions::Ignored, ..Behaviour::default() };
    let bucket = Bucket::in_process_with(Options { behaviour, ..Options::default() });
    let env = TestEnv::new();
    let (one, two) = in_sync(&env, &bucket, &[("a", "1")]);
    write(&one, 0..40, "some longer content");
    one.write("big", vec![1; PART]);
    comes_true("up", &one, &bucket, &[]);
    two.sync();
    (0..37).for_each(|file| one.remove(&format!("folder/{file:05}")));
    fs::rename(one.path("folder/00038"), one.path("renamed")).unwrap();
    comes_true("deletes", &one, &bucket, &["--force"]);
}

#[test]
fn every_command_that_asks_a_server_says_so() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    two.write("there", "new there");
    two.sync();
    one.write("here", "new here");
    for line in [
        &["sync", TARGET, "--dry-run", "--json"][..],
        &["diff-index", TARGET],
        &["list-objects", TARGET],
        &["read-index", TARGET, "--remote"],
        &["ls", TARGET, "--json"],
        &["verify", TARGET, "--remote", "--json"],
        &["push-file", TARGET, "here"],
        &["pull-file", TARGET, "there"],
        &["write-index", TARGET, "--stdin"],
        &["sync", TARGET, "--json"],
    ] {
        seen(&bucket);
        let ran = one.run([line, &["-v"]].concat());
        let (spent, made) = (spent(&ran.out), seen(&bucket));
        assert_eq!(spent.requests, made, "{line:?}");
        assert_ne!(made, Requests::default(), "{line:?}");
        let counted = format!("; ${:.6}", spent.dollars);
        assert!(ran.err.lines().any(|line| line.ends_with(&counted)), "{line:?}: no {counted:?} in {}", ran.err);
    }
    let local = one.run(["read-index", TARGET, "-v"]).with(0);
    assert!(matches!(records(&local.out).pop(), Some(Record::End { spent: None, .. })), "it asks nobody");
}

#[test]
fn a_run_that_a_guard_stops_says_what_it_took_to_find_out() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    one.remove("a");
    let ran = one.sync_with(&["-v"]).with(5);
    ran.warns("1 LIST, 1 GET; 0 B up, 0 B down; $0.000005");
}

#[test]
fn prices_are_those_of_the_target() {
    let env = TestEnv::new();
    let (bucket, one, _) = setting(&env);
    let dollars = || spent(&one.sync_with(&["--json"]).with(0).out).dollars;
    // One GET and one LIST.
    assert_eq!(dollars(), 0.000_005_4);
    one.set("storage_class", "GLACIER_IR");
    assert_eq!(dollars(), 0.000_015);
    one.set("prices", json!({"list": 2, "get": 0.5}));
    assert_eq!(dollars(), 0.002_5);
    one.run(["edit", TARGET, "--prices", "free", "--no-check"]).with(0);
    assert_eq!(dollars(), 0.0);
    one.run(["edit", TARGET, "--prices", "get=1", "--no-check"]).with(0);
    one.run(["edit", TARGET, "--trash-days", "3", "--no-check"]).with(0);
    assert_eq!(dollars(), 0.001_005, "an edit of another field keeps them");
    for (wrong, why) in [
        (json!({"post": 1}), "'post' has no price, but list, get, head, put, copy, delete, up, down have"),
        (json!({"put": "x"}), "'\"x\"' is not a price in dollars"),
        (json!({"put": -1}), "'-1' is not a price in dollars"),
        (json!(5), "prices is not a text"),
    ] {
        one.set("prices", wrong);
        one.sync_with(&[]).with(1).warns(why);
    }
    drop(bucket);
}
