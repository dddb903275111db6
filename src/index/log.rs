//! The change log of an index: what has come to it since its file was written whole.
//!
//! Writing an index anew for each small change costs as much as the target is large. So a commit of few keys writes this
//! file and leaves the other one as it is: gzip-compressed JSON lines, a header first, which names the `.index` that the log
//! continues, then a line a change. Both sides have one, the folder at `.s4/log` and the bucket at `.s4/log` below its prefix.
//!
//! Facts that hold here:
//! 1. Each commit into a log has a number, its generation, greater than all before it. An `.index` names the last one that it
//!    holds; of a log only the later lines count.
//! 2. A log that continues another file than the one that is there may be behind it: its lines give way to later entries.
//! 3. A lost log costs work and never data, as a lost index does.

use serde::{Deserialize, Serialize};

use std::io::Write as _;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::codec::{inflate, too_large};
use super::{Changes, DecodeError, Entry, Index};

/// The format that this version writes, and the newest that it reads.
const FORMAT: u64 = 1;
/// No log has more bytes: s4 begins a new one long before.
pub(super) const LARGEST: u64 = 1 << 20;
/// No log inflates to more.
const LARGEST_TEXT: u64 = 16 << 20;

/// When a log is kept, and who writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// An index of fewer keys is written whole each time.
    pub from: usize,
    /// A log of more bytes is not written: its lines go into the index.
    pub most: usize,
    /// The name of this machine, for people.
    pub machine: Box<str>,
}

impl Logging {
    /// As all machines do it.
    pub fn of(machine: &str) -> Logging {
        Logging { from: 5_000, most: 64 << 10, machine: machine.into() }
    }

    /// No logs: what is in one goes into its index.
    pub fn off(self) -> Logging {
        Logging { from: usize::MAX, ..self }
    }

    /// Whether there are to be none.
    pub(crate) fn is_off(&self) -> bool {
        self.from == usize::MAX
    }
}

/// What has come to an index since its file was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    header: Header,
    lines: Vec<Line>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Header {
    format: u64,
    /// The last commit that the index has.
    generation: u64,
    /// The file that the log continues: its ETag in the bucket, the sum of its bytes in the folder.
    index: Box<str>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    generation: u64,
    key: Box<str>,
    /// `None` takes the entry out.
    entry: Option<Entry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    machine: Option<Box<str>>,
}

impl Log {
    /// A log of an index file that has nothing to add to it.
    pub(super) fn begin(file: &str, generation: u64) -> Log {
        Log { header: Header { format: FORMAT, generation, index: file.into() }, lines: Vec::new() }
    }

    /// Reads a log.
    ///
    /// # Errors
    ///
    /// As [`super::decode`].
    pub fn decode(bytes: &[u8]) -> Result<Log, DecodeError> {
        if bytes.len() as u64 > LARGEST {
            return Err(too_large(LARGEST));
        }
        let text = inflate(MultiGzDecoder::new(bytes), LARGEST_TEXT)?;
        let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let header = lines.next().ok_or_else(|| DecodeError::Damaged("it has no header".to_owned()))?;
        let header: Header = serde_json::from_slice(header)?;
        if header.format > FORMAT {
            return Err(DecodeError::Newer(header.format));
        }
        let lines = lines.map(serde_json::from_slice).collect::<Result<_, _>>()?;
        Ok(Log { header, lines })
    }

    /// The bytes of the log.
    ///
    /// # Errors
    ///
    /// None that a memory buffer can give; the signature is that of the encoders.
    pub fn encode(&self) -> std::io::Result<Vec<u8>> {
        let mut text = serde_json::to_vec(&self.header)?;
        for line in &self.lines {
            text.push(b'\n');
            serde_json::to_writer(&mut text, line)?;
        }
        text.push(b'\n');
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&text)?;
        gzip.finish()
    }

    /// Whether the log continues this file.
    pub(super) fn continues(&self, file: &str) -> bool {
        *self.header.index == *file
    }

    /// The last commit that log and index have together.
    pub(super) fn generation(&self) -> u64 {
        self.lines.iter().map(|line| line.generation).fold(self.header.generation, u64::max)
    }

    /// Whether this one has all that an earlier one had, or something later of the same keys.
    pub(super) fn holds(&self, earlier: &Log) -> bool {
        let has = |line: &Line| self.lines.iter().any(|own| own.key == line.key && own.generation >= line.generation);
        self.header == earlier.header && earlier.lines.iter().all(has)
    }

    /// Whether it has nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The keys of its lines.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| &*line.key)
    }

    /// The keys of its lines, and whether they are there or deleted.
    pub(super) fn fates(&self) -> impl Iterator<Item = (&str, bool)> {
        let lives = |line: &Line| line.entry.as_ref().is_some_and(|entry| !entry.is_tombstone());
        self.lines.iter().map(move |line| (&*line.key, lives(line)))
    }

    /// What the log adds to the index that `file` holds, as far as that is known.
    pub fn changes(&self, file: &str, index: &Index) -> Changes {
        let Some(generation) = index.generation else { return Changes::new() };
        let continues = self.continues(file);
        let counts = |line: &&Line| {
            line.generation > generation && (continues || is_later(line.entry.as_ref(), index.get(&line.key)))
        };
        self.lines.iter().filter(counts).map(|line| (line.key.clone(), line.entry.clone())).collect()
    }

    /// The log with one commit more. Of the keys that it is about, older lines say nothing any more.
    pub(super) fn with(&self, new: &Changes, machine: &str) -> Log {
        let generation = self.generation().saturating_add(1);
        let mut lines = self.lines.clone();
        lines.retain(|line| !new.contains_key(&line.key));
        let machine = Some(Box::from(machine));
        lines.extend(new.iter().map(|(key, entry)| Line {
            generation,
            key: key.clone(),
            entry: entry.clone(),
            machine: machine.clone(),
        }));
        Log { header: self.header.clone(), lines }
    }

    /// The log of a file that was written anew with the commits up to `generation`: what came after them stays.
    pub(super) fn onto(&self, file: &str, generation: u64) -> Log {
        let lines = self.lines.iter().filter(|line| line.generation > generation).cloned().collect();
        Log { lines, ..Log::begin(file, generation) }
    }
}

/// Whether a line of a log that continues another file says something later than what is there: by the server's own clock. A
/// deletion gives way.
fn is_later(line: Option<&Entry>, there: Option<&Entry>) -> bool {
    let written = |entry: &Entry| entry.local_timestamp;
    match (line.filter(|line| !line.is_tombstone()), there) {
        (_, None) => line.is_some(),
        (Some(line), Some(there)) => written(line) > written(there) && !there.is_tombstone(),
        (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::ETag;

    fn live(modified: i64) -> Option<Entry> {
        let etag = Some(ETag::new(&format!("tag {modified}")));
        Some(Entry { local_timestamp: Some(modified), remote_timestamp: Some(1), etag, ..Entry::default() })
    }

    fn gone() -> Option<Entry> {
        live(1).map(|entry| entry.tombstone(5))
    }

    fn changes(all: &[(&str, Option<Entry>)]) -> Changes {
        all.iter().map(|(key, entry)| ((*key).into(), entry.clone())).collect()
    }

    fn index(generation: Option<u64>, all: &[(&str, Option<Entry>)]) -> Index {
        let entries = all.iter().map(|(key, entry)| ((*key).into(), entry.clone().unwrap())).collect();
        Index { generation, ..Index::from_entries(entries) }
    }

    #[test]
    fn what_was_written_is_read() {
        let log = Log::begin("tag", 4).with(&changes(&[("a", live(1)), ("b\n\u{1b}", gone()), ("c", None)]), "host");
        assert_eq!(Log::decode(&log.encode().unwrap()).unwrap(), log);
        assert_eq!(log.generation(), 5);
    }

    #[test]
    fn later_lines_of_a_key_take_the_place_of_earlier_ones() {
        let log = Log::begin("tag", 0).with(&changes(&[("a", live(1)), ("b", live(1))]), "one");
        let later = log.with(&changes(&[("a", gone())]), "two");
        let index = index(Some(0), &[("a", live(0))]);
        assert_eq!(later.changes("tag", &index), changes(&[("a", gone()), ("b", live(1))]));
        assert_eq!((later.lines.len(), later.generation()), (2, 2));
        assert!(later.holds(&log) && !log.holds(&later));
        assert!(!later.onto("other", 0).holds(&log));
    }

    #[test]
    fn what_an_index_has_already_does_not_count() {
        let log =
            Log::begin("tag", 0).with(&changes(&[("a", live(1))]), "one").with(&changes(&[("b", live(1))]), "two");
        for (generation, counts) in [(Some(0), 2), (Some(1), 1), (Some(2), 0), (None, 0)] {
            assert_eq!(log.changes("tag", &index(generation, &[])).len(), counts, "{generation:?}");
        }
        assert_eq!(log.onto("new", 1).changes("new", &index(Some(1), &[])), changes(&[("b", live(1))]));
    }

    #[test]
    fn lines_about_another_file_give_way_to_what_is_later() {
        let line = |entry: Option<Entry>| Log::begin("tag", 0).with(&changes(&[("a", entry)]), "host");
        let counts =
            |line: &Log, there: &[(&str, Option<Entry>)]| !line.changes("other", &index(Some(0), there)).is_empty();
        assert!(counts(&line(live(5)), &[]) && counts(&line(gone()), &[]));
        assert!(counts(&line(live(5)), &[("a", live(4))]));
        assert!(!counts(&line(live(5)), &[("a", live(5))]) && !counts(&line(live(5)), &[("a", gone())]));
        assert!(!counts(&line(gone()), &[("a", live(4))]) && !counts(&line(None), &[("a", live(4))]));
    }

    #[test]
    fn what_is_no_log_is_damaged_or_newer() {
        let packed = |text: &str| {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(text.as_bytes()).unwrap();
            gzip.finish().unwrap()
        };
        let good = packed("{\"format\":1,\"generation\":1,\"index\":\"x\",\"later\":0}\n");
        assert!(Log::decode(&good).is_ok());
        for bytes in [&[][..], b"{}", &good[..good.len() - 1], &packed(""), &packed("[]"), &vec![0; 2 << 20]] {
            assert!(matches!(Log::decode(bytes), Err(DecodeError::Damaged(_))));
        }
        let line = "{\"format\":1,\"generation\":1,\"index\":\"x\"}\n{\"generation\":-1,\"key\":\"a\",\"entry\":null}";
        assert!(matches!(Log::decode(&packed(line)), Err(DecodeError::Damaged(_))));
        assert!(matches!(Log::decode(&packed(&" ".repeat(20 << 20))), Err(DecodeError::Damaged(_))));
        let newer = packed("{\"format\":2,\"generation\":1,\"index\":\"x\"}");
        assert!(matches!(Log::decode(&newer), Err(DecodeError::Newer(2))));
    }
}
