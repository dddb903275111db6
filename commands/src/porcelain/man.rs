//! `s4 man`

use std::path::PathBuf;

use clap::Args;

use crate::manual::Manual;

/// List the pages of the manual, or install them
///
/// The pages are part of the program, so `s4 help PAGE` opens each of them with nothing to install. With --install they are written
/// where `man` itself finds them.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct ManArgs {
    /// Write the pages below DIR, or ~/.local/share/man
    ///
    /// Into its folders man1, man5 and man7, which are made. Pages of another version of s4 are replaced. Where a file is in the way
    /// that is no page of s4, nothing is written at all. Without DIR it is `man` in XDG_DATA_HOME, or ~/.local/share/man.
    #[arg(long, value_name = "DIR", num_args = 0..=1)]
    pub install: Option<Option<PathBuf>>,
    /// Print records, one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["page"],
    on_output: "\
A line for each page with what it is about, or, after --install, where they are and how to read them. With `--json` a record for
each.",
    examples: &[
        ("Which pages are there?", "s4 man"),
        ("Have `man s4-sync` find them:", "s4 man --install"),
        ("Into a package that is being made:", "s4 man --install debian/s4/usr/share/man"),
        ("All of them, as one text:", "s4 man --json | jq -r 'select(.topic).topic' | xargs -n 1 s4 help"),
    ],
    exits: &[],
    see_also: &["s4-help(1)", "s4-completions(1)", "man(1)"],
};
