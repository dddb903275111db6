//! The commands for people, one file each.

pub mod add;
mod bucket;
pub mod completions;
pub mod conflicts;
pub mod daemon;
pub mod diff;
mod direction;
pub mod edit;
mod fields;
pub mod help;
mod kinds;
pub mod log;
pub mod ls;
pub mod man;
pub mod policy;
pub mod resolve;
pub mod restore;
pub mod rm;
mod server;
pub mod status;
pub mod sync;
pub mod targets;
pub mod trash;
pub mod verify;
pub mod version;

pub use bucket::{BucketArgs, Keeping};
pub use direction::DirectionArgs;
pub use fields::FieldArgs;
pub use kinds::KindsArgs;
pub use server::ServerArgs;
