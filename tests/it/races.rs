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
