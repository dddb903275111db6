//! One key's entry, as it stands in the index file.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::content::{ETag, Sha256, is_link};
use crate::local::Stat;

/// What is remembered of a key. The first two fields are S4 0.4's and mean what they meant there; all are optional.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// In the local index the file's mtime, in the remote one the object's `LastModified`; whole seconds since the
    /// epoch. `None` for a deleted key.
    pub local_timestamp: Option<i64>,
    /// The version of the content: a number that only grows, the same in both indexes once a key is in sync.
    pub remote_timestamp: Option<i64>,
    /// Bytes; in a tombstone, of what was deleted.
    pub size: Option<u64>,
    /// The sum of the content.
    pub sha256: Option<Sha256>,
    /// The object's ETag.
    pub etag: Option<ETag>,
    /// The object's version, where the bucket has versions.
    pub version_id: Option<Box<str>>,
    /// The file's mtime in nanoseconds.
    pub mtime_ns: Option<i128>,
    /// The file's ctime in nanoseconds; local index only.
    pub ctime_ns: Option<i128>,
    /// The file's inode; local index only.
    pub inode: Option<u64>,
    /// The file's permission bits; of a symbolic link, its type too.
    pub mode: Option<u32>,
    /// What a big content is made of, for [`crate::blocks`].
    pub blocks: Option<Box<str>>,
    /// In a tombstone, when the deletion was recorded.
    pub deleted_at: Option<i64>,
    /// Fields of others, kept as they are.
    pub unknown: Option<Box<Map<String, Value>>>,
}

impl Entry {
    /// Whether the entry says that its key was deleted. (A live entry of the remote index may lack `local_timestamp`,
    /// but then it has an ETag.)
    pub fn is_tombstone(&self) -> bool {
        self.local_timestamp.is_none() && self.etag.is_none()
    }

    /// Whether an entry of the remote index was written for this very object: by ETag, or where S4 0.4 wrote it, by time.
    pub fn speaks_of(&self, etag: &ETag, last_modified: i64) -> bool {
        match &self.etag {
            Some(own) => own == etag,
            None => self.local_timestamp == Some(last_modified),
        }
    }

    /// The entry that remembers the deletion of this one, at the version that was deleted: S4 0.4 takes a deletion only
    /// from a tombstone of exactly the version that it has itself. The size stays, and shows whose tombstone it is: S4 0.4
    /// drops it when it takes the deletion in. A key that was deleted already stays deleted since then: the machines that
    /// only learn of it must have nothing to write.
    pub fn tombstone(&self, now: i64) -> Entry {
        let Entry { remote_timestamp, size, .. } = *self;
        let before = self.deleted_at.filter(|_| self.is_tombstone());
        Entry { remote_timestamp, size, deleted_at: before.or(Some(now)), ..Entry::default() }
    }

    /// The file's stat when it was last in sync; `None` where S4 0.4 wrote the entry, or where it was not certain.
    pub fn stat(&self) -> Option<Stat> {
        Some(Stat {
            size: self.size?,
            mtime_ns: self.mtime_ns?,
            ctime_ns: self.ctime_ns?,
            inode: self.inode?,
            mode: self.mode.unwrap_or_default(),
        })
    }

    /// Whether it is of a symbolic link.
    pub fn is_link(&self) -> bool {
        self.mode.is_some_and(is_link)
    }

    /// Remembers a file's stat.
    pub fn set_stat(&mut self, stat: &Stat) {
        self.local_timestamp = Some(whole_seconds(stat.mtime_ns));
        self.size = Some(stat.size);
        self.mtime_ns = Some(stat.mtime_ns);
        self.ctime_ns = Some(stat.ctime_ns);
        self.inode = Some(stat.inode);
        self.mode = Some(stat.mode);
    }
}

/// Seconds of a time in nanoseconds, cut off towards zero as S4 0.4 cuts them.
pub(crate) fn whole_seconds(ns: i128) -> i64 {
    i64::try_from(ns / 1_000_000_000).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("local_timestamp", &self.local_timestamp)?;
        map.serialize_entry("remote_timestamp", &self.remote_timestamp)?;
        macro_rules! field {
            ($name:literal, $value:expr) => {
                if let Some(value) = $value {
                    map.serialize_entry($name, &value)?;
                }
            };
        }
        field!("size", self.size);
        field!("sha256", self.sha256.map(|sha256| sha256.to_string()));
        field!("etag", self.etag.as_ref().map(ToString::to_string));
        field!("version_id", &self.version_id);
        field!("mtime_ns", self.mtime_ns);
        field!("ctime_ns", self.ctime_ns);
        field!("inode", self.inode);
        field!("mode", self.mode.map(|mode| format!("{mode:o}")));
        field!("blocks", &self.blocks);
        field!("deleted_at", self.deleted_at);
        for (name, value) in self.unknown.iter().flat_map(|unknown| unknown.iter()) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entry, D::Error> {
        EntrySeed { values: &mut MOST_VALUES.clone() }.deserialize(deserializer)
    }
}

/// How many values in fields that s4 does not know an entry may have that stands alone.
const MOST_VALUES: usize = 1 << 12;

/// Reads one of many entries.
pub(super) struct EntrySeed<'v> {
    /// How many values may still come in fields that s4 does not know: each takes many times its text in memory.
    pub(super) values: &'v mut usize,
}

impl<'de> DeserializeSeed<'de> for EntrySeed<'_> {
    type Value = Entry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Entry, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl EntrySeed<'_> {
    /// Takes in the value of a field that s4 does not know, unless that makes too many.
    fn unknown(&mut self, text: &str) -> Result<Value, serde_json::Error> {
        let values = 1 + text.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
        let left = self.values.checked_sub(values);
        *self.values = left.ok_or_else(|| serde_json::Error::custom("too many values in unknown fields"))?;
        serde_json::from_str(text)
    }
}

impl<'de> Visitor<'de> for EntrySeed<'_> {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an index entry")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Entry, A::Error> {
        let mut entry = Entry::default();
        let mut unknown = Map::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match &*name {
                "local_timestamp" => entry.local_timestamp = map.next_value::<Option<Seconds>>()?.map(|s| s.0),
                "remote_timestamp" => entry.remote_timestamp = map.next_value::<Option<Seconds>>()?.map(|s| s.0),
                "size" => entry.size = map.next_value()?,
                "sha256" => {
                    let text: Option<Cow<'de, str>> = map.next_value()?;
                    entry.sha256 = text.as_deref().and_then(Sha256::from_hex);
                }
                "etag" => {
                    let text: Option<Cow<'de, str>> = map.next_value()?;
                    entry.etag = text.as_deref().map(ETag::new);
                }
                "version_id" => entry.version_id = map.next_value()?,
                "mtime_ns" => entry.mtime_ns = map.next_value()?,
                "ctime_ns" => entry.ctime_ns = map.next_value()?,
                "inode" => entry.inode = map.next_value()?,
                "mode" => {
                    let text: Option<Cow<'de, str>> = map.next_value()?;
                    entry.mode = text.and_then(|text| u32::from_str_radix(&text, 8).ok());
                }
                "blocks" => {
                    let text = map.next_value::<&'de RawValue>()?.get();
                    // A hint: one that is no text is none.
                    entry.blocks = serde_json::from_str(text).ok();
                }
                "deleted_at" => entry.deleted_at = map.next_value::<Option<Seconds>>()?.map(|s| s.0),
                _ => {
                    let value = map.next_value::<&'de RawValue>()?.get();
                    unknown.insert(name.into_owned(), self.unknown(value).map_err(A::Error::custom)?);
                }
            }
        }
        if !unknown.is_empty() {
            entry.unknown = Some(Box::new(unknown));
        }
        Ok(entry)
    }
}

/// A number of seconds, whole or with a fraction that is cut off towards zero: S4 0.4 writes both and compares whole
/// ones.
struct Seconds(i64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Seconds, D::Error> {
        struct SecondsVisitor;
        impl Visitor<'_> for SecondsVisitor {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds since the epoch")
            }

            fn visit_i64<E>(self, value: i64) -> Result<Seconds, E> {
                Ok(Seconds(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Seconds, E> {
                Ok(Seconds(i64::try_from(value).unwrap_or(i64::MAX)))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Seconds, E> {
                // A cast of a float saturates, and drops the fraction.
                Ok(Seconds(value as i64))
            }
        }
        deserializer.deserialize_any(SecondsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Entry {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_entry_of_s4_0_4_is_read_in_whole_seconds() {
        let entry = parse(r#"{"remote_timestamp": 1500000000.75, "local_timestamp": 1500000001}"#);
        assert_eq!((entry.remote_timestamp, entry.local_timestamp), (Some(1_500_000_000), Some(1_500_000_001)));
        assert_eq!(entry.stat(), None);
        assert!(!entry.is_tombstone());
        assert!(parse(r#"{"remote_timestamp": 1500000000.75, "local_timestamp": null}"#).is_tombstone());
    }

    #[test]
    fn unknown_fields_survive() {
        let text = r#"{"local_timestamp":1,"remote_timestamp":2,"blobs":[1,{"a":null}],"x":"y"}"#;
        assert_eq!(serde_json::to_string(&parse(text)).unwrap(), text);
    }

    #[test]
    fn a_block_map_reads_back_and_an_odd_one_is_none() {
        let text = r#"{"local_timestamp":1,"remote_timestamp":2,"blocks":"8:00:ab"}"#;
        assert_eq!(serde_json::to_string(&parse(text)).unwrap(), text);
        for odd in ["[1,{}]", "null", "7"] {
            assert_eq!(parse(&text.replace("\"8:00:ab\"", odd)).blocks, None, "{odd}");
        }
    }

    #[test]
    fn absurd_numbers_do_no_harm() {
        let entry = parse(
            r#"{"local_timestamp": 1e300, "remote_timestamp": -99999999999999999999, "mode": "999", "sha256": "no"}"#,
        );
        assert_eq!((entry.local_timestamp, entry.remote_timestamp), (Some(i64::MAX), Some(i64::MIN)));
        assert_eq!((entry.mode, entry.sha256), (None, None));
        assert_eq!(whole_seconds(i128::MAX), i64::MAX);
        assert_eq!(whole_seconds(-1_500_000_000), -1);
    }
}
