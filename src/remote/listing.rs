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
