//! Clock and randomness, as values: the program uses [`Clock::System`], a simulation what it likes.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where the engine gets its time and its dice from. No decision hangs on either: time names things and is written down
/// for S4 0.4 and for people, dice spread retries.
pub trait Ambient: Send + Sync + 'static {
    /// Nanoseconds since the epoch, by this machine's clock, which may lie.
    fn now_ns(&self) -> i128;

    /// Any number.
    fn random(&self) -> u64;

    /// Seconds since the epoch.
    fn now(&self) -> i64 {
        crate::index::whole_seconds(self.now_ns())
    }

    /// A pause before try number `attempt` (from 0) of something that collided with another machine: random, so that
    /// the two do not meet again, and longer each time.
    fn jitter(&self, attempt: u32) -> Duration {
        let most = 50_u64 << attempt.min(6);
        Duration::from_millis(self.random() % most)
    }
}

/// Where the time comes from; the dice are the machine's.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A time that stands still, nanoseconds since the epoch.
    Fixed(i128),
}

impl Ambient for Clock {
    fn now_ns(&self) -> i128 {
        match *self {
            Clock::Fixed(time) => time,
            Clock::System => match SystemTime::now().duration_since(UNIX_EPOCH) {
                Ok(since) => i128::try_from(since.as_nanos()).unwrap_or(i128::MAX),
                Err(before) => -i128::try_from(before.duration().as_nanos()).unwrap_or(i128::MAX),
            },
        }
    }

    fn random(&self) -> u64 {
        // Each `RandomState` has keys of its own: the standard library's only dice.
        RandomState::new().hash_one(0)
    }
}
