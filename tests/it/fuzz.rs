//! The fuzz targets over their seeds, and over variants of them that are the same each time: what the fuzzer has found once
//! stays found, with no fuzzer at hand.

#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "there it is a library")]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use targets::TARGETS;

/// Variants of each seed.
const VARIANTS: usize = 60;

/// What variants are made with, besides bytes of the seeds.
const PIECES: [&[u8]; 20] = [
    b"\0",
    b"\xff",
    b"\n",
    b"\"",
    b"\\",
    b"/",
    b"..",
    b"**/",
    b"{",
    b"}",
    b"[",
    b",",
    b":",
    b"-",
    b"1e999",
    b"null",
    b"18446744073709551616",
    b"\xef\xbb\xbf",
    b"\\ud800",
    b"\"type\":\"end\"",
];

fn folder(of: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz")).join(of)
}

/// Names and bytes of a target's seeds, in order.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder("corpus").join(target)).unwrap().map(Result::unwrap);
    let mut seeds: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect();
    seeds.sort();
    seeds
}

/// A reproducible source of choices.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides.max(1)
    }

    /// Changes some of the bytes: one flipped, some taken out or doubled, a piece put in, the end of another seed put on.
    fn change(&mut self, bytes: &mut Vec<u8>, others: &[(String, Vec<u8>)]) {
        for _ in 0..=self.roll(3) {
            let at = self.roll(bytes.len() + 1);
            let end = (at + self.roll(20)).min(bytes.len());
            match self.roll(5) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.roll(8),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let some = bytes[at..end].repeat(1 + self.roll(40));
                    bytes.splice(at..at, some);
                }
                3 => drop(bytes.splice(at..at, PIECES[self.roll(PIECES.len())].iter().copied())),
                _ => {
                    let other = &others[self.roll(others.len())].1;
                    bytes.truncate(at);
                    bytes.extend_from_slice(&other[self.roll(other.len() + 1)..]);
                }
            }
        }
    }
}

/// Tells which input broke a target.
struct Tell<'a>(&'a str, &'a [u8]);

impl Drop for Tell<'_> {
    #[expect(clippy::print_stderr, reason = "the input that broke a target")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("broken by {}: \"{}\"", self.0, self.1.escape_ascii());
        }
    }
}

fn run(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).unwrap();
    let seeds = seeds(name);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for (seed, bytes) in &seeds {
        let _tell = Tell(seed, bytes);
        target(bytes);
        for number in 0..VARIANTS {
            let mut variant = bytes.clone();
            dice.change(&mut variant, &seeds);
            let name = format!("variant {number} of {seed}");
            let _tell = Tell(&name, &variant);
            target(&variant);
        }
    }
}

#[test]
fn any_config_file_is_read_or_refused() {
    run("config");
}

#[test]
fn any_ignore_rules_are_read_and_all_ways_to_ask_agree() {
    run("ignore");
}

#[test]
fn any_index_file_is_read_or_damaged_and_survives_a_rewrite() {
    run("index");
}

#[test]
fn any_key_is_refused_or_stays_below_the_folder() {
    run("key");
}

#[test]
fn any_change_log_is_read_or_damaged_and_survives_a_rewrite() {
    run("log");
}

#[test]
fn the_names_of_any_index_file_are_those_that_are_in_it() {
    run("names");
}

#[test]
fn any_records_are_read_or_refused() {
    run("records");
}

#[test]
fn any_uri_is_read_or_refused() {
    run("uri");
}

#[test]
fn any_answer_to_a_list_is_read_as_the_sdk_reads_it() {
    run("listing");
}

/// A target that is forgotten in one of these places would never run.
#[test]
fn every_fuzz_target_has_seeds_and_a_program() {
    let names = |of: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(folder(of)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".rs", "")).collect()
    };
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("corpus"), targets);
    assert_eq!(names("fuzz_targets"), targets);
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    assert!(targets.iter().all(|name| manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\""))));
}
