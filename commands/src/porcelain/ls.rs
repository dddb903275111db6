//! `s4 ls`

use clap::{Args, ValueEnum};

use crate::manual::Manual;

/// List the keys of a target
///
/// Shows what the two indexes hold, that is what the last syncs saw: each key with its time in the folder and in the
/// bucket, in UTC. The last line is the size of it all.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct LsArgs {
    /// The target to list
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// The column to sort by
    #[arg(short, long, value_name = "COLUMN", default_value = "key", ignore_case = true)]
    pub sort_by: SortBy,
    /// Sort the other way round
    #[arg(short, long)]
    pub descending: bool,
    /// Show deleted keys too
    #[arg(short = 'A', long)]
    pub all: bool,
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortBy {
    /// The keys
    Key,
    /// The times in the folder
    Local,
    /// The times in the bucket
    S3,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["row"],
    on_output: "With `--json` it prints a record for each key.",
    examples: &[
        ("List a target:", "s4 ls photos"),
        ("The latest changes in the bucket first:", "s4 ls photos --sort-by s3 --descending"),
        ("Deleted keys too, as records:", "s4 ls photos --all --json"),
    ],
    exits: &[],
    see_also: &["s4-sync(1)", "s4-read-index(1)", "s4-list-objects(1)", "s4-index(5)", "s4-json(7)"],
};
