//! The test's hand on a running server: look into it, change it behind its clients' backs, count, break.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use s3s::S3Result;

use crate::fault::{Fault, FaultKind, Faults};
use crate::op::Op;
use crate::options::{Behaviour, Conditions};
use crate::store::{Attributes, Expected, State, StoredObject, Versioning};

/// What a hook is told of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub operation: Op,
    /// The bucket in the path.
    pub bucket: Option<String>,
    /// The key in the path.
    pub key: Option<String>,
}

/// What has arrived and been answered since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests with a good signature, failed ones too.
    pub operations: BTreeMap<Op, u64>,
    /// Requests for something that the server does not know.
    pub unknown: u64,
    /// Answers 304.
    pub not_modified: u64,
    /// Bytes of the requests' bodies.
    pub bytes_in: u64,
    /// Bytes of the answers' bodies.
    pub bytes_out: u64,
}

impl Counts {
    /// Requests of one operation.
    pub fn of(&self, operation: Op) -> u64 {
        self.operations.get(&operation).copied().unwrap_or(0)
    }

    /// All requests.
    pub fn total(&self) -> u64 {
        self.operations.values().sum::<u64>() + self.unknown
    }
}

type Hook = Arc<dyn Fn(&Request) + Send + Sync>;

#[derive(Default)]
struct Watch {
    faults: Faults,
    counts: Counts,
    hook: Option<Hook>,
}

/// A handle on a server; copies mean the same server and do not keep it running.
#[derive(Clone)]
pub struct Control {
    state: Arc<Mutex<State>>,
    watch: Arc<Mutex<Watch>>,
}

impl Control {
    pub(crate) fn new(behaviour: Behaviour) -> Control {
        Control { state: Arc::new(Mutex::new(State::new(behaviour))), watch: Arc::default() }
    }

    /// The store. A test that fails while it holds the lock must not hide the others' failures.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates a bucket; one that exists stays as it is.
    pub fn create_bucket(&self, name: &str) {
        // The only failure is that it exists.
        self.state().create_bucket(name).unwrap_or_default();
    }

    /// Switches a bucket's versioning on, or off again (suspended), creating the bucket where there is none.
    pub fn set_versioning(&self, bucket: &str, on: bool) {
        let mut state = self.state();
        let bucket = state.buckets.entry(bucket.into()).or_default();
        bucket.versioning = match (on, bucket.versioning) {
            (true, _) => Versioning::Enabled,
            (false, Versioning::Off) => Versioning::Off,
            (false, _) => Versioning::Suspended,
        };
    }

    /// The current objects of a bucket; none where there is no bucket.
    pub fn objects(&self, bucket: &str) -> BTreeMap<String, StoredObject> {
        let state = self.state();
        let Some(bucket) = state.buckets.get(bucket) else { return BTreeMap::new() };
        let keys = bucket.keys.keys();
        keys.filter_map(|key| Some((key.clone(), bucket.current(key)?.clone()))).collect()
    }

    /// One current object.
    pub fn object(&self, bucket: &str, key: &str) -> Option<StoredObject> {
        self.state().buckets.get(bucket)?.current(key).cloned()
    }

    /// The unfinished uploads of a bucket: key and id.
    pub fn uploads(&self, bucket: &str) -> Vec<(String, String)> {
        self.state().buckets.get(bucket).map(|bucket| bucket.uploads.keys().cloned().collect()).unwrap_or_default()
    }

    /// Writes an object as another tool would: no metadata, no condition, no request counted. Returns its ETag.
    pub fn put_foreign(&self, bucket: &str, key: &str, bytes: impl Into<Bytes>) -> String {
        self.put_foreign_with(bucket, key, bytes, &[])
    }

    /// As [`Control::put_foreign`], with user metadata.
    pub fn put_foreign_with(
        &self,
        bucket: &str,
        key: &str,
        bytes: impl Into<Bytes>,
        metadata: &[(&str, &str)],
    ) -> String {
        let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let attributes = Attributes { metadata, ..Attributes::default() };
        let mut state = self.state();
        state.buckets.entry(bucket.into()).or_default();
        let written = state.put((bucket, key), bytes.into(), attributes, &Expected::default());
        // An unconditional write to a bucket that exists cannot fail.
        written.map(|written| written.etag).unwrap_or_default()
    }

    /// Deletes an object as another tool would; returns whether there was one.
    pub fn remove_foreign(&self, bucket: &str, key: &str) -> bool {
        let mut state = self.state();
        let there = state.buckets.get(bucket).is_some_and(|bucket| bucket.current(key).is_some());
        there && state.delete((bucket, key), None, &Expected::default()).is_ok()
    }

    /// Flips a bit of what is stored, as a failing disk does; ETag, time and all else stay as they are. Returns whether there
    /// is such an object.
    pub fn rot(&self, bucket: &str, key: &str) -> bool {
        self.state().rot(bucket, key)
    }

    /// Changes how the server behaves from the next request on.
    pub fn change(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.state().behaviour);
    }

    /// Sets what becomes of the conditions of writes.
    pub fn set_conditions(&self, conditions: Conditions) {
        self.change(|behaviour| behaviour.conditions = conditions);
    }

    /// Sets the server's clock ahead of this machine's by so many seconds.
    pub fn set_clock_offset(&self, seconds: i64) {
        self.change(|behaviour| behaviour.clock_offset = seconds);
    }

    /// What was counted so far.
    pub fn counts(&self) -> Counts {
        self.watch().counts.clone()
    }

    /// Counts from nothing again.
    pub fn reset_counts(&self) {
        self.watch().counts = Counts::default();
    }

    /// Lets something go wrong.
    pub fn inject(&self, fault: Fault) {
        self.watch().faults.inject(fault);
    }

    /// Forgets the faults that are not spent.
    pub fn clear_faults(&self) {
        self.watch().faults.clear();
    }

    /// Calls `hook` before each request is applied, in place of an earlier hook. It may use this handle, block, and
    /// make requests of its own (which it is called for, too). A hook that panics fails the request with a 500.
    pub fn on_request(&self, hook: impl Fn(&Request) + Send + Sync + 'static) {
        self.watch().hook = Some(Arc::new(hook));
    }

    /// Calls no hook any more.
    pub fn clear_hook(&self) {
        let hook = self.watch().hook.take();
        // Dropped here and not under the lock: what the hook holds may use this handle when it goes.
        drop(hook);
    }

    /// Counts the bodies of one exchange, and whether it ended with 304.
    pub(crate) fn count_answer(&self, bytes_in: u64, bytes_out: u64, not_modified: bool) {
        let counts = &mut self.watch().counts;
        counts.bytes_in += bytes_in;
        counts.bytes_out += bytes_out;
        counts.not_modified += u64::from(not_modified);
    }

    /// Counts an authentic request, calls the hook, waits as told, and says what is to go wrong with it.
    pub(crate) async fn admit(&self, operation: &str, bucket: Option<&str>, key: Option<&str>) -> Admitted {
        let Some(operation) = Op::parse(operation) else {
            self.watch().counts.unknown += 1;
            return Ok(None);
        };
        *self.watch().counts.operations.entry(operation).or_default() += 1;
        let hook = self.watch().hook.clone();
        if let Some(hook) = hook {
            let request = Request { operation, bucket: bucket.map(str::to_owned), key: key.map(str::to_owned) };
            // On a thread of its own: the hook may block on requests that this server has to answer meanwhile.
            let called = tokio::task::spawn_blocking(move || hook(&request)).await;
            called.map_err(|_| s3s::s3_error!(InternalError, "The hook of the test panicked"))?;
        }
        let latency = self.state().behaviour.latency;
        let mut fault = self.watch().faults.next(operation, key);
        let delay = match &fault {
            Some(FaultKind::Delay(delay)) => latency + *delay,
            _ => latency,
        };
        if delay > Duration::ZERO {
            tokio::time::sleep(delay).await;
        }
        fault = fault.filter(|fault| !matches!(fault, FaultKind::Delay(_)));
        Ok(fault)
    }
}

/// The fault that is still to happen to a request.
pub(crate) type Admitted = S3Result<Option<FaultKind>>;
