//! What the daemon asks of the server: a part of the contract. Its own work is no news to it.

use std::collections::BTreeMap;

use s4_test_server::{Counts, Op};

use super::Pair;
use crate::support::{Bucket, TestEnv, wait_until};

/// The requests since the last reset, without polls that came to nothing.
fn work(counts: &Counts) -> BTreeMap<Op, u64> {
    let mut operations = counts.operations.clone();
    if let Some(gets) = operations.get_mut(&Op::GetObject) {
        *gets -= counts.not_modified;
    }
    operations.retain(|_, times| *times > 0);
    operations
}

impl Pair {
    /// Waits until some polls have passed since the last reset, and returns what was asked beside those that came to nothing.
    #[track_caller]
    fn asked(&self) -> BTreeMap<Op, u64> {
        let polls = self.bucket.server().counts().not_modified + 20;
        wait_until("polls go on", || self.bucket.server().counts().not_modified >= polls);
        let mut asked = BTreeMap::new();
        // One that is counted when it comes and not yet when it is answered is taken for work.
        wait_until("nothing is under way", || {
            let again = work(&self.bucket.server().counts());
            std::mem::replace(&mut asked, again.clone()) == again
        });
        asked
    }

    fn reset(&self) {
        self.asked();
        self.bucket.server().reset_counts();
    }
}

#[test]
fn who_is_idle_makes_one_conditional_request_a_poll() {
    let pair = Pair::with(&[("a", "1"), ("sub/b", "2")]);
    pair.reset();
    let asked = pair.asked();
    assert!(asked.get(&Op::GetObject).is_none_or(|under_way| *under_way <= 2), "{asked:?}");
    let counts = pair.bucket.server().counts();
    assert_eq!(counts.operations.keys().collect::<Vec<_>>(), [&Op::GetObject]);
    assert_eq!((counts.unknown, counts.bytes_in), (0, 0));
    pair.first.is_idle();
}

#[test]
fn what_a_daemon_writes_itself_is_no_news_to_it() {
    let pair = Pair::with(&[("a", "1"), ("sub/b", "2")]);
    pair.reset();
    let stamps = pair.bucket.stamps();
    pair.bucket.server().reset_counts();
    pair.one.write("sub/b", "edited");
    pair.travels_from(&pair.one);
    let asked = pair.asked();
    // The object, and the index; when the object was written; the news, and the object.
    assert_eq!((asked.get(&Op::PutObject), asked.get(&Op::ListObjectsV2)), (Some(&2), None), "{asked:?}");
    assert!(asked.get(&Op::HeadObject).is_none_or(|heads| *heads <= 1), "{asked:?}");
    assert!((2..=4).contains(&asked[&Op::GetObject]), "{asked:?}");
    let again = pair.bucket.stamps();
    assert_eq!(again.get("a"), stamps.get("a"));
    // A touch, and a mode that nobody syncs alone, are no work either.
    pair.bucket.server().reset_counts();
    pair.one.set_mtime("a", 1_000_000_000_000_000_000);
    let asked = pair.asked();
    assert!(!asked.contains_key(&Op::PutObject), "{asked:?}");
    assert_eq!(pair.bucket.stamps(), again);
}

#[test]
fn one_edit_among_many_files_costs_what_one_edit_costs() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = (env.machine(&bucket), env.machine(&bucket));
    (0..2_000).for_each(|at| one.write(&format!("{}/{at}", at % 20), format!("content {at}")));
    one.sync();
    two.sync();
    let (first, second) = (one.fast_daemon(), two.fast_daemon());
    first.is_in_sync();
    second.is_in_sync();
    let pair = Pair { first, second, one, two, bucket, env };
    pair.reset();
    pair.one.write("7/7", "edited");
    wait_until("it is there", || pair.two.read("7/7") == Some("edited".into()));
    let asked = pair.asked();
    assert_eq!((asked.get(&Op::PutObject), asked.get(&Op::ListObjectsV2)), (Some(&2), None), "{asked:?}");
    // Some keys: the news, and each of them.
    pair.bucket.server().reset_counts();
    const KEYS: u64 = 25;
    (0..KEYS).for_each(|at| pair.two.write(&format!("new/{at}"), "new"));
    wait_until("they are there", || (0..KEYS).all(|at| pair.one.read(&format!("new/{at}")) == Some("new".into())));
    let asked = pair.asked();
    let [puts, gets] = [Op::PutObject, Op::GetObject].map(|operation| asked.get(&operation).copied().unwrap_or(0));
    // They may settle in some portions, each with an index of its own.
    assert!((KEYS + 1..=KEYS + 6).contains(&puts) && (KEYS + 1..=KEYS + 14).contains(&gets), "{asked:?}");
    // What the writer asks for the times of many.
    assert!(asked.get(&Op::ListObjectsV2).is_none_or(|lists| *lists <= 6), "{asked:?}");
    pair.meet();
}

#[test]
fn a_rename_moves_nothing() {
    let pair = Pair::with(&[("old", &"x".repeat(100_000)), ("calm", "1")]);
    pair.reset();
    std::fs::rename(pair.one.path("old"), pair.one.path("new")).unwrap();
    pair.travels_from(&pair.one);
    let counts = pair.bucket.server().counts();
    assert_eq!(counts.of(Op::CopyObject), 1);
    assert!(counts.bytes_in < 50_000 && counts.bytes_out < 50_000, "{counts:?}");
}
