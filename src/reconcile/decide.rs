//! The decision table: base, file and object of one key to one action.
//!
//! | local \ remote | unchanged | updated | deleted | absent | created |
//! |---|---|---|---|---|---|
//! | unchanged | – | pull | delete-local | | |
//! | updated | push | same content: adopt; else conflict | conflict | | |
//! | deleted | delete-remote | conflict | forget | | |
//! | absent, no base | | | | – | pull |
//! | created, no base | | | | push | same content: adopt; else conflict |

use super::{Action, Item, Local, Remote};
use crate::index::{Entry, whole_seconds};

/// One side of a key against the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// As the base has it.
    Unchanged,
    /// There, and the base does not know it.
    Created,
    /// There, and not as the base has it.
    Updated,
    /// The base has it, and it is gone.
    Deleted,
    /// Neither the base nor this side has it.
    Absent,
}

/// What must be known before an item can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The sum of the file (and whether the object's ETag is its MD5).
    HashLocal,
    /// The sum of the object: from its metadata, else by reading it.
    HashRemote,
}

/// The states of an item's sides and what follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The file's state.
    pub local: State,
    /// The object's state.
    pub remote: State,
    /// What to do; `None`: nothing.
    pub action: Option<Action>,
}

/// A decision, or what it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Decided.
    Decided(Decision),
    /// Answer this, put the answer into the item, and ask again.
    Ask(Question),
}

/// Decides one item. `keep_ignored`: a key that became ignored stays in the bucket.
///
/// Never asks the same question twice once it is answered in the item, so asking ends.
pub fn decide(item: &Item, keep_ignored: bool) -> Verdict {
    if item.ignored {
        return Verdict::Decided(decide_ignored(item, keep_ignored));
    }
    match decide_synced(item) {
        Ok(decision) => Verdict::Decided(decision),
        Err(question) => Verdict::Ask(question),
    }
}

/// A key that was synced and is now ignored leaves the bucket, and always stays on disk. An object that somebody changed
/// meanwhile is theirs, and stays too.
fn decide_ignored(item: &Item, keep: bool) -> Decision {
    let remote = remote_state(item);
    let action = match (item.live_base(), remote) {
        (None, _) => None,
        (Some(_), State::Unchanged) if !keep => Some(Action::DeleteRemote),
        (Some(_), _) => Some(Action::Forget),
    };
    Decision { local: State::Unchanged, remote, action }
}

fn decide_synced(item: &Item) -> Result<Decision, Question> {
    let remote = remote_state(item);
    let local = local_state(item)?;
    let action = match (local, remote) {
        (State::Unchanged, State::Unchanged) => both_unchanged(item)?,
        // Another ETag for the content that this machine has (uploaded again, or encrypted anew): nothing to fetch.
        (State::Unchanged, State::Updated) if known_same(item) == Some(true) => Some(Action::Adopt),
        (State::Unchanged, State::Updated) => Some(Action::Pull),
        (State::Unchanged, State::Deleted) => Some(Action::DeleteLocal),
        (State::Updated, State::Unchanged) => Some(Action::Push),
        (State::Updated, State::Updated) | (State::Created, State::Created) => Some(adopt_or_conflict(item)?),
        // An edit meets a deletion: both are somebody's wish.
        (State::Updated, State::Deleted) | (State::Deleted, State::Updated) => Some(Action::Conflict),
        (State::Deleted, State::Unchanged) => Some(Action::DeleteRemote),
        (State::Deleted, State::Deleted) => Some(Action::Forget),
        (State::Absent, State::Created) => Some(Action::Pull),
        (State::Created, State::Absent) => Some(Action::Push),
        (State::Absent, State::Absent) => None,
        // `created` and `absent` mean that there is no base, the other three that there is one: no state of the one kind
        // ever meets one of the other.
        (State::Unchanged | State::Updated | State::Deleted, State::Created | State::Absent)
        | (State::Created | State::Absent, State::Unchanged | State::Updated | State::Deleted) => None,
    };
    Ok(Decision { local, remote, action })
}

fn local_state(item: &Item) -> Result<State, Question> {
    let (base, local) = match (item.live_base(), &item.local) {
        (None, None) => return Ok(State::Absent),
        (None, Some(_)) => return Ok(State::Created),
        (Some(_), None) => return Ok(State::Deleted),
        (Some(base), Some(local)) => (base, local),
    };
    if stat_unchanged(base, local) {
        return Ok(State::Unchanged);
    }
    if base.size.is_some_and(|size| size != local.stat.size) {
        return Ok(State::Updated);
    }
    let unchanged = match (base.sha256, &local.content) {
        (Some(sum), Some(content)) => content.sha256 == sum,
        (Some(_), None) => return Err(Question::HashLocal),
        // S4 0.4 remembered nothing but the whole second.
        (None, _) => base.local_timestamp == Some(whole_seconds(local.stat.mtime_ns)),
    };
    Ok(if unchanged { State::Unchanged } else { State::Updated })
}

/// Whether the stat alone shows that the file is what the base recorded.
fn stat_unchanged(base: &Entry, local: &Local) -> bool {
    !local.racy && base.stat().is_some_and(|stat| stat.same_file(&local.stat))
}

fn remote_state(item: &Item) -> State {
    let (base, remote) = match (item.live_base(), &item.remote) {
        (None, None) => return State::Absent,
        (None, Some(_)) => return State::Created,
        (Some(_), None) => return State::Deleted,
        (Some(base), Some(remote)) => (base, remote),
    };
    let unchanged = match &base.etag {
        Some(etag) => *etag == remote.etag,
        // S4 0.4: the object is the one that the remote index speaks of, and at the version that this machine has.
        None => item.valid_index_entry().is_some_and(|entry| entry.remote_timestamp == base.remote_timestamp),
    };
    if unchanged { State::Unchanged } else { State::Updated }
}

/// Nothing changed, but an index may need to be told: the base of a touched file's new stat or of all that S4 0.4 did not
/// record, the remote one of what it lost.
fn both_unchanged(item: &Item) -> Result<Option<Action>, Question> {
    let (Some(base), Some(local)) = (item.live_base(), &item.local) else {
        return Ok(None);
    };
    if base.etag.is_some() && base.sha256.is_some() {
        return Ok((!stat_unchanged(base, local) || !item.is_told()).then_some(Action::Adopt));
    }
    // S4 0.4 judged by whole seconds and checked no download, so the two may differ all the same. What can be known without
    // a download is; where the ETag is no sum of anything, its word stands.
    let Some(remote) = &item.remote else { return Ok(None) };
    if remote.size == local.stat.size && local.content.is_some() && remote.etag.md5_form().is_none() {
        return Ok(Some(Action::Adopt));
    }
    adopt_or_conflict(item).map(Some)
}

fn adopt_or_conflict(item: &Item) -> Result<Action, Question> {
    Ok(if same_content(item)? { Action::Adopt } else { Action::Conflict })
}

/// Whether file and object hold the same bytes; asks for whatever would tell.
fn same_content(item: &Item) -> Result<bool, Question> {
    if let Some(same) = known_same(item) {
        return Ok(same);
    }
    match (&item.local, &item.remote) {
        (Some(Local { content: None, .. }), Some(_)) => Err(Question::HashLocal),
        (Some(_), Some(Remote { asked: false, .. })) => Err(Question::HashRemote),
        _ => Ok(false),
    }
}

/// Whether file and object hold the same bytes, as far as is known.
fn known_same(item: &Item) -> Option<bool> {
    let (local, remote) = item.local.as_ref().zip(item.remote.as_ref())?;
    if local.stat.size != remote.size {
        return Some(false);
    }
    if local.content.is_some_and(|content| content.matches_etag) {
        return Some(true);
    }
    let base = item.live_base().filter(|base| stat_unchanged(base, local));
    let local_sum = local.content.map(|content| content.sha256).or(base.and_then(|base| base.sha256))?;
    Some(local_sum == remote.sha256?)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{base, etag, item, local, remote, sum};
    use super::*;
    use crate::content::ETag;
    use crate::local::LocalContent;

    /// Decides, answering every question with the truth: contents are letters.
    fn settle(base_is: char, local_is: char, remote_is: char) -> Option<Action> {
        let letter = |name: char| (name != '-').then_some(name);
        let mut item = item(
            letter(base_is).map(|content| base(content, 1)),
            letter(local_is).map(|content| local(content, 1, false)),
            letter(remote_is).map(|content| remote(content, 1, false)),
        );
        item.set_index_entry(letter(base_is).map(|content| base(content, 1)).as_ref());
        let mut asked = Vec::new();
        loop {
            match decide(&item, false) {
                Verdict::Decided(decision) => return decision.action,
                Verdict::Ask(question) => {
                    assert!(!asked.contains(&question), "{question:?} asked twice");
                    asked.push(question);
                    match question {
                        Question::HashLocal => item.local = Some(local(local_is, 1, true)),
                        Question::HashRemote => item.remote = Some(remote(remote_is, 1, true)),
                    }
                }
            }
        }
    }

    #[test]
    fn every_combination_of_three_contents_and_nothing() {
        use Action::{Adopt, Conflict, DeleteLocal, DeleteRemote, Forget, Pull, Push};
        // base, local, remote: `-` is nothing.
        let table = [
            ("---", None),
            ("--A", Some(Pull)),
            ("-A-", Some(Push)),
            ("-AA", Some(Adopt)),
            ("-AB", Some(Conflict)),
            ("A--", Some(Forget)),
            ("A-A", Some(DeleteRemote)),
            ("A-B", Some(Conflict)),
            ("AA-", Some(DeleteLocal)),
            ("AAA", None),
            ("AAB", Some(Pull)),
            ("AB-", Some(Conflict)),
            ("ABA", Some(Push)),
            ("ABB", Some(Adopt)),
            ("ABC", Some(Conflict)),
        ];
        let letters = ['-', 'A', 'B', 'C'];
        let mut seen = 0;
        for base_is in letters {
            for local_is in letters {
                for remote_is in letters {
                    // The table names contents by order of appearance; find the row that this combination is.
                    let mut names = Vec::new();
                    let row: String = [base_is, local_is, remote_is]
                        .into_iter()
                        .map(|content| match content {
                            '-' => '-',
                            _ => {
                                let at = names.iter().position(|name| *name == content).unwrap_or_else(|| {
                                    names.push(content);
                                    names.len() - 1
                                });
                                ['A', 'B', 'C'][at]
                            }
                        })
                        .collect();
                    let expected = table.iter().find(|(name, _)| *name == row).unwrap().1;
                    assert_eq!(settle(base_is, local_is, remote_is), expected, "{base_is}{local_is}{remote_is}");
                    seen += 1;
                }
            }
        }
        assert_eq!(seen, 64);
    }

    #[test]
    fn a_touched_file_is_hashed_and_recorded_and_never_pushed() {
        let mut touched = local('A', 1, false);
        touched.stat.mtime_ns += 1;
        let mut it = item(Some(base('A', 1)), Some(touched.clone()), Some(remote('A', 1, false)));
        assert_eq!(decide(&it, false), Verdict::Ask(Question::HashLocal));
        touched.content = Some(LocalContent { sha256: sum('A'), matches_etag: false });
        it.local = Some(touched);
        let Verdict::Decided(decision) = decide(&it, false) else { panic!("still asks") };
        assert_eq!((decision.local, decision.action), (State::Unchanged, Some(Action::Adopt)));
    }

    #[test]
    fn a_racy_file_is_hashed_though_its_stat_is_the_same() {
        let racy = Local { racy: true, ..local('A', 1, false) };
        let it = item(Some(base('A', 1)), Some(racy), Some(remote('A', 1, false)));
        assert_eq!(decide(&it, false), Verdict::Ask(Question::HashLocal));
    }

    #[test]
    fn what_the_remote_index_lost_is_recorded_again() {
        let mut later = base('A', 1);
        later.remote_timestamp = Some(66);
        for (told, action) in [
            (Some(base('A', 1)), None),
            (None, Some(Action::Adopt)),
            (Some(base('B', 1)), Some(Action::Adopt)),
            (Some(later), Some(Action::Adopt)),
        ] {
            let mut it = item(Some(base('A', 1)), Some(local('A', 1, false)), Some(remote('A', 1, false)));
            it.set_index_entry(told.as_ref());
            let Verdict::Decided(decision) = decide(&it, false) else { panic!("asks") };
            assert_eq!(
                (decision.local, decision.remote, decision.action),
                (State::Unchanged, State::Unchanged, action)
            );
        }
    }

    #[test]
    fn another_size_needs_no_hash() {
        let it = item(Some(base('A', 1)), Some(local('B', 2, false)), Some(remote('A', 1, false)));
        assert!(matches!(decide(&it, false), Verdict::Decided(Decision { action: Some(Action::Push), .. })));
        let it = item(None, Some(local('A', 1, false)), Some(remote('B', 2, false)));
        assert!(matches!(decide(&it, false), Verdict::Decided(Decision { action: Some(Action::Conflict), .. })));
    }

    #[test]
    fn an_etag_that_is_the_files_md5_proves_equal_content() {
        let mut file = local('A', 1, true);
        file.content = Some(LocalContent { sha256: sum('A'), matches_etag: true });
        let it = item(None, Some(file), Some(remote('B', 1, false)));
        assert!(matches!(decide(&it, false), Verdict::Decided(Decision { action: Some(Action::Adopt), .. })));
    }

    #[test]
    fn a_new_etag_of_known_equal_content_is_not_fetched() {
        let mut object = remote('B', 1, false);
        object.sha256 = Some(sum('A'));
        let it = item(Some(base('A', 1)), Some(local('A', 1, false)), Some(object));
        assert!(matches!(decide(&it, false), Verdict::Decided(Decision { action: Some(Action::Adopt), .. })));
    }

    #[test]
    fn a_tombstone_is_no_base() {
        let it = item(Some(base('A', 1).tombstone(5)), None, Some(remote('A', 1, false)));
        assert!(matches!(decide(&it, false), Verdict::Decided(Decision { action: Some(Action::Pull), .. })));
    }

    mod s4_0_4 {
        use super::*;

        /// What S4 0.4 leaves behind: two timestamps on each side, nothing else. `md5`: an ETag of MD5 form.
        fn taken_over(version: i64, modified: i64, md5: bool) -> Item {
            let second = i64::from(u32::from('A'));
            let entry = Entry { local_timestamp: Some(second), remote_timestamp: Some(7), ..Entry::default() };
            let indexed =
                Entry { local_timestamp: Some(modified), remote_timestamp: Some(version), ..Entry::default() };
            let mut object = remote('A', 1, false);
            object.etag = if md5 { ETag::new("d41d8cd98f00b204e9800998ecf8427e") } else { etag('A') };
            let mut it = item(Some(entry), Some(local('A', 1, false)), Some(object));
            it.set_index_entry(Some(&indexed));
            it
        }

        fn hashed(mut it: Item, matches_etag: bool) -> Verdict {
            assert_eq!(decide(&it, false), Verdict::Ask(Question::HashLocal));
            it.local.as_mut().unwrap().content = Some(LocalContent { sha256: sum('A'), matches_etag });
            decide(&it, false)
        }

        #[test]
        fn what_it_synced_is_taken_over_by_hash_alone() {
            let modified = i64::from(u32::from('A'));
            for (md5, matches) in [(true, true), (false, false)] {
                let verdict = hashed(taken_over(7, modified, md5), matches);
                assert!(matches!(verdict, Verdict::Decided(Decision { action: Some(Action::Adopt), .. })), "{md5}");
            }
        }

        #[test]
        fn what_it_left_differing_is_looked_at_before_a_person_is_asked() {
            let it = taken_over(7, i64::from(u32::from('A')), true);
            assert_eq!(hashed(it, false), Verdict::Ask(Question::HashRemote));
        }

        #[test]
        fn an_update_that_it_made_elsewhere_is_pulled() {
            let modified = i64::from(u32::from('A'));
            for it in [taken_over(8, modified, true), taken_over(7, modified - 1, true)] {
                assert!(matches!(decide(&it, false), Verdict::Decided(Decision { action: Some(Action::Pull), .. })));
            }
        }

        #[test]
        fn an_edit_after_its_last_sync_is_pushed() {
            let mut it = taken_over(7, i64::from(u32::from('A')), true);
            it.local.as_mut().unwrap().stat.mtime_ns += 1_000_000_000;
            assert!(matches!(decide(&it, false), Verdict::Decided(Decision { action: Some(Action::Push), .. })));
        }
    }

    mod ignored {
        use super::*;

        fn ignored(base_is: Option<Entry>, object: Option<Remote>, keep: bool) -> Option<Action> {
            let mut it = item(base_is, None, object);
            it.ignored = true;
            match decide(&it, keep) {
                Verdict::Decided(decision) => decision.action,
                Verdict::Ask(question) => panic!("asks {question:?}"),
            }
        }

        #[test]
        fn what_was_synced_leaves_the_bucket_and_nothing_else_is_touched() {
            let base_a = || Some(base('A', 1));
            let object = |content| Some(remote(content, 1, false));
            assert_eq!(ignored(base_a(), object('A'), false), Some(Action::DeleteRemote));
            assert_eq!(ignored(base_a(), object('A'), true), Some(Action::Forget));
            assert_eq!(ignored(base_a(), object('B'), false), Some(Action::Forget));
            assert_eq!(ignored(base_a(), None, false), Some(Action::Forget));
            assert_eq!(ignored(None, object('A'), false), None);
        }
    }
}
