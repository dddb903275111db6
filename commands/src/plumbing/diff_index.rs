//! `s4 diff-index`

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use crate::manual::{Exit, Manual};
use crate::values::Conflicts;

/// Compare folder, bucket and index
///
/// Looks at the folder, the bucket and both indexes, and prints a `change` record for each key that differs: the states of
/// both sides, what a sync would do, and what whoever does it expects to find. Nothing is changed anywhere. `s4 sync --dry-run
/// --json` prints the same.
///
/// With --local and --remote the files and objects are taken from records instead, as scan and list-objects print them.
/// Such a stream must be whole, since what it does not name counts as deleted; with --partial, keys that it does not name
/// are left out.
///
/// Where a guard would stop the sync, an `error` record says so, the changes carry its name in `guard`, and nobody carries
/// them out; the exit status is 5.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help(), group = ArgGroup::new("sides").multiple(true))]
pub struct DiffIndexArgs {
    /// The target to compare
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Take the files from the records in FILE
    ///
    /// `-` is standard input.
    #[arg(long, value_name = "FILE", group = "sides")]
    pub local: Option<PathBuf>,
    /// Take the objects from the records in FILE
    ///
    /// `-` is standard input.
    #[arg(long, value_name = "FILE", group = "sides")]
    pub remote: Option<PathBuf>,
    /// Leave out keys that the records do not name
    #[arg(long, requires = "sides")]
    pub partial: bool,
    /// Answer conflicts
    ///
    /// Without it they are changes with the action `conflict`, whatever the target says. `1` is `local` and `2` is `remote`.
    #[arg(long, value_name = "CHOICE", ignore_case = true)]
    pub conflicts: Option<Conflicts>,
    /// Go on where a guard would refuse
    #[arg(long)]
    pub force: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["change", "problem", "forecast"],
    on_output: "The `forecast` is that of a sync which makes this very look again, and then does what the changes say. A big file of \
                which that sync may send only a part counts as sent whole: `s4 sync --dry-run` reads it to find out.",
    examples: &[
        (
            "What a sync would push, the largest first:",
            r#"s4 diff-index docs |
   jq -r 'select(.action == "push") | [.file.size, .key] | @tsv' |
   sort -rn"#,
        ),
        (
            "A sync, step by step:",
            "s4 diff-index docs | s4 push-file docs --stdin |
   s4 pull-file docs --stdin | s4 write-index docs --stdin",
        ),
        (
            "Compare with a listing of yesterday:",
            "s4 list-objects docs > objects.jsonl
s4 diff-index docs --remote objects.jsonl",
        ),
    ],
    exits: &[Exit::Conflicts, Exit::Partial, Exit::Guard],
    see_also: &["s4-sync(1)", "s4-push-file(1)", "s4-pull-file(1)", "s4-write-index(1)", "s4-json(7)"],
};
