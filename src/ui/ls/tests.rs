use proptest::prelude::*;

use super::super::width::width;
use super::testing::known;
use super::*;

const OPTIONS: Options = Options { sort_by: SortBy::Key, descending: false, long: false };

/// One of each kind.
fn some() -> Vec<Known> {
    let pushed = Known { standing: Standing::Planned(Action::Push), object: None, ..known("sub/deep/new\u{7}", 5) };
    let gone = Known { standing: Standing::Deleted, file: None, object: None, ..known("gone", 99) };
    let theirs = Known { standing: Standing::Planned(Action::DeleteRemote), file: None, ..known("sub/there", 1536) };
    vec![theirs, gone, pushed, known("a", 1_289_748)]
}

fn shown(known: &[Known], options: &Options, looks: &Looks) -> String {
    let mut known: Vec<&Known> = known.iter().collect();
    options.sort(&mut known);
    list(&known, options, looks)
}

#[test]
fn each_key_has_a_line_and_the_last_one_sums_up() {
    assert_eq!(
        shown(&some(), &OPTIONS, &Looks::PLAIN),
        "\
key                size     local                 s3                    state
-----------------  -------  --------------------  --------------------  ------------
a                  1.2 MiB  1970-01-01T00:01:05Z  1970-01-01T00:01:30Z  in sync
gone               99 B                                                 deleted
sub/deep/new\\u{7}  5 B      1970-01-01T00:01:05Z                        to push
sub/there          1.5 KiB                        1970-01-01T00:01:30Z  delete there

3 files, 1.2 MiB"
    );
    let long = Options { long: true, ..OPTIONS };
    let bytes = Looks { bytes: true, ..Looks::PLAIN };
    let text = shown(&some()[..1], &long, &bytes);
    assert!(text.contains("  delete there  1536 B         v1       abababababab\n"), "{text}");
    assert!(text.ends_with("\n1 file, 1536 B"), "{text}");
    assert_eq!(shown(&[], &OPTIONS, &Looks::PLAIN).lines().last(), Some("0 files, 0 B"));
}

#[test]
fn a_terminal_is_told_how_long_ago_and_times_go_first_where_it_is_narrow() {
    let on = |width| Looks { now: Some(125), terminal: true, width: Some(width), ..Looks::PLAIN };
    assert_eq!(
        shown(&some(), &OPTIONS, &on(80)),
        "\
key                   size  local         s3              state
-----------------  -------  ------------  --------------  ------------
a                  1.2 MiB  1 minute ago  35 seconds ago  in sync
gone                  99 B                                deleted
sub/deep/new\\u{7}      5 B  1 minute ago                  to push
sub/there          1.5 KiB                35 seconds ago  delete there

3 files, 1.2 MiB"
    );
    let headings = |width| shown(&some(), &OPTIONS, &on(width)).lines().next().unwrap().to_owned();
    assert_eq!(headings(57), "key                   size  local         state");
    assert_eq!(headings(40), "key                   size  state");
    assert_eq!(headings(36), "key                state");
    assert_eq!(headings(16), "key");
}

#[test]
fn every_column_sorts_both_ways() {
    let keys = |sort_by, descending| {
        let known = some();
        let mut known: Vec<&Known> = known.iter().collect();
        Options { sort_by, descending, long: false }.sort(&mut known);
        known.into_iter().map(|known| known.name.chars().last().unwrap()).collect::<String>()
    };
    for (sort_by, order) in
        [(SortBy::Key, "ae\u{7}e"), (SortBy::Local, "eea\u{7}"), (SortBy::S3, "e\u{7}ae"), (SortBy::Size, "\u{7}eea")]
    {
        assert_eq!(keys(sort_by, false), order, "{sort_by:?}");
        assert_eq!(keys(sort_by, true), order.chars().rev().collect::<String>(), "{sort_by:?}");
    }
}

#[test]
fn a_tree_has_the_sums_of_its_folders_and_what_differs_in_them() {
    let known = some();
    let known: Vec<&Known> = known.iter().collect();
    assert_eq!(
        tree(&known, ("docs", ""), &OPTIONS, &Looks { unicode: true, ..Looks::PLAIN }),
        "\
key                   files  size     local                 s3                    state
--------------------  -----  -------  --------------------  --------------------  ------------
docs                  3      1.2 MiB  1970-01-01T00:01:05Z  1970-01-01T00:01:30Z  2 differ
├── a                        1.2 MiB  1970-01-01T00:01:05Z  1970-01-01T00:01:30Z  in sync
├── gone                     99 B                                                 deleted
└── sub/              2      1.5 KiB  1970-01-01T00:01:05Z  1970-01-01T00:01:30Z  2 differ
    ├── deep/         1      5 B      1970-01-01T00:01:05Z                        1 differs
    │   └── new\\u{7}         5 B      1970-01-01T00:01:05Z                        to push
    └── there                1.5 KiB                        1970-01-01T00:01:30Z  delete there

3 files, 1.2 MiB"
    );
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_terminal_and_every_key_has_one(
        names in prop::collection::btree_set("[a日]{1,9}(/[ab日-]{1,30}){0,3}", 0..12),
        room in 20..130_usize,
        (long, unicode, absolute) in any::<(bool, bool, bool)>(),
    ) {
        let known: Vec<Known> = names.iter().map(|name| known(name, 1 << name.len().min(40))).collect();
        let known: Vec<&Known> = known.iter().collect();
        let now = Some(i64::MAX / 3).filter(|_| !absolute);
        let looks = Looks { now, terminal: true, width: Some(room), unicode, ..Looks::PLAIN };
        let options = Options { long, ..OPTIONS };
        let flat = list(&known, &options, &looks);
        prop_assert_eq!(flat.lines().count(), known.len() + 4);
        let folders: std::collections::BTreeSet<&str> =
            names.iter().flat_map(|name| name.match_indices('/').map(|(at, _)| &name[..at])).collect();
        let drawn = tree(&known, ("docs", ""), &options, &looks);
        prop_assert_eq!(drawn.lines().count(), known.len() + folders.len() + 5);
        for line in flat.lines().chain(drawn.lines()) {
            prop_assert!(width(line) <= room, "{line:?} takes {}", width(line));
        }
    }
}
