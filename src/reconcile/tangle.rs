//! A file on one side where the other has a folder: a bucket holds `a` and `a/b`, a disk does not.
//!
//! Where the plan itself makes way, nothing is tangled. Where it does not, it is a conflict of two names, which ends when the
//! file, or the object that no folder has room for, is moved beside, under another name.

use std::collections::HashSet;

use super::{Action, Decision, Item, Planned, State};
use crate::key::Key;
use crate::local::LocalFile;

/// Takes pulls out of `actions` that the disk has no place for, and puts conflicts in their place. With `keep_both`, a file
/// that is where a folder must be is moved aside, and so is an object where the disk has a folder; the pulls that wait for
/// that come second.
pub fn untangle(
    actions: Vec<Planned>,
    files: &[LocalFile],
    keep_both: bool,
    item_of: &dyn Fn(&LocalFile) -> Item,
) -> (Vec<Planned>, Vec<Planned>) {
    let goes: HashSet<Key> = actions
        .iter()
        .filter(|planned| planned.action == Action::DeleteLocal)
        .map(|planned| planned.item.key.clone())
        .collect();
    let mut aside: Vec<&LocalFile> = Vec::new();
    let mut waiting = Vec::new();
    let mut kept = Vec::with_capacity(actions.len());
    let mut contested: HashSet<&Key> = HashSet::new();
    let (markers, actions): (Vec<_>, Vec<_>) = actions.into_iter().partition(|planned| planned.item.key.is_marker());
    for mut planned in actions {
        let arrives = planned.action == Action::Pull && planned.item.local.is_none();
        match arrives.then(|| obstacle(&planned.item.key, files, &goes)).flatten() {
            None => {}
            Some(Obstacle::File(file)) if keep_both => {
                aside.push(file);
                waiting.push(planned);
                continue;
            }
            Some(Obstacle::File(file)) => {
                contested.insert(&file.key);
                planned.action = Action::Conflict;
            }
            Some(Obstacle::Folder) if keep_both => {
                planned.decision.action = Some(Action::Conflict);
                planned.action = Action::MoveAside;
            }
            Some(Obstacle::Folder) => planned.action = Action::Conflict,
        }
        kept.push(planned);
    }
    for mut planned in markers {
        let blocked = (planned.action == Action::Pull).then(|| file_above(&planned.item.key, files, &goes)).flatten();
        match blocked {
            None => kept.push(planned),
            Some(file) if aside.iter().any(|aside| aside.key == file.key) => waiting.push(planned),
            // It comes with what is in it, or not at all.
            Some(file) if contested.contains(&file.key) => {}
            // An empty folder makes way for a file.
            Some(_) => {
                planned.action = Action::DeleteRemote;
                kept.push(planned);
            }
        }
    }
    aside.dedup_by(|a, b| a.key == b.key);
    kept.retain(|planned| !aside.iter().any(|file| file.key == planned.item.key));
    kept.extend(aside.into_iter().map(|file| {
        let decision = Decision { local: State::Unchanged, remote: State::Created, action: Some(Action::Conflict) };
        Planned { item: item_of(file), decision, action: Action::MoveAside, source: None, renamed: false }
    }));
    (kept, waiting)
}

enum Obstacle<'a> {
    /// A file stands where the key needs a folder.
    File(&'a LocalFile),
    /// A folder with files in it stands where the key is.
    Folder,
}

fn obstacle<'a>(key: &Key, files: &'a [LocalFile], goes: &HashSet<Key>) -> Option<Obstacle<'a>> {
    if let Some(file) = file_above(key, files, goes) {
        return Some(Obstacle::File(file));
    }
    let below = format!("{key}/");
    let from = files.partition_point(|file| *file.key.as_str() < *below);
    let mut inside = files[from..].iter().take_while(|file| file.key.as_str().starts_with(&below));
    inside.any(|file| !file.key.is_marker() && !goes.contains(&file.key)).then_some(Obstacle::Folder)
}

/// The file that stands where a key needs a folder.
fn file_above<'a>(key: &Key, files: &'a [LocalFile], goes: &HashSet<Key>) -> Option<&'a LocalFile> {
    let own = Some(key.path()).filter(|_| key.is_marker());
    key.ancestors().chain(own).find_map(|folder| {
        let at = files.binary_search_by(|file| file.key.as_str().cmp(folder)).ok()?;
        Some(&files[at]).filter(|file| !goes.contains(&file.key))
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{base, item, local, remote, stat};
    use super::*;

    fn planned(key: &str, action: Action, mut item: Item) -> Planned {
        item.key = Key::parse_any(key).unwrap();
        let decision = Decision { local: State::Absent, remote: State::Created, action: Some(action) };
        Planned { item, decision, action, source: None, renamed: false }
    }

    fn pull(key: &str) -> Planned {
        planned(key, Action::Pull, item(None, None, Some(remote('A', 1, true))))
    }

    fn delete(key: &str) -> Planned {
        planned(key, Action::DeleteLocal, item(Some(base('A', 1)), Some(local('A', 1, false)), None))
    }

    fn run(actions: Vec<Planned>, files: &[&str], keep_both: bool) -> Vec<(String, Action)> {
        let files: Vec<LocalFile> =
            files.iter().map(|key| LocalFile { key: Key::parse(key).unwrap(), stat: stat('B', 1) }).collect();
        let item_of = |file: &LocalFile| Item { key: file.key.clone(), ..item(None, Some(local('B', 1, false)), None) };
        let (untangled, _) = untangle(actions, &files, keep_both, &item_of);
        untangled.into_iter().map(|planned| (planned.item.key.to_string(), planned.action)).collect()
    }

    #[test]
    fn what_makes_way_is_no_obstacle() {
        let actions = vec![pull("a/b"), delete("a"), pull("c"), delete("c/d")];
        let expected: Vec<_> = actions.iter().map(|p| (p.item.key.to_string(), p.action)).collect();
        assert_eq!(run(actions, &["a", "c/d"], true), expected);
    }

    #[test]
    fn a_file_in_the_way_is_moved_aside_or_left_as_a_conflict() {
        let actions = || vec![pull("a/b"), pull("a/c")];
        assert_eq!(run(actions(), &["a"], true), [("a".to_owned(), Action::MoveAside)]);
        let conflicts = [("a/b".to_owned(), Action::Conflict), ("a/c".to_owned(), Action::Conflict)];
        assert_eq!(run(actions(), &["a"], false), conflicts);
    }

    #[test]
    fn an_object_where_a_folder_is_is_moved_aside_or_left_as_a_conflict() {
        assert_eq!(run(vec![pull("a")], &["a-b", "a/b"], true), [("a".to_owned(), Action::MoveAside)]);
        assert_eq!(run(vec![pull("a")], &["a-b", "a/b"], false), [("a".to_owned(), Action::Conflict)]);
        assert_eq!(run(vec![pull("a")], &["a-b", "ab"], true), [("a".to_owned(), Action::Pull)]);
    }

    #[test]
    fn an_empty_folder_makes_way_for_a_file_unless_it_is_not_empty() {
        let gone = |key: &str| (key.to_owned(), Action::DeleteRemote);
        assert_eq!(run(vec![pull("a/"), pull("b/c/")], &["a", "b"], true), [gone("a/"), gone("b/c/")]);
        assert_eq!(
            run(vec![pull("a/"), pull("b/")], &["b/x"], true).iter().filter(|it| it.1 == Action::Pull).count(),
            2
        );
        assert_eq!(run(vec![pull("a/"), delete("a")], &["a"], true).len(), 2);
        // What is in it comes once the file is aside, or stays a conflict.
        assert_eq!(run(vec![pull("a/"), pull("a/b")], &["a"], true), [("a".to_owned(), Action::MoveAside)]);
        assert_eq!(run(vec![pull("a/"), pull("a/b")], &["a"], false), [("a/b".to_owned(), Action::Conflict)]);
    }
}
