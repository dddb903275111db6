//! The steps of a sync as commands of their own, one file each. They speak records, and ask nothing.

pub mod check_ignore;
pub mod diff_index;
pub mod hash_file;
mod input;
pub mod list_objects;
pub mod pull_file;
pub mod push_file;
pub mod read_index;
pub mod scan;
pub mod write_index;

pub use input::InputArgs;
