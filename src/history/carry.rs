//! Carrying a restore out: in the bucket, by copies there, or aside, into another folder.

use std::pin::pin;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::wish::{Restoring, Step};
use crate::content::{ETag, is_link};
use crate::key::Key;
use crate::local::{Folder, Hasher, MOST_TARGET, read_part};
use crate::remote::{self, Body as _, Deletion, Expect, Guarded, ObjectStore as _, S3Store};
use crate::transfer::{BATCH, Cancel, Cut, Failure, MOST_COPIED};

/// Copies under way at once.
const AT_ONCE: usize = 16;
/// Parts of a copy under way at once.
const PARTS_AT_ONCE: usize = 8;
/// Contents that are fetched at once: each holds a file open.
const FETCHED_AT_ONCE: usize = 8;
/// How often a content that arrives damaged is fetched.
const ATTEMPTS: u32 = 3;

/// Watches a restore.
pub trait Watcher: Sync {
    /// A content begins to move.
    fn begins(&self, restoring: &Restoring);
    /// Bytes of it have arrived.
    fn arrived(&self, restoring: &Restoring, bytes: u64);
    /// What became of a step.
    fn ended(&self, restoring: &Restoring, result: Result<(), Failure>);
}

/// The key that a content gets elsewhere; `None`: it can have none there.
type Place<'a> = &'a dyn Fn(&Key) -> Option<Key>;

/// Makes the wanted versions the current ones, and deletes what was not there. Nothing is written over that is not as it was listed.
/// Once cancelled, nothing more is begun.
pub async fn in_bucket(store: &Guarded<S3Store>, steps: &[Restoring], cancel: &Cancel, watcher: &dyn Watcher) {
    let (deletions, copies): (Vec<_>, Vec<_>) = steps.iter().partition(|restoring| restoring.step == Step::Delete);
    let copies = copies.into_iter().map(|restoring| async move { (restoring, copy(store, restoring, cancel).await) });
    let mut copies = pin!(stream::iter(copies).take_until(cancel.cancelled()).buffer_unordered(AT_ONCE));
    while let Some((restoring, result)) = copies.next().await {
        watcher.ended(restoring, result);
    }
    for batch in deletions.chunks(BATCH) {
        if cancel.is_cancelled() {
            return;
        }
        let wanted = batch.iter().filter_map(|restoring| {
            let etag = restoring.current.clone()?;
            Some((*restoring, Deletion { name: restoring.key.as_str().into(), etag }))
        });
        let (batch, wanted): (Vec<&Restoring>, Vec<Deletion>) = wanted.unzip();
        for (restoring, result) in batch.into_iter().zip(store.delete(&wanted).await) {
            watcher.ended(restoring, result.map_err(Failure::from));
        }
    }
}

async fn copy(store: &Guarded<S3Store>, restoring: &Restoring, cancel: &Cancel) -> Result<(), Failure> {
    let (version, stored) = restoring.version.as_ref().zip(restoring.stored()).ok_or(Failure::Changed)?;
    let name = restoring.key.as_str();
    let expect = restoring.current.clone().map_or(Expect::Absent, Expect::ETag);
    if stored.size > MOST_COPIED {
        return copy_parts(store, restoring, &expect, cancel).await;
    }
    match store.copy_version(name, (&version.id, &stored.etag), &expect).await {
        Ok(_) => Ok(()),
        // An answer that was lost on its way, to a copy that was made.
        Err(remote::Error::Precondition) if is_there(store, name, &stored.etag).await => Ok(()),
        // Some servers copy less in one request.
        Err(remote::Error::Other(_)) if stored.size >= Cut::default().threshold => {
            copy_parts(store, restoring, &expect, cancel).await
        }
        Err(error) => Err(error.into()),
    }
}

/// As [`copy`], of what is too large to be copied in one request. What a kill leaves of it is told by `s4 verify`.
async fn copy_parts(
    store: &Guarded<S3Store>,
    restoring: &Restoring,
    expect: &Expect,
    cancel: &Cancel,
) -> Result<(), Failure> {
    let (version, stored) = restoring.version.as_ref().zip(restoring.stored()).ok_or(Failure::Changed)?;
    let (name, from) = (restoring.key.as_str(), (&*version.id, &stored.etag));
    let info = store.store().head_version(name, &version.id).await?;
    let upload = store.begin_upload(name, &info.metadata).await?;
    let part = |(number, range): (u32, (u64, u64))| {
        let upload = &upload;
        async move {
            if cancel.is_cancelled() {
                return Err(Failure::Interrupted);
            }
            Ok(store.store().copy_version_part(name, from, range, (upload, number)).await?)
        }
    };
    let parts = stream::iter((1..).zip(Cut::default().copies(stored.size)).map(part));
    let ended = match parts.buffered(PARTS_AT_ONCE).try_collect::<Vec<ETag>>().await {
        Ok(etags) => store.complete_upload(name, &upload, (&etags, None), expect).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    if ended.is_err() {
        // Parts that nobody will complete would be paid for for ever.
        let _ = store.abort_upload(name, &upload).await;
    }
    ended.map(drop)
}

async fn is_there(store: &Guarded<S3Store>, name: &str, etag: &ETag) -> bool {
    store.head(name).await.is_ok_and(|info| info.etag == *etag)
}

/// Copies the wanted contents into `folder`, under keys that `place` makes of theirs; over nothing that is there.
pub async fn aside(
    store: &S3Store,
    (folder, place): (&Folder, Place<'_>),
    steps: &[Restoring],
    cancel: &Cancel,
    watcher: &dyn Watcher,
) {
    let fetches = steps.iter().map(|restoring| async move {
        let result = match place(&restoring.key) {
            Some(key) => {
                watcher.begins(restoring);
                fetch(store, (folder, &key), restoring, (watcher, cancel)).await
            }
            None => Err(Failure::Changed),
        };
        (restoring, result)
    });
    let mut fetches = pin!(stream::iter(fetches).take_until(cancel.cancelled()).buffer_unordered(FETCHED_AT_ONCE));
    while let Some((restoring, result)) = fetches.next().await {
        watcher.ended(restoring, result);
    }
}

async fn fetch(
    store: &S3Store,
    to: (&Folder, &Key),
    restoring: &Restoring,
    under: (&dyn Watcher, &Cancel),
) -> Result<(), Failure> {
    let mut attempt = 1;
    loop {
        match fetch_once(store, to, restoring, under).await {
            Err(Failure::Remote(remote::Error::Damaged(_) | remote::Error::Network(_))) if attempt < ATTEMPTS => {
                attempt += 1;
            }
            ended => return ended,
        }
    }
}

async fn fetch_once(
    store: &S3Store,
    (folder, key): (&Folder, &Key),
    restoring: &Restoring,
    (watcher, cancel): (&dyn Watcher, &Cancel),
) -> Result<(), Failure> {
    let (version, stored) = restoring.version.as_ref().zip(restoring.stored()).ok_or(Failure::Changed)?;
    let staged = folder.stage()?;
    let (info, mut body) = store.get_version(restoring.key.as_str(), &version.id).await?;
    let mut hasher = Hasher::new(info.size, Some(&stored.etag));
    let mut arrived = 0;
    while let Some(chunk) = body.chunk().await? {
        if cancel.is_cancelled() {
            return Err(Failure::Interrupted);
        }
        staged.write_at(arrived, &chunk)?;
        hasher.update(&chunk);
        arrived += chunk.len() as u64;
        watcher.arrived(restoring, chunk.len() as u64);
    }
    let content = hasher.finish();
    let contradicted = match info.metadata.sha256 {
        Some(sha256) => sha256 != content.sha256 && !content.matches_etag,
        None => false,
    };
    let is_short = arrived != stored.size || info.size != stored.size;
    if is_short || contradicted {
        return Err(remote::Error::Damaged(format!("{arrived} of {} bytes arrived whole", stored.size)).into());
    }
    let written_ns = info.metadata.mtime_ns.unwrap_or(version.modified_ns);
    let staged = match info.metadata.mode.filter(|mode| is_link(*mode)) {
        // In the target's folder a link might be followed, and what it leads to be uploaded.
        Some(_) if info.size > MOST_TARGET || !folder.takes_link(key) => return Err(Failure::Link),
        Some(_) => folder.stage_link(key, &read_part(folder, key, &staged.open()?, 0, info.size)?, written_ns)?,
        None => {
            staged.set(written_ns, info.metadata.mode)?;
            staged
        }
    };
    staged.sync()?;
    match folder.install(staged, key) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::Local(error)),
    }
}
