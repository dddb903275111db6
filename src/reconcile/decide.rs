//! The decision table: base, file and object of one key to one action.
//!
//! | local \ remote | unchanged | updated | deleted | absent | created |
//! |---|---|---|---|---|---|
//! | unchanged | – | pull | delete-local | | |
//! | updated | push | same content: adopt; else conflict | conflict | | |
//! | deleted | delete-remote | conflict | forget | | |
//! | absent, no base | | | | – | pull |
//! | created, no base | | | | push | same content: adopt; else conflict |

use super::{Action, Item, Local, Remote};
use crate::index::{Entry, whole_seconds};

/// One side of a key against the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// As the base has it.
    Unchanged,
    /// There, and the base does not know it.
    Created,
    /// There, and not as the base has it.
    Updated,
    /// The base has it, and it is gone.
    Deleted,
    /// Neither the base nor this side has it.
    Absent,
}

/// What must be known before an item can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The sum of the file (and whether the object's ETag is its MD5).
    HashLocal,
    /// The sum of the object: from its metadata, else by reading it.
    HashRemote,
}

/// The states of an item's sides and what follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The file's state.
    pub local: State,
    /// The object's state.
    pub remote: State,
    /// What to do; `None`: nothing.
    pub action: Option<Action>,
}

/// A decision, or what it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Decided.
    Decided(Decision),
    /// Answer this, put the answer into the item, and ask again.
    Ask(Question),
}

/// Decides one item. `keep_ignored`: a key that became ignored stays in the bucket.
///
/// Never asks the same question twice once it is answered in the item, so asking ends.
pub fn decide(item: &Item, keep_ignored: bool) -> Verdict {
    if item.foreign {
        return Verdict::Decided(Decision { local: State::Unchanged, remote: State::Unchanged, action: None });
    }
    if item.ignored {
        return Verdict::Decided(decide_ignored(item, keep_ignored));
    }
    match decide_synced(item) {
        Ok(decision) => Verdict::Decided(decision),
        Err(question) => Verdict::Ask(question),
    }
}

/// A key that was synced and is now ignored leaves the bucket, and always stays on disk. An object that somebody changed
/// meanwhile is theirs, and stays too.
fn decide_ignored(item: &Item, keep: bool) -> Decision {
    let remote = remote_state(item);
    let action = match (item.live_base(), remote) {
        (None, _) => None,
        (Some(_), State::Unchanged) if !keep => Some(Action::DeleteRemote),
        (Some(_), _) => Some(Action::Forget),
    };
    Decision { local: State::Unchanged, remote, action }
}

fn decide_synced(item: &Item) -> Result<Decision, Question> {
    let remote = remote_state(item);
    let local = local_state(item)?;
    let action = match (local, remote) {
        (State::Unchanged, State::Unchanged) => both_unchanged(item)?,
        // Another ETag for the content that this machine has (uploaded again, or encrypted anew): nothing to fetch.
        (State::Unchanged, State::Updated) if known_same(item) == Some(true) => Some(Action::Adopt),
        (State::Unchanged, State::Updated) => Some(Action::Pull),
        (State::Unchanged, State::Deleted) => Some(Action::DeleteLocal),
        (State::Updated, State::Unchanged) => Some(Action::Push),
        (State::Updated, State::Updated) | (State::Created, State::Created) => Some(adopt_or_conflict(item)?),
        // An edit meets a deletion: both are somebody's wish.
        // Of a folder's marker there is nothing to edit.
        (State::Deleted, State::Updated) if item.key.is_marker() => Some(Action::DeleteRemote),
        (State::Updated, State::Deleted) | (State::Deleted, State::Updated) => Some(Action::Conflict),
        (State::Deleted, State::Unchanged) => Some(Action::DeleteRemote),
        (State::Deleted, State::Deleted) => Some(Action::Forget),
        (State::Absent, State::Created) => Some(Action::Pull),
        (State::Created, State::Absent) => Some(Action::Push),
        (State::Absent, State::Absent) => None,
        // `created` and `absent` mean that there is no base, the other three that there is one: no state of the one kind
        // ever meets one of the other.
        (State::Unchanged | State::Updated | State::Deleted, State::Created | State::Absent)
        | (State::Created | State::Absent, State::Unchanged | State::Updated | State::Deleted) => None,
    };
    Ok(Decision { local, remote, action })
}

fn local_state(item: &Item) -> Result<State, Question> {
    let (base, local) = match (item.live_base(), &item.local) {
        (None, None) => return Ok(State::Absent),
        (None, Some(_)) => return Ok(State::Created),
        (Some(_), None) => return Ok(State::Deleted),
        (Some(base), Some(local)) => (base, local),
    };
    if item.key.is_marker() || stat_unchanged(base, local) {
        return Ok(State::Unchanged);
    }
    if base.is_link() != local.stat.is_link() || base.size.is_some_and(|size| size != local.stat.size) {
        return Ok(State::Updated);
    }
    let unchanged = match (base.sha256, &local.content) {
        (Some(sum), Some(content)) => content.sha256 == sum,
        (Some(_), None) => return Err(Question::HashLocal),
        // S4 0.4 remembered nothing but the whole second.
        (None, _) => base.local_timestamp == Some(whole_seconds(local.stat.mtime_ns)),
    };
    Ok(if unchanged { State::Unchanged } else { State::Updated })
}

/// Whether the stat alone shows that the file is what the base recorded.
fn stat_unchanged(base: &Entry, local: &Local) -> bool {
    !local.racy && base.stat().is_some_and(|stat| stat.same_file(&local.stat))
}

fn remote_state(item: &Item) -> State {
    let (base, remote) = match (item.live_base(), &item.remote) {
        (None, None) => return State::Absent,
        (None, Some(_)) => return State::Created,
        (Some(_), None) => return State::Deleted,
        (Some(base), Some(remote)) => (base, remote),
    };
    let unchanged = match &base.etag {
        // A file and a link to a path of the same bytes have the same ETag.
        Some(etag) => *etag == remote.etag && remote.link.is_none_or(|link| link == base.is_link()),
        // S4 0.4: the object is the one that the remote index speaks of, and at the version that this machine has.
        None => item.valid_index_entry().is_some_and(|entry| entry.remote_timestamp == base.remote_timestamp),
    };
    if unchanged { State::Unchanged } else { State::Updated }
}

/// Nothing changed, but an index may need to be told: the base of a touched file's new stat or of all that S4 0.4 did not
/// record, the remote one of what it lost.
fn both_unchanged(item: &Item) -> Result<Option<Action>, Question> {
    let (Some(base), Some(local)) = (item.live_base(), &item.local) else {
        return Ok(None);
    };
    if base.etag.is_some() && base.sha256.is_some() {
        return Ok((!stat_unchanged(base, local) || !item.is_told()).then_some(Action::Adopt));
    }
    // S4 0.4 judged by whole seconds and checked no download, so the two may differ all the same. What can be known without
    // a download is; where the ETag is no sum of anything, its word stands.
    let Some(remote) = &item.remote else { return Ok(None) };
    if remote.size == local.stat.size && local.content.is_some() && remote.etag.md5_form().is_none() {
        return Ok(Some(Action::Adopt));
    }
    adopt_or_conflict(item).map(Some)
}

fn adopt_or_conflict(item: &Item) -> Result<Action, Question> {
    Ok(if same_content(item)? { Action::Adopt } else { Action::Conflict })
}

/// Whether file and object hold the same bytes; asks for whatever would tell.
fn same_content(item: &Item) -> Result<bool, Question> {
    if let Some(same) = known_same(item) {
        return Ok(same);
    }
    match (&item.local, &item.remote) {
        (Some(Local { content: None, .. }), Some(_)) => Err(Question::HashLocal),
        (Some(_), Some(Remote { asked: false, .. })) => Err(Question::HashRemote),
        _ => Ok(false),
    }
}

/// Whether file and object hold the same bytes, and are of one kind, as far as is known.
fn known_same(item: &Item) -> Option<bool> {
    let (local, remote) = item.local.as_ref().zip(item.remote.as_ref())?;
    if item.key.is_marker() {
        return Some(true);
    }
    if local.stat.size != remote.size || remote.link.is_some_and(|link| link != local.stat.is_link()) {
        return Some(false);
    }
    if local.stat.is_link() && remote.link.is_none() {
        return None;
    }
    if local.content.is_some_and(|content| content.matches_etag) {
        return Some(true);
    }
    let base = item.live_base().filter(|base| stat_unchanged(base, local));
    let local_sum = local.content.map(|content| content.sha256).or(base.and_then(|base| base.sha256))?;
    Some(local_sum == remote.sha256?)
}

#[cfg(test)]
mod tests;
