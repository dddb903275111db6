//! What push-file and pull-file are given.

use clap::Args;

use crate::flow::FlowArgs;

/// Keys, or records on standard input.
#[derive(Clone, Debug, Args)]
pub struct InputArgs {
    /// The keys to look at
    #[arg(value_name = "KEY", required_unless_present = "stdin", conflicts_with = "stdin")]
    pub keys: Vec<String>,
    /// Read changes or keys from standard input
    ///
    /// A line is a record, a key as a JSON string (as `jq -c .key` prints it), or a key as it is.
    #[arg(long)]
    pub stdin: bool,
    /// Go on where a guard would refuse
    ///
    /// Deletions that keys come to are guarded as those of a sync; changes carry what the guard said of them.
    #[arg(long)]
    pub force: bool,
    /// How fast contents may move.
    #[command(flatten)]
    pub flow: FlowArgs,
}
