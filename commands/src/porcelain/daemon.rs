//! `s4 daemon`

use std::time::Duration;

use clap::{Args, Subcommand};

use crate::duration::parse_duration;
use crate::flow::FlowArgs;
use crate::manual::{Exit, Manual};
use crate::values::Conflicts;

/// Keep targets in sync continuously
///
/// Carries each edit as soon as it has settled, in both directions, until it is stopped. Without a name it looks after all targets,
/// those that are added, changed or removed meanwhile included; named, after these alone. What keeps one target from being synced
/// stops no other, and is tried again until it works.
///
/// The folder is watched, so that an edit is synced on its own, without a look at the rest. Edits of other machines are asked
/// for by one request every few seconds; objects that other tools wrote are found by listing the bucket from time to time.
///
/// A key that changed on both sides is kept in both versions, unless --conflicts or the target says otherwise. A guard that
/// refuses stops its target until somebody has looked. `s4 sync` may run by hand at any time. Ctrl-C and SIGTERM end what is under
/// way within seconds; SIGHUP reads the config file again, and looks at everything.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help(), args_conflicts_with_subcommands = true)]
pub struct DaemonArgs {
    /// Tell the daemon that runs to pause, or to go on
    #[command(subcommand)]
    pub command: Option<DaemonCommand>,
    /// The targets to keep in sync; all of them if none is named
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// What to do with keys that changed on both sides
    ///
    /// Without it: what the target's field `conflicts` says, or `keep-both`.
    #[arg(long, value_name = "CHOICE", ignore_case = true)]
    pub conflicts: Option<Conflicts>,
    /// How long a file must rest before it is synced
    ///
    /// One that never rests is synced every five seconds or so. Times are numbers with a unit: `300ms`, `5s`, `10m`, `1h`.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "300ms")]
    pub settle: Duration,
    /// How often to ask for edits of other machines
    ///
    /// More often right after a change, less often after ten minutes without any, and on battery.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "5s")]
    pub poll: Duration,
    /// How often to look at the whole folder, or 0 for never
    ///
    /// In case the system did not tell of a change.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "1h")]
    pub rescan: Duration,
    /// How often to list the whole bucket, or 0 for never
    ///
    /// That finds what other tools wrote. Without it: every ten minutes; where a listing takes more than two pages of 1,000, every 250
    /// seconds for each page, so that it costs some cents a month at most.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub relist: Option<Duration>,
    /// Of S4 0.4; means nothing any more
    #[arg(long, value_name = "MILLISECONDS", hide = true)]
    pub read_delay: Option<u64>,
    /// Run it whenever you are logged in
    ///
    /// Writes a service of systemd (a launch agent on macOS) that runs this very command line, and starts it.
    #[arg(long, conflicts_with = "uninstall")]
    pub install: bool,
    /// Stop that service, and remove it
    #[arg(long)]
    pub uninstall: bool,
    /// How fast contents may move.
    #[command(flatten)]
    pub flow: FlowArgs,
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What a daemon that runs can be told.
#[derive(Clone, Debug, Subcommand)]
pub enum DaemonCommand {
    /// Stop syncing targets until they are resumed
    Pause(Names),
    /// Go on syncing targets, with a look at everything
    Resume(Names),
}

/// Targets of a daemon that runs.
#[derive(Clone, Debug, Args)]
pub struct Names {
    /// The targets
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<String>,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["change", "outcome", "problem"],
    on_output: "\
A line on standard error for each action as it ends, with the name of its target, fit for a journal; one when something keeps a
target from being synced, and one when that is over. With `--json` it prints an `outcome` record for each action, as `s4 sync` does, a
stream for each run that did something.

`s4 status` shows what it is doing, and what it last failed at.

Where the system has no watches left for some folders, these are looked at after every six polls; the line that says so names the setting
that allows more (`fs.inotify.max_user_watches`).",
    examples: &[
        ("Keep all targets in sync, until Ctrl-C:", "s4 daemon"),
        ("Have the system run it from now on:", "s4 daemon --install"),
        ("Ask less often, and never list the bucket:", "s4 daemon --poll 1m --relist 0"),
        ("Leave a target alone for a while:", "s4 daemon pause photos"),
    ],
    exits: &[Exit::Interrupted],
    see_also: &["s4-status(1)", "s4-sync(1)", "s4-config(5)", "s4-tutorial(7)"],
};
