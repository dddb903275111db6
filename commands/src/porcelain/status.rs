//! `s4 status`

use clap::Args;

use crate::looks::LooksArgs;
use crate::manual::{Exit, Manual};

/// Show what differs, and where the daemon stands
///
/// Looks at folder and bucket, and shows what a sync would do: what is to push and to pull, what to delete on either side, what was
/// renamed, which keys are in conflict, and which names are left alone and why. Nothing is changed, not even in the indexes. It takes
/// the requests of a sync that has nothing to do.
///
/// If the daemon runs that keeps the targets of this config file in sync, what it does with each comes first: since when, what is
/// moving, and what went wrong last.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct StatusArgs {
    /// The targets to show; all if none is named
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Show a line for each key, with two letters for its states
    #[arg(short, long, conflicts_with_all = ["json", "all"])]
    pub short: bool,
    /// List everything, however much it is
    ///
    /// Without it, more than 40 keys are shown by folder, with their numbers.
    #[arg(long)]
    pub all: bool,
    /// Count the names that the ignore rules leave out
    #[arg(long)]
    pub ignored: bool,
    /// End with the exit code 1 if something differs
    #[arg(long)]
    pub exit_code: bool,
    /// Show only where the daemon stands
    ///
    /// Neither folder nor bucket is looked at.
    #[arg(long, conflicts_with_all = ["short", "all", "ignored", "exit_code"])]
    pub daemon: bool,
    /// Go on showing where the daemon stands as it changes
    ///
    /// On a terminal the text changes in its place; elsewhere each target that changed is printed anew. Times are shown in
    /// full. Ctrl-C ends that, and not the daemon.
    #[arg(short, long, conflicts_with_all = ["short", "all", "ignored", "exit_code"])]
    pub watch: bool,
    /// How times and sizes are shown.
    #[command(flatten)]
    pub looks: LooksArgs,
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["status", "change", "problem", "left"],
    on_output: "\
For each target, in the order of their names, a line that counts what differs, and then the keys: with `new`, `modified`, `deleted`,
`renamed`, `copied` or, for what both sides did, like `modified here, deleted there`. An object that is deleted because its key is ignored
now is `ignored`.

With `--short` a line for each key: a letter for the file, a letter for the object, a blank and the name. The letters are `A` (added), `M`
(modified), `D` (deleted), `R` (renamed), `C` (copied), `I` (ignored) or a blank for nothing; two letters are a conflict, and `!!` stands
before names that are left alone. Of several targets each has a line `## NAME` before its own, and ignored names are counted in one at the end.

Where the daemon stands is a paragraph before that. Its first line tells what the daemon does:

:: `starting`
It has not looked at everything yet.

:: `in sync`
Both sides are the same, as far as it knows; it waits for changes.

:: `syncing`
It looks for changes, or carries them.

:: `waiting`
Another s4 is at work in the folder.

:: `offline`
The target cannot be synced now, and is tried again: there is no network, the keys are wrong, the folder is missing.

:: `stopped`
A guard refused; s4-sync(1) tells what to do about it.

:: `paused`
Somebody asked for that.

With `--json` each target has a stream of its own: a `status` record if the daemon keeps it in sync, a `change` for each key as
s4-diff-index(1) prints it, a `problem` for each name that is left alone, and a `left` that counts what else is left out. With `--daemon` or `--watch` there is one stream of
`status` records; with `--watch` a record for each target that changed follows, ten times a second at most, until Ctrl-C ends it.

With `--daemon` or `--watch`, the exit code is 1 if no daemon runs, or it ends while it is watched.",
    examples: &[
        ("See where everything stands:", "s4 status"),
        ("In short, and all of it:", "s4 status --short docs"),
        ("Watch the daemon at work:", "s4 status --watch photos"),
        (
            "What a sync would push, for a script:",
            r#"s4 status docs --json |
   jq -r 'select(.type == "change" and .action == "push").key'"#,
        ),
    ],
    exits: &[Exit::Conflicts, Exit::Partial, Exit::Interrupted],
    see_also: &["s4-diff(1)", "s4-conflicts(1)", "s4-sync(1)", "s4-daemon(1)", "s4-json(7)"],
};
