//! `s4 diff`

use clap::Args;

use crate::manual::{Exit, Manual};

/// Show how files differ from what is in the bucket
///
/// Shows what leads from the version in the bucket to the file in the folder, for each key that differs: lines that only the file
/// has begin with `+`, lines that only the bucket has with `-`. On a terminal it comes page by page, with the words that make the
/// difference highlighted. What is no text is told by its kind, its size and, of a picture, its width and height; and so is
/// what is larger than 4 MiB.
///
/// Whether there is something to push or to pull is what s4-status(1) tells; here a newer version in the bucket shows as lines that
/// the file lacks.
///
/// The target may be left out where there is only one, and in a folder that belongs to one. Keys may be written as paths, as for
/// s4-log(1). One that ends in `/` is a folder, with all that is in it.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct DiffArgs {
    /// The target to look at
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// Keys, and folders with all that is in them
    ///
    /// Without any: all that differ.
    #[arg(value_name = "KEY")]
    pub keys: Vec<String>,
    /// Compare with what was last synced
    ///
    /// So it shows what was edited here, and nothing of what others did. What was last synced is there as long as one of the sides
    /// still has it, or the bucket among its versions.
    #[arg(long, conflicts_with = "version_id")]
    pub base: bool,
    /// Compare with this version of the one key that is named
    ///
    /// As s4-log(1) shows its id.
    #[arg(long, value_name = "ID", conflicts_with = "json")]
    pub version_id: Option<String>,
    /// Show how many lines differ in each file, and not the lines
    #[arg(long)]
    pub stat: bool,
    /// Show the lines, of however many files
    ///
    /// Without it, of more than 20 files only the number of lines is shown, as with --stat, and of more than 1,000 only how many they
    /// are: the bucket is asked for each of them. With both, it shows both.
    #[arg(short, long)]
    pub patch: bool,
    /// End with the exit code 1 if something differs
    #[arg(long)]
    pub exit_code: bool,
    /// Print records, one JSON object a line, and fetch no content
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["change"],
    on_output: "\
A unified diff for each key, in the order of the keys. Names of files that were only renamed or copied take one line.

With `--stat`, a line for each key: its name, the number of lines that differ, and a bar of their shares; of what is no text, the size in
the bucket and the one here.

With `--json`, a record for each key that differs, as s4-diff-index(1) prints it, without conflicts answered and without anything that
a sync would only note down.",
    examples: &[
        ("What differs?", "s4 diff docs"),
        ("What did I write since the last sync?", "s4 diff docs --base"),
        ("A version that s4 log shows:", "s4 diff docs file.txt --version-id 3sL4kqtJlcpXroDTDmJ"),
        ("How much has changed in a folder?", "s4 diff docs reports/ --stat"),
        ("Ask whether something differs, in a script:", "s4 diff docs --json --exit-code > /dev/null || echo it does"),
    ],
    exits: &[Exit::Partial, Exit::Interrupted],
    see_also: &["s4-status(1)", "s4-log(1)", "s4-resolve(1)", "s4-diff-index(1)", "s4-json(7)"],
};
