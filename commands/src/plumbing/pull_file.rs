//! `s4 pull-file`

use clap::Args;

use super::InputArgs;
use crate::manual::{Exit, Manual};

/// Download objects, and delete files
///
/// Carries out changes whose action is `pull`, `delete-local`, `keep-both` or `move-aside`, and prints an `outcome` record for
/// each; other records pass through. Keys are looked at first: what needs a pull is pulled, and what needs something else is
/// printed as a `change` record for the next command. A side that is no longer as the change has it is looked at and decided
/// again.
///
/// Before it deletes a file it asks once more whether the object is gone. A conflict whose action is `keep-both` leaves a new file
/// under another name; its `change` comes out here, so push-file has to stand behind pull-file to send it at once.
///
/// What it removes or replaces goes to the trash, as in a sync. The indexes are not written; that is what write-index does
/// with the outcomes.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct PullFileArgs {
    /// The target to pull from
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// What to carry out.
    #[command(flatten)]
    pub input: InputArgs,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["outcome", "change"],
    on_output: "Every record of its input that it does not carry out is printed as it was read.",
    examples: &[
        ("Download one object, and remember that:", "s4 pull-file docs report.pdf | s4 write-index docs --stdin"),
        (
            "Download only the small ones:",
            r#"s4 diff-index docs |
   jq -c 'select(.action == "pull" and .object.size < 1000000)' |
   s4 pull-file docs --stdin | s4 write-index docs --stdin"#,
        ),
    ],
    exits: &[Exit::Conflicts, Exit::Partial, Exit::Guard, Exit::Interrupted],
    see_also: &["s4-push-file(1)", "s4-diff-index(1)", "s4-write-index(1)", "s4-json(7)"],
};
