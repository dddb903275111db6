//! Several processes on several machines at once, killed at any moment: the causal model must hold all the same.
//!
//! `S4_KILL_SEEDS=FIRST-LAST cargo test --test it killed_at_any_moment` plays other seeds, each with [`KILLS`] kills on each server.
//! The moments are real time, so that a seed repeats the script and not the interleaving; what is checked holds in all of them.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Bucket, Ran, Story, ran, seeds};

/// How many processes die in one play.
const KILLS: usize = 10;

/// As users run it who want no questions; the trees are so small that every guard would have its say.
const SYNC: [&str; 4] = ["sync", "--force", "--conflicts", "keep-both"];

/// How a sync that was let alone may end: it may have met keys that kept on changing, or files and folders of the same name.
fn is_fine(ran: &Ran) -> bool {
    [0, 3, 4].contains(&ran.code)
}

struct Play {
    story: Story,
    kills: usize,
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
        let deaths: Vec<(usize, Duration)> = (0..=dice.roll(2))
            .map(|_| {
                (dice.roll(on.len()), self.usual.mul_f64(f64::from(u32::try_from(dice.roll(1500)).unwrap()) / 1e3))
            })
            .collect();
        (0..before).for_each(|_| self.story.edit());
        let began = Instant::now();
        let mut syncs: Vec<Child> = on.iter().map(|machine| self.start(*machine)).collect();
        (0..meanwhile).for_each(|_| self.story.edit());
        for (victim, moment) in deaths {
            std::thread::sleep(moment.saturating_sub(began.elapsed()));
            let _ = syncs[victim].kill();
        }
        for sync in syncs {
            let output = sync.wait_with_output().unwrap();
            if output.status.code().is_none() {
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
            machines.iter().for_each(|machine| assert!(is_fine(&machine.run(SYNC)), "{}", self.name));
        }
        // Where one died right after it had pushed a file, and its user then made a folder of that name, no machine has the file
        // and none can keep it: a person has to take it out of the bucket.
        for machine in machines {
            for line in machine.run(SYNC).err.lines() {
                if let Some((_, left)) = line.split_once("conflict left alone: \"") {
                    self.story.bucket.remove(left.split('"').next().unwrap());
                }
            }
        }
        for machine in machines.iter().chain(machines) {
            machine.run(SYNC).with(0);
        }
        self.story.nothing_is_lost(&self.name);
        self.story.machines.iter().for_each(|machine| machine.is_idle());
    }
}

fn play(bucket: Bucket, seed: u64) -> usize {
    let server = if bucket.server_if_any().is_some() { "the in-process server" } else { "SeaweedFS" };
    let machines = 2 + usize::try_from(seed % 2).unwrap();
    let story = Story::of(bucket, machines, seed);
    let mut play =
        Play { story, kills: 0, usual: Duration::from_millis(100), name: format!("seed {seed} on {server}") };
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
            kills += play(bucket, seed);
        }
    }
    eprintln!("{kills} processes were killed");
}
