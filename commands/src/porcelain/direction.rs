//! In which direction a target is synced, as options; `add` and `edit` take them.

use clap::Args;

use crate::values::{Direction, clearable};

/// In which direction a target is synced.
#[derive(Clone, Debug, Default, Args)]
pub struct DirectionArgs {
    /// Carry changes in one direction alone
    ///
    /// `push`: to the bucket; what changed there is left alone. `pull`: to the folder. `both` if nothing is said.
    #[arg(long, value_name = "CHOICE", value_parser = clearable::<Direction>(), ignore_case = true)]
    pub direction: Option<String>,
    /// Carry changes to the bucket alone, as --direction push
    #[arg(long, conflicts_with_all = ["pull_only", "direction"])]
    pub push_only: bool,
    /// Carry changes to the folder alone, as --direction pull
    #[arg(long, conflicts_with = "direction")]
    pub pull_only: bool,
}

impl DirectionArgs {
    /// What the field is to be set to.
    pub(super) fn text(&self) -> Option<&str> {
        match (self.push_only, self.pull_only) {
            (true, _) => Some("push"),
            (_, true) => Some("pull"),
            _ => self.direction.as_deref(),
        }
    }
}
