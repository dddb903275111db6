//! Records and what they stand for: the one place that turns the engine's types into the contract's, and back.

mod daemon;
mod porcelain;
mod read;
mod sides;
mod steps;

pub use daemon::status;
pub use porcelain::{pages, row, target};
pub use read::{Line, Reader};
pub(crate) use sides::parse;
pub use sides::{base64, entry, file, given_listing, given_scan, no_key, object, problem, unnameable};
pub use steps::{
    absent, change, failed, fault_word, finding, forecast, idle, left, outcome, planned, problems, refused, skipped,
    spent, state_word, summary, told, upload, verification,
};

use crate::error::{Error, Kind};

/// A record that says something that cannot be.
pub(crate) fn senseless(what: &str, key: &str) -> Error {
    Error::new(Kind::Failed, format!("the record of \"{}\" makes no sense: {what}", crate::ui::text::printable(key)))
}
