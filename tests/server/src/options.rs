//! How the server is to behave.

use std::time::Duration;

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on the loopback address; 0 takes a free one.
    pub port: u16,
    /// The one access key id that is known.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// The region that the buckets are in.
    pub region: String,
    /// What can also be changed at run time.
    pub behaviour: Behaviour,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            port: 0,
            access_key: "AKIATESTSERVER".into(),
            secret_key: "test+server/secret".into(),
            region: "us-east-1".into(),
            behaviour: Behaviour::default(),
        }
    }
}

/// What can be changed while the server runs.
#[derive(Clone, Debug)]
pub struct Behaviour {
    /// Rows that a page of a listing has at most; S3 itself has 1,000.
    pub page_size: usize,
    /// Bytes that each part but the last has at least; S3 itself wants 5 MiB.
    pub min_part_size: usize,
    /// What becomes of the conditions of writes, copies and deletes. Those of reads, a copy's source among them, are
    /// always honoured, as the look-alikes do.
    pub conditions: Conditions,
    /// What ETags are made of.
    pub etags: ETags,
    /// What becomes of the checksums of requests.
    pub checksums: Checksums,
    /// How listings show names to a client that asks for `encoding-type=url`.
    pub names: Names,
    /// In which order listings have names, and what comes after a name.
    pub order: Order,
    /// Whether a read that is told what its client has already is answered with 304.
    pub not_modified: bool,
    /// Whether an object that is not there is said to be one that may not be seen (403), as where the leave to list lacks.
    pub missing_is_denied: bool,
    /// What every request waits before it is applied.
    pub latency: Duration,
    /// Seconds that the server's clock is ahead of this machine's. Only `LastModified` goes by it, not signatures.
    pub clock_offset: i64,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            page_size: 1000,
            min_part_size: 5 << 20,
            conditions: Conditions::Honoured,
            etags: ETags::Md5,
            checksums: Checksums::Checked,
            names: Names::Encoded,
            order: Order::Bytes,
            not_modified: true,
            missing_is_denied: false,
            latency: Duration::ZERO,
            clock_offset: 0,
        }
    }
}

/// What becomes of the conditions of writes, copies and deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conditions {
    /// They are checked, as AWS does.
    Honoured,
    /// Those of PutObject are checked, all others are not looked at.
    OnlyPut,
    /// They are not looked at: every write is applied.
    Ignored,
    /// A write that carries one is refused with 501 NotImplemented.
    Refused,
}

/// What ETags are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ETags {
    /// The content's MD5, or the MD5 of the parts' MD5s and their number.
    Md5,
    /// The shape of an MD5 and no relation to the content, as with encryption by KMS. Equal contents have unequal ETags.
    Opaque,
}

/// What becomes of the checksums of requests (`Content-MD5` and `x-amz-checksum-…`), and whether answers have any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksums {
    /// They are checked, and answers tell the CRC-64/NVME of what is stored, as AWS does.
    Checked,
    /// As `Checked`, but the one that an upload in parts ends with is not looked at.
    Lenient,
    /// They are not looked at, and answers have none.
    Ignored,
    /// A request that carries or asks for one is refused with 400 InvalidArgument.
    Refused,
}

impl Checksums {
    /// Whether those of bodies are checked, and answers have some.
    pub(crate) fn are_checked(self) -> bool {
        matches!(self, Checksums::Checked | Checksums::Lenient)
    }
}

/// How listings show names to a client that asks for `encoding-type=url`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// As S3 does: a space becomes `+`.
    Encoded,
    /// As other servers do: a space becomes `%20`, and the slash `%2F`.
    EncodedAll,
    /// As they are: what is asked for is not known.
    Plain,
}

/// In which order listings have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// In that of their bytes, as S3 does.
    Bytes,
    /// As one walks through folders: all below `a/` comes before `a-b`.
    Folders,
}
