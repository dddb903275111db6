//! Machines and buckets for the black-box tests.
//!
//! ```ignore
//! let env = TestEnv::new();
//! for bucket in Bucket::each() {
//!     let (home, work) = (env.machine(&bucket), env.machine(&bucket));
//!     home.write("a/b.txt", "hello");
//!     home.s4(["sync"]).assert().success();
//!     work.s4(["sync"]).assert().success();
//!     assert_eq!(work.tree(), home.tree());
//! }
//! ```

mod bucket;
mod daemon;
mod dice;
mod env;
mod machine;
mod meanwhile;
mod pipeline;
mod proxy;
mod records;
mod run;
mod screen;
mod story;
mod system;
mod terminal;

pub(crate) use bucket::Bucket;
pub(crate) use daemon::{Daemon, FAST, converge, stays, wait_until};
pub(crate) use dice::{Dice, seeds};
pub(crate) use env::TestEnv;
pub(crate) use machine::{Machine, TARGET};
pub(crate) use proxy::{Proxy, Trouble};
pub(crate) use records::{
    Change, Finding, ObjectVersion, Record, Requests, Restored, Row, Spent, Summary, Trashed, Upload, Verification,
    changes, outcomes, records, synced, whole,
};
pub(crate) use run::{Ran, in_sync, ran, read_index, tree, write_index};
pub(crate) use screen::{COLUMNS, svg};
pub(crate) use story::Story;
pub(crate) use system::{SmallDisk, in_own_mounts};
pub(crate) use terminal::{Terminal, in_terminal};

/// A variable of `tests/run`. Without it a test has to be left out.
fn given(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        left_out(&format!("{variable} is not set"));
    }
    value
}

/// Whether a program that `tests/run` installs is there. Without it a test has to be left out.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !is_there {
        left_out(&format!("{program} is not installed"));
    }
    is_there
}

/// Tells that a test is left out; in CI that is a failure, since nobody would see it.
#[expect(clippy::print_stderr, reason = "the note that a test was left out")]
pub(crate) fn left_out(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{why}: run tests/run");
    eprintln!("left out: {why}, see tests/run");
}
