//! `s4 hash-file`

use std::path::PathBuf;

use clap::Args;

use crate::manual::{Exit, Manual};

/// Print the sums of files
///
/// Prints a `hash` record for each file: its size and the SHA-256 of its content, as the indexes and the objects' metadata have
/// it. Any file will do; no target is needed.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct HashFileArgs {
    /// The files to read
    #[arg(value_name = "FILE", required_unless_present = "stdin", conflicts_with = "stdin")]
    pub files: Vec<PathBuf>,
    /// Say whether ETAG is the MD5 of the content
    ///
    /// That of an object uploaded in parts too, for the usual sizes of parts.
    #[arg(long, value_name = "ETAG")]
    pub etag: Option<String>,
    /// Read the paths from standard input
    ///
    /// A line is a path as a JSON string, or a path as it is.
    #[arg(long)]
    pub stdin: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["hash"],
    on_output: "",
    examples: &[
        ("Sum up a file:", "s4 hash-file ~/docs/report.pdf"),
        (
            "Is this file the object with that ETag?",
            r#"s4 hash-file --etag 900150983cd24fb0d6963f7d28e17f72 \
   ~/docs/report.pdf | jq 'select(.type == "hash").matches_etag'"#,
        ),
    ],
    exits: &[Exit::Partial],
    see_also: &["s4-read-index(1)", "s4-json(7)"],
};
