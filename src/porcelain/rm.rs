//! `s4 rm`

use s4_commands::porcelain::rm::RmArgs;
use s4_commands::record;

use super::tell_record;
use crate::context::Context;
use crate::error::{Error, ExitCode};
use crate::records;
use crate::ui::text::printable;

/// Takes a target out of the config file.
///
/// # Errors
///
/// When there is no such target, or the file cannot be changed.
pub fn run(context: &Context, args: &RmArgs) -> Result<ExitCode, Error> {
    // One that makes no sense can be removed too.
    let removed = context.target(&args.target).map(records::target);
    context.update_config(|config| Ok(config.remove(&args.target)?))?;
    if args.json {
        let unread = |_| record::Target { name: args.target.clone(), ..record::Target::default() };
        return tell_record(context, removed.unwrap_or_else(unread));
    }
    context.ui.say(&format!("Target \"{}\" has been removed", printable(&args.target)));
    context.ui.note("Its folder and its place in the bucket are as they were");
    Ok(ExitCode::Done)
}
