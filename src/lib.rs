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
pub mod engine;
pub mod env;
pub mod error;
pub mod index;
pub mod interrupt;
pub mod key;
pub mod local;
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

pub use error::{Error, ExitCode, Kind};

/// The runtime for commands that talk to a bucket.
///
/// # Errors
///
/// When the system gives no threads.
pub fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.clamp(2, 4))
        .enable_all()
        .build()
        .map_err(|error| Error::new(Kind::Failed, "cannot start").because(error))
}
