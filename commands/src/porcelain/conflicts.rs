//! `s4 conflicts`

use clap::Args;

use crate::looks::LooksArgs;
use crate::manual::{Exit, Manual};

/// List the conflicts that nobody has answered
///
/// Looks at folder and bucket, and lists the keys that changed on both sides since they were last synced, each with what became
/// of it here and in the bucket. Nothing is changed. s4-resolve(1) answers them, and so does a sync on a terminal or with --conflicts.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct ConflictsArgs {
    /// The targets to look at; all if none is named
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// How times and sizes are shown.
    #[command(flatten)]
    pub looks: LooksArgs,
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["change"],
    on_output: "\
For each target a line with the number of its conflicts, and for each of those three: the key with what both sides did, and time
and size of the file and of the object. A target without conflicts has the one line.

A file on one side where the other has a folder of that name is a conflict of two names: rename one of them, or have a sync keep both
with `--conflicts keep-both`.

With `--json` a `change` record for each conflict, as s4-diff-index(1) prints it.",
    examples: &[
        ("List all of them:", "s4 conflicts"),
        (
            "Keep what is here, wherever there is a conflict:",
            r#"s4 conflicts docs --json |
   jq -r 'select(.action == "conflict").key' |
   while read -r key; do s4 resolve docs "$key" --keep local; done"#,
        ),
    ],
    exits: &[Exit::Conflicts, Exit::Partial, Exit::Interrupted],
    see_also: &["s4-resolve(1)", "s4-diff(1)", "s4-status(1)", "s4-sync(1)", "s4-json(7)"],
};
