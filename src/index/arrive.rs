//! Fetching a file of s4's own.

use bytes::Bytes;

use super::DecodeError;
use super::codec::too_large;
use super::remote::RemoteIndexError;
use crate::content::ETag;
use crate::remote::{Body, Error, GetOptions, Got, ObjectStore};

/// How often it is fetched that arrives damaged.
const ARRIVALS: u32 = 4;

/// What came of fetching a file of s4's own.
pub(super) enum Arrived<T> {
    /// It is the version that is known already.
    Same,
    /// There is none.
    Gone,
    /// What it says.
    Sound(ETag, Bytes, T),
    /// It is there and makes no sense.
    Damaged(ETag, Bytes, String),
}

/// Fetches a file of s4's own if it is another than `known`: until it arrives sound, or damaged in the same way twice. Damage on
/// the way is no damage: what is believed to be damaged is written anew.
pub(super) async fn arrive<S: ObjectStore, T>(
    store: &S,
    name: &str,
    known: Option<&ETag>,
    largest: u64,
    read: fn(&[u8]) -> Result<T, DecodeError>,
) -> Result<Arrived<T>, RemoteIndexError> {
    let mut if_none_match = known.cloned();
    let mut failure = Error::Damaged(format!("{name} arrived differently each time"));
    let mut before: Option<Bytes> = None;
    for _ in 0..ARRIVALS {
        let options = GetOptions { if_none_match: if_none_match.take(), ..GetOptions::default() };
        let (info, body) = match store.get(name, options).await {
            Ok(Got::Object(info, body)) => (info, body),
            Ok(Got::NotModified) => return Ok(Arrived::Same),
            Err(Error::NotFound) => return Ok(Arrived::Gone),
            Err(error) => return Err(error.into()),
        };
        if info.size > largest {
            // It need not be fetched to know that it is none.
            let what = too_large(largest).to_string();
            return Ok(Arrived::Damaged(info.etag, Bytes::new(), what));
        }
        match collect(body, info.size).await {
            Ok(bytes) => match read(&bytes) {
                Ok(read) => return Ok(Arrived::Sound(info.etag, bytes, read)),
                Err(newer @ DecodeError::Newer(_)) => return Err(RemoteIndexError::Newer(newer)),
                Err(DecodeError::Damaged(what)) if before.as_ref() == Some(&bytes) => {
                    return Ok(Arrived::Damaged(info.etag, bytes, what));
                }
                Err(DecodeError::Damaged(_)) => before = Some(bytes),
            },
            Err(error @ Error::Damaged(_)) => failure = error,
            Err(error) => return Err(error.into()),
        }
    }
    Err(failure.into())
}

async fn collect(mut body: impl Body, size: u64) -> Result<Bytes, Error> {
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(1 << 30)).unwrap_or_default());
    while let Some(chunk) = body.chunk().await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > size {
            return Err(Error::Damaged(format!("more than {size} bytes arrived")));
        }
    }
    Ok(bytes.into())
}
