//! A store in memory for the tests of this module: what a server may get wrong, as switches.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;

use super::guarded::Unconditional;
use super::{
    Body, Cursor, Deletion, Error, Expect, GetOptions, Got, Listed, Metadata, ObjectInfo, ObjectStore, Page, Part,
    Unfinished, Written,
};
use crate::checksum::Checksum;
use crate::content::ETag;

/// What the server makes of conditions on writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Conditions {
    /// Kept, all of them.
    #[default]
    Kept,
    /// Taken and ignored.
    Ignored,
    /// Answered with 501.
    Refused,
    /// Kept on a PUT, ignored elsewhere.
    OnlyPut,
    /// Kept, but a name with others below it counts as taken.
    FoldersCount,
}

/// What the server makes of a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// As S3 does.
    #[default]
    Ascending,
    /// The reverse within each page.
    Descending,
    /// Each page begins with the last row of the one before, written anew meanwhile.
    LastAgain,
    /// Every page is the first.
    FromTheStart,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, (Bytes, ETag, Metadata)>,
    uploads: HashMap<String, Vec<Bytes>>,
    made: u64,
    log: Vec<String>,
    fail_after: Option<u64>,
    /// Names to write (`true`) or to delete, one after each request.
    changes: Vec<(String, bool)>,
}

/// A bucket in memory.
#[derive(Debug, Default)]
pub(super) struct Fake {
    state: Mutex<State>,
    conditions: Conditions,
    order: Order,
}

impl Fake {
    pub(super) fn with(conditions: Conditions) -> Fake {
        Fake { conditions, ..Fake::default() }
    }

    pub(super) fn listing(names: &[&str], order: Order) -> Fake {
        let fake = Fake { order, ..Fake::default() };
        for name in names {
            fake.lock().write(name, Bytes::new(), Metadata::default());
        }
        fake
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Notes a request; fails it if it is the one that should fail.
    fn request(&self, what: String) -> Result<MutexGuard<'_, State>, Error> {
        let mut state = self.lock();
        state.log.push(what);
        match state.fail_after {
            Some(0) => {
                state.fail_after = None;
                Err(Error::Network("as asked for".into()))
            }
            after => {
                state.fail_after = after.map(|requests| requests - 1);
                Ok(state)
            }
        }
    }

    /// Fails one request, after so many that work.
    pub(super) fn fail_after(&self, requests: u64) {
        self.lock().fail_after = Some(requests);
    }

    /// Writes a name (`true`) or deletes it after each request.
    pub(super) fn change_between(&self, changes: Vec<(String, bool)>) {
        self.lock().changes = changes;
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.lock().objects.keys().cloned().collect()
    }

    pub(super) fn uploads(&self) -> usize {
        self.lock().uploads.len()
    }

    /// The requests since the last call.
    pub(super) fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().log)
    }

    fn change_one(&self, mut state: MutexGuard<'_, State>) {
        match state.changes.pop() {
            Some((name, true)) => drop(state.write(&name, Bytes::new(), Metadata::default())),
            Some((name, false)) => drop(state.objects.remove(&name)),
            None => {}
        }
    }

    fn judge(&self, state: &State, name: &str, expect: Option<&Expect>, is_put: bool) -> Result<(), Error> {
        let Some(expect) = expect else { return Ok(()) };
        match self.conditions {
            Conditions::Refused => return Err(Error::NotImplemented("a condition".into())),
            Conditions::Ignored => return Ok(()),
            Conditions::OnlyPut if !is_put => return Ok(()),
            Conditions::Kept | Conditions::OnlyPut | Conditions::FoldersCount => {}
        }
        let found = state.objects.get(name).map(|(_, etag, _)| etag);
        let folder = format!("{name}/");
        let is_folder = state.objects.keys().any(|name| name.starts_with(&folder));
        match (expect, found) {
            (Expect::Absent, None) if is_folder && self.conditions == Conditions::FoldersCount => {
                Err(Error::Precondition)
            }
            (Expect::Absent, None) => Ok(()),
            (Expect::ETag(expected), Some(found)) if expected == found => Ok(()),
            _ => Err(Error::Precondition),
        }
    }

    fn delete_if(&self, wanted: &[(&str, Option<&ETag>)]) -> Vec<Result<(), Error>> {
        let names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
        let conditional = if wanted.iter().any(|(_, etag)| etag.is_some()) { " if" } else { "" };
        let mut state = match self.request(format!("delete{conditional} {}", names.join(" "))) {
            Ok(state) => state,
            Err(error) => return vec![Err(error); wanted.len()],
        };
        let mut results = Vec::new();
        for (name, etag) in wanted {
            let expect = etag.filter(|_| state.objects.contains_key(*name)).map(|etag| Expect::ETag(etag.clone()));
            results.push(self.judge(&state, name, expect.as_ref(), false).map(|()| {
                state.objects.remove(*name);
            }));
        }
        results
    }

    fn put_if(&self, name: &str, body: Bytes, metadata: &Metadata, expect: Option<&Expect>) -> Result<Written, Error> {
        let mut state = self.request(format!("put{} {name}", shown(expect)))?;
        self.judge(&state, name, expect, true)?;
        Ok(state.write(name, body, metadata.clone()))
    }

    fn copy_if(
        &self,
        (source, etag): (&str, &ETag),
        name: &str,
        replaced: Option<&Metadata>,
        expect: Option<&Expect>,
    ) -> Result<Written, Error> {
        let mut state = self.request(format!("copy{} {name}", shown(expect)))?;
        let (body, found, metadata) = state.objects.get(source).cloned().ok_or(Error::Precondition)?;
        self.judge(&state, name, expect, false)?;
        let metadata = replaced.cloned().unwrap_or(metadata);
        if found == *etag { Ok(state.write(name, body, metadata)) } else { Err(Error::Precondition) }
    }

    fn complete_if(&self, name: &str, upload: &str, expect: Option<&Expect>) -> Result<Written, Error> {
        let mut state = self.request(format!("complete{} {name}", shown(expect)))?;
        self.judge(&state, name, expect, false)?;
        let parts = state.uploads.remove(upload).ok_or(Error::Conflict)?;
        Ok(state.write(name, parts.concat().into(), Metadata::default()))
    }
}

fn shown(expect: Option<&Expect>) -> &'static str {
    if expect.is_some() { " if" } else { "" }
}

impl State {
    fn write(&mut self, name: &str, body: Bytes, metadata: Metadata) -> Written {
        self.made += 1;
        let etag = ETag::new(&format!("v{}", self.made));
        self.objects.insert(name.into(), (body, etag.clone(), metadata));
        Written { etag, version_id: None }
    }
}

/// A body of one piece.
pub(super) struct Whole(Option<Bytes>);

impl Body for Whole {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        Ok(self.0.take())
    }
}

impl ObjectStore for Fake {
    type Body = Whole;

    async fn list(&self, start: Option<&Cursor>, limit: u16) -> Result<Page, Error> {
        const PAGE: usize = 3;
        let state = self.request("list".into())?;
        let start = match start {
            Some(Cursor::Token(token)) if self.order != Order::FromTheStart => token.as_str(),
            Some(Cursor::After(name)) => name,
            _ => "",
        };
        let again = self.order == Order::LastAgain;
        let mut rest =
            state.objects.iter().filter(|(name, _)| name.as_str() > start || again && name.as_str() == start);
        let row = |(name, (body, etag, _)): (&String, &(Bytes, ETag, Metadata))| Listed {
            name: name.as_str().into(),
            size: body.len() as u64,
            etag: etag.clone(),
            last_modified: i64::from(again && name.as_str() == start),
        };
        let mut objects: Vec<Listed> = rest.by_ref().take(PAGE.min(limit.into())).map(row).collect();
        let next = rest.next().and(objects.last()).map(|last| Cursor::Token(last.name.to_string()));
        if self.order == Order::Descending {
            objects.reverse();
        }
        self.change_one(state);
        Ok(Page { objects, next })
    }

    async fn head(&self, name: &str) -> Result<ObjectInfo, Error> {
        let state = self.request(format!("head {name}"))?;
        let (body, etag, metadata) = state.objects.get(name).cloned().ok_or(Error::NotFound)?;
        Ok(ObjectInfo { size: body.len() as u64, etag, last_modified: 0, version_id: None, metadata })
    }

    async fn get(&self, name: &str, _options: GetOptions) -> Result<Got<Whole>, Error> {
        let info = self.head(name).await?;
        let body = self.lock().objects.get(name).map(|(body, ..)| body.clone());
        Ok(Got::Object(info, Whole(body)))
    }

    async fn put(&self, name: &str, body: Bytes, metadata: &Metadata, expect: &Expect) -> Result<Written, Error> {
        self.put_if(name, body, metadata, Some(expect))
    }

    async fn copy(
        &self,
        source: (&str, &ETag),
        name: &str,
        metadata: Option<&Metadata>,
        expect: &Expect,
    ) -> Result<Written, Error> {
        self.copy_if(source, name, metadata, Some(expect))
    }

    async fn delete(&self, deletions: &[Deletion]) -> Vec<Result<(), Error>> {
        self.delete_if(&deletions.iter().map(|one| (&*one.name, Some(&one.etag))).collect::<Vec<_>>())
    }

    async fn begin_upload(&self, name: &str, _metadata: &Metadata) -> Result<String, Error> {
        let mut state = self.request(format!("begin {name}"))?;
        state.made += 1;
        let id = state.made.to_string();
        state.uploads.insert(id.clone(), Vec::new());
        Ok(id)
    }

    async fn upload_part(&self, name: &str, upload: &str, number: u32, body: Bytes) -> Result<ETag, Error> {
        let mut state = self.request(format!("part {name}"))?;
        state.uploads.get_mut(upload).ok_or(Error::Conflict)?.push(body);
        Ok(ETag::new(&format!("part-{number}")))
    }

    async fn copy_part(
        &self,
        _source: (&str, &ETag),
        _range: (u64, u64),
        name: &str,
        _part: (&str, u32),
    ) -> Result<ETag, Error> {
        Err(Error::NotImplemented(format!("copy part {name}")))
    }

    async fn complete_upload(
        &self,
        name: &str,
        upload: &str,
        _parts: (&[ETag], Option<Checksum>),
        expect: &Expect,
    ) -> Result<Written, Error> {
        self.complete_if(name, upload, Some(expect))
    }

    async fn abort_upload(&self, name: &str, upload: &str) -> Result<(), Error> {
        self.request(format!("abort {name}"))?.uploads.remove(upload);
        Ok(())
    }

    async fn list_parts(&self, name: &str, upload: &str) -> Result<Vec<Part>, Error> {
        let state = self.request(format!("parts {name}"))?;
        let parts = state.uploads.get(upload).ok_or(Error::NotFound)?.iter().zip(1..);
        let part = |(body, number): (&Bytes, u32)| Part {
            number,
            size: body.len() as u64,
            etag: ETag::new(&format!("part-{number}")),
        };
        Ok(parts.map(part).collect())
    }

    async fn list_uploads(&self) -> Result<Vec<Unfinished>, Error> {
        Ok(Vec::new())
    }
}

impl Unconditional for Fake {
    async fn put_regardless(&self, name: &str, body: Bytes, metadata: &Metadata) -> Result<Written, Error> {
        self.put_if(name, body, metadata, None)
    }

    async fn copy_regardless(
        &self,
        source: (&str, &ETag),
        name: &str,
        metadata: Option<&Metadata>,
    ) -> Result<Written, Error> {
        self.copy_if(source, name, metadata, None)
    }

    async fn complete_regardless(
        &self,
        name: &str,
        upload: &str,
        _parts: (&[ETag], Option<Checksum>),
    ) -> Result<Written, Error> {
        self.complete_if(name, upload, None)
    }

    async fn delete_regardless(&self, names: &[&str]) -> Vec<Result<(), Error>> {
        self.delete_if(&names.iter().map(|name| (*name, None)).collect::<Vec<_>>())
    }
}
