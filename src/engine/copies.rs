//! Contents that the bucket has already, under keys that nobody has changed: what equals one of them is copied there.
//!
//! A copy costs as much as an upload, and saves its bytes. What it takes is the sum of the file, which has to be read for that
//! before it is known whether it was worth it; so only files of a size that a key in the bucket has are read. Hashing is a
//! hundred times as fast as most lines. Still, where many keys have one size, as the files of some programs do, an equal size
//! says little, and the file must have the name (in whatever folder) or the time of one of them too.

use std::collections::{HashMap, HashSet};

use super::settle::Settled;
use crate::content::Sha256;
use crate::index::{Entry, Index};
use crate::key::Key;
use crate::reconcile::{Action, Item, Planned, Source, examine};
use crate::remote::Listed;

/// The largest object that one request copies, bytes.
const MOST: u64 = 5 << 30;
/// So many keys may have a size before it says little.
const FEW: u32 = 8;

/// The bucket as it was seen, and what is known of its contents.
#[derive(Clone, Copy)]
pub(super) struct Bucket<'a> {
    pub(super) base: &'a Index,
    /// In the order of the names.
    pub(super) listing: &'a [Listed],
}

/// What can be copied from, of the sizes that matter.
#[derive(Default)]
pub(super) struct Sources<'a> {
    contents: HashMap<(u64, Sha256), (&'a str, &'a Entry, &'a Listed)>,
    /// How many keys have a size.
    sizes: HashMap<u64, u32>,
    /// Sizes with the names and the times of files that have them.
    names: HashSet<(u64, &'a str)>,
    times: HashSet<(u64, i128)>,
}

impl<'a> Sources<'a> {
    /// Those of the sizes that files to push have, from `least` bytes on.
    pub(super) fn of(settled: &[Settled], bucket: Bucket<'a>, least: u64) -> Sources<'a> {
        // The objects of these may be replaced. One that is deleted stays for long enough: deletions come last.
        let pushes = |settled: &&Settled| matches!(settled.decision.action, Some(Action::Push | Action::Conflict));
        let pushed: Vec<&Item> = settled.iter().filter(pushes).map(|settled| &settled.item).collect();
        let sizes = pushed.iter().filter_map(|item| Some(item.local.as_ref()?.stat.size));
        let wanted: HashSet<u64> = sizes.filter(|size| (least..=MOST).contains(size)).collect();
        let mut sources = Sources::default();
        if wanted.is_empty() {
            return sources;
        }
        let busy: HashSet<&str> = pushed.iter().map(|item| item.key.as_str()).collect();
        for (name, entry) in bucket.base.entries() {
            let (Some(size), Some(sha256)) = (entry.size, entry.sha256) else { continue };
            if entry.is_tombstone() || !wanted.contains(&size) || busy.contains(&**name) {
                continue;
            }
            let Ok(at) = bucket.listing.binary_search_by(|object| object.name.cmp(name)) else { continue };
            let object = &bucket.listing[at];
            if entry.etag.as_ref() == Some(&object.etag) {
                sources.contents.entry((size, sha256)).or_insert((&**name, entry, object));
                *sources.sizes.entry(size).or_default() += 1;
                sources.names.insert((size, file_name(name)));
                sources.times.extend(entry.mtime_ns.map(|time| (size, time)));
            }
        }
        sources
    }

    /// Whether a file may well have one of these contents, so that it is worth reading.
    pub(super) fn may_have(&self, item: &Item) -> bool {
        let Some(stat) = item.local.as_ref().map(|local| &local.stat) else { return false };
        self.sizes.get(&stat.size).is_some_and(|keys| {
            *keys <= FEW
                || self.names.contains(&(stat.size, file_name(item.key.as_str())))
                || self.times.contains(&(stat.size, stat.mtime_ns))
        })
    }

    /// Where the content of a push is, if it is known to be there.
    pub(super) fn find(&self, planned: &Planned) -> Option<Source> {
        let local = planned.item.local.as_ref().filter(|_| planned.action == Action::Push)?;
        let (name, entry, object) = self.contents.get(&(local.stat.size, local.content?.sha256))?;
        let key = Key::parse(name).ok().filter(|key| *key != planned.item.key)?;
        Some(Source { item: Box::new(examine(&key, Some(entry), None, None, Some(object))), stays: true })
    }
}

fn file_name(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::testing::{base, item, local, remote};
    use crate::reconcile::{Decision, State};

    fn listed(name: &str, content: char) -> Listed {
        let there = remote(content, 1, false);
        Listed { name: name.into(), size: 1, etag: there.etag, last_modified: there.last_modified }
    }

    /// The push of a new file.
    fn push(key: &str, content: char) -> Settled {
        let item = Item { key: Key::parse(key).unwrap(), ..item(None, Some(local(content, 1, true)), None) };
        let decision = Decision { local: State::Created, remote: State::Absent, action: Some(Action::Push) };
        Settled { item, decision }
    }

    fn source(settled: &[Settled], base: &Index, listing: &[Listed]) -> Option<String> {
        let sources = Sources::of(settled, Bucket { base, listing }, 1);
        let Settled { item, decision } = settled[0].clone();
        let planned = Planned { item, decision, action: Action::Push, source: None, renamed: false };
        sources.find(&planned).map(|source| source.item.key.to_string())
    }

    #[test]
    fn only_an_object_that_is_as_it_was_synced_is_copied_from() {
        let index = Index::from_entries(vec![("a".into(), base('A', 1)), ("b".into(), base('B', 1))]);
        let new = [push("new", 'A')];
        assert_eq!(source(&new, &index, &[listed("a", 'A')]).as_deref(), Some("a"));
        for listing in [vec![], vec![listed("a", 'X')], vec![listed("b", 'A')]] {
            assert_eq!(source(&new, &index, &listing), None, "{listing:?}");
        }
        let replaced = [push("new", 'A'), push("a", 'C')];
        assert_eq!(source(&replaced, &index, &[listed("a", 'A')]), None, "this run replaces it");
        assert_eq!(source(&[push("new", 'C')], &index, &[listed("a", 'A')]), None, "another content");
        let gone = Index::from_entries(vec![("a".into(), base('A', 1).tombstone(1))]);
        assert_eq!(source(&new, &gone, &[listed("a", 'A')]), None);
    }

    #[test]
    fn where_many_have_one_size_a_name_or_a_time_must_fit_too() {
        let entry = |number: u32| (format!("d/{number:02}").into(), base('A', 1));
        let names: Vec<Listed> = (0..20).map(|number| listed(&format!("d/{number:02}"), 'A')).collect();
        for (keys, key, content, likely) in [
            (8, "new", 'B', true),
            (9, "new", 'B', false),
            (9, "e/03", 'B', true),
            (9, "e/13", 'B', false),
            (9, "new", 'A', true),
        ] {
            let index = Index::from_entries((0..keys).map(entry).collect());
            let new = [push(key, content)];
            let sources = Sources::of(&new, Bucket { base: &index, listing: &names }, 1);
            assert_eq!(sources.may_have(&new[0].item), likely, "{key} of content {content} beside {keys}");
            assert!(
                !Sources::of(&new, Bucket { base: &index, listing: &names }, 2).may_have(&new[0].item),
                "too small"
            );
        }
    }
}
