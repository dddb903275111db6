//! What is done of a run, and how fast it goes. Time comes in as how long the run has taken so far.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::key::Key;

/// Contents from this size on, in bytes, are shown one by one while they move.
const BIG: u64 = 32 << 20;
/// What one more key costs, as so many bytes would: a bar of bytes alone would stand still for many small files.
const KEY: u64 = 64 << 10;
/// How far apart the samples of a pace are.
const APART: Duration = Duration::from_secs(1);
/// How many samples a pace goes by: the older ones say nothing of how fast it is now.
const SAMPLES: usize = 16;
/// An estimate beyond this says only that there is none yet, as while the first large file is hashed.
const LONGEST_ESTIMATE: Duration = Duration::from_secs(24 * 3600);

/// A number that grows, and where it goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) done: u64,
    pub(super) total: u64,
}

impl Part {
    /// Never more than there is.
    fn add(&mut self, more: u64) {
        self.done = self.done.saturating_add(more).min(self.total);
    }

    /// In percent, where all is 100 and nothing less.
    pub(super) fn percent(self) -> u64 {
        if self.total == 0 {
            return 0;
        }
        let percent = u128::from(self.done) * 100 / u128::from(self.total);
        u64::try_from(percent).unwrap_or(100).min(100)
    }
}

/// What those know who do the work: how far a look at both sides has come, and what is on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Files found in the folder.
    pub files: u64,
    /// Objects listed in the bucket.
    pub objects: u64,
    /// Bytes of files read, to compare them.
    pub read: u64,
    /// Bytes that were sent and are not known to have arrived.
    pub sent: u64,
}

/// How fast a number grows.
#[derive(Debug, Default)]
pub(super) struct Pace {
    samples: VecDeque<(Duration, u64)>,
    last: (Duration, u64),
}

impl Pace {
    pub(super) fn note(&mut self, now: Duration, value: u64) {
        if self.samples.back().is_none_or(|(at, _)| now.saturating_sub(*at) >= APART) {
            self.samples.push_back((now, value));
            if self.samples.len() > SAMPLES {
                self.samples.pop_front();
            }
        }
        self.last = (now, value);
    }

    /// A second, once it can be told.
    pub(super) fn rate(&self) -> Option<u64> {
        let (first, last) = (self.samples.front()?, self.last);
        let took = last.0.checked_sub(first.0).filter(|took| *took >= APART)?;
        let grown = u128::from(last.1.saturating_sub(first.1));
        u64::try_from(grown * 1000 / took.as_millis().max(1)).ok()
    }
}

/// A content on its way.
#[derive(Debug, Default)]
struct Flight {
    bytes: Part,
    /// Bytes that were shown as done.
    shown: u64,
    pace: Pace,
    /// The how manieth it is of the run.
    number: u64,
}

/// A big content on its way, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Big {
    pub(super) name: String,
    pub(super) bytes: Part,
    pub(super) rate: Option<u64>,
}

/// What is done of a run.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// What is worked on, as a person calls it.
    pub(super) name: String,
    pub(super) looked: Looked,
    /// Contents that move.
    pub(super) files: Part,
    pub(super) bytes: Part,
    /// Keys of which no content moves.
    pub(super) others: Part,
    flights: HashMap<Key, Flight>,
    /// Bytes that were shown as done: what has arrived is not known of for a moment, and must not seem to go back.
    shown: u64,
    begun: u64,
    byte_pace: Pace,
    work_pace: Pace,
}

/// What became of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It is done, well or badly.
    Done,
    /// It is looked at again, and comes again if it still is to move.
    Again,
}

impl Tally {
    pub(super) fn new(name: &str) -> Tally {
        Tally { name: name.to_owned(), ..Tally::default() }
    }

    /// More came up.
    pub(super) fn grow(&mut self, files: u64, bytes: u64, others: u64) {
        if !self.is_planned() {
            // How long the look took says nothing of how fast it goes from now on.
            (self.byte_pace, self.work_pace) = Default::default();
        }
        self.files.total += files;
        self.bytes.total += bytes;
        self.others.total += others;
    }

    /// A content of that size begins to move.
    pub(super) fn begin(&mut self, key: &Key, size: u64) {
        self.begun += 1;
        let bytes = Part { done: 0, total: size };
        self.flights.insert(key.clone(), Flight { bytes, number: self.begun, ..Flight::default() });
    }

    /// Bytes of a content went through. What goes through once more, since it was lost on the way, does not count again.
    pub(super) fn advance(&mut self, key: &Key, bytes: u64) {
        let Some(flight) = self.flights.get_mut(key) else { return };
        let before = flight.bytes.done;
        flight.bytes.add(bytes);
        self.bytes.add(flight.bytes.done - before);
    }

    /// A content of that size moves no more.
    pub(super) fn end(&mut self, key: &Key, size: u64, end: End) {
        let done = self.flights.remove(key).map_or(0, |flight| flight.bytes.done);
        match end {
            End::Done => {
                self.files.add(1);
                self.bytes.add(size.saturating_sub(done));
            }
            End::Again => {
                self.files.total = self.files.total.saturating_sub(1);
                self.bytes.total = self.bytes.total.saturating_sub(size);
                self.bytes.done = self.bytes.done.saturating_sub(done);
                self.shown = 0;
            }
        }
    }

    /// A key of which no content moves is done.
    pub(super) fn end_other(&mut self) {
        self.others.add(1);
    }

    /// A file of so many bytes was read.
    pub(super) fn read(&mut self, bytes: u64) {
        self.files.add(1);
        self.bytes.add(bytes);
    }

    /// Takes note of the time.
    pub(super) fn note(&mut self, now: Duration) {
        self.shown = self.shown.max(self.bytes.done.saturating_add(self.looked.sent)).min(self.bytes.total);
        let work = self.work().done;
        self.byte_pace.note(now, self.shown);
        self.work_pace.note(now, work);
        // It is not known whose bytes were sent: as many of each. A part of one may take long, and it is not to stand still.
        let sent = self.looked.sent / self.flights.len().max(1) as u64;
        for flight in self.flights.values_mut().filter(|flight| flight.bytes.total >= BIG) {
            flight.shown = flight.shown.max(flight.bytes.done.saturating_add(sent)).min(flight.bytes.total);
            flight.pace.note(now, flight.shown);
        }
    }

    /// The bytes that were sent and those there are.
    pub(super) fn moved(&self) -> Part {
        Part { done: self.shown.max(self.bytes.done), ..self.bytes }
    }

    /// All there is to do, in bytes or what is as dear.
    pub(super) fn work(&self) -> Part {
        let moved = self.moved();
        let of = |pick: fn(&Part) -> u64| {
            (pick(&self.files).saturating_add(pick(&self.others))).saturating_mul(KEY).saturating_add(pick(&moved))
        };
        Part { done: of(|part| part.done), total: of(|part| part.total) }
    }

    /// Whether it is known what there is to do.
    pub(super) fn is_planned(&self) -> bool {
        self.files.total > 0 || self.others.total > 0
    }

    /// Bytes a second.
    pub(super) fn rate(&self) -> Option<u64> {
        self.byte_pace.rate().filter(|rate| *rate > 0)
    }

    /// How long it will take from now on, where that can be told.
    pub(super) fn left(&self) -> Option<Duration> {
        let of = |part: Part, pace: &Pace| match part.total.saturating_sub(part.done) {
            0 => Some(0),
            left => Some(left.div_ceil(pace.rate().filter(|rate| *rate > 0)?)),
        };
        // Small files that came first would make the big ones look as if they came as fast, and the reverse.
        let seconds = of(self.work(), &self.work_pace)?.max(of(self.moved(), &self.byte_pace).unwrap_or_default());
        let left = Duration::from_secs(seconds);
        Some(left).filter(|left| !left.is_zero() && *left <= LONGEST_ESTIMATE)
    }

    /// The big contents that are on their way, in the order in which they were begun.
    pub(super) fn big(&self) -> Vec<Big> {
        let mut big: Vec<_> = self.flights.iter().filter(|(_, flight)| flight.bytes.total >= BIG).collect();
        big.sort_unstable_by_key(|(_, flight)| flight.number);
        let shown = big.into_iter().map(|(key, flight)| Big {
            name: key.as_str().to_owned(),
            bytes: Part { done: flight.shown, ..flight.bytes },
            rate: flight.pace.rate(),
        });
        shown.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::parse(name).unwrap()
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn part(done: u64, total: u64) -> Part {
        Part { done, total }
    }

    #[test]
    fn what_goes_through_twice_does_not_count_twice() {
        let mut tally = Tally::new("docs");
        tally.grow(2, 30, 0);
        tally.begin(&key("a"), 10);
        for _ in 0..3 {
            tally.advance(&key("a"), 8);
        }
        assert_eq!((tally.bytes, tally.files), (part(10, 30), part(0, 2)));
        tally.end(&key("a"), 10, End::Done);
        assert_eq!((tally.bytes, tally.files), (part(10, 30), part(1, 2)));
        // Nothing of it had to be sent.
        tally.begin(&key("b"), 20);
        tally.end(&key("b"), 20, End::Done);
        assert_eq!((tally.bytes, tally.files, tally.work().percent()), (part(30, 30), part(2, 2), 100));
    }

    #[test]
    fn what_was_sent_counts_before_it_is_known_to_have_arrived_and_never_goes_back() {
        let mut tally = Tally::new("docs");
        tally.grow(2, 2 * BIG, 0);
        tally.begin(&key("a"), BIG);
        tally.looked.sent = 8;
        tally.note(at(1));
        assert_eq!((tally.moved().done, tally.big()[0].bytes.done), (8, 8));
        // It has arrived, and nobody has heard of it.
        tally.looked.sent = 0;
        tally.note(at(2));
        assert_eq!((tally.moved().done, tally.big()[0].bytes.done), (8, 8));
        tally.advance(&key("a"), 8);
        tally.begin(&key("b"), BIG);
        let shown = |tally: &Tally| tally.big().iter().map(|big| big.bytes.done).collect::<Vec<_>>();
        tally.looked.sent = 40;
        tally.note(at(3));
        assert_eq!((tally.moved().done, shown(&tally)), (48, vec![28, 20]), "as many of each");
        tally.looked.sent = u64::MAX;
        tally.note(at(4));
        assert_eq!((tally.moved(), shown(&tally)), (part(2 * BIG, 2 * BIG), vec![BIG, BIG]));
    }

    #[test]
    fn what_is_looked_at_again_counts_as_what_it_turns_out_to_be() {
        let mut tally = Tally::new("docs");
        tally.grow(1, 10, 0);
        tally.begin(&key("a"), 10);
        tally.advance(&key("a"), 4);
        tally.end(&key("a"), 10, End::Again);
        assert_eq!((tally.bytes, tally.files), (part(0, 0), part(0, 0)));
        tally.grow(1, 12, 0);
        tally.begin(&key("a"), 12);
        tally.end(&key("a"), 12, End::Done);
        assert_eq!((tally.bytes, tally.files), (part(12, 12), part(1, 1)));
    }

    #[test]
    fn what_is_not_counted_on_does_not_go_beyond_the_end() {
        let mut tally = Tally::new("docs");
        tally.grow(1, 10, 1);
        tally.read(25);
        tally.read(1);
        tally.end_other();
        tally.end_other();
        tally.advance(&key("unknown"), 5);
        assert_eq!((tally.bytes, tally.files, tally.others), (part(10, 10), part(1, 1), part(1, 1)));
    }

    #[test]
    fn all_but_a_little_is_not_all() {
        assert_eq!([part(999, 1000).percent(), part(0, 0).percent(), part(7, 7).percent()], [99, 0, 100]);
        assert_eq!(part(u64::MAX - 1, u64::MAX).percent(), 99);
    }

    #[test]
    fn a_pace_is_that_of_the_last_seconds() {
        let mut pace = Pace::default();
        pace.note(at(0), 0);
        assert_eq!(pace.rate(), None);
        pace.note(at(2), 200);
        assert_eq!(pace.rate(), Some(100));
        // Then it stands still.
        for second in 3..60 {
            pace.note(at(second), 200);
        }
        assert_eq!(pace.rate(), Some(0));
    }

    #[test]
    fn an_estimate_is_told_only_if_it_is_one() {
        let mut tally = Tally::new("docs");
        tally.grow(1, 100 << 20, 0);
        tally.begin(&key("a"), 100 << 20);
        tally.note(at(0));
        tally.note(at(5));
        assert_eq!((tally.rate(), tally.left()), (None, None));
        tally.advance(&key("a"), 20 << 20);
        tally.note(at(10));
        assert_eq!(tally.rate(), Some(2 << 20));
        assert_eq!(tally.left(), Some(at(41)));
        let mut slow = Tally::new("docs");
        slow.grow(1, 1 << 50, 0);
        slow.begin(&key("a"), 1 << 50);
        slow.note(at(0));
        slow.advance(&key("a"), 1 << 20);
        slow.note(at(3));
        assert_eq!(slow.left(), None);
    }

    #[test]
    fn big_ones_are_shown_while_they_move_in_the_order_they_were_begun() {
        let mut tally = Tally::new("docs");
        for (name, size) in [("z", BIG), ("small", BIG - 1), ("a", BIG + 1)] {
            tally.grow(1, size, 0);
            tally.begin(&key(name), size);
        }
        let names = |tally: &Tally| tally.big().into_iter().map(|big| big.name).collect::<Vec<_>>();
        assert_eq!(names(&tally), ["z", "a"]);
        tally.end(&key("z"), BIG, End::Done);
        assert_eq!(names(&tally), ["a"]);
    }
}
