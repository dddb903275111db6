//! `s4 push-file`

use clap::Args;

use super::InputArgs;
use crate::manual::{Exit, Manual};

/// Upload files, and delete objects
///
/// Carries out changes whose action is `push` or `delete-remote`, and prints an `outcome` record for each; other records pass
/// through. Keys are looked at first: what needs a push is pushed, and what needs something else is printed as a `change`
/// record for the next command. A side that is no longer as the change has it is looked at and decided again.
/// A deletion that only that second look comes to is not carried out, but printed as a `change`.
///
/// Keys can come to deletions too, of files that are gone here. Those are guarded as in a sync: where there are too many, or the
/// folder is empty, none is carried out, and the exit status is 5.
///
/// The indexes are not written; that is what write-index does with the outcomes. A run that loses them costs the next sync a
/// comparison, nothing else.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct PushFileArgs {
    /// The target to push to
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
        ("Upload one file, and remember that:", "s4 push-file docs report.pdf | s4 write-index docs --stdin"),
        (
            "Upload only the PDF files:",
            r#"s4 diff-index docs |
   jq -c 'select(.action == "push" and (.key | endswith(".pdf")))' |
   s4 push-file docs --stdin | s4 write-index docs --stdin"#,
        ),
    ],
    exits: &[Exit::Conflicts, Exit::Partial, Exit::Guard, Exit::Interrupted],
    see_also: &["s4-pull-file(1)", "s4-diff-index(1)", "s4-write-index(1)", "s4-json(7)"],
};
