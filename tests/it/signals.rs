//! Ctrl-C and SIGTERM at chosen steps of a sync: it ends, what was done is written down, nothing is left lying about.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use s4_test_server::Op;

use crate::support::{Bucket, Machine, Ran, TARGET, TestEnv, in_sync, tree};

/// Runs a sync that gets `signals` while its first `operation` on a key that ends so is on the way. The request is answered after
/// s4 has said that it heard; never, if it is told twice.
fn interrupted(bucket: &Bucket, machine: &Machine, when: (Op, &'static str), signals: &[Signal]) -> Ran {
    interrupted_with(bucket, machine, &["sync", TARGET], when, signals)
}

/// As [`interrupted`], of any command.
fn interrupted_with(
    bucket: &Bucket,
    machine: &Machine,
    args: &[&str],
    (operation, key): (Op, &'static str),
    signals: &[Signal],
) -> Ran {
    let pid = Arc::new((Mutex::new(None::<Pid>), Condvar::new()));
    let (told, signals) = (Arc::clone(&pid), signals.to_vec());
    let (heard, hears) = channel();
    let hears = Mutex::new(Some(hears));
    bucket.server().on_request(move |request| {
        let is_it = request.operation == operation && request.key.as_deref().unwrap_or_default().ends_with(key);
        let first = if is_it { hears.lock().unwrap().take() } else { None };
        if let Some(hears) = first {
            let known = told.1.wait_while(told.0.lock().unwrap(), |pid| pid.is_none()).unwrap();
            for signal in &signals {
                kill_process((*known).unwrap(), *signal).unwrap();
                // An end of what it says is an answer as well.
                let _ = hears.recv();
            }
        }
    });
    let mut sync = machine.process(args);
    let mut child = sync.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    *pid.0.lock().unwrap() = Pid::from_raw(i32::try_from(child.id()).unwrap());
    pid.1.notify_all();
    let mut err = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    while lines.read_line(&mut err).unwrap() > 0 {
        if err.contains("Interrupted: ") {
            // Nobody may be there to be told.
            let _ = heard.send(());
        }
    }
    drop(heard);
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let code = child.wait().unwrap().code();
    bucket.server().clear_hook();
    assert!(err.contains("Interrupted: ending what is under way; once more stops at once\n"), "{err}");
    Ran { code: code.unwrap_or_else(|| panic!("it was killed: {err}")), out, err }
}

#[test]
fn a_restore_ends_and_the_next_sync_brings_here_what_it_has_done() {
    for signal in SIGNALS {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        bucket.keep_versions();
        let (one, two) = in_sync(&env, &bucket, &[("a", "old"), ("calm", "")]);
        one.write("a", "newer");
        one.sync();
        two.sync();
        let old = crate::log::log(&one, &[TARGET, "a"])[1].version_id.clone();
        let line = ["restore", TARGET, "a", "--version", &old, "--yes"];
        interrupted_with(&bucket, &one, &line, (Op::CopyObject, "/a"), &[signal]).with(130);
        assert_eq!(bucket.tree()["a"], b"old", "what was under way has ended");
        one.sync();
        is_written_down(&one, &bucket);
        two.sync();
        assert_eq!((one.tree(), two.tree()), (tree(&[("a", "old"), ("calm", "")]), one.tree()));
    }
}

const SIGNALS: [Signal; 2] = [Signal::INT, Signal::TERM];

/// Checks that the machine's index knows all objects of the bucket, that nothing lies about, and that the next sync goes well.
#[track_caller]
fn is_written_down(machine: &Machine, bucket: &Bucket) {
    assert!(machine.has_nothing_staged());
    let index = machine.index();
    let unknown: Vec<String> = bucket.tree().into_keys().filter(|key| !index.contains_key(key)).collect();
    assert_eq!(unknown, [] as [&str; 0]);
    machine.sync();
    assert_eq!(bucket.tree(), machine.tree());
    assert_eq!((bucket.uploads(), machine.kept("uploads"), machine.kept("downloads")), (vec![], vec![], vec![]));
    machine.is_idle();
}

#[test]
fn an_interruption_before_anything_is_known_does_nothing() {
    for signal in SIGNALS {
        for (operation, key) in [(Op::GetObject, ".index"), (Op::ListObjectsV2, "")] {
            let (env, bucket) = (TestEnv::new(), Bucket::in_process());
            let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
            one.write("a", "edited");
            one.remove("b");
            let before = (bucket.objects(), one.everything());
            interrupted(&bucket, &one, (operation, key), &[signal]).with(130);
            assert_eq!((bucket.objects(), one.everything()).0, before.0);
            is_written_down(&one, &bucket);
        }
    }
}

#[test]
fn an_interruption_before_the_files_are_compared_is_no_mass_delete() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let files: Vec<(String, String)> = (0..24).map(|at| (format!("f/{at:02}"), format!("content of {at}"))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    let (one, _) = in_sync(&env, &bucket, &files);
    // Only their sums can tell that these are renames.
    std::fs::rename(one.path("f"), one.path("g")).unwrap();
    one.write("ask", "1");
    bucket.put("ask", "2");
    let before = bucket.objects();
    let ran = interrupted(&bucket, &one, (Op::HeadObject, "ask"), &[Signal::INT]).with(130);
    assert!(!ran.err.contains("error:"), "{}", ran.err);
    assert_eq!(bucket.objects(), before);
    bucket.remove("ask");
    is_written_down(&one, &bucket);
}

#[test]
fn an_interrupted_dry_run_plans_nothing() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2"), ("c", "3")]);
    std::fs::rename(one.path("a"), one.path("z")).unwrap();
    one.write("ask", "1");
    bucket.put("ask", "2");
    for when in [(Op::ListObjectsV2, ""), (Op::HeadObject, "ask")] {
        for args in [&["sync", TARGET, "--dry-run"][..], &["sync", TARGET, "--dry-run", "--json"]] {
            let ran = interrupted_with(&bucket, &one, args, when, &[Signal::INT]).with(130);
            ran.warns("error: interrupted\n");
            assert!(!ran.out.contains("Deleting") && !ran.out.contains("\"change\""), "{}", ran.out);
            assert!(!ran.out.contains("\"end\""), "it must not be taken for the whole: {}", ran.out);
        }
    }
}

#[test]
fn an_interrupted_upload_in_parts_is_gone_on_with() {
    // At a part only those are left out that are not on their way yet.
    for (signal, operation, size) in
        [(Signal::INT, Op::CreateMultipartUpload, 17 << 20), (Signal::TERM, Op::UploadPart, 100 << 20)]
    {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, _) = in_sync(&env, &bucket, &[("calm", "")]);
        one.write("big", vec![7; size]);
        interrupted(&bucket, &one, (operation, "big"), &[signal]).with(130);
        assert_eq!(bucket.tree(), tree(&[("calm", "")]), "{operation}");
        assert_eq!(bucket.uploads().len(), 1, "{operation}");
        bucket.server().reset_counts();
        is_written_down(&one, &bucket);
        let counts = bucket.server().counts();
        let spent = [Op::CreateMultipartUpload, Op::ListParts, Op::CompleteMultipartUpload].map(|op| counts.of(op));
        assert_eq!(spent, [0, 1, 1], "{operation}");
    }
}

#[test]
fn an_interrupted_upload_that_is_complete_is_written_down() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("calm", "")]);
    one.write("big", vec![7; 17 << 20]);
    interrupted(&bucket, &one, (Op::CompleteMultipartUpload, "big"), &[Signal::INT]).with(130);
    assert_eq!(bucket.tree().len(), 2);
    is_written_down(&one, &bucket);
}

#[test]
fn an_interrupted_download_leaves_no_file_behind_and_is_gone_on_with() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("calm", "")]);
    two.write("big", vec![7; 100 << 20]);
    (0..300).for_each(|number| two.write(&format!("small/{number}"), "x"));
    two.sync();
    let ran = interrupted(&bucket, &one, (Op::GetObject, "big"), &[Signal::TERM]).with(130);
    assert!(one.read("big").is_none(), "{ran:?}");
    assert!(one.has_nothing_staged());
    let known: Vec<String> = one.index().into_iter().map(|(key, _)| key).filter(|key| key != ".index").collect();
    assert_eq!(known, one.tree().into_keys().collect::<Vec<_>>());
    one.sync();
    assert_eq!(one.tree(), two.tree());
    assert_eq!(one.kept("downloads"), []);
}

#[test]
fn an_interruption_during_the_commit_does_not_stop_it() {
    for signal in SIGNALS {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = in_sync(&env, &bucket, &[("a", "1")]);
        one.write("b", "2");
        let ran = interrupted(&bucket, &one, (Op::PutObject, ".index"), &[signal]);
        assert!([0, 130].contains(&ran.code), "{ran:?}");
        one.is_idle();
        two.sync();
        assert_eq!(two.tree(), one.tree());
    }
}

#[test]
fn a_second_interruption_ends_it_at_once_and_the_next_sync_clears_up() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("calm", "")]);
    two.write("big", vec![7; 40 << 20]);
    two.sync();
    interrupted(&bucket, &one, (Op::GetObject, "big"), &[Signal::INT, Signal::INT]).with(130);
    assert_eq!(one.tree(), tree(&[("calm", "")]));
    one.write("bigger", vec![8; 40 << 20]);
    interrupted(&bucket, &one, (Op::UploadPart, "bigger"), &[Signal::INT, Signal::TERM]).with(130);
    one.sync();
    assert!(one.has_nothing_staged());
    two.sync();
    assert!(one.tree() == two.tree() && one.tree().len() == 3);
}

#[test]
fn an_interruption_while_the_server_is_tried_leaves_nothing_in_the_bucket() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a", "1");
    interrupted(&bucket, &one, (Op::CopyObject, ""), &[Signal::INT]).with(130);
    assert_eq!(bucket.objects(), BTreeMap::new());
    assert_eq!(bucket.server().uploads(bucket.name()), []);
    one.sync();
    assert_eq!(bucket.tree(), one.tree());
}
