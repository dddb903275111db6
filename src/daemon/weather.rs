//! Bad weather: how long to wait before the next try, and what was told of it already.

use std::time::Duration;

/// Before the second try.
const FIRST: Duration = Duration::from_secs(1);
/// Between two tries, at most.
const MOST: Duration = Duration::from_secs(60);

/// How a target has fared.
#[derive(Debug, Default)]
pub(super) struct Weather {
    failures: u32,
    told: Option<String>,
}

impl Weather {
    /// Something has failed; whether it is worth a line: only what was not told in the same words.
    pub(super) fn worsens(&mut self, what: &str) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.told.replace(what.to_owned()).is_none_or(|told| told != what)
    }

    /// Whether something has failed, and nothing has shown yet that it is over.
    pub(super) fn is_bad(&self) -> bool {
        self.told.is_some()
    }

    /// All is well; whether it was not.
    pub(super) fn clears(&mut self) -> bool {
        self.failures = 0;
        self.told.take().is_some()
    }

    /// How long to wait now: longer each time, and not as long as others do. `dice` is any number.
    pub(super) fn wait(&self, dice: u64) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.saturating_sub(1).min(16)).min(MOST);
        let share = u32::try_from(dice % 512).unwrap_or_default();
        doubled * 3 / 4 + doubled * share / 1_024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_a_minute_or_so_and_begin_anew_when_it_clears() {
        let mut weather = Weather::default();
        let mut waits = Vec::new();
        for dice in [0, 511, 0, 511, 0, 511, 0, 511, 0] {
            weather.worsens("no network");
            waits.push(weather.wait(dice).as_millis());
        }
        assert_eq!(waits, [750, 2498, 3000, 9992, 12_000, 39_968, 45_000, 74_941, 45_000]);
        assert!(weather.is_bad() && weather.clears() && !weather.is_bad() && !weather.clears());
        weather.worsens("no network");
        assert_eq!(weather.wait(0).as_millis(), 750);
    }

    #[test]
    fn each_trouble_is_told_once() {
        let mut weather = Weather::default();
        let told: Vec<bool> = ["a", "a", "b", "b", "a"].iter().map(|what| weather.worsens(what)).collect();
        assert_eq!(told, [true, false, true, false, true]);
    }
}
