//! A week of three machines whose users edit while daemons are killed, networks fail and clocks lie.
//!
//! `S4_DAYS=7` makes it a whole one, and `S4_WEEK_SEEDS=1-20` plays others. The clock that lies is the server's: the machines' own
//! is the system's, which no test may set; but their files have times of any year.

use std::time::Duration;

use rustix::process::Signal;
use s4_test_server::{Fault, FaultKind};

use crate::support::{Bucket, Daemon, FAST, Machine, Proxy, Story, Trouble, seeds, wait_until};

/// The hours of a day in which somebody works.
const HOURS: usize = 12;
/// What is edited in one of them, at most.
const EDITS: usize = 60;
/// Small contents, of which many have the same size.
const SIZES: [usize; 8] = [32, 32, 32, 33, 200, 200, 4_096, 20_000];
/// A daemon may use so much more memory after all that, in KiB.
const GROWTH: u64 = 20 << 10;

fn start(machine: &Machine) -> Daemon {
    let mut process = machine.process(["daemon"].iter().chain(&FAST));
    process.env("S4_TIMEOUT", "1");
    Daemon::start(machine, process)
}

/// One thing that nobody wants.
fn disturb(story: &mut Story, daemons: &mut [Option<Daemon>], proxies: &[Proxy]) {
    // The first daemon lives through it all: its memory is what is measured.
    let (some, other) = (story.dice.roll(3), 1 + story.dice.roll(2));
    match story.dice.roll(7) {
        0 | 1 => {
            story.note(format!("machine {other}: kill -9"));
            daemons[other].take().into_iter().for_each(Daemon::kill);
        }
        2 => {
            story.note(format!("machine {other}: restart"));
            if let Some(daemon) = daemons[other].take() {
                let (code, took, said) = daemon.terminate();
                assert!(code == Some(0) && took < Duration::from_secs(8), "{code:?} after {took:?}: {said}");
            }
        }
        3 => {
            story.note(format!("machine {some}: no network"));
            proxies[some].trouble("HTTP", Trouble::Broken, 20);
        }
        4 => {
            let kind =
                story.dice.pick(&[FaultKind::LoseReply, FaultKind::slow_down(), FaultKind::internal_error()]).clone();
            story.note(format!("the server: {kind:?}"));
            story.bucket.server().inject(Fault::new(kind).times(5));
        }
        5 => {
            let offset = *story.dice.pick(&[0, 86_400, -86_400, 3, -3]);
            story.note(format!("the server's clock is {offset} s ahead"));
            story.bucket.server().set_clock_offset(offset);
        }
        _ => {
            if let Some(daemon) = &daemons[some] {
                story.note(format!("machine {some}: SIGHUP"));
                daemon.signal(Signal::HUP);
            }
        }
    }
}

fn play(seed: u64, days: usize) {
    let mut story = Story::of(Bucket::in_process(), 3, seed).with_sizes(&SIZES);
    let proxies: Vec<Proxy> = story.machines.iter().map(|_| Proxy::before(&story.bucket)).collect();
    for (machine, proxy) in story.machines.iter().zip(&proxies) {
        machine.set("endpoint_url", proxy.endpoint());
    }
    let mut daemons: Vec<Option<Daemon>> = story.machines.iter().map(|machine| Some(start(machine))).collect();
    daemons.iter().flatten().for_each(Daemon::is_in_sync);
    let mut before = None;
    for hour in 0..days * HOURS {
        for _ in 0..story.dice.roll(EDITS) {
            story.edit();
        }
        // Time passes by what is asked of the server.
        let requests = story.bucket.server().counts().total() + story.dice.roll(60) as u64;
        wait_until("an hour passes", || story.bucket.server().counts().total() >= requests);
        if story.dice.roll(3) > 0 {
            disturb(&mut story, &mut daemons, &proxies);
        }
        for (at, daemon) in daemons.iter_mut().enumerate() {
            if daemon.is_none() && story.dice.roll(2) == 0 {
                *daemon = Some(start(&story.machines[at]));
            }
        }
        if hour == HOURS / 2 {
            before = daemons[0].as_ref().map(Daemon::memory);
        }
    }
    for proxy in &proxies {
        proxy.calm();
    }
    story.bucket.server().clear_faults();
    for (machine, daemon) in story.machines.iter().zip(&mut daemons) {
        daemon.get_or_insert_with(|| start(machine));
    }
    story.comes_to_rest(&format!("seed {seed}"));
    let after = daemons[0].as_ref().map(Daemon::memory);
    assert!(
        after.zip(before).is_some_and(|(after, before)| after < before + GROWTH),
        "{before:?} KiB became {after:?}"
    );
    daemons.iter().flatten().for_each(Daemon::is_in_sync);
    daemons.clear();
    story.nothing_is_lost(&format!("seed {seed}"));
}

#[test]
fn after_a_week_of_bad_weather_all_machines_are_the_same_and_nothing_is_lost() {
    let days = std::env::var("S4_DAYS").map_or(1, |days| days.parse().unwrap());
    for seed in seeds("S4_WEEK_SEEDS", "4") {
        play(seed, days);
    }
}
