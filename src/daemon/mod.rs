//! The daemon: targets kept in sync continuously.
//!
//! ```text
//! config file ─► supervise ─► worker (one a target) ─► visit (one run) ─► engine::sync_where
//!                   ▲             │  ▲
//!   control ────────┘             ▼  └── home (folder, watch) ─► dirty; due (polls, rescans, relists)
//!   (status, pause, resume) ◄── board
//! ```
//!
//! Facts that hold throughout:
//! 1. Nothing here decides about a key: every look ends in a run of the engine, with the folder's lock held.
//! 2. What is heard is only a hint. Whatever was missed is found by the next look at everything.
//! 3. What keeps one target from being synced is that target's alone.

pub mod board;
pub mod control;
mod dirty;
mod due;
mod ears;
mod home;
mod power;
pub mod service;
mod supervise;
mod visit;
mod voice;
mod weather;
mod worker;

use std::sync::Arc;

use s4_commands::porcelain::daemon::DaemonArgs;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use crate::context::Context;
use crate::error::Error;
use board::Board;
use control::Control;
use service::Notifier;
use supervise::Supervisor;

/// Requests of other processes that wait to be served, at most.
const REQUESTS: usize = 16;

/// What all parts share.
struct Shared {
    context: Context,
    args: DaemonArgs,
    board: Arc<Board>,
    notifier: Arc<Notifier>,
}

/// Keeps targets in sync until a signal ends it.
///
/// # Errors
///
/// When another daemon runs by the same config file, or the system refuses what it takes to begin.
pub fn run(context: &Context, args: &DaemonArgs) -> Result<(), Error> {
    let control = Control::bind(&context.env, context.config_path()?)?;
    let board = Arc::new(Board::new(context.clock));
    let shared = Shared {
        context: context.clone(),
        args: args.clone(),
        board: Arc::clone(&board),
        notifier: Arc::new(Notifier::from_env(&context.env)),
    };
    let runtime = crate::runtime()?;
    let local = LocalSet::new();
    let ended = local.block_on(&runtime, async {
        let (orders, requests) = mpsc::channel(REQUESTS);
        let ui = Arc::clone(&context.ui);
        tokio::task::spawn_local(async move {
            if let Err(error) = control.serve(board, orders).await {
                crate::report::tell(&ui, &error);
            }
        });
        Supervisor::new(Arc::new(shared)).run(requests).await
    });
    drop(local);
    // Reading a large file for its hash cannot be stopped; nothing waits for the result any more.
    runtime.shutdown_background();
    ended
}
