//! `s4 help`

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::manual::Manual;
use crate::{COMMANDS, pages};

/// Read the manual
///
/// Opens the page of a command, or one of the other pages: `tutorial` leads from an empty folder to three machines, `config`,
/// `syncignore` and `index` are the files of s4, `json` is what its records mean, and `servers` what differs from S3 elsewhere.
///
/// The pages are part of the program, and open with `man` where it is installed. Without it, and where the output is no
/// terminal, the page of a command is what its --help prints, and the other pages are plain text.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct HelpArgs {
    /// A command, or one of the other pages
    #[arg(value_name = "COMMAND|PAGE", value_parser = words(), hide_possible_values = true)]
    pub page: Option<String>,
}

/// What there is a page for. The short forms of commands are taken too.
fn words() -> PossibleValuesParser {
    let commands = COMMANDS.iter().map(|command| command.name);
    let pages = pages::PAGES.iter().map(|page| page.topic);
    let short = ["a", "d", "e", "s", "t", "v"].map(|short| PossibleValue::new(short).hide(true));
    PossibleValuesParser::new(commands.chain(pages).map(PossibleValue::new).chain(short))
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &[],
    on_output: "The page.",
    examples: &[
        ("How is a folder synced?", "s4 help sync"),
        ("Where to begin?", "s4 help tutorial"),
        ("What do the records mean? All of it, as text:", "s4 help json | cat"),
    ],
    exits: &[],
    see_also: &["s4-tutorial(7)", "s4-json(7)"],
};
