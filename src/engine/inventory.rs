//! Everything that is on the two sides, in sync or not: base, scan and listing walked side by side, with what is planned of each
//! key.

use std::collections::{HashMap, HashSet};

use super::observe::{Given, Observed};
use super::{Engine, Error, Planning, Summary};
use crate::content::{ETag, Sha256};
use crate::index::{Entry, Index, whole_seconds};
use crate::key::{Key, is_reserved};
use crate::local::{LocalFile, Stat};
use crate::reconcile::{Action, Planned, State};
use crate::remote::{Listed, ObjectStore};

/// What there is of a target.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Every name that a side has, or had, in the order of their bytes.
    pub known: Vec<Known>,
    /// What was met on the way.
    pub summary: Summary,
}

/// A name, with what the sides have of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The name: a key, unless it is left alone.
    pub name: Box<str>,
    /// The file.
    pub file: Option<Stat>,
    /// The object.
    pub object: Option<Object>,
    /// The states of file and object against the base; `None` where a side cannot be told.
    pub states: [Option<State>; 2],
    /// What a sync would do about it.
    pub standing: Standing,
    /// The sum of the file's content, or of the object's where there is no file, if it is known.
    pub sha256: Option<Sha256>,
    /// Bytes that it had when it was last synced; of what is gone.
    pub last_size: Option<u64>,
}

impl Known {
    /// Bytes of the file; of the object where there is no file, and of what is gone as an index remembers it.
    pub fn size(&self) -> Option<u64> {
        let object = || self.object.as_ref().map(|object| object.size);
        self.file.map(|file| file.size).or_else(object).or(self.last_size)
    }

    /// When the file was last changed, in seconds since the epoch.
    pub fn local_time(&self) -> Option<i64> {
        self.file.map(|file| whole_seconds(file.mtime_ns))
    }

    /// When the object was written, in seconds since the epoch.
    pub fn s3_time(&self) -> Option<i64> {
        self.object.as_ref().map(|object| object.last_modified)
    }
}

/// An object, with what the indexes know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Bytes.
    pub size: u64,
    /// Its ETag.
    pub etag: ETag,
    /// When it was written, by the server's clock, in seconds since the epoch.
    pub last_modified: i64,
    /// Its version, where the bucket has versions and an index tells it.
    pub version_id: Option<Box<str>>,
}

/// What a sync would do about a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: the sides agree.
    InSync,
    /// This.
    Planned(Action),
    /// Nothing: the ignore rules leave it out.
    Ignored,
    /// Nothing: it cannot be looked into, or cannot be carried.
    LeftAlone,
    /// Nothing: it is gone on both sides.
    Deleted,
}

impl<S: ObjectStore> Engine<S> {
    /// Looks at both sides and tells all that there is, without changing anything. `deleted`: with the keys whose deletion an
    /// index remembers.
    ///
    /// # Errors
    ///
    /// Whatever stops the whole look; keys that could not be looked into are in the summary.
    pub async fn inventory(&self, deleted: bool) -> Result<Inventory, Error> {
        let (planning, mut observed) = self.plan_observed(Given::default()).await?;
        let mut tombstones = Index::default();
        if deleted {
            let told = observed.remote_index.index(&*self.store, &self.folder).await?.entries().iter();
            tombstones = Index::from_entries(told.filter(|(_, entry)| entry.is_tombstone()).cloned().collect());
        }
        let known = Walk::new(&planning, &observed).known(&tombstones, deleted);
        Ok(Inventory { known, summary: planning.summary })
    }
}

/// What is known of a name, from each place that may know it.
struct Found<'a> {
    name: &'a str,
    base: Option<&'a Entry>,
    file: Option<&'a LocalFile>,
    object: Option<&'a Listed>,
}

struct Walk<'a> {
    observed: &'a Observed,
    base: &'a Index,
    planned: HashMap<&'a str, &'a Planned>,
    failed: HashSet<&'a str>,
}

impl<'a> Walk<'a> {
    fn new(planning: &'a Planning, observed: &'a Observed) -> Walk<'a> {
        let plan = &planning.plan;
        let planned = plan.actions().chain(&plan.conflicts).chain(&planning.waiting);
        Walk {
            observed,
            base: &planning.base,
            planned: planned.map(|planned| (planned.item.key.as_str(), planned)).collect(),
            failed: planning.summary.failed.iter().map(|(key, _)| key.as_str()).collect(),
        }
    }

    /// `tombstones`: those of the remote index.
    fn known(&self, tombstones: &Index, deleted: bool) -> Vec<Known> {
        let mut entries = self.base.entries().iter().peekable();
        let mut files = self.observed.scan.files.iter().peekable();
        let mut objects = self.observed.listing.iter().peekable();
        let mut tombstones = tombstones.entries().iter().peekable();
        let mut known = Vec::new();
        loop {
            let names = [
                entries.peek().map(|(name, _)| &**name),
                files.peek().map(|file| file.key.as_str()),
                objects.peek().map(|object| &*object.name),
                tombstones.peek().map(|(name, _)| &**name),
            ];
            let Some(name) = names.into_iter().flatten().min() else { return known };
            let base = entries.next_if(|(held, _)| **held == *name).map(|(_, entry)| entry);
            let file = files.next_if(|file| file.key.as_str() == name);
            let object = objects.next_if(|object| *object.name == *name);
            let tombstone = tombstones.next_if(|(held, _)| **held == *name).map(|(_, entry)| entry);
            // Folder markers and our own names are nobody's files.
            if name.is_empty() || name.ends_with('/') || is_reserved(name) {
                continue;
            }
            let one = self.one(&Found { name, base: base.or(tombstone), file, object });
            known.extend(Some(one).filter(|one| deleted || one.standing != Standing::Deleted));
        }
    }

    fn one(&self, found: &Found<'_>) -> Known {
        let planned = self.planned.get(found.name).copied();
        let (standing, states) = self.standing(found, planned);
        let base = found.base.filter(|base| !base.is_tombstone());
        let object = found.object.map(|object| {
            let indexed = planned.and_then(|planned| planned.item.indexed.as_deref());
            let of_it = [base, indexed].into_iter().flatten().find(|entry| entry.etag.as_ref() == Some(&object.etag));
            Object {
                size: object.size,
                etag: object.etag.clone(),
                last_modified: object.last_modified,
                version_id: of_it.and_then(|entry| entry.version_id.clone()),
            }
        });
        let sha256 = match planned.map(|planned| &planned.item) {
            _ if states[0] == Some(State::Unchanged) && found.file.is_some() => base.and_then(|base| base.sha256),
            Some(item) if found.file.is_some() => {
                item.local.as_ref().and_then(|local| local.content).map(|content| content.sha256)
            }
            Some(item) => item.remote.as_ref().and_then(|remote| remote.sha256),
            None => None,
        };
        Known {
            name: found.name.into(),
            file: found.file.map(|file| file.stat),
            object,
            states,
            standing,
            sha256,
            last_size: found.base.and_then(|base| base.size),
        }
    }

    /// What a sync would do about a name, and the states that lead to it.
    fn standing(&self, found: &Found<'_>, planned: Option<&Planned>) -> (Standing, [Option<State>; 2]) {
        let live = found.base.is_some_and(|base| !base.is_tombstone());
        let presence = |is_there| {
            Some(match (live, is_there) {
                (false, false) => State::Absent,
                (false, true) => State::Created,
                (true, false) => State::Deleted,
                (true, true) => State::Unchanged,
            })
        };
        let seen = [presence(found.file.is_some()), presence(found.object.is_some())];
        if let Some(planned) = planned {
            let decided = [planned.decision.local, planned.decision.remote].map(Some);
            return match planned.action {
                Action::Adopt => (Standing::InSync, decided),
                _ if planned.item.ignored => {
                    // Of an ignored file nothing is seen.
                    let is_forgotten = planned.action == Action::Forget;
                    let standing = if is_forgotten { Standing::Ignored } else { Standing::Planned(planned.action) };
                    (standing, [None, decided[1]])
                }
                Action::Forget => (Standing::Deleted, decided),
                action => (Standing::Planned(action), decided),
            };
        }
        let Ok(key) = found.file.map_or_else(|| Key::parse(found.name), |file| Ok(file.key.clone())) else {
            return (Standing::LeftAlone, [None, seen[1]]);
        };
        if found.file.is_none() && found.object.is_none() && !live {
            return (Standing::Deleted, seen);
        }
        if found.file.is_none() && self.observed.ignore.is_ignored_key(&key) {
            return (Standing::Ignored, [None, seen[1]]);
        }
        if self.observed.scan.hidden(&key).is_some() {
            return (Standing::LeftAlone, [None, seen[1]]);
        }
        if self.failed.contains(found.name) {
            return (Standing::LeftAlone, [None, None]);
        }
        (Standing::InSync, seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{Loaded, RemoteIndex};
    use crate::local::{Hidden, Ignore, Scan};
    use crate::reconcile::testing::{base, etag, item, local, remote, stat};
    use crate::reconcile::{Decision, Plan};

    fn planned(name: &str, action: Action, states: (State, State)) -> Planned {
        let key = Key::parse(name).unwrap();
        let item = item(Some(base('A', 1)), Some(local('B', 2, true)), Some(remote('A', 1, true)));
        let decision = Decision { local: states.0, remote: states.1, action: Some(action) };
        let item = crate::reconcile::Item { key, ..item };
        Planned { item, decision, action, source: None, renamed: false }
    }

    fn observed(files: &[&str], objects: &[&str]) -> Observed {
        let file = |name: &&str| LocalFile { key: Key::parse(name).unwrap(), stat: stat('A', 1) };
        let object = |name: &&str| Listed { name: (*name).into(), size: 1, etag: etag('A'), last_modified: 65 };
        let hidden = vec![("link".to_owned(), Hidden::Symlink)];
        Observed {
            base: Loaded::default(),
            ignore: Ignore::parse(b"*.tmp\n"),
            scan: Scan { files: files.iter().map(file).collect(), hidden, ..Scan::default() },
            listing: objects.iter().map(object).collect(),
            remote_index: RemoteIndex::default(),
            known: 0,
        }
    }

    fn index(entries: &[(&str, Entry)]) -> Index {
        Index::from_entries(entries.iter().map(|(name, entry)| ((*name).into(), entry.clone())).collect())
    }

    #[test]
    fn every_name_is_told_with_how_it_stands() {
        let gone = base('A', 1).tombstone(5);
        let versioned = Entry { version_id: Some("v".into()), ..base('A', 1) };
        let planning = Planning {
            base: index(&[
                ("calm", versioned),
                ("edited", base('A', 1)),
                ("gone", gone.clone()),
                ("lost", base('A', 1)),
            ]),
            plan: Plan {
                transfers: vec![
                    planned("edited", Action::Push, (State::Updated, State::Unchanged)),
                    planned("lost", Action::Forget, (State::Deleted, State::Deleted)),
                ],
                ..Plan::default()
            },
            ..Planning::default()
        };
        let observed = observed(&["calm", "edited"], &["../x", ".index", "calm", "dir/", "edited", "link", "x.tmp"]);
        let walk = Walk::new(&planning, &observed);
        let told = index(&[("gone", gone.clone()), ("theirs", gone)]);
        let shown = |deleted| {
            let known = walk.known(&told, deleted);
            known.into_iter().map(|known| (known.name.into_string(), known.standing)).collect::<Vec<_>>()
        };
        let expected = [
            ("../x", Standing::LeftAlone),
            ("calm", Standing::InSync),
            ("edited", Standing::Planned(Action::Push)),
            ("gone", Standing::Deleted),
            ("link", Standing::LeftAlone),
            ("lost", Standing::Deleted),
            ("theirs", Standing::Deleted),
            ("x.tmp", Standing::Ignored),
        ];
        let expected: Vec<(String, Standing)> = expected.map(|(name, standing)| (name.to_owned(), standing)).into();
        assert_eq!(shown(true), expected);
        assert_eq!(shown(false).len(), 5, "those that are gone are for who asks for them");
        let known = walk.known(&told, false);
        let calm = &known[1];
        assert_eq!(calm.object.as_ref().unwrap().version_id.as_deref(), Some("v"));
        assert_eq!((calm.states, calm.sha256.is_some()), ([Some(State::Unchanged); 2], true));
        assert_eq!(known[2].states, [Some(State::Updated), Some(State::Unchanged)]);
        assert_eq!(known[2].sha256, Some(crate::reconcile::testing::sum('B')), "the file's, not the object's");
    }

    #[test]
    fn what_could_not_be_looked_into_has_no_states() {
        let mut planning = Planning::default();
        planning.summary.failed.push((Key::parse("a").unwrap(), crate::transfer::Failure::Changed));
        let observed = observed(&["a"], &["a"]);
        let known = Walk::new(&planning, &observed).known(&Index::default(), true);
        assert_eq!((known[0].standing, known[0].states), (Standing::LeftAlone, [None, None]));
    }
}
