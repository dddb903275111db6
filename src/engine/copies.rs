//! Contents that a side has already, under keys that nobody has changed: what equals one of them is copied there.
//!
//! What is pulled has a sum in the remote index, and a file that equals it is copied with no request at all.
//!
//! A copy in the bucket costs as much as an upload, and saves its bytes. What it takes is the sum of the file, which has to be read for that
//! before it is known whether it was worth it; so only files of a size that a key in the bucket has are read. Hashing is a
//! hundred times as fast as most lines. Still, where many keys have one size, as the files of some programs do, an equal size
//! says little, and the file must have the name (in whatever folder) or the time of one of them too.

use std::collections::{HashMap, HashSet};

use super::settle::Settled;
use crate::content::Sha256;
use crate::index::{Entry, Index};
use crate::key::Key;
use crate::local::LocalFile;
use crate::reconcile::{Action, Item, Planned, Source, examine};
use crate::remote::Listed;

/// So many keys may have a size before it says little.
const FEW: u32 = 8;

/// Both sides as they were seen, in the order of the names, and what is known of their contents.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) base: &'a Index,
    pub(super) listing: &'a [Listed],
    pub(super) files: &'a [LocalFile],
}

impl<'a> Seen<'a> {
    /// The object of a key, if it is what the base says.
    fn object(&self, name: &str, entry: &Entry) -> Option<&'a Listed> {
        let at = self.listing.binary_search_by(|object| (*object.name).cmp(name)).ok()?;
        Some(&self.listing[at]).filter(|object| entry.etag.as_ref() == Some(&object.etag))
    }

    /// The file of a key, if it is what the base says.
    fn file(&self, name: &str, entry: &Entry) -> Option<&'a LocalFile> {
        let at = self.files.binary_search_by(|file| file.key.as_str().cmp(name)).ok()?;
        Some(&self.files[at]).filter(|file| entry.stat().is_some_and(|stat| stat.same_file(&file.stat)))
    }
}

/// What can be copied from, of the sizes that matter.
#[derive(Default)]
pub(super) struct Sources<'a> {
    contents: HashMap<(u64, Sha256), (&'a str, &'a Entry, &'a Listed)>,
    /// Files to copy from, for pulls.
    files: HashMap<(u64, Sha256), (&'a str, &'a Entry, &'a LocalFile)>,
    /// How many keys have a size.
    sizes: HashMap<u64, u32>,
    /// Sizes with the names and the times of files that have them.
    names: HashSet<(u64, &'a str)>,
    times: HashSet<(u64, i128)>,
}

impl<'a> Sources<'a> {
    /// Those of the sizes that contents to push or to pull have, from `least` bytes on.
    pub(super) fn of(settled: &[Settled], seen: Seen<'a>, least: u64) -> Sources<'a> {
        // These may be replaced. One that is deleted stays for long enough: deletions come last.
        let busy = |settled: &&Settled| {
            matches!(settled.decision.action, Some(Action::Push | Action::Pull | Action::Conflict))
        };
        let busy: Vec<&Item> = settled.iter().filter(busy).map(|settled| &settled.item).collect();
        let up = busy.iter().filter_map(|item| Some(item.local.as_ref()?.stat.size));
        let up: HashSet<u64> = up.filter(|size| *size >= least).collect();
        let down =
            busy.iter().filter_map(|item| Some(item.remote.as_ref().filter(|there| there.sha256.is_some())?.size));
        let down: HashSet<u64> = down.filter(|size| *size >= least).collect();
        let busy: HashSet<&str> = busy.iter().map(|item| item.key.as_str()).collect();
        let mut sources = Sources::default();
        if up.is_empty() && down.is_empty() {
            return sources;
        }
        for (name, entry) in seen.base.entries() {
            let (Some(size), Some(sha256)) = (entry.size, entry.sha256) else { continue };
            let matters = up.contains(&size) || down.contains(&size);
            if entry.is_tombstone() || entry.is_link() || name.ends_with('/') || !matters || busy.contains(&**name) {
                continue;
            }
            if let Some(object) = seen.object(name, entry).filter(|_| up.contains(&size)) {
                sources.contents.entry((size, sha256)).or_insert((&**name, entry, object));
                *sources.sizes.entry(size).or_default() += 1;
                sources.names.insert((size, file_name(name)));
                sources.times.extend(entry.mtime_ns.map(|time| (size, time)));
            }
            if let Some(file) = seen.file(name, entry).filter(|_| down.contains(&size)) {
                sources.files.entry((size, sha256)).or_insert((&**name, entry, file));
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

    /// Where the content of a push or a pull is already, if that is known.
    pub(super) fn find(&self, planned: &Planned) -> Option<Source> {
        let item = &planned.item;
        if item.key.is_marker() {
            return None;
        }
        let (key, entry, file, object) = match planned.action {
            Action::Push => {
                let local = item.local.as_ref().filter(|local| !local.stat.is_link())?;
                let (name, entry, object) = self.contents.get(&(local.stat.size, local.content?.sha256))?;
                (Key::parse(name).ok()?, entry, None, Some(*object))
            }
            Action::Pull => {
                // With the index goes the time that the file gets.
                item.valid_index_entry()?.mtime_ns?;
                let there = item.remote.as_ref().filter(|there| there.link != Some(true))?;
                let (_, entry, file) = self.files.get(&(there.size, there.sha256?))?;
                (file.key.clone(), entry, Some(*file), None)
            }
            _ => return None,
        };
        let from = examine(&key, Some(entry), None, file, object);
        (key != item.key).then(|| Source { item: Box::new(from), stays: true })
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
        let sources = Sources::of(settled, Seen { base, listing, files: &[] }, 1);
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
            let sources = Sources::of(&new, Seen { base: &index, listing: &names, files: &[] }, 1);
            assert_eq!(sources.may_have(&new[0].item), likely, "{key} of content {content} beside {keys}");
            assert!(
                !Sources::of(&new, Seen { base: &index, listing: &names, files: &[] }, 2).may_have(&new[0].item),
                "too small"
            );
        }
    }
}
