//! `s4 edit`

use clap::Args;

use super::{BucketArgs, FieldArgs};
use crate::manual::Manual;

/// Change a target
///
/// Without options it asks for the folder, the place in the bucket and the keys, and shows what they are now; a blank answer leaves it so,
/// `-` clears it. With options it asks nothing and changes just what they name; `-` or an empty text clears a field. A stored secret is
/// never shown.
///
/// When the place or the keys change, the bucket is tried before anything is saved.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct EditArgs {
    /// The target to change
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Give the target another name
    #[arg(long, value_name = "NEW")]
    pub name: Option<String>,
    /// Save the target without trying the bucket
    #[arg(long)]
    pub no_check: bool,
    /// Print a record of the target as it is saved
    #[arg(long)]
    pub json: bool,
    /// What the bucket is to do.
    #[command(flatten)]
    pub bucket: BucketArgs,
    /// The target's fields.
    #[command(flatten)]
    pub fields: FieldArgs,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["target"],
    on_output: "Questions, and what was done, for people; with `--json` the target as it was saved:",
    examples: &[
        ("Answer questions:", "s4 edit photos"),
        ("Keep both versions of a conflict from now on:", "s4 edit photos --conflicts keep-both"),
        (
            "Forget the stored keys, use a profile instead:",
            r"s4 edit photos --access-key-id - --secret-access-key - \
   --profile home",
        ),
        ("Keep what is replaced or deleted for 30 days:", "s4 edit photos --versioning on --keep-versions 30"),
    ],
    exits: &[],
    see_also: &["s4-add(1)", "s4-targets(1)", "s4-log(1)", "s4-restore(1)", "s4-config(5)"],
};
