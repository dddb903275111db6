//! The commands for people, one file each.

pub mod add;
pub mod daemon;
pub mod edit;
mod fields;
pub mod help;
pub mod ls;
pub mod policy;
pub mod rm;
pub mod status;
pub mod sync;
pub mod targets;
pub mod verify;
pub mod version;

#[cfg(test)]
mod tests;

use s4_commands::record::{self, Header};
use serde_json::Value;

use crate::config::Target;
use crate::context::Context;
use crate::error::{Error, ExitCode};

/// Tries a target's bucket; returns what its server can do, for the field `conditional_writes`.
pub type Checker<'a> = dyn Fn(&Target) -> Result<Value, Error> + 'a;

/// Prints the record of the one target that a command was about.
fn tell_record(context: &Context, target: record::Target) -> Result<ExitCode, Error> {
    let stream = context.ui.stream(Header::new());
    stream.push(target);
    stream.end();
    Ok(ExitCode::Done)
}
