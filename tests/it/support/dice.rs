//! Choices that a seed repeats.

/// A reproducible source of choices.
pub(crate) struct Dice(u64);

impl Dice {
    /// The choices of one seed.
    pub(crate) fn of(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    /// One of them.
    pub(crate) fn pick<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[self.roll(some.len())]
    }
}

/// The seeds that a test is to play: those of the variable, `FIRST-LAST` or one, else `usual`.
pub(crate) fn seeds(variable: &str, usual: &str) -> std::ops::RangeInclusive<u64> {
    let given = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let (first, last) = given.split_once('-').unwrap_or((&given, &given));
    first.parse().unwrap()..=last.parse().unwrap()
}
