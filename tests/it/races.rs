//! Edits here and on other machines after a sync has looked and before it acts, or while it does.

use std::fs;

use s4_test_server::{Conditions, Op};
use serde_json::Value;

use crate::support::{Bucket, TestEnv, in_sync, ran, tree};

#[test]
fn a_file_that_comes_back_before_its_object_is_deleted_keeps_it() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let files = [("back", "it was only away for a moment"), ("other", "1")];
    let (one, _) = in_sync(&env, &bucket, &files);
    let (home, away) = (one.path("back"), env.home("elsewhere").join("back"));
    fs::rename(&home, &away).unwrap();
    one.write("new", "uploaded meanwhile");
    bucket.server().reset_counts();
    let comes_back = move || fs::rename(&away, &home).unwrap();
    bucket.meanwhile((Op::PutObject, "new"), comes_back, || one.sync());
    let counts = bucket.server().counts();
    assert_eq!((counts.of(Op::DeleteObject), counts.of(Op::DeleteObjects)), (0, 0), "{counts:?}");
    let all = tree(&[files[0], files[1], ("new", "uploaded meanwhile")]);
    assert_eq!((one.tree(), bucket.tree()), (all.clone(), all));
}

#[test]
fn a_file_that_stays_away_loses_its_object() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("back", "it was only away for a moment"), ("other", "1")]);
    one.remove("back");
    one.write("new", "uploaded meanwhile");
    one.sync();
    assert_eq!(bucket.tree(), tree(&[("new", "uploaded meanwhile"), ("other", "1")]));
}

#[test]
fn a_file_made_while_its_key_is_pulled_is_decided_again() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    bucket.put("f", "theirs");
    let path = one.path("f");
    let made = move || fs::write(&path, "mine").unwrap();
    let ran = bucket.meanwhile((Op::GetObject, "f"), made, || one.sync_with(&[]));
    ran.with(3).warns("conflict left alone: \"f\"");
    assert_eq!((one.tree(), bucket.tree()), (tree(&[("f", "mine")]), tree(&[("f", "theirs")])));
}

#[test]
fn a_mass_of_files_that_goes_during_a_sync_is_not_deleted_from_the_bucket() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    let keys: Vec<String> = (0..20).map(|number| format!("f{number}")).collect();
    for content in ["x", "edited"] {
        for key in &keys {
            one.write(key, content);
        }
        if content == "x" {
            one.sync();
        }
    }
    let folder = one.path("");
    let all_go = move || keys.iter().for_each(|key| fs::remove_file(folder.join(key)).unwrap());
    bucket.between_look_and_act(&one, all_go, || one.sync_with(&[]));
    assert_eq!(bucket.tree().len(), 21);
    one.sync_with(&[]).with(5);
    assert_eq!(bucket.tree().len(), 21);
}

/// Pushes `f` to a server that ignores conditions, after another machine did: s4 has to have found out that it does.
fn push_too_late(leave_to_the_aws_chain: &[&str]) {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.server().set_conditions(Conditions::Ignored);
    let one = env.machine(&bucket);
    for field in leave_to_the_aws_chain {
        one.set(field, Value::Null);
    }
    let mut sync = one.s4(["sync"]);
    sync.env("AWS_ENDPOINT_URL", bucket.endpoint())
        .env("AWS_ACCESS_KEY_ID", bucket.access_key())
        .env("AWS_SECRET_ACCESS_KEY", bucket.secret_key());
    one.write("f", "ours");
    let control = bucket.server().control();
    let pushed_there = move || drop(control.put_foreign("bucket", "some/prefix/f", "theirs"));
    bucket.between_look_and_act(&one, pushed_there, || ran(&sync.output().unwrap())).with(3);
    assert_eq!(bucket.tree()["f"], b"theirs");
    assert_eq!(one.read("f").unwrap(), b"ours");
}

#[test]
fn a_server_that_ignores_conditions_is_found_out() {
    push_too_late(&["aws_access_key_id", "aws_secret_access_key"]);
}

#[test]
fn a_server_that_ignores_conditions_is_found_out_though_only_the_aws_chain_names_it() {
    push_too_late(&["endpoint_url", "aws_access_key_id", "aws_secret_access_key"]);
}

#[test]
fn a_second_sync_waits_for_the_first_says_so_and_gives_up_after_its_time() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (machine, one) = (env.machine(&bucket), env.machine(&bucket));
    machine.sync();
    machine.write("f", "1");
    let first = std::sync::Arc::new(std::sync::Mutex::new(None::<u32>));
    let (who, others) = (std::sync::Arc::clone(&first), std::sync::Arc::new((machine, one)));
    let there = std::sync::Arc::clone(&others);
    let (started, has_started) = std::sync::mpsc::channel::<u32>();
    let has_started = std::sync::Mutex::new(has_started);
    let second = move || {
        let pid = has_started.lock().unwrap().recv().unwrap();
        for (patience, waited) in [("0.6", true), ("0", false)] {
            let mut sync = there.0.s4(["sync"]);
            let ran = ran(&sync.env("S4_LOCK_WAIT", patience).output().unwrap()).with(1);
            let waiting = format!("Waiting for another s4 (process {pid}) on this folder\n");
            assert_eq!(ran.err.contains(&waiting), waited, "{}", ran.err);
            let lock = there.0.path(".s4lock");
            ran.warns(&format!("error: '{}' is locked by another s4 (process {pid})\n", lock.display()));
            ran.warns("hint: wait for the other run to end, or end it\n");
        }
        *who.lock().unwrap() = Some(pid);
    };
    let sync = || {
        let mut sync = others.0.process(["sync"]);
        let child = sync.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        started.send(child.id()).unwrap();
        ran(&child.wait_with_output().unwrap())
    };
    bucket.meanwhile((Op::PutObject, "f"), second, sync).with(0);
    assert!(first.lock().unwrap().is_some());
    // The first took no harm, and the folder is free again.
    others.0.is_idle();
    others.1.sync();
    assert_eq!(others.1.tree(), others.0.tree());
}

#[test]
fn a_second_sync_says_for_whom_it_waits_and_ends_when_it_is_interrupted() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    machine.s4(["sync"]).assert().success();
    let held = fs::File::open(machine.path(".s4lock")).unwrap();
    held.lock().unwrap();
    let mut child = machine.process(["sync"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut said = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    assert!(line.starts_with("Waiting for another s4"), "{line}");
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
