//! A target, opened: its folder, its bucket, and what the probe found of the server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use s4_commands::AddressingStyle;
use serde_json::Value;

use crate::config::{Config, Target};
use crate::context::Context;
use crate::cost::{self, Foretold, Spent};
use crate::engine::Planning;
use crate::error::{Error, Kind};
use crate::local::{self, Folder, Hold, Links, Lock};
use crate::remote::{self, Capabilities, Connection, EventQueue, Guarded, S3Store, S3Uri};
use crate::report;
use crate::transfer::{Cancel, Foreseen};
use crate::ui::progress::{Looked, Watch};

/// How long a second run on one folder waits for the first, where `S4_LOCK_WAIT` says nothing else.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);
/// How long it waits before it looks whether it is still wanted.
const LOCK_LOOK: Duration = Duration::from_millis(250);

/// A target's two sides.
pub struct Session {
    /// The folder.
    pub folder: Arc<Folder>,
    /// The bucket.
    pub store: Arc<Guarded<S3Store>>,
    /// What is known of the server's conditional writes; `None`: whoever comes to write will have to find out.
    pub server: Option<Capabilities>,
}

impl Session {
    /// Opens both sides. The server's conditional writes are tried once, and the finding is kept in the config file,
    /// unless `look_only`: then nothing is written anywhere.
    ///
    /// # Errors
    ///
    /// A folder or a bucket that cannot be used.
    pub async fn open(context: &Context, target: &Target, look_only: bool) -> Result<Session, Error> {
        let folder = open_folder(target)?;
        let store = connect(context, target).await?;
        let server = match known_capabilities(target, &store) {
            Some(capabilities) => Some(capabilities),
            // Nothing will be written.
            None if look_only => None,
            None => {
                let found = remote::probe(&store)
                    .await
                    .map_err(|error| report::access(Some(&target.name), &target.s3_uri, error))?;
                remember(context, target, finding(&store, found))?;
                Some(found)
            }
        };
        let store = Arc::new(Guarded::new(store, server.unwrap_or_default()));
        Ok(Session { folder: Arc::new(folder), store, server })
    }

    /// What the server has been asked for so far, and what that costs.
    pub fn spent(&self, target: &Target) -> Spent {
        Spent::of(target, self.store.store().counts())
    }

    /// What a sync will take that makes the look of this session again, and carries out what came of it.
    pub fn foretell(&self, target: &Target, planning: &Planning, foreseen: &Foreseen) -> Foretold {
        cost::foretell(target, (planning, foreseen), self.store.store().counts(), self.server)
    }

    /// Tells how far looks at both sides have come.
    pub fn watch(&self) -> Watch {
        let (folder, store) = (Arc::clone(&self.folder), Arc::clone(&self.store));
        Box::new(move || {
            let (files, read) = folder.looked();
            let (objects, sent) = store.store().under_way();
            Looked { files, objects, read, sent }
        })
    }

    /// Takes the folder's lock, waiting for another run to end, or for Ctrl-C.
    ///
    /// # Errors
    ///
    /// When the other run takes too long, the wait is interrupted, or the lock cannot be written.
    pub fn lock(&self, context: &Context, cancel: &Cancel) -> Result<Lock, Error> {
        self.wait_for_lock(context, cancel, Hold::Alone, Some(lock_patience(context)?))
    }

    /// As [`Session::lock`], for however long it takes.
    ///
    /// # Errors
    ///
    /// As [`Session::lock`].
    pub fn lock_patiently(&self, context: &Context, cancel: &Cancel) -> Result<Lock, Error> {
        self.wait_for_lock(context, cancel, Hold::Alone, None)
    }

    /// Takes the folder's lock together with other steps of a run, waiting for a whole run to end, or for Ctrl-C. Whoever comes
    /// first, and is alone, does `first`.
    ///
    /// # Errors
    ///
    /// As [`Session::lock`], and those of `first`.
    pub fn share(
        &self,
        context: &Context,
        cancel: &Cancel,
        first: impl FnOnce() -> Result<(), Error>,
    ) -> Result<Lock, Error> {
        if let Ok(alone) = Lock::acquire(&self.folder, Hold::Alone, Duration::ZERO, &mut |_| {}) {
            first()?;
            if let Ok(shared) = alone.share() {
                return Ok(shared);
            }
        }
        self.wait_for_lock(context, cancel, Hold::Shared, Some(lock_patience(context)?))
    }

    fn wait_for_lock(
        &self,
        context: &Context,
        cancel: &Cancel,
        hold: Hold,
        patience: Option<Duration>,
    ) -> Result<Lock, Error> {
        let began = Instant::now();
        let mut told = false;
        let mut waiting = |holder: Option<u32>| {
            let who = holder.map_or_else(|| "another s4".to_owned(), |pid| format!("another s4 (process {pid})"));
            // A step that is about to end is not worth a word.
            if began.elapsed() >= LOCK_LOOK && !std::mem::replace(&mut told, true) {
                context.ui.note(&format!("Waiting for {who} on this folder"));
            }
        };
        loop {
            match Lock::acquire(&self.folder, hold, LOCK_LOOK, &mut waiting) {
                Err(local::Error::Locked { .. }) if cancel.is_cancelled() => {
                    return Err(Error::new(
                        Kind::Interrupted,
                        "interrupted while waiting for another s4 on this folder",
                    ));
                }
                Err(local::Error::Locked { .. }) if patience.is_none_or(|patience| began.elapsed() < patience) => {}
                ended => return ended.map_err(folder_error),
            }
        }
    }
}

fn lock_patience(context: &Context) -> Result<Duration, Error> {
    Ok(context.env.seconds("S4_LOCK_WAIT")?.unwrap_or(LOCK_PATIENCE))
}

/// Takes a folder's lock, for who does not ask anything of the bucket.
///
/// # Errors
///
/// When another run takes too long, or the lock cannot be written.
pub fn lock_folder(context: &Context, folder: &Folder) -> Result<Lock, Error> {
    let mut waiting = |_: Option<u32>| context.ui.note("Waiting for another s4 on this folder");
    Lock::acquire(folder, Hold::Alone, lock_patience(context)?, &mut waiting).map_err(folder_error)
}

/// Opens a target's folder.
///
/// # Errors
///
/// When it is missing, no folder, or not to be read.
pub fn open_folder(target: &Target) -> Result<Folder, Error> {
    let opened = Folder::open(&target.local_folder, target.state_folder.as_deref());
    let links = match target.links.unwrap_or_default() {
        s4_commands::Links::Skip => Links::Skip,
        s4_commands::Links::Follow => Links::Follow,
        s4_commands::Links::Preserve => Links::Preserve,
    };
    // It may hold keys, and each machine has its own.
    let config = target.config.as_deref().map(places).unwrap_or_default();
    let dressed =
        |folder: Folder| folder.with_links(links).with_empty_folders(target.empty_folders).with_hidden(&config);
    let opened = opened.map(dressed);
    opened.map_err(|error| match error {
        local::Error::NotFound { path } => {
            let path = path.display();
            Error::new(Kind::Failed, format!("the folder '{path}' does not exist"))
                .hint(format!("if it is on a drive, mount the drive; if it is new, make it: mkdir -p '{path}'"))
        }
        local::Error::InTheWay { path } => {
            let name = report::quoted(&target.name);
            Error::new(Kind::Failed, format!("'{}' is not a folder", path.display()))
                .hint(format!("name the folder: s4 edit {name} --local-folder FOLDER"))
        }
        error => folder_error(error),
    })
}

/// Where a file is: its own place, and where it leads if it is a link.
fn places(file: &Path) -> Vec<PathBuf> {
    let own = file.parent().and_then(|folder| Some(folder.canonicalize().ok()?.join(file.file_name()?)));
    own.into_iter().chain(file.canonicalize()).collect()
}

/// Connects to a target's bucket; no request is made yet.
///
/// # Errors
///
/// An address or keys that make no sense.
pub async fn connect(context: &Context, target: &Target) -> Result<S3Store, Error> {
    let (connection, uri) = (connection(context, target)?, uri(target)?);
    S3Store::connect(&connection, &uri).await.map_err(|error| report::access(Some(&target.name), &target.s3_uri, error))
}

/// Connects to a target's event queue, if it has one; no request is made yet.
///
/// # Errors
///
/// As [`connect`].
pub async fn listen(context: &Context, target: &Target) -> Result<Option<EventQueue>, Error> {
    let Some(url) = &target.event_queue else { return Ok(None) };
    let (connection, uri) = (connection(context, target)?, uri(target)?);
    let queue = EventQueue::connect(&connection, url, &uri).await;
    queue.map(Some).map_err(|error| report::access(Some(&target.name), url, error))
}

fn uri(target: &Target) -> Result<S3Uri, Error> {
    S3Uri::parse(&target.s3_uri).map_err(|error| {
        Error::new(Kind::Config, format!("target \"{}\": s3_uri makes no sense", target.name))
            .because(error)
            .hint(format!("mend it: s4 edit {} --s3-uri s3://bucket/path", report::quoted(&target.name)))
    })
}

fn connection(context: &Context, target: &Target) -> Result<Connection, Error> {
    Ok(Connection {
        endpoint_url: target.endpoint_url.clone(),
        region: target.region_name.clone(),
        profile: target.profile.clone(),
        access_key_id: target.aws_access_key_id.clone(),
        secret_access_key: target.aws_secret_access_key.clone(),
        storage_class: target.storage_class.clone(),
        sse: target.sse.clone(),
        sse_kms_key_id: target.sse_kms_key_id.clone(),
        patience: context.env.seconds("S4_TIMEOUT")?.filter(|patience| !patience.is_zero()),
        bandwidth: target.bandwidth_limit.unwrap_or_default(),
        ca_bundle: target.ca_bundle.clone().or_else(|| context.env.get("AWS_CA_BUNDLE").map(PathBuf::from)),
        proxied: has_proxy(context),
        path_style: target.addressing_style.map(|style| style == AddressingStyle::Path),
        requester_pays: target.requester_pays,
        sdk_lists: context.env.get("S4_SDK_LISTS").is_some(),
    })
}

/// Whether the environment names a proxy.
fn has_proxy(context: &Context) -> bool {
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].into_iter();
    names.flat_map(|name| [name.to_owned(), name.to_lowercase()]).any(|name| context.env.text(&name).is_some())
}

/// Tries a target's bucket before it is added: whether it can be used at all, and which conditions its server keeps.
///
/// # Errors
///
/// What keeps it from being used, with what to do about it.
pub async fn try_bucket(context: &Context, target: &Target) -> Result<Value, Error> {
    let store = connect(context, target).await?;
    remote::check(&store).await.map_err(|error| report::access(None, &target.s3_uri, error))?;
    let found = remote::probe(&store).await.map_err(|error| report::access(None, &target.s3_uri, error))?;
    Ok(finding(&store, found))
}

/// The field of a finding that says of which bucket and server it is.
const FOUND_AT: &str = "server";

/// What was found of the server. Nothing is taken for granted: what looks like AWS may be another server that the
/// environment or a profile names, and what was found may have been found of another one.
fn known_capabilities(target: &Target, store: &S3Store) -> Option<Capabilities> {
    let known = target.conditional_writes.clone()?;
    let is_of_this_one = known.get(FOUND_AT).and_then(Value::as_str) == Some(&store.identity());
    serde_json::from_value(known).ok().filter(|_| is_of_this_one)
}

/// What was found of the server, as the config file has it.
fn finding(store: &S3Store, found: Capabilities) -> Value {
    let mut finding = serde_json::to_value(found).unwrap_or_default();
    if let Value::Object(fields) = &mut finding {
        fields.insert(FOUND_AT.to_owned(), store.identity().into());
    }
    finding
}

fn remember(context: &Context, target: &Target, finding: Value) -> Result<(), Error> {
    Config::update(context.config_path()?, |config| {
        let mut fields = config.fields(&target.name)?.clone();
        fields.insert("conditional_writes".to_owned(), finding);
        config.set(&target.name, fields);
        Ok::<_, crate::config::Error>(())
    })?;
    Ok(())
}

/// The sentence for a folder that cannot be used, and what to do.
pub fn folder_error(error: local::Error) -> Error {
    let message = error.to_string();
    let hinted = |hint: &str| Error::new(Kind::Failed, message.clone()).hint(hint);
    match &error {
        local::Error::Denied { path } => {
            // It may be what could not be made.
            let there = path.ancestors().find(|path| path.symlink_metadata().is_ok()).unwrap_or(path);
            let there = report::quoted(&there.to_string_lossy());
            hinted(&format!("look at its owner and permissions: ls -ld {there}"))
        }
        local::Error::NoSpace { .. } => hinted("make room on the disk; what was done so far is kept"),
        local::Error::TooLarge { .. } => hinted("leave out folders rather than files, or patterns rather than names"),
        local::Error::Locked { .. } => hinted("wait for the other run to end, or end it"),
        _ => Error::new(Kind::Failed, message),
    }
    .because(error)
}
