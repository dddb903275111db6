//! How the times of new objects are learnt: for the ledger, which learns them, and for whoever foretells what that costs.

use std::collections::BTreeSet;

use crate::index::Index;
use crate::key;

/// A HEAD costs a twelfth of a LIST, so this many keys on one page are worth listing it.
const HEADS_PER_LIST: usize = 12;
/// Keys on a page of a listing.
pub(super) const PAGE: u16 = 1_000;

/// A look at the bucket that tells the times of new objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Asking after one object.
    Head,
    /// A page of a listing, from behind this name on, or from the first; and how many of the new names are on it.
    Page(Option<Box<str>>, usize),
    /// The whole listing, of so many pages.
    Whole(usize),
}

/// The looks that tell of all `new` names in their order: a page where many of them stand close together, else a HEAD each. A
/// server that does not list by the bytes of the names has no page to begin anywhere: there it is all of them, or a HEAD each.
/// `live` are the names that the bucket holds, as far as this machine knows, the new ones among them; both in the order of
/// their bytes.
pub(crate) fn looks<'n>(new: &[&str], by_bytes: bool, live: impl FnOnce() -> Vec<&'n str>) -> Vec<Look> {
    if new.len() < HEADS_PER_LIST {
        return new.iter().map(|_| Look::Head).collect();
    }
    let mut live = live();
    // They stand on the page as well.
    for own in [key::INDEX, key::LOG] {
        if let Err(at) = live.binary_search(&own) {
            live.insert(at, own);
        }
    }
    let page = usize::from(PAGE);
    if !by_bytes {
        let pages = live.len().div_ceil(page);
        let is_worth_it = new.len() >= HEADS_PER_LIST * pages;
        return if is_worth_it { vec![Look::Whole(pages)] } else { new.iter().map(|_| Look::Head).collect() };
    }
    let rank = |name: &str| live.partition_point(|there| *there < name);
    let mut looks = Vec::new();
    let mut at = 0;
    while at < new.len() {
        let first = rank(new[at]);
        let on_page = new[at..].iter().take(page).take_while(|name| rank(name) - first < page).count();
        if on_page < HEADS_PER_LIST {
            looks.push(Look::Head);
            at += 1;
            continue;
        }
        looks.push(Look::Page(first.checked_sub(1).map(|before| live[before].into()), on_page));
        at += on_page;
    }
    looks
}

/// The names that an index says are in the bucket.
pub(crate) fn live_names(index: &Index) -> impl Iterator<Item = &str> {
    index.entries().iter().filter(|(_, entry)| !entry.is_tombstone()).map(|(name, _)| &**name)
}

/// As [`looks`], of names in any order: how many HEADs and how many LISTs it takes.
pub(crate) fn cost_of_looks<'n>(
    new: BTreeSet<&'n str>,
    by_bytes: bool,
    live: impl Iterator<Item = &'n str>,
) -> (u64, u64) {
    let names: Vec<&str> = new.iter().copied().collect();
    let looks = looks(&names, by_bytes, || live.chain(new).collect::<BTreeSet<_>>().into_iter().collect());
    looks.iter().fold((0, 0), |(heads, lists), look| match look {
        Look::Head => (heads + 1, lists),
        Look::Page(..) => (heads, lists + 1),
        Look::Whole(pages) => (heads, lists + *pages as u64),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(range: std::ops::Range<usize>) -> Vec<String> {
        range.map(|number| format!("{number:06}")).collect()
    }

    fn cost(new: &[String], old: &[String]) -> (u64, u64) {
        cost_of_looks(new.iter().map(String::as_str).collect(), true, old.iter().map(String::as_str))
    }

    #[test]
    fn few_are_asked_after_and_many_are_listed() {
        assert_eq!(cost(&names(0..11), &[]), (11, 0));
        assert_eq!(cost(&names(0..12), &[]), (0, 1));
        assert_eq!(cost(&names(0..1_000), &[]), (0, 1));
        assert_eq!(cost(&names(0..1_001), &[]), (1, 1));
        // The index and its log stand between them, and take a place each.
        assert_eq!(cost(&[&["!".to_owned()], &names(0..997)[..]].concat(), &[]), (0, 1));
        assert_eq!(cost(&[&["!".to_owned()], &names(0..998)[..]].concat(), &[]), (1, 1));
        assert_eq!(cost(&names(0..1_500), &[]), (0, 2));
    }

    #[test]
    fn what_is_spread_among_many_is_asked_after() {
        let spread: Vec<String> = (0..40).map(|number| format!("{:06}", number * 500)).collect();
        assert_eq!(cost(&spread, &names(0..20_000)), (40, 0));
        assert_eq!(cost(&names(5_000..5_040), &names(0..20_000)), (0, 1));
    }

    #[test]
    fn where_no_page_can_begin_anywhere_all_is_listed_or_each_is_asked_after() {
        let cost = |new: &[String], old: &[String]| {
            cost_of_looks(new.iter().map(String::as_str).collect(), false, old.iter().map(String::as_str))
        };
        assert_eq!(cost(&names(0..11), &[]), (11, 0));
        assert_eq!(cost(&names(0..12), &[]), (0, 1));
        assert_eq!(cost(&names(0..998), &[]), (0, 1));
        assert_eq!(cost(&names(0..999), &[]), (0, 2));
        assert_eq!(cost(&names(5_000..5_239), &names(0..19_998)), (239, 0));
        assert_eq!(cost(&names(5_000..5_240), &names(0..19_998)), (0, 20));
    }

    #[test]
    fn a_page_begins_behind_the_name_before() {
        let (new, old) = (names(100..120), names(0..200));
        let new: Vec<&str> = new.iter().map(String::as_str).collect();
        let looks = looks(&new, true, || old.iter().map(String::as_str).collect());
        assert_eq!(looks, [Look::Page(Some("000099".into()), 20)]);
    }
}
