//! Looking at both sides: scan, listing, base and remote index, all at once; and looking at a few keys again.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::stream::{self, StreamExt};
use tokio::sync::oneshot;

use super::learn::live_names;
use super::{Engine, Error, Summary, is_rules};
use crate::blocking::blocking;
use crate::index::{self, Entry, Index, Loaded, RemoteIndex};
use crate::key::{self, Key};
use crate::local::{self, Hidden, Ignore, LocalFile, Scan};
use crate::reconcile::{Item, MARKER_WITH_CONTENT, Problem, ProblemKind, Sides, examine, join};
use crate::remote::{self, Listed, ObjectStore};
use crate::transfer::Failure;

/// Names that are asked after, of those that a listing in ranges has lost.
const ASKED_AFTER: usize = 4;
/// Keys looked at at once.
pub(super) const LOOKING: usize = 32;

/// Both sides and what is remembered of them.
#[derive(Debug)]
pub struct Observed {
    /// The local index as it was found.
    pub base: Loaded,
    /// The ignore rules that the scan went by.
    pub ignore: Ignore,
    /// The folder.
    pub scan: Scan,
    /// The bucket.
    pub listing: Vec<Listed>,
    /// The index in the bucket.
    pub remote_index: RemoteIndex,
    /// Number of keys that the base knew at the start.
    pub known: usize,
}

/// What a look at single keys goes by.
pub(super) struct GoBy<'l, 'b> {
    pub(super) ignore: &'l Ignore,
    /// Tells a key's entry in the local index.
    pub(super) base: &'l (dyn Fn(&Key) -> Option<&'b Entry> + Sync),
    /// When the local index was written; `None` for keys that have changed since.
    pub(super) written_ns: Option<i128>,
}

/// Sides that were looked at before, and are not looked at again.
#[derive(Debug, Default)]
pub struct Given {
    /// The folder.
    pub scan: Option<Scan>,
    /// The bucket, in the order of the names' bytes.
    pub listing: Option<Vec<Listed>>,
    /// Whether keys that a given side does not name are unknown there, and not absent.
    pub partial: bool,
}

impl Given {
    /// Which sides are known in part only.
    pub(super) fn partial(&self) -> Partial {
        Partial { local: self.partial && self.scan.is_some(), remote: self.partial && self.listing.is_some() }
    }
}

/// Which sides are known in part only: a key that such a side does not name may be there all the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partial {
    local: bool,
    remote: bool,
}

impl Partial {
    /// Whether both sides of a key are known.
    pub(super) fn knows(self, item: &Item) -> bool {
        (item.local.is_some() || !self.local) && (item.remote.is_some() || !self.remote)
    }
}

impl Observed {
    /// A key's object, as it was listed.
    pub(super) fn object(&self, key: &Key) -> Option<&Listed> {
        let at = self.listing.binary_search_by(|object| (*object.name).cmp(key.as_str())).ok()?;
        Some(&self.listing[at])
    }

    /// The item of the ignore rules, if they may need something done.
    pub(super) fn take_rules(&self, base: &Index) -> Vec<Item> {
        let file = self.scan.files.iter().find(|file| is_rules(file.key.as_str()));
        let base = base.get(key::IGNORE);
        let Ok(key) = Key::parse(key::IGNORE) else { return Vec::new() };
        let object = self.object(&key);
        let same = base.and_then(|base| base.etag.as_ref()) == object.map(|object| &object.etag);
        if same || self.scan.hidden(&key).is_some() {
            Vec::new()
        } else {
            vec![examine(&key, base, None, file, object)]
        }
    }
}

/// Where an index cuts the bucket's names into ranges.
fn cuts(index: &Index, page: u16) -> Vec<Box<str>> {
    let live = index.entries().iter().filter(|(_, entry)| !entry.is_tombstone());
    remote::cuts(live.map(|(name, _)| &**name), page.into())
}

impl<S: ObjectStore> Engine<S> {
    /// Looks at everything that is not given, all at once. `heal`: a damaged local index is set aside.
    pub(super) async fn observe(&self, heal: bool, given: Given) -> Result<Observed, Error> {
        let (folder, given_scan) = (Arc::clone(&self.folder), given.scan);
        let (tell, told) = oneshot::channel();
        let local = async {
            let (place, page) = (self.options.place.clone(), self.options.page);
            let base = blocking(move || -> Result<_, Error> {
                let base = index::load(&folder, heal)?;
                let is_known =
                    !base.index.entries().is_empty() && base.index.place.as_ref().is_none_or(|about| *about == place);
                let known = is_known.then(|| cuts(&base.index, page));
                // Nobody waits for it where the listing is given, or has failed.
                let _ = tell.send(known);
                Ok(base)
            });
            let base = base.await?;
            let folder = Arc::clone(&self.folder);
            let scan = blocking(move || -> Result<_, Error> {
                let ignore = Ignore::load(&folder)?;
                let given = given_scan.map(|scan| Scan { device: folder.device(), ..scan });
                let scan = given.map_or_else(|| local::scan(&folder, &ignore), Ok)?;
                Ok((ignore, scan))
            });
            let (ignore, scan) = scan.await?;
            Ok((base, ignore, scan))
        };
        let is_given = given.listing.is_some();
        let remote = self.observe_remote(given.listing, told);
        let ((base, ignore, scan), (remote_index, listing)) = tokio::try_join!(local, remote)?;
        let listing = if is_given { listing } else { self.make_sure(&base.index, listing).await? };
        let known = base.index.live();
        Ok(Observed { base, ignore, scan, listing, remote_index, known })
    }

    /// Looks at the bucket: fetches its index and lists it. `known` comes with what cuts it into ranges, by the local index.
    async fn observe_remote(
        &self,
        given: Option<Vec<Listed>>,
        known: oneshot::Receiver<Option<Vec<Box<str>>>>,
    ) -> Result<(RemoteIndex, Vec<Listed>), Error> {
        let page = self.options.page;
        let list = |cuts: Vec<Box<str>>| async move { Ok(remote::list_ranges(&*self.store, &cuts, page).await?) };
        if let Some(listing) = given {
            return Ok((RemoteIndex::fetch_both(&*self.store, &self.folder).await?, listing));
        }
        let fetch = async { Ok::<_, Error>(RemoteIndex::fetch(&*self.store, &self.folder).await?) };
        if !self.store.lists_by_bytes() {
            let (mut index, listing) = tokio::try_join!(fetch, list(Vec::new()))?;
            index.check(&*self.store, &listing).await?;
            return Ok((index, listing));
        }
        let listing = async {
            match known.await.ok().flatten() {
                Some(cuts) => list(cuts).await.map(Some),
                None => Ok(None),
            }
        };
        let (mut index, listing) = tokio::try_join!(fetch, listing)?;
        let listing = match listing {
            Some(listing) => listing,
            // A first sync: what other machines have recorded says as well where pages may begin.
            None => {
                let cuts = cuts(index.index(&*self.store, &self.folder).await?, page);
                list(cuts).await?
            }
        };
        index.check(&*self.store, &listing).await?;
        Ok((index, listing))
    }

    /// Makes sure of a listing in ranges: if the server has come to list in another order than it did when it was tried, names
    /// that are there are missing. Some of those that the base knows are asked after; if any is there, all is listed again.
    async fn make_sure(&self, base: &Index, listing: Vec<Listed>) -> Result<Vec<Listed>, Error> {
        if base.live() <= self.options.page.into() || !self.store.lists_by_bytes() {
            return Ok(listing);
        }
        let live = base.entries().iter().filter(|(_, entry)| !entry.is_tombstone());
        let is_listed = |name: &str| listing.binary_search_by(|row| (*row.name).cmp(name)).is_ok();
        let missing: Vec<&str> = live.map(|(name, _)| &**name).filter(|name| !is_listed(name)).collect();
        for name in missing.iter().step_by(missing.len().div_ceil(ASKED_AFTER).max(1)) {
            match self.store.head(name).await {
                Ok(_) => return Ok(remote::list_all(&*self.store).await?),
                Err(remote::Error::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(listing)
    }

    /// The keys that may need something done; what cannot be carried goes into the summary.
    ///
    /// # Errors
    ///
    /// For a remote index of a newer format.
    pub(super) async fn join(
        &self,
        observed: &mut Observed,
        base: &Index,
        summary: &mut Summary,
    ) -> Result<Vec<Item>, Error> {
        if self.folder.keeps_empty() {
            self.find_folders(observed, base).await;
        }
        let Observed { base: found, ignore, scan, listing, remote_index, .. } = observed;
        // It is complete only while everything in the base is in that very version.
        let told = match remote_index.is_complete() {
            true => None,
            false => Some(remote_index.index(&*self.store, &self.folder).await?),
        };
        let joined = join(&Sides {
            base,
            written_ns: found.written_ns,
            scan,
            listing,
            told,
            is_ignored: &|key| ignore.is_ignored_key(key),
            empty_folders: self.folder.keeps_empty(),
            force: self.options.force,
        });
        summary.problems = self.without_links(joined.problems, scan, listing, remote_index).await?;
        summary.ignored = scan.ignored;
        let unnameable = scan.unnameable.iter().cloned();
        summary.problems.extend(unnameable.map(|(raw, why)| {
            let name = local::printable(&raw);
            Problem { name, raw: Some(raw), kind: ProblemKind::Unnameable, why }
        }));
        for (path, hidden) in &scan.hidden {
            match hidden {
                Hidden::Unreadable(why) if !summary.problems.iter().any(|problem| problem.name == *path) => {
                    let why = format!("it cannot be read: {why}");
                    summary.problems.push(Problem {
                        name: path.clone(),
                        raw: None,
                        kind: ProblemKind::Unreadable,
                        why,
                    });
                }
                Hidden::Unreadable(_) | Hidden::Special => {}
                Hidden::Symlink | Hidden::Dangling => summary.symlinks += 1,
            }
        }
        let scope = &self.options.scope;
        summary.problems.retain(|problem| scope.has_name(&problem.name));
        Ok(joined.items)
    }

    /// Looks for the folders of all markers that the base or the bucket knows: of those that have something in them, a scan says
    /// nothing.
    async fn find_folders(&self, observed: &mut Observed, base: &Index) {
        let known = live_names(base).chain(observed.listing.iter().map(|object| &*object.name));
        let markers: BTreeSet<&str> = known.filter(|name| name.ends_with('/')).collect();
        let markers: Vec<Key> = markers.into_iter().filter_map(|name| Key::parse_any(name).ok()).collect();
        let (folder, ignore) = (Arc::clone(&self.folder), observed.ignore.clone());
        let looked = blocking(move || {
            let wanted = markers.into_iter().filter(|key| !ignore.is_ignored_key(key));
            wanted.map(|key| (folder.stat(&key), key)).collect::<Vec<_>>()
        });
        for (found, key) in looked.await {
            match found {
                Ok(Some(stat)) => observed.scan.files.push(LocalFile { key, stat }),
                Ok(None) => {}
                Err(_) if observed.scan.hidden(&key).is_some() => {}
                Err(why) => {
                    observed.scan.hidden.push((key.path().to_owned(), Hidden::Unreadable(why.to_string())));
                }
            }
        }
        observed.scan.put_in_order();
    }

    /// Takes out the links that are left alone here and are links in the bucket too: that is no problem, but as it should be.
    async fn without_links(
        &self,
        mut problems: Vec<Problem>,
        scan: &Scan,
        listing: &[Listed],
        remote_index: &mut RemoteIndex,
    ) -> Result<Vec<Problem>, Error> {
        let is_link = |problem: &Problem| scan.hidden_at(&problem.name) == Some(&Hidden::Symlink);
        let names: Vec<String> = problems.iter().filter(|it| is_link(it)).map(|it| it.name.clone()).collect();
        if names.is_empty() {
            return Ok(problems);
        }
        let told = remote_index.about(&*self.store, &self.folder, names.iter().map(String::as_str)).await?;
        let object =
            |name: &str| listing.binary_search_by(|object| (*object.name).cmp(name)).ok().map(|at| &listing[at]);
        problems.retain(|problem| {
            let entry = told.get(&problem.name).filter(|entry| entry.is_link());
            let same = entry
                .zip(object(&problem.name))
                .is_some_and(|(entry, object)| entry.speaks_of(&object.etag, object.last_modified));
            !(same && is_link(problem))
        });
        Ok(problems)
    }

    /// Scans again, by other rules or because something was put back.
    pub(super) async fn rescan(&self, observed: &mut Observed, ignore: Ignore) -> Result<(), Error> {
        let (folder, rules) = (Arc::clone(&self.folder), ignore.clone());
        observed.scan = blocking(move || local::scan(&folder, &rules)).await?;
        observed.ignore = ignore;
        Ok(())
    }

    /// Looks at single keys: one stat and one HEAD each. Keys that cannot be looked at are in the summary.
    pub(super) async fn look_at(&self, keys: Vec<Key>, by: &GoBy<'_, '_>, summary: &mut Summary) -> Vec<Item> {
        let looks = keys.into_iter().map(|key| async move {
            let item = self.look_at_one(&key, by).await;
            (key, item)
        });
        let mut looks = stream::iter(looks).buffer_unordered(LOOKING);
        let mut items = Vec::new();
        while let Some((key, item)) = looks.next().await {
            match item {
                Ok(item) => items.push(item),
                Err(failure) => summary.failed.push((key, failure)),
            }
        }
        items
    }

    async fn look_at_one(&self, key: &Key, by: &GoBy<'_, '_>) -> Result<Item, Failure> {
        let ignored = by.ignore.is_ignored_key(key);
        let stat = match self.folder.stat(key) {
            _ if ignored => None,
            // A folder has its name: no file has.
            Err(local::Error::InTheWay { .. }) if self.folder.is_gone(key) => None,
            found => found.map_err(Failure::Local)?,
        };
        let file = stat.map(|stat| LocalFile { key: key.clone(), stat });
        let object = match self.store.head(key.as_str()).await {
            Ok(info) if key.is_marker() && info.size > 0 => {
                return Err(Failure::Remote(remote::Error::Other(MARKER_WITH_CONTENT.to_owned())));
            }
            Ok(info) => Some(Listed {
                name: key.as_str().into(),
                size: info.size,
                etag: info.etag,
                last_modified: info.last_modified,
            }),
            Err(remote::Error::NotFound) => None,
            Err(error) => return Err(Failure::Remote(error)),
        };
        let item = examine(key, (by.base)(key), by.written_ns, file.as_ref(), object.as_ref());
        Ok(Item { ignored, ..item })
    }
}
