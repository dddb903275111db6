//! What a commit puts into the remote index, on top of what other machines have put there meanwhile.

use std::collections::BTreeMap;

use super::{Changes, Entry, Index};

/// What a commit wants to write, and what it was decided on.
#[derive(Debug, Default)]
pub struct Merge {
    changes: Changes,
    /// What the index said of them; nothing of the others.
    seen: BTreeMap<Box<str>, Entry>,
}

impl Merge {
    /// Keeps of `changes` what differs from the index as it was seen.
    pub(super) fn of(changes: Changes, index: &Index) -> Merge {
        let mut merge = Merge::default();
        for (name, mut new) in changes {
            let old = index.get(&name);
            if let (Some(new), Some(old)) = (&mut new, old) {
                new.unknown = new.unknown.take().or_else(|| old.unknown.clone());
            }
            if new.as_ref() != old {
                if let Some(old) = old {
                    merge.seen.insert(name.clone(), old.clone());
                }
                merge.changes.insert(name, new);
            }
        }
        merge
    }

    /// The names that it is about.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.changes.keys().map(|name| &**name)
    }

    /// The changes that still hold over `index`. Where another machine has written the same key since it was seen, the
    /// later object counts, by the server's own clock; a deletion gives way to a live entry.
    pub(super) fn onto(&self, index: &Index) -> Changes {
        let mut changes = self.changes.clone();
        changes.retain(|name, new| {
            let there = index.get(name);
            let overtaken = there != self.seen.get(name)
                && there.is_some_and(|there| {
                    let ours = new.as_ref().and_then(|new| new.local_timestamp);
                    !there.is_tombstone() && ours.is_none_or(|ours| there.local_timestamp > Some(ours))
                });
            new.as_ref() != there && !overtaken
        });
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::ETag;

    fn live(modified: i64, etag: &str) -> Entry {
        Entry {
            local_timestamp: Some(modified),
            remote_timestamp: Some(1),
            etag: Some(ETag::new(etag)),
            ..Entry::default()
        }
    }

    fn merge(seen: Option<Entry>, new: Entry) -> Merge {
        let seen = Index::from_entries(seen.into_iter().map(|entry| ("a".into(), entry)).collect());
        Merge::of([("a".into(), Some(new))].into_iter().collect(), &seen)
    }

    fn onto(merge: &Merge, there: Option<Entry>) -> bool {
        let index = Index::from_entries(there.into_iter().map(|entry| ("a".into(), entry)).collect());
        !merge.onto(&index).is_empty()
    }

    #[test]
    fn our_change_is_put_in_where_nobody_else_wrote() {
        let merge = merge(Some(live(1, "x")), live(5, "y"));
        assert!(onto(&merge, Some(live(1, "x"))));
        assert!(onto(&merge, None));
    }

    #[test]
    fn the_later_object_counts_where_somebody_did() {
        let merge = merge(Some(live(1, "x")), live(5, "y"));
        assert!(!onto(&merge, Some(live(6, "z"))));
        assert!(onto(&merge, Some(live(4, "z"))));
        assert!(!onto(&merge, Some(live(5, "y"))));
    }

    #[test]
    fn a_deletion_gives_way_to_an_object_that_came_after_it() {
        let merge = merge(Some(live(1, "x")), live(1, "x").tombstone(9));
        assert!(onto(&merge, Some(live(1, "x"))));
        assert!(!onto(&merge, Some(live(2, "z"))));
    }

    #[test]
    fn what_the_index_says_already_is_not_written() {
        assert!(merge(Some(live(1, "x")), live(1, "x")).changes.is_empty());
    }
}
