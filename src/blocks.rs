//! Block maps: what a big content is made of, so that of another version only what differs has to move.
//!
//! A content is cut into blocks of equal size, aligned with its beginning, and each is known by its sum. So an edit in the middle
//! changes a block or two, and what is appended the last one; what is inserted changes all that follows. A map is a hint: it names
//! the content that it is of, and whoever makes a content of two versions checks the sum of the whole.

use crate::content::{Sha256, to_hex};

/// No map has more blocks: those of a larger content are larger.
const MOST_BLOCKS: u64 = 4_096;
/// Bytes of a block's BLAKE3 sum that are kept. It costs a fifth of a second SHA-256 over the whole, and nothing but maps has it.
const SUM: usize = 16;

/// The sums of a content's blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Bytes of a block; the last one may have fewer.
    block: u64,
    /// Bytes of the whole.
    size: u64,
    sums: Vec<[u8; SUM]>,
}

/// A stretch of a content that is in the version before, in the same place, or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its first byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
    /// Whether it is the same in both.
    pub same: bool,
}

impl Blocks {
    /// Bytes of a block.
    pub fn block(&self) -> u64 {
        self.block
    }

    /// As text: the size of a block, the beginning of the sum of the whole that it is of, the sums.
    pub fn text(&self, whole: Sha256) -> String {
        let sums: String = self.sums.iter().map(|sum| to_hex(sum)).collect();
        format!("{}:{}:{sums}", self.block, to_hex(&whole.0[..8]))
    }

    /// Reads a map of the content of `size` bytes with that sum; `None` for one of another content, or none at all.
    pub fn parse(text: &str, whole: Sha256, size: u64) -> Option<Blocks> {
        let mut fields = text.splitn(3, ':');
        let block: u64 = fields.next()?.parse().ok().filter(|block| *block > 0)?;
        let (of, hex) = (fields.next()?, fields.next()?);
        let number = size.div_ceil(block);
        if of != to_hex(&whole.0[..8]) || number > MOST_BLOCKS || hex.len() as u64 != number * 2 * SUM as u64 {
            return None;
        }
        let sum = |text: &[u8]| {
            let mut sum = [0; SUM];
            for (byte, pair) in sum.iter_mut().zip(text.chunks_exact(2)) {
                *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
            }
            Some(sum)
        };
        let sums = hex.as_bytes().chunks_exact(2 * SUM).map(sum).collect::<Option<_>>()?;
        Some(Blocks { block, size, sums })
    }

    /// What of this content is in the content of `old`: stretches that cover all of it, in order.
    pub fn against(&self, old: &Blocks) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        for (number, sum) in (0..).zip(&self.sums) {
            let start = number * self.block;
            let length = self.block.min(self.size - start);
            let there = usize::try_from(number).ok().and_then(|number| old.sums.get(number));
            // A last block is shorter, and has another sum where the other one is not as short.
            let same = self.block == old.block && there == Some(sum) && start + length <= old.size;
            match stretches.last_mut() {
                Some(last) if last.same == same => last.length += length,
                _ => stretches.push(Stretch { start, length, same }),
            }
        }
        stretches
    }
}

/// Sums up a content block by block while it streams by.
pub struct BlockHasher {
    blocks: Blocks,
    left: u64,
    sum: blake3::Hasher,
}

impl BlockHasher {
    /// Begins with a content of `size` bytes in blocks of `block`, or larger ones where these would be too many.
    pub fn new(block: u64, size: u64) -> BlockHasher {
        let block = match block.max(1) {
            block if size.div_ceil(block) <= MOST_BLOCKS => block,
            _ => size.div_ceil(MOST_BLOCKS).next_multiple_of(1 << 20),
        };
        BlockHasher { blocks: Blocks { block, size, sums: Vec::new() }, left: block, sum: blake3::Hasher::new() }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let now = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
            self.sum.update(&bytes[..now]);
            self.left -= now as u64;
            bytes = &bytes[now..];
            if self.left == 0 {
                self.close();
            }
        }
    }

    /// The map.
    pub fn finish(mut self) -> Blocks {
        if self.left < self.blocks.block {
            self.close();
        }
        self.blocks
    }

    fn close(&mut self) {
        let mut sum = [0; SUM];
        self.sum.finalize_xof().fill(&mut sum);
        self.sum.reset();
        self.blocks.sums.push(sum);
        self.left = self.blocks.block;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHOLE: Sha256 = Sha256([7; 32]);

    fn map(block: u64, content: &[u8]) -> Blocks {
        let mut hasher = BlockHasher::new(block, content.len() as u64);
        content.chunks(5).for_each(|piece| hasher.update(piece));
        hasher.finish()
    }

    #[test]
    fn a_map_reads_back_and_is_of_one_content_alone() {
        let blocks = map(4, b"aaaabbbbcc");
        let text = blocks.text(WHOLE);
        assert!(text.starts_with("4:0707070707070707:") && text.len() == 19 + 96, "{text}");
        assert_eq!(Blocks::parse(&text, WHOLE, 10), Some(blocks));
        for (text, whole, size) in [
            (text.as_str(), Sha256([8; 32]), 10),
            (&text, WHOLE, 13),
            (&text[..text.len() - 1], WHOLE, 10),
            (&text.replacen("4:", "0:", 1), WHOLE, 10),
            (&text.replacen("4:", "-4:", 1), WHOLE, 10),
            (&text.replacen('a', "é", 1), WHOLE, 10),
            ("", WHOLE, 0),
            ("1:0707070707070707:", WHOLE, u64::MAX),
        ] {
            assert_eq!(Blocks::parse(text, whole, size), None, "{text}");
        }
    }

    #[test]
    fn a_map_never_has_too_many_blocks() {
        for size in [0, 1 << 30, 33 << 30, 48 << 40, u64::MAX / 2] {
            let hasher = BlockHasher::new(8 << 20, size);
            assert!(size.div_ceil(hasher.blocks.block) <= MOST_BLOCKS, "{size}");
            assert!(hasher.blocks.block >= 8 << 20);
        }
    }

    #[test]
    fn maps_of_other_block_sizes_have_nothing_in_common() {
        let content = [1; 64];
        assert!(map(8, &content).against(&map(16, &content)).iter().all(|stretch| !stretch.same));
    }

    proptest! {
        #[test]
        fn what_is_the_same_is_the_same_and_all_is_covered(
            old in proptest::collection::vec(0..2_u8, 0..60),
            new in proptest::collection::vec(0..2_u8, 0..60),
            block in 1..9_u64,
        ) {
            let mut next = 0;
            for Stretch { start, length, same } in map(block, &new).against(&map(block, &old)) {
                prop_assert_eq!(start, next);
                next += length;
                let range = usize::try_from(start).unwrap()..usize::try_from(next).unwrap();
                if same {
                    prop_assert_eq!(old.get(range.clone()), new.get(range));
                }
            }
            prop_assert_eq!(next, new.len() as u64);
        }

        #[test]
        fn an_edit_changes_only_the_blocks_that_it_touches(
            old in proptest::collection::vec(any::<u8>(), 1..60),
            at in any::<proptest::sample::Index>(),
            block in 1..9_u64,
        ) {
            let mut new = old.clone();
            let at = at.index(old.len());
            new[at] ^= 1;
            let differ = map(block, &new).against(&map(block, &old)).into_iter().filter(|stretch| !stretch.same);
            let differ: Vec<Stretch> = differ.collect();
            prop_assert!(differ.len() == 1 && differ[0].length <= block);
            prop_assert!((differ[0].start..differ[0].start + differ[0].length).contains(&(at as u64)));
        }
    }
}
