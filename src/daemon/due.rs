//! When a target is looked at without a hint. Pure: the time comes in.

use std::time::Duration;

use tokio::time::Instant;

/// So long after a change others are likely.
const LIVELY: Duration = Duration::from_secs(60);
/// So long after the last change none is.
const SLEEPY: Duration = Duration::from_secs(600);
/// The shortest time between two looks that can be asked for.
const LEAST: Duration = Duration::from_millis(100);
/// How often the bucket is listed if nothing is said, at most.
const RELIST: Duration = Duration::from_secs(600);
/// How much longer that is for each page of the listing: pages are what costs.
const RELIST_PAGE: Duration = Duration::from_secs(250);
/// Keys on a page.
const PAGE: usize = 1_000;
/// Before keys that failed are tried again; doubled each time.
const RETRY: Duration = Duration::from_secs(30);
/// Looks that came to nothing slow the next ones down, up to this many times doubled.
const MOST_DOUBLED: u32 = 6;

/// How often what is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The index in the bucket, while it is neither lively nor sleepy.
    pub(super) poll: Duration,
    /// The whole folder; zero: never again.
    pub(super) rescan: Duration,
    /// The whole bucket; `None`: by its size; zero: never.
    pub(super) relist: Option<Duration>,
}

/// What is due when.
#[derive(Debug)]
pub(super) struct Due {
    pace: Pace,
    active: Instant,
    polled: Instant,
    /// Polls in a row that told of news where there were none.
    futile: u32,
    /// Whether power comes from a battery.
    pub(super) on_battery: bool,
    scanned: Option<Instant>,
    listed: Option<Instant>,
    keys: usize,
    retry: Option<Instant>,
    retries: u32,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// A poll of the index in the bucket.
    Poll,
    /// A look at the whole folder.
    Rescan,
    /// A look at both sides as a whole.
    Relist,
}

impl Due {
    /// A look at everything is due.
    pub(super) fn new(pace: Pace, now: Instant) -> Due {
        Due {
            pace,
            active: now,
            polled: now,
            futile: 0,
            on_battery: false,
            scanned: None,
            listed: None,
            keys: 0,
            retry: None,
            retries: 0,
        }
    }

    /// What is due next, and when; of several at once the one that does for the others.
    pub(super) fn next(&self, now: Instant) -> (Instant, What) {
        let relist = match (self.listed, self.relist_every()) {
            (None, _) => Some(now),
            (Some(listed), every) => every.map(|every| listed + every),
        };
        let rescan = match self.scanned {
            None => Some(now),
            Some(scanned) => Some(scanned + self.pace.rescan).filter(|_| !self.pace.rescan.is_zero()),
        };
        let poll = (self.polled + self.poll_every(now), What::Poll);
        let all = std::iter::once(poll)
            .chain(rescan.map(|at| (at, What::Rescan)))
            .chain(relist.into_iter().chain(self.retry).map(|at| (at, What::Relist)));
        let (ripe, later): (Vec<_>, Vec<_>) = all.partition(|(at, _)| *at <= now);
        let ripe = ripe.into_iter().max_by_key(|(_, what)| *what);
        ripe.or_else(|| later.into_iter().min()).unwrap_or((now, What::Relist))
    }

    /// How long from one poll to the next.
    pub(super) fn poll_every(&self, now: Instant) -> Duration {
        let poll = self.pace.poll.max(LEAST);
        let rested = now.saturating_duration_since(self.active);
        let every = match () {
            () if rested < LIVELY => poll * 2 / 5,
            () if rested < SLEEPY => poll,
            () => poll * 12 / 5,
        };
        every * if self.on_battery { 3 } else { 1 } * (1 << self.futile.min(MOST_DOUBLED))
    }

    fn relist_every(&self) -> Option<Duration> {
        match self.pace.relist {
            Some(never) if never.is_zero() => None,
            Some(every) => Some(every.max(LEAST)),
            None => {
                let pages = u32::try_from(self.keys.div_ceil(PAGE)).unwrap_or(u32::MAX);
                Some(RELIST.max(RELIST_PAGE.saturating_mul(pages)))
            }
        }
    }

    /// Something has changed on either side.
    pub(super) fn is_active(&mut self, now: Instant) {
        self.active = now;
        self.futile = 0;
    }

    /// The index was asked after.
    pub(super) fn was_polled(&mut self, now: Instant) {
        self.polled = now;
    }

    /// A poll told of news, and there was nothing to do.
    pub(super) fn was_futile(&mut self) {
        self.futile += 1;
    }

    /// A run has looked: at the whole folder, or at both sides as a whole. `keys`: what it knows of.
    pub(super) fn was_looked_at(&mut self, what: What, keys: usize, now: Instant) {
        self.polled = now;
        if what >= What::Rescan {
            self.scanned = Some(now);
        }
        if what == What::Relist {
            (self.listed, self.keys) = (Some(now), keys);
        }
    }

    /// Some keys failed: everything is looked at again, later each time. Without any: they are done with.
    pub(super) fn some_failed(&mut self, failed: bool, now: Instant) {
        if !failed {
            (self.retry, self.retries) = (None, 0);
        } else if self.retry.is_none_or(|at| at <= now) {
            let wait = RETRY.saturating_mul(1 << self.retries.min(16)).min(RELIST);
            self.retry = Some(now + wait);
            self.retries += 1;
        }
    }

    /// Everything has to be looked at.
    pub(super) fn all(&mut self) {
        (self.scanned, self.listed) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { poll: Duration::from_secs(5), rescan: Duration::from_secs(3_600), relist: None };

    fn after(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn everything_is_looked_at_first_and_then_the_index_is_polled() {
        let now = Instant::now();
        let mut due = Due::new(PACE, now);
        assert_eq!(due.next(now), (now, What::Relist));
        due.was_looked_at(What::Relist, 10, now);
        assert_eq!(due.next(now), (now + after(2), What::Poll));
        due.was_polled(now + after(600));
        assert_eq!(due.next(now + after(600)), (now + after(600), What::Relist));
        due.all();
        assert_eq!(due.next(now + after(601)), (now + after(601), What::Relist));
    }

    #[test]
    fn polls_are_rarer_the_longer_nothing_happens() {
        let now = Instant::now();
        let mut due = Due::new(PACE, now);
        let every = |due: &Due, seconds| due.poll_every(now + after(seconds)).as_secs();
        assert_eq!([every(&due, 0), every(&due, 60), every(&due, 600)], [2, 5, 12]);
        due.on_battery = true;
        assert_eq!([every(&due, 0), every(&due, 60), every(&due, 600)], [6, 15, 36]);
        due.was_futile();
        assert_eq!(every(&due, 600), 72);
        due.is_active(now + after(600));
        assert_eq!(every(&due, 600), 6);
    }

    #[test]
    fn idle_polling_costs_less_than_fifteen_cents_a_month() {
        let now = Instant::now();
        for keys in [0, 1_000, 100_000, 1_000_000] {
            let mut due = Due::new(PACE, now);
            due.was_looked_at(What::Relist, keys, now);
            let month = 30.0 * 86_400.0;
            let polls = month / due.poll_every(now + after(86_400)).as_secs_f64();
            let lists = month / due.relist_every().unwrap().as_secs_f64() * keys.div_ceil(PAGE).max(1) as f64;
            let dollars = (polls * 0.0004 + lists * 0.005) / 1_000.0;
            assert!(dollars < 0.15, "{keys} keys: ${dollars}");
        }
    }

    #[test]
    fn what_failed_is_tried_again_later_each_time() {
        let now = Instant::now();
        let mut due = Due::new(PACE, now);
        let mut at = now;
        for seconds in [30, 60, 120, 240, 480, 600, 600] {
            due.was_looked_at(What::Relist, 10, at);
            due.some_failed(true, at);
            due.some_failed(true, at);
            at += after(seconds);
            due.was_polled(at);
            assert_eq!(due.next(at), (at, What::Relist), "{seconds}");
        }
        due.was_looked_at(What::Relist, 10, at);
        due.some_failed(false, at);
        assert_eq!(due.next(at).1, What::Poll);
    }

    #[test]
    fn a_relist_can_be_asked_for_or_left_out() {
        let now = Instant::now();
        let next = |relist: u64| {
            let mut due = Due::new(Pace { relist: Some(after(relist)), ..PACE }, now);
            due.was_looked_at(What::Relist, 100_000, now);
            due.was_polled(now + after(1_000));
            due.next(now + after(1_000)).1
        };
        assert_eq!([next(60), next(0)], [What::Relist, What::Poll]);
        let due = Due::new(Pace { poll: Duration::ZERO, rescan: Duration::ZERO, ..PACE }, now);
        assert!(due.poll_every(now) > Duration::ZERO, "no busy loop");
    }
}
