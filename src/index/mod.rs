//! The index: what one side looked like when a machine last synced it. A cache and a merge base, never the truth.
//!
//! `entry.rs` is one key's entry, `codec.rs` the file's bytes and `members.rs` what they are made of, `local.rs` the one in
//! the folder (the *base*), `remote.rs` the one in the bucket and how several machines write it without losing each other's
//! entries (`arrive.rs` fetches, `commit.rs` writes, `merge.rs` says what), `kept.rs` what a machine keeps of that one. `log.rs` is the change log beside either. `names.rs` finds a few
//! names without reading the rest, `lookup.rs` a few entries.

mod arrive;
mod codec;
mod commit;
mod entry;
mod kept;
mod local;
mod log;
mod lookup;
mod members;
mod merge;
mod names;
mod remote;

pub use codec::{DecodeError, decode, encode};
pub use commit::Writing;
pub use entry::Entry;
pub(crate) use entry::whole_seconds;
pub use local::{Kept, LoadError, Loaded, Whole, load, save};
pub use log::{Log, Logging};
pub use merge::Merge;
pub use names::{Wanted, names, names_in};
pub use remote::{RemoteIndex, RemoteIndexError};

use std::collections::BTreeMap;

/// How long a tombstone is kept, in seconds: long enough for the slowest machine with S4 0.4, which needs it.
pub const TOMBSTONE_SECONDS: i64 = 180 * 24 * 3600;

/// So few changes are put in one by one.
const FEW: usize = 1_000;

/// New entries by name; `None` takes an entry out.
pub type Changes = BTreeMap<Box<str>, Option<Entry>>;

/// A whole index, sorted by the bytes of its names.
///
/// Names are text and not [`crate::key::Key`]s, so that an entry that this machine cannot carry survives a rewrite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    /// The entries, in the order of their names' bytes, each name once.
    entries: Vec<(Box<str>, Entry)>,
    /// The device that the folder was on when the index was written; only in the local index.
    pub device: Option<u64>,
    /// The place in the bucket that the index is about; only in the local index. What it says of another place is not so.
    pub place: Option<String>,
    /// The last commit of the change log that the file holds; `None` where S4 0.4 wrote it.
    pub generation: Option<u64>,
    /// Whether a change log goes with the file; only in the remote index. It may not be there yet, or no more.
    pub logged: bool,
    /// When S4 0.4 was last seen to have written the index, seconds since the epoch; only in the remote index. It preserves this.
    pub old_writer_at: Option<i64>,
}

impl Index {
    /// Makes an index of entries in any order; of several with one name the last counts.
    pub fn from_entries(mut entries: Vec<(Box<str>, Entry)>) -> Index {
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            entries.reverse();
            entries.dedup_by(|a, b| a.0 == b.0);
            entries.reverse();
        }
        Index { entries, device: None, place: None, generation: None, logged: false, old_writer_at: None }
    }

    /// The entries, sorted.
    pub fn entries(&self) -> &[(Box<str>, Entry)] {
        &self.entries
    }

    /// The entry of a name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|(held, _)| (**held).cmp(name)).ok()?;
        Some(&self.entries[at].1)
    }

    /// The entries of a name and of those below it as a folder, in no order.
    pub fn at_or_below(&self, path: &str) -> impl Iterator<Item = &(Box<str>, Entry)> {
        let below = format!("{path}/");
        let from = self.entries.partition_point(|(name, _)| **name < *below);
        let inside = self.entries[from..].iter().take_while(move |(name, _)| name.starts_with(&below));
        let own = self.entries.binary_search_by(|(name, _)| (**name).cmp(path)).ok();
        own.map(|at| &self.entries[at]).into_iter().chain(inside)
    }

    /// Number of keys that are not tombstones.
    pub fn live(&self) -> usize {
        self.entries.iter().filter(|(_, entry)| !entry.is_tombstone()).count()
    }

    /// Puts the changes in. Fields of an old entry that s4 does not know are carried over to the new one.
    pub fn apply(&mut self, mut changes: Changes) {
        if changes.len() < FEW {
            changes.retain(|name, new| !self.replace(name, new));
        }
        if changes.is_empty() {
            return;
        }
        let old = std::mem::take(&mut self.entries);
        let mut merged = Vec::with_capacity(old.len() + changes.len());
        let mut changes = changes.into_iter().peekable();
        for (name, entry) in old {
            while let Some((new_name, new)) = changes.next_if(|(changed, _)| *changed < name) {
                merged.extend(new.map(|new| (new_name, new)));
            }
            match changes.next_if(|(changed, _)| *changed == name) {
                Some((_, Some(mut new))) => {
                    new.unknown = new.unknown.or(entry.unknown);
                    merged.push((name, new));
                }
                Some((_, None)) => {}
                None => merged.push((name, entry)),
            }
        }
        merged.extend(changes.filter_map(|(name, new)| Some((name, new?))));
        self.entries = merged;
    }

    /// Puts a new entry in the place of an old one: whether there was one.
    fn replace(&mut self, name: &str, new: &mut Option<Entry>) -> bool {
        let Ok(at) = self.entries.binary_search_by(|(held, _)| (**held).cmp(name)) else { return false };
        let Some(mut new) = new.take() else { return false };
        let old = &mut self.entries[at].1;
        new.unknown = new.unknown.or(old.unknown.take());
        *old = new;
        true
    }

    /// Drops tombstones that are older than [`TOMBSTONE_SECONDS`]. One of S4 0.4 has no time of its own and is stamped
    /// with `now`, so that its time begins to run.
    pub fn prune(&mut self, now: i64) {
        self.entries.retain_mut(|(_, entry)| {
            if !entry.is_tombstone() {
                return true;
            }
            let deleted_at = *entry.deleted_at.get_or_insert(now);
            now.saturating_sub(deleted_at) < TOMBSTONE_SECONDS
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(version: i64) -> Entry {
        Entry { local_timestamp: Some(version), remote_timestamp: Some(version), ..Entry::default() }
    }

    fn names(index: &Index) -> Vec<&str> {
        index.entries().iter().map(|(name, _)| &**name).collect()
    }

    #[test]
    fn entries_are_sorted_and_the_last_of_a_name_counts() {
        let index = Index::from_entries(vec![("b".into(), entry(1)), ("a".into(), entry(2)), ("b".into(), entry(3))]);
        assert_eq!(names(&index), ["a", "b"]);
        assert_eq!(index.get("b"), Some(&entry(3)));
        assert_eq!(index.get("c"), None);
    }

    #[test]
    fn changes_insert_replace_and_remove() {
        let mut index =
            Index::from_entries(vec![("b".into(), entry(1)), ("d".into(), entry(1)), ("e".into(), entry(1))]);
        let changes = [("a", Some(entry(2))), ("b", Some(entry(2))), ("c", None), ("d", None), ("f", Some(entry(2)))];
        index.apply(changes.into_iter().map(|(name, entry)| (name.into(), entry)).collect());
        assert_eq!(names(&index), ["a", "b", "e", "f"]);
        assert_eq!(index.get("b"), Some(&entry(2)));
    }

    #[test]
    fn unknown_fields_outlive_a_change() {
        let mut old = entry(1);
        old.unknown = Some(Box::new([("later".to_owned(), 1.into())].into_iter().collect()));
        let mut index = Index::from_entries(vec![("a".into(), old.clone())]);
        index.apply([("a".into(), Some(entry(2)))].into_iter().collect());
        assert_eq!(index.get("a").unwrap().unknown, old.unknown);
    }

    #[test]
    fn only_old_tombstones_are_pruned() {
        let tombstone = |deleted_at| Entry { remote_timestamp: Some(1), deleted_at, ..Entry::default() };
        let mut index = Index::from_entries(vec![
            ("live".into(), entry(1)),
            ("new".into(), tombstone(Some(1_000))),
            ("of-s4-0.4".into(), tombstone(None)),
        ]);
        index.prune(1_000 + TOMBSTONE_SECONDS);
        assert_eq!(names(&index), ["live", "of-s4-0.4"]);
        assert_eq!(index.get("of-s4-0.4").unwrap().deleted_at, Some(1_000 + TOMBSTONE_SECONDS));
    }
}
