//! Big transfers that were cut short go on: only what is missing moves, nothing is believed unseen, and nothing stays behind.

use std::os::unix::fs::FileExt as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use s4_test_server::{Fault, FaultKind, Op};

use crate::cost::comes_true;
use crate::support::{
    Bucket, Machine, Proxy, Record, Summary, TARGET, TestEnv, Trouble, Upload, in_sync, ran, synced, whole,
};

/// A part.
const PART: usize = 16 << 20;
/// Of the file that is moved here: more than are in flight at once, so that some have ended when the last begins.
const PARTS: usize = 8;

/// A content of so many parts, each another.
fn big(salt: u8) -> Vec<u8> {
    (0..PARTS).flat_map(|part| vec![salt.wrapping_add(u8::try_from(part).unwrap()); PART]).collect()
}

/// Kills a sync when its last part is on the way: the one that is asked for once some have ended.
fn killed_at_the_last_part(bucket: &Bucket, machine: &Machine, operation: Op) {
    let (seen, pid) = (AtomicUsize::new(0), Arc::new((Mutex::new(None::<Pid>), Condvar::new())));
    let told = Arc::clone(&pid);
    bucket.server().on_request(move |request| {
        let is_it = request.operation == operation && request.key.as_deref().is_some_and(|key| key.ends_with("/big"));
        if is_it && seen.fetch_add(1, Ordering::SeqCst) + 1 == PARTS {
            let known = told.1.wait_while(told.0.lock().unwrap(), |pid| pid.is_none()).unwrap();
            kill_process((*known).unwrap(), Signal::KILL).unwrap();
        }
    });
    let mut child = machine.process(["sync", TARGET]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    *pid.0.lock().unwrap() = Pid::from_raw(i32::try_from(child.id()).unwrap());
    pid.1.notify_all();
    assert_eq!(child.wait().unwrap().code(), None, "it was not killed");
    bucket.server().clear_hook();
}

/// The requests of a sync that sends so many parts, and does so much else.
#[track_caller]
fn sends(machine: &Machine, parts: usize, else_puts: u64, lists: u64, deletes: u64) {
    let Summary { requests, bytes_up, .. } = synced(machine);
    let told = (bytes_up, requests.put, requests.list, requests.delete);
    // Its end, and the index; a listing of the bucket.
    assert_eq!(told, ((parts * PART) as u64, parts as u64 + 2 + else_puts, 1 + lists, deletes));
}

/// The requests of a sync that fetches so many ranges.
#[track_caller]
fn fetches(machine: &Machine, ranges: usize) {
    let Summary { requests, bytes_down, .. } = synced(machine);
    // The index.
    assert_eq!((bytes_down, requests.get, requests.head), ((ranges * PART) as u64, 1 + ranges as u64, 0));
}

/// How many parts the one record in a drawer knows of.
fn noted(machine: &Machine, drawer: &str) -> usize {
    let kept = machine.kept(drawer);
    assert_eq!(kept.len(), 1, "{kept:?}");
    let lines = kept[0].1.len() - 1;
    // The last ones may have been on their way.
    assert!((2..PARTS).contains(&lines), "{kept:?}");
    lines
}

/// Two machines in sync, with an upload of the first that was killed.
fn killed_upload() -> (TestEnv, Bucket, Machine, Machine) {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("calm", "1")]);
    one.write("big", big(1));
    killed_at_the_last_part(&bucket, &one, Op::UploadPart);
    assert_eq!(bucket.uploads().len(), 1);
    (env, bucket, one, two)
}

/// Two machines in sync, and a big file of the second whose download by the first was killed.
fn killed_download() -> (TestEnv, Bucket, Machine, Machine) {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("calm", "1")]);
    two.write("big", big(1));
    two.sync();
    killed_at_the_last_part(&bucket, &one, Op::GetObject);
    assert!(one.read("big").is_none());
    (env, bucket, one, two)
}

/// Nothing is left to go on from or to pay for.
#[track_caller]
fn is_cleared_up(bucket: &Bucket, machine: &Machine) {
    assert_eq!((bucket.uploads(), machine.kept("uploads"), machine.kept("downloads")), (vec![], vec![], vec![]));
    assert!(bucket.tree() == machine.tree());
    machine.is_idle();
}

#[test]
fn a_killed_upload_sends_only_the_parts_that_the_server_lacks() {
    let (_env, bucket, one, two) = killed_upload();
    let missing = PARTS - noted(&one, "uploads");
    sends(&one, missing, 0, 1, 0);
    is_cleared_up(&bucket, &one);
    two.sync();
    assert!(two.read("big").unwrap() == big(1));
}

#[test]
fn what_goes_on_costs_what_was_foretold() {
    let (_env, bucket, one, _two) = killed_upload();
    comes_true("an upload", &one, &bucket, &[]);
    let (_env, bucket, one, _two) = killed_upload();
    one.write("big", big(2));
    comes_true("another upload", &one, &bucket, &[]);
    let (_env, bucket, one, _two) = killed_upload();
    one.remove("big");
    comes_true("no upload", &one, &bucket, &[]);
    let (_env, bucket, one, _two) = killed_download();
    comes_true("a download", &one, &bucket, &[]);
    let (_env, bucket, one, two) = killed_download();
    two.write("big", big(2));
    two.sync();
    comes_true("another download", &one, &bucket, &[]);
}

#[test]
fn an_upload_whose_file_changed_meanwhile_is_given_up_and_begun_anew() {
    let (_env, bucket, one, _) = killed_upload();
    one.write("big", big(2));
    sends(&one, PARTS, 1, 0, 1);
    is_cleared_up(&bucket, &one);
}

#[test]
fn an_upload_over_an_object_that_changed_meanwhile_is_given_up() {
    let (_env, bucket, one, _) = killed_upload();
    bucket.put("big", "theirs");
    one.sync_with(&["--conflicts", "ignore"]).with(3);
    assert_eq!((bucket.uploads(), one.kept("uploads")), (vec![], vec![]));
    assert_eq!(bucket.tree()["big"], b"theirs");
}

#[test]
fn an_upload_whose_file_is_gone_is_given_up_once_it_can_be() {
    let (_env, bucket, one, _) = killed_upload();
    one.remove("big");
    bucket.server().inject(Fault::new(FaultKind::access_denied()).on(Op::AbortMultipartUpload));
    one.sync();
    assert_eq!((bucket.uploads().len(), one.kept("uploads").len()), (1, 1), "nobody else would give it up");
    one.sync();
    is_cleared_up(&bucket, &one);
}

#[test]
fn an_upload_that_the_server_has_forgotten_begins_anew() {
    let (_env, bucket, one, _) = killed_upload();
    let (key, id) = bucket.uploads().pop().unwrap();
    bucket.abort_upload(&key, &id);
    sends(&one, PARTS, 1, 1, 0);
    is_cleared_up(&bucket, &one);
}

#[test]
fn a_part_that_the_server_has_otherwise_is_sent_again() {
    let (_env, bucket, one, _) = killed_upload();
    let known = noted(&one, "uploads");
    let record = one.path(".s4/uploads").read_dir().unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&record).unwrap();
    let (head, parts) = text.split_once('\n').unwrap();
    // The ETag of one part, and a last line that was torn.
    let parts = parts.replacen("\"etag\":\"", "\"etag\":\"x", 1);
    std::fs::write(&record, format!("{head}\n{parts}{{\"part\":")).unwrap();
    sends(&one, PARTS - known + 1, 0, 1, 0);
    is_cleared_up(&bucket, &one);
}

#[test]
fn a_completed_upload_whose_answer_was_lost_leaves_no_record() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("calm", "1")]);
    one.write("big", big(1));
    let lost = Fault::new(FaultKind::LoseReply).on(Op::CompleteMultipartUpload).times(1);
    bucket.server().inject(lost);
    // What it is tried again with finds no upload.
    let gone = Fault::new(FaultKind::internal_error()).on(Op::CompleteMultipartUpload).after(1).times(100);
    bucket.server().inject(gone);
    one.sync_with(&[]).with(4);
    bucket.server().clear_faults();
    assert_eq!(synced(&one).bytes_up, 0);
    is_cleared_up(&bucket, &one);
}

/// Through a network that lets no last part pass, on each server.
#[test]
fn an_upload_that_the_network_cut_short_goes_on() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (proxy, one) = (Proxy::before(&bucket), env.machine(&bucket));
        one.set("endpoint_url", proxy.endpoint());
        one.sync();
        one.write("big", big(1));
        proxy.trouble(&format!("partNumber={PARTS}"), Trouble::Broken, 1_000);
        let mut sync = one.s4(["sync", TARGET]);
        let failed = ran(&sync.env("S4_TIMEOUT", "5").output().unwrap()).with(4);
        failed.warns("warning: could not sync \"big\": cannot reach the server: ");
        proxy.calm();
        let missing = PARTS - noted(&one, "uploads");
        sends(&one, missing, 0, 1, 0);
        is_cleared_up(&bucket, &one);
    }
}

#[test]
fn a_killed_download_fetches_only_the_ranges_that_are_not_there() {
    let (_env, bucket, one, two) = killed_download();
    let missing = PARTS - noted(&one, "downloads");
    fetches(&one, missing);
    assert!(one.tree() == two.tree());
    is_cleared_up(&bucket, &one);
}

#[test]
fn a_range_that_was_damaged_meanwhile_is_fetched_again() {
    let (_env, bucket, one, two) = killed_download();
    let missing = PARTS - noted(&one, "downloads");
    let (data, lines) = one.kept("downloads").pop().unwrap();
    let range: serde_json::Value = serde_json::from_str(&lines[1]).unwrap();
    let file = std::fs::File::options().write(true).open(data).unwrap();
    file.write_all_at(b"damage", range["start"].as_u64().unwrap() + 7).unwrap();
    fetches(&one, missing + 1);
    assert!(one.tree() == two.tree());
    is_cleared_up(&bucket, &one);
}

#[test]
fn a_damage_that_its_own_sum_hides_is_found_in_the_whole_and_everything_is_fetched_anew() {
    let (_env, bucket, one, two) = killed_download();
    let missing = PARTS - noted(&one, "downloads");
    // The sum of one range is told of another content.
    let (data, _) = one.kept("downloads").pop().unwrap();
    let record = data.with_extension("");
    let text = std::fs::read_to_string(&record).unwrap();
    let mut lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let start = lines[1]["start"].as_u64().unwrap();
    std::fs::File::options().write(true).open(&data).unwrap().write_all_at(&vec![9; PART], start).unwrap();
    let mut crc = s4::checksum::Crc64::default();
    crc.update(&vec![9; PART]);
    lines[1]["crc64"] = crc.finish().into();
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&record, lines).unwrap();
    let Summary { requests, bytes_down, .. } = synced(&one);
    // The bytes of the attempt that counts.
    assert_eq!((requests.get, bytes_down), (1 + (missing + PARTS) as u64, (PARTS * PART) as u64));
    assert!(one.tree() == two.tree());
    is_cleared_up(&bucket, &one);
}

#[test]
fn a_download_of_a_version_that_is_gone_is_not_gone_on_with() {
    let (_env, bucket, one, two) = killed_download();
    two.write("big", big(100));
    two.sync();
    fetches(&one, PARTS);
    assert!(one.tree() == two.tree());
    is_cleared_up(&bucket, &one);
}

#[test]
fn a_download_that_nobody_wants_any_more_goes() {
    let (_env, bucket, one, two) = killed_download();
    two.remove("big");
    two.sync();
    one.sync();
    is_cleared_up(&bucket, &one);
}

#[test]
fn uploads_of_others_are_shown_and_left_alone() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, _) = in_sync(&env, &bucket, &[("calm", "1")]);
        let id = bucket.begin_upload("odd & é");
        one.sync();
        let shown = |record| match record {
            Record::Upload(Upload { key, upload_id, begun }) => Some((key, upload_id, begun.ends_with('Z'))),
            _ => None,
        };
        let verified = one.run(["verify", TARGET, "--remote", "--json"]).with(0);
        let uploads: Vec<_> = whole(&verified.out).into_iter().filter_map(shown).collect();
        assert_eq!(uploads, [("odd & é".to_owned(), id.clone(), true)]);
        let told = one.run(["verify", TARGET, "--remote"]).with(0);
        assert!(told.out.contains("Unfinished upload: \"odd & é\", begun ") && told.out.contains(&id), "{told:?}");
        assert_eq!(bucket.uploads().len(), 1);
        bucket.abort_upload("odd & é", &id);
    }
}

#[test]
fn an_upload_of_ones_own_is_not_shown_and_where_nobody_may_ask_that_is_told() {
    let (_env, bucket, one, _) = killed_upload();
    let ran = one.run(["verify", TARGET, "--remote"]).with(0);
    assert!(!ran.out.contains("Unfinished"), "{ran:?}");
    bucket.server().inject(Fault::new(FaultKind::access_denied()).on(Op::ListMultipartUploads));
    one.run(["verify", TARGET, "--remote"]).with(0).warns("unfinished uploads could not be looked for: access denied");
}
