//! `kill -9` between any two requests, and SIGTERM: what the next sync finds.
//!
//! The moment is a request's arrival at the server, so nothing here hangs on luck: the process dies before the request has
//! an answer, whether or not it was applied.

use std::collections::BTreeMap;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::support::{Bucket, Machine, TARGET, TestEnv};

/// A sync, by one command or step by step in a pipe.
fn sync(machine: &Machine, by_pipe: bool) -> Command {
    let sync = machine.process(["sync", "--conflicts", "ignore"]);
    if !by_pipe {
        return sync;
    }
    let steps = ["diff-index", "push-file --stdin", "pull-file --stdin", "write-index --stdin"];
    let program = sync.get_program().to_str().unwrap();
    let pipe = steps.map(|step| format!("'{program}' {step} {TARGET}")).join(" | ");
    let mut shell = Command::new("/bin/sh");
    shell.env_clear().envs(sync.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.args(["-c", &pipe]).current_dir(sync.get_current_dir().unwrap());
    shell
}

/// Runs a sync that gets `signal`, all its processes at once, when its request number `moment` arrives; whether it came that
/// far.
fn interrupted(bucket: &Bucket, mut sync: Command, signal: Signal, moment: u64) -> (bool, Child) {
    let (seen, pid) = (Arc::new(AtomicU64::new(0)), Arc::new((Mutex::new(None), Condvar::new())));
    let (counted, told) = (Arc::clone(&seen), Arc::clone(&pid));
    bucket.server().on_request(move |_| {
        if counted.fetch_add(1, Ordering::SeqCst) + 1 == moment {
            let known = told.1.wait_while(told.0.lock().unwrap(), |pid| pid.is_none()).unwrap();
            let _ = kill_process_group((*known).unwrap(), signal);
        }
    });
    let mut child = sync.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    *pid.0.lock().unwrap() = Pid::from_raw(i32::try_from(child.id()).unwrap());
    pid.1.notify_all();
    child.wait().unwrap();
    bucket.server().clear_hook();
    (seen.load(Ordering::SeqCst) >= moment, child)
}

fn contents(round: u64) -> BTreeMap<String, Vec<u8>> {
    let small = (0..6).map(|file| (format!("d{file}/file"), format!("{round} {file}").into_bytes()));
    let mut contents: BTreeMap<_, _> = small.collect();
    contents.insert("big".to_owned(), vec![u8::try_from(round % 251).unwrap(); 17 << 20]);
    contents
}

/// Kills syncs that carry new contents, updates and deletes one way at ever later moments, until one is through.
fn kill_at_every_request(from: &str, by_pipe: bool) {
    let bucket = Bucket::in_process();
    let env = TestEnv::new();
    let (home, work) = (env.machine(&bucket), env.machine(&bucket));
    for machine in [&home, &work] {
        machine.s4(["sync"]).assert().success();
    }
    for moment in 1.. {
        let (writer, victim) = if from == "writer" { (&home, &home) } else { (&home, &work) };
        for (key, content) in contents(moment) {
            writer.write(&key, content);
        }
        writer.write(&format!("only-{moment}"), "gone next time");
        if moment > 1 {
            writer.remove(&format!("only-{}", moment - 1));
        }
        if from == "reader" {
            home.s4(["sync"]).assert().success();
        }
        let (killed, _) = interrupted(&bucket, sync(victim, by_pipe), Signal::KILL, moment);
        // The next sync needs nobody's help, asks nothing and loses nothing.
        for machine in [victim, &home, &work] {
            let output = machine.s4(["sync"]).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "killed at request {moment}: {said}");
            assert!(!said.contains("conflict"), "killed at request {moment}: {said}");
            assert!(machine.has_nothing_staged(), "killed at request {moment}");
            let left = (machine.kept("uploads"), machine.kept("downloads"));
            assert_eq!(left, (vec![], vec![]), "killed at request {moment}");
        }
        assert_eq!(home.tree(), work.tree(), "killed at request {moment}");
        assert_eq!(home.tree().len(), 8, "killed at request {moment}");
        assert!(contents(moment).iter().all(|(key, content)| home.read(key).as_ref() == Some(content)));
        if !killed {
            assert!(moment > 8, "only {moment} requests");
            return;
        }
    }
}

#[test]
fn a_killed_push_is_taken_up_by_the_next_sync_whatever_request_it_died_at() {
    kill_at_every_request("writer", false);
}

#[test]
fn a_killed_pipe_that_pushes_is_taken_up_by_the_next_sync_whatever_request_it_died_at() {
    kill_at_every_request("writer", true);
}

#[test]
fn a_killed_pipe_that_pulls_is_taken_up_by_the_next_sync_whatever_request_it_died_at() {
    kill_at_every_request("reader", true);
}

#[test]
fn a_killed_pull_is_taken_up_by_the_next_sync_whatever_request_it_died_at() {
    kill_at_every_request("reader", false);
}

#[test]
fn a_terminated_sync_commits_what_it_did_and_says_so() {
    let bucket = Bucket::in_process();
    let env = TestEnv::new();
    let machine = env.machine(&bucket);
    machine.s4(["sync"]).assert().success();
    for file in 0..400 {
        machine.write(&format!("{file}"), "x");
    }
    let (sent, mut child) = interrupted(&bucket, sync(&machine, false), Signal::TERM, 30);
    assert!(sent);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let index = s4::index::decode(&std::fs::read(machine.path(".index")).unwrap()).unwrap();
    let objects = bucket.tree().len();
    assert!(objects > 0 && objects < 400, "{objects} objects");
    assert_eq!(index.live(), objects);
    machine.s4(["sync"]).assert().success();
    assert_eq!(bucket.tree(), machine.tree());
}
