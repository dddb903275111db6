//! Paths that have changed, until they have settled. Pure: the time comes in.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::Hints;

/// So often a path that changes under each look is looked at at the usual pace.
const PATIENT: u32 = 3;
/// The longest pause between two such looks.
const RARELY: Duration = Duration::from_secs(60);

/// When a path counts as settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settle {
    /// So long after it was last heard of.
    pub(super) quiet: Duration,
    /// So long after it was first heard of, whatever comes.
    pub(super) most: Duration,
}

/// Paths that were heard of and not looked at yet.
#[derive(Debug)]
pub(super) struct Dirty {
    settle: Settle,
    paths: BTreeMap<String, Marked>,
    anywhere: Option<Marked>,
}

#[derive(Clone, Copy, Debug)]
struct Marked {
    first: Instant,
    last: Instant,
}

impl Marked {
    fn settles(&self, settle: Settle) -> Instant {
        (self.last + settle.quiet).min(self.first + settle.most)
    }
}

impl Dirty {
    /// Nothing has been heard of.
    pub(super) fn new(settle: Settle) -> Dirty {
        Dirty { settle, paths: BTreeMap::new(), anywhere: None }
    }

    /// A path was heard of.
    pub(super) fn mark(&mut self, path: String, now: Instant) {
        self.paths.entry(path).and_modify(|marked| marked.last = now).or_insert(Marked { first: now, last: now });
    }

    /// A path changed under the look at it, for the `times`-th time in a row: one that never rests is looked at more and more rarely.
    pub(super) fn mark_again(&mut self, path: String, times: u32, now: Instant) {
        let most = self.settle.most;
        let later = most.saturating_mul(1 << times.saturating_sub(PATIENT).min(8)).min(RARELY.max(most)) - most;
        self.paths.insert(path, Marked { first: now + later, last: now });
    }

    /// Something may have changed anywhere.
    pub(super) fn mark_all(&mut self, now: Instant) {
        self.anywhere.get_or_insert(Marked { first: now, last: now }).last = now;
    }

    /// Whether there is something that has not settled by now.
    pub(super) fn is_unsettled(&self, now: Instant) -> bool {
        self.paths.values().chain(&self.anywhere).any(|marked| marked.settles(self.settle) > now)
    }

    /// When something settles next.
    pub(super) fn next(&self) -> Option<Instant> {
        self.paths.values().chain(&self.anywhere).map(|marked| marked.settles(self.settle)).min()
    }

    /// Takes what has settled by now.
    pub(super) fn take(&mut self, now: Instant) -> Option<Hints> {
        let settle = self.settle;
        if self.anywhere.take_if(|marked| marked.settles(settle) <= now).is_some() {
            self.paths.clear();
            return Some(Hints { all: true, ..Hints::default() });
        }
        let settled = self.paths.extract_if(.., |_, marked| marked.settles(settle) <= now);
        let hints = Hints { paths: settled.map(|(path, _)| path).collect(), ..Hints::default() };
        (!hints.paths.is_empty()).then_some(hints)
    }

    /// Puts back what was taken and could not be looked at; it counts as settled.
    pub(super) fn put_back(&mut self, hints: Hints, now: Instant) {
        let long_ago = now.checked_sub(self.settle.most).unwrap_or(now);
        let marked = Marked { first: long_ago, last: long_ago };
        if hints.all {
            self.anywhere.get_or_insert(marked);
        }
        for path in hints.paths {
            self.paths.entry(path).or_insert(marked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Settle = Settle { quiet: Duration::from_millis(300), most: Duration::from_secs(5) };

    fn paths(hints: Option<Hints>) -> Vec<String> {
        hints.into_iter().flat_map(|hints| hints.paths).collect()
    }

    #[test]
    fn a_path_settles_when_it_was_quiet_for_a_while() {
        let (mut dirty, begin) = (Dirty::new(SETTLE), Instant::now());
        let at = |millis| begin + Duration::from_millis(millis);
        dirty.mark("a".to_owned(), at(0));
        dirty.mark("b".to_owned(), at(200));
        dirty.mark("a".to_owned(), at(250));
        assert_eq!(dirty.next(), Some(at(500)));
        assert_eq!(paths(dirty.take(at(499))), [""; 0]);
        assert!(dirty.is_unsettled(at(500)) && !dirty.is_unsettled(at(550)));
        assert_eq!(paths(dirty.take(at(500))), ["b"]);
        assert_eq!(paths(dirty.take(at(550))), ["a"]);
        assert!(dirty.next().is_none());
    }

    #[test]
    fn a_path_that_is_never_quiet_settles_all_the_same() {
        let (mut dirty, begin) = (Dirty::new(SETTLE), Instant::now());
        for tenth in 0..60 {
            let now = begin + Duration::from_millis(tenth * 100);
            dirty.mark("log".to_owned(), now);
            let taken = paths(dirty.take(now));
            assert_eq!(taken.is_empty(), tenth != 50, "after {tenth} tenths");
        }
    }

    #[test]
    fn what_changes_under_each_look_is_looked_at_more_rarely_until_it_rests() {
        let now = Instant::now();
        let mut dirty = Dirty::new(SETTLE);
        dirty.mark_again("big".to_owned(), 9, now);
        assert_eq!(dirty.next(), Some(now + SETTLE.quiet));
        let pauses: Vec<Duration> = (1..=8)
            .map(|times| {
                let mut dirty = Dirty::new(SETTLE);
                dirty.mark_again("big".to_owned(), times, now);
                dirty.mark("big".to_owned(), now + Duration::from_secs(3_600));
                dirty.next().unwrap() - now
            })
            .collect();
        assert_eq!(pauses.iter().map(Duration::as_secs).collect::<Vec<_>>(), [5, 5, 5, 10, 20, 40, 60, 60]);
    }

    #[test]
    fn anywhere_takes_all_with_it_and_what_is_put_back_is_due_at_once() {
        let (mut dirty, now) = (Dirty::new(SETTLE), Instant::now() + Duration::from_secs(60));
        dirty.mark("a".to_owned(), now);
        dirty.mark_all(now);
        let later = now + SETTLE.quiet;
        let taken = dirty.take(later).unwrap();
        assert!(taken.all && dirty.next().is_none());
        dirty.put_back(taken, later);
        dirty.mark("b".to_owned(), later);
        assert!(dirty.next().unwrap() <= later);
        assert!(dirty.take(later).unwrap().all);
        dirty.put_back(Hints { paths: ["c".to_owned()].into(), ..Hints::default() }, later);
        assert_eq!(paths(dirty.take(later)), ["c"]);
    }
}
