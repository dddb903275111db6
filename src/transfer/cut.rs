//! How big contents are cut up.

/// The most parts that S3 takes.
const MAX_PARTS: u64 = 10_000;

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
        let part = match self.part {
            part if size.div_ceil(part) <= MAX_PARTS => part,
            _ => size.div_ceil(MAX_PARTS).next_multiple_of(1 << 20),
        };
        (0..size.div_ceil(part)).map(move |number| (number * part, part.min(size - number * part)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_an_object_exactly_and_are_never_too_many() {
        let cut = Cut::default();
        for size in [0, 1, cut.part, cut.part + 1, 5 << 30, 48 << 40] {
            let mut next = 0;
            let mut count = 0;
            for (start, length) in cut.parts(size) {
                assert_eq!(start, next);
                next += length;
                count += 1;
            }
            assert_eq!(next, size);
            assert!(count <= MAX_PARTS, "{size}: {count} parts");
        }
    }
}
