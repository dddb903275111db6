//! Base, scan and listing, walked side by side.
//!
//! All three are sorted by the bytes of their names, so one pass sees every name once and no map is built. A key that is
//! plainly the same everywhere (equal stat, equal ETag) makes no item: a sync with nothing to do allocates nothing here.

use super::replaced::{links_over_folders, why_left_alone};
use super::{Item, Local, Remote};
use crate::content::{Sha256, is_link};
use crate::index::{Entry, Index};
use crate::key::{Key, is_reserved};
use crate::local::{Hidden, LocalContent, LocalFile, Scan};
use crate::remote::Listed;

/// Why an object whose name ends in `/` is left alone.
pub const MARKER_WITH_CONTENT: &str = "its name is that of a folder, and it has content";

/// A name that is left alone, and why. Reported once a run, never fatal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The name, as it is in the bucket or the folder; may hold anything.
    pub name: String,
    /// Its bytes, where they need not be text.
    pub raw: Option<Vec<u8>>,
    /// What is wrong with it.
    pub kind: ProblemKind,
    /// Why it is left alone.
    pub why: String,
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// A file or folder that cannot be read.
    Unreadable,
    /// A file or folder whose name cannot be a key.
    Unnameable,
    /// An object whose name no folder can hold.
    Hostile,
    /// A key in whose place there is something that s4 cannot see through.
    Hidden,
}

impl ProblemKind {
    /// The word for it in records.
    pub fn word(self) -> &'static str {
        match self {
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::Unnameable => "unnameable",
            ProblemKind::Hostile => "hostile",
            ProblemKind::Hidden => "hidden",
        }
    }
}

/// What a join found.
#[derive(Debug, Default)]
pub struct Joined {
    /// The keys that may need something done, in order.
    pub items: Vec<Item>,
    /// Names that cannot be carried, and keys that something hides.
    pub problems: Vec<Problem>,
    /// Objects that the ignore rules leave out and that were never synced.
    pub ignored: u64,
    /// Keys that are in sync, as far as stat and ETag tell.
    pub unchanged: u64,
}

/// What a join walks, and what it goes by.
pub struct Sides<'a> {
    /// The base.
    pub base: &'a Index,
    /// The local index's own mtime: a file that is not older is racy.
    pub written_ns: Option<i128>,
    /// The folder.
    pub scan: &'a Scan,
    /// The bucket.
    pub listing: &'a [Listed],
    /// The remote index, unless it is known to say of every key in the base what the base says.
    pub told: Option<&'a Index>,
    /// Whether the ignore rules leave a key out; asked only about keys that the scan did not see.
    pub is_ignored: &'a dyn Fn(&Key) -> bool,
    /// Whether empty folders are synced. Then `scan` has a marker for each folder that has one in the base or in the bucket.
    pub empty_folders: bool,
    /// Whether what was synced below the place of a link is deleted.
    pub force: bool,
}

/// Walks the sides.
pub fn join(sides: &Sides<'_>) -> Joined {
    let mut joined = Joined::default();
    let links = if sides.force { Vec::new() } else { links_over_folders(sides) };
    let mut entries = sides.base.entries().iter().peekable();
    let mut files = sides.scan.files.iter().peekable();
    let mut objects = sides.listing.iter().peekable();
    loop {
        let names = [
            entries.peek().map(|(name, _)| &**name),
            files.peek().map(|file| file.key.as_str()),
            objects.peek().map(|object| &*object.name),
        ];
        let Some(name) = names.into_iter().flatten().min() else {
            return joined;
        };
        let entry = entries.next_if(|(held, _)| **held == *name).map(|(_, entry)| entry);
        let file = files.next_if(|file| file.key.as_str() == name);
        let object = objects.next_if(|object| *object.name == *name);
        sides.take(&mut joined, &links, name, (entry, file, object));
    }
}

/// Makes the item of one key from a fresh look at it. Without the local index's own mtime its file counts as racy: it has just
/// changed.
pub fn examine(
    key: &Key,
    base: Option<&Entry>,
    written_ns: Option<i128>,
    file: Option<&LocalFile>,
    object: Option<&Listed>,
) -> Item {
    item(key.clone(), base, file, object, written_ns)
}

impl Sides<'_> {
    fn take(
        &self,
        joined: &mut Joined,
        links: &[&str],
        name: &str,
        (entry, file, object): (Option<&Entry>, Option<&LocalFile>, Option<&Listed>),
    ) {
        if let (Some(entry), Some(file), Some(object)) = (entry, file, object)
            && plainly_unchanged(entry, file, object, self.written_ns)
            && self.told.is_none_or(|told| told.get(name).is_some_and(|told| told.tells(entry, object)))
        {
            joined.unchanged += 1;
            return;
        }
        let live = entry.is_some_and(|entry| !entry.is_tombstone());
        if file.is_none() && object.is_none() && !live {
            return;
        }
        // Our own names are nobody's files, and folder markers only where they are synced.
        if name.is_empty() || (name.ends_with('/') && !self.empty_folders) || is_reserved(name) {
            return;
        }
        let key = match file.map_or_else(|| Key::parse_any(name), |file| Ok(file.key.clone())) {
            Ok(key) => key,
            Err(why) => {
                joined.problems.push(Problem {
                    name: name.to_owned(),
                    raw: None,
                    kind: ProblemKind::Hostile,
                    why: why.to_string(),
                });
                return;
            }
        };
        // A content is never taken for an empty folder.
        if key.is_marker() && object.is_some_and(|object| object.size > 0) {
            joined.problems.push(Problem {
                name: name.to_owned(),
                raw: None,
                kind: ProblemKind::Hostile,
                why: MARKER_WITH_CONTENT.to_owned(),
            });
            return;
        }
        let ignored = file.is_none() && (self.is_ignored)(&key);
        let is_anywhere = file.is_some() || object.is_some();
        if !ignored
            && is_anywhere
            && let Some(why) = why_left_alone(&key, links)
        {
            joined.problems.push(Problem { name: name.to_owned(), raw: None, kind: ProblemKind::Hidden, why });
            return;
        }
        if !ignored && let Some(hidden) = self.scan.hidden(&key) {
            // Links were synced once, and are left alone from now on: nothing is wrong with that.
            let is_known_link = live && entry.is_some_and(Entry::is_link) && *hidden == Hidden::Symlink;
            if is_known_link && object.is_none_or(|object| entry.and_then(|it| it.etag.as_ref()) == Some(&object.etag))
            {
                return;
            }
            joined.problems.push(Problem {
                name: name.to_owned(),
                raw: None,
                kind: ProblemKind::Hidden,
                why: why_hidden(hidden),
            });
            return;
        }
        if ignored && !live {
            joined.ignored += 1;
            return;
        }
        let item = item(key, entry, file, object, self.written_ns);
        joined.items.push(Item { ignored, ..item });
    }
}

impl Entry {
    /// Whether this entry of the remote index is for that very object, at the base's version.
    fn tells(&self, base: &Entry, object: &Listed) -> bool {
        self.speaks_of(&object.etag, object.last_modified) && self.remote_timestamp == base.remote_timestamp
    }
}

fn plainly_unchanged(entry: &Entry, file: &LocalFile, object: &Listed, written_ns: Option<i128>) -> bool {
    entry.etag.as_ref() == Some(&object.etag)
        && entry.sha256.is_some()
        && entry.stat().is_some_and(|stat| stat.same_file(&file.stat))
        && !is_racy(file, written_ns)
}

/// A change of content always sets the ctime, which nobody can set back, so it alone tells; an mtime may be anything.
fn is_racy(file: &LocalFile, written_ns: Option<i128>) -> bool {
    written_ns.is_none_or(|written| file.stat.ctime_ns >= written)
}

fn item(
    key: Key,
    entry: Option<&Entry>,
    file: Option<&LocalFile>,
    object: Option<&Listed>,
    written_ns: Option<i128>,
) -> Item {
    let nothing = || LocalContent { sha256: Sha256::of(b""), matches_etag: false };
    let local = file.map(|file| match file.key.is_marker() {
        true => Local { stat: file.stat, racy: false, content: Some(nothing()) },
        false => Local { stat: file.stat, racy: is_racy(file, written_ns), content: None },
    });
    let about = |object: &Listed| entry.filter(|entry| entry.etag.as_ref() == Some(&object.etag));
    let remote = object.map(|object| Remote {
        size: object.size,
        etag: object.etag.clone(),
        last_modified: object.last_modified,
        sha256: about(object).and_then(|entry| entry.sha256),
        link: about(object).and_then(|entry| entry.mode).map(is_link),
        indexed: false,
        asked: false,
    });
    Item { key, base: entry.cloned().map(Box::new), local, remote, indexed: None, ignored: false, foreign: false }
}

fn why_hidden(hidden: &Hidden) -> String {
    match hidden {
        Hidden::Unreadable(why) => format!("it cannot be read here: {why}"),
        Hidden::Symlink => "a symbolic link is in its place here".to_owned(),
        Hidden::Dangling => "the symbolic link in its place here leads to nothing: is a drive not mounted?".to_owned(),
        Hidden::Special => "a device, pipe or socket is in its place here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{base, etag, stat};
    use super::*;

    fn file(name: &str) -> LocalFile {
        LocalFile { key: Key::parse(name).unwrap(), stat: stat('A', 1) }
    }

    fn object(name: &str) -> Listed {
        Listed { name: name.into(), size: 1, etag: etag('A'), last_modified: 65 }
    }

    fn index(names: &[&str]) -> Index {
        Index::from_entries(names.iter().map(|name| ((*name).into(), base('A', 1))).collect())
    }

    fn run(base: &Index, written_ns: i128, scan: &Scan, listing: &[&str], ignored: &str) -> Joined {
        let listing: Vec<Listed> = listing.iter().map(|name| object(name)).collect();
        let is_ignored = &|key: &Key| key.as_str() == ignored;
        join(&Sides {
            base,
            written_ns: Some(written_ns),
            scan,
            listing: &listing,
            told: None,
            is_ignored,
            empty_folders: false,
            force: false,
        })
    }

    fn keys(joined: &Joined) -> Vec<&str> {
        joined.items.iter().map(|item| item.key.as_str()).collect()
    }

    const LATER: i128 = i128::MAX;

    #[test]
    fn only_what_differs_makes_an_item() {
        let scan = Scan { files: ["a", "b", "new"].map(file).into(), ..Scan::default() };
        let joined = run(&index(&["a", "b", "gone"]), LATER, &scan, &["a", "there"], "");
        assert_eq!(keys(&joined), ["b", "gone", "new", "there"]);
        assert_eq!(joined.unchanged, 1);
    }

    #[test]
    fn what_the_remote_index_does_not_know_is_not_plainly_unchanged() {
        let scan = Scan { files: ["a", "b", "c", "d"].map(file).into(), ..Scan::default() };
        let (known, listing) = (index(&["a", "b", "c", "d"]), ["a", "b", "c", "d"].map(object));
        let mut told = [("a", base('A', 1)), ("b", base('B', 1)), ("c", base('A', 1))];
        told[2].1.remote_timestamp = Some(1);
        let told = Index::from_entries(told.map(|(name, entry)| (name.into(), entry)).into());
        let joined = join(&Sides {
            base: &known,
            written_ns: Some(LATER),
            scan: &scan,
            listing: &listing,
            told: Some(&told),
            is_ignored: &|_| false,
            empty_folders: false,
            force: false,
        });
        assert_eq!(keys(&joined), ["b", "c", "d"]);
    }

    #[test]
    fn a_file_as_new_as_the_index_is_not_plainly_unchanged() {
        let scan = Scan { files: vec![file("a")], ..Scan::default() };
        let joined = run(&index(&["a"]), stat('A', 1).mtime_ns, &scan, &["a"], "");
        assert!(joined.items[0].local.as_ref().unwrap().racy);
    }

    #[test]
    fn hostile_names_are_problems_and_markers_are_nothing() {
        let scan = Scan::default();
        let listing = ["", ".index", ".s4/log", "../x", "/etc/passwd", "a//b", "dir/"];
        let joined = run(&Index::default(), LATER, &scan, &listing, "");
        assert!(joined.items.is_empty());
        let names: Vec<_> = joined.problems.iter().map(|problem| problem.name.as_str()).collect();
        assert_eq!(names, ["../x", "/etc/passwd", "a//b"]);
    }

    #[test]
    fn what_is_hidden_is_neither_deleted_nor_written_through() {
        let hidden = vec![("link".to_owned(), Hidden::Symlink), ("shut".to_owned(), Hidden::Unreadable("no".into()))];
        let scan = Scan { hidden, ..Scan::default() };
        let joined = run(&index(&["link/a", "shut", "shut/b"]), LATER, &scan, &["link/a", "link/new", "shut"], "");
        assert!(joined.items.is_empty());
        assert_eq!(joined.problems.len(), 4);
    }

    #[test]
    fn below_a_link_that_came_in_the_place_of_a_folder_nothing_is_deleted() {
        let mut link = file("d");
        link.stat.mode = crate::content::LINK_MODE;
        let scan = Scan { files: vec![link, file("d-x")], ..Scan::default() };
        let names = |joined: &Joined| joined.problems.iter().map(|problem| problem.name.clone()).collect::<Vec<_>>();
        let known = index(&["d/", "d/a", "d/gone", "d/left/out"]);
        let joined = run(&known, LATER, &scan, &["d-new", "d/", "d/a", "d/left/out", "d/new"], "d/left/out");
        assert_eq!(names(&joined), ["d", "d/a", "d/new"]);
        assert_eq!(keys(&joined), ["d-new", "d-x", "d/gone", "d/left/out"]);
        // Nothing is lost where nothing is left that was synced.
        for (known, listing) in [(&["d/a"][..], &["d/new"][..]), (&["d/"], &["d/"]), (&["d/left"], &["d/left"])] {
            let joined = run(&index(known), LATER, &scan, listing, "d/left");
            assert!(names(&joined).is_empty() && keys(&joined).contains(&"d"), "{known:?}");
        }
        let joined = run(&known, LATER, &Scan { files: vec![file("d")], ..Scan::default() }, &["d/a"], "");
        assert!(names(&joined).is_empty());
    }

    #[test]
    fn an_ignored_key_makes_an_item_only_if_it_was_synced() {
        let joined = run(&index(&["a"]), LATER, &Scan::default(), &["a"], "a");
        assert!(joined.items[0].ignored);
        let joined = run(&Index::default(), LATER, &Scan::default(), &["a"], "a");
        assert_eq!((joined.items.len(), joined.ignored), (0, 1));
    }

    #[test]
    fn a_tombstone_alone_is_nothing() {
        let dead = Index::from_entries(vec![("a".into(), base('A', 1).tombstone(1))]);
        assert!(run(&dead, LATER, &Scan::default(), &[], "").items.is_empty());
    }
}
