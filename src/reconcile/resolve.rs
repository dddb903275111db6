//! Conflicts: what an answer means.

use super::{Action, Item};
use crate::index::whole_seconds;
use crate::key::Key;

/// How a run answers its conflicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Ask a person each time.
    #[default]
    Ask,
    /// Leave them alone.
    Ignore,
    /// The file counts.
    Local,
    /// The object counts.
    Remote,
    /// The later of the two counts; equally late ones are both kept.
    Newest,
    /// Both are kept, the local one under another name.
    KeepBoth,
}

/// The answer to one conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The file counts; where it was deleted, the object goes too.
    Local,
    /// The object counts; where it was deleted, the file goes too.
    Remote,
    /// Both are kept; where one side deleted, the edit is.
    KeepBoth,
    /// Leave it for another time.
    Skip,
}

impl Policy {
    /// The answer that the policy gives to a conflict; `None`: ask a person.
    pub fn answer(self, item: &Item) -> Option<Choice> {
        Some(match self {
            Policy::Ask => return None,
            Policy::Ignore => Choice::Skip,
            Policy::Local => Choice::Local,
            Policy::Remote => Choice::Remote,
            Policy::KeepBoth => Choice::KeepBoth,
            Policy::Newest => newest(item),
        })
    }
}

fn newest(item: &Item) -> Choice {
    let (Some(local), Some(remote)) = (&item.local, &item.remote) else {
        return Choice::KeepBoth;
    };
    let known = item.valid_index_entry().and_then(|entry| entry.mtime_ns);
    let remote_time = known.map_or(remote.last_modified, whole_seconds);
    match whole_seconds(local.stat.mtime_ns).cmp(&remote_time) {
        std::cmp::Ordering::Greater => Choice::Local,
        std::cmp::Ordering::Less => Choice::Remote,
        std::cmp::Ordering::Equal => Choice::KeepBoth,
    }
}

/// The action that carries out the answer to a conflict; `None`: leave it alone.
pub fn resolve(item: &Item, choice: Choice) -> Option<Action> {
    Some(match (choice, item.local.is_some(), item.remote.is_some()) {
        (Choice::Skip, _, _) => return None,
        (Choice::KeepBoth, true, true) => Action::KeepBoth,
        (Choice::Local | Choice::KeepBoth, true, _) => Action::Push,
        (Choice::Remote | Choice::KeepBoth, _, true) => Action::Pull,
        (Choice::Local, false, _) => Action::DeleteRemote,
        (Choice::Remote, _, false) => Action::DeleteLocal,
        (Choice::KeepBoth, false, false) => Action::Forget,
    })
}

/// The name under which the local version of a conflict is kept: `NAME.conflict-HOST-YYYYMMDD-HHMMSS.EXT`.
///
/// `stamp` is `HOST-YYYYMMDD-HHMMSS`; `attempt` numbers the names when earlier ones are taken.
pub fn conflict_key(key: &Key, stamp: &str, attempt: u32) -> Option<Key> {
    let (stem, extension) = match key.name().rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
        _ => (key.name(), String::new()),
    };
    let again = if attempt == 0 { String::new() } else { format!("-{attempt}") };
    let tail = format!(".conflict-{stamp}{again}{extension}");
    // A name that would get too long loses letters of its stem, never the mark.
    let room = crate::key::MAX_COMPONENT_BYTES.checked_sub(tail.len())?;
    let mut end = stem.len().min(room);
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    let folder = if key.parent().is_empty() { String::new() } else { format!("{}/", key.parent()) };
    Key::parse(&format!("{folder}{}{tail}", &stem[..end])).ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{base, item, local, remote};
    use super::*;

    #[test]
    fn each_answer_to_two_edits() {
        let both = item(Some(base('A', 1)), Some(local('B', 1, true)), Some(remote('C', 1, true)));
        assert_eq!(resolve(&both, Choice::Local), Some(Action::Push));
        assert_eq!(resolve(&both, Choice::Remote), Some(Action::Pull));
        assert_eq!(resolve(&both, Choice::KeepBoth), Some(Action::KeepBoth));
        assert_eq!(resolve(&both, Choice::Skip), None);
    }

    #[test]
    fn an_edit_survives_a_deletion_when_both_are_kept() {
        let edited_here = item(Some(base('A', 1)), Some(local('B', 1, true)), None);
        assert_eq!(resolve(&edited_here, Choice::KeepBoth), Some(Action::Push));
        assert_eq!(resolve(&edited_here, Choice::Local), Some(Action::Push));
        assert_eq!(resolve(&edited_here, Choice::Remote), Some(Action::DeleteLocal));
        let edited_there = item(Some(base('A', 1)), None, Some(remote('B', 1, true)));
        assert_eq!(resolve(&edited_there, Choice::KeepBoth), Some(Action::Pull));
        assert_eq!(resolve(&edited_there, Choice::Remote), Some(Action::Pull));
        assert_eq!(resolve(&edited_there, Choice::Local), Some(Action::DeleteRemote));
    }

    #[test]
    fn the_newest_counts_and_a_tie_keeps_both() {
        let conflict = |here, there| item(None, Some(local(here, 1, true)), Some(remote(there, 1, true)));
        assert_eq!(Policy::Newest.answer(&conflict('B', 'A')), Some(Choice::Local));
        assert_eq!(Policy::Newest.answer(&conflict('A', 'B')), Some(Choice::Remote));
        assert_eq!(Policy::Newest.answer(&conflict('A', 'A')), Some(Choice::KeepBoth));
        assert_eq!(Policy::Newest.answer(&item(None, Some(local('A', 1, true)), None)), Some(Choice::KeepBoth));
    }

    #[test]
    fn conflict_copies_keep_their_folder_and_extension() {
        let name = |key: &str, attempt| {
            conflict_key(&Key::parse(key).unwrap(), "host-20260102-030405", attempt).unwrap().to_string()
        };
        assert_eq!(name("a/b.tar.gz", 0), "a/b.tar.conflict-host-20260102-030405.gz");
        assert_eq!(name("Makefile", 1), "Makefile.conflict-host-20260102-030405-1");
        assert_eq!(name(".bashrc", 0), ".bashrc.conflict-host-20260102-030405");
        assert!(name(&format!("{}é.txt", "x".repeat(249)), 0).ends_with(".conflict-host-20260102-030405.txt"));
    }
}
