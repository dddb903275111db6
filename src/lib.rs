//! s4: folders on several machines kept in sync through an S3 bucket.
pub mod clock;
pub mod config;
pub mod content;
pub mod env;
pub mod error;
pub mod key;
pub mod local;
pub mod remote;

pub use error::{Error, ExitCode, Kind};
