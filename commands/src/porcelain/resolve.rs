//! `s4 resolve`

use clap::{ArgGroup, Args, ValueEnum};

use crate::manual::{Exit, Manual};

/// Which version of a key stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Keep {
    /// The file, in the bucket too; where it was deleted, the object goes as well
    Local,
    /// The version in the bucket, here too; where it was deleted, the file goes to the trash
    Remote,
    /// Both, the local one under a new name; where one side deleted it, what the other has
    Both,
}

/// Answer conflicts
///
/// Brings the named keys together, and no others, as a sync does that is given the answer: only if both sides are still what they were when
/// it looked. What is replaced here stays in the trash for a while.
///
/// With --merge, edits of different lines go together, as in git. What both sides made of the same lines is put between
/// markers, in a file of s4's own that is not synced; on a terminal, the editor that VISUAL or EDITOR names opens it, and once no marker
/// is left its text is the new version. Elsewhere the conflict stays open, and the file, whose name is told, is left to be put right by
/// hand: the same command once more takes it. A merge needs what was last synced, so the bucket must have kept it: see --versioning in s4-edit(1).
///
/// The target may be left out where there is only one, and in a folder that belongs to one. Keys may be written as paths, as for
/// s4-log(1). One that ends in `/` is a folder, with all conflicts in it.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
#[command(group = ArgGroup::new("answer").required(true).args(["keep", "merge"]))]
pub struct ResolveArgs {
    /// The target to resolve conflicts of
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// The keys in conflict, and folders with all that are in them
    #[arg(value_name = "KEY")]
    pub keys: Vec<String>,
    /// Keep this version
    #[arg(long, value_name = "WHICH")]
    pub keep: Option<Keep>,
    /// Merge both versions, line by line
    #[arg(long)]
    pub merge: bool,
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["outcome", "problem", "summary"],
    on_output: "\
As s4-sync(1): a line for each key that was brought together, and one that closes it; with `--json` an `outcome` record for each
key and a `summary`.",
    examples: &[
        ("Keep what is here:", "s4 resolve docs file.txt --keep local"),
        ("Keep both versions of all that is in conflict in a folder:", "s4 resolve docs reports/ --keep both"),
        ("Merge what both sides wrote:", "s4 resolve docs file.txt --merge"),
    ],
    exits: &[Exit::Conflicts, Exit::Partial, Exit::Interrupted],
    see_also: &["s4-conflicts(1)", "s4-diff(1)", "s4-sync(1)", "s4-trash(1)", "s4-json(7)"],
};
