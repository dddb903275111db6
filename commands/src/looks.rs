//! How tables and lists look: options of the commands that show times and sizes.

use clap::Args;

/// How times and sizes are shown.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct LooksArgs {
    /// Show times in full, in UTC
    ///
    /// So they are shown in any case where the output does not go to a terminal. There a time is shown as how long ago it was.
    #[arg(long)]
    pub absolute: bool,
    /// Show sizes in bytes
    ///
    /// To the byte, in place of KiB, MiB and so on.
    #[arg(long)]
    pub bytes: bool,
}
