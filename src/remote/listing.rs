//! The whole listing of a target, or an error: never a part of it.

use super::{Cursor, Error, Listed, ObjectStore};

/// Names a page; no server gives more.
pub const PAGE: u16 = 1000;

/// Lists every name below the prefix, ordered by bytes, each once; in whatever order the server lists.
///
/// # Errors
///
/// A page that fails fails the whole. So does a listing that leads back to where it was.
pub async fn list_all<S: ObjectStore>(store: &S) -> Result<Vec<Listed>, Error> {
    let mut all: Vec<Listed> = Vec::new();
    let mut take = |mut page: Vec<Listed>| {
        all.append(&mut page);
        true
    };
    list_pages(store, &mut take).await?;
    put_in_order(&mut all);
    Ok(all)
}

/// Lists every name below the prefix, page by page as the server gives them, as long as `take` wants more. Returns whether it
/// wanted all.
///
/// # Errors
///
/// As [`list_all`]; what was handed out before is no listing then.
pub async fn list_pages<S: ObjectStore>(
    store: &S,
    take: &mut (dyn FnMut(Vec<Listed>) -> bool + Send),
) -> Result<bool, Error> {
    let mut first: Option<Box<str>> = None;
    let mut start: Option<Cursor> = None;
    loop {
        let page = store.list(start.as_ref(), PAGE).await?;
        if let Some(object) = page.objects.first() {
            // A server that takes no notice of where a page should begin would give the first one for ever.
            if first.as_ref() == Some(&object.name) {
                return Err(endless());
            }
            first.get_or_insert_with(|| object.name.clone());
        }
        if !take(page.objects) {
            return Ok(false);
        }
        match page.next {
            None => return Ok(true),
            next if next == start => return Err(endless()),
            next => start = next,
        }
    }
}

/// Puts the rows of a listing in the order of their names' bytes, each name once.
pub fn put_in_order(all: &mut Vec<Listed>) {
    if !all.is_sorted_by(|a, b| a.name < b.name) {
        all.sort_by(|a, b| a.name.cmp(&b.name));
        // Of a name that was listed twice, since it was written meanwhile, the later row is nearer to the truth.
        all.dedup_by(|later, kept| {
            let same = later.name == kept.name;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
    }
}

fn endless() -> Error {
    Error::Damaged("the server's listing leads back to its beginning".into())
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Fake, Order};
    use super::*;

    const NAMES: [&str; 7] = ["B", "a", "a b", "a-b", "a/b", "é", "\u{1f600}"];

    async fn listed(fake: &Fake) -> Result<Vec<String>, Error> {
        Ok(list_all(fake).await?.into_iter().map(|row| row.name.to_string()).collect())
    }

    #[tokio::test]
    async fn all_pages_come_in_the_order_of_bytes() {
        let fake = Fake::listing(&NAMES, Order::Ascending);
        assert_eq!(listed(&fake).await.unwrap(), NAMES);
        assert_eq!(fake.log().len(), 3);
    }

    #[tokio::test]
    async fn an_empty_bucket_is_an_empty_listing() {
        assert_eq!(listed(&Fake::default()).await.unwrap(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_failed_page_is_an_error_and_never_a_shorter_list() {
        for page in 0..3 {
            let fake = Fake::listing(&NAMES, Order::Ascending);
            fake.fail_after(page);
            assert!(matches!(listed(&fake).await, Err(Error::Network(_))), "page {page}");
        }
    }

    #[tokio::test]
    async fn pages_without_order_are_put_in_order() {
        let fake = Fake::listing(&NAMES, Order::Descending);
        assert_eq!(listed(&fake).await.unwrap(), NAMES);
    }

    #[tokio::test]
    async fn a_name_that_is_listed_twice_is_taken_once_as_it_was_last() {
        let fake = Fake::listing(&NAMES, Order::LastAgain);
        let rows = list_all(&fake).await.unwrap();
        assert_eq!(rows.iter().map(|row| &*row.name).collect::<Vec<_>>(), NAMES);
        assert_eq!(rows.iter().filter(|row| row.last_modified == 1).count(), 2);
    }

    #[tokio::test]
    async fn a_server_that_always_starts_anew_is_an_error_and_no_endless_loop() {
        let fake = Fake::listing(&NAMES, Order::FromTheStart);
        assert!(matches!(listed(&fake).await, Err(Error::Damaged(_))));
    }
}
