//! The contract of s4: the arguments, records and texts of its commands. Knows clap and serde, nothing else.
//!
//! The doc comments of the arguments are their help and their manual. Parsing does nothing: no file, no clock, no
//! environment is looked at here.

mod duration;
mod flow;
mod globals;
mod help;
mod looks;
pub mod manual;
pub mod markup;
pub mod pages;
pub mod plumbing;
pub mod porcelain;
mod prices;
mod queue;
pub mod record;
#[cfg(feature = "render")]
pub mod render;
mod scope;
mod secret;
pub mod time;
mod values;

pub use duration::parse_duration;
pub use flow::{Bandwidth, FlowArgs, parse_jobs};
pub use globals::{Colour, Globals, LogLevel};
pub use help::command;
pub use looks::LooksArgs;
pub use prices::{PRICED, Prices};
pub use queue::check_queue;
pub use scope::ScopeArgs;
pub use secret::{Secret, holds_keys};
pub use values::{AddressingStyle, Conflicts, Direction, Links, OnIgnore, Switch};

use clap::{Parser, Subcommand};
use manual::{Group, Listed, Manual};

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
    disable_help_subcommand = true,
    after_help = MANUAL.help()
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Every command, in the order of [`COMMANDS`].
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "a comment on a variant would replace the help that its arguments carry")]
pub enum Command {
    #[command(visible_alias = "a")]
    Add(porcelain::add::AddArgs),
    #[command(visible_alias = "s")]
    Sync(porcelain::sync::SyncArgs),
    Resolve(porcelain::resolve::ResolveArgs),
    Restore(porcelain::restore::RestoreArgs),
    Trash(porcelain::trash::TrashArgs),
    #[command(visible_alias = "d")]
    Daemon(porcelain::daemon::DaemonArgs),
    #[command(visible_alias = "e")]
    Edit(porcelain::edit::EditArgs),
    Rm(porcelain::rm::RmArgs),
    #[command(visible_alias = "t")]
    Targets(porcelain::targets::TargetsArgs),
    Status(porcelain::status::StatusArgs),
    Ls(porcelain::ls::LsArgs),
    Diff(porcelain::diff::DiffArgs),
    Conflicts(porcelain::conflicts::ConflictsArgs),
    Log(porcelain::log::LogArgs),
    Verify(porcelain::verify::VerifyArgs),
    Policy(porcelain::policy::PolicyArgs),
    Help(porcelain::help::HelpArgs),
    Man(porcelain::man::ManArgs),
    Completions(porcelain::completions::CompletionsArgs),
    #[command(visible_alias = "v")]
    Version(porcelain::version::VersionArgs),
    Scan(plumbing::scan::ScanArgs),
    ListObjects(plumbing::list_objects::ListObjectsArgs),
    ReadIndex(plumbing::read_index::ReadIndexArgs),
    DiffIndex(plumbing::diff_index::DiffIndexArgs),
    PushFile(plumbing::push_file::PushFileArgs),
    PullFile(plumbing::pull_file::PullFileArgs),
    WriteIndex(plumbing::write_index::WriteIndexArgs),
    HashFile(plumbing::hash_file::HashFileArgs),
    CheckIgnore(plumbing::check_ignore::CheckIgnoreArgs),
}

/// Every command with its place in the help and its part of the manual. Help, manual and tests go by this list, and a test
/// holds it equal to [`Command`].
pub const COMMANDS: &[Listed] = &[
    Listed { name: "add", group: Group::Everyday, manual: &porcelain::add::MANUAL },
    Listed { name: "sync", group: Group::Everyday, manual: &porcelain::sync::MANUAL },
    Listed { name: "resolve", group: Group::Everyday, manual: &porcelain::resolve::MANUAL },
    Listed { name: "restore", group: Group::Everyday, manual: &porcelain::restore::MANUAL },
    Listed { name: "trash", group: Group::Everyday, manual: &porcelain::trash::MANUAL },
    Listed { name: "daemon", group: Group::Everyday, manual: &porcelain::daemon::MANUAL },
    Listed { name: "edit", group: Group::Everyday, manual: &porcelain::edit::MANUAL },
    Listed { name: "rm", group: Group::Everyday, manual: &porcelain::rm::MANUAL },
    Listed { name: "targets", group: Group::Look, manual: &porcelain::targets::MANUAL },
    Listed { name: "status", group: Group::Look, manual: &porcelain::status::MANUAL },
    Listed { name: "ls", group: Group::Look, manual: &porcelain::ls::MANUAL },
    Listed { name: "diff", group: Group::Look, manual: &porcelain::diff::MANUAL },
    Listed { name: "conflicts", group: Group::Look, manual: &porcelain::conflicts::MANUAL },
    Listed { name: "log", group: Group::Look, manual: &porcelain::log::MANUAL },
    Listed { name: "verify", group: Group::Look, manual: &porcelain::verify::MANUAL },
    Listed { name: "policy", group: Group::Look, manual: &porcelain::policy::MANUAL },
    Listed { name: "help", group: Group::Look, manual: &porcelain::help::MANUAL },
    Listed { name: "man", group: Group::Look, manual: &porcelain::man::MANUAL },
    Listed { name: "completions", group: Group::Look, manual: &porcelain::completions::MANUAL },
    Listed { name: "version", group: Group::Look, manual: &porcelain::version::MANUAL },
    Listed { name: "scan", group: Group::Plumbing, manual: &plumbing::scan::MANUAL },
    Listed { name: "list-objects", group: Group::Plumbing, manual: &plumbing::list_objects::MANUAL },
    Listed { name: "read-index", group: Group::Plumbing, manual: &plumbing::read_index::MANUAL },
    Listed { name: "diff-index", group: Group::Plumbing, manual: &plumbing::diff_index::MANUAL },
    Listed { name: "push-file", group: Group::Plumbing, manual: &plumbing::push_file::MANUAL },
    Listed { name: "pull-file", group: Group::Plumbing, manual: &plumbing::pull_file::MANUAL },
    Listed { name: "write-index", group: Group::Plumbing, manual: &plumbing::write_index::MANUAL },
    Listed { name: "hash-file", group: Group::Plumbing, manual: &plumbing::hash_file::MANUAL },
    Listed { name: "check-ignore", group: Group::Plumbing, manual: &plumbing::check_ignore::MANUAL },
];

impl Command {
    /// Whether records are wanted instead of text.
    pub fn json(&self) -> bool {
        match self {
            Command::Help(_) => false,
            Command::Add(args) => args.json,
            Command::Edit(args) => args.json,
            Command::Rm(args) => args.json,
            Command::Targets(args) => args.json,
            Command::Sync(args) => args.json,
            Command::Resolve(args) => args.json,
            Command::Restore(args) => args.json,
            Command::Trash(args) => args.json,
            Command::Daemon(args) => args.json,
            Command::Status(args) => args.json,
            Command::Ls(args) => args.json,
            Command::Diff(args) => args.json,
            Command::Conflicts(args) => args.json,
            Command::Log(args) => args.json,
            Command::Verify(args) => args.json,
            Command::Policy(args) => args.json,
            Command::Man(args) => args.json,
            Command::Completions(args) => args.json,
            Command::Version(args) => args.json,
            Command::Scan(_)
            | Command::ListObjects(_)
            | Command::ReadIndex(_)
            | Command::DiffIndex(_)
            | Command::PushFile(_)
            | Command::PullFile(_)
            | Command::WriteIndex(_)
            | Command::HashFile(_)
            | Command::CheckIgnore(_) => true,
        }
    }
}

/// What the manual says of the program as a whole.
pub const MANUAL: Manual = Manual {
    output: &[],
    on_output: "\
Results go to standard output; progress, questions, warnings and errors go to standard error. The plumbing prints records, one
JSON object a line, and so do other commands with `--json`; s4-json(7) explains them.",
    examples: &[
        ("Add a target, answering questions:", "s4 add"),
        ("Sync every target:", "s4 sync"),
        ("See what a sync would do:", "s4 sync --dry-run photos"),
        ("Read how it goes on:", "s4 help tutorial"),
    ],
    exits: &[manual::Exit::Conflicts, manual::Exit::Partial, manual::Exit::Guard, manual::Exit::Interrupted],
    see_also: &["s4-tutorial(7)", "s4-config(5)", "s4-syncignore(5)", "s4-index(5)", "s4-json(7)"],
};

#[cfg(test)]
mod tests;
