//! The daemon as a service of the system: what it tells systemd while it runs, and how it comes to run with every login.

mod launchd;
pub mod notify;
mod systemd;
pub mod unit;

pub use notify::Notifier;
pub use unit::{install, uninstall};
