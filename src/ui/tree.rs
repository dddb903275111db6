//! Keys as a tree of folders, drawn with lines.

use super::ls::{Facts, Options};
use crate::engine::{Known, Standing};

/// A line of a tree.
pub(super) struct Branch<'a> {
    /// What is drawn before the name.
    pub(super) lead: String,
    /// The name; that of a folder ends in `/`.
    pub(super) name: String,
    /// The key that it is, if it is no folder.
    pub(super) leaf: Option<&'a Known>,
    /// Its size and its times; of a folder, the sum and the latest ones of what is in it.
    pub(super) facts: Facts,
    /// How many files are in it that are not gone.
    pub(super) files: u64,
    /// How many of them a sync would do something about.
    pub(super) differing: u64,
}

/// How the lines are drawn: before one that others follow, before the last one, and below each of the two.
struct Lines {
    fork: &'static str,
    end: &'static str,
    on: &'static str,
    off: &'static str,
}

const UNICODE: Lines = Lines { fork: "├── ", end: "└── ", on: "│   ", off: "    " };
const ASCII: Lines = Lines { fork: "|-- ", end: "`-- ", on: "|   ", off: "    " };

/// The tree of keys below the folder `root`, as lines from its top on. The names of all begin with `prefix`; they may come in any order.
pub(super) fn branches<'a>(
    known: &[&'a Known],
    (root, prefix): (&str, &str),
    options: &Options,
    unicode: bool,
) -> Vec<Branch<'a>> {
    let mut known = known.to_vec();
    // What is in a folder stands together then.
    known.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    let mut drawn = vec![branch(root, &known, None)];
    let lines = if unicode { &UNICODE } else { &ASCII };
    draw(&known, prefix.len(), "", (options, lines), &mut drawn);
    drawn
}

/// Draws what is in a folder; the names of all begin with the same `begun` bytes, `lead` is what stands below the folder's own line.
fn draw<'a>(
    known: &[&'a Known],
    begun: usize,
    lead: &str,
    (options, lines): (&Options, &Lines),
    drawn: &mut Vec<Branch<'a>>,
) {
    let mut members: Vec<(Branch<'a>, &[&'a Known])> = known
        .chunk_by(|one, other| member(one, begun) == member(other, begun))
        .map(|inside| {
            let name = member(inside[0], begun);
            (branch(name, inside, Some(inside[0]).filter(|_| !name.ends_with('/'))), inside)
        })
        .collect();
    members.sort_by(|(one, _), (other, _)| options.order((&one.facts, &one.name), (&other.facts, &other.name)));
    let last = members.len().saturating_sub(1);
    for (at, (branch, inside)) in members.into_iter().enumerate() {
        let (here, below) = if at == last { (lines.end, lines.off) } else { (lines.fork, lines.on) };
        let (is_folder, deeper) = (branch.leaf.is_none(), begun + branch.name.len());
        drawn.push(Branch { lead: format!("{lead}{here}"), ..branch });
        if is_folder {
            draw(inside, deeper, &format!("{lead}{below}"), (options, lines), drawn);
        }
    }
}

/// The next part of a name; that of a folder ends in `/`.
fn member(known: &Known, begun: usize) -> &str {
    let rest = known.name.get(begun..).unwrap_or_default();
    &rest[..rest.find('/').map_or(rest.len(), |at| at + 1)]
}

fn branch<'a>(name: &str, inside: &[&'a Known], leaf: Option<&'a Known>) -> Branch<'a> {
    let there = || inside.iter().filter(|known| known.standing != Standing::Deleted);
    let latest = |time: fn(&Known) -> Option<i64>| inside.iter().filter_map(|known| time(known)).max();
    let differs = |known: &&&Known| matches!(known.standing, Standing::Planned(_) | Standing::LeftAlone);
    let facts = Facts {
        local: latest(Known::local_time),
        s3: latest(Known::s3_time),
        size: there().filter_map(|known| known.size()).fold(0, u64::saturating_add),
    };
    let (files, differing) = (there().count() as u64, there().filter(differs).count() as u64);
    Branch { lead: String::new(), name: name.to_owned(), leaf, facts, files, differing }
}

#[cfg(test)]
mod tests {
    use s4_commands::porcelain::ls::SortBy;

    use super::super::ls::testing::known;
    use super::*;

    fn drawn(names: &[&str], place: (&str, &str), options: &Options, unicode: bool) -> String {
        let known: Vec<Known> = names.iter().enumerate().map(|(at, name)| known(name, at as u64 + 1)).collect();
        let known: Vec<&Known> = known.iter().collect();
        let line = |branch: &Branch<'_>| {
            let files = if branch.leaf.is_some() { String::new() } else { format!("{} files, ", branch.files) };
            format!("{}{} ({files}{} B)\n", branch.lead, branch.name, branch.facts.size)
        };
        branches(&known, place, options, unicode).iter().map(line).collect()
    }

    const NAMES: [&str; 6] = ["sub/deep/z", "a", "a/b", "a-b", "sub/y", "sub/deep/w"];

    #[test]
    fn folders_have_what_is_in_them_below_and_in_all() {
        let options = Options { sort_by: SortBy::Key, descending: false, long: false };
        assert_eq!(
            drawn(&NAMES, ("docs", ""), &options, true),
            "docs (6 files, 21 B)\n├── a (2 B)\n├── a-b (4 B)\n├── a/ (1 files, 3 B)\n│   └── b (3 B)\n└── sub/ (3 files, 12 \
             B)\n    ├── deep/ (2 files, 7 B)\n    │   ├── w (6 B)\n    │   └── z (1 B)\n    └── y (5 B)\n"
        );
        assert_eq!(
            drawn(&["sub/deep/z", "sub/y"], ("sub/", "sub/"), &options, false),
            "sub/ (2 files, 3 B)\n|-- deep/ (1 files, 1 B)\n|   `-- z (1 B)\n`-- y (2 B)\n"
        );
        assert_eq!(drawn(&[], ("docs", ""), &options, true), "docs (0 files, 0 B)\n");
    }

    #[test]
    fn what_is_in_a_folder_is_in_order_and_a_folder_stands_by_its_sum() {
        let options = Options { sort_by: SortBy::Size, descending: true, long: false };
        let text = drawn(&NAMES, ("docs", ""), &options, false);
        let order: Vec<&str> = text.lines().map(|line| line.trim_start_matches(['|', '`', '-', ' '])).collect();
        let names: Vec<&str> = order.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(names, ["docs", "sub/", "deep/", "w", "z", "y", "a-b", "a/", "b", "a"]);
    }

    #[test]
    fn names_that_no_folder_can_hold_have_a_place_as_well() {
        let options = Options { sort_by: SortBy::Key, descending: false, long: false };
        let text = drawn(&["/etc", "a//b", "../x"], ("docs", ""), &options, false);
        assert_eq!(text.lines().filter(|line| line.ends_with(" B)") && !line.contains("files")).count(), 3, "{text}");
    }
}
