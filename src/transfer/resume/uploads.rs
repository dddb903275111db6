//! Uploads that go on: those parts are not sent again that both the record and the server know.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};
use sha2::Digest as _;

use super::{Head, is_cut_short, look_into, name_of, take_up};
use crate::content::{ETag, Sha256, to_hex};
use crate::key::Key;
use crate::local::{Kept, Record, Stat};
use crate::reconcile::Item;
use crate::remote::{self, Metadata, ObjectStore, Part, Written};
use crate::transfer::delta::Piece;
use crate::transfer::{Carrier, Failure};

/// An upload in parts, begun now or by an earlier run.
pub(in crate::transfer) struct Upload {
    pub(in crate::transfer) id: String,
    /// Its parts that the server has, by number: their ETags.
    pub(in crate::transfer) there: HashMap<u32, ETag>,
    record: Option<Record>,
}

impl Upload {
    /// The server has taken a part. Without a line about it, it is only sent again.
    pub(in crate::transfer) fn note(&self, number: u32, etag: &ETag) {
        if let Some(record) = &self.record {
            let _ = record.note(&json!({"part": number, "etag": etag.to_string()}).to_string());
        }
    }
}

fn read_part(line: &Value) -> Option<(u32, ETag)> {
    let number = line["part"].as_u64()?.try_into().ok()?;
    Some((number, ETag::new(line["etag"].as_str()?)))
}

/// The parts that both sides know the same of.
fn sound(noted: Vec<(u32, ETag)>, there: Vec<Part>, pieces: &[Piece]) -> HashMap<u32, ETag> {
    let lengths: HashMap<u32, u64> = (1..).zip(pieces.iter().map(|piece| piece.length)).collect();
    let mut noted: HashMap<u32, ETag> = noted.into_iter().collect();
    let there: HashMap<u32, Part> = there.into_iter().map(|part| (part.number, part)).collect();
    noted.retain(|number, etag| {
        there.get(number).is_some_and(|part| part.etag == *etag && lengths.get(number) == Some(&part.size))
    });
    noted
}

impl<S: ObjectStore> Carrier<S> {
    /// The upload of this very content over this very object that an earlier run began, or a new one. Others of the key are given
    /// up.
    pub(in crate::transfer) async fn go_on_with_upload(
        &self,
        item: &Item,
        stat: &Stat,
        metadata: &Metadata,
        pieces: &[Piece],
    ) -> Result<Upload, Failure> {
        let subject = self.upload_subject(item, stat, metadata.sha256, pieces);
        let about = name_of(&self.place, &item.key);
        let names = self.folder.kept(Kept::Uploads).unwrap_or_default();
        for name in names.iter().filter(|name| name.starts_with(&about)) {
            let found = take_up(&self.folder, (Kept::Uploads, name), read_part);
            let Some((record, Some(head), noted)) = found else { continue };
            if head.subject == subject {
                match self.store.list_parts(item.key.as_str(), &head.upload).await {
                    Ok(parts) => {
                        let there = sound(noted, parts, pieces);
                        return Ok(Upload { id: head.upload, there, record: Some(record) });
                    }
                    Err(remote::Error::NotFound) => {
                        record.remove();
                        continue;
                    }
                    Err(error) => {
                        let failure = Failure::Remote(error);
                        if is_cut_short(&failure) {
                            return Err(failure);
                        }
                    }
                }
            }
            self.give_up(item.key.as_str(), &head.upload, Some(record)).await;
        }
        self.begin_upload(&item.key, subject, metadata).await
    }

    /// The parts that [`Carrier::go_on_with_upload`] would find, as far as the record tells; `None`: it would begin a new upload.
    pub(in crate::transfer) fn noted_parts(&self, item: &Item, stat: &Stat, pieces: &[Piece]) -> Option<HashSet<u32>> {
        // The sum of the file is not known yet; it is the same file.
        let subject = self.upload_subject(item, stat, None, pieces);
        let about = name_of(&self.place, &item.key);
        let names = self.folder.kept(Kept::Uploads).unwrap_or_default();
        let of_it = names.iter().filter(|name| name.starts_with(&about));
        let mut found = of_it.filter_map(|name| look_into(&self.folder, (Kept::Uploads, name), read_part));
        found.find_map(|(mut head, noted)| {
            head.subject["sha256"].take();
            (head.subject == subject).then(|| noted.into_iter().map(|(number, _)| number).collect())
        })
    }

    async fn begin_upload(&self, key: &Key, subject: Value, metadata: &Metadata) -> Result<Upload, Failure> {
        let id = self.store.begin_upload(key.as_str(), metadata).await?;
        let name = format!("{}-{}", name_of(&self.place, key), name_of(&id, key));
        let head = Head { subject, upload: id, begun: self.ambient.now() };
        // Where there is no room for a record the upload is one that is not gone on with.
        let record = self.folder.begin_record(Kept::Uploads, &name, &head.line()).ok().flatten();
        Ok(Upload { id: head.upload, there: HashMap::new(), record })
    }

    /// What has to be the same for an upload to go on.
    fn upload_subject(&self, item: &Item, stat: &Stat, sha256: Option<Sha256>, pieces: &[Piece]) -> Value {
        let cut = pieces.iter().map(|piece| format!("{} {}\n", piece.length, piece.copied)).collect::<String>();
        json!({
            "place": self.place,
            "key": item.key.as_str(),
            "file": format!("{} {} {} {}", stat.size, stat.mtime_ns, stat.ctime_ns, stat.inode),
            "sha256": sha256.map(|sum| sum.to_string()),
            "cut": to_hex(&sha2::Sha256::digest(cut)[..8]),
            "over": item.remote.as_ref().map(|remote| remote.etag.to_string()),
        })
    }

    /// An upload has ended: it is over, or is to be gone on with, or is given up.
    pub(in crate::transfer) async fn end_upload(&self, key: &Key, upload: Upload, ended: &Result<Written, Failure>) {
        match (ended, upload.record) {
            (Ok(_), Some(record)) => record.remove(),
            (Ok(_), None) => {}
            (Err(failure), Some(_)) if is_cut_short(failure) => {}
            // Parts that nobody will complete would be paid for for ever.
            (Err(_), record) => self.give_up(key.as_str(), &upload.id, record).await,
        }
    }

    /// Gives an upload up. One that cannot be given up now keeps its record, for another run to try.
    pub(super) async fn give_up(&self, name: &str, upload: &str, record: Option<Record>) {
        if self.store.abort_upload(name, upload).await.is_ok()
            && let Some(record) = record
        {
            record.remove();
        }
    }
}
