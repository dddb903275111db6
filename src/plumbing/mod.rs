//! The steps of a sync as commands of their own: each calls the engine's function for it, and prints records.

mod carry;
pub mod check_ignore;
pub mod diff_index;
pub mod hash_file;
pub mod list_objects;
mod paths;
pub mod pull_file;
pub mod push_file;
pub mod read_index;
pub mod scan;
pub mod write_index;
