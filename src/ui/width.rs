//! How much room texts take on a terminal.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// The columns that a letter takes.
pub(super) fn of_letter(letter: char) -> usize {
    letter.width().unwrap_or_default()
}

/// A text in `room` columns at most: `mark` stands for what is left out of its middle. Where there is no room for both ends, its
/// beginning is left.
pub(super) fn shorten(text: &str, room: usize, mark: &str) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let ends = room.saturating_sub(width(mark));
    if ends < 2 {
        return beginning(text, room).to_owned();
    }
    let begin = beginning(text, ends / 2);
    let end = ending(&text[begin.len()..], ends - width(begin));
    format!("{begin}{mark}{end}")
}

/// As much of the beginning as there is room for.
fn beginning(text: &str, room: usize) -> &str {
    let mut begin = &text[..fitting(text.chars(), room)];
    // A letter may take more beside another one than by itself.
    while width(begin) > room {
        begin = begin.split_at(begin.char_indices().next_back().map_or(0, |(at, _)| at)).0;
    }
    begin
}

/// As much of the ending as there is room for.
pub(super) fn ending(text: &str, room: usize) -> &str {
    let mut end = &text[text.len() - fitting(text.chars().rev(), room)..];
    while width(end) > room {
        end = end.split_at(end.chars().next().map_or(0, char::len_utf8)).1;
    }
    end
}

/// The bytes of the first letters for which there is room.
fn fitting(letters: impl Iterator<Item = char>, room: usize) -> usize {
    let mut taken = 0;
    let fits = |letter: &char| {
        taken += of_letter(*letter);
        taken <= room
    };
    letters.take_while(fits).map(char::len_utf8).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_ends_of_a_text_are_kept() {
        for (text, room, short) in [
            ("photos/2026/beach.jpg", 21, "photos/2026/beach.jpg"),
            ("photos/2026/beach.jpg", 15, "photos...ch.jpg"),
            ("日本語のファイル.txt", 12, "日本…ル.txt"),
            ("日本語のファイル.txt", 4, "…txt"),
            ("abc", 2, "ab"),
            ("日本", 1, ""),
            ("abc", 0, ""),
        ] {
            let mark = if text.is_ascii() { "..." } else { "…" };
            assert_eq!(shorten(text, room, mark), short, "{text} {room}");
        }
    }

    proptest! {
        #[test]
        fn no_text_takes_more_than_its_room(text in "(\\PC|[日❤a-c]|\u{fe0f}|\u{200d}){0,30}", room in 0..40_usize, ascii in any::<bool>()) {
            let short = shorten(&text, room, if ascii { "..." } else { "…" });
            prop_assert!(width(&short) <= room, "{short:?} takes {}", width(&short));
            prop_assert!(width(&text) > room || short == text);
        }
    }
}
