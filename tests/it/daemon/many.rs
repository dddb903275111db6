//! Many targets in one process, and many hands at one folder.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::process::Signal;
use s4_test_server::{Fault, FaultKind, Op};
use serde_json::{Value, json};

use super::Pair;
use crate::support::{
    Bucket, Daemon, Dice, FAST, Machine, Record, TARGET, TestEnv, converge, in_sync, outcomes, records, stays,
    wait_until,
};

/// Changes the targets in a machine's config file, in one go.
fn edit_config(machine: &Machine, edit: impl FnOnce(&mut serde_json::Map<String, Value>)) {
    let mut config: Value = serde_json::from_slice(&fs::read(machine.config()).unwrap()).unwrap();
    edit(config["targets"].as_object_mut().unwrap());
    let beside = machine.config().with_extension("new");
    fs::write(&beside, config.to_string()).unwrap();
    fs::rename(beside, machine.config()).unwrap();
}

/// Another target of a machine beside its first one, in a folder and a place of its name.
fn another(machine: &Machine, name: &str) -> Value {
    let folder = machine.path("").with_file_name(name);
    fs::create_dir_all(&folder).unwrap();
    let config: Value = serde_json::from_slice(&fs::read(machine.config()).unwrap()).unwrap();
    let mut target = config["targets"][TARGET].clone();
    target["local_folder"] = json!(folder);
    target["s3_uri"] = json!(format!("s3://bucket/{name}"));
    target
}

fn has(bucket: &Bucket, name: &str) -> bool {
    bucket.server().object("bucket", name).is_some()
}

fn state(daemon: &Daemon, target: &str) -> String {
    daemon.status().remove(target).map(|status| status.state).unwrap_or_default()
}

#[test]
fn targets_come_change_and_go_with_the_config_file_and_a_broken_one_stops_no_other() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a", "1");
    let broken = json!({"local_folder": one.path("").with_file_name("nothing"), "s3_uri": "s3://bucket/broken"});
    let (other, beside) = (another(&one, "other"), one.path("").with_file_name("other"));
    fs::write(beside.join("b"), "2").unwrap();
    edit_config(&one, |targets| drop(targets.insert("broken".into(), broken)));
    let daemon = one.fast_daemon();
    daemon.is_in_sync();
    wait_until("the broken one says so", || state(&daemon, "broken") == "offline");
    edit_config(&one, |targets| drop(targets.insert("other".into(), other)));
    wait_until("a target that is added is synced", || has(&bucket, "other/b"));
    edit_config(&one, |targets| targets["other"]["s3_uri"] = json!("s3://bucket/elsewhere"));
    wait_until("one that is changed goes by that", || has(&bucket, "elsewhere/b"));
    // What makes no sense stops nothing.
    let good = fs::read(one.config()).unwrap();
    fs::write(one.config(), "{").unwrap();
    daemon.signal(Signal::HUP);
    daemon.says("sync.conf");
    one.write("a", "3");
    wait_until("others go on", || bucket.snapshot() == one.tree());
    fs::write(one.config(), good).unwrap();
    edit_config(&one, |targets| drop(targets.remove("other")));
    wait_until("one that is removed is left alone", || !daemon.status().contains_key("other"));
    fs::write(beside.join("late"), "4").unwrap();
    one.write("a", "5");
    wait_until("the rest goes on", || bucket.snapshot() == one.tree());
    assert!(!has(&bucket, "elsewhere/late") && has(&bucket, "elsewhere/b"));
    assert_eq!(daemon.terminate().0, Some(0));
}

#[test]
fn only_the_targets_that_are_named_are_looked_after() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    let other = another(&one, "other");
    edit_config(&one, |targets| drop(targets.insert("other".into(), other)));
    one.write("a", "1");
    let daemon = one.daemon(&[&[TARGET], &FAST[..]].concat());
    daemon.is_in_sync();
    assert_eq!(daemon.status().into_keys().collect::<Vec<_>>(), [TARGET]);
    one.s4(["daemon", "nobody"]).assert().code(2);
}

#[test]
fn hang_up_looks_at_everything() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a", "1");
    let daemon = one.fast_daemon();
    daemon.is_in_sync();
    bucket.put("theirs", "2");
    daemon.signal(Signal::HUP);
    wait_until("what another tool wrote is here", || one.read("theirs") == Some("2".into()));
}

#[test]
fn a_guard_stops_its_target_alone_and_ends_when_things_are_put_right() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    (0..30).for_each(|at| one.write(&format!("f/{at}"), format!("{at}")));
    let (other, beside) = (another(&one, "other"), one.path("").with_file_name("other"));
    edit_config(&one, |targets| drop(targets.insert("other".into(), other)));
    let daemon = one.fast_daemon();
    daemon.is_in_sync();
    let before = bucket.snapshot();
    assert_eq!(before.len(), 30);
    fs::rename(one.path("f"), one.path("").with_file_name("moved")).unwrap();
    daemon.is("stopped");
    assert_eq!(daemon.times_said("stopped by a guard"), 1);
    fs::write(beside.join("b"), "2").unwrap();
    wait_until("the other target goes on", || has(&bucket, "other/b"));
    assert_eq!(bucket.snapshot(), before);
    fs::rename(one.path("").with_file_name("moved"), one.path("f")).unwrap();
    daemon.is_in_sync();
    one.write("f/7", "edited");
    wait_until("it goes on", || bucket.snapshot() == one.tree());
    assert_eq!((daemon.times_said("stopped by a guard"), daemon.times_said("is synced again")), (1, 1));
}

#[test]
fn a_guard_ends_when_a_person_has_forced_it() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    (0..30).for_each(|at| one.write(&format!("f/{at}"), format!("{at}")));
    let daemon = one.fast_daemon();
    daemon.is_in_sync();
    one.remove("f");
    daemon.is("stopped");
    one.sync_with(&["--force"]).with(0);
    one.write("new", "1");
    wait_until("it goes on", || bucket.snapshot() == one.tree());
    daemon.is_in_sync();
}

#[test]
fn syncs_by_hand_and_the_daemon_take_turns() {
    let pair = Pair::with(&[("a", "1")]);
    for round in 0..8 {
        pair.one.write("a", format!("one {round}"));
        pair.one.write(&format!("new {round}"), "2");
        // Whoever is first does it.
        assert_eq!(pair.one.sync_with(&[]).code, 0);
        wait_until("it arrives", || pair.two.read("a") == pair.one.read("a"));
    }
    pair.travels_from(&pair.one);
    assert!(!pair.two.tree().keys().any(|key| key.contains("conflict")));
    // A long run by hand is waited for.
    let ((came, comes), (go, goes)) = (channel(), channel::<()>());
    let goes = Mutex::new(goes);
    pair.bucket.server().on_request(move |request| {
        if request.operation == Op::PutObject && request.key.as_deref().is_some_and(|key| key.ends_with("/slow")) {
            came.send(()).unwrap();
            // An end of the test is an answer as well.
            let _ = goes.lock().unwrap().recv();
        }
    });
    pair.first.signal(Signal::STOP);
    pair.one.write("slow", "3");
    let mut sync = pair.one.process(["sync"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    comes.recv_timeout(Duration::from_secs(60)).unwrap();
    pair.first.signal(Signal::CONT);
    pair.first.is("waiting");
    go.send(()).unwrap();
    assert!(sync.wait().unwrap().success());
    pair.bucket.server().clear_hook();
    pair.first.is_in_sync();
    pair.travels_from(&pair.one);
}

#[test]
fn a_second_daemon_is_refused() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    let daemon = one.fast_daemon();
    daemon.is_in_sync();
    let refused = one.run(["daemon"]).with(1);
    refused.warns(&format!("error: a daemon is already running (process {})\n", daemon.pid()));
    // One that was killed is in nobody's way.
    daemon.kill();
    let daemon = one.fast_daemon();
    daemon.is_in_sync();
}

#[test]
fn a_target_that_is_paused_is_left_alone_until_it_is_resumed() {
    let pair = Pair::with(&[("a", "1")]);
    pair.one.run(["daemon", "pause", TARGET]).with(0);
    pair.first.is("paused");
    pair.one.write("a", "2");
    pair.two.write("b", "3");
    pair.first.signal(Signal::HUP);
    wait_until("the other machine goes on", || pair.bucket.snapshot().contains_key("b"));
    stays("it is left alone", Duration::from_secs(1), || {
        pair.one.read("b").is_none() && pair.bucket.snapshot()["a"] == b"1"
    });
    pair.one.run(["daemon", "resume", TARGET]).with(0);
    wait_until("both have all", || pair.two.read("a") == Some("2".into()) && pair.one.read("b").is_some());
    pair.first.is_in_sync();
    pair.one.s4(["daemon", "pause", "nobody"]).assert().code(2);
}

#[test]
fn the_end_comes_within_five_seconds_and_what_was_done_is_written_down() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("calm", "1")]);
    let daemon = one.fast_daemon();
    daemon.is_in_sync();
    // The other parts go through, and then the last ones hang.
    bucket
        .server()
        .inject(Fault::new(FaultKind::Delay(Duration::from_secs(600))).on(Op::UploadPart).after(1).times(u64::MAX));
    for at in 0..20 {
        one.write(&format!("small/{at}"), format!("{at}"));
    }
    one.write("big", vec![7; 40 << 20]);
    wait_until("the big one is under way and the small ones are there", || {
        bucket.server().counts().of(Op::UploadPart) > 1 && bucket.snapshot().len() == 21
    });
    let (code, took, said) = daemon.terminate();
    assert_eq!(code, Some(0), "{said}");
    assert!(took < Duration::from_secs(6), "{took:?}: {said}");
    let index = one.index();
    assert!((0..20).all(|at| index.contains_key(&format!("small/{at}"))), "{:?}", index.keys());
    bucket.server().clear_faults();
    one.sync();
    assert_eq!(bucket.snapshot(), one.tree());
    assert!(one.has_nothing_staged());
}

#[test]
fn daemons_that_are_killed_at_any_moment_converge_when_they_run_again() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machines = [env.machine(&bucket), env.machine(&bucket)];
    let mut daemons = [0, 1].map(|at: usize| Some(machines[at].fast_daemon()));
    let mut dice = Dice::of(6);
    for round in 0..10 {
        let at = dice.roll(2);
        for file in 0..dice.roll(12) {
            machines[at].write(&format!("{at}/{file}"), format!("{round} {file}"));
        }
        // After so many more requests, of whomever.
        let moment = bucket.server().counts().total() + dice.roll(15) as u64;
        wait_until("requests are made", || bucket.server().counts().total() >= moment);
        daemons[at].take().unwrap().kill();
        daemons[at] = Some(machines[at].fast_daemon());
    }
    let all = converge(&bucket, &[&machines[0], &machines[1]]);
    assert!(!all.keys().any(|key| key.contains("conflict")), "{:?}", all.keys());
    for (machine, daemon) in machines.iter().zip(daemons.into_iter().flatten()) {
        daemon.is_in_sync();
        drop(daemon);
        assert!(machine.has_nothing_staged());
        machine.is_idle();
    }
}

#[test]
fn its_records_are_those_of_a_sync() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1")]);
    let daemon = one.daemon(&[&FAST[..], &["--json"]].concat());
    daemon.is_in_sync();
    assert_eq!(daemon.printed(), "");
    one.write("a", "2");
    wait_until("it is there", || bucket.snapshot() == one.tree());
    two.write("b", "3");
    two.sync();
    wait_until("both are told", || {
        let told = outcomes(&daemon.printed());
        ["a", "b"].iter().all(|key| told.contains_key(*key)) && daemon.printed().trim_end().ends_with('}')
    });
    daemon.is_in_sync();
    let kinds: Vec<&str> = records(&daemon.printed())
        .iter()
        .map(|record| match record {
            Record::Header { target, .. } if target.as_deref() == Some(TARGET) => "header",
            Record::Outcome(_) => "outcome",
            Record::End { .. } => "end",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["header", "outcome", "end", "header", "outcome", "end"]);
    assert!(Path::new(&format!("/proc/{}", daemon.pid())).exists());
}
