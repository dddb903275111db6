//! `s4 list-objects`

use clap::Args;

use crate::manual::Manual;

/// List the objects of a target
///
/// Prints an `object` record for each object below the target's prefix, page by page as the server gives them: by the
/// bytes of their names on S3, in an order of its own on some other servers. Names are printed as they are, those too
/// that no folder can hold. s4's own objects, `.index` and what is below `.s4/`, are left out.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct ListObjectsArgs {
    /// The target to list
    #[arg(value_name = "TARGET")]
    pub target: String,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["object"],
    on_output: "",
    examples: &[
        (
            "What was written last:",
            r#"s4 list-objects photos |
   jq -r 'select(.last_modified) | [.last_modified, .key] | @tsv' |
   sort -r | head"#,
        ),
        (
            "How many bytes there are:",
            "s4 list-objects photos |
   jq -n 'reduce inputs as $r (0; . + ($r.size // 0))'",
        ),
    ],
    exits: &[],
    see_also: &["s4-scan(1)", "s4-diff-index(1)", "s4-ls(1)", "s4-json(7)"],
};
