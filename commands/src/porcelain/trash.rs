//! `s4 trash`

use clap::{Args, ValueEnum};

use crate::looks::LooksArgs;
use crate::manual::{Exit, Manual};

/// List, put back or empty what syncs removed here
///
/// What a sync removes or replaces in the folder stays in the trash of this machine, in .s4/trash, for some days: see --trash-days
/// of s4-edit(1). `list` shows it, `restore` puts files back, `empty` deletes them for good.
///
/// A file that is put back is one that you wrote: the next sync carries it to the bucket and to the other machines. Where another
/// file has the key by now, it comes beside that one, under a name with `.conflict-` in it.
///
/// The target may be left out where there is only one, and in a folder that belongs to one. Nothing is asked of the bucket;
/// s4-restore(1) brings back what the bucket keeps.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct TrashArgs {
    /// What to do
    #[arg(value_name = "ACTION", default_value = "list")]
    pub action: TrashAction,
    /// The target whose trash it is
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// Keys, and folders with all that is in them
    ///
    /// Without any: all that is in the trash. `restore` needs one at least.
    #[arg(value_name = "KEY")]
    pub keys: Vec<String>,
    /// Only what this run put there
    ///
    /// As `list` shows it. Without it, `restore` takes what came last for each key.
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Only what has been there for so many days
    #[arg(long, value_name = "DAYS")]
    pub older_than: Option<u32>,
    /// Put files back in the place of others
    ///
    /// Those go to the trash.
    #[arg(long)]
    pub force: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// How times and sizes are shown.
    #[command(flatten)]
    pub looks: LooksArgs,
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What to do with the trash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TrashAction {
    /// Show what is in it
    List,
    /// Put files back
    Restore,
    /// Delete what is in it for good
    Empty,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["trashed"],
    on_output: "\
A line for each file with the time at which it came there, the newest first, and a line that sums up. With `--json` a record for
each. To empty it, s4 asks, or needs --yes where there is no terminal.",
    examples: &[
        ("What did syncs remove or replace here?", "s4 trash list docs"),
        ("Empty it, but for the last week:", "s4 trash empty docs --older-than 7 --yes"),
        (
            "The largest files in it:",
            r#"s4 trash list docs --json |
   jq -r 'select(.size) | "\(.size) \(.key)"' | sort -rn | head"#,
        ),
        ("Have a file back:", "s4 trash restore docs file.txt"),
    ],
    exits: &[Exit::Partial],
    see_also: &["s4-restore(1)", "s4-log(1)", "s4-sync(1)", "s4-config(5)", "s4-json(7)"],
};
