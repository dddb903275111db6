//! `s3://bucket/prefix`: where a target's objects live.

use std::fmt;
use std::str::FromStr;

use s4_commands::holds_keys;

/// The fewest and the most bytes a bucket's name may have.
const BUCKET_BYTES: std::ops::RangeInclusive<usize> = 3..=63;

/// A bucket and the prefix below which a target's objects live.
///
/// The prefix has no `/` at either end and no empty, `.` or `..` part; an empty one means the whole bucket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct S3Uri {
    bucket: String,
    prefix: String,
}

/// Why a text is no [`S3Uri`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// It does not begin with `s3://`.
    #[error("'{0}' does not begin with s3://")]
    Scheme(String),
    /// There is no bucket in it.
    #[error("'{0}' names no bucket")]
    NoBucket(String),
    /// No bucket can have that name.
    #[error("'{0}' is no bucket name: 3 to 63 letters, digits, '.', '-' or '_', a letter or digit at both ends")]
    BucketName(String),
    /// There is an `@` before the bucket's end. What is before it may be a key, so it is not repeated.
    #[error("there is an '@' where the bucket's name is: keys do not belong there")]
    Keys,
    /// The prefix has `//` in it.
    #[error("the prefix in '{0}' has an empty part ('//')")]
    EmptyPart(String),
    /// The prefix has a part `.` or `..`.
    #[error("the prefix in '{0}' has a '.' or '..' part")]
    DotPart(String),
}

impl S3Uri {
    /// Reads `s3://bucket` or `s3://bucket/prefix`; one `/` at the end is taken off.
    ///
    /// # Errors
    ///
    /// The first [`UriError`] found.
    pub fn parse(text: &str) -> Result<S3Uri, UriError> {
        if holds_keys(text) {
            return Err(UriError::Keys);
        }
        let rest = text.strip_prefix("s3://").ok_or_else(|| UriError::Scheme(text.into()))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(UriError::NoBucket(text.into()));
        }
        if !is_bucket_name(bucket) {
            return Err(UriError::BucketName(bucket.into()));
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        // "s3://b//" leaves nothing after that: it still names an empty part.
        if rest.contains("//") {
            return Err(UriError::EmptyPart(text.into()));
        }
        if prefix.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(UriError::DotPart(text.into()));
        }
        Ok(S3Uri { bucket: bucket.into(), prefix: prefix.into() })
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The prefix, without `/` at either end; `""` for the whole bucket.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The whole object name of `name` below the prefix.
    pub fn full(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.into() } else { format!("{}/{name}", self.prefix) }
    }

    /// The name below the prefix of a whole object name; `None` for an object outside of it.
    pub fn below<'a>(&self, full: &'a str) -> Option<&'a str> {
        if self.prefix.is_empty() { Some(full) } else { full.strip_prefix(&self.prefix)?.strip_prefix('/') }
    }
}

/// Whether some server may have a bucket of that name. Laxer than AWS is today: old buckets there, and other servers,
/// have capitals and underscores.
fn is_bucket_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    BUCKET_BYTES.contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(byte))
        && plain(bytes.first())
        && plain(bytes.last())
        && !name.contains("..")
}

impl FromStr for S3Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<S3Uri, UriError> {
        S3Uri::parse(text)
    }
}

impl fmt::Display for S3Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_and_prefixes_are_read() {
        for (text, bucket, prefix, full) in [
            ("s3://photos", "photos", "", "x"),
            ("s3://photos/", "photos", "", "x"),
            ("s3://photos/a", "photos", "a", "a/x"),
            ("s3://photos/a/b c/é/", "photos", "a/b c/é", "a/b c/é/x"),
            ("s3://Old_Bucket.eu/...", "Old_Bucket.eu", "...", ".../x"),
        ] {
            let uri = S3Uri::parse(text).unwrap();
            assert_eq!((uri.bucket(), uri.prefix()), (bucket, prefix), "{text}");
            assert_eq!(uri.full("x"), full);
            assert_eq!(uri.below(full), Some("x"));
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        let owned = String::from;
        for (text, problem) in [
            ("photos/a", UriError::Scheme(owned("photos/a"))),
            ("s3://AKID:hush@photos/a", UriError::Keys),
            ("https://me:hush@host/photos", UriError::Keys),
            ("me:hush@host", UriError::Keys),
            ("S3://photos", UriError::Scheme(owned("S3://photos"))),
            ("", UriError::Scheme(owned(""))),
            ("s3://", UriError::NoBucket(owned("s3://"))),
            ("s3:///a", UriError::NoBucket(owned("s3:///a"))),
            ("s3://ab", UriError::BucketName(owned("ab"))),
            ("s3://a b c", UriError::BucketName(owned("a b c"))),
            ("s3://-abc", UriError::BucketName(owned("-abc"))),
            ("s3://a..b", UriError::BucketName(owned("a..b"))),
            ("s3://photos//", UriError::EmptyPart(owned("s3://photos//"))),
            ("s3://photos//a", UriError::EmptyPart(owned("s3://photos//a"))),
            ("s3://photos/a//b", UriError::EmptyPart(owned("s3://photos/a//b"))),
            ("s3://photos/../b", UriError::DotPart(owned("s3://photos/../b"))),
            ("s3://photos/a/.", UriError::DotPart(owned("s3://photos/a/."))),
        ] {
            assert_eq!(S3Uri::parse(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn objects_beside_the_prefix_are_not_below_it() {
        let uri = S3Uri::parse("s3://photos/a").unwrap();
        for beside in ["a", "ab/x", "b/x", ""] {
            assert_eq!(uri.below(beside), None, "{beside}");
        }
        assert_eq!(uri.below("a/"), Some(""));
        assert_eq!(uri.below("a//x"), Some("/x"));
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_as_itself(
            bucket in "[a-z0-9][a-z0-9-]{1,20}[a-z0-9]",
            parts in proptest::collection::vec("[^/]{1,8}", 0..4),
        ) {
            let text = format!("s3://{bucket}/{}", parts.join("/"));
            if let Ok(uri) = S3Uri::parse(&text) {
                prop_assert_eq!(S3Uri::parse(&uri.to_string()), Ok(uri));
            } else {
                prop_assert!(parts.iter().any(|part| part == "." || part == ".."));
            }
        }
    }
}
