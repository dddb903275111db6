//! Faults: what a test lets go wrong, with which requests, and how often.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::op::Op;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The request is refused and nothing is applied.
    FailBefore {
        /// The HTTP status.
        status: u16,
        /// The error code in the body.
        code: String,
    },
    /// The request is applied, and the connection closed without an answer.
    LoseReply,
    /// The connection is closed before anything is applied.
    Drop,
    /// The answer's body ends after so many bytes, and the connection with it; its headers promise all of it.
    TruncateBody(usize),
    /// The answer's body has one bit flipped, in the middle.
    CorruptBody,
    /// The body of a PutObject or UploadPart has one bit flipped, in the middle: behind the signature check, as it happens in
    /// bad memory or where TLS ends, and before its checksums are looked at.
    CorruptRequest,
    /// The request waits before it is applied.
    Delay(Duration),
}

impl FaultKind {
    /// 503 SlowDown: the server is overloaded.
    pub fn slow_down() -> FaultKind {
        FaultKind::FailBefore { status: 503, code: "SlowDown".into() }
    }

    /// 500 InternalError: the server fails.
    pub fn internal_error() -> FaultKind {
        FaultKind::FailBefore { status: 500, code: "InternalError".into() }
    }

    /// 403 AccessDenied: the permission lacks.
    pub fn access_denied() -> FaultKind {
        FaultKind::FailBefore { status: 403, code: "AccessDenied".into() }
    }

    /// 409 ConditionalRequestConflict: another write to the key was under way.
    pub fn conflict() -> FaultKind {
        FaultKind::FailBefore { status: 409, code: "ConditionalRequestConflict".into() }
    }
}

/// A fault, and the requests that it hits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Only requests of this operation; `None`: of any.
    pub operation: Option<Op>,
    /// Only requests whose key holds this text. The keys of a DeleteObjects are in its body and are not looked at.
    pub key: Option<String>,
    /// So many matching requests go well first.
    pub skip: u64,
    /// So many are hit then; after that the fault is spent.
    pub times: u64,
    /// What happens to them.
    pub kind: FaultKind,
}

impl Fault {
    /// Hits the next request of any operation, once.
    pub fn new(kind: FaultKind) -> Fault {
        Fault { operation: None, key: None, skip: 0, times: 1, kind }
    }

    /// Hits only requests of `operation`.
    #[must_use]
    pub fn on(self, operation: Op) -> Fault {
        Fault { operation: Some(operation), ..self }
    }

    /// Hits only requests whose key holds `text`.
    #[must_use]
    pub fn key(self, text: &str) -> Fault {
        Fault { key: Some(text.into()), ..self }
    }

    /// Lets `skip` matching requests go well first.
    #[must_use]
    pub fn after(self, skip: u64) -> Fault {
        Fault { skip, ..self }
    }

    /// Hits `times` requests.
    #[must_use]
    pub fn times(self, times: u64) -> Fault {
        Fault { times, ..self }
    }

    fn matches(&self, operation: Op, key: Option<&str>) -> bool {
        self.operation.is_none_or(|wanted| operation == wanted)
            && self.key.as_ref().is_none_or(|text| key.is_some_and(|key| key.contains(text.as_str())))
    }
}

/// The faults that are not spent yet, in the order in which they were injected.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn inject(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// What is to happen to one request: every fault that matches it counts it, the first one that is due hits it.
    pub(crate) fn next(&mut self, operation: Op, key: Option<&str>) -> Option<FaultKind> {
        let mut due = None;
        for fault in self.0.iter_mut().filter(|fault| fault.matches(operation, key)) {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if due.is_none() && fault.times > 0 {
                fault.times -= 1;
                due = Some(fault.kind.clone());
            }
        }
        self.0.retain(|fault| fault.times > 0);
        due
    }
}

/// What is still to happen to an exchange after its request was let in. Travels with the request.
#[derive(Clone, Default)]
pub(crate) struct Pending(Arc<Mutex<Option<FaultKind>>>);

impl Pending {
    pub(crate) fn set(&self, fault: FaultKind) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }

    pub(crate) fn take(&self) -> Option<FaultKind> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Takes the fault if it is this one.
    pub(crate) fn take_if(&self, fault: &FaultKind) -> bool {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.take_if(|pending| pending == fault).is_some()
    }
}

/// The same bytes but for one bit in the middle.
pub(crate) fn flip_a_bit(bytes: &Bytes) -> Bytes {
    let mut damaged = bytes.to_vec();
    let middle = damaged.len() / 2;
    if let Some(byte) = damaged.get_mut(middle) {
        *byte ^= 1;
    }
    damaged.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_after_its_skips_and_only_so_often() {
        let mut faults = Faults::default();
        faults.inject(Fault::new(FaultKind::Drop).on(Op::PutObject).key("b").after(1).times(2));
        assert_eq!(faults.next(Op::PutObject, Some("a")), None);
        assert_eq!(faults.next(Op::GetObject, Some("b")), None);
        assert_eq!(faults.next(Op::PutObject, None), None);
        let hits = (0..5).map(|_| faults.next(Op::PutObject, Some("abc")).is_some()).collect::<Vec<_>>();
        assert_eq!(hits, [false, true, true, false, false]);
    }

    #[test]
    fn faults_on_the_same_requests_take_turns_in_their_order() {
        let mut faults = Faults::default();
        faults.inject(Fault::new(FaultKind::slow_down()));
        faults.inject(Fault::new(FaultKind::Drop));
        assert_eq!(faults.next(Op::PutObject, None), Some(FaultKind::slow_down()));
        assert_eq!(faults.next(Op::HeadObject, None), Some(FaultKind::Drop));
        assert_eq!(faults.next(Op::HeadObject, None), None);
    }
}
