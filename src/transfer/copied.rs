//! Pulls of contents that the folder has already.

use std::sync::Arc;

use super::pull::{Fetched, Verdict};
use super::{Carrier, Failure, record};
use crate::blocking::blocking;
use crate::local;
use crate::reconcile::{Item, Source};
use crate::remote::{self, ObjectInfo, ObjectStore};

/// Bytes of memory that a copy takes.
const HELD: u64 = 256 << 10;

/// Whether a renamed object has another time or mode than the file has under its old name, so that a rename is not all.
pub(super) fn is_dated(item: &Item, source: &Source) -> bool {
    item.valid_index_entry().zip(source.item.local.as_ref()).is_some_and(|(told, here)| {
        told.mtime_ns.is_some_and(|time| time != here.stat.mtime_ns)
            || told.mode.is_some_and(|mode| mode != here.stat.mode)
    })
}

impl<S: ObjectStore> Carrier<S> {
    /// The content is in the folder already, under another key: it is copied, and checked as one that arrives. `None`: it is
    /// another one after all, or nothing tells the time that goes with it.
    pub(super) async fn copy_file(&self, item: &Item, source: &Source) -> Result<Option<Fetched>, Failure> {
        let (Some(there), Some(told)) = (&item.remote, item.valid_index_entry()) else { return Ok(None) };
        let (Some(sha256), Some(here), true) = (there.sha256, &source.item.local, told.mtime_ns.is_some()) else {
            return Ok(None);
        };
        if here.stat.is_link() {
            return Ok(None);
        }
        let (folder, key, stat) = (Arc::clone(&self.folder), source.item.key.clone(), here.stat);
        let _held = self.hold(HELD).await;
        let copy = move || {
            let staged = folder.stage()?;
            local::copy_file(&folder, &key, &stat, &staged).map(|sum| (staged, sum))
        };
        let staged = match blocking(copy).await {
            Ok((staged, sum)) if sum == sha256 => staged,
            Err(full @ local::Error::NoSpace { .. }) => return Err(full.into()),
            _ => return Ok(None),
        };
        let metadata = remote::Metadata { mtime_ns: told.mtime_ns, mode: told.mode, ..remote::Metadata::default() };
        let info = ObjectInfo {
            size: there.size,
            etag: there.etag.clone(),
            last_modified: there.last_modified,
            version_id: None,
            metadata,
        };
        let verdict = Verdict { proven: true, doubtful: false };
        Ok(Some(Fetched {
            staged,
            info,
            sha256,
            bytes: 0,
            blocks: record::blocks_of(&source.item),
            record: None,
            verdict,
        }))
    }
}
