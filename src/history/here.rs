//! What the folder has to say to a restore: nothing that is not in the bucket yet may be lost.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::wish::{Refused, RestorePlan, Restoring, Step};
use crate::index::{Entry, Index};
use crate::key::Key;
use crate::local::{self, Folder, Ignore};

/// The folder as it was last synced, and as it is.
pub struct Here {
    folder: Arc<Folder>,
    ignore: Ignore,
    base: Index,
    /// When the base was written, nanoseconds since the epoch: a file as new as that may have changed unseen.
    written_ns: Option<i128>,
}

impl Here {
    /// Looks at the folder by its base.
    ///
    /// # Errors
    ///
    /// When the ignore rules cannot be read.
    pub fn new(folder: Arc<Folder>, (base, written_ns): (Index, Option<i128>)) -> Result<Here, local::Error> {
        let ignore = Ignore::load(&folder)?;
        Ok(Here { folder, ignore, base, written_ns })
    }

    /// Number of keys that were there at the last sync.
    pub fn known(&self) -> usize {
        self.base.live()
    }

    /// Takes out of a plan what would lose an edit, or has no place in the folder.
    pub fn object(&self, plan: &mut RestorePlan) {
        let goes: BTreeSet<Key> = plan
            .steps
            .iter()
            .filter(|restoring| restoring.step == Step::Delete)
            .map(|restoring| restoring.key.clone())
            .collect();
        let steps = std::mem::take(&mut plan.steps);
        for restoring in steps {
            match self.objection(&restoring, &goes) {
                None => plan.steps.push(restoring),
                Some(why) => {
                    let name = restoring.key.to_string();
                    plan.refused.push(Refused { name, step: restoring.step, why });
                }
            }
        }
        plan.refused.sort_by(|one, other| one.name.cmp(&other.name));
    }

    /// Why a step is not to be made.
    fn objection(&self, restoring: &Restoring, goes: &BTreeSet<Key>) -> Option<String> {
        let key = &restoring.key;
        if self.ignore.is_ignored_key(key) {
            return Some("the ignore rules leave it out".to_owned());
        }
        let in_the_way = self.in_the_way(key);
        if let Some(other) = in_the_way.iter().find(|other| !goes.contains(**other)) {
            return Some(format!("\"{other}\" is in its way"));
        }
        let base = self.base.get(key.as_str()).filter(|base| !base.is_tombstone());
        match self.folder.stat(key) {
            // What is there goes first.
            Err(_) if !in_the_way.is_empty() => None,
            Err(error) => Some(error.to_string()),
            Ok(None) if base.is_some() && restoring.step != Step::Delete => {
                Some("it was deleted here, and that is not synced yet: sync first".to_owned())
            }
            Ok(None) => None,
            Ok(Some(stat)) => self.edited(restoring, base, stat),
        }
    }

    /// Whether a file has what neither the bucket nor the wanted version has.
    fn edited(&self, restoring: &Restoring, base: Option<&Entry>, stat: local::Stat) -> Option<String> {
        let is_racy = self.written_ns.is_none_or(|written| stat.ctime_ns >= written);
        let synced = base.and_then(Entry::stat);
        if !is_racy && synced.is_some_and(|synced| synced.same_file(&stat)) {
            return None;
        }
        let wanted = restoring.stored().map(|stored| &stored.etag);
        match local::hash_file(&self.folder, &restoring.key, &stat, wanted) {
            Ok(content) if base.is_some_and(|base| base.sha256 == Some(content.sha256)) => None,
            // It is what is wanted: there is nothing to lose, and nothing to fetch.
            Ok(content) if content.matches_etag => None,
            Ok(_) => Some("it was changed here, and that is not synced yet: sync first".to_owned()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// The synced files where a key needs a folder, and those in a folder where the key is.
    fn in_the_way(&self, key: &Key) -> Vec<&str> {
        let entries = self.base.entries();
        let live = |(name, entry): &&(Box<str>, Entry)| !entry.is_tombstone() && !name.is_empty();
        let above = key.ancestors().filter_map(|folder| {
            let at = entries.binary_search_by(|(name, _)| (**name).cmp(folder)).ok()?;
            Some(&entries[at])
        });
        let below = format!("{key}/");
        let from = entries.partition_point(|(name, _)| **name < *below);
        let inside = entries[from..].iter().take_while(|(name, _)| name.starts_with(&below));
        above.chain(inside).filter(live).map(|(name, _)| &**name).collect()
    }
}
