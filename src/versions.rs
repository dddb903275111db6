//! The versions of a key, for people to compare: the file, the object, what was last synced, and what the bucket keeps of the past.

use std::io::Read as _;
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::config::Target;
use crate::error::{Error, Kind};
use crate::history::{self, NO_ID, versions_of};
use crate::index::{Entry, whole_seconds};
use crate::key::Key;
use crate::local::{Folder, Stat};
use crate::reconcile::{Item, Planned, State};
use crate::remote::{self, Body, GetOptions, Got, Guarded, ObjectStore, S3Store};
use crate::report;
use crate::session::{Session, folder_error};
use crate::ui::diff::{Content, HEAD, LIMIT, Version};
use crate::ui::run::Versions;
use crate::ui::text::printable;

/// Fetches the two versions of a conflict from the sides of a session. To be called on a thread of the runtime that may block.
pub fn of(target: &Target, session: &Session) -> Versions {
    let sides = Contents::of(target, session);
    let runtime = Handle::current();
    Box::new(move |conflict| Ok((sides.local(conflict)?, runtime.block_on(sides.remote(conflict))?)))
}

/// Where the contents of a target's keys come from.
#[derive(Clone)]
pub struct Contents {
    target: Target,
    folder: Arc<Folder>,
    store: Arc<Guarded<S3Store>>,
}

impl Contents {
    /// Those of the sides of a session.
    pub fn of(target: &Target, session: &Session) -> Contents {
        Contents { target: target.clone(), folder: Arc::clone(&session.folder), store: Arc::clone(&session.store) }
    }

    /// The file as it is now.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn local(&self, planned: &Planned) -> Result<Version, Error> {
        let place = self.path(&planned.item.key);
        let Some(local) = &planned.item.local else {
            let why = if planned.item.ignored { "ignored" } else { gone(planned.decision.local) };
            return Ok(Version { place, time: None, content: Content::Absent(why) });
        };
        let content = self.file(&planned.item.key)?;
        Ok(Version { place, time: Some(whole_seconds(local.stat.mtime_ns)), content })
    }

    /// The file of a key that nobody has looked at.
    ///
    /// # Errors
    ///
    /// As [`Contents::local`].
    pub fn local_of(&self, key: &Key) -> Result<Version, Error> {
        let place = self.path(key);
        Ok(match self.folder.stat(key).map_err(folder_error)? {
            None => Version { place, time: None, content: Content::Absent(gone(State::Absent)) },
            Some(stat) => Version { place, time: Some(whole_seconds(stat.mtime_ns)), content: self.file(key)? },
        })
    }

    /// The object that was seen.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is another one by now.
    pub async fn remote(&self, planned: &Planned) -> Result<Version, Error> {
        let key = &planned.item.key;
        let place = self.uri(key);
        let Some(there) = &planned.item.remote else {
            return Ok(Version { place, time: None, content: Content::Absent(gone(planned.decision.remote)) });
        };
        let range = (there.size > LIMIT).then_some((0, HEAD as u64));
        let options = GetOptions { range, if_match: Some(there.etag.clone()), ..GetOptions::default() };
        let content = match self.store.get(key.as_str(), options).await {
            Ok(Got::Object(info, body)) => content(info.size, body).await,
            Ok(Got::NotModified) => Err(remote::Error::Precondition),
            Err(error) => Err(error),
        };
        let content = content.map_err(|error| self.cannot_read(key, error))?;
        Ok(Version { place, time: Some(there.last_modified), content })
    }

    /// That version of a key, as the bucket keeps it.
    ///
    /// # Errors
    ///
    /// When there is none of that id, or it cannot be read.
    pub async fn version(&self, key: &Key, id: &str) -> Result<Version, Error> {
        let found = self.store.store().get_version(key.as_str(), id).await;
        let (info, body) = found.map_err(|error| match error {
            // What a server says to an id that is none differs.
            remote::Error::NotFound | remote::Error::Other(_) | remote::Error::Precondition => {
                let (key, id) = (printable(key.as_str()).into_owned(), printable(id).into_owned());
                let hint = format!("see which there are: s4 log {} {}", self.target(), report::quoted(&key));
                Error::new(Kind::Failed, format!("there is no version {id} of \"{key}\"")).because(error).hint(hint)
            }
            error => history::explain(&self.target, error),
        })?;
        let time = Some(info.last_modified);
        let content = content(info.size, body).await.map_err(|error| self.cannot_read(key, error))?;
        Ok(Version { place: format!("{}?versionId={id}", self.uri(key)), time, content })
    }

    /// What was last synced of a key; `None`: nobody has it any more.
    ///
    /// # Errors
    ///
    /// When it cannot be looked for, or not be read.
    pub async fn base(&self, planned: &Planned) -> Result<Option<Version>, Error> {
        let Item { key, remote, .. } = &planned.item;
        let Some(base) = planned.item.live_base() else {
            let place = self.uri(key);
            return Ok(Some(Version { place, time: None, content: Content::Absent(gone(State::Absent)) }));
        };
        if planned.decision.remote == State::Unchanged && remote.is_some() {
            return self.remote(planned).await.map(Some);
        }
        if planned.decision.local == State::Unchanged && planned.item.local.is_some() {
            return self.local(planned).map(Some);
        }
        let kept = versions_of(self.store.store(), key).await;
        let kept = match kept {
            // Such a server keeps none.
            Err(remote::Error::NotImplemented(_)) => return Ok(None),
            kept => kept.map_err(|error| history::explain(&self.target, error))?,
        };
        match kept.iter().find(|version| is_base(version, base)) {
            None => Ok(None),
            Some(version) => self.version(key, &version.id).await.map(Some),
        }
    }

    fn file(&self, key: &Key) -> Result<Content, Error> {
        if let Some(stat) = self.folder.stat(key).map_err(folder_error)?.filter(Stat::is_link) {
            return self.folder.read_link(key, &stat).map(Content::Whole).map_err(folder_error);
        }
        let (file, stat) = self.folder.open_file(key).map_err(folder_error)?;
        let wanted = if stat.size > LIMIT { HEAD as u64 } else { LIMIT };
        let mut bytes = Vec::new();
        file.take(wanted).read_to_end(&mut bytes).map_err(|error| {
            Error::new(Kind::Failed, format!("cannot read '{}'", printable(&self.path(key)))).because(error)
        })?;
        Ok(if stat.size > LIMIT { Content::Large { size: stat.size, head: bytes } } else { Content::Whole(bytes) })
    }

    fn path(&self, key: &Key) -> String {
        self.folder.path_of(key).to_string_lossy().into_owned()
    }

    fn uri(&self, key: &Key) -> String {
        format!("{}/{key}", self.target.s3_uri.trim_end_matches('/'))
    }

    fn target(&self) -> String {
        report::quoted(&self.target.name)
    }

    fn cannot_read(&self, key: &Key, error: remote::Error) -> Error {
        match error {
            remote::Error::NotFound | remote::Error::Precondition | remote::Error::Damaged(_) => {
                let message = format!("cannot read \"{}\" in the bucket", printable(key.as_str()));
                Error::new(Kind::Failed, message).because(error)
            }
            error => report::access(Some(&self.target.name), &self.target.s3_uri, error),
        }
    }
}

/// Whether a version of the bucket is the one that was last synced.
fn is_base(version: &remote::Version, base: &Entry) -> bool {
    // What is written while no versions are kept has this id, one content after the other.
    let is_of_id = base.version_id.as_deref().is_some_and(|id| id != NO_ID && id == &*version.id);
    let same = |stored: &remote::Stored| base.etag.as_ref() == Some(&stored.etag) && base.size == Some(stored.size);
    version.content.as_ref().is_some_and(|stored| is_of_id || same(stored))
}

/// Why a side has nothing.
fn gone(state: State) -> &'static str {
    if state == State::Absent { "not there" } else { "deleted" }
}

/// What arrives of an object of `size` bytes: all of it, or its head where it is large.
async fn content(size: u64, mut body: impl Body) -> Result<Content, remote::Error> {
    let mut bytes = Vec::new();
    while size <= LIMIT || bytes.len() < HEAD {
        let Some(chunk) = body.chunk().await? else { break };
        bytes.extend_from_slice(&chunk);
    }
    if size <= LIMIT {
        return Ok(Content::Whole(bytes));
    }
    bytes.truncate(HEAD);
    Ok(Content::Large { size, head: bytes })
}
