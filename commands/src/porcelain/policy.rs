//! `s4 policy`

use clap::Args;

use crate::manual::Manual;

/// Print what the keys of a target need to be allowed
///
/// A policy of AWS IAM, as JSON: the least that a sync of the target needs, for its place in the bucket and for nothing else. With the
/// target's fields in mind: the key of KMS that encrypts the objects, and the event queue. Asks nobody, and changes nothing.
///
/// Names of other objects in the bucket can be listed by it, for only who may list is told that an object does not exist, and s4
/// takes nothing less for a proof.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct PolicyArgs {
    /// The target, or a place in a bucket as s3://bucket/path
    #[arg(value_name = "TARGET|URI")]
    pub target: String,
    /// What s4-log(1) and s4-restore(1) need, too
    ///
    /// To see the versions that the bucket keeps, and to bring them back.
    #[arg(long)]
    pub history: bool,
    /// Print a record, one JSON object on a line
    #[arg(long)]
    pub json: bool,
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["policy"],
    on_output: "\
The policy, as `aws iam put-user-policy` and the console take it. With `--json` one `policy` record that holds it.",
    examples: &[
        ("What the keys of a target need:", "s4 policy docs"),
        (
            "Give it to a user of IAM:",
            "s4 policy docs > policy.json
aws iam put-user-policy --user-name laptop --policy-name s4 \\
   --policy-document file://policy.json",
        ),
    ],
    exits: &[],
    see_also: &["s4-add(1)", "s4-servers(7)", "s4-config(5)"],
};
