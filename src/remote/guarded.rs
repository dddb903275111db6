//! [`Guarded`]: conditional writes on servers that have none, as well as that can be done.

use std::future::Future;

use bytes::Bytes;
use futures::future::join_all;
use serde::{Deserialize, Serialize};

use super::{
    Cursor, Deletion, Error, Expect, GetOptions, Got, Metadata, ObjectInfo, ObjectStore, Page, Part, Unfinished,
    Written,
};
use crate::checksum::Checksum;
use crate::content::ETag;

/// How many keys of a delete are looked at or deleted at once.
const AT_ONCE: usize = 16;

/// Which conditions a server keeps; as the probe finds it, and as the configuration holds it (`conditional_writes`).
///
/// What is not said is taken as missing, which is always safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// `If-None-Match: *` and `If-Match` on a PUT.
    pub put: bool,
    /// Both on the end of a multipart upload.
    pub complete: bool,
    /// Both on the destination of a copy.
    pub copy: bool,
    /// `If-Match` on the delete of one key.
    pub delete: bool,
    /// An ETag for each key in the delete of many.
    pub delete_many: bool,
    /// `If-None-Match: *` finds nothing where there is no object, though there are or were some below that name.
    /// SeaweedFS takes the folder for an object.
    pub folder_names: bool,
    /// Listings go by the bytes of the names, and begin after whatever name they are told to.
    pub list_order: bool,
}

impl Capabilities {
    /// What S3 itself keeps.
    pub const ALL: Capabilities = Capabilities {
        put: true,
        complete: true,
        copy: true,
        delete: true,
        delete_many: true,
        folder_names: true,
        list_order: true,
    };

    /// The requests that so many deletions take: looks, and deletes. As [`Guarded`] makes them.
    pub fn requests_to_delete(&self, deletions: u64) -> (u64, u64) {
        match self {
            Capabilities { delete: false, .. } => (deletions, deletions.div_ceil(AT_ONCE as u64)),
            Capabilities { delete_many: false, .. } => (0, deletions),
            _ => (0, deletions.min(1)),
        }
    }
}

/// Writes without a condition. Only [`Guarded`], after its own look, and the probe, on its own objects, may use these;
/// whoever is generic over [`ObjectStore`] cannot.
pub trait Unconditional: ObjectStore {
    /// Writes an object over whatever is there.
    fn put_regardless(
        &self,
        name: &str,
        body: Bytes,
        metadata: &Metadata,
    ) -> impl Future<Output = Result<Written, Error>> + Send;

    /// Copies `source` (that very version) over whatever is at `name`, as [`ObjectStore::copy`].
    fn copy_regardless(
        &self,
        source: (&str, &ETag),
        name: &str,
        metadata: Option<&Metadata>,
    ) -> impl Future<Output = Result<Written, Error>> + Send;

    /// Makes the object of its parts over whatever is there, as [`ObjectStore::complete_upload`].
    fn complete_regardless(
        &self,
        name: &str,
        upload: &str,
        parts: (&[ETag], Option<Checksum>),
    ) -> impl Future<Output = Result<Written, Error>> + Send;

    /// Deletes up to 1,000 keys in whatever version; one result each, in their order.
    fn delete_regardless(&self, names: &[&str]) -> impl Future<Output = Vec<Result<(), Error>>> + Send;
}

/// A store whose server may not keep every condition.
///
/// Where it does not, the key is looked at just before the write, and the write is made without a condition. Between
/// the two there is a window, of about a request's time, in which another machine's write goes unseen. Where the server
/// does keep them, this adds nothing.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    store: S,
    capabilities: Capabilities,
}

impl<S: Unconditional> Guarded<S> {
    /// Guards `store`, whose server keeps the conditions named.
    pub fn new(store: S, capabilities: Capabilities) -> Guarded<S> {
        Guarded { store, capabilities }
    }

    /// The store itself.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Which conditions the server keeps.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Looks whether `name` is as expected.
    pub(super) async fn look(&self, name: &str, expect: &Expect) -> Result<(), Error> {
        let found = match self.store.head(name).await {
            Ok(info) => Some(info.etag),
            Err(Error::NotFound) => None,
            Err(error) => return Err(error),
        };
        match (expect, found) {
            (Expect::Absent, None) => Ok(()),
            (Expect::ETag(expected), Some(found)) if *expected == found => Ok(()),
            _ => Err(Error::Precondition),
        }
    }

    /// Whether a write that was refused met nothing but a folder, which the server takes for an object: what is left then
    /// is to write as on a server without conditions.
    pub(super) async fn met_a_folder<T>(&self, written: &Result<T, Error>, name: &str, expect: &Expect) -> bool {
        let refused = matches!((written, expect), (Err(Error::Precondition), Expect::Absent));
        refused && !self.capabilities.folder_names && self.look(name, expect).await.is_ok()
    }

    /// Looks at each key, and deletes those that are as expected.
    async fn delete_looked_at(&self, deletions: &[Deletion]) -> Vec<Result<(), Error>> {
        let mut results = Vec::with_capacity(deletions.len());
        for some in deletions.chunks(AT_ONCE) {
            let mut looks = Vec::with_capacity(some.len());
            for deletion in some {
                looks.push(self.store.head(&deletion.name));
            }
            let looks = join_all(looks).await;
            // `Ok(true)`: to delete. `Ok(false)`: gone already.
            let found = some.iter().zip(looks).map(|(deletion, look)| match look {
                Ok(info) if info.etag == deletion.etag => Ok(true),
                Ok(_) => Err(Error::Precondition),
                Err(Error::NotFound) => Ok(false),
                Err(error) => Err(error),
            });
            let found: Vec<Result<bool, Error>> = found.collect();
            let names = some.iter().zip(&found).filter(|(_, found)| matches!(found, Ok(true)));
            let names: Vec<&str> = names.map(|(deletion, _)| &*deletion.name).collect();
            let mut deleted = self.store.delete_regardless(&names).await.into_iter();
            for found in found {
                results.push(match found {
                    Ok(true) => deleted.next().unwrap_or_else(|| Err(Error::Other("a delete had no answer".into()))),
                    Ok(false) => Ok(()),
                    Err(error) => Err(error),
                });
            }
        }
        results
    }

    /// Deletes each key in a request of its own.
    async fn delete_singly(&self, deletions: &[Deletion]) -> Vec<Result<(), Error>> {
        let mut results = Vec::with_capacity(deletions.len());
        for some in deletions.chunks(AT_ONCE) {
            let mut deletes = Vec::with_capacity(some.len());
            for deletion in some {
                deletes.push(self.store.delete(std::slice::from_ref(deletion)));
            }
            results.extend(join_all(deletes).await.into_iter().flatten());
        }
        results
    }
}

impl<S: Unconditional> ObjectStore for Guarded<S> {
    type Body = S::Body;

    async fn list(&self, start: Option<&Cursor>, limit: u16) -> Result<Page, Error> {
        self.store.list(start, limit).await
    }

    fn lists_by_bytes(&self) -> bool {
        self.capabilities.list_order
    }

    fn slow_downs(&self) -> u64 {
        self.store.slow_downs()
    }

    async fn head(&self, name: &str) -> Result<ObjectInfo, Error> {
        self.store.head(name).await
    }

    async fn get(&self, name: &str, options: GetOptions) -> Result<Got<S::Body>, Error> {
        self.store.get(name, options).await
    }

    async fn checksum(&self, name: &str, etag: &ETag) -> Result<Option<Checksum>, Error> {
        self.store.checksum(name, etag).await
    }

    async fn put(&self, name: &str, body: Bytes, metadata: &Metadata, expect: &Expect) -> Result<Written, Error> {
        if self.capabilities.put {
            let written = self.store.put(name, body.clone(), metadata, expect).await;
            if !self.met_a_folder(&written, name, expect).await {
                return written;
            }
        } else {
            self.look(name, expect).await?;
        }
        self.store.put_regardless(name, body, metadata).await
    }

    async fn copy(
        &self,
        source: (&str, &ETag),
        name: &str,
        metadata: Option<&Metadata>,
        expect: &Expect,
    ) -> Result<Written, Error> {
        if self.capabilities.copy {
            let written = self.store.copy(source, name, metadata, expect).await;
            if !self.met_a_folder(&written, name, expect).await {
                return written;
            }
        } else {
            self.look(name, expect).await?;
        }
        self.store.copy_regardless(source, name, metadata).await
    }

    async fn delete(&self, deletions: &[Deletion]) -> Vec<Result<(), Error>> {
        match self.capabilities {
            Capabilities { delete: false, .. } => self.delete_looked_at(deletions).await,
            Capabilities { delete_many: false, .. } => self.delete_singly(deletions).await,
            _ => self.store.delete(deletions).await,
        }
    }

    async fn begin_upload(&self, name: &str, metadata: &Metadata) -> Result<String, Error> {
        self.store.begin_upload(name, metadata).await
    }

    async fn upload_part(&self, name: &str, upload: &str, number: u32, body: Bytes) -> Result<ETag, Error> {
        self.store.upload_part(name, upload, number, body).await
    }

    async fn copy_part(
        &self,
        source: (&str, &ETag),
        range: (u64, u64),
        name: &str,
        part: (&str, u32),
    ) -> Result<ETag, Error> {
        self.store.copy_part(source, range, name, part).await
    }

    async fn complete_upload(
        &self,
        name: &str,
        upload: &str,
        parts: (&[ETag], Option<Checksum>),
        expect: &Expect,
    ) -> Result<Written, Error> {
        if self.capabilities.complete {
            let written = self.store.complete_upload(name, upload, parts, expect).await;
            if !self.met_a_folder(&written, name, expect).await {
                return written;
            }
        } else {
            self.look(name, expect).await?;
        }
        self.store.complete_regardless(name, upload, parts).await
    }

    async fn abort_upload(&self, name: &str, upload: &str) -> Result<(), Error> {
        self.store.abort_upload(name, upload).await
    }

    async fn list_parts(&self, name: &str, upload: &str) -> Result<Vec<Part>, Error> {
        self.store.list_parts(name, upload).await
    }

    async fn list_uploads(&self) -> Result<Vec<Unfinished>, Error> {
        self.store.list_uploads().await
    }
}

#[cfg(test)]
mod tests;
