//! The gzip members that an index file is made of.
//!
//! Gzip allows members in a row: to every other program they are one file, and inflate to one text. Here each ends between
//! two lines and tells its own length, so that a reader who wants a few names can leave out the members without them. The
//! length stands in an extra field of the member's header (RFC 1952, 2.3.1.1): `S4`, then four bytes, the lowest first.
//! Files of S4 0.4 have no such field; nothing but that shortcut needs it.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use flate2::{Compression, Decompress, FlushDecompress, GzBuilder, Status};

/// So many bytes of text or a little more make a member: some 50 entries, which take 0.05 ms to inflate. A file of 100,000
/// entries gets no larger than one of a single member, and takes no longer to read or write.
const TEXT: usize = 16 << 10;
/// The extra field, its length still to be filled in, and what of it is the same in each member.
const FIELD: &[u8] = b"S4\x04\0\0\0\0\0";
const SAME: usize = 4;
/// The header before its extra field: magic, method, `FEXTRA` alone, time, two bytes, and the length of the field.
const HEADER: usize = 12;
const FEXTRA: u8 = 4;
/// What follows the text: its sum and its length.
const SUM: usize = 8;
/// Most lines are no longer than this.
const LINE: usize = 512;
/// No text that was written here is longer than this.
const MOST: usize = 128 * TEXT;

/// Writes a text as members.
pub(super) struct Writer {
    gzip: GzEncoder<Vec<u8>>,
    /// Where the open member begins.
    start: usize,
    /// How much text it holds.
    held: usize,
}

impl Writer {
    /// A writer of an empty file.
    pub(super) fn new() -> Writer {
        Writer { gzip: begin(Vec::new()), start: 0, held: 0 }
    }

    /// Adds whole lines: a member may end after them.
    pub(super) fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.held >= TEXT {
            let done = self.close()?;
            (self.start, self.held) = (done.len(), 0);
            self.gzip = begin(done);
        }
        self.held += lines.len();
        self.gzip.write_all(lines)
    }

    /// The file.
    pub(super) fn finish(mut self) -> io::Result<Vec<u8>> {
        self.close()
    }

    fn close(&mut self) -> io::Result<Vec<u8>> {
        self.gzip.try_finish()?;
        let mut done = std::mem::take(self.gzip.get_mut());
        let length = u32::try_from(done.len() - self.start).unwrap_or_default();
        let field = self.start + HEADER + SAME;
        done[field..field + 4].copy_from_slice(&length.to_le_bytes());
        Ok(done)
    }
}

fn begin(done: Vec<u8>) -> GzEncoder<Vec<u8>> {
    GzBuilder::new().extra(FIELD).write(done, Compression::new(2))
}

/// Whether s4 wrote a file, by its first member.
pub(super) fn is_ours(file: &[u8]) -> bool {
    file.get(HEADER..HEADER + SAME) == Some(&FIELD[..SAME])
}

/// The members of a file: what each holds between its header and its sum. `None` if it is not one that [`Writer`] wrote.
pub(super) fn split(file: &[u8]) -> Option<Vec<&[u8]>> {
    let members = split_summed(file)?.into_iter();
    Some(members.map(|(member, _)| member).collect())
}

/// The same, each with the CRC-32 and the length of its text, as they stand behind it.
pub(super) fn split_summed(mut file: &[u8]) -> Option<Vec<(&[u8], [u32; 2])>> {
    let mut members = Vec::new();
    while !file.is_empty() {
        let (header, field) = (file.get(..HEADER)?, file.get(HEADER..HEADER + FIELD.len())?);
        let own = header[..4] == [0x1f, 0x8b, 8, FEXTRA] && usize::from(header[10]) == FIELD.len() && header[11] == 0;
        if !own || field[..SAME] != FIELD[..SAME] {
            return None;
        }
        let length = u32::from_le_bytes(field[SAME..].try_into().ok()?);
        let (member, rest) = file.split_at_checked(usize::try_from(length).ok()?)?;
        let (member, sum) = member.split_at_checked(member.len().checked_sub(SUM)?)?;
        let (crc, length) = sum.split_at(4);
        let number = |bytes: &[u8]| Some(u32::from_le_bytes(bytes.try_into().ok()?));
        members.push((member.get(HEADER + FIELD.len()..)?, [number(crc)?, number(length)?]));
        file = rest;
    }
    Some(members)
}

/// Inflates members, one after the other into the same memory. The sums are not looked at.
pub(super) struct Inflater {
    inflate: Decompress,
    text: Vec<u8>,
}

impl Inflater {
    /// An inflater that has inflated nothing.
    pub(super) fn new() -> Inflater {
        Inflater { inflate: Decompress::new(false), text: Vec::new() }
    }

    /// The text of a member; `None` for a damaged one.
    pub(super) fn text(&mut self, member: &[u8]) -> Option<&[u8]> {
        self.fill(member, 2 * TEXT, |_| false)
    }

    /// The first line of a member's text, without its end.
    pub(super) fn first_line(&mut self, member: &[u8]) -> Option<&[u8]> {
        self.fill(member, LINE, |text| text.contains(&b'\n'))?.split(|byte| *byte == b'\n').next()
    }

    /// Inflates until it is enough or the end is reached: at first `step` bytes, then twice as many each time.
    fn fill(&mut self, member: &[u8], step: usize, is_enough: impl Fn(&[u8]) -> bool) -> Option<&[u8]> {
        self.inflate.reset(false);
        let (mut read, mut done, mut room) = (0, 0, step);
        while room <= MOST {
            self.text.resize(room.max(self.text.len()), 0);
            let place = &mut self.text[done..room];
            let status = self.inflate.decompress(&member[read..], place, FlushDecompress::None).ok()?;
            read = usize::try_from(self.inflate.total_in()).ok()?;
            done = usize::try_from(self.inflate.total_out()).ok()?;
            if status == Status::StreamEnd || is_enough(&self.text[..done]) {
                return Some(&self.text[..done]);
            }
            if done < room {
                // It is cut off.
                return None;
            }
            room *= 2;
        }
        // So long a one was not written here.
        None
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use flate2::read::MultiGzDecoder;

    fn written(lines: &[String]) -> Vec<u8> {
        let mut writer = Writer::new();
        lines.iter().for_each(|line| writer.write(line.as_bytes()).unwrap());
        writer.finish().unwrap()
    }

    #[test]
    fn members_are_one_file_to_others_and_end_between_lines() {
        let lines: Vec<String> = (0..2000).map(|number| format!("line {number} {}\n", "x".repeat(60))).collect();
        let file = written(&lines);
        let mut whole = String::new();
        MultiGzDecoder::new(&file[..]).read_to_string(&mut whole).unwrap();
        assert_eq!(whole, lines.concat());
        let (members, mut inflater) = (split(&file).unwrap(), Inflater::new());
        assert!(members.len() > 3);
        let mut text = Vec::new();
        for member in members {
            let first = inflater.first_line(member).unwrap().to_vec();
            let own = inflater.text(member).unwrap();
            assert!(own.starts_with(&first) && own[first.len()] == b'\n' && !first.contains(&b'\n'));
            assert!(own.ends_with(b"\n") && own.len() < TEXT + 100);
            text.extend_from_slice(own);
        }
        assert_eq!(text, whole.as_bytes());
    }

    #[test]
    fn lines_of_any_length_are_read_whole() {
        for length in [0, 1, LINE - 1, LINE, 10 * LINE, 10 * TEXT] {
            let line = "y".repeat(length);
            for text in [format!("{line}\nmore\n"), line.clone()] {
                let file = written(std::slice::from_ref(&text));
                let (members, mut inflater) = (split(&file).unwrap(), Inflater::new());
                assert_eq!(inflater.first_line(members[0]).unwrap(), line.as_bytes(), "{length}");
                assert_eq!(inflater.text(members[0]).unwrap(), text.as_bytes());
            }
        }
    }

    #[test]
    fn damaged_members_are_none() {
        let file = written(&["some text\n".repeat(100)]);
        let (members, mut inflater) = (split(&file).unwrap(), Inflater::new());
        assert!(inflater.text(&members[0][..members[0].len() / 2]).is_none());
        assert!(inflater.text(&[0xff; 50]).is_none());
        assert_eq!(inflater.text(members[0]).unwrap().len(), 1000);
        let bomb = written(&["x".repeat(MOST * 4)]);
        let bomb = split(&bomb).unwrap()[0];
        assert!(inflater.text(bomb).is_none() && inflater.first_line(bomb).is_none());
    }

    #[test]
    fn other_files_and_false_lengths_are_not_split() {
        let file = written(&["{}\n".to_owned()]);
        let mut plain = GzEncoder::new(Vec::new(), Compression::fast());
        plain.write_all(b"{}\n").unwrap();
        let plain = plain.finish().unwrap();
        assert!(split(&plain).is_none() && !is_ours(&plain) && is_ours(&file));
        assert!(split(b"{}").is_none() && split(&file[..file.len() - 1]).is_none());
        for length in [0, u32::MAX] {
            let mut file = file.clone();
            file[HEADER + SAME..HEADER + SAME + 4].copy_from_slice(&length.to_le_bytes());
            assert!(split(&file).is_none(), "{length}");
        }
        assert_eq!(split(b"").unwrap().len(), 0);
    }
}
