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
        assert_eq!((decision.local, decision.remote, decision.action), (State::Unchanged, State::Unchanged, action));
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
        let indexed = Entry { local_timestamp: Some(modified), remote_timestamp: Some(version), ..Entry::default() };
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

/// A side's link to a path of the bytes that stand for the content.
fn link(mut item: Item, here: bool, there: Option<bool>) -> Item {
    if let Some(local) = item.local.as_mut().filter(|_| here) {
        local.stat.mode = crate::content::LINK_MODE;
    }
    if let Some(remote) = &mut item.remote {
        remote.link = there;
    }
    item
}

#[test]
fn a_file_and_a_link_of_the_same_bytes_are_two_contents() {
    let created = || item(None, Some(local('A', 1, true)), Some(remote('A', 1, true)));
    let synced = || item(Some(base('A', 1)), Some(local('A', 1, true)), Some(remote('A', 1, true)));
    for (item, action) in [
        (link(created(), true, Some(true)), Some(Action::Adopt)),
        (link(created(), true, Some(false)), Some(Action::Conflict)),
        (link(created(), false, Some(true)), Some(Action::Conflict)),
        (link(synced(), true, Some(false)), Some(Action::Push)),
        (link(synced(), false, Some(true)), Some(Action::Pull)),
        (link(synced(), true, Some(true)), Some(Action::Adopt)),
    ] {
        let Verdict::Decided(decision) = decide(&item, false) else { panic!("{item:?}") };
        assert_eq!(decision.action, action, "{item:?}");
    }
    // What nothing tells of an object is asked.
    let mut unknown = link(created(), true, None);
    unknown.remote.as_mut().unwrap().asked = false;
    assert_eq!(decide(&unknown, false), Verdict::Ask(Question::HashRemote));
}

#[test]
fn what_is_not_carried_here_is_left_alone_whatever_the_sides_are() {
    for (local, remote) in [(None, Some(remote('B', 1, true))), (Some(local('C', 1, true)), Some(remote('B', 1, true)))]
    {
        let item = Item { foreign: true, ..item(Some(base('A', 1)), local, remote) };
        let Verdict::Decided(decision) = decide(&item, false) else { panic!("{item:?}") };
        assert_eq!(decision.action, None);
    }
}

#[test]
fn of_a_folders_marker_there_is_nothing_to_edit_and_no_conflict() {
    let marker = |base_is: Option<Entry>, here: bool, there: Option<Remote>| {
        let local = here.then(|| Local { stat: crate::local::Stat::default(), ..local('E', 0, true) });
        let mut item = item(base_is, local, there);
        item.key = crate::key::Key::parse_any("folder/").unwrap();
        item
    };
    let base = || {
        let mut base = base('E', 0);
        base.set_stat(&crate::local::Stat::default());
        Some(base)
    };
    let (same, other) = (|| Some(remote('E', 0, true)), || Some(remote('X', 9, false)));
    for (item, action) in [
        (marker(None, true, None), Some(Action::Push)),
        (marker(None, false, other()), Some(Action::Pull)),
        (marker(None, true, other()), Some(Action::Adopt)),
        (marker(base(), true, other()), Some(Action::Adopt)),
        (marker(base(), true, None), Some(Action::DeleteLocal)),
        (marker(base(), false, same()), Some(Action::DeleteRemote)),
        (marker(base(), false, other()), Some(Action::DeleteRemote)),
        (marker(base(), false, None), Some(Action::Forget)),
    ] {
        let Verdict::Decided(decision) = decide(&item, false) else { panic!("{item:?}") };
        assert_eq!(decision.action, action, "{item:?}");
    }
}
