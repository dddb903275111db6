//! Reading a stream of records, or a list of keys, line by line.
//!
//! A stream that begins with a header must end with an end, which tells how many records there were: one without was cut off,
//! one with fewer was picked from. Order does not matter, since people sort. Lines without a header, as `jq` leaves them when
//! it picks some, are taken as they are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::BufRead;

use s4_commands::record::{End, Header, SCHEMA};
use serde::Deserialize;

use crate::error::{Error, Kind};

/// A line of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A record, of some type, as it was read. Headers and ends do not show.
    Record {
        /// The value of its `"type"`.
        kind: String,
        /// The line without its end.
        text: String,
    },
    /// A bare key: a JSON string, or a line that is no JSON.
    Key(String),
    /// A line that is not UTF-8.
    Unreadable(Vec<u8>),
}

/// Reads lines.
pub struct Reader<'a> {
    input: Box<dyn BufRead + Send + 'a>,
    /// What the records must be about.
    about: Header,
    buffer: Vec<u8>,
    /// Number of lines read.
    lines: u64,
    headers: u64,
    ends: u64,
    /// How many records of each type there were, and how many there should have been.
    counts: BTreeMap<String, u64>,
    promised: BTreeMap<String, u64>,
    /// Whether a command failed before it began its stream.
    failed: bool,
}

/// The longest line that is read, in bytes: a thousand times what a record takes.
const LONGEST: u64 = 1 << 20;

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
}

/// The lines, up to the first that cannot be read: too long, a JSON value that is no record, a header of a newer schema or
/// about something else.
impl Iterator for Reader<'_> {
    type Item = Result<Line, Error>;

    fn next(&mut self) -> Option<Result<Line, Error>> {
        self.read().transpose()
    }
}

impl<'a> Reader<'a> {
    /// Reads records about what `about` says, and refuses those about anything else.
    pub fn new(input: Box<dyn BufRead + Send + 'a>, about: Header) -> Reader<'a> {
        Reader {
            input,
            about,
            buffer: Vec::new(),
            lines: 0,
            headers: 0,
            ends: 0,
            counts: BTreeMap::new(),
            promised: BTreeMap::new(),
            failed: false,
        }
    }

    /// Whether the end of a stream is missing.
    pub fn is_cut(&self) -> bool {
        self.headers > self.ends || self.failed
    }

    /// Whether the input has shown that it is whole: with every record that its end speaks of.
    pub fn is_whole(&self) -> bool {
        self.headers > 0 && self.headers == self.ends && !self.failed && self.counts == self.promised
    }

    fn read(&mut self) -> Result<Option<Line>, Error> {
        loop {
            let Some(bytes) = self.line()? else { return Ok(None) };
            let text = match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => return Ok(Some(Line::Unreadable(error.into_bytes()))),
            };
            let Some(line) = parse(&text, self.lines)? else { continue };
            match &line {
                Line::Record { kind, .. } if kind == "header" => self.begin(&text)?,
                Line::Record { kind, .. } if kind == "end" => self.end(&text)?,
                Line::Record { kind, .. } => {
                    // The only record that stands without a header, if its command never came to it.
                    self.failed |= kind == "error" && self.headers == 0;
                    *self.counts.entry(kind.clone()).or_default() += 1;
                    return Ok(Some(line));
                }
                Line::Key(_) | Line::Unreadable(_) => return Ok(Some(line)),
            }
        }
    }

    fn line(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let failed = |what: &str| Error::new(Kind::Failed, format!("cannot read the records: {what}"));
        self.buffer.clear();
        let mut limited = std::io::Read::take(&mut self.input, LONGEST);
        limited.read_until(b'\n', &mut self.buffer).map_err(|error| failed("reading failed").because(error))?;
        self.lines += 1;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        if self.buffer.len() as u64 == LONGEST {
            return Err(failed("a line is longer than any record"));
        }
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        }
        Ok(Some(std::mem::take(&mut self.buffer)))
    }

    fn begin(&mut self, text: &str) -> Result<(), Error> {
        let header: Header = super::sides::parse(text)?;
        if header.schema > SCHEMA {
            let message = format!("the records have schema {}, which only a newer s4 can read", header.schema);
            return Err(Error::new(Kind::Failed, message));
        }
        for (what, wanted, found) in [
            ("target", &self.about.target, &header.target),
            ("folder", &self.about.folder, &header.folder),
            ("place", &self.about.place, &header.place),
        ] {
            if let (Some(wanted), Some(found)) = (wanted, found)
                && wanted != found
            {
                let message = format!("the records are about the {what} \"{found}\", not about \"{wanted}\"");
                return Err(Error::new(Kind::Usage, message));
            }
        }
        self.headers += 1;
        Ok(())
    }

    fn end(&mut self, text: &str) -> Result<(), Error> {
        let end: End = super::sides::parse(text)?;
        for (kind, count) in end.counts {
            *self.promised.entry(kind).or_default() += count;
        }
        self.ends += 1;
        Ok(())
    }
}

/// What the line of a number holds; `None` for an empty one.
fn parse(text: &str, number: u64) -> Result<Option<Line>, Error> {
    let wrong = |what: &str| Error::new(Kind::Failed, format!("cannot read the records: line {number} {what}"));
    let spread = "a record stands on one line: jq prints them so with -c";
    Ok(Some(match text.as_bytes() {
        [] => return Ok(None),
        [b'{', ..] => {
            let typed: Result<Typed<'_>, _> = serde_json::from_str(text);
            let typed = typed.map_err(|error| wrong("begins like a record and is none").because(error).hint(spread))?;
            Line::Record { kind: typed.kind.into_owned(), text: text.to_owned() }
        }
        [b'"', ..] => {
            let key = serde_json::from_str(text);
            Line::Key(key.map_err(|error| wrong("begins like a JSON string and is none").because(error))?)
        }
        [b'['] => return Err(wrong("begins a JSON array").hint(spread)),
        b"null" => {
            let hint = "jq prints null for a field that a record does not have: select the records that have it; a key of that \
                        name is written as \"null\"";
            return Err(wrong("is null").hint(hint));
        }
        _ => Line::Key(text.to_owned()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"type":"header","schema":1,"tool":"s4","version":"1","target":"docs"}"#;
    const END: &str = r#"{"type":"end","counts":{}}"#;
    const END_OF_ONE: &str = r#"{"type":"end","counts":{"file":1}}"#;
    const FILE: &str = r#"{"type":"file","key":"a"}"#;
    const ERROR: &str = r#"{"type":"error","code":"failed","message":"no"}"#;

    /// The lines of an input, and whether it was cut and whole.
    fn read(text: &[u8]) -> Result<(Vec<Line>, bool, bool), Error> {
        let about = Header { target: Some("docs".to_owned()), ..Header::new() };
        let mut reader = Reader::new(Box::new(text), about);
        let mut lines = Vec::new();
        for line in reader.by_ref() {
            lines.push(line?);
        }
        Ok((lines, reader.is_cut(), reader.is_whole()))
    }

    fn key(text: &str) -> Line {
        Line::Key(text.to_owned())
    }

    #[test]
    fn records_and_keys_are_told_apart() {
        let input = b"a b\n\"a\\nb\"\n\n{\"x\":1,\"type\":\"file\"}\n  c";
        let record = Line::Record { kind: "file".to_owned(), text: r#"{"x":1,"type":"file"}"#.to_owned() };
        assert_eq!(read(input).unwrap(), (vec![key("a b"), key("a\nb"), record, key("  c")], false, false));
        assert_eq!(read(b"a\n\xff\n").unwrap().0, [key("a"), Line::Unreadable(b"\xff".to_vec())]);
    }

    #[test]
    fn a_stream_with_a_header_and_without_an_end_was_cut() {
        for (input, cut, whole) in [
            (String::new(), false, false),
            ("k\n".to_owned(), false, false),
            (format!("{HEADER}\nk\n"), true, false),
            (format!("{HEADER}\nk\n{END}\n"), false, true),
            (format!("{HEADER}\n{END}\n{HEADER}\n"), true, false),
            (format!("{HEADER}\n{HEADER}\n{END}\n"), true, false),
            (format!("{END}\n{HEADER}\nk\n"), false, true),
            (format!("{HEADER}\n{FILE}\n{END}\n"), false, false),
            (format!("{HEADER}\n{END_OF_ONE}\n"), false, false),
            (format!("{HEADER}\n{FILE}\n{END_OF_ONE}\n"), false, true),
            (format!("{ERROR}\n{HEADER}\n{END}\n"), true, false),
            (format!("{HEADER}\nk\n{}", &END[..END.len() - 1]), true, false),
        ] {
            match read(input.as_bytes()) {
                Ok((_, is_cut, is_whole)) => assert_eq!((is_cut, is_whole), (cut, whole), "{input}"),
                Err(error) => assert!(cut, "{input}: {error}"),
            }
        }
    }

    #[test]
    fn what_can_not_be_read_is_an_error() {
        let newer = HEADER.replace("\"schema\":1", "\"schema\":2");
        let other = HEADER.replace("docs", "photos");
        let long = vec![b'x'; 2 << 20];
        let lines: [&[u8]; 5] = [b"{\"key\":1}", b"{", b"\"open", b"[", b"null"];
        for input in lines.into_iter().chain([newer.as_bytes(), other.as_bytes(), &long]) {
            assert!(read(input).is_err(), "{}", String::from_utf8_lossy(&input[..input.len().min(80)]));
        }
    }
}
