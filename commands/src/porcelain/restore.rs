//! `s4 restore`

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use crate::looks::LooksArgs;
use crate::manual::{Exit, Manual};

/// Bring back what was replaced or deleted
///
/// The bucket copies older versions of its objects to be the current ones, and the folder follows, as it does on every other
/// machine with its next sync. Nothing is sent, and what the folder still has is not fetched. What comes back has the time and the
/// mode that it had.
///
/// With --at, keys, folders or the whole target become what they were at a moment: what was replaced or deleted since
/// comes back, and what came since goes. That counts as deletions, for the delete guard too; what goes stays in the trash and in
/// the bucket's versions.
///
/// It first shows what it is going to do, and asks; where there is no terminal, it needs --yes. A file that was changed here and is
/// not synced yet is left alone: sync first.
///
/// The target may be left out where there is only one, and in a folder that belongs to one. Keys may be written as paths, as for
/// s4-log(1).
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
#[command(group = ArgGroup::new("what").required(true).multiple(true).args(["version", "at", "deleted"]))]
pub struct RestoreArgs {
    /// The target to restore in
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// Keys, and folders with all that is in them
    ///
    /// Without any: the whole target.
    #[arg(value_name = "KEY")]
    pub keys: Vec<String>,
    /// Bring back the version of a key that has this id
    ///
    /// As s4-log(1) shows it.
    #[arg(long, value_name = "ID", conflicts_with_all = ["at", "deleted"])]
    pub version: Option<String>,
    /// Bring back what there was at a time
    ///
    /// In RFC 3339, or as in `2026-11-20`, `2026-11-20 14:00`, `14:00`, `yesterday`, `yesterday 14:00`, `tuesday 14:00`, `last
    /// tuesday`, `2h ago`, `3 days ago`: in the time zone of this machine. A day is its beginning, a time without a day the last
    /// time that the clock showed it.
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Bring back deleted keys, and do nothing else
    ///
    /// Their last content, or that of the time that --at names.
    #[arg(long)]
    pub deleted: bool,
    /// Write the contents into DIR, and change nothing else
    ///
    /// A folder elsewhere, or one in the target's folder. Nothing that is there is written over.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Show what it would do, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Go on where the delete guard would stop
    #[arg(long)]
    pub force: bool,
    /// How times and sizes are shown.
    #[command(flatten)]
    pub looks: LooksArgs,
    /// Print records, one JSON object a line
    ///
    /// Together with --yes or --dry-run.
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["restored"],
    on_output: "\
What it is going to do, the question, and what it did. With `--json` a record for each key.

The bucket has to keep versions; s4-edit(1) turns them on, with --versioning. It keeps none from before that, and none that a
lifecycle rule has removed: a key of which it has no version from before the time is taken for one that came later, so have a look at
what --at would delete.",
    examples: &[
        ("A version that s4 log shows:", "s4 restore docs file.txt --version 3sL4kqtJlcpXroDTDmJ"),
        ("All that was deleted, but first see what that is:", "s4 restore docs --deleted --dry-run"),
        ("A folder as it was last Tuesday:", "s4 restore docs reports/ --at 'last tuesday 14:00' --yes"),
        ("All of yesterday's files, beside those of today:", "s4 restore docs --at yesterday --to ~/yesterday --yes"),
    ],
    exits: &[Exit::Partial, Exit::Guard, Exit::Interrupted],
    see_also: &["s4-log(1)", "s4-trash(1)", "s4-sync(1)", "s4-edit(1)", "s4-json(7)"],
};
