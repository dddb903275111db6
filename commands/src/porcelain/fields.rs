//! The fields of a target as options; `add` and `edit` take them all.

use std::path::PathBuf;

use clap::Args;

use super::{DirectionArgs, KindsArgs, ServerArgs};
use crate::flow::{bandwidth_field, jobs_field};
use crate::prices::prices_field;
use crate::secret::Secret;
use crate::values::{Conflicts, clearable, days, percent};

/// The fields of a target as options. `None` is not given, `-` or an empty text clears the field.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Fields")]
pub struct FieldArgs {
    /// The folder to sync
    ///
    /// It is made if it is missing. A leading `~/` is your home.
    #[arg(long, value_name = "DIR")]
    pub local_folder: Option<String>,
    /// Where in the bucket it belongs
    ///
    /// Written as s3://bucket/path. Every machine that shares the folder names the same place.
    #[arg(long, value_name = "URI")]
    pub s3_uri: Option<String>,
    /// The server's address, if it is not AWS
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// The access key to store
    ///
    /// Better store none: then the keys come from the AWS chain, that is from the environment, a profile, SSO or the
    /// machine itself.
    #[arg(long, value_name = "ID")]
    pub access_key_id: Option<String>,
    /// Read the secret key to store from FILE
    ///
    /// `-` reads it from standard input. Only the first line counts.
    #[arg(long, value_name = "FILE", conflicts_with = "secret_access_key")]
    pub secret_access_key_file: Option<PathBuf>,
    /// The secret key to store
    ///
    /// Other users of the machine can see it in the list of processes: better use --secret-access-key-file.
    #[arg(long, value_name = "SECRET")]
    pub secret_access_key: Option<Secret>,
    /// The region of the bucket
    ///
    /// Without it: what the AWS chain says, or us-east-1.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The profile in ~/.aws to take the keys from
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// The storage class of new objects
    #[arg(long, value_name = "CLASS")]
    pub storage_class: Option<String>,
    /// The encryption of new objects: AES256 or aws:kms
    #[arg(long, value_name = "METHOD")]
    pub sse: Option<String>,
    /// The key of that encryption, for aws:kms
    #[arg(long, value_name = "ID")]
    pub sse_kms_key_id: Option<String>,
    /// What to do with keys that changed on both sides
    ///
    /// Without it, `sync` asks on a terminal and leaves the key alone elsewhere. `1` is `local` and `2` is `remote`.
    #[arg(long, value_name = "CHOICE", value_parser = clearable::<Conflicts>(), ignore_case = true)]
    pub conflicts: Option<String>,
    /// Where to keep the index, outside of the folder
    ///
    /// For a folder that s4 may not write its own files to, and for a second target on the same folder.
    #[arg(long, value_name = "DIR")]
    pub state_folder: Option<String>,
    /// Refuse to delete more than this share of the keys
    ///
    /// For either side; 50 if nothing is said. Ten deletions are never too many.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub max_delete: Option<String>,
    /// How many days to keep what a sync removes or replaces
    ///
    /// In .s4/trash below the folder; 7 if nothing is said.
    #[arg(long, value_name = "DAYS", value_parser = days)]
    pub trash_days: Option<String>,
    /// Which things.
    #[command(flatten)]
    pub kinds: KindsArgs,
    /// In which direction.
    #[command(flatten)]
    pub direction: DirectionArgs,
    /// How many contents to move at a time, at most
    ///
    /// 256 if nothing is said.
    #[arg(long, value_name = "NUMBER", value_parser = jobs_field)]
    pub jobs: Option<String>,
    /// How many bytes to move a second, at most
    ///
    /// One rate for both directions, or UP:DOWN: `500K`, `1M:8M`, `1M:off`. As fast as it goes if nothing is said.
    #[arg(long, value_name = "RATE", value_parser = bandwidth_field)]
    pub bandwidth_limit: Option<String>,
    /// What the server asks for its work, in US dollars
    ///
    /// `put=0.0045,get=0.00036,down=0`, or `free`: for 1,000 requests (list, get, head, put, copy, delete) and for a GiB each way
    /// (up, down). For what is not named: the prices of AWS in us-east-1.
    #[arg(long, value_name = "PRICES", value_parser = prices_field)]
    pub prices: Option<String>,
    /// An SQS queue that tells of changes in the bucket
    ///
    /// Its address: `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`. S3 sends an event for each change there, and the daemon looks
    /// at once. For this target and this machine alone: what is read is gone.
    #[arg(long, value_name = "URL")]
    pub event_queue: Option<String>,
    /// How the server is reached.
    #[command(flatten)]
    pub server: ServerArgs,
}

impl FieldArgs {
    /// Whether no field is given at all.
    pub fn is_empty(&self) -> bool {
        let texts = self.texts().into_iter().all(|(_, value)| value.is_none());
        texts && self.secret_access_key.is_none() && self.secret_access_key_file.is_none()
    }

    /// The fields that are plain texts, by their names in the config file; without the secret.
    pub fn texts(&self) -> Vec<(&'static str, Option<&str>)> {
        let mut texts = vec![
            ("local_folder", self.local_folder.as_deref()),
            ("s3_uri", self.s3_uri.as_deref()),
            ("endpoint_url", self.endpoint_url.as_deref()),
            ("region_name", self.region.as_deref()),
            ("aws_access_key_id", self.access_key_id.as_deref()),
            ("profile", self.profile.as_deref()),
            ("storage_class", self.storage_class.as_deref()),
            ("sse", self.sse.as_deref()),
            ("sse_kms_key_id", self.sse_kms_key_id.as_deref()),
            ("conflicts", self.conflicts.as_deref()),
            ("state_folder", self.state_folder.as_deref()),
            ("max_delete", self.max_delete.as_deref()),
            ("trash_days", self.trash_days.as_deref()),
            ("direction", self.direction.text()),
            ("jobs", self.jobs.as_deref()),
            ("bandwidth_limit", self.bandwidth_limit.as_deref()),
            ("prices", self.prices.as_deref()),
            ("event_queue", self.event_queue.as_deref()),
        ];
        texts.extend(self.kinds.texts());
        texts.extend(self.server.texts());
        texts
    }
}
