//! `s4 scan`

use clap::Args;

use crate::manual::Manual;

/// List the files of a folder
///
/// Prints a `file` record for each file, in the order of the keys' bytes, as soon as it is found. Ignored files are left
/// out. What cannot be looked at, or cannot be a key, is a `problem` record: nothing at it or below it is known, which is
/// not the same as absent.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct ScanArgs {
    /// A target, or the path of a folder
    #[arg(value_name = "TARGET|FOLDER")]
    pub place: String,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["file", "problem"],
    on_output: "",
    examples: &[
        (
            "The ten largest files:",
            r#"s4 scan photos |
   jq -r 'select(.type == "file") | [.size, .key] | @tsv' |
   sort -rn | head"#,
        ),
        (
            "How much a folder holds that is no target yet:",
            "s4 scan ~/Music |
   jq -n 'reduce inputs as $r (0; . + ($r.size // 0))'",
        ),
    ],
    exits: &[],
    see_also: &["s4-list-objects(1)", "s4-diff-index(1)", "s4-syncignore(5)", "s4-json(7)"],
};
