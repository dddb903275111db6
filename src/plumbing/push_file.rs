//! `s4 push-file`

use s4_commands::plumbing::push_file::PushFileArgs;

use super::carry;
use crate::context::Context;
use crate::engine::Way;
use crate::error::{Error, ExitCode};

/// Uploads files and deletes objects, as changes say, or as keys need it.
///
/// # Errors
///
/// What keeps it from beginning or from going on; a failed key is an outcome.
pub fn run(context: &Context, args: &PushFileArgs) -> Result<ExitCode, Error> {
    carry::run(context, Way::Push, &args.target, &args.input)
}
