//! What a verification reads: base, scan and listing, walked side by side as a sync does.

use super::Observed;
use super::findings::{Evidence, There};
use crate::content::Sha256;
use crate::index::{Entry, Index};
use crate::key::{Key, is_reserved};
use crate::local::{LocalFile, Stat};
use crate::remote::Listed;

/// A key and what there is to read of it.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) key: Key,
    pub(super) evidence: Evidence,
    /// A file whose stat is that of the index.
    pub(super) file: Option<Stat>,
    /// The object as it was listed, and whether it is the version that was synced.
    pub(super) object: Option<(Listed, bool)>,
    /// Something of it is not synced yet.
    pub(super) pending: bool,
}

/// What was found on either side, and what is remembered of it.
pub(super) struct Sides<'a> {
    pub(super) observed: &'a Observed,
    pub(super) base: &'a Index,
    pub(super) told: &'a Index,
    pub(super) written_ns: Option<i128>,
}

impl Sides<'_> {
    /// Every key that may be looked at, in order.
    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject> {
        let mut entries = self.base.entries().iter().peekable();
        let mut files = self.observed.scan.files.iter().peekable();
        let mut objects = self.observed.listing.iter().peekable();
        std::iter::from_fn(move || {
            loop {
                let names = [
                    entries.peek().map(|(name, _)| &**name),
                    files.peek().map(|file| file.key.as_str()),
                    objects.peek().map(|object| &*object.name),
                ];
                let name = names.into_iter().flatten().min()?;
                let entry = entries.next_if(|(held, _)| **held == *name).map(|(_, entry)| entry);
                let file = files.next_if(|file| file.key.as_str() == name);
                let object = objects.next_if(|object| *object.name == *name);
                if let Some(subject) = self.subject(name, entry, file, object) {
                    return Some(subject);
                }
            }
        })
    }

    fn subject(
        &self,
        name: &str,
        entry: Option<&Entry>,
        file: Option<&LocalFile>,
        object: Option<&Listed>,
    ) -> Option<Subject> {
        let entry = entry.filter(|entry| !entry.is_tombstone());
        let is_none = file.is_none() && object.is_none() && entry.is_none();
        if is_none || name.is_empty() || name.ends_with('/') || is_reserved(name) {
            return None;
        }
        // What is hostile or hidden is a problem, and told as such.
        let key = file.map_or_else(|| Key::parse(name).ok(), |file| Some(file.key.clone()))?;
        let observed = self.observed;
        let ignored = file.is_none() && observed.ignore.is_ignored_key(&key);
        if (ignored && entry.is_none()) || (!ignored && observed.scan.hidden(&key).is_some()) {
            return None;
        }
        let expected: Option<Sha256> = entry.and_then(|entry| entry.sha256);
        let as_synced = |file: &&LocalFile| {
            expected.is_some() && entry.and_then(Entry::stat).is_some_and(|stat| stat.same_file(&file.stat))
        };
        let read = file.filter(as_synced).map(|file| file.stat);
        let racy = read.is_some_and(|stat| self.written_ns.is_none_or(|written| stat.ctime_ns >= written));
        let object = object.map(|object| {
            let synced = entry.is_some_and(|entry| entry.etag.as_ref() == Some(&object.etag));
            (object.clone(), synced)
        });
        let told = object.as_ref().and_then(|(object, _)| {
            let told = self.told.get(name).filter(|told| told.speaks_of(&object.etag, object.last_modified));
            told.and_then(|told| told.sha256)
        });
        let there = match &object {
            None => There::Nothing,
            Some((_, true)) => There::Synced,
            Some((_, false)) => There::Another,
        };
        let pending = read.is_none() || there != There::Synced;
        let evidence = Evidence { expected, told, racy, there, file: None };
        Some(Subject { key, evidence, file: read, object, pending })
    }
}
