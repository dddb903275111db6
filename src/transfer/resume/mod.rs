//! Going on with big transfers that were cut short.
//!
//! Each has a record in the folder's private place (`local/kept.rs`): its first line says what is carried, with all that has to be
//! the same for another run to go on, each further one what has arrived. A record is only a hint: of an upload the server says
//! which parts it has, of a download the ranges are summed up again, and the whole is checked at the end as ever.
//!
//! A run that goes through takes up what can go on. What is left then, and is not about a key that the run had trouble with, nobody
//! will go on with: [`Carrier::clear_up`] gives it up, so that no parts are paid for and no disk is full of halves. Uploads that this folder has no record of are others', and left alone.

mod downloads;
mod uploads;

use std::collections::HashSet;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub(super) use downloads::Download;
pub(super) use uploads::Upload;

use super::{Carrier, Failure};
use crate::content::to_hex;
use crate::key::Key;
use crate::local::{Folder, Kept, Record};
use crate::remote::{self, ObjectStore};

/// Nobody goes on with what is older, seconds.
const OLDEST: u64 = 7 * 24 * 60 * 60;

/// What a record says of its transfer.
#[derive(Clone, Debug, PartialEq)]
struct Head {
    /// What has to be the same: the place, the key, the version of the content, how it is cut.
    subject: Value,
    /// The upload's id; empty for a download.
    upload: String,
    /// When it was begun, seconds since the epoch, by this machine's clock.
    begun: i64,
}

impl Head {
    fn line(&self) -> String {
        let Head { subject, upload, begun } = self;
        serde_json::json!({"begun": begun, "upload": upload, "subject": subject}).to_string()
    }

    fn read(line: &str) -> Option<Head> {
        let mut line: Value = serde_json::from_str(line).ok()?;
        let begun = line["begun"].as_i64()?;
        let upload = line["upload"].as_str()?.to_owned();
        Some(Head { subject: line["subject"].take(), upload, begun })
    }

    fn is_at(&self, place: &str) -> bool {
        self.subject["place"] == place
    }

    fn key(&self) -> &str {
        self.subject["key"].as_str().unwrap_or_default()
    }

    /// Clocks may lie in either direction.
    fn is_old(&self, now: i64) -> bool {
        self.begun.abs_diff(now) > OLDEST
    }
}

/// What takes a record's lines in: its head, and of the rest what `read` makes of them. Returns whether a line makes sense.
fn taking_in<'t, T>(
    head: &'t mut Option<Head>,
    rest: &'t mut Vec<T>,
    read: impl Fn(&Value) -> Option<T> + 't,
) -> impl FnMut(&str) -> bool + 't {
    move |line| {
        if head.is_none() {
            *head = Head::read(line);
            return head.is_some();
        }
        let item = serde_json::from_str(line).ok().and_then(|line| read(&line));
        let makes_sense = item.is_some();
        rest.extend(item);
        makes_sense
    }
}

/// Takes a record up, with what its lines say: `read` makes sense of those after the first.
fn take_up<T>(
    folder: &Folder,
    (kept, name): (Kept, &str),
    read: impl Fn(&Value) -> Option<T>,
) -> Option<(Record, Option<Head>, Vec<T>)> {
    let (mut head, mut rest) = (None, Vec::new());
    // What cannot be read is of no use, and no hindrance either.
    let record = folder.take_up_record(kept, name, &mut taking_in(&mut head, &mut rest, read)).ok()??;
    Some((record, head, rest))
}

/// What a record says, which is left as it is.
fn look_into<T>(
    folder: &Folder,
    (kept, name): (Kept, &str),
    read: impl Fn(&Value) -> Option<T>,
) -> Option<(Head, Vec<T>)> {
    let (mut head, mut rest) = (None, Vec::new());
    folder.read_kept(kept, name, &mut taking_in(&mut head, &mut rest, read))?;
    Some((head?, rest))
}

/// The name of the records about a key, or what it begins with.
fn name_of(place: &str, key: &Key) -> String {
    let sum = Sha256::new().chain_update(place).chain_update([0]).chain_update(key.as_str()).finalize();
    to_hex(&sum[..16])
}

/// Whether what failed so may be gone on with later: it was cut short, and nothing was found to be wrong.
fn is_cut_short(failure: &Failure) -> bool {
    match failure {
        Failure::Interrupted => true,
        Failure::Remote(error) => matches!(
            error,
            remote::Error::Network(_)
                | remote::Error::Server(_)
                | remote::Error::Credentials(_)
                | remote::Error::NoCredentials(_)
                | remote::Error::Clock(_)
        ),
        Failure::Changed | Failure::Moved(_) | Failure::Link | Failure::Local(_) => false,
    }
}

impl<S: ObjectStore> Carrier<S> {
    /// Gives up what nobody will go on with, after a run that went through: all that is left, but for keys that it had trouble
    /// with. The caller holds the folder's lock alone.
    pub async fn clear_up(&self, had_trouble: &(dyn Fn(&str) -> bool + Sync)) {
        let left = |kept| self.folder.kept(kept).unwrap_or_default();
        let now = self.ambient.now();
        for name in left(Kept::Downloads) {
            let head = take_up(&self.folder, (Kept::Downloads, &name), |_| Some(())).and_then(|(_, head, _)| head);
            let stays = |head: &Head| head.is_at(&self.place) && had_trouble(head.key()) && !head.is_old(now);
            if !head.is_some_and(|head| stays(&head)) {
                self.folder.discard_kept(Kept::Downloads, &name);
            }
        }
        for name in left(Kept::Uploads) {
            if self.cancel.is_cancelled() {
                return;
            }
            let found = take_up(&self.folder, (Kept::Uploads, &name), |_| Some(()));
            let Some((record, head, _)) = found else { continue };
            match head {
                Some(head) if !head.is_at(&self.place) && !head.is_old(now) => {}
                Some(head) if head.is_at(&self.place) => {
                    if !had_trouble(head.key()) || head.is_old(now) {
                        self.give_up(head.key(), &head.upload, Some(record)).await;
                    }
                }
                // Torn, or about another place for so long that its target is not coming back.
                _ => record.remove(),
            }
        }
    }

    /// The ids of the uploads that this folder has a record of.
    pub(crate) fn own_uploads(&self) -> HashSet<String> {
        self.heads_of_uploads().map(|head| head.upload).collect()
    }

    /// How many uploads to this place were begun by earlier runs, which a run that goes through ends one way or the other.
    pub(super) fn begun_uploads(&self) -> usize {
        self.heads_of_uploads().filter(|head| head.is_at(&self.place)).count()
    }

    fn heads_of_uploads(&self) -> impl Iterator<Item = Head> {
        let names = self.folder.kept(Kept::Uploads).unwrap_or_default();
        let head = |name: String| look_into(&self.folder, (Kept::Uploads, &name), |_| Some(()));
        names.into_iter().filter_map(head).map(|(head, _)| head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_back_and_grows_old_by_whatever_clock() {
        let subject = serde_json::json!({"place": "s3://b", "key": "a \"b\"", "etag": null});
        let head = Head { subject, upload: "id\n".to_owned(), begun: 1_000_000 };
        assert_eq!(Head::read(&head.line()), Some(head.clone()));
        assert!(head.is_at("s3://b") && !head.is_at("s3://bb") && head.key() == "a \"b\"");
        let week = i64::try_from(OLDEST).unwrap();
        assert!(!head.is_old(1_000_000 + week) && !head.is_old(1_000_000 - week));
        assert!(head.is_old(1_000_001 + week) && head.is_old(999_999 - week));
        assert_eq!(Head::read("{\"begun\":1}"), None);
    }

    #[test]
    fn records_of_a_key_have_a_name_of_their_own() {
        let key = |name: &str| Key::parse(name).unwrap();
        let names = [("a", "bc"), ("ab", "c"), ("a", "c")].map(|(place, name)| name_of(place, &key(name)));
        assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2]);
    }
}
