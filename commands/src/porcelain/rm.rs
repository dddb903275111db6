//! `s4 rm`

use clap::Args;

/// Remove a target
///
/// Only the entry in the config file goes. The folder and the bucket stay as they are.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RmArgs {
    /// The target to remove
    #[arg(value_name = "TARGET")]
    pub target: String,
}

const EXAMPLES: &str = "\
EXAMPLES
  Stop syncing a folder on this machine:
      s4 rm photos";
