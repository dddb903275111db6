//! The README: what it shows is what happens.
//!
//! Its `console` blocks are run in order, on machines that share a bucket. A line `NAME$ COMMAND` is run in the home of
//! that machine; what follows it is the output, both streams together. Of that
//! - `]: ANSWER` at the end of a question is what is typed there,
//! - `(exit code N)` is how the command ends, if not with 0,
//! - `…` stands for anything within its line,
//! - times, spans of time and the place of the home may be any.
//!
//! Its `sh` blocks are what people do with the sources. `.ci/run` does the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command as Process;

use assert_cmd::Command;

use crate::support::{Bucket, TestEnv};

const README: &str = include_str!("../../README.md");
const CI: &str = include_str!("../../.ci/run");
/// The home that the README shows.
const HOME: &str = "/home/ann";

/// A command line of the README or a page of the manual, and what it shows of it.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) machine: String,
    pub(crate) command: String,
    typed: String,
    output: String,
    code: i32,
}

/// The lines of the blocks that are marked as `language`, each block as one text.
fn blocks(language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in README.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(marked), None) => open = Some((marked == language, String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take().filter(|(wanted, _)| *wanted).map(|(_, text)| text)),
            (None, Some((_, text))) => *text += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    blocks
}

/// The steps of a block, in order.
pub(crate) fn steps(block: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block.replace("\\\n", "").lines() {
        let prompt = line.split_once("$ ").filter(|(name, _)| name.chars().all(char::is_alphanumeric));
        if let Some((machine, command)) = prompt {
            steps.push(Step { machine: machine.to_owned(), command: command.to_owned(), ..Step::default() });
            continue;
        }
        let step = steps.last_mut().unwrap_or_else(|| panic!("output before any command: {line}"));
        if let Some(code) = line.strip_prefix("(exit code ").and_then(|rest| rest.strip_suffix(')')) {
            step.code = code.parse().unwrap();
        } else if let Some((question, answer)) = line.split_once("]:") {
            // Nobody types a line break into what a test reads.
            step.output += &format!("{question}]: ");
            step.typed += &format!("{}\n", answer.trim());
        } else {
            step.output += &format!("{line}\n");
        }
    }
    steps
}

/// A text with all that may differ from run to run made the same.
fn plain(text: &str) -> String {
    let line = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let plain = |(at, word): (usize, &&str)| {
            let shape = word.replace(|letter: char| letter.is_ascii_digit(), "0");
            let span = words.get(at + 1) == Some(&"s") && matches!(&*shape, "0.0" | "00");
            match &*shape {
                _ if span => "0.0".to_owned(),
                "0000-00-00T00:00:00Z" => shape,
                _ => (*word).to_owned(),
            }
        };
        words.iter().enumerate().map(plain).collect::<Vec<_>>().join(" ")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Whether `text` is `pattern`, in which `…` stands for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((before, after)) = pattern.split_once('…') else { return text == pattern };
    let Some(rest) = text.strip_prefix(before) else { return false };
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| is_like(&rest[at..], after))
}

#[track_caller]
fn assert_alike(shown: &str, happened: &str, command: &str) {
    let (shown, happened) = (plain(shown), plain(happened));
    let alike = shown.lines().count() == happened.lines().count()
        && shown.lines().zip(happened.lines()).all(|(shown, happened)| is_like(happened, shown));
    assert!(alike, "{command}\n-- the text shows\n{shown}\n-- it prints\n{happened}");
}

/// A home whose AWS files lead to the bucket's server, by default and by the profile `home`.
pub(crate) fn furnish(home: &Path, bucket: &Bucket) {
    let (endpoint, id, secret) = (bucket.endpoint(), bucket.access_key(), bucket.secret_key());
    let profile = format!(
        "region = us-east-1\nendpoint_url = {endpoint}\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"
    );
    fs::create_dir_all(home.join(".aws")).unwrap();
    fs::write(home.join(".aws/config"), format!("[default]\n{profile}[profile home]\n{profile}")).unwrap();
    fs::write(home.join("secret.txt"), secret).unwrap();
}

#[test]
fn what_the_readme_shows_is_what_happens() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    for name in ["family", "notes"] {
        bucket.server().create_bucket(name);
    }
    let steps: Vec<Step> = blocks("console").iter().flat_map(|block| steps(block)).collect();
    assert!(steps.len() > 20, "the README has lost its examples: {steps:?}");
    assert_eq!(play(&env, &bucket, steps), ["desktop", "laptop"]);
}

/// Does the steps in order, each on its machine, and returns the names of the machines. Whatever comes out must be what is
/// shown.
pub(crate) fn play(env: &TestEnv, bucket: &Bucket, steps: Vec<Step>) -> Vec<String> {
    let mut homes = BTreeMap::new();
    for step in steps {
        let home = homes.entry(step.machine.clone()).or_insert_with(|| {
            let home = env.home(&step.machine);
            furnish(&home, bucket);
            home
        });
        let mut command = Command::from_std(TestEnv::shell(home, &format!("exec 2>&1; {}", step.command)));
        command.env("ENDPOINT", bucket.endpoint()).env("KEY_ID", bucket.access_key());
        let output = command.write_stdin(step.typed).output().unwrap();
        let happened = String::from_utf8(output.stdout).unwrap().replace(home.to_str().unwrap(), HOME);
        assert_alike(&step.output, &happened, &step.command);
        assert_eq!(output.status.code(), Some(step.code), "{}\n{happened}", step.command);
    }
    homes.into_keys().collect()
}

#[test]
fn what_the_readme_does_with_the_sources_is_what_ci_does() {
    let commands: Vec<String> = blocks("sh").iter().flat_map(|block| block.lines().map(str::to_owned)).collect();
    assert!(commands.len() >= 3, "{commands:?}");
    // Installing builds the program that the quick start has built, all over again, since Cargo leaves out what only tests need.
    let installing = "cargo install --locked --path .";
    assert!(commands.iter().any(|command| command == installing));
    for command in commands.into_iter().filter(|command| command != installing) {
        let done = CI.lines().any(|line| line.split("step ").nth(1) == Some(&command));
        assert!(done, "'{command}' is in README.md and not in .ci/run");
    }
}

#[test]
fn the_quick_start_plays_to_its_end() {
    let mut cargo = Process::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["run", "--quiet", "--example", "quickstart"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    // What Cargo tells the programs that it runs: build scripts that look at it would think that everything changed.
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    let output = cargo.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    for shown in ["laptop$ s4 sync docs", "(exit code 3)", "The two folders hold the same files", "YOUR-BUCKET"] {
        assert!(out.contains(shown), "{shown} is missing:\n{out}{err}");
    }
}

#[test]
fn times_and_ellipses_may_be_anything_and_the_rest_may_not() {
    for (shown, happened, alike) in [
        ("in 0.1 s", "in 7.3 s", true),
        ("in 0.1 s", "in 12 s", true),
        ("in 0.1 s", "in 0.1 min", false),
        ("1 file up (10 B)", "2 files up (10 B)", false),
        ("at 2026-11-22T10:03:04Z", "at 1999-01-01T00:00:00Z", true),
        ("a-….txt!", "a-b-c.txt!", true),
        ("a-….txt!", "a-b-c.txt", false),
        ("a\nb", "a", false),
    ] {
        let (shown, happened) = (plain(shown), plain(happened));
        let lines = shown.lines().count() == happened.lines().count();
        assert_eq!(lines && is_like(&happened, &shown), alike, "{shown} {happened}");
    }
}
