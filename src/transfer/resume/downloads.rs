//! Downloads that go on: those ranges are not fetched again whose bytes in the file still have their sum.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::{Head, look_into, name_of, take_up};
use crate::blocking::blocking;
use crate::checksum::Checksum;
use crate::content::ETag;
use crate::key::Key;
use crate::local::{self, Kept, Record, Staged};
use crate::reconcile::Remote;
use crate::remote::ObjectStore;
use crate::transfer::{Carrier, Failure};

/// A range: its first byte and number of bytes.
type Range = (u64, u64);

/// A big object that is being fetched in ranges, from now on or since an earlier run.
pub(in crate::transfer) struct Download {
    pub(in crate::transfer) staged: Staged,
    /// `None`: another run cannot go on with it.
    pub(in crate::transfer) record: Option<Record>,
    /// Ranges that the file should have, with their sums.
    noted: HashMap<Range, u64>,
}

fn read_range(line: &Value) -> Option<(Range, u64)> {
    Some(((line["start"].as_u64()?, line["length"].as_u64()?), line["crc64"].as_u64()?))
}

impl Download {
    /// A range has arrived. Without a line about it, it is only fetched again.
    pub(in crate::transfer) fn note(&self, (start, length): Range, crc64: u64) {
        if let Some(record) = &self.record {
            let _ = record.note(&json!({"start": start, "length": length, "crc64": crc64}).to_string());
        }
    }

    /// Whether the file has that range: it was fetched by an earlier run, and is still as it came.
    pub(in crate::transfer) async fn has(&self, (start, length): Range) -> bool {
        let Some(expected) = self.noted.get(&(start, length)) else { return false };
        let Ok(file) = self.staged.open() else { return false };
        let expected = Checksum::Crc64(*expected);
        blocking(move || local::compare_range(&file, (start, length), expected).unwrap_or(false)).await
    }
}

impl<S: ObjectStore> Carrier<S> {
    /// The download of this very version that an earlier run began, or a new one.
    pub(in crate::transfer) fn go_on_with_download(&self, key: &Key, there: &Remote) -> Result<Download, Failure> {
        let size = there.size;
        let alone = || {
            let staged = self.folder.stage()?;
            staged.allocate(size)?;
            Ok(Download { staged, record: None, noted: HashMap::new() })
        };
        // With a single range there is nothing to go on from.
        if self.cut.parts(size).nth(1).is_none() {
            return alone();
        }
        let name = name_of(&self.place, key);
        let subject = self.download_subject(key, size, &there.etag);
        if let Some((record, head, noted)) = take_up(&self.folder, (Kept::Downloads, &name), read_range) {
            if head.is_some_and(|head| head.subject == subject)
                && let Ok(staged) = self.folder.stage_kept(&record, false)
            {
                return Ok(Download { staged, record: Some(record), noted: noted.into_iter().collect() });
            }
            record.discard();
        }
        let head = Head { subject, upload: String::new(), begun: self.ambient.now() };
        let Ok(Some(record)) = self.folder.begin_record(Kept::Downloads, &name, &head.line()) else { return alone() };
        let begun = self.folder.stage_kept(&record, true).and_then(|staged| staged.allocate(size).map(|()| staged));
        match begun {
            Ok(staged) => Ok(Download { staged, record: Some(record), noted: HashMap::new() }),
            Err(error) => {
                record.discard();
                Err(error.into())
            }
        }
    }

    /// The ranges that [`Carrier::go_on_with_download`] would find, as far as the record tells.
    pub(in crate::transfer) fn noted_ranges(&self, key: &Key, there: &Remote) -> HashSet<Range> {
        let name = name_of(&self.place, key);
        let (found, subject) = (
            look_into(&self.folder, (Kept::Downloads, &name), read_range),
            self.download_subject(key, there.size, &there.etag),
        );
        let noted = found.filter(|(head, _)| head.subject == subject).map(|(_, noted)| noted);
        noted.unwrap_or_default().into_iter().map(|(range, _)| range).collect()
    }

    /// What has to be the same for a download to go on.
    fn download_subject(&self, key: &Key, size: u64, etag: &ETag) -> Value {
        json!({"place": self.place, "key": key.as_str(), "size": size, "etag": etag.to_string()})
    }
}
