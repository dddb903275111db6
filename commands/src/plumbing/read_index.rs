//! `s4 read-index`

use clap::Args;

use crate::manual::Manual;

/// Print the entries of an index
///
/// Prints an `entry` record for each key of the local index, which says what this machine last synced; with --remote, of the
/// index in the bucket. Entries of deleted keys are tombstones, with `deleted` true.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct ReadIndexArgs {
    /// The target whose index to read
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Read the index in the bucket
    #[arg(long)]
    pub remote: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["entry"],
    on_output: "",
    examples: &[
        (
            "Check the folder against what was synced:",
            r#"s4 read-index docs |
   jq -r 'select(.sha256) | .sha256 + "  " + .key' > ~/docs.sha256
cd ~/docs && sha256sum --check --quiet ~/docs.sha256"#,
        ),
        (
            "What was deleted, and when:",
            "s4 read-index docs --remote |
   jq -r 'select(.deleted) | [.deleted_at, .key] | @tsv'",
        ),
    ],
    exits: &[],
    see_also: &["s4-write-index(1)", "s4-ls(1)", "s4-index(5)", "s4-json(7)"],
};
