//! `s4 verify`: damage that no time and no listing shows is named, on the side where it is, and put right where that can be.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use s4_test_server::{Behaviour, Checksums, ETags, Fault, FaultKind, Op, Options};
use serde_json::Value;

use crate::support::{
    Bucket, Finding, Machine, Record, TARGET, TestEnv, Verification, in_sync, tree, whole, write_index,
};

const FILES: [(&str, &str); 3] = [("a", "content of a"), ("b/c", "content of c"), ("calm", "")];

/// Lets a bit of a file rot, as a failing disk does: its times stay, as the index knows them. (A test cannot set a ctime, so it
/// sets the index.)
fn rot(machine: &Machine, key: &str) {
    let path = machine.path(key);
    let mut bytes = fs::read(&path).unwrap();
    let modified = machine.mtime(key);
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    let ctime =
        rustix::fs::stat(&path).map(|stat| i128::from(stat.st_ctime) * 1_000_000_000 + i128::from(stat.st_ctime_nsec));
    change_index(machine, key, "ctime_ns", serde_json::from_str(&ctime.unwrap().to_string()).unwrap());
}

/// Changes a field of a key's entry in the local index, which is then younger than every file.
fn change_index(machine: &Machine, key: &str, field: &str, value: Value) {
    let mut index = machine.index();
    index[key][field] = value;
    machine.write(".index", write_index(&index));
    let later = SystemTime::now() + Duration::from_secs(2);
    fs::File::options().write(true).open(machine.path(".index")).unwrap().set_modified(later).unwrap();
}

/// What a verification says of the target, which it ends with `code`; that sync has nothing to say to it is its point.
#[track_caller]
fn verify(machine: &Machine, args: &[&str], code: i32) -> (Vec<Finding>, Verification) {
    let ran = machine.run(["verify", TARGET, "--json"].iter().chain(args)).with(code);
    let (mut findings, mut verification) = (Vec::new(), None);
    for record in whole(&ran.out) {
        match record {
            Record::Finding(finding) => findings.push(finding),
            Record::Verification(came_to) => verification = Some(came_to),
            Record::Problem { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    (findings, verification.unwrap())
}

/// The keys of findings, with what is wrong and whether it was put right.
fn told(findings: &[Finding]) -> Vec<(&str, &str, bool)> {
    findings.iter().map(|finding| (finding.key.as_str(), finding.fault.as_str(), finding.repaired)).collect()
}

#[test]
fn what_is_whole_is_said_to_be_and_nothing_is_changed() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, _) = in_sync(&env, &bucket, &FILES);
        one.write("big", vec![b'x'; 17 << 20]);
        one.sync();
        let (files, stamps, objects) = (one.everything(), bucket.stamps(), bucket.objects());
        for remote in [false, true] {
            let args: &[&str] = if remote { &["--remote"] } else { &[] };
            let (findings, came_to) = verify(&one, args, 0);
            assert_eq!(told(&findings), []);
            let bytes = (17 << 20) + 24;
            assert_eq!((came_to.files, came_to.objects, came_to.bytes_read), (4, 4, bytes));
            assert_eq!(
                (came_to.bytes_fetched, came_to.pending, came_to.unproven),
                (if remote { bytes } else { 0 }, 0, 0)
            );
            let ran = one.run(["verify"].iter().chain(args)).with(0);
            assert!(ran.closing().starts_with("4 files (17.0 MiB) and 4 objects"), "{}", ran.out);
        }
        assert_eq!((one.everything(), bucket.stamps(), bucket.objects()), (files, stamps, objects));
    }
}

#[test]
fn without_reading_objects_it_costs_what_a_sync_with_nothing_to_do_costs() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &FILES);
    one.is_idle();
    bucket.server().reset_counts();
    verify(&one, &[], 0);
    let counts = bucket.server().counts();
    assert_eq!(counts.operations, [(Op::GetObject, 1), (Op::ListObjectsV2, 1)].into(), "{counts:?}");
    assert_eq!(counts.not_modified, 1);
}

#[test]
fn a_file_that_rots_is_named_and_put_right_from_the_bucket() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &FILES);
        rot(&one, "a");
        one.is_idle();
        let damaged = one.read("a");
        let (findings, _) = verify(&one, &[], 4);
        assert_eq!(told(&findings), [("a", "file", false)]);
        assert!(findings[0].message.ends_with("; the bucket still has what was synced"), "{}", findings[0].message);
        assert!(findings[0].file.is_some() && findings[0].file != findings[0].expected && findings[0].object.is_none());
        let (findings, _) = verify(&one, &["--remote"], 4);
        assert_eq!((told(&findings), &findings[0].object), (vec![("a", "file", false)], &findings[0].expected));
        let ran = one.run(["verify"]).with(4);
        assert!(ran.out.contains("\nDamaged file: \"a\": the file's content is not what was synced"), "{}", ran.out);
        ran.warns("s4 verify --remote --repair files");
        assert_eq!(one.read("a"), damaged);

        let (findings, came_to) = verify(&one, &["--repair"], 0);
        assert_eq!((told(&findings), came_to.repaired, came_to.bytes_fetched), (vec![("a", "file", true)], 1, 12));
        assert_eq!(one.tree(), tree(&FILES));
        assert_eq!(one.trash().get("a"), damaged.as_ref(), "it is not lost either");
        assert_eq!(bucket.tree(), tree(&FILES));
        assert_eq!(told(&verify(&one, &["--remote"], 0).0), []);
        one.is_idle();
        two.is_idle();
    }
}

#[test]
fn an_object_that_rots_is_named_and_put_right_from_the_folder() {
    for etags in [ETags::Md5, ETags::Opaque] {
        let behaviour = Behaviour { etags, ..Behaviour::default() };
        let bucket = Bucket::in_process_with(Options { behaviour, ..Options::default() });
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &FILES);
        one.write("big", vec![b'x'; 17 << 20]);
        one.sync();
        two.sync();
        for key in ["a", "big"] {
            assert!(bucket.server().rot(bucket.name(), &format!("some/prefix/{key}")));
        }
        let both = |repaired| vec![("a", "object", repaired), ("big", "object", repaired)];
        assert_eq!(told(&verify(&one, &[], 0).0), [], "nothing but reading shows it");
        let (findings, _) = verify(&one, &["--remote"], 4);
        assert_eq!(told(&findings), both(false), "{etags:?}");
        assert!(findings[0].message.ends_with("; the file here is whole"), "{}", findings[0].message);
        let (findings, _) = verify(&one, &["--remote", "--repair"], 0);
        assert_eq!(told(&findings), both(true), "{etags:?}");
        assert_eq!(bucket.tree(), one.tree());
        assert_eq!(told(&verify(&one, &["--remote"], 0).0), []);
        one.is_idle();
        two.sync();
        assert_eq!(two.tree(), one.tree());
        two.is_idle();
    }
}

#[test]
fn what_is_damaged_on_both_sides_is_not_touched() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &FILES);
    rot(&one, "a");
    bucket.server().rot(bucket.name(), "some/prefix/a");
    let (files, objects) = (one.tree(), bucket.tree());
    let (findings, came_to) = verify(&one, &["--repair"], 4);
    assert_eq!((told(&findings), came_to.repaired), (vec![("a", "both", false)], 0));
    assert_eq!((one.tree(), bucket.tree()), (files, objects));
}

#[test]
fn wrong_sums_are_told_from_damage() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &FILES);
    change_index(&one, "a", "sha256", "0".repeat(64).into());
    for args in [&[][..], &["--remote"], &["--remote", "--repair"]] {
        assert_eq!(told(&verify(&one, args, 4).0), [("a", "index", false)], "{args:?}");
    }
    // What the manual says of it.
    one.set_mtime("a", 1_700_000_000_000_000_000);
    one.sync();
    two.sync();
    assert_eq!(told(&verify(&one, &["--remote"], 0).0), []);
    assert_eq!((two.tree(), bucket.tree()), (one.tree(), tree(&FILES)));

    let sum = "0".repeat(64);
    bucket.server().put_foreign_with(bucket.name(), "some/prefix/b/c", "edited by a tool", &[("sha256", &sum)]);
    one.sync();
    assert_eq!(told(&verify(&one, &["--remote"], 4).0), [("b/c", "metadata", false)]);
}

#[test]
fn what_is_not_synced_yet_is_only_counted() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let files = [("edited", "1"), ("gone", "2"), ("there", "3"), ("gone there", "4"), ("hidden", "5"), ("calm", "")];
    let (one, two) = in_sync(&env, &bucket, &files);
    two.write("there", "edited");
    two.write("new there", "6");
    two.remove("gone there");
    two.sync();
    one.write("edited", "x");
    one.write("new here", "7");
    one.remove("gone");
    one.write(".syncignore", "hidden\nleft out\n");
    one.write("left out", "");
    std::os::unix::fs::symlink("calm", one.path("link")).unwrap();
    bucket.put("../hostile", "");
    for args in [&[][..], &["--remote"]] {
        let (findings, came_to) = verify(&one, args, 0);
        assert_eq!((told(&findings), came_to.pending, came_to.problems), (vec![], 8, 1), "{args:?}");
    }
    let ran = one.run(["verify", "-v"]).with(0);
    for key in ["edited", "gone", "gone there", "there", "new there", "new here", "hidden", ".syncignore"] {
        ran.warns(&format!("not synced yet: \"{key}\"\n"));
    }
    assert!(!ran.err.contains("calm") && !ran.err.contains("left out\""), "{}", ran.err);
}

#[test]
fn what_changes_while_it_is_read_is_no_damage() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &FILES);
    let server = bucket.server().control();
    let name = bucket.name().to_owned();
    let then = move || drop(server.put_foreign(&name, "some/prefix/a", "meanwhile"));
    let verify = || one.run(["verify", "--remote"]).with(0);
    let ran = bucket.meanwhile((Op::GetObject, "a"), then, verify);
    assert!(ran.closing().contains(" verified, 1 not synced yet in "), "{}", ran.out);
}

#[test]
fn damage_on_the_way_and_a_broken_line_are_no_damage() {
    for checksums in [Checksums::Checked, Checksums::Ignored] {
        let behaviour = Behaviour { checksums, ..Behaviour::default() };
        let bucket = Bucket::in_process_with(Options { behaviour, ..Options::default() });
        let env = TestEnv::new();
        let (one, _) = in_sync(&env, &bucket, &FILES);
        one.write("big", vec![b'x'; 17 << 20]);
        one.sync();
        let inject = |kind, key: &str| bucket.server().inject(Fault::new(kind).on(Op::GetObject).key(key));
        inject(FaultKind::CorruptBody, "/a");
        inject(FaultKind::TruncateBody(10 << 20), "/big");
        inject(FaultKind::TruncateBody(1 << 20), "/big");
        bucket.server().reset_counts();
        assert_eq!(told(&verify(&one, &["--remote"], 0).0), [], "{checksums:?}");
        // Taken up where it broke off: not all of it came again.
        assert!(bucket.server().counts().bytes_out < 20 << 20, "{checksums:?}");
    }
}

#[test]
fn what_can_not_be_read_is_named_and_stops_no_other() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &FILES);
    bucket.server().inject(Fault::new(FaultKind::access_denied()).on(Op::GetObject).key("/a"));
    let (findings, came_to) = verify(&one, &["--remote"], 4);
    assert_eq!((told(&findings), came_to.objects), (vec![("a", "unreadable", false)], 3));
    assert!(findings[0].message.contains("access denied"), "{findings:?}");
    one.set_mode("b/c", 0);
    one.sync();
    let ran = one.run_unprivileged(&["verify"]).with(4);
    assert!(ran.out.contains("\nUnreadable: \"b/c\": "), "{}", ran.out);
    one.set_mode("b/c", 0o600);
}

#[test]
fn objects_of_which_nothing_tells_what_they_should_be_are_counted() {
    let behaviour = Behaviour { etags: ETags::Opaque, ..Behaviour::default() };
    let bucket = Bucket::in_process_with(Options { behaviour, ..Options::default() });
    let env = TestEnv::new();
    let (one, _) = in_sync(&env, &bucket, &FILES);
    bucket.put("foreign", "by another tool");
    let (findings, came_to) = verify(&one, &["--remote"], 0);
    assert_eq!((told(&findings), came_to.unproven, came_to.pending), (vec![], 1, 1));
    // From the first sync on the index tells.
    one.sync();
    let (_, came_to) = verify(&one, &["--remote"], 0);
    assert_eq!((came_to.unproven, came_to.pending), (0, 0));
}

#[test]
fn it_reads_while_a_sync_runs_and_repairs_only_alone() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &FILES);
    rot(&one, "a");
    let lock = fs::File::options().read(true).write(true).open(one.path(".s4lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(told(&verify(&one, &["--remote"], 4).0), [("a", "file", false)]);
    let mut waiting = one.process(["verify", "--repair"]).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut told = [0; 7];
    std::io::Read::read_exact(waiting.stderr.as_mut().unwrap(), &mut told).unwrap();
    assert_eq!(&told, b"Waiting");
    assert_ne!(one.tree(), tree(&FILES));
    drop(lock);
    assert!(waiting.wait().unwrap().success());
    assert_eq!(one.tree(), tree(&FILES));
}

#[test]
fn an_interruption_ends_it() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &FILES);
    // The answer to the interruption is waited for, and not its own time.
    let slow = Fault::new(FaultKind::Delay(Duration::from_secs(3600))).on(Op::GetObject).key("/a");
    bucket.server().inject(slow);
    let (sender, receiver) = std::sync::mpsc::channel();
    bucket.server().on_request(move |request| {
        if request.operation == Op::GetObject && request.key.as_deref() == Some("some/prefix/a") {
            sender.send(()).unwrap();
        }
    });
    let mut child = one.process(["verify", "--remote"]).process_group(0).stderr(Stdio::null()).spawn().unwrap();
    receiver.recv().unwrap();
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn every_target_is_verified_and_one_that_fails_stops_no_other() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &FILES);
    one.run(["add", "--name", "absent", "--local-folder", "~/absent", "--s3-uri", "s3://nowhere", "--no-check"])
        .with(0);
    let ran = one.run(["verify"]).with(1);
    assert!(ran.err.contains("error: ") && ran.out.contains("3 files"), "{ran:?}");
    one.run(["verify", "unknown"]).with(2);
}
