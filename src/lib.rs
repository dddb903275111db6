//! s4: folders on several machines kept in sync through an S3 bucket.
pub mod cli;
pub mod clock;
pub mod config;
pub mod content;
pub mod context;
pub mod env;
pub mod error;
pub mod key;
pub mod local;
pub mod porcelain;
pub mod remote;
pub mod report;
pub mod ui;

pub use error::{Error, ExitCode, Kind};
