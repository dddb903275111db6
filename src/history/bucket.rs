//! Asking a bucket for its past, and what to say where it keeps none.

use crate::config::Target;
use crate::error::{Error, Kind};
use crate::key::Key;
use crate::remote::{self, S3Store, Version, Versioning};
use crate::report::{self, quoted};

/// The id of what was written while a bucket kept no versions.
pub const NO_ID: &str = "null";

/// The versions of one key, in the server's order.
///
/// # Errors
///
/// Those of the bucket.
pub async fn versions_of(store: &S3Store, key: &Key) -> Result<Vec<Version>, remote::Error> {
    let mut versions = Vec::new();
    let mut take = |page: Vec<Version>| {
        // Names that only begin like the key come after it.
        let before = versions.len();
        versions.extend(page.into_iter().filter(|version| *version.name == *key.as_str()));
        versions.len() > before
    };
    store.each_version(key.as_str(), &mut take).await?;
    Ok(versions)
}

/// Whether the bucket keeps no versions. It is asked only where what it has shows none.
pub async fn keeps_none(store: &S3Store, versions: &[Version]) -> bool {
    let shows_none = versions.iter().all(|version| &*version.id == NO_ID);
    // Keys that may not ask are told what there is, and nothing more.
    shows_none && matches!(store.versioning().await, Ok(Versioning::Off | Versioning::Suspended))
}

/// What helps where a bucket keeps no versions.
pub fn keeps_none_note(target: &Target) -> String {
    let name = quoted(&target.name);
    format!(
        "The bucket keeps no versions of what is replaced or deleted; to have it keep them from now on: s4 edit {name} --versioning on"
    )
}

/// Why the past of a target could not be looked at, and what helps.
pub fn explain(target: &Target, error: remote::Error) -> Error {
    match error {
        remote::Error::NotImplemented(_) => {
            Error::new(Kind::Failed, format!("the server of \"{}\" knows no versions", target.name)).because(error)
        }
        remote::Error::Denied(_) => {
            Error::new(Kind::Access, format!("cannot look at the past of {}", target.s3_uri)).because(error).hint(
                "the keys need leave to list versions (s3:ListBucketVersions) and to read them (s3:GetObjectVersion)",
            )
        }
        error => report::access(Some(&target.name), &target.s3_uri, error),
    }
}
