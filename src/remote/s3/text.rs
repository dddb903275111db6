//! How names and metadata are written into requests, and read from answers.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::Metadata;
use crate::content::{LINK_MODE, Sha256, is_link};

/// Where a file's mtime stands among the user metadata.
const MTIME: &str = "mtime";
/// Where its permission bits stand.
const MODE: &str = "mode";
/// Where the sum of its content stands.
const SHA256: &str = "sha256";

const NANOS: i128 = 1_000_000_000;

/// Percent-encodes all but letters, digits, `-._~` and `/`: the form that a copy's source has to have.
pub(super) fn encode(name: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(name.len() + 16);
    for &byte in name.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    text
}

/// Decodes a name of a listing with `encoding-type=url`, or of an event, where a `+` is a space as in a form. `None` for what is not
/// well encoded, or not UTF-8.
pub(in crate::remote) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return Some(Cow::Borrowed(text));
    }
    let mut name = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        name.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
                u8::try_from(high << 4 | low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(name).ok().map(Cow::Owned)
}

/// Whether XML can carry a name, and servers can be trusted to: control characters and the two non-characters are out.
pub(super) fn is_xml_safe(name: &str) -> bool {
    !name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{fffe}' | '\u{ffff}'))
}

/// The user metadata to write with an object.
pub(super) fn to_user_metadata(metadata: &Metadata) -> HashMap<String, String> {
    let mut user = HashMap::new();
    if let Some(ns) = metadata.mtime_ns {
        user.insert(MTIME.into(), to_seconds(ns));
    }
    if let Some(mode) = metadata.mode {
        user.insert(MODE.into(), format!("{mode:o}"));
    }
    if let Some(sha256) = metadata.sha256 {
        user.insert(SHA256.into(), sha256.to_string());
    }
    user
}

/// Reads what [`to_user_metadata`] wrote, or another tool; what makes no sense is as if it were not there.
pub(super) fn from_user_metadata(user: Option<&HashMap<String, String>>, content_type: Option<&str>) -> Metadata {
    let field = |name: &str| user?.get(name).map(String::as_str);
    Metadata {
        mtime_ns: field(MTIME).and_then(from_seconds),
        mode: field(MODE).and_then(from_octal),
        sha256: field(SHA256).and_then(Sha256::from_hex),
        content_type: content_type.map(Into::into),
    }
}

/// Nanoseconds as seconds with as many digits of a fraction as they need, as rclone writes them.
fn to_seconds(ns: i128) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let ns = ns.unsigned_abs();
    let (seconds, fraction) = (ns / NANOS.unsigned_abs(), ns % NANOS.unsigned_abs());
    let text = format!("{sign}{seconds}.{fraction:09}");
    text.trim_end_matches('0').trim_end_matches('.').into()
}

/// Reads seconds with or without a fraction, exactly; digits below a nanosecond are dropped. Seconds may
/// have 64 bits, no more.
fn from_seconds(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (seconds, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if seconds.is_empty() || !(seconds.bytes().chain(fraction.bytes())).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = i128::from(seconds.parse::<u64>().ok()?);
    let nanos = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanos = nanos.fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    let ns = seconds * NANOS + nanos;
    Some(if negative { -ns } else { ns })
}

/// Permission bits in octal; also a whole `st_mode` as rclone writes it, of which the permission bits are kept. A symbolic link's
/// says that it is one.
fn from_octal(text: &str) -> Option<u32> {
    if !text.bytes().all(|byte| (b'0'..=b'7').contains(&byte)) {
        return None;
    }
    let mode = u32::from_str_radix(text, 8).ok()?;
    Some(if is_link(mode) { LINK_MODE } else { mode & 0o7777 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_encoded_for_a_copys_source() {
        assert_eq!(encode("a b/c+d%41?é//\\\u{1}~"), "a%20b/c%2Bd%2541%3F%C3%A9//%5C%01~");
    }

    #[test]
    fn listed_names_are_decoded_and_bad_ones_are_refused() {
        assert_eq!(decode("a/b").as_deref(), Some("a/b"));
        assert_eq!(decode("a+b%2Bc%20d%2541%C3%a9").as_deref(), Some("a b+c d%41é"));
        for bad in ["%", "%4", "%zz", "%+1", "%ff"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_written_as_rclone_writes_them() {
        for (ns, text) in [
            (0, "0"),
            (1_354_040_105_123_456_789, "1354040105.123456789"),
            (1_354_040_105_120_000_000, "1354040105.12"),
            (100_000_000_000, "100"),
            (1, "0.000000001"),
            (-1_500_000_000, "-1.5"),
            (-1, "-0.000000001"),
        ] {
            assert_eq!(to_seconds(ns), text);
            assert_eq!(from_seconds(text), Some(ns));
        }
        assert_eq!(from_seconds("1.1234567899"), Some(1_123_456_789));
        assert_eq!(from_seconds("1."), Some(1_000_000_000));
    }

    #[test]
    fn metadata_that_makes_no_sense_is_none() {
        for text in ["", "-", ".5", "+1", "1e9", "1.-5", "--1", "1.2.3", "99999999999999999999999", "2020-01-01", " 1"]
        {
            assert_eq!(from_seconds(text), None, "{text}");
        }
        for text in ["", "8", "rwx", "-1", "+7", "77777777777777"] {
            assert_eq!(from_octal(text), None, "{text}");
        }
        assert_eq!((from_octal("644"), from_octal("0100755")), (Some(0o644), Some(0o755)));
        let user =
            HashMap::from([("mtime".into(), "x".into()), ("mode".into(), "x".into()), ("sha256".into(), "x".into())]);
        assert_eq!(from_user_metadata(Some(&user), None), Metadata::default());
        assert_eq!(from_user_metadata(None, None), Metadata::default());
    }

    #[test]
    fn only_plain_names_go_into_xml() {
        assert!(is_xml_safe("a b+<&>'\"é\u{1f600}\\"));
        for name in ["\u{1}", "a\tb", "a\nb", "\u{7f}", "\u{85}", "\u{fffe}"] {
            assert!(!is_xml_safe(name), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_survives_its_encoding(name in any::<String>()) {
            let encoded = encode(&name);
            prop_assert_eq!(decode(&encoded), Some(Cow::Owned(name)));
        }

        #[test]
        fn all_metadata_reads_back_as_written(
            seconds in any::<i64>(), nanos in 0..1_000_000_000_i64, mode in 0..0o10000_u32, sum in any::<[u8; 32]>(),
        ) {
            let metadata = Metadata {
                mtime_ns: Some(i128::from(seconds) * NANOS + i128::from(nanos)),
                mode: Some(mode),
                sha256: Some(Sha256(sum)),
                content_type: Some("text/plain".into()),
            };
            prop_assert_eq!(from_user_metadata(Some(&to_user_metadata(&metadata)), Some("text/plain")), metadata);
        }
    }
}
