//! The plumbing one command at a time: what goes in, what comes out, what is refused.

mod carrying;
mod deletions;
mod looking;
mod streams;
mod writing;

use std::process::{Child, Stdio};

use serde_json::Value;

use crate::support::{Machine, Ran, TARGET, outcomes, ran};

impl Machine {
    /// Runs s4 with an input.
    fn feed(&self, args: &[&str], input: &str) -> Ran {
        ran(&self.s4(args).write_stdin(input).output().unwrap())
    }
}

const PUSH: [&str; 3] = ["push-file", TARGET, "--stdin"];
const PULL: [&str; 3] = ["pull-file", TARGET, "--stdin"];
const WRITE: [&str; 3] = ["write-index", TARGET, "--stdin"];

/// The outcome of a key: action, result, reason.
#[track_caller]
fn outcome(out: &str, key: &str) -> [String; 3] {
    let outcome = outcomes(out).remove(key).unwrap_or_else(|| panic!("no outcome of {key:?}: {out}"));
    [outcome.action, outcome.result, outcome.reason.unwrap_or_default()]
}

/// The lines that are left of a stream when somebody takes out its header, its end, and whatever `keep` does not want.
fn select(out: &str, keep: impl Fn(&Value) -> bool) -> String {
    let wanted = |line: &&str| {
        let record: Value = serde_json::from_str(line).unwrap();
        record["type"] != "header" && record["type"] != "end" && keep(&record)
    };
    out.lines().filter(wanted).map(|line| format!("{line}\n")).collect()
}

fn spawn(machine: &Machine, args: &[&str]) -> Child {
    let mut process = machine.process(args);
    process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}
