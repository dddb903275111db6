//! Several processes on several machines at once, killed or interrupted at any moment: the causal model must hold all the same.
//!
//! `S4_KILL_SEEDS=FIRST-LAST cargo test --test it killed_at_any_moment` plays other seeds, each with [`KILLS`] kills on each server;
//! `S4_INTERRUPT_SEEDS` and `interrupted_at_any_moment` the same with Ctrl-C and SIGTERM.
//! The moments are real time, so that a seed repeats the script and not the interleaving; what is checked holds in all of them.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Bucket, Ran, Story, ran, seeds};

/// How many processes die in one play.
const KILLS: usize = 10;

const KILL: &[Signal] = &[Signal::KILL];

/// As users run it who want no questions; the trees are so small that every guard would have its say.
const SYNC: [&str; 4] = ["sync", "--force", "--conflicts", "keep-both"];

/// How a sync that was let alone may end: it may have met keys that kept on changing, or files and folders of the same name;
/// and SeaweedFS fails now and then when much happens at once.
fn is_fine(ran: &Ran) -> bool {
    [0, 3, 4].contains(&ran.code) || ran.code == 1 && ran.err.contains("caused by: the server failed: ")
}

struct Play {
    story: Story,
    /// What the processes get, one of them each time.
    signals: &'static [Signal],
    kills: usize,
    /// Whether several machines sync at once. SeaweedFS looks at a condition in one step and acts in another: of a write and a delete
    /// of the same version in the same moment it now and then accepts both.
    at_once: bool,
    /// How long a sync takes that nobody kills.
    usual: Duration,
    name: String,
}

impl Play {
    fn start(&self, machine: usize) -> Child {
        let mut sync = self.story.machines[machine].process(SYNC);
        sync.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Some edits, some syncs at once, edits meanwhile, and a sudden death or two.
    fn round(&mut self) {
        let dice = &mut self.story.dice;
        let (before, meanwhile) = (dice.roll(4), dice.roll(3));
        // Sometimes two on one folder: the second has to wait, also for one that dies.
        let mut on: Vec<usize> = (0..self.story.machines.len()).filter(|_| dice.roll(4) > 0).collect();
        on.push(dice.roll(self.story.machines.len()));
        if !self.at_once {
            let only = on[0];
            on.fill(only);
        }
        let deaths: Vec<(usize, Signal, Duration)> = (0..=dice.roll(2))
            .map(|_| {
                let share = f64::from(u32::try_from(dice.roll(1500)).unwrap()) / 1e3;
                (dice.roll(on.len()), *dice.pick(self.signals), self.usual.mul_f64(share))
            })
            .collect();
        (0..before).for_each(|_| self.story.edit());
        let began = Instant::now();
        let syncs: Vec<Child> = on.iter().map(|machine| self.start(*machine)).collect();
        (0..meanwhile).for_each(|_| self.story.edit());
        for (victim, signal, moment) in deaths {
            std::thread::sleep(moment.saturating_sub(began.elapsed()));
            // Not waited for yet, so that the number is nobody else's.
            let _ = kill_process(Pid::from_child(&syncs[victim]), signal);
        }
        for (machine, sync) in on.iter().zip(syncs) {
            let output = sync.wait_with_output().unwrap();
            self.story.note(format!("machine {machine}: {output:?}"));
            let code = output.status.code();
            if code.is_none_or(|code| code == 130) {
                // Before it has set up to hear a signal, there is nothing that it could have begun.
                let heard = code.is_some() || self.signals == KILL || output.stderr.is_empty();
                assert!(heard, "{}: {output:?}", self.name);
                self.kills += 1;
                continue;
            }
            let ran = ran(&output);
            assert!(is_fine(&ran), "{}: {ran:?}", self.name);
            self.usual = (self.usual * 3 + began.elapsed()) / 4;
        }
        self.story.nothing_is_torn(&self.name);
    }

    fn settle(&self) {
        let machines = &self.story.machines;
        for _ in 0..3 {
            for (at, machine) in machines.iter().enumerate() {
                let ran = machine.run(SYNC);
                assert!(is_fine(&ran), "{}: {ran:?}", self.name);
                self.story.note(format!("machine {at} settles: {ran:?}"));
            }
        }
        for machine in machines.iter().chain(machines) {
            machine.run(SYNC).with(0);
        }
        self.story.nothing_is_lost(&self.name);
        self.story.machines.iter().for_each(|machine| machine.is_idle());
    }
}

fn play(bucket: Bucket, seed: u64, signals: &'static [Signal]) -> usize {
    let at_once = bucket.server_if_any().is_some();
    let server = if at_once { "the in-process server" } else { "SeaweedFS" };
    let machines = 2 + usize::try_from(seed % 2).unwrap();
    let story = Story::of(bucket, machines, seed);
    let mut play = Play {
        story,
        signals,
        kills: 0,
        at_once,
        usual: Duration::from_millis(100),
        name: format!("seed {seed} on {server}"),
    };
    // The first ones try the server; that is a part of the play too.
    for round in 0.. {
        play.round();
        if round % 4 == 3 {
            play.settle();
        }
        // However badly the moments fall, it ends.
        if play.kills >= KILLS || round == 20 * KILLS {
            break;
        }
    }
    play.settle();
    play.kills
}

#[test]
fn killed_at_any_moment_nothing_is_lost_or_torn() {
    let mut kills = 0;
    for seed in seeds("S4_KILL_SEEDS", "1-2") {
        for bucket in Bucket::each() {
            kills += play(bucket, seed, KILL);
        }
    }
    eprintln!("{kills} processes were killed");
}

#[test]
fn interrupted_at_any_moment_nothing_is_lost_or_torn() {
    let mut interruptions = 0;
    for seed in seeds("S4_INTERRUPT_SEEDS", "1") {
        for bucket in Bucket::each() {
            interruptions += play(bucket, seed, &[Signal::INT, Signal::TERM]);
        }
    }
    eprintln!("{interruptions} processes were interrupted");
}
