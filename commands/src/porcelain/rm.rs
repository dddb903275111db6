//! `s4 rm`

use clap::Args;

use crate::manual::Manual;

/// Remove a target
///
/// Only the entry in the config file goes. The folder and the bucket stay as they are.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct RmArgs {
    /// The target to remove
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Print a record of the removed target
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["target"],
    on_output: "What was done, for people; with `--json` the target as it was:",
    examples: &[("Stop syncing a folder on this machine:", "s4 rm photos")],
    exits: &[],
    see_also: &["s4-add(1)", "s4-targets(1)", "s4-config(5)"],
};
