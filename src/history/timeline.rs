//! Versions put in order. Pure.
//!
//! Servers tell times in whole seconds, many of them, and versions apart from deletions. So of two that are of one second it is
//! known which is current, and nothing else: then a content counts as later than a deletion, which loses nothing.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::key;
use crate::remote::Version;

/// Whether a name is that of a file: not one of s4's own, and no folder's.
pub fn is_ours(name: &str) -> bool {
    !name.ends_with('/') && !key::is_reserved(name)
}

/// The order of the versions of a key.
pub fn newest_first(one: &Version, other: &Version) -> Ordering {
    let rank = |version: &Version| (version.is_current, version.modified_ns, version.content.is_some());
    rank(other).cmp(&rank(one))
}

/// The versions of each key that is a file's, newest first.
pub fn by_key(versions: impl IntoIterator<Item = Version>) -> BTreeMap<Box<str>, Vec<Version>> {
    let mut keys: BTreeMap<Box<str>, Vec<Version>> = BTreeMap::new();
    for version in versions.into_iter().filter(|version| is_ours(&version.name)) {
        keys.entry(version.name.clone()).or_default().push(version);
    }
    // The sort is stable: where nothing else tells, the order is the server's, which has the newest first as well.
    keys.values_mut().for_each(|versions| versions.sort_by(newest_first));
    keys
}

/// What there was of a key at a moment, in seconds since the epoch; `None`: nothing was ever written before. A deletion is a
/// version without content.
pub fn as_of(versions: &[Version], seconds: i64) -> Option<&Version> {
    versions.iter().find(|version| version.seconds() <= seconds)
}

/// The newest versions of all keys, as they come in whatever order.
#[derive(Debug)]
pub struct Newest {
    limit: usize,
    kept: Vec<Version>,
}

impl Newest {
    /// Keeps so many.
    pub fn new(limit: usize) -> Newest {
        Newest { limit, kept: Vec::new() }
    }

    /// Takes versions in; those that are too old already are let go of.
    pub fn take(&mut self, versions: impl IntoIterator<Item = Version>) {
        /// How many may be too many, so that not every page is sorted.
        const SLACK: usize = 10_000;
        self.kept.extend(versions.into_iter().filter(|version| is_ours(&version.name)));
        if self.kept.len() > self.limit.saturating_add(SLACK) {
            self.cut();
        }
    }

    /// The newest ones, newest first.
    pub fn finish(mut self) -> Vec<Version> {
        self.cut();
        self.kept
    }

    fn cut(&mut self) {
        self.kept.sort_by(|one, other| {
            let by_time = other.seconds().cmp(&one.seconds());
            by_time.then_with(|| one.name.cmp(&other.name)).then_with(|| newest_first(one, other))
        });
        self.kept.truncate(self.limit);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::content::ETag;
    use crate::remote::Stored;

    /// A version that was written at a second; a letter is its content, and a space its deletion.
    pub(in super::super) fn version(name: &str, letter: char, second: i64, is_current: bool) -> Version {
        let stored = Stored { size: 1, etag: ETag::new(&format!("etag-{letter}")), storage_class: None };
        Version {
            name: name.into(),
            id: format!("{letter}{second}").into(),
            modified_ns: i128::from(second) * 1_000_000_000 + 500_000_000,
            is_current,
            content: (letter != ' ').then_some(stored),
        }
    }

    fn ids(versions: &[Version]) -> Vec<&str> {
        versions.iter().map(|version| &*version.id).collect()
    }

    #[test]
    fn the_current_one_is_the_newest_whatever_the_clock_says() {
        let rows = [version("k", 'A', 30, false), version("k", 'C', 10, true), version("k", ' ', 30, false)];
        assert_eq!(ids(&by_key(rows)["k"]), ["C10", "A30", " 30"]);
    }

    #[test]
    fn what_there_was_is_the_last_thing_that_happened_before() {
        let rows = by_key([version("k", 'A', 10, false), version("k", ' ', 20, false), version("k", 'B', 30, true)]);
        let at = |second| as_of(&rows["k"], second).map(|version| &*version.id);
        // A second is all of it: 10.5 was shown as 10.
        for (second, id) in [(9, None), (10, Some("A10")), (19, Some("A10")), (20, Some(" 20")), (99, Some("B30"))] {
            assert_eq!(at(second), id, "{second}");
        }
    }

    #[test]
    fn what_is_nobodys_file_has_no_history() {
        let rows = [".index", ".s4/log", "a/", "a/.index"].map(|name| version(name, 'A', 1, true));
        assert_eq!(by_key(rows.clone()).keys().map(|name| &**name).collect::<Vec<_>>(), ["a/.index"]);
        let mut newest = Newest::new(9);
        newest.take(rows);
        assert_eq!(newest.finish().len(), 1);
    }

    proptest! {
        #[test]
        fn the_newest_are_the_same_however_they_come(
            rows in proptest::collection::vec(("[a-c]", 0..20_i64), 0..60), limit in 1..20_usize, page in 1..9_usize,
        ) {
            let rows: Vec<Version> = rows.iter().map(|(name, second)| version(name, 'A', *second, false)).collect();
            let mut newest = Newest::new(limit);
            rows.chunks(page).for_each(|page| newest.take(page.to_vec()));
            let found = newest.finish();
            prop_assert_eq!(found.len(), limit.min(rows.len()));
            prop_assert!(found.is_sorted_by_key(|version| std::cmp::Reverse(version.seconds())));
            let oldest = found.last().map_or(0, Version::seconds);
            prop_assert!(rows.iter().filter(|version| version.seconds() > oldest).count() <= limit);
        }
    }
}
