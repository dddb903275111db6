//! The difference of two versions of a file, as text.

use std::time::Duration;

use similar::{ChangeTag, DiffTag, TextDiff};

use super::colour::Paint;
use super::text::{printable, printable_line, size, time};

/// The largest content that is compared line by line, in bytes. Of a larger one only [`HEAD`] bytes are wanted.
pub const LIMIT: u64 = 4 * 1024 * 1024;
/// How much of a content tells its kind, in bytes.
pub const HEAD: usize = 8192;
/// Looking for the shortest difference ends here; a longer one is as true.
const PATIENCE: Duration = Duration::from_secs(2);
const CONTEXT: usize = 3;

/// One of the versions.
#[derive(Clone, Debug)]
pub struct Version {
    /// Where it is: a path or a URI.
    pub place: String,
    /// Its time, seconds since the epoch.
    pub time: Option<i64>,
    /// What it holds.
    pub content: Content,
}

/// What a version holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing, and the word for why: `deleted`, `not there`.
    Absent(&'static str),
    /// These bytes.
    Whole(Vec<u8>),
    /// More than [`LIMIT`] bytes.
    Large {
        /// How many.
        size: u64,
        /// The first [`HEAD`] of them.
        head: Vec<u8>,
    },
}

impl Content {
    /// Bytes.
    pub fn size(&self) -> u64 {
        match self {
            Content::Absent(_) => 0,
            Content::Whole(bytes) => bytes.len() as u64,
            Content::Large { size, .. } => *size,
        }
    }

    /// Whether both are whole and hold the same.
    pub fn is_same(&self, other: &Content) -> bool {
        matches!((self, other), (Content::Whole(one), Content::Whole(other)) if one == other)
    }

    fn head(&self) -> &[u8] {
        match self {
            Content::Absent(_) => &[],
            Content::Whole(bytes) => &bytes[..bytes.len().min(HEAD)],
            Content::Large { head, .. } => head,
        }
    }

    /// The text to compare; `None` if it can or should not be compared.
    pub fn text(&self) -> Option<String> {
        match self {
            Content::Absent(_) => Some(String::new()),
            Content::Whole(bytes) if is_text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Content::Whole(_) | Content::Large { .. } => None,
        }
    }
}

/// A NUL is in no text. Signatures alone are no proof, they can be two letters long, so they only decide over what is
/// not UTF-8: texts of old encodings have none.
fn is_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD)];
    let known = || infer::get(head).is_some_and(|kind| kind.matcher_type() != infer::MatcherType::Text);
    !head.contains(&0) && (std::str::from_utf8(bytes).is_ok() || !known())
}

/// How much two versions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// So many lines.
    Lines {
        /// Those that only the new one has.
        added: usize,
        /// Those that only the old one has.
        removed: usize,
    },
    /// One of them is no text, or too large to be compared by lines. Bytes of both.
    Bytes {
        /// The old one's.
        old: u64,
        /// The new one's.
        new: u64,
    },
}

/// How much leads from the old version to the new one.
pub fn extent(old: &Version, new: &Version) -> Extent {
    let (Some(before), Some(after)) = (old.content.text(), new.content.text()) else {
        return Extent::Bytes { old: old.content.size(), new: new.content.size() };
    };
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(&before, &after);
    let differing = || diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    let added = differing().map(|op| op.new_range().len()).sum();
    Extent::Lines { added, removed: differing().map(|op| op.old_range().len()).sum() }
}

/// What leads from the old version to the new one: a unified diff, or kind, size and time of each where one is not
/// text or too large. Ends with a line break.
pub fn render(old: &Version, new: &Version, paint: Paint) -> String {
    let (Some(before), Some(after)) = (old.content.text(), new.content.text()) else {
        return describe(old, paint) + &describe(new, paint);
    };
    let mut text = paint.subject(&format!("--- {}", title(old))) + "\n";
    text += &(paint.subject(&format!("+++ {}", title(new))) + "\n");
    // An empty file has no line to show.
    if before == after && old.content.size() == new.content.size() {
        let is_there = |version: &Version| !matches!(version.content, Content::Absent(_));
        return if is_there(old) == is_there(new) { "The contents are the same.\n".to_owned() } else { text };
    }
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(&before, &after);
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        text += &(paint.place(&hunk.header().to_string()) + "\n");
        for change in hunk.ops().iter().flat_map(|op| diff.iter_inline_changes(op)) {
            push_line(&mut text, &change, paint);
        }
    }
    text
}

fn push_line(text: &mut String, change: &similar::InlineChange<'_, str>, paint: Paint) {
    let colour = |part: &str, strong: bool| match change.tag() {
        ChangeTag::Delete => paint.removed(part, strong),
        ChangeTag::Insert => paint.added(part, strong),
        ChangeTag::Equal => part.to_owned(),
    };
    text.push_str(&colour(&change.tag().to_string(), false));
    for (strong, part) in change.iter_strings_lossy() {
        let part = part.strip_suffix('\n').unwrap_or(&part);
        if !part.is_empty() {
            text.push_str(&colour(&printable_line(part), strong));
        }
    }
    text.push('\n');
    if change.missing_newline() {
        text.push_str("\\ No newline at end of file\n");
    }
}

fn title(version: &Version) -> String {
    let place = printable(&version.place);
    match (version.time, &version.content) {
        (_, Content::Absent(why)) => format!("{place} ({why})"),
        (Some(seconds), _) => format!("{place} {}", time(seconds)),
        (None, _) => place.into_owned(),
    }
}

fn describe(version: &Version, paint: Paint) -> String {
    let content = &version.content;
    let kind = match infer::get(content.head()) {
        _ if matches!(content, Content::Absent(_)) => return paint.subject(&title(version)) + "\n",
        Some(kind) if !is_text(content.head()) => kind.mime_type(),
        _ if is_text(content.head()) => "text",
        _ => "unknown kind",
    };
    let measures = measures(content).map(|(width, height)| format!(", {width}x{height}")).unwrap_or_default();
    format!("{}: {kind}{measures}, {}\n", paint.subject(&title(version)), size(content.size()))
}

/// Width and height of a picture, in pixels.
fn measures(content: &Content) -> Option<(usize, usize)> {
    let bytes = match content {
        Content::Absent(_) => return None,
        Content::Whole(bytes) if is_text(bytes) => return None,
        Content::Whole(bytes) => bytes,
        Content::Large { head, .. } => head,
    };
    imagesize::blob_size(bytes).ok().map(|size| (size.width, size.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0";

    fn version(place: &str, content: &[u8]) -> Version {
        Version { place: place.to_owned(), time: Some(0), content: Content::Whole(content.to_vec()) }
    }

    fn plain(old: &[u8], new: &[u8]) -> String {
        render(&version("/a", old), &version("s3://b/a", new), Paint::OFF)
    }

    #[test]
    fn texts_are_compared_line_by_line() {
        assert_eq!(
            plain(b"one\ntwo\nthree", b"one\n2\nthree"),
            "--- /a 1970-01-01T00:00:00Z\n+++ s3://b/a 1970-01-01T00:00:00Z\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n\
             \\ No newline at end of file\n"
        );
        assert_eq!(plain(b"x\n", b"x\n"), "The contents are the same.\n");
    }

    #[test]
    fn far_lines_are_left_out() {
        let old: String = (0..40).map(|line| format!("{line}\n")).collect();
        let diff = plain(old.as_bytes(), old.replace("20\n", "xx\n").as_bytes());
        assert!(diff.contains("@@ -18,7 +18,7 @@") && !diff.contains("\n 16\n"), "{diff}");
    }

    #[test]
    fn control_characters_of_a_content_are_shown_not_sent() {
        let diff = plain(b"a\n", b"\x1b[2Jb\r\n");
        assert!(diff.contains("+\\u{1b}[2Jb\\r\n") && !diff.contains('\u{1b}'), "{diff}");
    }

    #[test]
    fn changed_words_stand_out_in_colour() {
        let diff = render(&version("a", b"one two\n"), &version("b", b"one 2\n"), Paint::ON);
        assert!(
            diff.contains(&Paint::ON.removed("two", true)) && diff.contains(&Paint::ON.added("2", true)),
            "{diff:?}"
        );
    }

    #[test]
    fn binaries_show_kind_size_and_time() {
        assert_eq!(
            plain(PNG, b"text\n"),
            "/a 1970-01-01T00:00:00Z: image/png, 640x480, 24 B\ns3://b/a 1970-01-01T00:00:00Z: text, 5 B\n"
        );
        assert!(plain(b"\0\x01", b"x").starts_with("/a 1970-01-01T00:00:00Z: unknown kind, 2 B\n"));
    }

    #[test]
    fn a_text_that_looks_like_a_picture_is_a_text_and_so_is_an_old_encoding() {
        assert!(plain(b"BM is a brand\n", b"BMX\n").starts_with("---"));
        assert!(plain(b"caf\xe9\n", b"cafe\n").starts_with("---"));
    }

    #[test]
    fn a_deleted_version_is_an_empty_one() {
        let gone = Version { place: "s3://b/a".to_owned(), time: Some(0), content: Content::Absent("deleted") };
        let diff = render(&version("/a", b"x\n"), &gone, Paint::OFF);
        assert!(diff.contains("+++ s3://b/a (deleted)\n") && diff.ends_with("-x\n"), "{diff}");
        let binary = render(&version("/a", PNG), &gone, Paint::OFF);
        assert!(binary.ends_with("s3://b/a (deleted)\n"), "{binary}");
    }

    #[test]
    fn an_empty_version_is_not_none() {
        let gone = Version { place: "s3://b/a".to_owned(), time: None, content: Content::Absent("not there") };
        let diff = render(&gone, &version("/a", b""), Paint::OFF);
        assert_eq!(diff, "--- s3://b/a (not there)\n+++ /a 1970-01-01T00:00:00Z\n");
    }

    #[test]
    fn the_extent_is_in_lines_or_in_bytes() {
        let of = |old: &[u8], new: &[u8]| extent(&version("a", old), &version("b", new));
        assert_eq!(of(b"1\n2\n3\n", b"1\nx\ny\n3\n"), Extent::Lines { added: 2, removed: 1 });
        assert_eq!(of(b"1\n", b"1\n"), Extent::Lines { added: 0, removed: 0 });
        assert_eq!(of(PNG, b"text"), Extent::Bytes { old: 24, new: 4 });
    }

    #[test]
    fn large_contents_are_only_described() {
        let large = Content::Large { size: 5 << 20, head: b"text".to_vec() };
        let large = Version { place: "/a".to_owned(), time: None, content: large };
        assert!(render(&large, &version("b", b""), Paint::OFF).starts_with("/a: text, 5.0 MiB\n"));
    }
}
