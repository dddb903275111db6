//! What the indexes are told of an action that was carried out.
//!
//! The one place where entries are made. The local entry describes file and object as they now are, the remote one the
//! object alone; both have the same version.

use crate::content::Sha256;
use crate::index::{Entry, whole_seconds};
use crate::local::Stat;
use crate::reconcile::{Action, Item, Planned, Remote};
use crate::remote::{ObjectInfo, Written};

/// An action that was carried out, as the indexes should know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The key's new entry in the local index.
    pub local: Entry,
    /// The key's new entry in the remote index; `None`: what is there is right already.
    pub remote: Option<Entry>,
    /// Whether the object is new, so that the remote entry still lacks its `LastModified`.
    pub learn_modified: bool,
    /// Bytes of content that went over the network.
    pub bytes: u64,
    /// The key under which the local version of a conflict was kept.
    pub kept_as: Option<crate::key::Key>,
}

impl Done {
    /// Tells the indexes what a big content is made of.
    pub(super) fn set_blocks(&mut self, blocks: Option<String>) {
        let blocks: Option<Box<str>> = blocks.map(Into::into);
        if let Some(remote) = &mut self.remote {
            remote.blocks.clone_from(&blocks);
        }
        self.local.blocks = blocks;
    }
}

/// What this machine knows its content to be made of. It says itself of which content that is.
pub(super) fn blocks_of(item: &Item) -> Option<String> {
    item.live_base()?.blocks.as_deref().map(str::to_owned)
}

/// A content that went from the folder to the bucket.
pub(super) fn pushed(item: &Item, stat: &Stat, sha256: Sha256, written: Written, bytes: u64) -> Done {
    let mut object = Entry {
        remote_timestamp: Some(item.next_version(whole_seconds(stat.mtime_ns))),
        sha256: Some(sha256),
        etag: Some(written.etag),
        version_id: written.version_id.map(Into::into),
        size: Some(stat.size),
        mtime_ns: Some(stat.mtime_ns),
        mode: Some(stat.mode),
        ..Entry::default()
    };
    let reborn = buried_at(item);
    object.remote_timestamp = reborn.or(object.remote_timestamp);
    let mut local = object.clone();
    local.set_stat(stat);
    Done { local, remote: Some(object), learn_modified: reborn.is_none(), bytes, kept_as: None }
}

/// Whether the remote index will have to learn when the object was written that a push of the key makes.
pub fn learns_modified(item: &Item) -> bool {
    buried_at(item).is_none()
}

/// The version at which some machine with S4 0.4 may know the key as deleted.
///
/// Such a machine takes the key for created again, and not for a conflict, only from an entry that says "not there" at that
/// version; until it has done so (and written an entry of its own) each new content must be recorded like that. Machines
/// with S4 0.4 that still have the key, and those that go back to it, ask a question then. So it is not done where none of
/// them has taken the deletion in: the tombstone is still as s4 wrote it, with a size.
fn buried_at(item: &Item) -> Option<i64> {
    let base = item.base.as_ref().filter(|_| item.remote.is_none());
    let gone = item.indexed.iter().chain(base).find(|entry| entry.local_timestamp.is_none())?;
    let is_ours = gone.is_tombstone() && gone.size.is_some();
    gone.remote_timestamp.filter(|_| !is_ours)
}

/// A content that went from the bucket to the folder.
pub(super) fn pulled(item: &Item, stat: &Stat, sha256: Sha256, info: &ObjectInfo, bytes: u64) -> Done {
    let same = item.remote.as_ref().is_some_and(|remote| remote.etag == info.etag);
    let known = item.valid_index_entry().filter(|_| same);
    let mut object = Entry {
        local_timestamp: Some(info.last_modified),
        remote_timestamp: known.and_then(|known| known.remote_timestamp),
        sha256: Some(sha256),
        etag: Some(info.etag.clone()),
        version_id: info.version_id.clone().map(Into::into),
        size: Some(info.size),
        mtime_ns: info.metadata.mtime_ns,
        mode: info.metadata.mode,
        ..Entry::default()
    };
    object.remote_timestamp.get_or_insert_with(|| item.next_version(info.last_modified));
    let mut local = object.clone();
    local.set_stat(stat);
    Done { local, remote: known.is_none().then_some(object), learn_modified: false, bytes, kept_as: None }
}

/// What the indexes are told of an action that is nothing else; `None` for one that moves a file or an object.
pub fn agree(planned: &Planned, now: i64) -> Option<Done> {
    match planned.action {
        Action::Adopt => Some(adopted(&planned.item)),
        Action::Forget => Some(forgotten(&planned.item, now)),
        _ => None,
    }
}

/// Sides that agree.
fn adopted(item: &Item) -> Done {
    let (Some(file), Some(object)) = (&item.local, &item.remote) else {
        return forgotten(item, 0);
    };
    // A file that was touched, which only this machine cares about; or what the remote index lost.
    if let Some(base) =
        item.live_base().filter(|base| base.etag.as_ref() == Some(&object.etag) && base.sha256.is_some())
    {
        let mut local = base.clone();
        let told = item.valid_index_entry();
        local.remote_timestamp = told.map_or(base.remote_timestamp, |told| told.remote_timestamp);
        let lost = Entry { local_timestamp: Some(object.last_modified), ctime_ns: None, inode: None, ..base.clone() };
        local.set_stat(&file.stat);
        return Done { local, remote: told.is_none().then_some(lost), learn_modified: false, bytes: 0, kept_as: None };
    }
    let sha256 =
        file.content.map(|content| content.sha256).or(object.sha256).or(item.base_content().map(|base| base.1));
    let mut local = adopted_object(item, object, sha256);
    // Else nothing but the object itself would tell.
    local.mode = Some(file.stat.mode).filter(|_| file.stat.is_link());
    // A run that made the key again may have been cut short before it could say so.
    if let Some(version) = buried_at(item) {
        (local.local_timestamp, local.remote_timestamp) = (None, Some(version));
    }
    let remote = item.valid_index_entry().is_none().then(|| local.clone());
    local.set_stat(&file.stat);
    Done { local, remote, learn_modified: false, bytes: 0, kept_as: None }
}

fn adopted_object(item: &Item, object: &Remote, sha256: Option<Sha256>) -> Entry {
    let same_as_base = item.live_base().filter(|base| base.etag.as_ref() == Some(&object.etag));
    let version =
        [item.valid_index_entry(), same_as_base].into_iter().flatten().find_map(|entry| entry.remote_timestamp);
    Entry {
        local_timestamp: Some(object.last_modified),
        remote_timestamp: version.or_else(|| Some(item.next_version(object.last_modified))),
        sha256,
        etag: Some(object.etag.clone()),
        size: Some(object.size),
        ..Entry::default()
    }
}

/// A key that is gone on both sides now. A tombstone that somebody else wrote for it stays as it is.
pub(super) fn deleted(item: &Item, now: i64) -> Done {
    let told = item.indexed.as_ref().filter(|entry| entry.is_tombstone());
    let mut tombstone = last_known(item).tombstone(now);
    if told.is_none() {
        // S4 0.4 may have written the entry that the tombstone is made of; the deletion is ours.
        let known = [item.base.as_ref().and_then(|base| base.size), item.remote.as_ref().map(|remote| remote.size)];
        tombstone.size = tombstone.size.or(known.into_iter().flatten().next());
    }
    let remote = told.is_none().then(|| tombstone.clone());
    Done { local: tombstone, remote, learn_modified: false, bytes: 0, kept_as: None }
}

/// A key that this machine has nothing to do with any more. The bucket's index keeps its entry while the object is there.
fn forgotten(item: &Item, now: i64) -> Done {
    let tombstone = last_known(item).tombstone(now);
    let remote = (item.remote.is_none() && item.indexed.as_ref().is_some_and(|entry| !entry.is_tombstone()))
        .then(|| tombstone.clone());
    Done { local: tombstone, remote, learn_modified: false, bytes: 0, kept_as: None }
}

/// The entry whose version a tombstone takes over: the remote index's if it has one, for S4 0.4 compares with that.
fn last_known(item: &Item) -> Entry {
    item.indexed.as_deref().or(item.base.as_deref()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::ETag;
    use crate::reconcile::testing::{base, item, local, remote, sum};

    const NOW: i64 = 1_000;

    /// Deletes the object of a key that is in sync at version 65, as `indexed` tells of it.
    fn deletes(indexed: &Entry) -> Done {
        let mut item = item(Some(base('A', 1)), None, Some(remote('A', 1, true)));
        item.set_index_entry(Some(indexed));
        deleted(&item, NOW)
    }

    /// Pushes a content with mtime 66, over what base, bucket and index tell of the key.
    fn pushes(base_is: Option<Entry>, object: Option<Remote>, indexed: Option<&Entry>) -> Entry {
        let mut item = item(base_is, Some(local('B', 1, true)), object);
        item.set_index_entry(indexed);
        let written = Written { etag: ETag::new("new"), version_id: None };
        let stat = item.local.as_ref().unwrap().stat;
        pushed(&item, &stat, sum('B'), written, 1).remote.unwrap()
    }

    /// What S4 0.4 writes.
    fn of_old(local_timestamp: Option<i64>) -> Entry {
        Entry { local_timestamp, remote_timestamp: Some(65), ..Entry::default() }
    }

    #[test]
    fn a_tombstone_shows_who_deleted() {
        for indexed in [base('A', 1), of_old(Some(65))] {
            assert_eq!(deletes(&indexed).remote.unwrap().size, Some(1));
        }
        for told in [of_old(None), base('A', 1).tombstone(1)] {
            let done = deletes(&told);
            assert_eq!((done.remote, done.local.size), (None, told.size));
        }
    }

    #[test]
    fn what_the_remote_index_lost_is_told_again_at_the_base_s_version() {
        let mut item = item(Some(base('A', 1)), Some(local('A', 1, false)), Some(remote('A', 1, false)));
        let done = adopted(&item);
        let lost = done.remote.unwrap();
        assert_eq!((lost.remote_timestamp, lost.local_timestamp, lost.inode), (Some(65), Some(65), None));
        let told = Entry { remote_timestamp: Some(70), ..base('A', 1) };
        item.set_index_entry(Some(&told));
        let done = adopted(&item);
        assert_eq!((done.remote, done.local.remote_timestamp), (None, Some(70)));
    }

    #[test]
    fn a_key_made_again_by_a_run_that_was_cut_short_is_a_creation_all_the_same() {
        let mut item = item(None, Some(local('B', 1, true)), Some(remote('B', 1, true)));
        item.set_index_entry(Some(&of_old(None)));
        let entry = adopted(&item).remote.unwrap();
        assert_eq!((entry.local_timestamp, entry.remote_timestamp), (None, Some(65)));
    }

    #[test]
    fn a_key_made_again_is_later_than_a_tombstone_of_s4_and_a_creation_to_one_of_s4_0_4() {
        let ours = deletes(&base('A', 1)).local;
        assert_eq!(pushes(Some(ours.clone()), None, Some(&ours)).remote_timestamp, Some(66));
        let again = pushes(Some(ours), None, Some(&of_old(None)));
        assert_eq!((again.local_timestamp, again.remote_timestamp), (None, Some(65)));
        // Nobody with S4 0.4 has fetched it yet, and it is edited.
        let edited = pushes(Some(base('A', 1)), Some(remote('A', 1, true)), Some(&again));
        assert_eq!((edited.local_timestamp, edited.remote_timestamp), (None, Some(65)));
        // Somebody has.
        let edited = pushes(Some(base('A', 1)), Some(remote('A', 1, true)), Some(&of_old(Some(65))));
        assert_eq!(edited.remote_timestamp, Some(66));
    }
}
