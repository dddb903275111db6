//! Watching the folder: hints where something may have changed, as the system tells of it.
//!
//! Each folder has a watch of its own, ignored ones and s4's own none. Facts that hold here:
//! 1. A hint is only a hint. What the system does not tell (a queue that was full, folders without a watch) is hinted at as a
//!    whole; what it tells twice costs a look.
//! 2. A folder that comes is marked once its watch is there: what was put into it before is found by looking.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode, ModifyKind, RemoveKind};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::Ignore;
use crate::key::is_reserved;

/// Paths that are kept apart; more of them are a hint at everything.
const MOST_PATHS: usize = 50_000;
/// Folders without a watch that are kept apart.
const MOST_UNWATCHED: usize = 100;

/// What was heard since somebody last asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Paths below the folder, `/` between components.
    pub paths: BTreeSet<String>,
    /// Something may have changed anywhere.
    pub anywhere: bool,
}

/// Listens while it lives.
pub struct Watch {
    shared: Arc<Shared>,
    tell: Sender<Told>,
}

struct Shared {
    root: PathBuf,
    heard: Mutex<Heard>,
    ignore: Mutex<Ignore>,
    unwatched: Mutex<BTreeSet<String>>,
    wake: Notify,
}

/// What the thread that keeps the watches is told.
enum Told {
    /// There may be a new folder here.
    Folder(String),
    /// The rules are others.
    Rules,
    /// Nobody listens any more.
    End,
}

impl Watch {
    /// Watches a folder, without what the rules leave out. What cannot be watched is in [`Watch::unwatched`].
    ///
    /// # Errors
    ///
    /// When the system gives no watcher at all.
    pub fn start(root: &Path, ignore: Ignore) -> Result<Watch, notify::Error> {
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            heard: Mutex::default(),
            ignore: Mutex::new(ignore),
            unwatched: Mutex::default(),
            wake: Notify::new(),
        });
        let (tell, told) = channel();
        let (its_shared, its_tell) = (Arc::clone(&shared), tell.clone());
        let mut watcher = notify::recommended_watcher(move |event| its_shared.hear(event, &its_tell))?;
        let watched = shared.cover(&mut watcher, "").unwrap_or_default();
        let its_shared = Arc::clone(&shared);
        let keep = std::thread::Builder::new().name("watch".to_owned());
        keep.spawn(move || its_shared.keep(watcher, watched, &told)).map_err(notify::Error::io)?;
        Ok(Watch { shared, tell })
    }

    /// What was heard since this was last asked.
    pub fn take(&self) -> Heard {
        std::mem::take(&mut lock(&self.shared.heard))
    }

    /// Waits until something was heard.
    pub async fn heard(&self) {
        loop {
            let woken = self.shared.wake.notified();
            if *lock(&self.shared.heard) != Heard::default() {
                return;
            }
            woken.await;
        }
    }

    /// Goes by other rules from now on: looks for folders that have no watch, and takes it from those that are left out now.
    pub fn renew(&self, ignore: Ignore) {
        *lock(&self.shared.ignore) = ignore;
        let _ = self.tell.send(Told::Rules);
    }

    /// Folders that the system gives no watch for; nothing is heard of what is in them.
    pub fn unwatched(&self) -> BTreeSet<String> {
        lock(&self.shared.unwatched).clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.tell.send(Told::End);
    }
}

impl Shared {
    fn keep(&self, mut watcher: RecommendedWatcher, mut watched: BTreeSet<String>, told: &Receiver<Told>) {
        while let Ok(next) = told.recv() {
            match next {
                Told::Folder(path) => {
                    if let Some(folders) = self.cover(&mut watcher, &path) {
                        watched.extend(folders);
                        self.mark(path);
                    }
                }
                Told::Rules => {
                    lock(&self.unwatched).clear();
                    let now = self.cover(&mut watcher, "").unwrap_or_default();
                    for folder in watched.difference(&now) {
                        // Of most of them the watch went with the folder.
                        let _ = watcher.unwatch(&self.root.join(folder));
                    }
                    // Whoever looked at them looked before they had a watch.
                    now.difference(&watched).for_each(|folder| self.mark(folder.clone()));
                    watched = now;
                }
                Told::End => return,
            }
        }
    }

    /// Watches a folder and all that are in it; returns which, if there is one.
    fn cover(&self, watcher: &mut RecommendedWatcher, path: &str) -> Option<BTreeSet<String>> {
        if !cfg!(target_os = "linux") {
            // There, one watch is for all that is below.
            let all = path.is_empty() && watcher.watch(&self.root, RecursiveMode::Recursive).is_err();
            if all {
                lock(&self.unwatched).insert(String::new());
            }
            return Some(BTreeSet::new());
        }
        let ignore = lock(&self.ignore).clone();
        let is_left_out = |path: &str| is_reserved(path) || (!path.is_empty() && ignore.is_ignored(path, true));
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        if above.chain([path]).any(is_left_out) || !self.root.join(path).symlink_metadata().is_ok_and(|it| it.is_dir())
        {
            return None;
        }
        let (mut folders, mut watched) = (vec![path.to_owned()], BTreeSet::new());
        while let Some(folder) = folders.pop() {
            match watcher.watch(&self.root.join(&folder), RecursiveMode::NonRecursive) {
                Ok(()) => drop(lock(&self.unwatched).remove(&folder)),
                Err(error) => {
                    // What is gone, or not to be read, has nothing to tell.
                    if matches!(error.kind, ErrorKind::MaxFilesWatch) {
                        self.give_up(folder);
                    }
                    continue;
                }
            }
            // Only now: what comes later is heard of.
            let inside = std::fs::read_dir(self.root.join(&folder)).into_iter().flatten().flatten();
            let inside = inside.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            let names = inside.filter_map(|entry| entry.file_name().into_string().ok());
            let paths = names.map(|name| if folder.is_empty() { name } else { format!("{folder}/{name}") });
            folders.extend(paths.filter(|path| !is_left_out(path)));
            watched.insert(folder);
        }
        Some(watched)
    }

    fn give_up(&self, folder: String) {
        let mut unwatched = lock(&self.unwatched);
        unwatched.insert(folder);
        if unwatched.len() > MOST_UNWATCHED {
            *unwatched = BTreeSet::from([String::new()]);
        }
    }

    /// Hears what the system tells, on its thread.
    fn hear(&self, event: Result<Event, notify::Error>, tell: &Sender<Told>) {
        let Ok(event) = event else { return self.mark_all() };
        if event.need_rescan() {
            return self.mark_all();
        }
        let may_be_folder = match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
            EventKind::Access(_) => return,
            EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(_)) => true,
            // Another one may have its name already.
            EventKind::Remove(kind) => kind != RemoveKind::File,
            _ => false,
        };
        for path in &event.paths {
            let Ok(below) = path.strip_prefix(&self.root) else { continue };
            // A name that is no text is found by looking at its folder.
            let text = below.ancestors().find_map(Path::to_str).unwrap_or_default();
            if is_reserved(text) {
                continue;
            }
            if text.is_empty() {
                // Times of the folder itself say nothing.
                if may_be_folder {
                    self.mark_all();
                }
                continue;
            }
            self.mark(text.to_owned());
            if may_be_folder {
                let _ = tell.send(Told::Folder(text.to_owned()));
            }
        }
    }

    fn mark(&self, path: String) {
        let mut heard = lock(&self.heard);
        if !heard.anywhere {
            heard.paths.insert(path);
            if heard.paths.len() > MOST_PATHS {
                *heard = Heard { paths: BTreeSet::new(), anywhere: true };
            }
        }
        drop(heard);
        self.wake.notify_one();
    }

    fn mark_all(&self) {
        *lock(&self.heard) = Heard { paths: BTreeSet::new(), anywhere: true };
        self.wake.notify_one();
    }
}

/// A panic elsewhere leaves whole values behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::os::unix::ffi::OsStrExt as _;
    use std::time::Duration;

    use super::*;

    /// Everything that is heard until `enough` is, within a minute.
    async fn until(watch: &Watch, enough: impl Fn(&Heard) -> bool) -> Heard {
        let mut all = Heard::default();
        let listening = async {
            while !enough(&all) {
                watch.heard().await;
                let heard = watch.take();
                all.paths.extend(heard.paths);
                all.anywhere |= heard.anywhere;
            }
        };
        let ended = tokio::time::timeout(Duration::from_secs(60), listening).await;
        assert!(ended.is_ok(), "only this was heard: {all:?}");
        all
    }

    fn paths(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    fn has(path: &'static str) -> impl Fn(&Heard) -> bool {
        move |heard| heard.paths.contains(path)
    }

    #[tokio::test]
    async fn what_changes_is_heard_and_nothing_of_s4s_own_or_what_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["a/b", "out/deep", ".s4/staging"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        let watch = Watch::start(dir.path(), Ignore::parse(b"out/\n")).unwrap();
        assert_eq!(watch.take(), Heard::default());
        for file in ["out/deep/x", ".s4/staging/x", ".index", "a/b/file"] {
            fs::write(dir.path().join(file), "x").unwrap();
        }
        fs::read(dir.path().join("a/b/file")).unwrap();
        assert_eq!(until(&watch, has("a/b/file")).await.paths, paths(&["a/b/file"]));
        // A name that is no text is looked for in its folder.
        fs::write(dir.path().join("a").join(std::ffi::OsStr::from_bytes(b"\xff")), "x").unwrap();
        until(&watch, has("a")).await;
        watch.renew(Ignore::none());
        until_written(&watch, &dir.path().join("out/deep/y"), "out/deep/y").await;
    }

    /// Writes a file again and again until it is heard of: nothing tells when a folder has its watch.
    async fn until_written(watch: &Watch, path: &Path, name: &str) {
        let writing = async {
            while !watch.take().paths.contains(name) {
                assert!(fs::write(path, "x").is_ok());
                let _ = tokio::time::timeout(Duration::from_millis(10), watch.heard()).await;
            }
        };
        let heard = tokio::time::timeout(Duration::from_secs(60), writing).await;
        assert!(heard.is_ok(), "{name} is never heard of");
    }

    #[tokio::test]
    async fn folders_that_come_are_watched_with_all_that_is_in_them() {
        let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let watch = Watch::start(dir.path(), Ignore::none()).unwrap();
        fs::create_dir_all(other.path().join("in/side")).unwrap();
        fs::rename(other.path().join("in"), dir.path().join("in")).unwrap();
        until(&watch, has("in")).await;
        until_written(&watch, &dir.path().join("in/side/x"), "in/side/x").await;
        fs::rename(dir.path().join("in"), dir.path().join("there")).unwrap();
        until(&watch, |heard| heard.paths.contains("in") && heard.paths.contains("there")).await;
        until_written(&watch, &dir.path().join("there/side/x"), "there/side/x").await;
        // One that goes and comes again under its old name.
        fs::remove_dir_all(dir.path().join("there")).unwrap();
        fs::create_dir(dir.path().join("there")).unwrap();
        until_written(&watch, &dir.path().join("there/y"), "there/y").await;
        assert!(watch.unwatched().is_empty());
    }

    #[tokio::test]
    async fn what_is_left_out_from_now_on_is_heard_of_no_more() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("out/deep")).unwrap();
        let watch = Watch::start(dir.path(), Ignore::none()).unwrap();
        until_written(&watch, &dir.path().join("out/deep/x"), "out/deep/x").await;
        watch.renew(Ignore::parse(b"out/\n"));
        let silence = async {
            for round in 0.. {
                fs::write(dir.path().join("out/deep/x"), "x").unwrap();
                fs::write(dir.path().join(round.to_string()), "x").unwrap();
                let name = round.to_string();
                if !until(&watch, |heard| heard.paths.contains(&name)).await.paths.contains("out/deep/x") {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(60), silence).await.unwrap();
    }

    #[test]
    fn a_queue_that_was_full_is_a_hint_at_everything_and_so_are_too_many_paths() {
        let dir = tempfile::tempdir().unwrap();
        let watch = Watch::start(dir.path(), Ignore::none()).unwrap();
        let event = Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan);
        watch.shared.hear(Ok(event), &watch.tell);
        assert!(watch.take().anywhere);
        for number in 0..=MOST_PATHS {
            watch.shared.mark(number.to_string());
        }
        assert_eq!(watch.take(), Heard { paths: BTreeSet::new(), anywhere: true });
    }

    #[test]
    fn folders_without_a_watch_are_known_up_to_a_number() {
        let dir = tempfile::tempdir().unwrap();
        let watch = Watch::start(dir.path(), Ignore::none()).unwrap();
        watch.shared.give_up("a".to_owned());
        assert_eq!(watch.unwatched(), paths(&["a"]));
        (0..MOST_UNWATCHED).for_each(|number| watch.shared.give_up(number.to_string()));
        assert_eq!(watch.unwatched(), paths(&[""]));
    }
}
