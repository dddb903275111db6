//! `s4 status`

use clap::Args;

use crate::manual::Manual;

/// Show where the daemon stands with each target
///
/// Asks the daemon that keeps the targets of this config file in sync: what it does with each of them and since when, the conflicts
/// that it left alone, when it last looked through the whole folder and the whole bucket, what is moving, and what went wrong last.
/// Neither the folder nor the bucket is looked at for that.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct StatusArgs {
    /// The targets to show; all of the daemon's if none is named
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// Go on showing it as it changes
    ///
    /// On a terminal the text changes in its place; elsewhere each target that changed is printed anew. Ctrl-C ends that, and not
    /// the daemon.
    #[arg(short, long)]
    pub watch: bool,
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["status"],
    on_output: "\
A paragraph for each target, in the order of their names. Its first line tells what the daemon does:

:: `starting`
It has not looked at everything yet.

:: `in sync`
Both sides are the same, as far as it knows; it waits for changes.

:: `syncing`
It looks for changes, or carries them.

:: `waiting`
Another s4 is at work in the folder.

:: `offline`
The target can not be synced now, and is tried again: there is no network, the keys are wrong, the folder is missing.

:: `stopped`
A guard refused; s4-sync(1) tells what to do about it.

:: `paused`
Somebody asked for that.

With `--json` it prints a record for each target; with `--watch` too, a record for each one that changed follows, ten times a second at
most, until Ctrl-C ends the stream.

If no daemon runs, or it ends while it is watched, the exit code is 1.",
    examples: &[
        ("See where everything stands:", "s4 status"),
        ("Watch one target:", "s4 status --watch photos"),
        (
            "The targets with conflicts, for a script:",
            r#"s4 status --json |
   jq -r 'select(.type == "status" and .conflicts != []).target'"#,
        ),
    ],
    exits: &[],
    see_also: &["s4-sync(1)", "s4-targets(1)", "s4-json(7)"],
};
