//! s4: folders on several machines kept in sync through an S3 bucket.
//!
//! Dependencies point one way: plumbing, porcelain → session, engine → transfer, local, remote, index → reconcile.

pub mod ambient;
mod blocking;
pub mod blocks;
pub mod checksum;
pub mod cli;
pub mod complete;
pub mod config;
pub mod content;
pub mod context;
pub mod cost;
pub mod daemon;
mod embedded;
pub mod engine;
pub mod env;
pub mod error;
pub mod history;
pub mod index;
pub mod interrupt;
pub mod key;
pub mod local;
pub mod merge;
pub mod near;
mod ours;
pub mod plumbing;
pub mod porcelain;
pub mod reconcile;
pub mod records;
pub mod remote;
pub mod report;
pub mod run;
pub mod session;
#[cfg(all(test, target_os = "linux"))]
#[path = "../tests/simulation/mod.rs"]
mod simulation;
pub mod transfer;
pub mod ui;
pub mod versions;
pub mod when;

pub use error::{Error, ExitCode, Kind};

/// The runtime for commands that talk to a bucket: one thread, beside those that wait for the disk. Small requests pass from one
/// thread to another at more cost than they have themselves: several threads took a third more CPU time and were no faster.
///
/// # Errors
///
/// When the system has no room for it.
pub fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Error::new(Kind::Failed, "cannot start").because(error))
}
