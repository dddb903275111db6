//! What requests cost, and how many the next sync will make.
//!
//! What is foretold is the whole of the next sync: the look that has just been made, which that sync makes once more, and all
//! that comes of it. Each class of requests is counted by the rules that the engine goes by. What nobody can know is left out:
//! what others change meanwhile, requests that have to be made again, what a person answers to a conflict.

use std::collections::BTreeSet;

use s4_commands::PRICED;

use crate::config::Target;
use crate::engine::{Planning, cost_of_looks, live_names};
use crate::key;
use crate::reconcile::{Action, Item, Planned};
use crate::remote::{Capabilities, CountsSnapshot, PROBE};
use crate::transfer::{self, Cut, Foreseen, agree};

/// Prices in US dollars, in the order of [`PRICED`]: 1,000 requests of a class, and a GiB each way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices([f64; PRICED.len()]);

/// What AWS asks in us-east-1, for objects of a storage class. LISTs cost the same for all, and HEADs as much as GETs.
/// A GiB down is one to the internet, and what it costs to take it out of its storage class; the first ones of a month, which
/// are free, and rebates for very many are left out.
///
/// The numbers are those of the page "Amazon S3 pricing" (aws.amazon.com/s3/pricing: requests and data retrievals, data transfer).
/// In November 2026 they were compared with what AWS's price list tells a tool that reads it, and those of S3 Express One Zone
/// with the example in "Amazon S3 FAQs".
#[rustfmt::skip]
const AWS: [(&str, Prices); 9] = [
    //                                list     get      head     put      copy   delete  up     down
    ("STANDARD",            Prices([0.005,   0.0004,  0.0004,  0.005,   0.005,   0.0, 0.0,    0.09])),
    ("INTELLIGENT_TIERING", Prices([0.005,   0.0004,  0.0004,  0.005,   0.005,   0.0, 0.0,    0.09])),
    ("REDUCED_REDUNDANCY",  Prices([0.005,   0.0004,  0.0004,  0.005,   0.005,   0.0, 0.0,    0.09])),
    ("STANDARD_IA",         Prices([0.005,   0.001,   0.001,   0.01,    0.01,    0.0, 0.0,    0.10])),
    ("ONEZONE_IA",          Prices([0.005,   0.001,   0.001,   0.01,    0.01,    0.0, 0.0,    0.10])),
    ("GLACIER_IR",          Prices([0.005,   0.01,    0.01,    0.02,    0.02,    0.0, 0.0,    0.12])),
    ("GLACIER",             Prices([0.005,   0.0004,  0.0004,  0.03,    0.03,    0.0, 0.0,    0.10])),
    ("DEEP_ARCHIVE",        Prices([0.005,   0.0004,  0.0004,  0.05,    0.05,    0.0, 0.0,    0.11])),
    ("EXPRESS_ONEZONE",     Prices([0.00113, 0.00003, 0.00003, 0.00113, 0.00113, 0.0, 0.0032, 0.0906])),
];

/// Bytes that a key takes in a change log, about: most of it are sums, which nothing makes smaller. A log of so many keys tells
/// better.
const LOG_LINE: usize = 70;
const SAMPLE: usize = 50;

const GIB: f64 = (1_u64 << 30) as f64;

impl Prices {
    /// The prices that a target goes by: its own, and those of AWS where it has none.
    pub fn of(target: &Target) -> Prices {
        let class = target.storage_class.as_deref().unwrap_or_default();
        let known = AWS.iter().find(|(name, _)| name.eq_ignore_ascii_case(class));
        let Prices(mut prices) = known.unwrap_or(&AWS[0]).1;
        for (price, (_, own)) in prices.iter_mut().zip(target.prices.unwrap_or_default().each()) {
            *price = own.unwrap_or(*price);
        }
        Prices(prices)
    }

    /// What that costs in US dollars.
    pub fn dollars(&self, counts: &CountsSnapshot) -> f64 {
        let CountsSnapshot { list, get, head, put, copy, delete, bytes_up, bytes_down, .. } = *counts;
        let thousands = [list, get, head, put, copy, delete].map(|requests| requests as f64 / 1_000.0);
        let gibs = [bytes_up, bytes_down].map(|bytes| bytes as f64 / GIB);
        thousands.into_iter().chain(gibs).zip(self.0).map(|(amount, price)| amount * price).sum()
    }
}

/// What a server has been asked for, and what that costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Requests and bytes.
    pub counts: CountsSnapshot,
    /// US dollars.
    pub dollars: f64,
}

impl Spent {
    /// What so much costs at the prices of a target.
    pub fn of(target: &Target, counts: CountsSnapshot) -> Spent {
        Spent { counts, dollars: Prices::of(target).dollars(&counts) }
    }
}

/// What the next sync will take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Foretold {
    /// All of it.
    pub spent: Spent,
    /// Bytes of content that it will send.
    pub bytes_up: u64,
    /// Bytes of content that it will fetch.
    pub bytes_down: u64,
}

/// What a sync will take that makes this look again and carries the plan out. `looked`: what the look took. `server`: what is known
/// of its conditions; `None`: the sync has to find out first.
pub fn foretell(
    target: &Target,
    (planning, foreseen): (&Planning, &Foreseen),
    looked: CountsSnapshot,
    server: Option<Capabilities>,
) -> Foretold {
    let mut work = Work::new(server.unwrap_or(Capabilities::ALL), foreseen);
    planning.plan.actions().for_each(|planned| work.add(planned));
    planning.waiting.iter().for_each(|planned| work.add_waiting(planned));
    let (bytes_up, bytes_down) = (work.counts.bytes_up, work.counts.bytes_down);
    let carried = work.finish(planning);
    let found_out = if server.is_none() { PROBE } else { CountsSnapshot::default() };
    let spent = Spent::of(target, looked.plus(carried).plus(found_out));
    Foretold { spent, bytes_up, bytes_down }
}

/// The requests of a plan, as they add up.
struct Work<'p> {
    server: Capabilities,
    /// What is known of big contents.
    foreseen: &'p Foreseen,
    counts: CountsSnapshot,
    /// Bytes of content that the look has fetched already.
    looked_at: u64,
    /// Deletions in the bucket that go together.
    deletions: u64,
    /// Objects whose `LastModified` the index in the bucket must learn.
    new: BTreeSet<&'p str>,
    /// Names that are in the bucket besides those that the local index knows, and those that are there no more.
    come: BTreeSet<&'p str>,
    gone: BTreeSet<&'p str>,
    /// What the index in the bucket will be told of.
    told: BTreeSet<&'p str>,
}

impl<'p> Work<'p> {
    fn new(server: Capabilities, foreseen: &'p Foreseen) -> Work<'p> {
        let [new, come, gone, told] = Default::default();
        let counts = CountsSnapshot { delete: foreseen.given_up, ..CountsSnapshot::default() };
        Work { server, foreseen, counts, looked_at: 0, deletions: 0, new, come, gone, told }
    }

    fn add(&mut self, planned: &'p Planned) {
        let item = &planned.item;
        if tells(planned) {
            self.told.insert(item.key.as_str());
        }
        match planned.action {
            Action::Push => match self.foreseen.moves.get(&item.key) {
                Some(moves) => {
                    self.counts = self.counts.plus(*moves);
                    self.counts.head += u64::from(!self.server.complete);
                    self.learn(item);
                }
                None if planned.source.is_some() => {
                    self.copy();
                    self.learn(item);
                }
                None => self.push(item),
            },
            Action::Pull if planned.source.is_some() => self.come(item),
            // The look has read the rules already, for they say what the rest is; the sync reads them once too.
            Action::Pull if item.key.as_str() == key::IGNORE => {
                self.looked_at = item.remote.as_ref().map_or(0, |remote| remote.size);
                self.counts.bytes_down += self.looked_at;
                self.come(item);
            }
            Action::Pull => match self.foreseen.moves.get(&item.key) {
                Some(moves) => {
                    self.counts = self.counts.plus(*moves);
                    self.come(item);
                }
                None => self.pull(item),
            },
            Action::KeepBoth => {
                // The other name is looked at, and pushed. It stands next to this one.
                self.pull(item);
                self.counts.head += 1;
                self.push(item);
            }
            Action::DeleteRemote => {
                self.deletions += u64::from(item.remote.is_some());
                self.gone.insert(item.key.as_str());
            }
            Action::MoveAside => self.move_aside(item),
            Action::DeleteLocal | Action::Adopt | Action::Forget | Action::Conflict => {}
        }
    }

    /// A pull that is decided once more before it is made.
    fn add_waiting(&mut self, planned: &'p Planned) {
        self.counts.head += 1;
        self.add(planned);
    }

    fn push(&mut self, item: &'p Item) {
        let size = item.local.as_ref().map_or(0, |local| local.stat.size);
        // In parts, it takes a beginning and an end.
        self.counts.put += requests(size, 2);
        let keeps = if size < Cut::default().threshold { self.server.put } else { self.server.complete };
        self.counts.head += u64::from(!keeps);
        self.counts.bytes_up += size;
        self.learn(item);
    }

    fn pull(&mut self, item: &'p Item) {
        let size = item.remote.as_ref().map_or(0, |remote| remote.size);
        self.counts.bytes_down += size;
        self.counts.get += requests(size, 0);
        self.come(item);
    }

    fn copy(&mut self) {
        self.counts.copy += 1;
        self.counts.head += u64::from(!self.server.copy);
    }

    fn delete(&mut self, number: u64) {
        let (looks, deletes) = self.server.requests_to_delete(number);
        self.counts.head += looks;
        self.counts.delete += deletes;
    }

    /// A file that makes way is pushed under its other name; an object for which there is no room gets one, and is pulled. Both
    /// names are looked at in between.
    fn move_aside(&mut self, item: &'p Item) {
        self.counts.head += 2;
        if item.local.is_some() {
            self.push(item);
            self.deletions += u64::from(item.remote.is_some());
        } else {
            self.copy();
            self.delete(1);
            self.pull(item);
        }
    }

    fn come(&mut self, item: &'p Item) {
        self.come.insert(item.key.as_str());
    }

    fn learn(&mut self, item: &'p Item) {
        self.come(item);
        if transfer::learns_modified(item) {
            self.new.insert(item.key.as_str());
        }
    }

    fn finish(mut self, planning: &'p Planning) -> CountsSnapshot {
        for from in (0..self.deletions).step_by(transfer::BATCH) {
            self.delete((self.deletions - from).min(transfer::BATCH as u64));
        }
        let keys = planning.base.entries().len();
        let keys = keys + self.come.iter().filter(|name| planning.base.get(name).is_none()).count();
        let known = live_names(&planning.base).filter(|name| !self.gone.contains(name));
        let (heads, lists) = cost_of_looks(self.new, self.server.list_order, known.chain(self.come));
        self.counts.head += heads;
        self.counts.list += lists;
        if !self.told.is_empty() || planning.heals {
            self.counts = self.counts.plus(index_written(planning, keys, &self.told, self.server));
        }
        self.counts.bytes_down -= self.looked_at;
        self.counts
    }
}

/// What it takes to write the index in the bucket, of so many `keys`, which is `told` of some. Its bytes are few, and cost nothing
/// on their way in.
fn index_written(planning: &Planning, keys: usize, told: &BTreeSet<&str>, server: Capabilities) -> CountsSnapshot {
    let logging = planning.logging.as_ref();
    let has_log = logging.is_some_and(|logging| keys >= logging.from);
    let fits = planning.log.as_ref().zip(logging).is_some_and(|((bytes, known), logging)| {
        let new = told.iter().filter(|name| !known.contains(**name)).count();
        let line = if known.len() < SAMPLE { LOG_LINE } else { bytes / known.len() };
        bytes + new * line <= logging.most
    });
    // The log alone; or the index, which begins the log anew, or ends it.
    let (puts, deletes) = match (has_log, fits) {
        (true, true) => (1, 0),
        (true, false) => (2, 0),
        (false, _) => (1, u64::from(planning.has_log)),
    };
    let looks = if server.put { 0 } else { puts } + if server.delete { 0 } else { deletes };
    CountsSnapshot { put: puts, delete: deletes, head: looks, ..CountsSnapshot::default() }
}

/// Whether the index in the bucket is told of an action: not where it says so already.
fn tells(planned: &Planned) -> bool {
    let item = &planned.item;
    match planned.action {
        Action::Push | Action::KeepBoth | Action::MoveAside => true,
        Action::Pull => item.valid_index_entry().is_none(),
        Action::DeleteRemote | Action::DeleteLocal => !item.indexed.as_ref().is_some_and(|entry| entry.is_tombstone()),
        Action::Adopt | Action::Forget => agree(planned, 0).is_some_and(|done| done.remote.is_some()),
        Action::Conflict => false,
    }
}

/// Requests to move so many bytes: one, or one a part and `around` more.
fn requests(size: u64, around: u64) -> u64 {
    let cut = Cut::default();
    if size < cut.threshold { 1 } else { cut.parts(size).count() as u64 + around }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Fields;
    use crate::env::Env;

    fn target(fields: serde_json::Value) -> Target {
        let mut all: Fields = serde_json::from_value(fields).unwrap();
        all.insert("local_folder".to_owned(), "/docs".into());
        all.insert("s3_uri".to_owned(), "s3://bucket".into());
        Target::read("docs", &all, &Env::default()).unwrap()
    }

    fn dollars(fields: serde_json::Value, counts: CountsSnapshot) -> f64 {
        Spent::of(&target(fields), counts).dollars
    }

    const WRITES: CountsSnapshot = CountsSnapshot {
        list: 0,
        get: 0,
        head: 0,
        put: 1_000_000,
        copy: 0,
        delete: 1_000_000,
        retries: 0,
        bytes_up: 1 << 40,
        bytes_down: 0,
    };

    #[test]
    fn a_million_uploads_cost_five_dollars_and_reads_a_twelfth() {
        let reads = CountsSnapshot { get: 500_000, head: 500_000, ..CountsSnapshot::default() };
        for (fields, writes, read) in [
            (serde_json::json!({}), 5.0, 0.4),
            (serde_json::json!({"storage_class": "standard_ia"}), 10.0, 1.0),
            (serde_json::json!({"storage_class": "GLACIER_IR"}), 20.0, 10.0),
            (serde_json::json!({"prices": {"put": 0.0045, "get": 0.00036, "head": 0.00036}}), 4.5, 0.36),
        ] {
            assert!((dollars(fields.clone(), WRITES) - writes).abs() < 1e-9, "{fields}");
            assert!((dollars(fields.clone(), reads) - read).abs() < 1e-9, "{fields}");
        }
    }

    #[test]
    fn what_comes_out_of_the_bucket_costs_by_the_gib() {
        let gib = CountsSnapshot { bytes_down: 1 << 30, ..CountsSnapshot::default() };
        assert!((dollars(serde_json::json!({}), gib) - 0.09).abs() < 1e-9);
        assert!((dollars(serde_json::json!({"storage_class": "ONEZONE_IA"}), gib) - 0.1).abs() < 1e-9);
        assert!(dollars(serde_json::json!({"prices": {"down": 0}}), gib).abs() < 1e-9);
    }

    #[test]
    fn big_objects_take_a_request_a_part() {
        assert_eq!(requests(4_096, 2), 1);
        assert_eq!(requests(Cut::default().threshold * 4, 2), 6);
    }
}
