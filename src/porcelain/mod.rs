//! The commands for people, one file each.

pub mod add;
pub(crate) mod aim;
mod aside;
mod bring_back;
mod bucket;
pub mod completions;
pub mod conflicts;
pub mod daemon;
pub mod diff;
mod difference;
pub mod edit;
mod fields;
pub mod help;
pub mod log;
mod look;
pub mod ls;
pub mod man;
mod merging;
pub mod policy;
pub mod resolve;
pub mod restore;
pub mod rm;
mod scoped;
mod standing;
pub mod status;
pub mod sync;
pub mod targets;
pub mod trash;
pub mod verify;
pub mod version;

#[cfg(test)]
mod tests;

use s4_commands::record::{self, Header};
use serde_json::Value;

use crate::config::Target;
use crate::context::Context;
use crate::error::{Error, ExitCode, Kind};

/// Tries a target's bucket; returns what its server can do, for the field `conditional_writes`.
pub type Checker<'a> = dyn Fn(&Target) -> Result<Value, Error> + 'a;

/// Asks before something that cannot be undone. Where nobody can be asked, or `json` is wanted, it needs --yes.
fn agreed(context: &Context, question: &str, json: bool) -> Result<bool, Error> {
    if json || !context.ui.options().terminals.input {
        return Err(Error::new(Kind::Usage, "there is nobody to ask").hint("if that is right: --yes"));
    }
    let answer = context.ui.ask(question);
    let answer = answer.map_err(|source| Error::new(Kind::Failed, "cannot read the answer").because(source))?;
    Ok(answer.is_some_and(|answer| ["y", "yes"].iter().any(|yes| answer.eq_ignore_ascii_case(yes))))
}

/// Prints the record of the one target that a command was about.
fn tell_record(context: &Context, target: record::Target) -> Result<ExitCode, Error> {
    let stream = context.ui.stream(Header::new());
    stream.push(target);
    stream.end();
    Ok(ExitCode::Done)
}
