//! Folders that are kept though they are empty: objects without content, whose names end in `/`.

use super::{Carrier, Done, Failure, agree, record};
use crate::content::Sha256;
use crate::local::Stat;
use crate::reconcile::{Action, Item, Planned};
use crate::remote::{Expect, Metadata, ObjectInfo, ObjectStore};

/// What other tools call such an object.
const CONTENT_TYPE: &str = "application/x-directory";

impl<S: ObjectStore> Carrier<S> {
    /// Carries out an action on the marker of a folder. All of them are alike, so that no content moves but its absence.
    pub(super) async fn carry_marker(&self, action: Action, planned: &Planned) -> Result<Done, Failure> {
        let item = &planned.item;
        match action {
            Action::Push => self.push_marker(item).await,
            Action::Pull => {
                let there = item.remote.as_ref().ok_or(Failure::Changed)?;
                self.folder.make_folder(&item.key)?;
                let info = ObjectInfo {
                    size: there.size,
                    etag: there.etag.clone(),
                    last_modified: there.last_modified,
                    version_id: None,
                    metadata: Metadata::default(),
                };
                Ok(record::pulled(item, &Stat::default(), Sha256::of(b""), &info, 0))
            }
            Action::DeleteLocal => {
                self.folder.remove_folder(&item.key)?;
                Ok(record::deleted(item, self.ambient.now()))
            }
            _ => agree(planned, self.ambient.now()).ok_or(Failure::Changed),
        }
    }

    async fn push_marker(&self, item: &Item) -> Result<Done, Failure> {
        self.folder.stat(&item.key)?.ok_or(Failure::Changed)?;
        let expect = item.remote.as_ref().map_or(Expect::Absent, |remote| Expect::ETag(remote.etag.clone()));
        let metadata = Metadata { content_type: Some(CONTENT_TYPE.to_owned()), ..Metadata::default() };
        let written = self.store.put(item.key.as_str(), Vec::new().into(), &metadata, &expect).await?;
        let now = Stat { mtime_ns: i128::from(self.ambient.now()) * 1_000_000_000, ..Stat::default() };
        let mut done = record::pushed(item, &now, Sha256::of(b""), written, 0);
        done.local.set_stat(&Stat::default());
        if let Some(remote) = &mut done.remote {
            (remote.mtime_ns, remote.mode) = (None, None);
        }
        Ok(done)
    }
}
