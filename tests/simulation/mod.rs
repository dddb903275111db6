//! The simulation: several machines with the real engine, one bucket in memory, and everything that can go wrong.
//!
//! A script, made of a seed, says what users, other tools and the world do, and when which machines sync. During a sync each
//! system call in the folder and each request is a *moment*: between two of them another machine's sync may go on, a user
//! may edit, the machine may die, by `kill -9` or with what was not flushed lost. Requests fail in every way, also after
//! they were applied, or arrive late. Clocks are off and jump, indexes are lost or replaced by older ones.
//!
//! After each step nothing may be lost (the causal model of `model.rs`), half written or touched outside of the folders;
//! when all has calmed down, all trees become the same, nothing deleted is back, and a sync that finds nothing costs no more
//! than it must.
//!
//! ```sh
//! cargo test --lib simulation                                       # 200 seeds
//! S4_SEEDS=1-10000 cargo test --profile measure --lib simulation    # more, faster
//! S4_SEEDS=4711 cargo test --lib simulation                         # one of them; what fails is made shorter and told,
//!                                                                   # but for S4_SHORTEN=no
//! ```
//!
//! The folders are real, and the engine is that of the program but for its system calls, which tell of themselves
//! (`calls.rs`), and for file work, which has no threads of its own here: so a seed is always the same story.

// A test, though not by an attribute that clippy knows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bucket;
pub(crate) mod calls;
mod dice;
mod disk;
mod edits;
mod line;
mod model;
mod moments;
mod play;
mod regressions;
mod script;
mod seat;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use self::play::play;
use self::script::Script;

/// So many failures are enough to look at.
const ENOUGH: usize = 10;
/// Steps of a script.
const STEPS: usize = 60;

/// Whether this thread plays a machine, so that its file work needs no thread of its own.
pub(crate) fn is_on() -> bool {
    seat::seat().is_some()
}

/// The seeds asked for: `S4_SEEDS=FIRST-LAST`, or one.
fn seeds() -> std::ops::RangeInclusive<u64> {
    let asked = std::env::var("S4_SEEDS").unwrap_or_else(|_| "1-200".to_owned());
    let (first, last) = asked.split_once('-').unwrap_or((&asked, &asked));
    first.parse().unwrap()..=last.parse().unwrap()
}

#[test]
fn nothing_is_lost_and_machines_converge_whatever_happens() {
    play_all(|seed| Script::of(seed, STEPS));
}

#[test]
fn what_a_watcher_and_the_indexes_tell_is_all_there_is_to_look_at() {
    play_all(|seed| Script::of_daemons(seed, STEPS / 3));
}

/// Plays the scripts of all seeds.
fn play_all(script: impl Fn(u64) -> Script + Sync) {
    let seeds = seeds();
    let next = AtomicU64::new(*seeds.start());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let failed = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed > *seeds.end() || failed.lock().unwrap().len() >= ENOUGH {
                        return;
                    }
                    if let Err(violation) = play(&script(seed), false) {
                        failed.lock().unwrap().push((seed, violation.what));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    if let Some((seed, _)) = failed.first() {
        let failures = failed.iter().map(|(seed, what)| format!("seed {seed}: {what}\n")).collect::<String>();
        assert!(std::env::var("S4_SHORTEN").as_deref() != Ok("no"), "{failures}");
        let (script, violation) = shortened(script(*seed));
        panic!(
            "{failures}\nseed {seed} in short:\n{}\n\n{}\n\n{}",
            script.as_code(),
            violation.log.join("\n"),
            violation.what
        );
    }
}

/// The shortest script found that still goes wrong.
fn shortened(mut script: Script) -> (Script, play::Violation) {
    'again: loop {
        for shorter in script.shorter() {
            if play(&shorter, false).is_err() {
                script = shorter;
                continue 'again;
            }
        }
        let violation = play(&script, true).expect_err("it went wrong a moment ago");
        return (script, violation);
    }
}

#[test]
fn a_seed_is_always_the_same_story() {
    for seed in [3, 14, 159] {
        let [one, other] = [(); 2].map(|()| play::story(&Script::of(seed, STEPS)));
        let differs = one.iter().zip(&other).position(|(one, other)| one != other);
        assert_eq!(differs.map(|at| (&one[at], &other[at])), None, "seed {seed}");
        assert_eq!(one.len(), other.len(), "seed {seed}");
    }
}
