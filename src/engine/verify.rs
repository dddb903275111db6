//! `verify`: reads what is there and compares it with what was synced. Changes nothing, unless it is to repair.
//!
//! Facts that hold here:
//! 1. A file is only judged whose stat is that of the index, before and after it is read; all else is merely not synced yet. So
//!    nothing has to be locked: what a sync changes meanwhile looks like that.
//! 2. An object is only judged in the version that was listed.
//! 3. A repair takes only a copy that was read and has the sum that was synced. The damaged file goes to the trash; an object is
//!    written over in exactly the version that was read.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::stream;
use tokio::sync::Semaphore;

use super::commit::Told;
use super::findings::{Fault, Finding, There, Verdict};
use super::subjects::{Sides, Subject};
use super::{Engine, Error, Given, Summary};
use crate::blocking::blocking;
use crate::index::{Entry, Index};
use crate::key::Key;
use crate::local::{self, Folder, LocalContent, LocalFile, Stat};
use crate::reconcile::{Action, Decision, Planned, Problem, ProblemKind, State, examine};
use crate::remote::{Listed, ObjectStore, Unfinished};
use crate::transfer::{Failure, read_back, run_all};

/// Files read at once.
const HASHING: usize = 4;
/// Keys looked at at once.
const AT_ONCE: usize = 24;

/// What to verify, and what to do about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Thorough {
    /// Every object is read as well.
    pub remote: bool,
    /// What has a good copy on the other side is put right.
    pub repair: bool,
}

/// Who hears of a verification.
pub trait Inspector: Send + Sync {
    /// So many keys and bytes are going to be read.
    fn begins(&self, _keys: u64, _bytes: u64) {}
    /// A key has been read, so many bytes.
    fn read(&self, _bytes: u64) {}
    /// A key is not synced yet, so nothing can be said of it.
    fn pending(&self, _key: &Key) {}
}

/// What a verification came to.
#[derive(Debug, Default)]
pub struct Verified {
    /// Files that were read.
    pub files: u64,
    /// Objects that were compared with the index: by the listing, or by reading them.
    pub objects: u64,
    /// Bytes of files that were read.
    pub bytes_read: u64,
    /// Bytes of objects that were read.
    pub bytes_fetched: u64,
    /// Keys that are not as they were synced, in order.
    pub findings: Vec<Finding>,
    /// Keys that have changed since they were synced, or never were.
    pub pending: u64,
    /// Objects that were read, and of which nothing tells what they should be.
    pub unproven: u64,
    /// Names that were left alone, and why.
    pub problems: Vec<Problem>,
    /// Unfinished uploads that this folder has no record of.
    pub uploads: Vec<Unfinished>,
    /// Why they could not be listed.
    pub uploads_unknown: Option<String>,
    /// Whether it was interrupted.
    pub interrupted: bool,
}

impl Verified {
    /// Whether all that was looked at is whole, or has been put right.
    pub fn is_sound(&self) -> bool {
        let unreadable = |problem: &Problem| problem.kind == ProblemKind::Unreadable;
        self.findings.iter().all(|finding| finding.repaired) && !self.problems.iter().any(unreadable)
    }
}

/// What became of looking at a key.
struct Looked {
    subject: Subject,
    read: u64,
    fetched: u64,
    /// Why something could not be read; `Changed` is only not synced yet.
    failure: Option<Failure>,
}

/// What a look at one key needs.
struct Look<S> {
    store: Arc<S>,
    folder: Arc<Folder>,
    hashing: Semaphore,
    thorough: Thorough,
}

impl<S: ObjectStore> Engine<S> {
    /// Compares what is there with what was synced. To repair, the caller holds the folder's lock.
    ///
    /// # Errors
    ///
    /// Whatever keeps either side from being looked at as a whole.
    pub async fn verify(&self, thorough: Thorough, inspector: &dyn Inspector) -> Result<Verified, Error> {
        self.folder.begin_run(self.options.stamp.clone());
        let mut observed = self.observe(false, Given::default()).await?;
        self.note_damage(&mut observed.base);
        if thorough.repair {
            let base = &observed.base.index;
            if self.recover(&mut |key| base.get(key.as_str()).and_then(Entry::stat))? {
                let ignore = observed.ignore.clone();
                self.rescan(&mut observed, ignore).await?;
            }
        }
        let written_ns = observed.base.written_ns;
        let ledger = self.ledger(&mut observed.base);
        let base = ledger.base();
        let mut summary = Summary::default();
        self.join(&mut observed, base, &mut summary).await?;
        let mut remote_index = std::mem::take(&mut observed.remote_index);
        let told = remote_index.index(&*self.store, &self.folder).await?;
        let sides = Sides { observed: &observed, base, told, written_ns };
        let mut verified = Verified { problems: summary.problems, ..Verified::default() };
        let damaged = self.look(&sides, thorough, inspector, &mut verified).await;
        verified.interrupted = self.cancel.is_cancelled();
        if thorough.repair && !verified.interrupted {
            self.repair(damaged, base, &mut verified).await?;
        }
        if thorough.remote && !verified.interrupted {
            match self.store.list_uploads().await {
                Ok(uploads) => {
                    // After the listing, so that one that was begun meanwhile has its record.
                    let own = self.carrier.own_uploads();
                    verified.uploads = uploads.into_iter().filter(|upload| !own.contains(&*upload.upload)).collect();
                }
                Err(error) => verified.uploads_unknown = Some(error.to_string()),
            }
        }
        verified.findings.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(verified)
    }

    /// Looks at every key; returns those with damage.
    async fn look(
        &self,
        sides: &Sides<'_>,
        thorough: Thorough,
        inspector: &dyn Inspector,
        verified: &mut Verified,
    ) -> Vec<Subject> {
        let (mut keys, mut bytes) = (0, 0);
        for subject in sides.subjects() {
            keys += 1;
            bytes += subject.file.map_or(0, |stat| stat.size);
            bytes += subject.object.as_ref().filter(|_| thorough.remote).map_or(0, |(object, _)| object.size);
        }
        inspector.begins(keys, bytes);
        let hashing = Semaphore::new(HASHING);
        let look = Look { store: Arc::clone(&self.store), folder: Arc::clone(&self.folder), hashing, thorough };
        let look = Arc::new(look);
        let one = move |subject: Subject| {
            let look = Arc::clone(&look);
            async move { look.at(subject).await }
        };
        let mut damaged = Vec::new();
        run_all(stream::iter(sides.subjects()), AT_ONCE, &self.cancel, one, &mut |looked| {
            inspector.read(looked.read + looked.fetched);
            if let Some(subject) = verified.take(looked, inspector) {
                damaged.push(subject);
            }
        })
        .await;
        damaged
    }

    /// Puts right what has a good copy, and writes that down.
    async fn repair(&self, damaged: Vec<Subject>, base: &Index, verified: &mut Verified) -> Result<(), Error> {
        let planned: Vec<Planned> = damaged.iter().filter_map(|subject| subject.plan(base)).collect();
        let mut ended: BTreeMap<Key, Result<Told, Failure>> = BTreeMap::new();
        self.carrier
            .carry_out(stream::iter(planned), &mut |planned, result| {
                let base_version = planned.item.base.as_ref().and_then(|base| base.remote_timestamp);
                let key = planned.item.key;
                ended.insert(key.clone(), result.map(|done| Told { key, done, base_version }));
            })
            .await;
        self.carrier.settle().await;
        let mut told = Vec::new();
        for finding in &mut verified.findings {
            match ended.remove(&finding.key) {
                Some(Ok(outcome)) => {
                    finding.repaired = true;
                    told.push(outcome);
                }
                Some(Err(failure)) => finding.why += &format!("; it could not be repaired: {}", failure.reasons()),
                None => {}
            }
        }
        if !told.is_empty() {
            self.record(told).await?;
        }
        Ok(())
    }
}

impl Verified {
    /// Takes in what became of a key; returns it if it is damaged.
    fn take(&mut self, looked: Looked, inspector: &dyn Inspector) -> Option<Subject> {
        let Looked { subject, read, fetched, failure } = looked;
        self.files += u64::from(subject.evidence.file.is_some());
        self.objects += u64::from(matches!(subject.evidence.there, There::Synced | There::Read { .. }));
        self.bytes_read += read;
        self.bytes_fetched += fetched;
        let verdict = subject.evidence.judge();
        let fault = match verdict {
            Verdict::Wrong(fault) => Some(fault),
            _ if failure.as_ref().is_some_and(is_unreadable) => Some(Fault::Unreadable),
            _ => None,
        };
        if let Some(fault) = fault {
            self.findings.push(subject.finding(fault, failure.as_ref()));
            return Some(subject);
        }
        self.unproven += u64::from(verdict == Verdict::Unproven);
        if subject.pending || failure.is_some() || verdict == Verdict::Pending {
            self.pending += 1;
            inspector.pending(&subject.key);
        }
        None
    }
}

/// Whether it is more than a change meanwhile.
fn is_unreadable(failure: &Failure) -> bool {
    !matches!(failure, Failure::Changed | Failure::Interrupted)
}

impl Subject {
    fn finding(&self, fault: Fault, failure: Option<&Failure>) -> Finding {
        let why = match (fault, failure) {
            (Fault::Unreadable, Some(failure)) => failure.reasons(),
            _ => self.evidence.explain(fault),
        };
        Finding {
            key: self.key.clone(),
            fault,
            why,
            expected: self.evidence.expected,
            file: self.evidence.file.map(|file| file.sha256),
            object: match self.evidence.there {
                There::Read { content, .. } => Some(content.sha256),
                _ => None,
            },
            repaired: false,
        }
    }

    /// What puts it right; `None` where nothing does.
    fn plan(&self, base: &Index) -> Option<Planned> {
        let Verdict::Wrong(fault) = self.evidence.judge() else { return None };
        let action = match fault {
            Fault::File if self.evidence.has_good_object() => Action::Pull,
            Fault::Object if self.evidence.has_good_file() => Action::Push,
            _ => return None,
        };
        let file = LocalFile { key: self.key.clone(), stat: self.file? };
        let (object, _) = self.object.as_ref()?;
        let item = examine(&self.key, base.get(self.key.as_str()), None, Some(&file), Some(object));
        let decision = Decision { local: State::Unchanged, remote: State::Unchanged, action: Some(action) };
        Some(Planned { item, decision, action, source: None, renamed: false })
    }
}

impl<S: ObjectStore> Look<S> {
    async fn at(&self, mut subject: Subject) -> Looked {
        let (mut read, mut fetched, mut failure) = (0, 0, None);
        if let Some(stat) = subject.file {
            match self.read_file(&subject, stat).await {
                Ok(content) => (subject.evidence.file, read) = (Some(content), stat.size),
                Err(why) => failure = Some(why),
            }
        }
        let in_doubt = || matches!(subject.evidence.judge(), Verdict::Wrong(Fault::File)) && self.thorough.repair;
        if let Some((object, synced)) = subject.object.clone()
            && (self.thorough.remote || in_doubt())
        {
            match self.read_object(&mut subject, &object, synced).await {
                Ok(bytes) => fetched = bytes,
                Err(why) if failure.as_ref().is_none_or(|failure| !is_unreadable(failure)) => failure = Some(why),
                Err(_) => {}
            }
        }
        Looked { subject, read, fetched, failure }
    }

    async fn read_file(&self, subject: &Subject, stat: Stat) -> Result<LocalContent, Failure> {
        let _turn = self.hashing.acquire().await;
        let (folder, key) = (Arc::clone(&self.folder), subject.key.clone());
        let etag = subject.object.as_ref().filter(|(_, synced)| *synced).map(|(object, _)| object.etag.clone());
        let hash = move || local::hash_file(&folder, &key, &stat, etag.as_ref());
        Ok(blocking(hash).await?)
    }

    /// Reads the object; one that seems damaged a second time, for that may have come on the way. Returns the bytes.
    async fn read_object(&self, subject: &mut Subject, object: &Listed, synced: bool) -> Result<u64, Failure> {
        let mut fetched = 0;
        for last in [false, true] {
            let read = read_back(&*self.store, &object.name, &object.etag).await?;
            fetched += read.info.size;
            let (content, metadata) = (read.content, read.info.metadata.sha256);
            subject.evidence.there = There::Read { content, metadata, synced, contradicted: read.contradicted };
            if last || !matches!(subject.evidence.judge(), Verdict::Wrong(Fault::Object | Fault::Both)) {
                break;
            }
        }
        Ok(fetched)
    }
}
