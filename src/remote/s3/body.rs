//! The bytes of an answer: counted, timed, and never fewer than were promised.

use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use super::super::counts::Counts;
use super::super::{Body, Error};
use super::{READ_TIMEOUT, errors};

/// The bytes of one GET.
#[derive(Debug)]
pub struct S3Body {
    stream: ByteStream,
    /// Bytes still to come, by the server's word.
    missing: u64,
    server: Arc<str>,
    counts: Arc<Counts>,
}

impl S3Body {
    pub(super) fn new(stream: ByteStream, length: u64, server: Arc<str>, counts: Arc<Counts>) -> S3Body {
        S3Body { stream, missing: length, server, counts }
    }
}

impl Body for S3Body {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let Ok(next) = tokio::time::timeout(READ_TIMEOUT, self.stream.next()).await else {
            return Err(Error::Network(format!("{}: no more bytes in time", self.server)));
        };
        let chunk = match next {
            Some(Ok(chunk)) => chunk,
            Some(Err(error)) => {
                return Err(Error::Network(format!("{}: {}", self.server, errors::plain_cause(&error))));
            }
            None if self.missing == 0 => return Ok(None),
            None => return Err(Error::Network(format!("{}: {} bytes did not arrive", self.server, self.missing))),
        };
        let length = chunk.len() as u64;
        self.missing = self
            .missing
            .checked_sub(length)
            .ok_or_else(|| Error::Damaged(format!("{} sent more bytes than it had announced", self.server)))?;
        self.counts.down(chunk.len());
        Ok(Some(chunk))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: &'static [u8], length: u64) -> S3Body {
        S3Body::new(ByteStream::from_static(bytes), length, "http://host".into(), Arc::default())
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
    async fn more_bytes_than_announced_are_an_error() {
        assert!(matches!(body(b"abc", 2).chunk().await, Err(Error::Damaged(_))));
    }
}
