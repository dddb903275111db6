//! `s4 rm`

use s4_commands::porcelain::rm::RmArgs;

use crate::context::Context;
use crate::error::{Error, ExitCode};
use crate::ui::text::printable;

/// Takes a target out of the config file.
///
/// # Errors
///
/// When there is no such target, or the file can not be changed.
pub fn run(context: &Context, args: &RmArgs) -> Result<ExitCode, Error> {
    context.update_config(|config| Ok(config.remove(&args.target)?))?;
    context.ui.say(&format!("Target \"{}\" has been removed", printable(&args.target)));
    context.ui.note("Its folder and its place in the bucket are as they were");
    Ok(ExitCode::Done)
}
