//! The verbs of s4, and `sync`, their composition.
//!
//! ```text
//! observe ─► settle (reconcile asks, the engine answers) ─► plan, guards ─► carry out ─► ledger: fold, commit
//! ```
//!
//! Facts that hold throughout:
//! 1. The base is advanced from outcomes, never from the plan.
//! 2. A key that is not what the plan saw is looked at again and decided again, a few times, and then left for later.
//! 3. One key's failure stops no other.

mod carry;
mod commit;
mod copies;
mod findings;
mod inventory;
mod keys;
mod learn;
mod ledger;
mod observe;
mod remember;
mod scope;
mod settle;
mod subjects;
mod sync;
mod verify;

pub use carry::{Carried, Order, Way};
pub use commit::Told;
pub use findings::{Fault, Finding};
pub use inventory::{Inventory, Known, Object, Standing};
pub use keys::Looked;
pub(crate) use learn::{cost_of_looks, live_names};
pub use ledger::Written;
pub use observe::{Given, Observed};
pub use remember::{Hints, Look, has_edits, has_news};
pub use scope::{HeldBack, Pattern, Scope};
pub use settle::Settled;
pub use sync::Planning;
pub use verify::{Inspector, Thorough, Verified};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ambient::Ambient;
use crate::index::{LoadError, Logging, RemoteIndexError};
use crate::key::{self, Key};
use crate::local::{self, Folder, Recovered};
use crate::reconcile::{Action, Alarm, Choice, Decision, Plan, Planned, Policy, Problem, State};
use crate::remote::{self, ObjectStore};
use crate::transfer::{Cancel, Carrier, Cut, Done, Failure, Foreseen, Jobs, Progress};

/// How a target is synced.
#[derive(Clone, Debug)]
pub struct Options {
    /// How conflicts are answered.
    pub policy: Policy,
    /// The share of the keys that one run may delete on a side, in percent.
    pub max_delete: f64,
    /// Whether to go on where a guard would stop.
    pub force: bool,
    /// Whether a key that became ignored stays in the bucket.
    pub keep_ignored: bool,
    /// Names conflict copies and trash: `HOST-YYYYMMDD-HHMMSS`.
    pub stamp: String,
    /// Names the place in the bucket: a base that is about another place is none.
    pub place: String,
    /// How big objects are cut up.
    pub cut: Cut,
    /// Contents that move at a time, at most.
    pub jobs: Jobs,
    /// From this size on, in bytes, a file whose content the bucket has already is copied there.
    pub copy_from: u64,
    /// Names a page of a listing, at most 1,000: in ranges of so many the bucket is listed.
    pub page: u16,
    /// When the indexes have change logs.
    pub logging: Logging,
    /// What may be done.
    pub scope: Scope,
}

/// Who hears of a run, and is asked.
pub trait Witness: Progress {
    /// A plan is about to be carried out (or would be, in a dry run).
    fn planned(&self, _plan: &Plan) {}
    /// The indexes are about to be written.
    fn committing(&self) {}
    /// Something worth a line to a person.
    fn note(&self, _note: Note) {}
    /// Answers a conflict that the policy leaves to a person. May block: it is called on a thread of its own.
    fn choose(&self, _conflict: &Planned) -> Choice {
        Choice::Skip
    }
}

/// Something that a run met and went on from.
#[derive(Debug)]
pub enum Note {
    /// The local index was damaged; where it was put.
    LocalIndexDamaged(Option<std::path::PathBuf>, String),
    /// The remote index is damaged and will be rewritten.
    RemoteIndexDamaged(String),
    /// The local index is about another place in a bucket, this one, and does not count.
    OtherPlace(String),
    /// An earlier run was cut short in the middle of a change; what was done about it.
    Recovered(Recovered),
}

/// Why a run was not made, or not ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder cannot be used.
    #[error(transparent)]
    Local(#[from] local::Error),
    /// The local index cannot be used.
    #[error(transparent)]
    LocalIndex(#[from] LoadError),
    /// The remote index cannot be used.
    #[error("the index in the bucket cannot be used")]
    RemoteIndex(#[source] RemoteIndexError),
    /// The bucket cannot be listed or read.
    #[error(transparent)]
    Remote(#[from] remote::Error),
    /// The newer ignore rules of the bucket could not be brought here.
    #[error("the newer .syncignore of the bucket could not be brought here, and says what the rest is")]
    Rules(#[source] Failure),
    /// Somebody named what is not there.
    #[error("there is no \"{0}\"")]
    Unmatched(String),
    /// A guard stopped the run before anything was done.
    #[error("stopped by a guard")]
    Guard(Alarm, Vec<Key>),
    /// The run was interrupted before it was known what there is to do.
    #[error("interrupted")]
    Interrupted,
}

impl From<RemoteIndexError> for Error {
    fn from(error: RemoteIndexError) -> Error {
        match error {
            RemoteIndexError::Store(error) => Error::Remote(error),
            error => Error::RemoteIndex(error),
        }
    }
}

/// What became of a run.
#[derive(Debug, Default)]
pub struct Summary {
    /// Number of actions done, by kind.
    pub done: BTreeMap<Action, usize>,
    /// Bytes of content uploaded.
    pub uploaded: u64,
    /// Bytes of content downloaded.
    pub downloaded: u64,
    /// Conflicts that were left alone.
    pub conflicts: Vec<Planned>,
    /// Keys whose action failed, and why.
    pub failed: Vec<(Key, Failure)>,
    /// Names that were left alone, and why.
    pub problems: Vec<Problem>,
    /// Number of symbolic links in the folder that are left alone.
    pub symlinks: usize,
    /// Keys that are symbolic links in the bucket, and are left alone.
    pub links_there: BTreeSet<Key>,
    /// Number of files and folders in the folder that the ignore rules leave out.
    pub ignored: u64,
    /// Changes that stay where they are, because the run goes the other way.
    pub held_back: HeldBack,
    /// Whether the run was interrupted.
    pub interrupted: bool,
    /// Whether it looked at everything.
    pub everything: bool,
}

/// One target, ready to be worked on.
pub struct Engine<S> {
    store: Arc<S>,
    folder: Arc<Folder>,
    ambient: Arc<dyn Ambient>,
    witness: Arc<dyn Witness>,
    cancel: Cancel,
    options: Options,
    carrier: Arc<Carrier<S>>,
}

impl<S: ObjectStore> Engine<S> {
    /// Makes the engine of a target.
    pub fn new<W: Witness>(
        (folder, store): (Arc<Folder>, Arc<S>),
        ambient: Arc<dyn Ambient>,
        witness: Arc<W>,
        cancel: Cancel,
        options: Options,
    ) -> Engine<S> {
        let progress: Arc<dyn Progress> = Arc::clone(&witness) as Arc<dyn Progress>;
        let carrier = Carrier::new(
            Arc::clone(&store),
            Arc::clone(&folder),
            Arc::clone(&ambient),
            progress,
            (cancel.clone(), options.stamp.clone(), options.place.clone()),
            (options.cut, options.jobs),
        );
        Engine { store, folder, ambient, witness, cancel, options, carrier: Arc::new(carrier) }
    }

    /// Its folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Foresees what the big contents of a plan will take. `reads`: for that, files of which the bucket may have a part are read.
    pub async fn foresee(&self, planning: &Planning, reads: bool) -> Foreseen {
        self.carrier.foresee(planning.plan.actions().chain(&planning.waiting), reads).await
    }
}

impl Summary {
    /// Number of symbolic links that were left alone, here and in the bucket.
    pub fn links(&self) -> usize {
        self.symlinks + self.links_there.len()
    }

    /// A full disk is no matter of one key: whatever comes next would fail as well. Returns the key that found it full.
    fn take_full_disk(&mut self) -> Option<Key> {
        let is_full = |failure: &Failure| matches!(failure, Failure::Local(local::Error::NoSpace { .. }));
        let at = self.failed.iter().position(|(_, failure)| is_full(failure))?;
        Some(self.failed.swap_remove(at).0)
    }

    fn count(&mut self, planned: &Planned, done: &Done) {
        // A touched file is recorded and nothing else: no person needs to hear of it.
        let silent = planned.action == Action::Adopt
            && planned.decision
                == Decision { local: State::Unchanged, remote: State::Unchanged, action: Some(Action::Adopt) };
        if !silent {
            *self.done.entry(planned.action).or_default() += 1;
        }
        match planned.action {
            Action::Push => self.uploaded += done.bytes,
            Action::Pull | Action::KeepBoth => self.downloaded += done.bytes,
            _ => {}
        }
    }
}

/// Whether a key is the ignore rules.
fn is_rules(key: &str) -> bool {
    key == key::IGNORE
}
