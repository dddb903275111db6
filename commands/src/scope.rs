//! What a sync may do: to which keys, and in which direction.

use clap::Args;

/// What a sync may do.
#[derive(Clone, Debug, Default, Args)]
pub struct ScopeArgs {
    /// Sync only keys that match
    ///
    /// A pattern as in .syncignore: `*.pdf`, `/reports/2026/`, `build/`. Given more than once, one of them has to match.
    #[arg(long, value_name = "PATTERN")]
    pub include: Vec<String>,
    /// Leave keys out that match
    ///
    /// A pattern as in .syncignore. For this run only: nothing is ignored, and nothing deleted, because of it.
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// Carry changes to the bucket alone
    ///
    /// What changed in the bucket is left for a run without this option, and the folder stays as it is.
    #[arg(long, conflicts_with = "pull_only")]
    pub push_only: bool,
    /// Carry changes to the folder alone
    ///
    /// What changed in the folder is left for a run without this option, and the bucket stays as it is.
    #[arg(long)]
    pub pull_only: bool,
    /// Sync only these files and folders
    ///
    /// Paths, keys, or patterns as in .syncignore: `reports/`, `'*.pdf'`. Without a target: those of the one in whose folder you
    /// are.
    #[arg(last = true, value_name = "PATH")]
    pub paths: Vec<String>,
}
