//! The bytes of an answer: counted, and never fewer than were promised.

use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use tokio::time::sleep_until;

use super::super::counts::Counts;
use super::super::{Body, Error};
use super::errors;
use super::throttle::Throttle;
use crate::checksum::{Checksum, Comparison};

/// The bytes of one GET.
#[derive(Debug)]
pub struct S3Body {
    stream: ByteStream,
    /// Bytes still to come, by the server's word.
    missing: u64,
    /// To be compared with the checksum that the server keeps of the object.
    comparison: Option<Comparison>,
    server: Arc<str>,
    counts: Arc<Counts>,
    /// How fast it may come.
    throttle: Option<Arc<Throttle>>,
}

impl S3Body {
    pub(super) fn new(
        stream: ByteStream,
        (length, checksum): (u64, Option<Checksum>),
        server: Arc<str>,
        counts: Arc<Counts>,
    ) -> S3Body {
        let comparison = checksum.map(Checksum::begin);
        S3Body { stream, missing: length, comparison, server, counts, throttle: None }
    }

    /// The same, no faster than `throttle` says.
    pub(super) fn throttled(self, throttle: Option<Arc<Throttle>>) -> S3Body {
        S3Body { throttle, ..self }
    }
}

impl Body for S3Body {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let chunk = match self.stream.next().await {
            Some(Ok(chunk)) => chunk,
            Some(Err(error)) => {
                return Err(Error::Network(format!("{}: {}", self.server, errors::plain_cause(&error))));
            }
            None if self.missing == 0 => {
                let sound = self.comparison.take().is_none_or(Comparison::matches);
                let what = || format!("what {} sent has another checksum than the object", self.server);
                return if sound { Ok(None) } else { Err(Error::Damaged(what())) };
            }
            None => return Err(Error::Network(format!("{}: {} bytes did not arrive", self.server, self.missing))),
        };
        let length = chunk.len() as u64;
        self.missing = self
            .missing
            .checked_sub(length)
            .ok_or_else(|| Error::Damaged(format!("{} sent more bytes than it had announced", self.server)))?;
        self.counts.down(chunk.len());
        if let Some(throttle) = &self.throttle {
            // What is not read stays with the server.
            sleep_until(throttle.take(chunk.len())).await;
        }
        if let Some(comparison) = &mut self.comparison {
            comparison.update(&chunk);
        }
        Ok(Some(chunk))
    }

    fn is_compared(&self) -> bool {
        self.comparison.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: &'static [u8], length: u64) -> S3Body {
        S3Body::new(ByteStream::from_static(bytes), (length, None), "http://host".into(), Arc::default())
    }

    #[tokio::test]
    async fn a_whole_body_arrives_and_is_counted() {
        let mut body = body(b"abc", 3);
        assert_eq!(body.chunk().await.unwrap().as_deref(), Some(&b"abc"[..]));
        assert_eq!(body.chunk().await.unwrap(), None);
        assert_eq!(body.counts.snapshot().bytes_down, 3);
    }

    #[tokio::test]
    async fn an_early_end_is_an_error() {
        let mut body = body(b"abc", 5);
        body.chunk().await.unwrap();
        assert!(matches!(body.chunk().await, Err(Error::Network(text)) if text.ends_with("2 bytes did not arrive")));
    }

    #[tokio::test]
    async fn another_checksum_than_the_server_has_is_an_error_at_the_end() {
        for (sent, sound) in [(b"hello", true), (b"hemlo", false)] {
            let checksum = Some(Checksum::crc64(b"hello"));
            let mut body =
                S3Body::new(ByteStream::from_static(sent), (5, checksum), "http://host".into(), Arc::default());
            assert!(body.is_compared());
            body.chunk().await.unwrap();
            assert_eq!(matches!(body.chunk().await, Ok(None)), sound);
        }
    }

    #[tokio::test]
    async fn more_bytes_than_announced_are_an_error() {
        assert!(matches!(body(b"abc", 2).chunk().await, Err(Error::Damaged(_))));
    }
}
