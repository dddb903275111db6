//! The bucket, in memory: what S3 does.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use md5::{Digest, Md5};

use crate::checksum::Checksum;
use crate::content::{ETag, to_hex};
use crate::index::{self, Index, Log};
use crate::key;
use crate::remote::{Cursor, Error, Expect, Listed, Metadata, ObjectInfo, Page, Written};

/// An object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) etag: ETag,
    pub(super) metadata: Metadata,
    modified: i64,
}

#[derive(Debug)]
pub(super) struct Upload {
    pub(super) metadata: Metadata,
    pub(super) parts: BTreeMap<u32, Bytes>,
}

/// A write that is still on its way though its sender has given it up.
pub(super) type Late = Box<dyn FnOnce(&mut Bucket) + Send>;

/// See the module.
#[derive(Default)]
pub(super) struct Bucket {
    pub(super) objects: BTreeMap<String, Object>,
    pub(super) uploads: HashMap<String, Upload>,
    pub(super) late: Vec<Late>,
    /// Whether ETags tell nothing about contents.
    pub(super) opaque: bool,
    /// Whether it knows no conditions on writes, so that nothing may come too late.
    pub(super) unconditional: bool,
    /// Rows on a page at most.
    pub(super) page: usize,
    /// Seconds since the epoch, by the server's clock.
    pub(super) clock: i64,
    pub(super) made: u64,
    /// Number of requests, by name.
    pub(super) requests: BTreeMap<&'static str, u64>,
}

impl Bucket {
    pub(super) fn write(&mut self, name: &str, bytes: Bytes, metadata: Metadata) -> Written {
        self.made += 1;
        let sum = if self.opaque { Md5::digest(self.made.to_le_bytes()) } else { Md5::digest(&bytes) };
        let etag = ETag::new(&to_hex(&sum));
        self.objects.insert(name.to_owned(), Object { bytes, etag: etag.clone(), metadata, modified: self.clock });
        Written { etag, version_id: None }
    }

    pub(super) fn judge(&self, name: &str, expect: &Expect) -> Result<(), Error> {
        if self.unconditional {
            return Err(Error::NotImplemented("a condition".to_owned()));
        }
        match (expect, self.objects.get(name)) {
            (Expect::Absent, None) => Ok(()),
            (Expect::ETag(expected), Some(found)) if *expected == found.etag => Ok(()),
            (Expect::ETag(_), None) => Err(Error::NotFound),
            _ => Err(Error::Precondition),
        }
    }

    pub(super) fn put(
        &mut self,
        name: &str,
        bytes: Bytes,
        metadata: Metadata,
        expect: &Expect,
    ) -> Result<Written, Error> {
        self.judge(name, expect)?;
        Ok(self.write(name, bytes, metadata))
    }

    pub(super) fn copy(
        &mut self,
        (source, etag): (&str, &ETag),
        name: &str,
        metadata: Option<&Metadata>,
        expect: &Expect,
    ) -> Result<Written, Error> {
        let there = self.objects.get(source).filter(|there| there.etag == *etag).ok_or(Error::Precondition)?;
        let (bytes, metadata) = (there.bytes.clone(), metadata.unwrap_or(&there.metadata).clone());
        self.put(name, bytes, metadata, expect)
    }

    pub(super) fn delete(&mut self, name: &str, etag: &ETag) -> Result<(), Error> {
        match self.objects.get(name) {
            Some(_) if self.unconditional => Err(Error::NotImplemented("a condition".to_owned())),
            Some(there) if there.etag != *etag => Err(Error::Precondition),
            _ => {
                self.objects.remove(name);
                Ok(())
            }
        }
    }

    pub(super) fn complete(
        &mut self,
        (name, id): (&str, &str),
        (parts, checksum): (usize, Option<Checksum>),
        expect: &Expect,
    ) -> Result<Written, Error> {
        self.judge(name, expect)?;
        // What a server says of an upload that is over already.
        let upload = self.uploads.get(id).ok_or(Error::Conflict)?;
        assert_eq!(parts, upload.parts.len(), "{name}: other parts than were uploaded");
        let (bytes, metadata) = (upload.parts.values().flatten().copied().collect::<Bytes>(), upload.metadata.clone());
        if checksum.is_some_and(|checksum| checksum != Checksum::crc64(&bytes)) {
            return Err(Error::Damaged(format!("{name}: other parts than the checksum is of")));
        }
        self.uploads.remove(id);
        Ok(self.write(name, bytes, metadata))
    }

    pub(super) fn list(&self, start: Option<&Cursor>, limit: usize) -> Page {
        let from = match start {
            None => String::new(),
            Some(Cursor::After(name) | Cursor::Token(name)) => format!("{name}\0"),
        };
        let limit = limit.min(self.page);
        let mut rows = self.objects.range(from..).take(limit + 1).map(|(name, object)| Listed {
            name: name.as_str().into(),
            size: object.bytes.len() as u64,
            etag: object.etag.clone(),
            last_modified: object.modified,
        });
        let objects: Vec<Listed> = rows.by_ref().take(limit).collect();
        let next = rows.next().and_then(|_| Some(Cursor::Token(objects.last()?.name.to_string())));
        Page { objects, next }
    }

    /// What index and change log say together.
    pub(super) fn index(&self) -> Index {
        let Some(file) = self.objects.get(key::INDEX) else { return Index::default() };
        let mut index = index::decode(&file.bytes).unwrap_or_default();
        if let Some(log) = self.objects.get(key::LOG).and_then(|log| Log::decode(&log.bytes).ok()) {
            index.apply(log.changes(&file.etag.to_string(), &index));
        }
        index
    }

    /// The contents, without what is s4's own.
    pub(super) fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        let own = |name: &&String| !key::is_reserved(name);
        self.objects.keys().filter(own).map(|name| (name.clone(), self.objects[name].bytes.to_vec())).collect()
    }
}

impl Object {
    pub(super) fn info(&self) -> ObjectInfo {
        ObjectInfo {
            size: self.bytes.len() as u64,
            etag: self.etag.clone(),
            last_modified: self.modified,
            version_id: None,
            metadata: self.metadata.clone(),
        }
    }
}
