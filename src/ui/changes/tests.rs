use super::*;
use crate::key::Key;
use crate::reconcile::testing::{base, item, local, remote};
use crate::reconcile::{Decision, Item, Problem, ProblemKind, Source};

fn planned(key: &str, action: Action, (here, there): (State, State), item: Item) -> Planned {
    let decision = Decision { local: here, remote: there, action: Some(action) };
    let item = Item { key: Key::parse(key).unwrap(), ..item };
    Planned { item, decision, action, source: None, renamed: false }
}

fn new_here(key: &str) -> Planned {
    let new = item(None, Some(local('A', 10, true)), None);
    planned(key, Action::Push, (State::Created, State::Absent), new)
}

fn edited_there(key: &str) -> Planned {
    let edited = item(Some(base('A', 1)), Some(local('A', 1, true)), Some(remote('B', 2, true)));
    planned(key, Action::Pull, (State::Unchanged, State::Updated), edited)
}

fn gone_here(key: &str) -> Planned {
    let gone = item(Some(base('A', 1)), None, Some(remote('A', 1, true)));
    planned(key, Action::DeleteRemote, (State::Deleted, State::Unchanged), gone)
}

fn conflicting(key: &str) -> Planned {
    let both = item(Some(base('A', 1)), None, Some(remote('C', 1, true)));
    planned(key, Action::Conflict, (State::Deleted, State::Updated), both)
}

fn renamed(old: &str, new: &str) -> [Planned; 2] {
    let gone = Planned { renamed: true, ..gone_here(old) };
    let source = Source { item: Box::new(gone.item.clone()), stays: false };
    [gone, Planned { source: Some(source), ..new_here(new) }]
}

fn one_of_each() -> Vec<Planned> {
    let mut planned = vec![new_here("new"), edited_there("edited"), gone_here("go\u{1b}ne"), conflicting("both")];
    planned.extend(renamed("old", "a/new name"));
    planned.push(Planned { action: Action::Adopt, ..edited_there("same") });
    planned
}

fn left_alone() -> Summary {
    let problem = Problem { name: "odd".to_owned(), raw: None, kind: ProblemKind::Unnameable, why: "so".to_owned() };
    Summary { problems: vec![problem], ignored: 3, ..Summary::default() }
}

fn changes<'a>(planned: &'a [Planned], summary: &'a Summary) -> Changes<'a> {
    Changes { target: "docs", planned, summary, all: false, ignored: false, looks: Looks::PLAIN }
}

#[test]
fn everything_has_its_section_and_its_reason() {
    let (planned, summary) = (one_of_each(), left_alone());
    let text = Changes { ignored: true, ..changes(&planned, &summary) }.long();
    assert_eq!(
        text,
        "docs: 2 to push (10 B), 1 to pull (2 B), 1 to delete in the bucket, 1 in conflict, 3 names ignored\n\
         \nTo push:\n    new:     new\n    renamed: old -> a/new name\n\
         \nTo pull:\n    modified: edited\n\
         \nTo delete in the bucket:\n    deleted: go\\u{1b}ne\n\
         \nConflicts, to answer by 's4 resolve':\n    deleted here, modified there: both\n\
         \nLeft alone:\n    odd: so\n"
    );
    let nothing = Summary::default();
    assert_eq!(changes(&[], &nothing).long(), "docs: nothing differs\n");
}

#[test]
fn two_letters_tell_what_became_of_file_and_object() {
    let (planned, summary) = (one_of_each(), left_alone());
    assert_eq!(
        changes(&planned, &summary).short(),
        "A  new\n M edited\nD  go\\u{1b}ne\nDM both\nR  old -> a/new name\n!! odd\n"
    );
    let ignored = Item { ignored: true, ..gone_here("x").item };
    let ignored = [planned_ignored(ignored)];
    assert_eq!(changes(&ignored, &Summary::default()).short(), "I  x\n");
    assert!(changes(&ignored, &Summary::default()).long().ends_with("    ignored: x\n"));
}

fn planned_ignored(item: Item) -> Planned {
    Planned { item, ..gone_here("x") }
}

#[test]
fn much_is_shown_by_folder_unless_all_is_wanted() {
    let mut planned: Vec<Planned> = (0..30).map(|number| new_here(&format!("a/{number}"))).collect();
    planned.extend((0..1_200).map(|number| edited_there(&format!("b/c/{number}"))));
    planned.push(new_here("b/c/new"));
    planned.push(new_here("top"));
    let summary = Summary::default();
    let text = changes(&planned, &summary).long();
    assert_eq!(
        text,
        "docs: 32 to push (320 B), 1,200 to pull (2.3 KiB)\n\
         \nTo push:\n    new: top\n    a/: 30 new\n    new: b/c/new\n\
         \nTo pull:\n    b/c/: 1,200 modified\n\
         \nThis is by folder; --all lists everything\n"
    );
    let all = Changes { all: true, ..changes(&planned, &summary) }.long();
    assert!(all.contains("    modified: b/c/1199\n") && !all.contains("--all"), "{all}");
}

#[test]
fn lines_fit_a_narrow_terminal() {
    let long = "a long name/".repeat(8) + "file";
    let (mut planned, summary) = (one_of_each(), left_alone());
    planned.push(new_here(&long));
    let text = Changes { looks: Looks { width: Some(40), ..Looks::PLAIN }, ..changes(&planned, &summary) }.long();
    assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
}
