//! `s4 sync`

use clap::Args;

use crate::flow::FlowArgs;
use crate::manual::{Exit, Manual};
use crate::scope::ScopeArgs;
use crate::values::Conflicts;

/// Sync targets now
///
/// Brings each folder and its place in the bucket to the same state: what changed on one side since the last sync is
/// carried to the other. A file takes its time and its mode along; a change of these alone is none, and stays where it was made. Keys
/// that s4's own config file would have are never synced: it may hold secrets, and each machine has its own. Without a name all targets are synced in the order of their names; one that fails stops no
/// other.
///
/// A key that changed on both sides is a conflict. On a terminal s4 asks what to keep; elsewhere, and without
/// --conflicts, it leaves the key alone, names it, and exits with 3. What a sync removes or replaces in the folder stays
/// in .s4/trash for some days.
///
/// A sync that would delete very much stops before it does anything, says what it would have deleted, and exits with 5.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct SyncArgs {
    /// The targets to sync; all of them if none is named
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// What to do with keys that changed on both sides
    ///
    /// Nothing is asked then. `1` is `local` and `2` is `remote`.
    #[arg(long, value_name = "CHOICE", ignore_case = true)]
    pub conflicts: Option<Conflicts>,
    /// Say what would be done, and do nothing
    ///
    /// With the bytes of content, and what the next sync would take in all, its own look at both sides included: the requests
    /// by class, and their price in US dollars, by the target's field `prices` or else by what AWS asks.
    #[arg(long)]
    pub dry_run: bool,
    /// Go on where a guard would refuse
    ///
    /// A guard refuses to delete very much at once, to empty the bucket because the folder is empty, and to delete when the
    /// folder is on another device than before.
    #[arg(long)]
    pub force: bool,
    /// What may be done.
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// How fast contents may move.
    #[command(flatten)]
    pub flow: FlowArgs,
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["change", "forecast", "outcome", "summary", "problem"],
    on_output: "\
A line for each action as it ends: `Creating`, `Updating`, `Copying`, `Renaming` or `Deleting` a key, and where from and where to.
The last line sums up. What deserves a look goes to standard error.

So does the progress of what takes longer than a moment: on a terminal lines for big files and one for all, elsewhere a line every
ten seconds; none with `--quiet` or `--json`.

With `--json` it prints records, a stream for each target: an `outcome` for each action and a `summary`; of a dry run a
`change` for each key that differs and a `forecast`. A name that is left alone is a `problem`.

What it has asked of the server, and what that costs, is told with `-v`, and in `summary` and `end`.",
    examples: &[
        ("Sync every target:", "s4 sync"),
        ("See what a sync of two targets would do:", "s4 sync --dry-run docs photos"),
        ("A part of a target:", "s4 sync docs --exclude drafts/ -- '*.pdf'"),
        ("From cron, with both versions of a conflict kept:", "s4 sync --quiet --conflicts keep-both"),
        (
            "What was uploaded, for a script:",
            r#"s4 sync --json |
   jq -r 'select(.type == "outcome" and .action == "push").key'"#,
        ),
    ],
    exits: &[Exit::Conflicts, Exit::Partial, Exit::Guard, Exit::Interrupted],
    see_also: &["s4-add(1)", "s4-ls(1)", "s4-diff-index(1)", "s4-syncignore(5)", "s4-config(5)", "s4-tutorial(7)"],
};
