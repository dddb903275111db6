//! The two versions of a conflict, for people to compare.

use std::io::Read;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::config::Target;
use crate::error::Error;
use crate::index::whole_seconds;
use crate::local::Folder;
use crate::reconcile::Planned;
use crate::remote::{self, Body, GetOptions, Got, Guarded, ObjectStore, S3Store};
use crate::report;
use crate::session::{Session, folder_error};
use crate::ui::diff::{Content, HEAD, LIMIT, Version};
use crate::ui::run::Versions;

/// Fetches versions from the sides of a session. To be called on a thread of the runtime that may block.
pub fn of(target: &Target, session: &Session) -> Versions {
    let (target, folder, store) = (target.clone(), Arc::clone(&session.folder), Arc::clone(&session.store));
    let runtime = Handle::current();
    Box::new(move |conflict| {
        let local = local_version(&folder, conflict)?;
        let remote = runtime.block_on(remote_version(&target, &store, conflict));
        Ok((local, remote.map_err(|error| report::access(&target.s3_uri, error))?))
    })
}

fn local_version(folder: &Folder, conflict: &Planned) -> Result<Version, Error> {
    let key = &conflict.item.key;
    let place = folder.path().join(key.as_str()).to_string_lossy().into_owned();
    let Some(local) = &conflict.item.local else {
        return Ok(Version { place, time: None, content: Content::Absent });
    };
    let (file, stat) = folder.open_file(key).map_err(folder_error)?;
    let wanted = if stat.size > LIMIT { HEAD as u64 } else { LIMIT };
    let mut bytes = Vec::new();
    file.take(wanted)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::new(crate::Kind::Failed, format!("cannot read '{place}'")).because(error))?;
    let content = content(stat.size, bytes);
    Ok(Version { place, time: Some(whole_seconds(local.stat.mtime_ns)), content })
}

async fn remote_version(
    target: &Target,
    store: &Guarded<S3Store>,
    conflict: &Planned,
) -> Result<Version, remote::Error> {
    let key = conflict.item.key.as_str();
    let place = format!("{}/{key}", target.s3_uri.trim_end_matches('/'));
    let Some(there) = &conflict.item.remote else {
        return Ok(Version { place, time: None, content: Content::Absent });
    };
    let range = (there.size > LIMIT).then_some((0, HEAD as u64));
    let mut bytes = Vec::new();
    if let Got::Object(_, mut body) = store.get(key, GetOptions { range, ..GetOptions::default() }).await? {
        while let Some(chunk) = body.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok(Version { place, time: Some(there.last_modified), content: content(there.size, bytes) })
}

fn content(size: u64, bytes: Vec<u8>) -> Content {
    if size > LIMIT { Content::Large { size, head: bytes } } else { Content::Whole(bytes) }
}
