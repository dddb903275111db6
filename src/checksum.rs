//! The checksums that servers keep of whole objects, whoever wrote them.

use crc_fast::CrcAlgorithm;
use sha2::Digest as _;

use crate::content::Sha256;

/// The sum of a whole content, as a server tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// CRC-64/NVME, the one that S3 computes where a writer names no other.
    Crc64(u64),
    /// CRC-32C.
    Crc32c(u32),
    /// CRC-32.
    Crc32(u32),
    /// SHA-256.
    Sha256(Sha256),
}

impl Checksum {
    /// The CRC-64/NVME of some bytes.
    pub fn crc64(bytes: &[u8]) -> Checksum {
        Checksum::Crc64(crc_fast::checksum(CrcAlgorithm::Crc64Nvme, bytes))
    }

    /// Begins to sum a content up, to be compared with this.
    pub fn begin(self) -> Comparison {
        let crc = |algorithm| State::Crc(Box::new(crc_fast::Digest::new(algorithm)));
        let state = match self {
            Checksum::Crc64(_) => crc(CrcAlgorithm::Crc64Nvme),
            Checksum::Crc32c(_) => crc(CrcAlgorithm::Crc32Iscsi),
            Checksum::Crc32(_) => crc(CrcAlgorithm::Crc32IsoHdlc),
            Checksum::Sha256(_) => State::Sha256(sha2::Sha256::new()),
        };
        Comparison { expected: self, state }
    }
}

/// A CRC-64/NVME that grows with what streams by.
pub struct Crc64(crc_fast::Digest);

impl Default for Crc64 {
    fn default() -> Crc64 {
        Crc64(crc_fast::Digest::new(CrcAlgorithm::Crc64Nvme))
    }
}

impl Crc64 {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The sum.
    pub fn finish(self) -> u64 {
        self.0.finalize()
    }
}

/// A content that streams by, on its way to be compared with a checksum.
pub struct Comparison {
    expected: Checksum,
    state: State,
}

enum State {
    Crc(Box<crc_fast::Digest>),
    Sha256(sha2::Sha256),
}

impl Comparison {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Crc(digest) => digest.update(bytes),
            State::Sha256(digest) => digest.update(bytes),
        }
    }

    /// Whether what came is what the checksum is of.
    pub fn matches(self) -> bool {
        match (self.expected, self.state) {
            (Checksum::Crc64(expected), State::Crc(digest)) => digest.finalize() == expected,
            (Checksum::Crc32c(expected) | Checksum::Crc32(expected), State::Crc(digest)) => {
                digest.finalize() == u64::from(expected)
            }
            (Checksum::Sha256(expected), State::Sha256(digest)) => expected.0[..] == digest.finalize()[..],
            _ => false,
        }
    }
}

impl std::fmt::Debug for Comparison {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Comparison").field(&self.expected).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_values_of_the_algorithms_come_out() {
        let sha256 = "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225";
        for checksum in [
            Checksum::Crc64(0xae8b_1486_0a79_9888),
            Checksum::Crc32c(0xe306_9283),
            Checksum::Crc32(0xcbf4_3926),
            Checksum::Sha256(Sha256::from_hex(sha256).unwrap()),
        ] {
            for (content, equal) in [(&b"123456789"[..], true), (b"123456788", false), (b"", false)] {
                let mut comparison = checksum.begin();
                content.chunks(4).for_each(|piece| comparison.update(piece));
                assert_eq!(comparison.matches(), equal, "{checksum:?}");
            }
        }
        assert_eq!(Checksum::crc64(b"123456789"), Checksum::Crc64(0xae8b_1486_0a79_9888));
        let mut crc = Crc64::default();
        b"123456789".chunks(4).for_each(|piece| crc.update(piece));
        assert_eq!(crc.finish(), 0xae8b_1486_0a79_9888);
    }
}
