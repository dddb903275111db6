//! `s4 write-index`

use clap::Args;

use crate::manual::{Exit, Manual};

/// Write outcomes into both indexes
///
/// Reads `outcome` records from standard input until it ends, and then writes what was done into the local index and the one in
/// the bucket, in one commit each. Changes whose action is `adopt` or `forget` are nothing but a note in the indexes, and are
/// carried out here. Everything else is printed on as it was read; at the end a `commit` record says what was written.
///
/// What was done is written down also where the stream was cut short; the exit status says so then. It is 3 where conflicts
/// passed by, and 4 where an outcome failed: as that of a sync.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct WriteIndexArgs {
    /// The target whose indexes to write
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Read the outcomes from standard input; it always does
    #[arg(long)]
    pub stdin: bool,
    /// Write both indexes whole, without change logs
    ///
    /// For S4 0.4, which knows no change logs, before it takes over the folder. Standard input is not read, unless --stdin
    /// is given too.
    #[arg(long)]
    pub whole: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["outcome", "commit"],
    on_output: "Every record of its input is printed as it was read, but for changes that it carries out: their outcomes take their place.",
    examples: &[
        ("Upload one file, and remember that:", "s4 push-file docs report.pdf | s4 write-index docs --stdin"),
        (
            "Remember what is equal on both sides, and carry nothing:",
            r#"s4 diff-index docs | jq -c 'select(.action == "adopt")' |
   s4 write-index docs --stdin"#,
        ),
        ("Make ready for S4 0.4, which knows no change logs:", "s4 write-index docs --whole"),
    ],
    exits: &[Exit::Conflicts, Exit::Partial, Exit::Guard, Exit::Interrupted],
    see_also: &["s4-read-index(1)", "s4-push-file(1)", "s4-pull-file(1)", "s4-index(5)", "s4-json(7)"],
};
