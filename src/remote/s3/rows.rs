//! Reading the rows of a LIST answer, ten times as fast as a reader of any XML can: pages of a listing are most of what an
//! idle sync does.
//!
//! What is read here is the plain form that servers send: elements without a prefix, text, the references of XML. Anything
//! else (a comment, CDATA, a name twice in a row) is [`Odd`], and left to the SDK's reader, which is a reader of any XML.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

/// Why an answer is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// It ends in its middle.
    CutOff,
    /// It is not of the plain form: another reader has to tell what it means.
    Form,
}

/// A page as the answer has it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    /// The rows, in their order.
    pub(super) rows: Vec<Row<'a>>,
    /// Whether names are written as in an address.
    pub(super) encoded: bool,
    /// Whether there are more pages.
    pub(super) truncated: bool,
    /// Where the next page begins, in the server's words.
    pub(super) token: Option<String>,
}

/// A row; what it lacks is `None`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub(super) key: Option<Cow<'a, str>>,
    pub(super) size: Option<i64>,
    pub(super) etag: Option<Cow<'a, str>>,
    /// As the answer has it: RFC 3339.
    pub(super) last_modified: Option<Cow<'a, str>>,
}

/// Reads an answer.
///
/// # Errors
///
/// [`Odd`] says why not.
pub(super) fn read(xml: &[u8]) -> Result<Answer<'_>, Odd> {
    let mut xml = Xml { rest: std::str::from_utf8(xml).map_err(|_| Odd::Form)? };
    xml.skip_prologue()?;
    match xml.next()? {
        ("", Tag::Open("ListBucketResult")) => {}
        ("", Tag::Empty("ListBucketResult")) => return xml.end().map(|()| Answer::default()),
        _ => return Err(Odd::Form),
    }
    let mut answer = Answer::default();
    let (mut truncated, mut encoding) = (None, None);
    loop {
        match xml.inner()? {
            Tag::Open("Contents") => answer.rows.push(xml.row()?),
            Tag::Empty("Contents") => answer.rows.push(Row::default()),
            Tag::Open("IsTruncated") => once(&mut truncated, xml.text("IsTruncated")?)?,
            Tag::Open("NextContinuationToken") => {
                once(&mut answer.token, xml.text("NextContinuationToken")?.into_owned())?;
            }
            Tag::Open("EncodingType") => once(&mut encoding, xml.text("EncodingType")?)?,
            Tag::Open(other) => xml.skip(other)?,
            Tag::Empty("IsTruncated" | "NextContinuationToken" | "EncodingType") => return Err(Odd::Form),
            Tag::Empty(_) => {}
            Tag::Close("ListBucketResult") => break,
            Tag::Close(_) => return Err(Odd::Form),
        }
    }
    xml.end()?;
    answer.encoded = encoding.as_deref() == Some("url");
    answer.truncated = match truncated.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Odd::Form),
    };
    Ok(answer)
}

/// Whether an answer of another form is whole, and has so many rows: a reader of any XML may take one that breaks off, or that
/// has something in it that it does not understand, for a shorter one.
pub(super) fn is_whole(xml: &[u8], rows: usize) -> bool {
    let Ok(text) = std::str::from_utf8(xml) else { return false };
    let closed = text.split("</").skip(1).filter_map(|part| part.split_once('>'));
    let closed = closed.map(|(tag, _)| tag.rsplit(':').next().unwrap_or_default().trim_end_matches(is_space));
    let names: Vec<&str> = closed.collect();
    let is_closed = text.trim_end_matches(is_space).ends_with('>') && names.last() == Some(&"ListBucketResult");
    is_closed && names.iter().filter(|name| **name == "Contents").count() == rows
}

/// A tag, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag<'a> {
    Open(&'a str),
    /// `<Name/>`
    Empty(&'a str),
    Close(&'a str),
}

/// What is still to be read.
struct Xml<'a> {
    rest: &'a str,
}

impl<'a> Xml<'a> {
    fn skip_prologue(&mut self) -> Result<(), Odd> {
        let text = self.rest.strip_prefix('\u{feff}').unwrap_or(self.rest);
        if let Some(after) = text.strip_prefix("<?xml ") {
            let (_, after) = after.split_once("?>").ok_or(Odd::CutOff)?;
            self.rest = after;
        }
        self.rest = self.rest.trim_start_matches(is_space);
        Ok(())
    }

    /// Nothing but space may follow.
    fn end(&self) -> Result<(), Odd> {
        if self.rest.trim_start_matches(is_space).is_empty() { Ok(()) } else { Err(Odd::Form) }
    }

    /// The text up to the next tag, and the tag.
    fn next(&mut self) -> Result<(&'a str, Tag<'a>), Odd> {
        let begin = memchr(b'<', self.rest.as_bytes()).ok_or(Odd::CutOff)?;
        let (text, after) = (&self.rest[..begin], &self.rest[begin + 1..]);
        let end = memchr2(b'>', b'<', after.as_bytes()).ok_or(Odd::CutOff)?;
        if after.as_bytes()[end] == b'<' {
            return Err(Odd::Form);
        }
        let tag = &after[..end];
        self.rest = &after[end + 1..];
        let tag = match tag.as_bytes() {
            [b'/', ..] => Tag::Close(name(tag[1..].trim_end_matches(is_space))?),
            [.., b'/'] => Tag::Empty(name(without_attributes(&tag[..end - 1])?)?),
            _ => Tag::Open(name(without_attributes(tag)?)?),
        };
        Ok((text, tag))
    }

    /// The next tag where text has no place.
    fn inner(&mut self) -> Result<Tag<'a>, Odd> {
        let (text, tag) = self.next()?;
        if text.trim_start_matches(is_space).is_empty() { Ok(tag) } else { Err(Odd::Form) }
    }

    /// The text of an element that has just begun.
    fn text(&mut self, element: &str) -> Result<Cow<'a, str>, Odd> {
        match self.next()? {
            (text, Tag::Close(name)) if name == element => unescape(text),
            _ => Err(Odd::Form),
        }
    }

    /// Skips an element that has just begun, with all that is in it.
    fn skip(&mut self, element: &'a str) -> Result<(), Odd> {
        let mut open = vec![element];
        while let Some(innermost) = open.last() {
            match self.next()?.1 {
                Tag::Open(name) => open.push(name),
                Tag::Empty(_) => {}
                Tag::Close(name) if name == *innermost => drop(open.pop()),
                Tag::Close(_) => return Err(Odd::Form),
            }
        }
        Ok(())
    }

    fn row(&mut self) -> Result<Row<'a>, Odd> {
        let mut row = Row::default();
        loop {
            match self.inner()? {
                Tag::Open("Key") => once(&mut row.key, self.text("Key")?)?,
                Tag::Open("Size") => once(&mut row.size, self.text("Size")?.parse().map_err(|_| Odd::Form)?)?,
                Tag::Open("ETag") => once(&mut row.etag, self.text("ETag")?)?,
                Tag::Open("LastModified") => once(&mut row.last_modified, self.text("LastModified")?)?,
                Tag::Open(other) => self.skip(other)?,
                Tag::Empty("Key" | "Size" | "ETag" | "LastModified") => return Err(Odd::Form),
                Tag::Empty(_) => {}
                Tag::Close("Contents") => return Ok(row),
                Tag::Close(_) => return Err(Odd::Form),
            }
        }
    }
}

/// Sets what may be said only once.
fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), Odd> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Odd::Form),
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// The name in a tag that may have attributes, which say nothing here.
fn without_attributes(tag: &str) -> Result<&str, Odd> {
    let Some(end) = tag.find(is_space) else { return Ok(tag) };
    // In pairs: then the tag's end was not one within quotes.
    let quotes = tag.bytes().filter(|byte| *byte == b'"').count();
    if tag.contains('\'') || quotes % 2 != 0 { Err(Odd::Form) } else { Ok(&tag[..end]) }
}

/// A name without a prefix; comments, CDATA and the like have none.
fn name(text: &str) -> Result<&str, Odd> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain { Ok(text) } else { Err(Odd::Form) }
}

/// Text with its references resolved, as the SDK does it: those that XML has by name, and those by number.
fn unescape(text: &str) -> Result<Cow<'_, str>, Odd> {
    let Some(first) = memchr(b'&', text.as_bytes()) else { return Ok(Cow::Borrowed(text)) };
    let mut plain = String::with_capacity(text.len());
    plain.push_str(&text[..first]);
    for section in text[first + 1..].split('&') {
        let (reference, after) = section.split_once(';').ok_or(Odd::Form)?;
        plain.push(match reference {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            number => numbered(number)?,
        });
        plain.push_str(after);
    }
    Ok(Cow::Owned(plain))
}

fn numbered(reference: &str) -> Result<char, Odd> {
    let number = reference.strip_prefix('#').ok_or(Odd::Form)?;
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Odd::Form);
    }
    u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).ok_or(Odd::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix/><KeyCount>2</KeyCount>
  <IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>
  <NextContinuationToken>a&amp;b=</NextContinuationToken>
  <Contents><Key>a+b</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;x&#34;</ETag><Size>7</Size>
    <Owner><ID>1</ID><DisplayName></DisplayName></Owner><StorageClass>STANDARD</StorageClass></Contents>
  <Contents><Key></Key></Contents>
  <CommonPrefixes><Prefix>Key</Prefix></CommonPrefixes>
</ListBucketResult>
"#;

    #[test]
    fn a_plain_page_is_read() {
        let answer = read(PAGE.as_bytes()).unwrap();
        assert_eq!((answer.encoded, answer.truncated, answer.token.as_deref()), (true, true, Some("a&b=")));
        let row = Row {
            key: Some("a+b".into()),
            size: Some(7),
            etag: Some("\"x\"".into()),
            last_modified: Some("2026-01-02T03:04:05.000Z".into()),
        };
        assert_eq!(answer.rows, [row, Row { key: Some("".into()), ..Row::default() }]);
    }

    #[test]
    fn an_empty_listing_is_read() {
        assert_eq!(read(b"<ListBucketResult/>").unwrap(), Answer::default());
        assert_eq!(read(b"<ListBucketResult></ListBucketResult>").unwrap(), Answer::default());
    }

    #[test]
    fn what_is_cut_off_anywhere_is_odd() {
        let whole = PAGE.trim_end();
        for end in 0..whole.len() {
            assert_eq!(read(&whole.as_bytes()[..end]), Err(Odd::CutOff), "{}", &whole[..end]);
        }
    }

    #[test]
    fn an_answer_of_another_form_is_whole_or_not() {
        let odd = "<s:ListBucketResult><s:Contents><s:Key>a</s:Key></s:Contents ><!-- b --></s:ListBucketResult>\n";
        assert!(is_whole(odd.as_bytes(), 1) && !is_whole(odd.as_bytes(), 0) && !is_whole(odd.as_bytes(), 2));
        for end in 0..odd.trim_end().len() {
            assert!(!is_whole(&odd.as_bytes()[..end], 1), "{}", &odd[..end]);
        }
    }

    #[test]
    fn what_is_not_plain_is_odd() {
        for inside in [
            "text",
            "<!-- a comment -->",
            "<Contents><Key><![CDATA[a]]></Key></Contents>",
            "<Contents><Key>a</Key><Key>b</Key></Contents>",
            "<Contents><Key>a<b/></Key></Contents>",
            "<Contents><Key/></Contents>",
            "<s3:Contents><s3:Key>a</s3:Key></s3:Contents>",
            "<Contents><Key>&nbsp;</Key></Contents>",
            "<Contents><Key>&#xd800;</Key></Contents>",
            "<Contents><Key>&#+65;</Key></Contents>",
            "<Contents><Key>a & b</Key></Contents>",
            "<Contents><Size>1.5</Size></Contents>",
            "<Contents><Key>a</Contents></Key>",
            "<IsTruncated>yes</IsTruncated>",
            "<IsTruncated>true</IsTruncated><IsTruncated>false</IsTruncated>",
            "<Name a='>'>b</Name>",
            "<Name a=\">\">b</Name>",
            "</Name>",
        ] {
            assert_eq!(
                read(format!("<ListBucketResult>{inside}</ListBucketResult>").as_bytes()),
                Err(Odd::Form),
                "{inside}"
            );
        }
        for whole in ["", "<Error><Code>SlowDown</Code></Error>", "<ListBucketResult/>more", "\u{0}", "<!DOCTYPE a>"] {
            assert!(read(whole.as_bytes()).is_err(), "{whole}");
        }
        assert_eq!(read(b"<ListBucketResult>\xff</ListBucketResult>"), Err(Odd::Form));
    }
}
