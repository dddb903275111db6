//! Long lines on narrow terminals.

use super::width::of_letter;

/// How far the second line of a text that needs several stands in from the first.
pub(super) const HANGING: usize = 4;
/// No line gets narrower than that, whatever the terminal.
const NARROWEST: usize = 20;

/// A text in lines of `width`, those after the first shorter by [`HANGING`]. It is cut at blanks, and within words that are too long.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut width = width.max(NARROWEST);
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = cut(rest, width) {
        let (line, next) = rest.split_at(end);
        lines.push(line.to_owned());
        rest = next.strip_prefix(' ').unwrap_or(next);
        if lines.len() == 1 {
            width = width.saturating_sub(HANGING).max(NARROWEST);
        }
    }
    lines.push(rest.to_owned());
    lines
}

/// Where the first line of a text ends, if it is wider than `width`.
fn cut(text: &str, width: usize) -> Option<usize> {
    let (mut taken, mut blank) = (0, None);
    for (at, letter) in text.char_indices() {
        // A blank just behind the line is as good.
        if letter == ' ' && taken > width / 2 {
            blank = Some(at);
        }
        taken += of_letter(letter);
        if taken > width {
            return blank.or(Some(at));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_blanks_and_wide_letters_count_twice() {
        let lines = |text| wrap(text, 20);
        assert_eq!(lines("short"), ["short"]);
        assert_eq!(lines("twenty letters a line and no more"), ["twenty letters a", "line and no more"]);
        assert_eq!(lines("twenty letters exact and more"), ["twenty letters exact", "and more"]);
        assert_eq!(lines("日本語のファイルの名前が長い"), ["日本語のファイルの名", "前が長い"]);
        assert_eq!(lines("a 日本語のファイルの名前が長い"), ["a 日本語のファイルの", "名前が長い"]);
    }
}
