//! The contract of s4: the arguments, records and texts of its commands. Knows clap and serde, nothing else.
//!
//! The doc comments of the arguments are their help and their manual. Parsing does nothing: no file, no clock, no
//! environment is looked at here.

mod globals;
pub mod porcelain;
pub mod record;
mod secret;
mod values;

pub use globals::{Colour, Globals, LogLevel};
pub use secret::Secret;
pub use values::{Conflicts, OnIgnore};

use clap::{Parser, Subcommand};

/// Keep folders in sync through an S3 bucket
///
/// s4 keeps folders on several machines in sync through an S3 bucket, or through any server that speaks S3. There is no
/// other server: every machine talks to the bucket directly.
///
/// Add a target once on each machine, a folder and the place in the bucket that it belongs to. Then sync as often as
/// you like.
#[derive(Debug, Parser)]
#[command(
    name = "s4",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = EXAMPLES
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Every command; `help`, manual and tests go by this list.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "a comment on a variant would replace the help that its arguments carry")]
pub enum Command {
    #[command(visible_alias = "a")]
    Add(porcelain::add::AddArgs),
    #[command(visible_alias = "e")]
    Edit(porcelain::edit::EditArgs),
    Rm(porcelain::rm::RmArgs),
    #[command(visible_alias = "t")]
    Targets(porcelain::targets::TargetsArgs),
    #[command(visible_alias = "s")]
    Sync(porcelain::sync::SyncArgs),
    Ls(porcelain::ls::LsArgs),
    #[command(visible_alias = "v")]
    Version(porcelain::version::VersionArgs),
}

impl Command {
    /// Whether records are wanted instead of text.
    pub fn json(&self) -> bool {
        match self {
            Command::Add(_) | Command::Edit(_) | Command::Rm(_) => false,
            Command::Targets(args) => args.json,
            Command::Sync(args) => args.json,
            Command::Ls(args) => args.json,
            Command::Version(args) => args.json,
        }
    }
}

const EXAMPLES: &str = "\
EXAMPLES
  Add a target, answering questions:
      s4 add
  Sync every target:
      s4 sync
  See what a sync would do:
      s4 sync --dry-run photos

EXIT STATUS
  0 done, 1 failed, 2 wrong usage, 3 done but conflicts are left, 4 done but some keys failed,
  5 refused by a guard, 130 interrupted";

#[cfg(test)]
mod tests;
