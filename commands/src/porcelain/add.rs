//! `s4 add`

use clap::Args;

use super::FieldArgs;

/// Add a target
///
/// Without options it asks for everything, and a blank answer takes what the brackets say. With options it asks
/// nothing. Before anything is saved the bucket is tried, so that a typing error shows at once.
///
/// A target is kept in the config file. Its keys need not be: leave them blank, and they are looked for where other
/// AWS tools look.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct AddArgs {
    /// Copy endpoint, region, profile and keys from a target
    #[arg(short = 'C', long, value_name = "NAME")]
    pub copy_target_credentials: Option<String>,
    /// What to call the target
    ///
    /// Without it: the last part of the S3 URI.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Save the target without trying the bucket
    #[arg(long)]
    pub no_check: bool,
    /// The target's fields.
    #[command(flatten)]
    pub fields: FieldArgs,
}

const EXAMPLES: &str = "\
EXAMPLES
  Answer questions:
      s4 add
  A bucket at AWS, with the keys of a profile:
      s4 add --local-folder ~/Photos --s3-uri s3://family/photos --profile home
  Another server, with stored keys:
      s4 add --local-folder ~/Notes --s3-uri s3://notes --endpoint-url https://s3.example.com \\
         --access-key-id AKID --secret-access-key-file ~/secret.txt
  A second folder with the credentials of the first:
      s4 add -C photos --local-folder ~/Music --s3-uri s3://family/music";
