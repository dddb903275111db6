//! `s4 check-ignore`

use std::path::PathBuf;

use clap::Args;

use crate::manual::{Exit, Manual};

/// Say whether paths are ignored, and why
///
/// Prints a `check` record for each path: whether the target's .syncignore leaves it out, and the pattern that decides. The
/// paths need not exist. One that ends in `/` is a folder, as is one that is a folder on disk.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct CheckIgnoreArgs {
    /// The target whose rules to ask
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Keys, or paths that begin with `/`
    #[arg(value_name = "PATH", required_unless_present = "stdin", conflicts_with = "stdin")]
    pub paths: Vec<PathBuf>,
    /// Read the paths from standard input
    ///
    /// A line is a record with a key, a path as a JSON string, or a path as it is.
    #[arg(long)]
    pub stdin: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["check"],
    on_output: "",
    examples: &[
        ("Why is a file not synced?", "s4 check-ignore docs build/report.pdf"),
        (
            "Which objects would the rules leave out?",
            r#"s4 list-objects docs | jq -c 'select(.type == "object").key' |
   s4 check-ignore docs --stdin | jq 'select(.ignored)'"#,
        ),
    ],
    exits: &[Exit::Partial],
    see_also: &["s4-syncignore(5)", "s4-scan(1)", "s4-json(7)"],
};
