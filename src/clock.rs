//! The clock as a value, so that a test can set it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Where the time comes from.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A time that stands still, nanoseconds since the epoch.
    Fixed(i128),
}

impl Clock {
    /// The time now, nanoseconds since the epoch.
    pub fn now_ns(self) -> i128 {
        match self {
            Clock::Fixed(time) => time,
            Clock::System => match SystemTime::now().duration_since(UNIX_EPOCH) {
                Ok(since) => i128::try_from(since.as_nanos()).unwrap_or(i128::MAX),
                Err(before) => i128::try_from(before.duration().as_nanos()).map_or(i128::MIN, |time| -time),
            },
        }
    }

    /// The time now, whole seconds since the epoch.
    pub fn now(self) -> i64 {
        i64::try_from(self.now_ns().div_euclid(1_000_000_000)).unwrap_or(i64::MAX)
    }
}
