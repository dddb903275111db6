//! The order in which actions can be carried out.
//!
//! 1. Files that make way: a file becomes a folder, or the reverse.
//! 2. Everything that adds or changes.
//! 3. Everything else that deletes, so that a run cut short leaves too much rather than too little.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;

use super::{Action, Decision, Item};
use crate::content::Sha256;
use crate::index::Entry;
use crate::key::Key;

/// One action on one key, with what it expects to find: the item as it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The key as it was seen. File and object must still be that when the action is carried out.
    pub item: Item,
    /// The states that led to the action.
    pub decision: Decision,
    /// What to do; differs from the decision's action only in an answered conflict.
    pub action: Action,
    /// For a push or a pull, a key that has the content already: it is renamed, or copied.
    pub source: Option<Source>,
    /// For a deletion, whether it is the other half of a rename.
    pub renamed: bool,
}

impl Planned {
    /// The bytes of content that it moves between folder and bucket; `None` if it moves none.
    pub fn moves(&self) -> Option<u64> {
        match self.action {
            _ if self.source.is_some() => None,
            Action::Push => self.item.local.as_ref().map(|local| local.stat.size),
            Action::Pull | Action::KeepBoth => self.item.remote.as_ref().map(|remote| remote.size),
            _ => None,
        }
    }
}

/// Where the content of a renamed or copied key is.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The other key, as it was seen.
    pub item: Box<Item>,
    /// Whether it stays: a copy. Else it is about to be deleted: a rename.
    pub stays: bool,
}

/// What a run will do, in an order that can be carried out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Deletions of files that are in the way of others.
    pub make_way: Vec<Planned>,
    /// Everything that is not a deletion.
    pub transfers: Vec<Planned>,
    /// All other deletions.
    pub deletions: Vec<Planned>,
    /// Conflicts that nobody has answered.
    pub conflicts: Vec<Planned>,
}

impl Plan {
    /// Orders actions.
    pub fn of(actions: Vec<Planned>) -> Plan {
        let pulled: BTreeSet<Key> = actions
            .iter()
            .filter(|planned| planned.action == Action::Pull)
            .map(|planned| planned.item.key.clone())
            .collect();
        let mut plan = Plan::default();
        // An empty folder makes way for a file: it is not to be told of.
        let yields = |planned: &Planned| {
            let key = &planned.item.key;
            key.is_marker() && planned.action == Action::Push && pulled.contains(key.path())
        };
        for planned in actions.into_iter().filter(|planned| !yields(planned)) {
            let stage = match planned.action {
                Action::Conflict => &mut plan.conflicts,
                Action::DeleteLocal if is_in_the_way(&planned.item.key, &pulled) => &mut plan.make_way,
                Action::DeleteLocal | Action::DeleteRemote => &mut plan.deletions,
                _ => &mut plan.transfers,
            };
            stage.push(planned);
        }
        plan.find_renames();
        plan
    }

    /// All actions, in order; without conflicts.
    pub fn actions(&self) -> impl Iterator<Item = &Planned> {
        self.make_way.iter().chain(&self.transfers).chain(&self.deletions)
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.actions().next().is_none()
    }

    /// A key that goes and a key that comes with the same content, on the same side, are a rename: the content is there
    /// already. Only equal hashes count; inodes and times prove nothing.
    fn find_renames(&mut self) {
        for (deletion, arrival) in [(Action::DeleteRemote, Action::Push), (Action::DeleteLocal, Action::Pull)] {
            let mut gone: HashMap<(u64, Sha256, bool), Vec<usize>> = HashMap::new();
            for (at, planned) in self.deletions.iter().enumerate() {
                // One that answers a conflict is of another content than the base's.
                if planned.action == deletion
                    && !planned.item.key.is_marker()
                    && planned.decision.action == Some(deletion)
                    && let Some((size, sha256)) = planned.item.base_content()
                {
                    let is_link = planned.item.live_base().is_some_and(Entry::is_link);
                    gone.entry((size, sha256, is_link)).or_default().push(at);
                }
            }
            let arrives = |planned: &&mut Planned| planned.action == arrival && !planned.item.key.is_marker();
            for planned in self.transfers.iter_mut().filter(arrives) {
                let Some(at) = planned.item.new_content().and_then(|content| gone.get_mut(&content)?.pop()) else {
                    continue;
                };
                self.deletions[at].renamed = true;
                planned.source = Some(Source { item: Box::new(self.deletions[at].item.clone()), stays: false });
            }
        }
    }
}

impl Item {
    /// Size and sum of what the base has of the key.
    pub fn base_content(&self) -> Option<(u64, Sha256)> {
        let base = self.live_base().filter(|_| !self.ignored)?;
        Some((base.size?, base.sha256?))
    }

    /// Size and sum of a key that only one side has, as far as they are known, and whether it is a link.
    fn new_content(&self) -> Option<(u64, Sha256, bool)> {
        match (&self.local, &self.remote) {
            (Some(local), None) => Some((local.stat.size, local.content?.sha256, local.stat.is_link())),
            (None, Some(remote)) => Some((remote.size, remote.sha256?, remote.link == Some(true))),
            _ => None,
        }
    }
}

/// Whether a file stands where a pulled key needs a folder, or in a folder where a pulled key needs a file.
fn is_in_the_way(key: &Key, pulled: &BTreeSet<Key>) -> bool {
    let below = format!("{}/", key.path());
    (key.is_marker() && pulled.contains(key.path()))
        || key.ancestors().any(|folder| pulled.contains(folder))
        || !key.is_marker()
            && pulled
                .range::<str, _>((Bound::Included(below.as_str()), Bound::Unbounded))
                .next()
                .is_some_and(|next| next.as_str().starts_with(&below))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::super::testing::{base, item, local, remote};
    use super::*;

    fn planned(key: &str, action: Action, mut item: Item) -> Planned {
        item.key = Key::parse(key).unwrap();
        let decision = Decision { local: State::Unchanged, remote: State::Unchanged, action: Some(action) };
        Planned { item, decision, action, source: None, renamed: false }
    }

    fn gone_there(key: &str) -> Planned {
        planned(key, Action::DeleteLocal, item(Some(base('A', 1)), Some(local('A', 1, false)), None))
    }

    fn new_there(key: &str, content: char) -> Planned {
        planned(key, Action::Pull, item(None, None, Some(remote(content, 1, true))))
    }

    fn keys(planned: &[Planned]) -> Vec<&str> {
        planned.iter().map(|planned| planned.item.key.as_str()).collect()
    }

    #[test]
    fn a_file_that_becomes_a_folder_goes_first_and_the_reverse() {
        let plan = Plan::of(vec![
            new_there("a/b", 'B'),
            gone_there("a"),
            new_there("c", 'B'),
            gone_there("c/d"),
            gone_there("e"),
        ]);
        assert_eq!(keys(&plan.make_way), ["a", "c/d"]);
        assert_eq!(keys(&plan.transfers), ["a/b", "c"]);
        assert_eq!(keys(&plan.deletions), ["e"]);
    }

    #[test]
    fn an_empty_folder_makes_way_for_a_file() {
        let marker = |action, name: &str| {
            let mut planned = planned("x", action, item(None, Some(local('E', 0, true)), None));
            planned.item.key = Key::parse_any(name).unwrap();
            planned
        };
        let plan = Plan::of(vec![
            new_there("a", 'B'),
            marker(Action::Push, "a/"),
            marker(Action::DeleteLocal, "b/"),
            marker(Action::DeleteLocal, "c/d/"),
            marker(Action::DeleteLocal, "e/"),
            new_there("b", 'B'),
            new_there("c", 'B'),
            new_there("e/f", 'B'),
        ]);
        assert_eq!(keys(&plan.transfers), ["a", "b", "c", "e/f"]);
        assert_eq!((keys(&plan.make_way), keys(&plan.deletions)), (vec!["b/", "c/d/"], vec!["e/"]));
    }

    #[test]
    fn a_name_that_only_begins_alike_is_not_in_the_way() {
        let plan = Plan::of(vec![new_there("a-b", 'B'), new_there("ab/c", 'B'), gone_there("a")]);
        assert!(plan.make_way.is_empty());
    }

    #[test]
    fn equal_content_that_goes_and_comes_is_a_rename() {
        let plan =
            Plan::of(vec![new_there("new", 'A'), new_there("more", 'A'), new_there("other", 'B'), gone_there("old")]);
        let sources: Vec<_> = plan.transfers.iter().map(|planned| planned.source.is_some()).collect();
        assert_eq!(sources, [true, false, false]);
        assert!(plan.deletions[0].renamed);
    }

    #[test]
    fn a_file_and_a_link_of_the_same_bytes_are_no_rename() {
        let mut link = new_there("new", 'A');
        link.item.remote.as_mut().unwrap().link = Some(true);
        let plan = Plan::of(vec![link, gone_there("old")]);
        assert_eq!((plan.transfers[0].source.is_some(), plan.deletions[0].renamed), (false, false));
    }

    #[test]
    fn a_local_rename_needs_the_new_files_hash() {
        let gone_here =
            || planned("old", Action::DeleteRemote, item(Some(base('A', 1)), None, Some(remote('A', 1, false))));
        let new_here = |known| planned("new", Action::Push, item(None, Some(local('A', 1, known)), None));
        assert!(Plan::of(vec![gone_here(), new_here(true)]).transfers[0].source.is_some());
        assert!(Plan::of(vec![gone_here(), new_here(false)]).transfers[0].source.is_none());
    }
}
