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

pub use fields::FieldArgs;
