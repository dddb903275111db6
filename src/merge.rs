//! Three versions of a text made one. Pure.

use diffy::{ConflictStyle, IncompleteHunkStyle, MergeOptions};

/// Letters of a marker, at least.
const MARKER: usize = 7;
/// What markers are made of.
const MARKS: [u8; 4] = *b"<|=>";

/// What a merge comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// No lines were changed on both sides.
    Clean(Vec<u8>),
    /// Some were: they are in it between markers.
    Marked {
        /// The text.
        text: Vec<u8>,
        /// How many letters a marker has: more than the beginning of any line of the three versions.
        marker: usize,
    },
}

/// Merges, by lines, what two sides made of `base`.
pub fn merge(base: &[u8], local: &[u8], remote: &[u8]) -> Merged {
    let marker = (MARKER..).find(|letters| [base, local, remote].iter().all(|text| !has_markers(text, *letters)));
    let marker = marker.unwrap_or(MARKER);
    let mut options = MergeOptions::new();
    options
        .set_conflict_style(ConflictStyle::Diff3)
        .set_incomplete_hunk_style(IncompleteHunkStyle::Git)
        .set_conflict_marker_length(marker);
    match options.merge_bytes(base, local, remote) {
        Ok(text) => Merged::Clean(text),
        Err(text) => Merged::Marked { text: labelled(&text, marker), marker },
    }
}

/// Whether a line begins with a marker of so many letters.
pub fn has_markers(text: &[u8], letters: usize) -> bool {
    text.split(|byte| *byte == b'\n').any(|line| mark(line, letters).is_some())
}

/// The letter of the marker that a line begins with.
fn mark(line: &[u8], letters: usize) -> Option<u8> {
    let mark = *line.first().filter(|first| MARKS.contains(first))?;
    line.get(..letters)?.iter().all(|byte| *byte == mark).then_some(mark)
}

/// The same with s4's own words behind its markers.
fn labelled(text: &[u8], letters: usize) -> Vec<u8> {
    let mut labelled = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let label = match mark(line, letters) {
            Some(b'<') => " local",
            Some(b'|') => " last synced",
            Some(b'>') => " remote",
            // The one in the middle has none.
            _ => {
                labelled.extend_from_slice(line);
                continue;
            }
        };
        labelled.extend_from_slice(&line[..letters]);
        labelled.extend_from_slice(label.as_bytes());
        labelled.push(b'\n');
    }
    labelled
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked(base: &str, local: &str, remote: &str) -> String {
        match merge(base.as_bytes(), local.as_bytes(), remote.as_bytes()) {
            Merged::Clean(text) => panic!("{text:?}"),
            Merged::Marked { text, .. } => String::from_utf8(text).unwrap(),
        }
    }

    #[test]
    fn edits_of_other_lines_go_together() {
        let merged = merge(b"1\n2\n3\n4\n5\n", b"eins\n2\n3\n4\n5\n", b"1\n2\n3\n4\n5\n6\n");
        assert_eq!(merged, Merged::Clean(b"eins\n2\n3\n4\n5\n6\n".to_vec()));
    }

    #[test]
    fn edits_of_the_same_lines_are_put_between_markers() {
        assert_eq!(
            marked("1\n2\n3\n", "1\nzwei\n3\n", "1\ndeux\n3\n"),
            "1\n<<<<<<< local\nzwei\n||||||| last synced\n2\n=======\ndeux\n>>>>>>> remote\n3\n"
        );
    }

    #[test]
    fn a_last_line_without_an_end_gets_one_before_a_marker() {
        assert_eq!(marked("1", "2", "3"), "<<<<<<< local\n2\n||||||| last synced\n1\n=======\n3\n>>>>>>> remote\n");
    }

    #[test]
    fn markers_are_longer_than_what_looks_like_one() {
        let text = marked("=======\n", "<<<<<<< a\n", ">>>>>>>> b\n");
        assert!(text.starts_with("<<<<<<<<< local\n<<<<<<< a\n||||||||| last synced\n"), "{text}");
        assert!(has_markers(text.as_bytes(), 9) && !has_markers(text.as_bytes(), 10));
    }

    proptest! {
        #[test]
        fn what_only_one_side_changed_is_taken_as_it_is(
            base in "([a-c]{0,2}\n){0,6}", other in "([a-c]{0,2}\n?){0,6}",
        ) {
            let (base, other) = (base.as_bytes(), other.as_bytes());
            let clean = Merged::Clean(other.to_vec());
            prop_assert_eq!(&merge(base, other, base), &clean);
            prop_assert_eq!(&merge(base, base, other), &clean);
            prop_assert_eq!(&merge(base, other, other), &clean);
        }

        #[test]
        fn no_line_of_either_side_gets_lost_between_markers(
            base in "([a-c]\n){0,6}", local in "([a-d]\n){0,6}", remote in "([a-c]\n|[e]\n){0,6}",
        ) {
            let merged = merge(base.as_bytes(), local.as_bytes(), remote.as_bytes());
            let (Merged::Clean(text) | Merged::Marked { text, .. }) = merged;
            let has = |line: &str| String::from_utf8_lossy(&text).lines().any(|found| found == line);
            prop_assert!(!local.contains('d') || has("d"));
            prop_assert!(!remote.contains('e') || has("e"));
        }
    }
}
