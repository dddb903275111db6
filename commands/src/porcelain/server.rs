//! How a target's server is reached, as options; `add` and `edit` take them.

use clap::Args;

use crate::values::{AddressingStyle, Switch, clearable};

/// How a target's server is reached.
#[derive(Clone, Debug, Default, Args)]
pub struct ServerArgs {
    /// Whether addresses name the bucket in the path
    ///
    /// `path`: `https://server/bucket/key`, `virtual`: `https://bucket.server/key`. If nothing is said, `virtual` for AWS, and `path`
    /// for all others.
    #[arg(long, value_name = "CHOICE", value_parser = clearable::<AddressingStyle>(), ignore_case = true)]
    pub addressing_style: Option<String>,
    /// The certificates to believe, in place of the system's
    ///
    /// A file with those of the authorities, in PEM. Without it: what AWS_CA_BUNDLE or `ca_bundle` of the profile names.
    #[arg(long, value_name = "FILE")]
    pub ca_bundle: Option<String>,
    /// Pay for the requests, where the bucket's owner does not
    #[arg(long, value_name = "CHOICE", value_parser = clearable::<Switch>(), ignore_case = true)]
    pub requester_pays: Option<String>,
}

impl ServerArgs {
    /// The fields by their names in the config file.
    pub(super) fn texts(&self) -> [(&'static str, Option<&str>); 3] {
        [
            ("addressing_style", self.addressing_style.as_deref()),
            ("ca_bundle", self.ca_bundle.as_deref()),
            ("requester_pays", self.requester_pays.as_deref()),
        ]
    }
}
