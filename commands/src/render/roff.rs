//! From markup to roff, and what clap_mangen's roff lacks to be a clean page.
//!
//! Lines of text are kept under 80 bytes, letters that typographers would turn into others are told to stay, and what
//! stands between backticks, options and names of pages are bold.

use std::io::{self, Write};

use clap_mangen::roff::{Roff, roman};

use crate::markup::Block;

/// Lines of text are no longer, where they can be broken.
const WIDTH: usize = 76;

/// Blocks as roff.
pub(super) fn blocks(blocks: &[Block]) -> String {
    let mut roff = Roff::new();
    let mut after_heading = false;
    for block in blocks {
        let first = std::mem::replace(&mut after_heading, false);
        match block {
            Block::Heading(title) => {
                roff.control("SH", [title.as_str()]);
                after_heading = true;
            }
            Block::Subheading(title) => {
                let title = title.replace('`', "");
                roff.control("SS", [title.as_str()]);
                after_heading = true;
            }
            Block::Text(text) => {
                if !first {
                    roff.control("PP", []);
                }
                roff.text([roman(text.as_str())]);
            }
            Block::Item(tag, text) => {
                roff.control("TP", []);
                roff.text([roman(tag.as_str())]);
                roff.text([roman(text.as_str())]);
            }
            Block::Literal(lines) => {
                roff.control("PP", []);
                roff.control("RS", ["4"]);
                roff.control("nf", []);
                for line in lines {
                    roff.text([roman(line)]);
                }
                roff.control("fi", []);
                roff.control("RE", []);
            }
        }
    }
    mend(&roff.render())
}

/// A section that somebody else rendered.
pub(super) fn mended(render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<String> {
    let mut bytes = Vec::new();
    render(&mut bytes)?;
    Ok(mend(&String::from_utf8(bytes).map_err(io::Error::other)?))
}

/// A whole page of sections.
pub(super) fn page(sections: &str) -> Vec<u8> {
    format!("{PREAMBLE}{LEFT}{sections}").into_bytes()
}

/// What each rendering begins with: how to print an apostrophe.
const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// Neither hyphens nor wide blanks in text that is full of names.
const LEFT: &str = ".nr HY 0\n.nh\n.ad l\n";

/// Makes a rendered section fit for a page.
fn mend(section: &str) -> String {
    let mut page = String::with_capacity(section.len() * 2);
    let (mut tag, mut literal, mut paragraph) = (false, false, false);
    for line in section.strip_prefix(PREAMBLE).unwrap_or(section).lines() {
        let was_tag = std::mem::replace(&mut tag, line == ".TP");
        match line {
            // What clap_mangen sets apart by blank lines and line breaks are paragraphs below a tag.
            "" | ".br" if !literal => paragraph = true,
            // The list of an option's values: in line with the text above it.
            ".RS 14" => page += ".RS\n",
            _ if line.starts_with('.') => {
                literal = (literal || line == ".nf") && line != ".fi";
                page += &format!("{line}\n");
                paragraph = false;
            }
            _ if literal => page += &format!("{}\n", lasting(line).replace('`', "\\(ga")),
            _ => {
                if std::mem::take(&mut paragraph) {
                    page += ".IP\n";
                }
                let text = emphasised(&lasting(line));
                page += &if was_tag { text + "\n" } else { broken(&text) };
            }
        }
    }
    page
}

/// Letters that some devices print as others, as what they are. A backtick stays for [`emphasised`], where it is outside of
/// literal blocks.
fn lasting(line: &str) -> String {
    line.replace("\\\\", "\\(rs").replace('~', "\\(ti").replace('^', "\\(ha")
}

/// What stands between backticks in bold, as well as options and names of pages elsewhere.
fn emphasised(line: &str) -> String {
    let mut parts: Vec<String> = line.split('`').map(str::to_owned).collect();
    for (at, part) in parts.iter_mut().enumerate() {
        *part = if at % 2 == 1 {
            format!("\\fB{part}\\fR")
        } else {
            part.split(' ').map(word).collect::<Vec<_>>().join(" ")
        };
    }
    parts.concat()
}

fn word(word: &str) -> String {
    let named = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "\\-".contains(letter);
    let end = word.find(|letter| !named(letter)).unwrap_or(word.len());
    let (name, rest) = word.split_at(end);
    let mut after = rest.chars();
    let is_page = after.next() == Some('(') && after.next().is_some_and(|digit| digit.is_ascii_digit());
    let is_option =
        name.strip_prefix("\\-\\-").is_some_and(|rest| rest.starts_with(|letter: char| letter.is_alphabetic()));
    if !name.is_empty() && (is_page && after.next() == Some(')') || is_option) {
        format!("\\fB{name}\\fR{rest}")
    } else {
        word.to_owned()
    }
}

/// A line of text in lines that are not too long. A sentence ends with its line, so that all are set apart alike.
fn broken(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut sentence_ended = true;
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| !sentence_ended && line.len() + 1 + word.len() <= WIDTH) {
            Some(line) => *line += &format!(" {word}"),
            // At the beginning of a line these would make it a request.
            None if word.starts_with(['.', '\'']) => lines.push(format!("\\&{word}")),
            None => lines.push(word.to_owned()),
        }
        sentence_ended = word.trim_end_matches(')').ends_with(['.', '?', '!']) && !word.ends_with("...");
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::parse;

    fn rendered(text: &str) -> String {
        let page = blocks(&parse(&format!("# TITLE\n{text}")));
        page.strip_prefix(".SH TITLE\n").unwrap_or(&page).to_owned()
    }

    #[test]
    fn what_is_typed_is_bold_and_stays_as_it_is() {
        let page = rendered("Say `a b`, or --dry-run; see s4-sync(1), not f(x).\n\n    `~/docs' \\ ^ --x");
        let lines: Vec<&str> = page.lines().collect();
        let text = r"Say \fBa b\fR, or \fB\-\-dry\-run\fR; see \fBs4\-sync\fR(1), not f(x).";
        assert_eq!(lines[0], text);
        assert_eq!(lines[1..4], [".PP", ".RS 4", ".nf"]);
        assert_eq!(lines[4], r"\(ga\(ti/docs\*(Aq \(rs \(ha \-\-x");
    }

    #[test]
    fn lines_are_short_and_never_requests() {
        let long = "word ".repeat(15) + ".index and 'this' too. The next sentence.";
        let page = rendered(&long);
        assert!(page.lines().all(|line| line.len() < 80 && !line.starts_with(['.', '\''])), "{page}");
        assert!(page.contains("\n\\&.index") && page.ends_with("too.\nThe next sentence.\n"), "{page}");
    }
}
