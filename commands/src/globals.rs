//! The options that every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The options that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// Read the targets from FILE
    ///
    /// Without it: the file that S4_CONFIG names, $XDG_CONFIG_HOME/s4/sync.conf, or ~/.config/s4/sync.conf.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// When to use colours
    ///
    /// `auto` colours what goes to a terminal, unless NO_COLOR is set or TERM is `dumb`; CLICOLOR_FORCE colours the rest
    /// too.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    pub color: Colour,
    /// Use no colours, as --color never
    #[arg(long, global = true)]
    pub no_colors: bool,
    /// Begin each line with the time
    #[arg(long, global = true)]
    pub timestamps: bool,
    /// Say only what is at least this serious
    ///
    /// INFO if nothing is said. A list, a plan or records are always printed: they are what was asked for.
    #[arg(long, global = true, value_name = "LEVEL", ignore_case = true)]
    pub log_level: Option<LogLevel>,
    /// Say more, as --log-level DEBUG
    ///
    /// At the end: how many requests were made of the server by class, the bytes each way, and what all that costs.
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Say only what went wrong, and show no progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

impl Globals {
    /// The level that the three options for it come to.
    pub fn level(&self) -> LogLevel {
        match (self.log_level, self.verbose, self.quiet) {
            (Some(level), ..) => level,
            (None, true, _) => LogLevel::Debug,
            (None, false, true) => LogLevel::Warning,
            (None, false, false) => LogLevel::Info,
        }
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, as far as the environment has no objection
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// How serious a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
#[value(rename_all = "UPPER")]
pub enum LogLevel {
    /// Every step
    Debug,
    /// What is going on
    Info,
    /// What deserves a look
    Warning,
    /// What went wrong
    Error,
}
