//! A target's folder as the daemon sees it: it may go and come back, and is watched while it is there.

use std::collections::BTreeSet;

use crate::config::Target;
use crate::error::{Error, Kind};
use crate::local::{Folder, Heard, Ignore, Watch};
use crate::report::quoted;
use crate::session::{folder_error, open_folder};

/// Links that are looked at by themselves; of more of them, everything is.
const MOST_LINKS: usize = 1_000;

/// The folder, between one look and the next.
pub(super) struct Home {
    target: Target,
    /// Which one it was, by device and inode.
    known: Option<(u64, u64)>,
    watch: Option<Watch>,
    /// Why there is no watch at all.
    blind: Option<String>,
    /// Links that were followed.
    followed: BTreeSet<String>,
}

/// The folder, opened.
pub(super) struct Opened {
    pub(super) folder: Folder,
    /// Whether nothing was heard of it until now: all of it has to be looked at.
    pub(super) is_new: bool,
}

impl Home {
    pub(super) fn new(target: &Target) -> Home {
        Home { target: target.clone(), known: None, watch: None, blind: None, followed: BTreeSet::new() }
    }

    /// Opens the folder, and begins to watch it. A folder in the place of the one that was synced, without an index, is more
    /// likely a drive that is not mounted than one that somebody has emptied.
    ///
    /// # Errors
    ///
    /// When it is not there, or is another one.
    pub(super) fn open(&mut self) -> Result<Opened, Error> {
        let opened = open_folder(&self.target).and_then(|folder| {
            let identity = folder.identity();
            let is_other = self.known.is_some_and(|known| known != identity);
            let has_index = || Ok::<_, Error>(folder.index_stats().map_err(folder_error)?.iter().any(Option::is_some));
            if is_other && self.target.state_folder.is_none() && !has_index()? {
                let hint = "mount its drive; or, if it is to be filled again";
                return Err(Error::new(Kind::Failed, "the folder is another one than before, and has no index")
                    .hint(format!("{hint}: s4 sync {}", quoted(&self.target.name))));
            }
            Ok((folder, identity, is_other))
        });
        let (folder, identity, is_other) = opened.inspect_err(|_| self.watch = None)?;
        if is_other {
            self.watch = None;
        }
        self.known = Some(identity);
        let is_new = self.watch.is_none();
        if is_new {
            let ignore = Ignore::load(&folder).map_err(folder_error)?;
            match Watch::start(folder.path(), ignore) {
                Ok(watch) => (self.watch, self.blind) = (Some(watch), None),
                Err(error) => self.blind = Some(error.to_string()),
            }
        }
        Ok(Opened { folder, is_new: is_new && self.watch.is_some() })
    }

    /// Waits until something is heard.
    pub(super) async fn heard(&self) {
        match &self.watch {
            Some(watch) => watch.heard().await,
            None => std::future::pending().await,
        }
    }

    /// What was heard.
    pub(super) fn take(&self) -> Heard {
        self.watch.as_ref().map(Watch::take).unwrap_or_default()
    }

    /// The rules may be others, or folders without a watch.
    pub(super) fn renew(&self, folder: &Folder) {
        if let (Some(watch), Ok(ignore)) = (&self.watch, Ignore::load(folder)) {
            watch.renew(ignore);
        }
    }

    /// Goes by the links that a look has followed; `all`: there are no others.
    pub(super) fn saw_links(&mut self, folder: &Folder, all: bool) {
        if all {
            self.followed.clear();
        }
        self.followed.extend(folder.followed());
        if self.followed.len() > MOST_LINKS {
            self.followed = BTreeSet::from([String::new()]);
        }
    }

    /// Folders and links of which nothing is heard; the empty path is all of them.
    pub(super) fn unwatched(&self) -> BTreeSet<String> {
        let mut paths = self.without_watch();
        paths.extend(self.followed.iter().cloned());
        paths
    }

    /// Folders without a watch.
    fn without_watch(&self) -> BTreeSet<String> {
        match (&self.watch, &self.blind) {
            (Some(watch), _) => watch.unwatched(),
            (None, Some(_)) => BTreeSet::from([String::new()]),
            (None, None) => BTreeSet::new(),
        }
    }

    /// Why something is not heard of, and what helps.
    pub(super) fn deafness(&self) -> Option<String> {
        let unwatched = self.without_watch();
        let first = unwatched.first()?;
        if let Some(why) = &self.blind {
            return Some(format!("the folder cannot be watched ({why}); it is looked at now and then"));
        }
        let which = match (first.as_str(), unwatched.len()) {
            ("", _) => "the folder".to_owned(),
            (first, 1) => format!("\"{first}\""),
            (first, more) => format!("\"{first}\" and {} more", more - 1),
        };
        Some(format!(
            "no watches are left for {which}: looked at now and then; allow more with: \
             sudo sysctl fs.inotify.max_user_watches=1048576"
        ))
    }
}
