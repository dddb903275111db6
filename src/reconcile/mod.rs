//! What to do, decided from what was seen. Pure: no file, no network, no clock, no environment; data in, data out.
//!
//! [`join()`] walks base, scan and listing side by side and gives an [`Item`] for every key that is not plainly the same
//! everywhere. [`decide()`] looks at one item: an action, nothing, or a [`Question`] that must be answered first.
//! [`resolve()`] turns an answered conflict into an action. [`Plan::of`] orders the actions, and [`guard()`] stops a plan that
//! looks like an accident.

mod decide;
mod guard;
mod join;
mod plan;
mod replaced;
mod resolve;
mod tangle;

pub use decide::{Decision, Question, State, Verdict, decide};
pub use guard::{Alarm, Guards, Side, guard};
pub use join::{Joined, MARKER_WITH_CONTENT, Problem, ProblemKind, Sides, examine, join};
pub use plan::{Plan, Planned, Source};
pub use resolve::{Choice, Policy, conflict_key, resolve};
pub use tangle::untangle;

use crate::content::{ETag, Sha256, is_link};
use crate::index::Entry;
use crate::key::Key;
use crate::local::{LocalContent, Stat};

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Upload the file, or copy an object that has its content already.
    Push,
    /// Download the object, or rename a file that has its content already.
    Pull,
    /// Delete the object.
    DeleteRemote,
    /// Move the file to the trash.
    DeleteLocal,
    /// The sides agree: record it.
    Adopt,
    /// Neither side has it any more, or it is not ours any more: drop it from the base.
    Forget,
    /// Both sides changed: a person or a policy must say which counts.
    Conflict,
    /// Keep both: the file moves beside under another name, the object comes in its place.
    KeepBoth,
    /// Keep both, where one is a file and the other a folder: the file moves beside under another name, or the object that no
    /// folder has room for.
    MoveAside,
}

/// One key, as the base remembers it and as the two sides have it now.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The key.
    pub key: Key,
    /// The base's entry, a tombstone too.
    pub base: Option<Box<Entry>>,
    /// The file; `None`: there is none.
    pub local: Option<Local>,
    /// The object; `None`: there is none.
    pub remote: Option<Remote>,
    /// The remote index's entry, a tombstone too, whether or not it still agrees with the object.
    pub indexed: Option<Box<Entry>>,
    /// Whether the ignore rules leave the key out. Then `local` says nothing: ignored files are not looked at.
    pub ignored: bool,
    /// Whether the object is of a kind that is not synced on this machine: then the key is left alone, on both sides.
    pub foreign: bool,
}

/// A file as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Its stat.
    pub stat: Stat,
    /// Whether it is so new that its stat proves nothing: it may have changed after the base recorded that very stat.
    pub racy: bool,
    /// What its bytes are, once somebody has read them.
    pub content: Option<LocalContent>,
}

/// An object as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Remote {
    /// Bytes.
    pub size: u64,
    /// Its ETag.
    pub etag: ETag,
    /// When it was written, by the server's clock, in seconds since the epoch.
    pub last_modified: i64,
    /// The sum of its content, where something trustworthy tells: the base or the remote index for this very ETag,
    /// its own metadata, or having read it.
    pub sha256: Option<Sha256>,
    /// Whether it is a symbolic link, where something tells: the base or the remote index for this very ETag, or its own
    /// metadata.
    pub link: Option<bool>,
    /// Whether the remote index's entry speaks of this very object.
    pub indexed: bool,
    /// Whether somebody has already asked the object itself for its sum, so that asking again brings nothing.
    pub asked: bool,
}

impl Item {
    /// The base's entry, if it says that the key was there.
    pub fn live_base(&self) -> Option<&Entry> {
        self.base.as_deref().filter(|base| !base.is_tombstone())
    }

    /// The name and the version of the object, if there is one.
    pub fn object(&self) -> Option<(&str, &ETag)> {
        self.remote.as_ref().map(|remote| (self.key.as_str(), &remote.etag))
    }

    /// The remote index's entry, if it speaks of the object that is there now.
    pub fn valid_index_entry(&self) -> Option<&Entry> {
        self.indexed.as_deref().filter(|_| self.remote.as_ref().is_some_and(|remote| remote.indexed))
    }

    /// Takes in what the remote index says of the key. An entry counts only for the object it was written for.
    pub fn set_index_entry(&mut self, entry: Option<&Entry>) {
        self.indexed = entry.cloned().map(Box::new);
        let Some((remote, entry)) = self.remote.as_mut().zip(entry) else {
            return;
        };
        remote.indexed = entry.speaks_of(&remote.etag, remote.last_modified);
        if remote.indexed {
            // Another machine may have made a link of a file with those very bytes: that shows nowhere else.
            remote.link = entry.mode.map(is_link).or(remote.link);
        }
        if remote.indexed && entry.etag.is_some() {
            remote.sha256 = remote.sha256.or(entry.sha256);
        }
    }

    /// Whether the remote index knows the object at the base's version: another machine's write may have lost that, or this
    /// one's never arrived.
    pub fn is_told(&self) -> bool {
        let version = self.live_base().map(|base| base.remote_timestamp);
        self.valid_index_entry().map(|entry| entry.remote_timestamp) == version
    }

    /// The version number for a content that is new as of `seconds`: always greater than any before it, and never 0, which
    /// S4 0.4 takes for none.
    pub fn next_version(&self, seconds: i64) -> i64 {
        let before = [&self.base, &self.indexed].into_iter().flatten().filter_map(|entry| entry.remote_timestamp).max();
        let next = before.map_or(seconds, |before| seconds.max(before.saturating_add(1)));
        if next == 0 { 1 } else { next }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Short words for items, shared by the tests of this module.

    use super::*;

    /// The sum that stands for the content named by a letter.
    pub(crate) fn sum(content: char) -> Sha256 {
        Sha256([content as u8; 32])
    }

    /// A stat for a content; each content has a size of its own unless `size` says otherwise.
    pub(crate) fn stat(content: char, size: u64) -> Stat {
        let time = i128::from(content as u32) * 1_000_000_000;
        Stat { size, mtime_ns: time, ctime_ns: time, inode: u64::from(content as u32), mode: 0o644 }
    }

    /// The entry of a key in sync with a content.
    pub(crate) fn base(content: char, size: u64) -> Entry {
        let mut entry = Entry {
            remote_timestamp: Some(i64::from(content as u32)),
            sha256: Some(sum(content)),
            etag: Some(etag(content)),
            ..Entry::default()
        };
        entry.set_stat(&stat(content, size));
        entry
    }

    /// The ETag of a content: no MD5, so that it proves nothing but identity.
    pub(crate) fn etag(content: char) -> ETag {
        ETag::new(&format!("etag-of-{content}"))
    }

    pub(crate) fn local(content: char, size: u64, known: bool) -> Local {
        let content_known = LocalContent { sha256: sum(content), matches_etag: false };
        Local { stat: stat(content, size), racy: false, content: known.then_some(content_known) }
    }

    pub(crate) fn remote(content: char, size: u64, known: bool) -> Remote {
        Remote {
            size,
            etag: etag(content),
            last_modified: i64::from(content as u32),
            sha256: known.then(|| sum(content)),
            link: known.then_some(false),
            indexed: false,
            asked: known,
        }
    }

    pub(crate) fn item(base: Option<Entry>, local: Option<Local>, remote: Option<Remote>) -> Item {
        let key = Key::parse("k").unwrap();
        Item { key, base: base.map(Box::new), local, remote, indexed: None, ignored: false, foreign: false }
    }
}
