//! `s4 version`

use clap::Args;

/// Print the version of s4
///
/// Prints the name and the version of the program.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct VersionArgs {
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "\
EXAMPLES
  See which version this is:
      s4 version";
