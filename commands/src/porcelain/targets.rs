//! `s4 targets`

use clap::Args;

use crate::manual::Manual;

/// List the targets
///
/// One line a target, in the order of their names: its folder and its place in the bucket. Where the server was found
/// not to honour conditional writes, a second line says so.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct TargetsArgs {
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["target"],
    on_output: "With `--json` it prints a record for each target. A target that makes no sense is told, and stops no other; the exit code is 1 then.",
    examples: &[
        ("See all targets:", "s4 targets"),
        ("Only their folders:", r#"s4 targets --json | jq -r 'select(.type == "target").local_folder'"#),
    ],
    exits: &[],
    see_also: &["s4-add(1)", "s4-edit(1)", "s4-config(5)", "s4-json(7)"],
};
