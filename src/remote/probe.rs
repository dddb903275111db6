//! What a server is really like, found out by trying: whether it can be reached, and which conditions it keeps.
//!
//! Some servers refuse a condition that they do not know, and some take it and ignore it, which is worse: so each is
//! tried with one that is false, and only a server that answers 412 keeps it.

use std::hash::{BuildHasher, RandomState};
use std::iter::repeat;

use bytes::Bytes;

use super::guarded::{Capabilities, Unconditional};
use super::{CountsSnapshot, Cursor, Deletion, Error, Expect, Metadata, ObjectStore, Written};
use crate::content::ETag;
use crate::key::PRIVATE;

/// An ETag that no object here has.
const FALSE_ETAG: &str = "00000000000000000000000000000000";

/// The requests of a [`probe`] at a server that keeps everything. The HEADs are those of refused deletes, which look whether
/// the object is gone.
pub const PROBE: CountsSnapshot =
    CountsSnapshot { list: 8, get: 0, head: 3, put: 22, copy: 5, delete: 7, retries: 0, bytes_up: 0, bytes_down: 0 };

/// The first contact with a target: lists one name, so that a missing bucket, wrong keys, a lacking permission, another
/// region and a server that cannot be reached each come back as their own [`Error`].
///
/// # Errors
///
/// What the listing fails with.
pub async fn check<S: ObjectStore>(store: &S) -> Result<(), Error> {
    store.list(None, 1).await.map(drop)
}

/// Finds out which conditions the server keeps, on objects of its own below `.s4/` that it takes away again.
///
/// Some 40 requests, for when a target is made or changed.
///
/// # Errors
///
/// What keeps the probe from an answer: no connection, no permission to write, read or delete.
pub async fn probe<S: Unconditional>(store: &S) -> Result<Capabilities, Error> {
    let unique = RandomState::new().hash_one(std::process::id());
    let folder = format!("{PRIVATE}/probe-{unique:016x}");
    let probe = Probe { store, object: format!("{folder}/a"), copied: format!("{folder}/b"), folder };
    let found = probe.run().await;
    let listed = probe.listed();
    let names = listed.iter().chain([&probe.object, &probe.copied, &probe.folder]);
    let cleaned = store.delete_regardless(&names.map(String::as_str).collect::<Vec<_>>()).await;
    let capabilities = found?;
    cleaned.into_iter().collect::<Result<(), Error>>()?;
    Ok(capabilities)
}

/// The objects of one probe.
struct Probe<'a, S> {
    store: &'a S,
    object: String,
    copied: String,
    /// The folder of both, and an object of that name.
    folder: String,
}

/// What became of a try.
enum Tried<T> {
    /// It was done.
    Done(T),
    /// The condition was judged false (412).
    Unmet,
    /// The server does not take such a request.
    Refused,
}

impl<S: Unconditional> Probe<'_, S> {
    async fn run(&self) -> Result<Capabilities, Error> {
        let list_order = match self.list_goes_by_bytes().await {
            // It need not know how to begin anywhere, nor every letter: then it is listed page by page.
            Err(Error::NotImplemented(_) | Error::Other(_) | Error::Server(_)) => false,
            found => found?,
        };
        let put = self.put_keeps().await?;
        // From here on the object is there, in a version that is known.
        let etag = self.store.put_regardless(&self.object, content(), &Metadata::default()).await?.etag;
        let beside = self.store.put(&self.folder, content(), &Metadata::default(), &Expect::Absent).await;
        let folder_names = matches!(tried(beside)?, Tried::Done(_));
        let (complete, etag) = self.complete_keeps(etag).await?;
        let copy = self.copy_keeps(&etag).await?;
        let copied = self.store.copy_regardless((&self.object, &etag), &self.copied, None).await?.etag;
        let delete_many = self.delete_many_keeps(&etag, &copied).await?;
        let delete = self.delete_keeps().await?;
        Ok(Capabilities { put, complete, copy, delete, delete_many, folder_names, list_order })
    }

    /// Names in the order of their bytes, which is neither that of a walk through folders, nor that of a dictionary, nor that of
    /// UTF-16.
    fn listed(&self) -> [String; 6] {
        ["-b", "/c", "Z", "a", "\u{ff5e}", "\u{1f600}"].map(|end| format!("{}{end}", self.folder))
    }

    /// Whether a listing goes by the bytes of the names, and begins after any name, be there such an object or not.
    async fn list_goes_by_bytes(&self) -> Result<bool, Error> {
        let names = self.listed();
        for name in &names {
            self.store.put_regardless(name, content(), &Metadata::default()).await?;
        }
        let folder = format!("{}/", self.folder);
        // After two names that are no objects, and after each that is one.
        let starts = [&self.folder, &folder].into_iter().chain(&names);
        let expected = [&names[..], &names[1..]].into_iter().chain((1..names.len()).map(|from| &names[from..]));
        // In pages the first time.
        for ((after, expected), limit) in starts.zip(expected).zip([3].into_iter().chain(repeat(10))) {
            let mut start = Some(Cursor::After(after.clone()));
            let mut found = Vec::new();
            while found.len() < expected.len()
                && let Some(from) = start
            {
                let page = self.store.list(Some(&from), limit).await?;
                found.extend(page.objects.into_iter().map(|object| object.name));
                start = page.next.filter(|next| *next != from);
            }
            found.truncate(expected.len());
            if !found.iter().map(|name| &**name).eq(expected) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn put_keeps(&self) -> Result<bool, Error> {
        let put =
            async |expect: Expect| tried(self.store.put(&self.object, content(), &Metadata::default(), &expect).await);
        let Tried::Done(Written { etag, .. }) = put(Expect::Absent).await? else { return Ok(false) };
        Ok(matches!(put(Expect::Absent).await?, Tried::Unmet)
            && matches!(put(false_etag()).await?, Tried::Unmet)
            && matches!(put(Expect::ETag(etag)).await?, Tried::Done(_)))
    }

    /// Whether the end of an upload keeps conditions, and the version that the object has then.
    async fn complete_keeps(&self, etag: ETag) -> Result<(bool, ETag), Error> {
        for expect in [Expect::Absent, false_etag()] {
            match self.complete(&expect).await? {
                Tried::Unmet => {}
                Tried::Done(written) => return Ok((false, written.etag)),
                Tried::Refused => return Ok((false, etag)),
            }
        }
        match self.complete(&Expect::ETag(etag.clone())).await? {
            Tried::Done(written) => Ok((true, written.etag)),
            Tried::Unmet | Tried::Refused => Ok((false, etag)),
        }
    }

    /// A whole upload of one part, given up where it does not come to its end.
    async fn complete(&self, expect: &Expect) -> Result<Tried<Written>, Error> {
        let begun = self.store.begin_upload(&self.object, &Metadata::default()).await;
        let Tried::Done(upload) = tried(begun)? else { return Ok(Tried::Refused) };
        let result = match self.store.upload_part(&self.object, &upload, 1, content()).await {
            Ok(part) => tried(self.store.complete_upload(&self.object, &upload, (&[part], None), expect).await),
            Err(error) => Err(error),
        };
        if !matches!(result, Ok(Tried::Done(_))) {
            let given_up = self.store.abort_upload(&self.object, &upload).await;
            // The failure itself tells more than that of clearing up after it.
            return result.and_then(|tried| given_up.map(|()| tried));
        }
        result
    }

    async fn copy_keeps(&self, source: &ETag) -> Result<bool, Error> {
        let copy =
            async |expect: Expect| tried(self.store.copy((&self.object, source), &self.copied, None, &expect).await);
        let Tried::Done(Written { etag, .. }) = copy(Expect::Absent).await? else { return Ok(false) };
        Ok(matches!(copy(Expect::Absent).await?, Tried::Unmet)
            && matches!(copy(false_etag()).await?, Tried::Unmet)
            && matches!(copy(Expect::ETag(etag)).await?, Tried::Done(_)))
    }

    /// Whether the delete of many keeps conditions. The objects may be gone afterwards.
    async fn delete_many_keeps(&self, etag: &ETag, copied: &ETag) -> Result<bool, Error> {
        let wrong = ETag::new(FALSE_ETAG);
        let unmet = self.delete(&[(&self.object, &wrong), (&self.copied, &wrong)]).await?;
        if !unmet.iter().all(|result| matches!(result, Tried::Unmet)) {
            return Ok(false);
        }
        let done = self.delete(&[(&self.object, etag), (&self.copied, copied)]).await?;
        Ok(done.iter().all(|result| matches!(result, Tried::Done(()))))
    }

    async fn delete_keeps(&self) -> Result<bool, Error> {
        let etag = self.store.put_regardless(&self.object, content(), &Metadata::default()).await?.etag;
        let unmet = self.delete(&[(&self.object, &ETag::new(FALSE_ETAG))]).await?;
        if !matches!(unmet[..], [Tried::Unmet]) {
            return Ok(false);
        }
        Ok(matches!(self.delete(&[(&self.object, &etag)]).await?[..], [Tried::Done(())]))
    }

    async fn delete(&self, wanted: &[(&str, &ETag)]) -> Result<Vec<Tried<()>>, Error> {
        let deletions = wanted.iter().map(|&(name, etag)| Deletion { name: name.into(), etag: etag.clone() });
        let results = self.store.delete(&deletions.collect::<Vec<_>>()).await;
        results.into_iter().map(tried).collect()
    }
}

/// Sorts out which failures are the server's answer to a condition, and which keep the probe from an answer.
fn tried<T>(result: Result<T, Error>) -> Result<Tried<T>, Error> {
    match result {
        Ok(done) => Ok(Tried::Done(done)),
        Err(Error::Precondition) => Ok(Tried::Unmet),
        Err(Error::NotImplemented(_) | Error::Other(_)) => Ok(Tried::Refused),
        Err(error) => Err(error),
    }
}

fn content() -> Bytes {
    Bytes::from_static(b"s4 looks what this server can do")
}

fn false_etag() -> Expect {
    Expect::ETag(ETag::new(FALSE_ETAG))
}

#[cfg(test)]
mod tests {
    use super::super::fake::{Conditions, Fake, Order};
    use super::*;

    #[tokio::test]
    async fn a_server_that_keeps_all_conditions_is_recognised() {
        let fake = Fake::default();
        assert_eq!(probe(&fake).await.unwrap(), Capabilities::ALL);
        assert_eq!((fake.names(), fake.uploads()), (vec![], 0));
    }

    #[tokio::test]
    async fn ignored_and_refused_conditions_are_both_missing_ones() {
        for conditions in [Conditions::Ignored, Conditions::Refused] {
            let fake = Fake::with(conditions);
            let found = probe(&fake).await.unwrap();
            let without = Capabilities { folder_names: false, list_order: false, ..found };
            assert_eq!(without, Capabilities::default(), "{conditions:?}");
            assert_eq!((fake.names(), fake.uploads()), (vec![], 0), "{conditions:?}");
        }
    }

    #[tokio::test]
    async fn one_missing_condition_leaves_the_others() {
        let fake = Fake::with(Conditions::OnlyPut);
        let found = probe(&fake).await.unwrap();
        assert_eq!(found, Capabilities { put: true, folder_names: true, list_order: true, ..Capabilities::default() });
        assert_eq!((fake.names(), fake.uploads()), (vec![], 0));
    }

    #[tokio::test]
    async fn a_server_that_takes_folders_for_objects_is_recognised() {
        let found = probe(&Fake::with(Conditions::FoldersCount)).await.unwrap();
        assert_eq!(found, Capabilities { folder_names: false, ..Capabilities::ALL });
    }

    #[tokio::test]
    async fn an_order_that_is_not_that_of_bytes_is_recognised() {
        for order in [Order::Descending, Order::LastAgain, Order::FromTheStart] {
            let fake = Fake::listing(&[], order);
            let found = probe(&fake).await.unwrap();
            assert_eq!(found, Capabilities { list_order: false, ..Capabilities::ALL }, "{order:?}");
            assert!(fake.names().is_empty());
        }
    }

    #[tokio::test]
    async fn a_probe_that_fails_leaves_nothing_behind() {
        for request in 0.. {
            let fake = Fake::default();
            fake.fail_after(request);
            if probe(&fake).await.is_ok() {
                assert!(request > 10);
                break;
            }
            // The failed request may have been the one that clears up, or an upload's abort; nothing else is left.
            let failed_to_clear_up = fake.log().len() as u64 == request + 1;
            let left = fake.names().len() + fake.uploads();
            assert!(left <= 1 || failed_to_clear_up, "request {request}: {:?}", fake.names());
        }
    }

    #[tokio::test]
    async fn the_first_contact_tells_what_is_wrong() {
        let fake = Fake::default();
        check(&fake).await.unwrap();
        fake.fail_after(0);
        assert!(matches!(check(&fake).await, Err(Error::Network(_))));
    }
}
