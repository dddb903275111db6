//! How many requests were made, by class, since a store was connected: what the budget is held by, and what is paid for.

use std::sync::atomic::{AtomicU64, Ordering};

/// The class of a request, as S3 prices it and as people are told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A page of a listing, be it of objects, of uploads, or of an upload's parts: S3 has one price for these.
    List,
    /// A read of an object or a part of it, also one that found nothing new.
    Get,
    /// A question after one object.
    Head,
    /// A write: an object, a part, the begin or the end of a multipart upload.
    Put,
    /// A copy on the server.
    Copy,
    /// A delete of one or of many, and the end of an upload that was given up; S3 asks nothing for these.
    Delete,
}

/// Running counts; shared, and never locked.
#[derive(Debug, Default)]
pub struct Counts {
    requests: [AtomicU64; 6],
    attempts: AtomicU64,
    slow_downs: AtomicU64,
    listed: AtomicU64,
    flying: AtomicU64,
    bytes_up: AtomicU64,
    bytes_down: AtomicU64,
}

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountsSnapshot {
    /// Pages listed.
    pub list: u64,
    /// Objects or parts read.
    pub get: u64,
    /// Objects asked after.
    pub head: u64,
    /// Writes: each part of a multipart upload counts, and so do its begin and its end.
    pub put: u64,
    /// Copies on the server.
    pub copy: u64,
    /// Deletes, a batch counted as one.
    pub delete: u64,
    /// Requests that had to be sent again.
    pub retries: u64,
    /// Bytes of content sent, those of retries not counted again.
    pub bytes_up: u64,
    /// Bytes of content received.
    pub bytes_down: u64,
}

impl Counts {
    /// Counts one request, retries aside.
    pub fn request(&self, class: Class) {
        self.requests[class as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one attempt to send a request: the first and each retry.
    pub fn attempt(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an answer that asks to slow down (429, 503).
    pub fn slow_down(&self) {
        self.slow_downs.fetch_add(1, Ordering::Relaxed);
    }

    /// How many answers have asked to slow down.
    pub fn slow_downs(&self) -> u64 {
        self.slow_downs.load(Ordering::Relaxed)
    }

    /// Counts objects that a page of a listing has brought.
    pub fn list(&self, objects: usize) {
        self.listed.fetch_add(objects as u64, Ordering::Relaxed);
    }

    /// How many objects were listed.
    pub fn listed(&self) -> u64 {
        self.listed.load(Ordering::Relaxed)
    }

    /// Counts bytes of a big body that were sent.
    pub fn fly(&self, bytes: u64) {
        self.flying.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts as many no more: their request has its answer, or has failed.
    pub fn land(&self, bytes: u64) {
        self.flying.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// How many bytes of big bodies were sent of which nothing is known yet.
    pub fn flying(&self) -> u64 {
        self.flying.load(Ordering::Relaxed)
    }

    /// Counts bytes of content sent.
    pub fn up(&self, bytes: usize) {
        self.bytes_up.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts bytes of content received.
    pub fn down(&self, bytes: usize) {
        self.bytes_down.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The counts now. Exact once no request is under way.
    pub fn snapshot(&self) -> CountsSnapshot {
        let of = |class: Class| self.requests[class as usize].load(Ordering::Relaxed);
        let mut counts = CountsSnapshot {
            list: of(Class::List),
            get: of(Class::Get),
            head: of(Class::Head),
            put: of(Class::Put),
            copy: of(Class::Copy),
            delete: of(Class::Delete),
            retries: 0,
            bytes_up: self.bytes_up.load(Ordering::Relaxed),
            bytes_down: self.bytes_down.load(Ordering::Relaxed),
        };
        counts.retries = self.attempts.load(Ordering::Relaxed).saturating_sub(counts.requests());
        counts
    }
}

impl CountsSnapshot {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: CountsSnapshot) -> CountsSnapshot {
        CountsSnapshot {
            list: self.list + other.list,
            get: self.get + other.get,
            head: self.head + other.head,
            put: self.put + other.put,
            copy: self.copy + other.copy,
            delete: self.delete + other.delete,
            retries: self.retries + other.retries,
            bytes_up: self.bytes_up + other.bytes_up,
            bytes_down: self.bytes_down + other.bytes_down,
        }
    }

    /// All requests, retries aside.
    pub fn requests(&self) -> u64 {
        self.list + self.get + self.head + self.put + self.copy + self.delete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_is_counted_apart() {
        let counts = Counts::default();
        for (class, times) in
            [(Class::List, 1), (Class::Get, 2), (Class::Head, 3), (Class::Put, 4), (Class::Copy, 5), (Class::Delete, 6)]
        {
            for _ in 0..times {
                counts.request(class);
                counts.attempt();
            }
        }
        counts.attempt();
        counts.up(7);
        counts.down(8);
        let now = counts.snapshot();
        assert_eq!((now.list, now.get, now.head, now.put, now.copy, now.delete), (1, 2, 3, 4, 5, 6));
        assert_eq!((now.requests(), now.retries, now.bytes_up, now.bytes_down), (21, 1, 7, 8));
    }
}
