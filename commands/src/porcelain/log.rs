//! `s4 log`

use clap::Args;
use clap::builder::RangedU64ValueParser;

use crate::looks::LooksArgs;
use crate::manual::Manual;

/// Show what became of a key, or of all
///
/// Shows the versions that the bucket keeps, the newest first: when each was written or deleted, how large it is, and its id, as
/// s4-restore(1) takes it. Without a key it shows what happened last to any key of the target. Times are by the server's clock.
///
/// The target may be left out where there is only one, and in a folder that belongs to one. A key may be written as a path, too:
/// from `/` or `./` on, or as it is named in the current folder. One that ends in `/` is a folder, with all that is in it.
///
/// A bucket that keeps no versions shows what is there now. s4-edit(1) turns its versions on, with --versioning.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct LogArgs {
    /// The target to look at
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// The key, or a folder
    #[arg(value_name = "KEY")]
    pub key: Option<String>,
    /// Show what happened last to any key
    ///
    /// That is what it does without a key; all versions below the target's place are listed for it.
    #[arg(long)]
    pub all_keys: bool,
    /// Show so many versions at most
    #[arg(short = 'n', long, value_name = "NUMBER", default_value = "50", value_parser = at_least_one())]
    pub limit: usize,
    /// How times and sizes are shown.
    #[command(flatten)]
    pub looks: LooksArgs,
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["object_version"],
    on_output: "\
A line for each version, the newest first, page by page on a terminal; where that is narrow, the columns on the right are left out.
What a plain read finds is marked as `current`; a storage class is named if it is not STANDARD. With `--json` a record for each.",
    examples: &[
        ("What became of a file?", "s4 log docs file.txt"),
        ("What happened last in a target?", "s4 log docs --limit 10"),
        (
            "All keys that were deleted, with the time:",
            r#"s4 log docs --all-keys --limit 100000 --json |
   jq -r 'select(.what == "deleted") | "\(.last_modified) \(.key)"'"#,
        ),
    ],
    exits: &[],
    see_also: &["s4-restore(1)", "s4-trash(1)", "s4-edit(1)", "s4-ls(1)", "s4-json(7)"],
};
