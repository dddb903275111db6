//! How fast bytes may move: a rate for all that moves in one direction.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What may move at once after a time of rest, as seconds of the rate.
const BURST: Duration = Duration::from_millis(100);

/// A rate that many tasks keep together: each takes its bytes, and waits until those before it have had their time.
#[derive(Debug)]
pub(super) struct Throttle {
    bytes_per_second: u64,
    /// When all that was taken so far has had its time.
    paid: Mutex<Option<Instant>>,
}

impl Throttle {
    pub(super) fn new(bytes_per_second: u64) -> Throttle {
        Throttle { bytes_per_second: bytes_per_second.max(1), paid: Mutex::default() }
    }

    /// Bytes that are well taken at a time: those of an eighth of a second.
    pub(super) fn piece(&self) -> usize {
        usize::try_from(self.bytes_per_second / 8).unwrap_or(usize::MAX).max(1)
    }

    /// Takes so many bytes; tells when they may move: when all that were taken before have had their time.
    pub(super) fn take(&self, bytes: usize) -> Instant {
        let now = Instant::now();
        let time = Duration::from_secs_f64(bytes as f64 / self.bytes_per_second as f64);
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = paid.map_or(now, |paid| paid.max(now.checked_sub(BURST).unwrap_or(now)));
        *paid = Some(begin + time);
        begin
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{sleep, sleep_until};

    #[tokio::test(start_paused = true)]
    async fn many_together_keep_the_rate() {
        let throttle = Throttle::new(1_000);
        let began = Instant::now();
        let takes = (0..10).map(|_| async { sleep_until(throttle.take(500)).await });
        futures::future::join_all(takes).await;
        assert_eq!(began.elapsed().as_millis(), 4_500);
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_of_rest_is_not_made_up_for() {
        let throttle = Throttle::new(1_000);
        throttle.take(500);
        sleep(Duration::from_secs(60)).await;
        let began = Instant::now();
        throttle.take(1_000);
        sleep_until(throttle.take(500)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(1) - BURST);
    }
}
