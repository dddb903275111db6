//! What a bucket keeps of its past: the versions of its objects, where it has versions.

use super::guarded::Guarded;
use super::s3::S3Store;
use super::{Error, Expect, Written};
use crate::content::ETag;

/// A version of an object, or the mark that a delete has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The name below the prefix, as the bucket holds it.
    pub name: Box<str>,
    /// Its id; `null` for what was written while the bucket kept no versions.
    pub id: Box<str>,
    /// When it was written, nanoseconds since the epoch, by the server's clock.
    pub modified_ns: i128,
    /// Whether it is what a plain read finds.
    pub is_current: bool,
    /// What was written; `None`: the key was deleted.
    pub content: Option<Stored>,
}

/// The content of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Bytes.
    pub size: u64,
    /// Its ETag.
    pub etag: ETag,
    /// Its storage class, where it is not the standard one.
    pub storage_class: Option<Box<str>>,
}

/// Whether a bucket keeps versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versioning {
    /// It never did.
    Off,
    /// It does.
    On,
    /// It did, and those that it had then are still there.
    Suspended,
}

/// One page of versions, in the server's order.
#[derive(Clone, Debug, Default)]
pub struct VersionPage {
    /// The versions.
    pub versions: Vec<Version>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<VersionCursor>,
}

/// Where a page of versions begins, in the server's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionCursor {
    pub(super) key: String,
    pub(super) id: Option<String>,
}

impl Version {
    /// When it was written, whole seconds since the epoch, as it is shown.
    pub fn seconds(&self) -> i64 {
        i64::try_from(self.modified_ns.div_euclid(1_000_000_000)).unwrap_or(i64::MAX)
    }
}

impl S3Store {
    /// Hands out all versions whose names begin with `prefix`, page by page in the server's order, as long as `take` wants more.
    ///
    /// # Errors
    ///
    /// A page that fails fails the whole; what was handed out before is no history then. So does a listing that leads back to
    /// where it was.
    pub async fn each_version(&self, prefix: &str, take: &mut dyn FnMut(Vec<Version>) -> bool) -> Result<(), Error> {
        let mut start: Option<VersionCursor> = None;
        loop {
            let page = self.list_versions(prefix, start.as_ref()).await?;
            if !take(page.versions) {
                return Ok(());
            }
            match page.next {
                None => return Ok(()),
                next if next == start => {
                    return Err(Error::Damaged("the server's listing of versions has no end".to_owned()));
                }
                next => start = next,
            }
        }
    }
}

impl Guarded<S3Store> {
    /// Copies that version of an object, with all that was written with it, to be the current one of its name.
    ///
    /// # Errors
    ///
    /// [`Error::Precondition`] if the current object is not what is expected, or the version is gone.
    pub async fn copy_version(&self, name: &str, (id, etag): (&str, &ETag), expect: &Expect) -> Result<Written, Error> {
        if self.capabilities().copy {
            let written = self.store().copy_version_if(name, (id, etag), Some(expect)).await;
            if !self.met_a_folder(&written, name, expect).await {
                return written;
            }
        } else {
            self.look(name, expect).await?;
        }
        self.store().copy_version_if(name, (id, etag), None).await
    }
}
