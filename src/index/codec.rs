//! The bytes of an index file: a gzip-compressed JSON object, as S4 0.4 reads and writes it.

use std::fmt;
use std::io::{self, Read};

use flate2::read::{MultiGzDecoder, ZlibDecoder};
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

use super::entry::EntrySeed;
use super::members::{Inflater, Writer, split_summed};
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
        return Err(too_large(LARGEST));
    }
    if let Some(index) = by_members(bytes)? {
        return Ok(index);
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

/// Reads a file that s4 wrote, a member after the other, so that its text is never in memory as a whole. `None` where anything is
/// odd: the long way tells what it is.
fn by_members(bytes: &[u8]) -> Result<Option<Index>, DecodeError> {
    let Some(members) = split_summed(bytes) else { return Ok(None) };
    let (mut inflater, mut entries, mut text) = (Inflater::new(), Vec::new(), Vec::new());
    let mut header = None;
    let last = members.len().saturating_sub(1);
    for (at, (member, [crc, length])) in members.iter().enumerate() {
        let Some(whole) = inflater.text(member) else { return Ok(None) };
        let mut sum = flate2::Crc::new();
        sum.update(whole);
        if (sum.sum(), sum.amount()) != (*crc, *length) {
            return Ok(None);
        }
        // Whole lines, each with a comma at its end but for the last one of the file.
        let lines = match at {
            0 => whole.strip_prefix(b"{\n"),
            _ => Some(whole),
        };
        let lines = lines.and_then(|lines| lines.strip_suffix(if at == last { &b"\n}\n"[..] } else { b",\n" }));
        let Some(lines) = lines else { return Ok(None) };
        text.clear();
        text.push(b'{');
        text.extend_from_slice(lines);
        text.push(b'}');
        match parse_within(&text, lines.len() / LEAST_ENTRY + 1, lines.len() / LEAST_VALUE) {
            Ok(mut index) => {
                if at == 0 {
                    // All members are about as long, and most entries.
                    let about = members.len().saturating_mul(index.entries.len() + 1) / 8 * 9;
                    entries.reserve(about.min(bytes.len() / LEAST_ENTRY));
                }
                entries.append(&mut index.entries);
                if entries.len() > FEW + bytes.len() {
                    return Ok(None);
                }
                header.get_or_insert(index);
            }
            Err(newer @ DecodeError::Newer(_)) => return Err(newer),
            Err(DecodeError::Damaged(_)) => return Ok(None),
        }
    }
    let Some(header) = header else { return Ok(None) };
    if !entries.is_sorted_by(|a, b| a.0 < b.0) {
        return Ok(None);
    }
    Ok(Some(Index { entries, ..header }))
}

/// The damage of a file that is larger than any index.
pub(super) fn too_large(largest: u64) -> DecodeError {
    DecodeError::Damaged(format!("it has more than {largest} bytes"))
}

/// Inflates to at most `limit` bytes.
pub(super) fn inflate(mut decoder: impl Read, limit: u64) -> Result<Vec<u8>, DecodeError> {
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
pub(super) fn parse(text: &[u8], most: usize) -> Result<Index, DecodeError> {
    parse_within(text, most, FEW + text.len() / LEAST_VALUE)
}

/// The same, with at most `values` in fields that s4 does not know.
fn parse_within(text: &[u8], most: usize, values: usize) -> Result<Index, DecodeError> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let entries = json.deserialize_map(EntriesVisitor { most, values })?;
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
        index.generation = number("generation");
        index.logged = field("log").and_then(Value::as_bool).unwrap_or_default();
        index.old_writer_at = field("s4_0_4_at").and_then(Value::as_i64);
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
    if let Some(generation) = index.generation {
        fields.insert("generation".to_owned(), generation.into());
    }
    if index.logged {
        fields.insert("log".to_owned(), true.into());
    }
    if let Some(at) = index.old_writer_at {
        fields.insert("s4_0_4_at".to_owned(), at.into());
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
mod tests;
