//! `s4 pull-file`

use s4_commands::plumbing::pull_file::PullFileArgs;

use super::carry;
use crate::context::Context;
use crate::engine::Way;
use crate::error::{Error, ExitCode};

/// Downloads objects and deletes files, as changes say, or as keys need it.
///
/// # Errors
///
/// What keeps it from beginning or from going on; a failed key is an outcome.
pub fn run(context: &Context, args: &PullFileArgs) -> Result<ExitCode, Error> {
    carry::run(context, Way::Pull, &args.target, &args.input)
}
