//! The whole listing of a target, or an error: never a part of it.

use super::{Error, Listed, ObjectStore};

/// Rows a page; no server gives more.
const PAGE: u16 = 1000;

/// Lists every name below the prefix, ordered by bytes, each once.
///
/// # Errors
///
/// A page that fails fails the whole. So does a server that lists without order and on several pages: pages are asked for
/// by the name to start after, which then neither reaches every name nor can be shown to.
pub async fn list_all<S: ObjectStore>(store: &S) -> Result<Vec<Listed>, Error> {
    let mut all: Vec<Listed> = Vec::new();
    let mut start_after: Option<String> = None;
    loop {
        let mut page = store.list(start_after.as_deref(), PAGE).await?;
        let ordered = page.objects.is_sorted_by(|a, b| a.name < b.name);
        let complete = start_after.is_none() && page.next.is_none();
        if !ordered && !complete {
            return Err(unordered("its pages are not in the order of the names"));
        }
        // One page is the whole listing in whatever order it comes.
        page.objects.sort_by(|a, b| a.name.cmp(&b.name));
        page.objects.dedup_by(|a, b| a.name == b.name);
        if let (Some(before), Some(first)) = (&start_after, page.objects.first())
            && *first.name <= **before
        {
            return Err(unordered("a page does not start after the one before"));
        }
        all.append(&mut page.objects);
        let Some(next) = page.next else { return Ok(all) };
        // A page that leads nowhere new would be asked for again and again.
        if start_after.as_ref().is_some_and(|before| next <= *before) {
            return Err(unordered("it does not come to an end"));
        }
        start_after = Some(next);
    }
}

fn unordered(why: &str) -> Error {
    Error::NotImplemented(format!("its listing cannot be trusted to be whole: {why}"))
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
    async fn one_page_without_order_is_put_in_order() {
        let fake = Fake::listing(&NAMES[..3], Order::Descending);
        assert_eq!(listed(&fake).await.unwrap(), &NAMES[..3]);
    }

    #[tokio::test]
    async fn several_pages_without_order_are_an_error() {
        let fake = Fake::listing(&NAMES, Order::Descending);
        assert!(matches!(listed(&fake).await, Err(Error::NotImplemented(_))));
    }

    #[tokio::test]
    async fn a_server_that_always_starts_anew_is_an_error_and_no_endless_loop() {
        let fake = Fake::listing(&NAMES, Order::FromTheStart);
        assert!(matches!(listed(&fake).await, Err(Error::NotImplemented(_))));
    }
}
