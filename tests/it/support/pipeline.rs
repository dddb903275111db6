//! A sync as a pipe of plumbing commands.

use std::process::{Child, ChildStdout, Stdio};

use super::{Machine, Ran, TARGET, ran};

/// What a pipe of commands came to.
#[derive(Debug)]
pub(crate) struct Piped {
    /// How each command ended, in their order.
    pub(crate) codes: Vec<i32>,
    /// What the last one printed, and what all of them said on stderr; its exit code.
    pub(crate) last: Ran,
}

impl Machine {
    /// Runs commands of s4 in a pipe, each an own process.
    pub(crate) fn pipe(&self, commands: &[&[&str]]) -> Piped {
        let mut children: Vec<Child> = Vec::new();
        let mut input: Option<ChildStdout> = None;
        for command in commands {
            let mut process = self.process(*command);
            process.stdin(input.take().map_or_else(Stdio::null, Stdio::from));
            process.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = process.spawn().unwrap();
            input = child.stdout.take();
            children.push(child);
        }
        // What the earlier ones say on stderr is little, so that nobody waits for its being read.
        let mut last = children.pop().unwrap();
        last.stdout = input;
        let mut end = ran(&last.wait_with_output().unwrap());
        let mut codes = Vec::new();
        let mut told = String::new();
        for child in children {
            let one = ran(&child.wait_with_output().unwrap());
            codes.push(one.code);
            told.push_str(&one.err);
        }
        codes.push(end.code);
        end.err = told + &end.err;
        Piped { codes, last: end }
    }

    /// What `s4 sync --conflicts ignore` does, step by step.
    pub(crate) fn sync_by_pipe(&self) -> Piped {
        self.pipe(&[
            &["diff-index", TARGET],
            &["push-file", TARGET, "--stdin"],
            &["pull-file", TARGET, "--stdin"],
            &["write-index", TARGET, "--stdin"],
        ])
    }
}
