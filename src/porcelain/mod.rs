//! The commands for people, one file each.

pub mod add;
pub mod edit;
mod fields;
pub mod ls;
pub mod rm;
pub mod sync;
pub mod targets;
pub mod version;

#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::config::Target;
use crate::error::Error;

/// Tries a target's bucket; returns what its server can do, for the field `conditional_writes`.
pub type Checker<'a> = dyn Fn(&Target) -> Result<Value, Error> + 'a;
