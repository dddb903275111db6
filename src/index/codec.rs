//! The bytes of an index file: a gzip-compressed JSON object, as S4 0.4 reads and writes it.

use std::fmt;
use std::io::{self, Read};

use flate2::read::{MultiGzDecoder, ZlibDecoder};
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

use super::entry::EntrySeed;
use super::members::Writer;
use super::{Entry, Index};
use crate::key;
use crate::local::LARGEST;

/// The format that this version writes, and the newest that it reads.
const FORMAT: u64 = 1;
/// An index may inflate to this many times its size, and [`SMALL`] bytes besides; a gzip bomb does not get further. Honest
/// indexes reach a tenth of it.
const MAX_INFLATION: u64 = 100;
/// See [`MAX_INFLATION`].
const SMALL: u64 = 16 << 20;
/// No index inflates to more.
const LARGEST_TEXT: u64 = 4 << 30;
/// No entry takes so many bytes of text. Most bombs end here, at the first stretch of this length without an entry's end.
const STRETCH: u64 = 1 << 20;
/// So many entries, and so many values in fields that s4 does not know, may come in a text of any size.
const FEW: usize = 1 << 16;
/// An entry has at least so many bytes of text: the shortest that S4 0.4 writes has some more. Without this a text of the
/// shortest entries there are would take fifty times its size in memory.
const LEAST_ENTRY: usize = 40;
/// A value in a field that s4 does not know has at least so many, on average: it takes as much more in memory.
const LEAST_VALUE: usize = 8;

/// Why an index could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Its bytes make no sense: the side heals by going on as if there was none.
    #[error("damaged: {0}")]
    Damaged(String),
    /// A newer s4 wrote it in a format that this one does not know; it must not be replaced.
    #[error("it has format {0}, which only a newer s4 can read")]
    Newer(u64),
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> DecodeError {
        DecodeError::Damaged(error.to_string())
    }
}

impl From<io::Error> for DecodeError {
    fn from(error: io::Error) -> DecodeError {
        DecodeError::Damaged(error.to_string())
    }
}

/// Reads an index: gzip, zlib or plain JSON, whichever the bytes are.
///
/// # Errors
///
/// [`DecodeError::Damaged`] for bytes that are no index, [`DecodeError::Newer`] for a format of the future.
pub fn decode(bytes: &[u8]) -> Result<Index, DecodeError> {
    let size = bytes.len() as u64;
    if size > LARGEST {
        return Err(too_large());
    }
    let limit = LARGEST_TEXT.min(SMALL + MAX_INFLATION * size);
    // What is compressed still takes a byte or more for each entry.
    let most = |text: &[u8]| FEW + bytes.len().min(text.len() / LEAST_ENTRY);
    let parse = |text: &[u8]| parse(text, most(text));
    match infer::get(bytes).map(|kind| kind.mime_type()) {
        Some("application/gzip") => parse(&inflate(MultiGzDecoder::new(bytes), limit)?),
        // A zlib stream has no magic number of its own, only a header that is a multiple of 31.
        _ if matches!(bytes, [0x78, flags, ..] if (0x7800 + u16::from(*flags)) % 31 == 0) => {
            parse(&inflate(ZlibDecoder::new(bytes), limit)?)
        }
        _ => parse(bytes),
    }
}

/// The damage of a file that is larger than any index.
pub(super) fn too_large() -> DecodeError {
    DecodeError::Damaged(format!("it has more than {LARGEST} bytes"))
}

fn inflate(mut decoder: impl Read, limit: u64) -> Result<Vec<u8>, DecodeError> {
    let mut text = Vec::new();
    loop {
        let before = text.len();
        let read = decoder.by_ref().take(STRETCH).read_to_end(&mut text)? as u64;
        if text.len() as u64 > limit {
            return Err(DecodeError::Damaged(format!("it inflates to more than {limit} bytes")));
        }
        if read < STRETCH {
            return Ok(text);
        }
        if !text[before..].contains(&b'}') {
            return Err(DecodeError::Damaged(format!("it inflates to more than {STRETCH} bytes without an entry")));
        }
    }
}

/// Reads the text of an index with at most `most` entries.
fn parse(text: &[u8], most: usize) -> Result<Index, DecodeError> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let entries = json.deserialize_map(EntriesVisitor { most, values: FEW + text.len() / LEAST_VALUE })?;
    json.end()?;
    let mut index = Index::from_entries(entries);
    if let Ok(at) = index.entries.binary_search_by(|(name, _)| (**name).cmp(key::INDEX)) {
        let (_, header) = index.entries.remove(at);
        let field = |name: &str| header.unknown.as_ref()?.get(name);
        let number = |name: &str| field(name).and_then(Value::as_u64);
        match number("format") {
            Some(format) if format > FORMAT => return Err(DecodeError::Newer(format)),
            _ => index.device = number("device"),
        }
        index.place = field("place").and_then(Value::as_str).map(str::to_owned);
    }
    Ok(index)
}

struct EntriesVisitor {
    /// How many entries may come.
    most: usize,
    /// How many values may come in fields that s4 does not know.
    values: usize,
}

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Vec<(Box<str>, Entry)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of index entries")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key()? {
            if entries.len() == self.most {
                return Err(A::Error::custom(format!(
                    "more than {} entries have no room in a file of this size",
                    self.most
                )));
            }
            entries.push((name, map.next_value_seed(EntrySeed { values: &mut self.values })?));
        }
        Ok(entries)
    }
}

/// Writes an index: one entry a line, sorted, gzip-compressed in members that end between two entries.
///
/// # Errors
///
/// None that a memory buffer can give; the signature is that of the encoders.
pub fn encode(index: &Index) -> io::Result<Vec<u8>> {
    let mut file = Writer::new();
    let mut line = b"{".to_vec();
    write_header(&mut line, index)?;
    for (name, entry) in &index.entries {
        line.extend_from_slice(b",\n");
        file.write(&line)?;
        line.clear();
        serde_json::to_writer(&mut line, name)?;
        line.extend_from_slice(b": ");
        serde_json::to_writer(&mut line, entry)?;
    }
    line.extend_from_slice(b"\n}\n");
    file.write(&line)?;
    file.finish()
}

/// The reserved entry, which S4 0.4 takes for a key that neither exists nor ever did.
fn write_header(line: &mut Vec<u8>, index: &Index) -> io::Result<()> {
    let mut header = Entry::default();
    let mut fields = serde_json::Map::new();
    fields.insert("format".to_owned(), FORMAT.into());
    fields.insert("writer".to_owned(), Value::from(concat!("s4 ", env!("CARGO_PKG_VERSION"))));
    if let Some(device) = index.device {
        fields.insert("device".to_owned(), device.into());
    }
    if let Some(place) = &index.place {
        fields.insert("place".to_owned(), place.as_str().into());
    }
    header.unknown = Some(Box::new(fields));
    line.extend_from_slice(b"\n");
    serde_json::to_writer(&mut *line, key::INDEX)?;
    line.extend_from_slice(b": ");
    serde_json::to_writer(&mut *line, &header)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::content::{ETag, Sha256};
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    fn entries() -> impl Strategy<Value = Entry> {
        let numbers = (any::<Option<i64>>(), any::<Option<i64>>(), any::<Option<u64>>(), any::<Option<i128>>());
        let content = (any::<Option<[u8; 32]>>(), proptest::option::of("[a-f0-9\"-]{0,40}"), any::<Option<i64>>());
        let stat = (any::<Option<i128>>(), any::<Option<u64>>(), proptest::option::of(0..0o7777_u32));
        (numbers, content, stat).prop_map(|(numbers, content, stat)| Entry {
            local_timestamp: numbers.0,
            remote_timestamp: numbers.1,
            size: numbers.2,
            mtime_ns: numbers.3,
            sha256: content.0.map(Sha256),
            etag: content.1.map(|tag| ETag::new(&tag)),
            deleted_at: content.2,
            ctime_ns: stat.0,
            inode: stat.1,
            mode: stat.2,
            version_id: None,
            blocks: None,
            unknown: None,
        })
    }

    fn indexes() -> impl Strategy<Value = Index> {
        let map = proptest::collection::btree_map(any::<String>(), entries(), 0..20);
        (map, any::<Option<u64>>(), any::<Option<String>>()).prop_map(|(map, device, place)| {
            let entries = map.into_iter().filter(|(name, _)| name != key::INDEX);
            let mut index = Index::from_entries(entries.map(|(name, entry)| (name.into(), entry)).collect());
            index.device = device;
            index.place = place;
            index
        })
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(index in indexes()) {
            prop_assert_eq!(decode(&encode(&index).unwrap()).unwrap(), index);
        }

        #[test]
        fn a_cut_file_is_damaged(index in indexes(), cut in 1_usize..100) {
            let bytes = encode(&index).unwrap();
            let kept = bytes.len().saturating_sub(cut);
            prop_assert!(matches!(decode(&bytes[..kept]), Err(DecodeError::Damaged(_))));
        }

        #[test]
        fn any_bytes_are_an_index_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn plain_and_zlib_are_read_too() {
        let text = br#"{"a": {"local_timestamp": 5, "remote_timestamp": 4.5}}"#;
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(text).unwrap();
        for bytes in [text.to_vec(), zlib.finish().unwrap()] {
            assert_eq!(decode(&bytes).unwrap().get("a").unwrap().local_timestamp, Some(5));
        }
    }

    #[test]
    fn other_json_is_damage_and_a_newer_format_is_not() {
        for text in ["", "[]", "{\"a\": 5}", "{} {}", "{\"a\": {\"size\": \"x\"}}"] {
            assert!(matches!(decode(text.as_bytes()), Err(DecodeError::Damaged(_))), "{text}");
        }
        let newer = r#"{".index": {"local_timestamp": null, "remote_timestamp": null, "format": 2}}"#;
        assert!(matches!(decode(newer.as_bytes()), Err(DecodeError::Newer(2))));
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    }

    /// What is wrong with a file.
    fn damage(bytes: &[u8]) -> String {
        match decode(bytes) {
            Err(DecodeError::Damaged(what)) => what,
            other => panic!("{:?}", other.map(|index| index.entries.len())),
        }
    }

    #[test]
    fn a_gzip_bomb_is_damage() {
        for text in [" ".repeat(2 << 20), "\0".repeat(2 << 20), format!("{{\"{}", "x".repeat(2 << 20))] {
            assert_eq!(damage(&gzip(&text)), "it inflates to more than 1048576 bytes without an entry");
        }
    }

    #[test]
    fn an_index_with_more_entries_than_its_bytes_have_room_for_is_damage() {
        let shortest: Vec<String> = (0..100_000).map(|name| format!("\"{name}\":{{}}")).collect();
        let shortest = format!("{{{}}}", shortest.join(","));
        for bytes in [shortest.clone().into_bytes(), gzip(&shortest)] {
            assert!(damage(&bytes).contains("entries have no room in a file of this size"));
        }
        // The shortest that S4 0.4 writes are none of these.
        let honest: Vec<String> =
            (0..100_000).map(|name| format!("\"{name}\":{{\"local_timestamp\":1,\"remote_timestamp\":1}}")).collect();
        let honest = format!("{{{}}}", honest.join(","));
        for bytes in [honest.clone().into_bytes(), gzip(&honest)] {
            assert_eq!(decode(&bytes).unwrap().entries.len(), 100_000);
        }
    }

    #[test]
    fn fields_that_nobody_knows_have_a_limit_too() {
        let many = |count: usize| format!("{{\"a\": {{\"later\": [{}]}}}}", vec!["0"; count].join(","));
        assert!(decode(many(1_000).as_bytes()).is_ok());
        assert!(damage(many(FEW * 2).as_bytes()).contains("too many values in unknown fields"));
        let deep = |end: &str| format!("{{\"a\": {{\"later\": {}{end}", "[".repeat(100_000));
        assert!(damage(deep("").as_bytes()).starts_with("EOF"));
        let whole = deep(&("]".repeat(100_000) + "}}"));
        assert!(damage(whole.as_bytes()).contains("too many values") && whole.len() < 300_000);
        let whole = whole.replace(&"[".repeat(99_000), "").replace(&"]".repeat(99_000), "");
        assert!(damage(whole.as_bytes()).contains("recursion limit exceeded"));
    }

    #[test]
    fn absurd_numbers_are_cut_to_what_there_is_or_damage() {
        let text = r#"{"a": {"local_timestamp": 1e308, "remote_timestamp": -9e99, "size": 18446744073709551615, "mtime_ns": -0},
            "b": {"local_timestamp": 18446744073709551615, "remote_timestamp": 9223372036854775808, "mode": "37777777777"}}"#;
        let index = decode(text.as_bytes()).unwrap();
        let [(_, a), (_, b)] = index.entries() else { panic!("{index:?}") };
        assert_eq!((a.local_timestamp, a.remote_timestamp, a.size), (Some(i64::MAX), Some(i64::MIN), Some(u64::MAX)));
        assert_eq!((b.local_timestamp, b.remote_timestamp), (Some(i64::MAX), Some(i64::MAX)));
        for wrong in [
            "\"size\": 1e999",
            "\"size\": -1",
            "\"size\": 1.5",
            "\"size\": 18446744073709551616",
            "\"inode\": \"7\"",
            "\"local_timestamp\": 1e400",
            "\"local_timestamp\": \"5\"",
            "\"remote_timestamp\": [5]",
            "\"mode\": 7",
            "\"etag\": 7",
            "\"later\": 1e999",
            "\"mtime_ns\": 1.5",
        ] {
            damage(format!("{{\"a\": {{{wrong}}}}}").as_bytes());
        }
    }

    #[test]
    fn of_entries_with_one_name_the_last_counts() {
        let text = r#"{"b": {}, "a": {"size": 1}, "a": {"size": 2}, "a": {"size": 3, "size": 4}}"#;
        let index = decode(text.as_bytes()).unwrap();
        assert_eq!((index.entries.len(), index.get("a").unwrap().size), (2, Some(4)));
    }
}
