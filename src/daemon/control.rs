//! How other processes of the same user speak with the daemon: what they ask and what it answers, over a private socket.
//!
//! A client sends one line and gets lines back, each a JSON object. What it asks is `{"ask":"status"}`, `watch`, or `pause` and
//! `resume` with `targets`; the answers are the records of `s4 status --json`, each set of them with an `end`, or an `error`.

mod client;
mod place;
mod server;
mod wire;

pub use client::{Answers, ask};
pub use server::{Control, Order, Request};
pub use wire::Ask;

use crate::context::Context;
use crate::error::{Error, ExitCode, Kind};

/// Has the daemon leave targets alone until they are resumed; all of them if none is named.
///
/// # Errors
///
/// When a target is unknown, no daemon runs, or it does not do so.
pub fn pause(context: &Context, names: &[String]) -> Result<ExitCode, Error> {
    order(context, names, &Ask::Pause(names.to_vec()), "Paused")
}

/// Has the daemon sync targets again that were paused; all of them if none is named.
///
/// # Errors
///
/// As [`pause`].
pub fn resume(context: &Context, names: &[String]) -> Result<ExitCode, Error> {
    order(context, names, &Ask::Resume(names.to_vec()), "Resumed")
}

fn order(context: &Context, names: &[String], ask: &Ask, done: &str) -> Result<ExitCode, Error> {
    let config = context.config()?;
    for name in names {
        config.fields(name)?;
    }
    let answers = client::ask(&context.env, context.config_path()?, ask)?.ok_or_else(no_daemon)?;
    for answer in answers {
        answer?;
    }
    if names.is_empty() {
        context.ui.relate(&format!("{done} all targets"));
    }
    for name in names {
        context.ui.relate(&format!("{done} {}", crate::ui::text::printable(name)));
    }
    Ok(ExitCode::Done)
}

/// What to say where no daemon runs.
pub fn no_daemon() -> Error {
    Error::new(Kind::Failed, "no daemon is running")
        .hint("start it: s4 daemon, or with every login: s4 daemon --install")
}

#[cfg(test)]
mod tests;
