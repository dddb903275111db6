//! The whole listing in ranges, several at once.
//!
//! A listing goes from page to page, each of which says where the next begins: a hundred thousand names are a hundred answers to
//! wait for, one after the other. Names that were there before say where pages can begin. They are positions and nothing
//! else: it does no harm when one is gone, or when many have come between two of them.

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Cursor, Error, Listed, ObjectStore, list_all};
use crate::key::{self, Key};

/// Ranges listed at once.
const AT_ONCE: usize = 32;

/// What s4 has in the bucket beside the files.
const OWN: [&str; 2] = [key::INDEX, key::LOG];

/// Names that cut the bucket's into ranges of a page of `page` each, or of several if there are more of them than are listed at
/// once; none where one page does for all. `names` are those that are known, in the order of their bytes; s4's own index and
/// change log are not among them, and in the bucket.
///
/// The bucket may hold names that nobody here knows, such as the markers of folders. The room that the last page would have left
/// is therefore shared out, and a range of several pages has the room of them all: what does not fit costs a request more.
pub fn cuts<'a>(names: impl Iterator<Item = &'a str> + Clone, page: usize) -> Vec<Box<str>> {
    let number = names.clone().count() + OWN.len();
    let pages = number.div_ceil(page);
    let range = number.div_ceil(pages) * pages.div_ceil(AT_ONCE);
    let (mut cuts, mut in_range, mut last): (Vec<Box<str>>, _, Option<&str>) = (Vec::new(), 0, None);
    let mut own = OWN.into_iter().peekable();
    let mut take = |name: &'a str| {
        // What no server may have taken is no place to begin at.
        let is_place = |last: &&str| key::is_reserved(last) || Key::parse(last).is_ok();
        if in_range >= range
            && let Some(last) = last.filter(is_place)
        {
            cuts.push(last.into());
            in_range = 0;
        }
        in_range += 1;
        last = Some(name);
    };
    for name in names {
        while let Some(own) = own.next_if(|own| *own < name) {
            take(own);
        }
        take(name);
    }
    cuts
}

/// Lists every name below the prefix, ordered by bytes, each once, in the ranges between `cuts`. Where the server's order is
/// another one after all, or it refuses to begin at a cut, all is listed page by page.
///
/// # Errors
///
/// As [`list_all`].
pub async fn list_ranges<S: ObjectStore>(store: &S, cuts: &[Box<str>], page: u16) -> Result<Vec<Listed>, Error> {
    if !cuts.is_empty()
        && let Some(all) = in_ranges(store, cuts, page).await?
    {
        return Ok(all);
    }
    list_all(store).await
}

/// What a range has, and what its last page had beyond its end.
type Range = (Vec<Listed>, Vec<Listed>);

async fn in_ranges<S: ObjectStore>(store: &S, cuts: &[Box<str>], page: u16) -> Result<Option<Vec<Listed>>, Error> {
    let begins = std::iter::once(None).chain(cuts.iter().map(|cut| Some(&**cut)));
    let ends = cuts.iter().map(|cut| Some(&**cut)).chain(std::iter::once(None));
    let ranges = begins.zip(ends).map(|(after, last)| list_range(store, after, last, page));
    let mut ranges = stream::iter(ranges).buffered(AT_ONCE);
    let (mut all, mut beyond): Range = Default::default();
    loop {
        match ranges.try_next().await {
            Ok(Some(Some((mut range, past)))) => {
                all.append(&mut range);
                beyond.extend(past);
            }
            Ok(Some(None)) => return Ok(None),
            Ok(None) => break,
            // Page by page it may be willing.
            Err(Error::Other(_) | Error::NotImplemented(_) | Error::Server(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    // In an order of its own the names beyond a range may be nobody's: but then not all of them are somebody's.
    let is_listed = |row: &Listed| all.binary_search_by(|listed| listed.name.cmp(&row.name)).is_ok();
    Ok(beyond.iter().all(is_listed).then_some(all))
}

/// Lists the names after `after` up to `last`, that one included. `None`: the server does not list by the bytes of the names,
/// or not from where it is told.
async fn list_range<S: ObjectStore>(
    store: &S,
    after: Option<&str>,
    last: Option<&str>,
    limit: u16,
) -> Result<Option<Range>, Error> {
    let mut rows: Vec<Listed> = Vec::new();
    let mut start = after.map(|after| Cursor::After(after.to_owned()));
    loop {
        let mut page = store.list(start.as_ref(), limit).await?;
        let before = rows.last().map(|row| &*row.name).or(after);
        let goes_on = page.objects.first().is_none_or(|row| before.is_none_or(|before| before < &*row.name));
        if !goes_on || !page.objects.is_sorted_by(|a, b| a.name < b.name) {
            return Ok(None);
        }
        let end = last.map_or(page.objects.len(), |last| page.objects.partition_point(|row| &*row.name <= last));
        let beyond = page.objects.split_off(end);
        rows.append(&mut page.objects);
        let is_there = last.is_some_and(|last| rows.last().is_some_and(|row| &*row.name == last));
        match page.next {
            _ if is_there || !beyond.is_empty() => return Ok(Some((rows, beyond))),
            None => return Ok(Some((rows, beyond))),
            // It leads back to where it was.
            next if next == start => return Ok(None),
            next => start = next,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fake::{Fake, Order};
    use super::*;

    /// The rows that a page of the [`Fake`] has.
    const PAGE: usize = 3;

    fn names(rows: &[Listed]) -> Vec<&str> {
        rows.iter().map(|row| &*row.name).collect()
    }

    fn boxed(cuts: &[&str]) -> Vec<Box<str>> {
        cuts.iter().map(|cut| (*cut).into()).collect()
    }

    #[test]
    fn cuts_are_a_page_apart_and_leave_room_for_the_index() {
        let known = ["!", "a", "b", "c", "d", "e", "f", "g"];
        // ! .index .s4/log | a b c | d e f | g
        assert_eq!(cuts(known.into_iter(), 3), boxed(&[key::LOG, "c", "f"]));
        assert_eq!(cuts(known.into_iter(), 2), boxed(&[key::INDEX, "a", "c", "e"]));
        assert_eq!(cuts(known.into_iter(), 10), boxed(&[]));
        // The last page has no more room than the others.
        assert_eq!(cuts(known.into_iter(), 8), boxed(&["b"]));
        assert_eq!(cuts([].into_iter(), 3), boxed(&[]));
    }

    #[test]
    fn many_pages_are_cut_into_ranges_of_several() {
        let known: Vec<String> = (0..98).map(|number| format!("{number:02}")).collect();
        let cuts = |page| cuts(known.iter().map(String::as_str), page);
        // 100 names: 25 pages, 50, 100; but for the first of them, all after the index and the log.
        assert_eq!((cuts(4).len(), &*cuts(4)[1], &*cuts(4)[2]), (24, "05", "09"));
        assert_eq!((cuts(2).len(), &*cuts(2)[1], &*cuts(2)[2]), (24, "05", "09"));
        assert_eq!((cuts(1).len(), &*cuts(1)[1], &*cuts(1)[2]), (24, "05", "09"));
    }

    #[tokio::test]
    async fn names_that_are_not_known_cost_few_requests() {
        // A hundred thousand files where a page has a thousand.
        let known: Vec<String> = (0..300).map(|number| format!("{number:03}")).collect();
        let markers: Vec<String> = (0..100).map(|number| format!("{:03}/", number * 3)).collect();
        for (markers, most) in [(&markers[..0], 101), (&markers[..1], 102), (&markers[..], 101 + 34 + 26)] {
            let there = [key::INDEX, key::LOG].into_iter();
            let there = there.chain(known.iter().chain(markers).map(String::as_str)).collect::<Vec<_>>();
            let fake = Fake::listing(&there, Order::Ascending);
            let cuts = cuts(known.iter().map(String::as_str), PAGE);
            assert_eq!(list_ranges(&fake, &cuts, 1_000).await.unwrap().len(), there.len());
            let made = fake.log().len();
            assert!(made <= most, "{made} requests for {} names that are not known", markers.len());
        }
    }

    #[tokio::test]
    async fn an_unchanged_bucket_takes_a_request_a_page() {
        let known = ["a", "b", "c", "d", "e", "f", "g"];
        let there: Vec<&str> = [".index"].into_iter().chain(known).collect();
        let fake = Fake::listing(&there, Order::Ascending);
        let cuts = cuts(known.into_iter(), PAGE);
        assert_eq!(names(&list_ranges(&fake, &cuts, 1_000).await.unwrap()), there);
        assert_eq!(fake.log().len(), 3);
    }

    #[tokio::test]
    async fn a_failed_page_of_any_range_is_an_error() {
        for page in 0..3 {
            let fake = Fake::listing(&["a", "b", "c", "d", "e", "f"], Order::Ascending);
            fake.fail_after(page);
            let listed = list_ranges(&fake, &boxed(&["b", "d"]), 1_000).await;
            assert!(matches!(listed, Err(Error::Network(_))), "page {page}");
        }
    }

    #[tokio::test]
    async fn a_server_with_an_order_of_its_own_is_listed_page_by_page() {
        let there = ["a", "b", "c", "d", "e", "f"];
        for order in [Order::Descending, Order::LastAgain] {
            let fake = Fake::listing(&there, order);
            assert_eq!(names(&list_ranges(&fake, &boxed(&["a"]), 1_000).await.unwrap()), there, "{order:?}");
        }
        // One that begins anew each time is found out as well.
        let fake = Fake::listing(&there, Order::FromTheStart);
        assert!(list_ranges(&fake, &boxed(&["a"]), 1_000).await.is_err());
    }

    proptest! {
        /// Names come and go between any two requests: what stays is listed once, what was never there is not.
        #[test]
        fn each_name_is_listed_once_whatever_comes_and_goes(
            there in proptest::collection::btree_set("[a-d]{1,3}", 0..40),
            known in proptest::collection::btree_set("[a-d]{1,3}", 0..40),
            changes in proptest::collection::vec(("[a-d]{1,3}", any::<bool>()), 0..40),
        ) {
            let there: Vec<&str> = there.iter().map(String::as_str).collect();
            let fake = Fake::listing(&there, Order::Ascending);
            let cuts = cuts(known.iter().map(String::as_str), PAGE);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let quiet = runtime.block_on(async { (list_all(&fake).await, list_ranges(&fake, &cuts, 1_000).await) });
            prop_assert_eq!(quiet.0.unwrap(), quiet.1.unwrap());
            fake.change_between(changes.clone());
            let listed = runtime.block_on(list_ranges(&fake, &cuts, 1_000)).unwrap();
            prop_assert!(listed.is_sorted_by(|a, b| a.name < b.name));
            let listed = names(&listed);
            let touched = |name: &str| changes.iter().any(|(changed, _)| changed == name);
            for name in &there {
                prop_assert!(touched(name) || listed.contains(name), "{} is missing", name);
            }
            for name in &listed {
                prop_assert!(touched(name) || there.contains(name), "{} was never there", name);
            }
        }
    }
}
