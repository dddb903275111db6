//! `s4 version`

use clap::Args;

use crate::manual::Manual;

/// Print the version of s4
///
/// Prints the name and the version of the program.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct VersionArgs {
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["version"],
    on_output: "With `--json` it prints a record.",
    examples: &[
        ("See which version this is:", "s4 version"),
        (
            "Only the number of the schema of its records:",
            r#"s4 version --json | jq 'select(.type == "version").schema'"#,
        ),
    ],
    exits: &[],
    see_also: &["s4-json(7)"],
};
