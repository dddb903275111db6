//! Which things are synced, as options; `add` and `edit` take them.

use clap::Args;

use crate::values::{Links, OnIgnore, Switch, clearable};

/// Which things are synced.
#[derive(Clone, Debug, Default, Args)]
pub struct KindsArgs {
    /// What becomes of synced objects that are now ignored
    ///
    /// `delete` if nothing is said. The files themselves always stay.
    #[arg(long, value_name = "CHOICE", value_parser = clearable::<OnIgnore>(), ignore_case = true)]
    pub on_ignore: Option<String>,
    /// What to do about symbolic links; `skip` if nothing is said
    #[arg(long, value_name = "CHOICE", value_parser = clearable::<Links>(), ignore_case = true)]
    pub links: Option<String>,
    /// Whether to sync empty folders; `off` if nothing is said
    #[arg(long, value_name = "CHOICE", value_parser = clearable::<Switch>(), ignore_case = true)]
    pub empty_folders: Option<String>,
}

impl KindsArgs {
    /// The fields by their names in the config file.
    pub(super) fn texts(&self) -> [(&'static str, Option<&str>); 3] {
        [
            ("on_ignore", self.on_ignore.as_deref()),
            ("links", self.links.as_deref()),
            ("empty_folders", self.empty_folders.as_deref()),
        ]
    }
}
