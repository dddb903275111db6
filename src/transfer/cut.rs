//! How big contents are cut up.

/// The most parts that S3 takes.
const MAX_PARTS: u64 = 10_000;
/// The most bytes that S3 copies in one request.
pub const MOST_COPIED: u64 = 5 << 30;
/// The size of a part that the server copies, bytes. S3 takes five times as many, but copies several parts at once faster than one.
pub(super) const COPIED_PART: u64 = 1 << 30;

/// How big objects are cut up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Objects from this size are moved in parts, bytes.
    pub threshold: u64,
    /// The size of a part, bytes; it grows where an object would have more than 10,000 of them, which is all that S3 takes.
    pub part: u64,
    /// Of objects from this size only the blocks that differ are moved, bytes.
    pub delta: u64,
    /// The size of a block, bytes: at least 5 MiB, which is what S3 wants of a part.
    pub block: u64,
}

impl Default for Cut {
    fn default() -> Cut {
        Cut { threshold: 16 << 20, part: 16 << 20, delta: 64 << 20, block: 8 << 20 }
    }
}

impl Cut {
    /// First byte and number of bytes of each part of an object of `size` bytes.
    pub fn parts(self, size: u64) -> impl Iterator<Item = (u64, u64)> {
        cut(size, self.part)
    }

    /// The same of an object that the server copies in parts.
    pub fn copies(self, size: u64) -> impl Iterator<Item = (u64, u64)> {
        cut(size, COPIED_PART)
    }
}

fn cut(size: u64, part: u64) -> impl Iterator<Item = (u64, u64)> {
    let part = match part {
        part if size.div_ceil(part) <= MAX_PARTS => part,
        _ => size.div_ceil(MAX_PARTS).next_multiple_of(1 << 20),
    };
    (0..size.div_ceil(part)).map(move |number| (number * part, part.min(size - number * part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_an_object_exactly_and_are_never_too_many() {
        let cut = Cut::default();
        for size in [0, 1, cut.part, cut.part + 1, MOST_COPIED, 48 << 40] {
            for parts in [cut.parts(size).collect::<Vec<_>>(), cut.copies(size).collect()] {
                let mut next = 0;
                for (start, length) in &parts {
                    assert_eq!(*start, next);
                    assert!(*length <= MOST_COPIED, "{size}: {length}");
                    next += length;
                }
                assert_eq!(next, size);
                assert!(parts.len() as u64 <= MAX_PARTS, "{size}: {} parts", parts.len());
            }
        }
    }
}
