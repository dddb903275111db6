//! How many contents move at a time: as many as the server takes.
//!
//! Requests wait for the network, and many of them cost little and hide its latency. So their number begins moderate and grows
//! by one with each that ends: it doubles in the time of one. When the server asks to slow down it is halved, and from then on
//! it grows by one for as many as are under way, as TCP does it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

/// How many there are at first.
const FIRST: usize = 32;
/// How many there are at least, whatever the server says.
const LEAST: usize = 4;

#[derive(Debug)]
pub(super) struct Gate {
    permits: Semaphore,
    pace: Mutex<Pace>,
    most: usize,
}

#[derive(Debug)]
struct Pace {
    /// How many may move.
    limit: usize,
    /// Permits that are to vanish as they come back.
    surplus: usize,
    /// The server has asked to slow down before.
    careful: bool,
    /// How often it had asked at the last look.
    asked: u64,
    /// How many of those that were under way when the limit was halved have not ended yet: they say nothing new.
    excused: usize,
    /// How many have ended since it grew.
    since_grown: usize,
}

/// Leave to move one content.
pub(super) struct Moving<'g> {
    gate: &'g Gate,
    permit: Option<SemaphorePermit<'g>>,
}

impl Gate {
    /// A gate that never lets more than `most` move. `asked`: how often the server has asked to slow down before.
    pub(super) fn new(most: usize, asked: u64) -> Gate {
        let limit = FIRST.min(most.max(1));
        let pace = Pace { limit, surplus: 0, careful: false, asked, excused: 0, since_grown: 0 };
        Gate { permits: Semaphore::new(limit), pace: Mutex::new(pace), most: most.max(1) }
    }

    pub(super) async fn enter(&self) -> Moving<'_> {
        Moving { gate: self, permit: self.permits.acquire().await.ok() }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Moving<'_> {
    /// The content has been moved. `asked`: how often the server has asked to slow down so far.
    pub(super) fn moved(&self, asked: u64) {
        let mut pace = self.gate.pace();
        pace.since_grown += 1;
        let asks = pace.asked < asked && pace.excused == 0;
        pace.asked = pace.asked.max(asked);
        pace.excused = pace.excused.saturating_sub(1);
        if asks {
            let excused = pace.limit + pace.surplus - 1;
            let limit = (pace.limit / 2).max(LEAST.min(self.gate.most));
            let surplus = pace.surplus + pace.limit - limit;
            *pace = Pace { limit, surplus, careful: true, asked: pace.asked, excused, since_grown: 0 };
        } else if pace.limit < self.gate.most && (!pace.careful || pace.since_grown > pace.limit) {
            pace.limit += 1;
            pace.since_grown = 0;
            match pace.surplus {
                0 => self.gate.permits.add_permits(1),
                _ => pace.surplus -= 1,
            }
        }
    }
}

impl Drop for Moving<'_> {
    fn drop(&mut self) {
        let mut pace = self.gate.pace();
        if pace.surplus > 0
            && let Some(permit) = self.permit.take()
        {
            pace.surplus -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets as many in as may come, and has all of them end; returns how many there were.
    async fn round(gate: &Gate, asked: u64) -> usize {
        let mut moving = Vec::new();
        while gate.permits.available_permits() > 0 {
            moving.push(gate.enter().await);
        }
        moving.iter().for_each(|moving| moving.moved(asked));
        moving.len()
    }

    #[tokio::test]
    async fn they_double_up_to_the_most() {
        let gate = Gate::new(100, 0);
        assert_eq!([round(&gate, 0).await, round(&gate, 0).await, round(&gate, 0).await], [32, 64, 100]);
        assert_eq!(round(&gate, 0).await, 100);
    }

    #[tokio::test]
    async fn a_server_that_asks_is_given_half_and_then_little_more() {
        let gate = Gate::new(100, 0);
        round(&gate, 0).await;
        // All of them were refused, and told so at once.
        assert_eq!(round(&gate, 64).await, 64);
        let rounds = [round(&gate, 64).await, round(&gate, 64).await, round(&gate, 64).await];
        assert!(rounds.is_sorted() && rounds[0] >= 32 && rounds[2] <= 40, "{rounds:?}");
    }

    #[tokio::test]
    async fn a_server_that_never_stops_asking_still_gets_something() {
        let gate = Gate::new(100, 0);
        let mut asked = 0;
        for _ in 0..100 {
            asked += 1;
            let moved = round(&gate, asked).await;
            assert!(moved >= LEAST);
        }
        assert!(round(&gate, asked).await <= 2 * LEAST);
    }

    #[tokio::test]
    async fn one_at_a_time_stays_one() {
        let gate = Gate::new(1, 0);
        for asked in 0..20 {
            assert_eq!(round(&gate, asked).await, 1);
        }
    }
}
