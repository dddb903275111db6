//! Completion at run time: what a shell asks when somebody presses TAB.
//!
//! The shell runs the program with `COMPLETE` set to its name; without a command line the program prints what makes the
//! shell ask. Commands, options and choices come from the contract; `values.rs` adds what only this machine knows, by
//! the names of the arguments' values. `shells.rs` speaks with each shell.
//!
//! No network, no lock, nothing is written. What cannot be found out is not offered, and nothing is said about it.

mod bash;
mod profiles;
mod shells;
#[cfg(test)]
mod tests;
mod values;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{ArgMatches, Command, CommandFactory};
use clap_complete::CompleteEnv;
use clap_complete::engine::{self, CompletionCandidate};
use clap_complete::env::{EnvCompleter as _, Shells};
use s4_commands::Cli;

use crate::config::Config;
use crate::env::Env;
use crate::error::ExitCode;
use crate::ui::text::printable;

/// Answers a shell, if it is one that asks. `None` for an ordinary run.
pub fn run(args: impl IntoIterator<Item = OsString>, env: &Env) -> Option<ExitCode> {
    env.get("COMPLETE")?;
    let own = shells::Own::all(env);
    let shells = own.each_ref().map(|shell| shell as &dyn clap_complete::env::EnvCompleter);
    // Only the name is asked of it; the whole table is made where it is needed.
    let complete = CompleteEnv::with_factory(|| Command::new("s4")).shells(Shells(&shells));
    match complete.try_complete(args, Some(env.cwd())) {
        Ok(true) => Some(ExitCode::Done),
        Ok(false) => None,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            Some(ExitCode::Usage)
        }
    }
}

/// What makes the shell of that name ask: the program is found by its name, wherever it is.
///
/// # Errors
///
/// When there is no such shell.
pub fn script(shell: &str, env: &Env) -> io::Result<String> {
    let own = shells::Own::all(env);
    let shell = own.iter().find(|own| own.name() == shell).ok_or(io::ErrorKind::NotFound)?;
    let mut script = Vec::new();
    shell.write_registration("COMPLETE", "s4", "s4", "s4", &mut script)?;
    String::from_utf8(script).map_err(io::Error::other)
}

/// What fits a command line.
#[derive(Debug, Default)]
pub struct Answer {
    /// The candidates, in the order to show them.
    pub candidates: Vec<Candidate>,
    /// What the shell is to offer by itself: it knows files best.
    pub paths: Option<Paths>,
}

/// A text for the place of the last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The text, not quoted.
    pub value: String,
    /// What it is.
    pub about: Option<String>,
}

impl Candidate {
    /// Whether more is to come: the word does not end with it.
    pub fn is_open(&self) -> bool {
        self.value.ends_with('/')
    }
}

/// Paths that a shell offers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paths {
    /// Files and folders.
    Files,
    /// Folders.
    Folders,
}

/// Completes the last of `words`, which are not quoted; the first one is the program. With `own_paths`, paths are among the
/// candidates; else the shell is told to offer them.
pub fn answer(env: &Env, words: Vec<OsString>, own_paths: bool) -> Answer {
    let Some((last, before)) = words.split_last() else {
        return Answer::default();
    };
    let last = last.clone();
    let request = Arc::new(Request::new(env, before, own_paths));
    let mut command = values::attach(Cli::command(), &request);
    let at = before.len();
    let mut found = engine::complete(&mut command, words, at, Some(env.cwd())).unwrap_or_default();
    let paths = request.paths();
    // Who has not typed a dash wants no option, unless there is nothing else.
    if !last.as_encoded_bytes().starts_with(b"-") {
        let is_value = |candidate: &CompletionCandidate| !is_option(candidate);
        match paths.is_some() || found.iter().any(is_value) {
            true => found.retain(is_value),
            false => found.retain(|candidate| candidate.get_value().as_encoded_bytes().starts_with(b"--")),
        }
    }
    Answer { candidates: found.iter().filter_map(candidate).collect(), paths }
}

fn is_option(candidate: &CompletionCandidate) -> bool {
    candidate.get_id().is_some_and(|id| id.starts_with("arg::"))
}

/// A candidate that can be shown and typed as it is; control characters would do on the terminal what they please.
fn candidate(found: &CompletionCandidate) -> Option<Candidate> {
    let value = found.get_value().to_str().filter(|value| printable(value) == *value)?;
    let about =
        found.get_help().and_then(|help| help.to_string().lines().next().map(|line| printable(line).into_owned()));
    Some(Candidate { value: value.to_owned(), about: about.filter(|about| !about.is_empty()) })
}

/// What is asked: the surroundings, and the line before the word to complete.
struct Request {
    env: Env,
    /// The arguments of the command so far, as far as they make sense.
    given: Option<ArgMatches>,
    /// Whether all further words are values, whatever they begin with.
    escaped: bool,
    own_paths: bool,
    files: AtomicBool,
    folders: AtomicBool,
}

impl Request {
    fn new(env: &Env, before: &[OsString], own_paths: bool) -> Request {
        let given = Cli::command().ignore_errors(true).try_get_matches_from(before).ok();
        Request {
            env: env.clone(),
            given: given.and_then(|mut given| given.remove_subcommand()).map(|(_, given)| given),
            escaped: before.iter().any(|word| word == "--"),
            own_paths,
            files: AtomicBool::new(false),
            folders: AtomicBool::new(false),
        }
    }

    /// The config file of the line.
    fn config(&self) -> Option<Config> {
        let named = self.given.as_ref().and_then(|given| given.try_get_one::<PathBuf>("config").ok()?);
        // The shell will have expanded it by the time that the line is run.
        let named = named.map(|path| path.to_str().map_or_else(|| path.clone(), |path| self.env.expand(path)));
        Config::load(&Config::path(named.as_deref(), &self.env).ok()?).ok()
    }

    /// The values that the line has for the argument already.
    fn named(&self, argument: &str) -> Vec<&OsStr> {
        let values = self.given.as_ref().and_then(|given| given.try_get_raw(argument).ok()?);
        values.into_iter().flatten().collect()
    }

    fn paths(&self) -> Option<Paths> {
        if self.files.load(Ordering::Relaxed) {
            Some(Paths::Files)
        } else {
            self.folders.load(Ordering::Relaxed).then_some(Paths::Folders)
        }
    }
}
