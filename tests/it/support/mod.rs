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
mod env;
mod machine;
mod meanwhile;
mod run;
mod system;
mod terminal;

pub(crate) use bucket::Bucket;
pub(crate) use env::TestEnv;
pub(crate) use machine::{Machine, TARGET};
pub(crate) use run::{Ran, in_sync, ran, read_index, tree, write_index};
pub(crate) use system::SmallDisk;

/// A variable of `tests/run`. Without it a test has to be left out, which is told; in CI that is a failure, since
/// nobody would see it.
#[expect(clippy::print_stderr, reason = "the note that a test was left out")]
fn given(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{variable} is not set: run tests/run");
        eprintln!("left out: {variable} is not set, see tests/run");
    }
    value
}
