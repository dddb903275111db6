//! Looking where something has changed: the rest is as the indexes remember it.
//!
//! This makes the very value that a look at everything makes, so that all that follows is the same: what was not looked at is
//! put in from memory. Facts that hold here:
//! 1. What is remembered is only an expectation. Whoever acts on it names it to the file system or to the server, and what
//!    turns out to be something else is looked at again.
//! 2. An index alone deletes nothing: an object that is said to be gone is asked after.
//! 3. Of a key that another machine has told of, the file is looked at too.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::observe::LOOKING;
use super::{Engine, Error, Observed, is_rules};
use crate::blocking::blocking;
use crate::index::{Entry, Index, Kept, Loaded, RemoteIndex};
use crate::key::Key;
use crate::local::{self, Folder, Ignore, LocalFile, Scan, Stat};
use crate::remote::{self, Listed, ObjectStore};

/// Objects that are asked after, at most: a listing tells of more at once.
const MOST_ASKED: usize = 200;

/// Where a run looks.
#[derive(Clone, Debug, Default)]
pub enum Look {
    /// At the whole folder and the whole bucket.
    #[default]
    Everything,
    /// Where something may have changed, and at what other machines have written down since.
    Hints(Hints),
}

/// Where something may have changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Paths below the folder, `/` between components: of files, of what is gone, or of folders with all that is in them.
    pub paths: BTreeSet<String>,
    /// Anywhere in the folder.
    pub all: bool,
    /// Names of objects that somebody says have changed, whoever wrote them: they are asked after.
    pub objects: BTreeSet<String>,
}

impl Hints {
    /// The paths that are below no other one.
    fn outermost(&self) -> BTreeSet<&str> {
        let is_below = |path: &str| path.match_indices('/').any(|(at, _)| self.paths.contains(&path[..at]));
        self.paths.iter().map(String::as_str).filter(|path| !is_below(path)).collect()
    }
}

/// Whether other machines have written anything down since this one last looked; nothing, where there is no index yet. One
/// conditional GET, and more only if so.
///
/// # Errors
///
/// When the index cannot be asked after.
pub async fn has_news<S: ObjectStore>(store: &S, folder: &Folder) -> Result<bool, Error> {
    let fetched = RemoteIndex::fetch_told(store, folder).await?;
    Ok(!fetched.is_noted() && fetched.is_there())
}

/// Whether the folder has anything where the hints say that is not as the local index has it: what s4 wrote itself is heard of too,
/// and needs no run. Where there is doubt, it has. Asks nobody; the lock need not be held.
///
/// # Errors
///
/// When the folder cannot be looked at.
pub fn has_edits(folder: &Folder, hints: &Hints, kept: Option<&Kept>) -> Result<bool, Error> {
    let is_wide =
        hints.all || !hints.objects.is_empty() || hints.paths.iter().any(|path| is_rules(path) || path.is_empty());
    let Some((base, Some(written_ns))) = kept.and_then(|kept| kept.current(folder)).filter(|_| !is_wide) else {
        return Ok(true);
    };
    let ignore = Ignore::load(folder)?;
    let paths = hints.outermost();
    let found = local::scan_at(folder, &ignore, paths.iter().copied())?.files;
    // A file as new as the index may have changed unseen.
    let is_synced = |file: &LocalFile| {
        let entry = base.get(file.key.as_str());
        if file.key.is_marker() {
            return entry.is_some_and(|entry| !entry.is_tombstone());
        }
        let stat = entry.and_then(Entry::stat);
        stat.is_some_and(|stat| stat.same_file(&file.stat) && stat.ctime_ns < written_ns)
    };
    let live = paths.iter().flat_map(|path| base.at_or_below(path)).filter(|(_, entry)| !entry.is_tombstone());
    let (markers, live): (Vec<_>, Vec<_>) = live.partition(|(name, _)| name.ends_with('/'));
    let is_there = |name: &str| Key::parse_any(name).is_ok_and(|key| matches!(folder.stat(&key), Ok(Some(_))));
    let is_gone = folder.keeps_empty() && markers.iter().any(|(name, _)| !is_there(name));
    let files = found.iter().filter(|file| !file.key.is_marker()).count();
    Ok(is_gone || !found.iter().all(is_synced) || files != live.len())
}

/// What the bucket holds as far as it is known, in the order of the names' bytes, and the names of which something new is known.
type Objects = (Vec<Listed>, BTreeSet<Box<str>>);

/// What is known of an object without asking.
enum Known {
    /// There was none and is none.
    Nothing,
    /// It is the one that was there when the key was last in sync; when it was written, if that is known.
    Same(Option<i64>),
    /// It is this one now.
    New(Listed),
    /// It has to be asked after.
    Unsure,
}

impl<S: ObjectStore> Engine<S> {
    /// Looks where the hints say; `None` where everything has to be looked at instead.
    pub(super) async fn remember(&self, hints: &Hints, kept: Option<Kept>) -> Result<Option<Observed>, Error> {
        let folder = Arc::clone(&self.folder);
        let loading = blocking(move || Kept::load(kept, &folder, false));
        let fetching = async { Ok::<_, Error>(RemoteIndex::fetch_told(&*self.store, &self.folder).await?) };
        let (base, mut remote_index) = tokio::try_join!(async { Ok(loading.await?) }, fetching)?;
        let is_of_here = base.index.place.as_ref() == Some(&self.options.place);
        if !is_of_here || base.index.entries().is_empty() || base.set_aside.is_some() {
            return Ok(None);
        }
        let Some((listing, news)) = self.known_objects(&base.index, &mut remote_index, &hints.objects).await? else {
            return Ok(None);
        };
        let mut hints = hints.clone();
        hints.paths.extend(news.into_iter().map(String::from));
        let folder = Arc::clone(&self.folder);
        let (base, looked) = blocking(move || {
            let looked = look(&folder, &base, &mut hints);
            (base, looked)
        })
        .await;
        let (ignore, scan) = looked?;
        let known = base.index.live();
        Ok(Some(Observed { base, ignore, scan, listing, remote_index, known }))
    }

    /// What the bucket holds, by the base, by what other machines have written down since, and by what is said of it.
    async fn known_objects(
        &self,
        base: &Index,
        remote_index: &mut RemoteIndex,
        said: &BTreeSet<String>,
    ) -> Result<Option<Objects>, Error> {
        let changed: Option<BTreeSet<Box<str>>> = remote_index.changed().map(|names| names.map(Box::from).collect());
        let told = match &changed {
            Some(names) if names.is_empty() => Cow::Owned(Index::default()),
            Some(names) => remote_index.about(&*self.store, &self.folder, names.iter().map(|name| &**name)).await?,
            None => Cow::Borrowed(remote_index.index(&*self.store, &self.folder).await?),
        };
        let mut news: BTreeMap<Box<str>, Option<Listed>> = BTreeMap::new();
        let mut unsure: Vec<Box<str>> = Vec::new();
        let mut listing = Vec::with_capacity(base.live());
        for (name, entry) in base.entries() {
            let is_asked = changed.as_ref().is_none_or(|names| names.contains(name));
            let known = match is_asked {
                _ if said.contains(&**name) => Known::Unsure,
                true => known(name, Some(entry), told.get(name)),
                false if entry.is_tombstone() => Known::Nothing,
                false => Known::Same(None),
            };
            match (known, &entry.etag, entry.size) {
                (Known::Nothing, ..) => {}
                (Known::Same(modified), Some(etag), Some(size)) => {
                    let last_modified = modified.unwrap_or_default();
                    listing.push(Listed { name: name.clone(), size, etag: etag.clone(), last_modified });
                }
                (Known::New(object), ..) => drop(news.insert(name.clone(), Some(object))),
                (Known::Same(_) | Known::Unsure, ..) => unsure.push(name.clone()),
            }
        }
        for (name, entry) in told.entries().iter().filter(|(name, _)| base.get(name).is_none()) {
            match known(name, None, Some(entry)) {
                _ if said.contains(&**name) => unsure.push(name.clone()),
                Known::Nothing | Known::Same(_) => {}
                Known::New(object) => drop(news.insert(name.clone(), Some(object))),
                Known::Unsure => unsure.push(name.clone()),
            }
        }
        let unheard = said.iter().filter(|name| base.get(name).is_none() && told.get(name).is_none());
        unsure.extend(unheard.map(|name| Box::from(name.as_str())));
        if unsure.len() > MOST_ASKED {
            return Ok(None);
        }
        news.extend(self.ask(unsure).await?);
        let names = news.keys().cloned().collect();
        listing.extend(news.into_values().flatten());
        listing.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Some((listing, names)))
    }

    /// Asks after objects.
    async fn ask(&self, names: Vec<Box<str>>) -> Result<Vec<(Box<str>, Option<Listed>)>, Error> {
        let asked = names.into_iter().map(|name| async move {
            match self.store.head(&name).await {
                Ok(info) => {
                    let (size, etag, last_modified) = (info.size, info.etag, info.last_modified);
                    Ok((name.clone(), Some(Listed { name, size, etag, last_modified })))
                }
                Err(remote::Error::NotFound) => Ok((name, None)),
                Err(error) => Err(error.into()),
            }
        });
        stream::iter(asked).buffer_unordered(LOOKING).try_collect().await
    }
}

/// What is known of an object, by its entry in the base and the one in the remote index.
fn known(name: &str, base: Option<&Entry>, told: Option<&Entry>) -> Known {
    let told_object = told.and_then(|told| {
        let (size, etag, last_modified) = (told.size?, told.etag.clone()?, told.local_timestamp?);
        Some(Listed { name: name.into(), size, etag, last_modified })
    });
    let told = told.filter(|told| !told.is_tombstone());
    match (base.filter(|base| !base.is_tombstone()), told) {
        (None, None) => Known::Nothing,
        (None, Some(_)) => told_object.map_or(Known::Unsure, Known::New),
        // It is told to be gone, or the index has lost it.
        (Some(_), None) => Known::Unsure,
        // The index is behind: whoever wrote this did not know of what the base has.
        (Some(base), Some(told)) if told.remote_timestamp < base.remote_timestamp => Known::Unsure,
        (Some(base), Some(told)) => match told_object {
            Some(object) if base.etag.as_ref() == Some(&object.etag) => Known::Same(Some(object.last_modified)),
            Some(object) if told.remote_timestamp > base.remote_timestamp => Known::New(object),
            _ => Known::Unsure,
        },
    }
}

/// Looks at the folder where the hints say, and puts the rest in from the base.
fn look(folder: &Folder, base: &Loaded, hints: &mut Hints) -> Result<(Ignore, Scan), Error> {
    let ignore = Ignore::load(folder)?;
    // These may have changed what is ignored.
    if hints.all || hints.paths.iter().any(|path| is_rules(path) || path.is_empty()) {
        let scan = local::scan(folder, &ignore)?;
        return Ok((ignore, scan));
    }
    let live = || base.index.entries().iter().filter(|(_, entry)| !entry.is_tombstone());
    let unknown = live().filter(|(_, entry)| entry.stat().is_none());
    hints.paths.extend(unknown.map(|(name, _)| String::from(&**name)));
    let paths = hints.outermost();
    let mut scan = local::scan_at(folder, &ignore, paths.iter().copied())?;
    let is_looked_at =
        |name: &str| paths.contains(name) || name.match_indices('/').any(|(at, _)| paths.contains(&name[..at]));
    if folder.keeps_empty() {
        // What went away may have been the last of its folder. The folders that have markers are looked at in any case.
        let above = paths.iter().flat_map(|path| path.match_indices('/').map(|(at, _)| &path[..at]));
        let empty: BTreeSet<&str> = above.filter(|path| folder.is_empty_folder(path)).collect();
        let markers = empty.into_iter().filter_map(|path| Key::parse_any(&format!("{path}/")).ok());
        let markers = markers.filter(|key| !ignore.is_ignored_key(key));
        scan.files.extend(markers.map(|key| LocalFile { key, stat: Stat::default() }));
    }
    let remembered = live().filter(|(name, _)| !is_looked_at(name)).filter_map(|(name, entry)| {
        let file = LocalFile { key: Key::parse(name).ok()?, stat: entry.stat()? };
        // One that was synced once, and is left alone from now on.
        (!file.stat.is_link() || folder.takes_link(&file.key)).then_some(file)
    });
    scan.files.extend(remembered);
    scan.put_in_order();
    Ok((ignore, scan))
}
