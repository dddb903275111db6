//! `s4 targets`

use clap::Args;

/// List the targets
///
/// One line a target, in the order of their names: its folder and its place in the bucket. Where the server was found
/// not to honour conditional writes, a second line says so.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TargetsArgs {
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "\
EXAMPLES
  See all targets:
      s4 targets
  Only their folders:
      s4 targets --json | jq -r 'select(.type == \"target\").local_folder'";
