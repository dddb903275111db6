//! `s4 add`

use clap::Args;

use super::{BucketArgs, FieldArgs};
use crate::manual::Manual;

/// Add a target
///
/// Without options it asks for everything, and a blank answer takes what the brackets say. With options it asks
/// nothing. Before anything is saved the bucket is tried, so that a typing error shows at once.
///
/// A target is kept in the config file. Its keys need not be: leave them blank, and they are looked for where other
/// AWS tools look.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct AddArgs {
    /// Copy endpoint, region, profile and keys from a target
    #[arg(short = 'C', long, value_name = "TARGET")]
    pub copy_target_credentials: Option<String>,
    /// What to call the target
    ///
    /// Without it: the last part of the S3 URI.
    #[arg(long, value_name = "NAME")]
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
    on_output: "Questions, what was done and what deserves a look, for people; with `--json` the target as it was saved:",
    examples: &[
        ("Answer questions:", "s4 add"),
        (
            "A bucket at AWS, with the keys of a profile:",
            r"s4 add --local-folder ~/Music --s3-uri s3://family/music \
   --profile home",
        ),
        (
            "Another server, with stored keys:",
            r"s4 add --local-folder ~/Notes --s3-uri s3://notes \
   --endpoint-url https://s3.example.com \
   --access-key-id AKID --secret-access-key-file ~/secret.txt",
        ),
        (
            "One more folder with the credentials of a target:",
            "s4 add -C photos --local-folder ~/Videos --s3-uri s3://family/videos",
        ),
    ],
    exits: &[],
    see_also: &["s4-edit(1)", "s4-rm(1)", "s4-targets(1)", "s4-config(5)", "s4-tutorial(7)"],
};
