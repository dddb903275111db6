//! What a content is known by: the sha256 of its bytes, and the opaque ETag that S3 gives an object.

use std::fmt;

/// The SHA-256 of a content; written as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(pub [u8; 32]);

/// The mode of a symbolic link, file type and permissions, as git writes it but for the permissions, which mean nothing.
pub const LINK_MODE: u32 = 0o120_777;

/// Whether a mode is that of a symbolic link.
pub fn is_link(mode: u32) -> bool {
    mode & 0o170_000 == 0o120_000
}

impl Sha256 {
    /// The sum of some bytes.
    pub fn of(bytes: &[u8]) -> Sha256 {
        Sha256(sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix(bytes)).into())
    }

    /// Reads 64 hex digits; `None` for anything else.
    pub fn from_hex(text: &str) -> Option<Sha256> {
        let text = text.as_bytes();
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = (hex_digit(pair[0])? << 4) | hex_digit(pair[1])?;
        }
        Some(Sha256(bytes))
    }
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Lower-case hex of some bytes.
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An object's entity tag, without quotes. An identity and nothing more, except where [`ETag::md5_form`] says so.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ETag(Tag);

/// Of a million objects most have tags of one shape; that takes 24 bytes, and no allocation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Tag {
    /// Exactly as this form is written.
    Md5(Md5Form),
    /// Any other text.
    Other(Box<str>),
}

/// The shape of an ETag that may be made of MD5 sums. The shape alone proves nothing: an encrypted object's ETag looks
/// the same and is no MD5, so an *equal* sum shows equal content, and an unequal one shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Md5Form {
    /// The MD5 of the whole content.
    Whole([u8; 16]),
    /// The MD5 of the parts' MD5s, and the number of parts.
    Parts([u8; 16], u32),
}

impl ETag {
    /// Takes an ETag as a server sent it, quoted or not. One that was taken before stays as it is, however odd: an index has it
    /// without quotes, and must not tell of another one.
    pub fn new(text: &str) -> ETag {
        let mut tag = text;
        loop {
            let bare = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
            if bare.len() == tag.len() {
                let form = Md5Form::parse(tag).filter(|form| form.to_string() == tag);
                return ETag(form.map_or_else(|| Tag::Other(tag.into()), Tag::Md5));
            }
            tag = bare;
        }
    }

    /// The MD5 sums in it, if it has the shape of one.
    pub fn md5_form(&self) -> Option<Md5Form> {
        match &self.0 {
            Tag::Md5(form) => Some(*form),
            Tag::Other(text) => Md5Form::parse(text),
        }
    }
}

impl Md5Form {
    fn parse(text: &str) -> Option<Md5Form> {
        let (hex, parts) = match text.split_once('-') {
            Some((hex, parts)) => (hex, Some(parts.parse().ok()?)),
            None => (text, None),
        };
        let text = hex.as_bytes();
        if text.len() != 32 {
            return None;
        }
        let mut sum = [0; 16];
        for (byte, pair) in sum.iter_mut().zip(text.chunks_exact(2)) {
            *byte = (hex_digit(pair[0])? << 4) | hex_digit(pair[1])?;
        }
        match parts {
            None => Some(Md5Form::Whole(sum)),
            Some(0) => None,
            Some(parts) => Some(Md5Form::Parts(sum, parts)),
        }
    }
}

impl fmt::Display for Md5Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Md5Form::Whole(sum) => f.write_str(&to_hex(sum)),
            Md5Form::Parts(sum, parts) => write!(f, "{}-{parts}", to_hex(sum)),
        }
    }
}

impl fmt::Display for ETag {
    /// The tag without quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Tag::Md5(form) => form.fmt(f),
            Tag::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_survives_its_hex() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Sha256::from_hex(hex).unwrap().to_string(), hex);
        for wrong in ["", "zz", &hex[1..], &hex.replace('e', "g")] {
            assert_eq!(Sha256::from_hex(wrong), None);
        }
    }

    #[test]
    fn a_tag_that_was_taken_stays_as_it_is() {
        let hex = "d41d8cd98f00b204e9800998ecf8427e";
        for tag in [hex, &format!("{hex}-7"), &format!("{hex}-07"), &format!("{hex}-+7"), &hex.to_uppercase()] {
            assert_eq!(ETag::new(tag).to_string(), tag);
        }
        assert_eq!(size_of::<Option<ETag>>(), 24);
        for tag in ["\"x\"", "x", "W/\"x\"", "W/\"W/\"x\"\"", "\"\"", "W/", "\"W/\"", "\"a\"b\""] {
            let once = ETag::new(tag);
            assert_eq!(ETag::new(&once.to_string()), once, "{tag}");
        }
        assert_eq!(ETag::new("W/\"x\"").to_string(), "x");
    }

    #[test]
    fn only_md5_shaped_tags_have_md5_forms() {
        let hex = "d41d8cd98f00b204e9800998ecf8427e";
        assert!(matches!(ETag::new(&format!("\"{hex}\"")).md5_form(), Some(Md5Form::Whole(_))));
        assert!(matches!(ETag::new(&format!("{hex}-12")).md5_form(), Some(Md5Form::Parts(_, 12))));
        for odd in ["", "x", &hex[1..], &format!("{hex}-"), &format!("{hex}-0"), &format!("{hex}-x")] {
            assert_eq!(ETag::new(odd).md5_form(), None, "{odd}");
        }
    }
}
