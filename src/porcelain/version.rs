//! `s4 version`

use s4_commands::porcelain::version::VersionArgs;
use s4_commands::record::{Header, SCHEMA, Version};

use crate::context::Context;
use crate::error::{Error, ExitCode};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Prints the version.
///
/// # Errors
///
/// None.
pub fn run(context: &Context, args: &VersionArgs) -> Result<ExitCode, Error> {
    if args.json {
        let stream = context.ui.stream(Header::new());
        let (tool, version) = ("s4".to_owned(), VERSION.to_owned());
        stream.push(Version { tool, version, schema: SCHEMA });
        stream.end();
    } else {
        context.ui.say(&format!("s4 {VERSION}"));
    }
    Ok(ExitCode::Done)
}
