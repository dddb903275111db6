//! `s4 ls`

use clap::{Args, ValueEnum};

use crate::looks::LooksArgs;
use crate::manual::{Exit, Manual};

/// List the keys of a target, and how they stand
///
/// Looks at folder and bucket, and shows every key with its size, with its times in the folder and in the bucket, and with what a sync
/// would do about it. Nothing is changed. It takes the requests of a sync that has nothing to do.
///
/// The target may be left out where there is only one, and in a folder that belongs to one. The path may be a key, a folder, or a
/// path: from `/` or `./` on, or as it is named in the current folder.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct LsArgs {
    /// The target to list
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// Only this key, or this folder with all that is in it
    #[arg(value_name = "PATH")]
    pub path: Option<String>,
    /// The column to sort by
    #[arg(short, long, value_name = "COLUMN", default_value = "key", ignore_case = true)]
    pub sort_by: SortBy,
    /// Sort the other way round
    #[arg(short, long)]
    pub descending: bool,
    /// Show deleted and ignored keys too
    ///
    /// Deleted ones as long as an index remembers them, which is half a year. Of the ignored ones, those that the bucket has.
    #[arg(short = 'A', long)]
    pub all: bool,
    /// Show folders as a tree, with what is in them in all
    #[arg(short, long, conflicts_with = "json")]
    pub tree: bool,
    /// Show more of each key
    ///
    /// The size of the object, the permissions, the version in the bucket, and how the SHA-256 begins, as far as they are known.
    #[arg(short, long, conflicts_with = "json")]
    pub long: bool,
    /// How times and sizes are shown.
    #[command(flatten)]
    pub looks: LooksArgs,
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
    /// The sizes
    Size,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["row", "problem"],
    on_output: "\
A line for each key, and a last one with the number of files and the size of them all. The size is that of the file, or of the object
where there is no file. The last column tells what a sync would do:

:: `in sync`
Nothing: both sides are the same.

:: `to push`, `to pull`
Carry it to the bucket, or here.

:: `delete there`, `delete here`
Delete it in the bucket, or move it to the trash of this machine.

:: `conflict`
Ask: both sides changed it.

:: `left alone`
Nothing: it cannot be read here, or no folder can hold its name. s4-status(1) tells why.

:: `ignored`
Nothing: the ignore rules leave it out.

:: `deleted`
Nothing: it is gone on both sides.

On a terminal, long keys are shortened in their middle, and where it is narrow, the times go first. Elsewhere nothing is shortened, and
times are in UTC.

With `--json` a `row` for each key, and a `problem` for each name that is left alone.",
    examples: &[
        ("List a target:", "s4 ls photos"),
        ("As a tree, with what is in each folder:", "s4 ls photos --tree"),
        ("A key with its version in the bucket:", "s4 ls docs file.txt --long"),
        ("The latest changes in the bucket first:", "s4 ls photos --sort-by s3 --descending"),
        ("Deleted keys too, as records:", "s4 ls photos --all --json"),
        (
            "What is here and not in the bucket yet:",
            r#"s4 ls photos --json |
   jq -r 'select(.state_remote == "absent").key'"#,
        ),
    ],
    exits: &[Exit::Partial, Exit::Interrupted],
    see_also: &["s4-status(1)", "s4-log(1)", "s4-diff(1)", "s4-read-index(1)", "s4-list-objects(1)", "s4-json(7)"],
};
