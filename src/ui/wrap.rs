//! Long lines on narrow terminals.

/// How far the second line of a text that needs several stands in from the first.
pub(super) const HANGING: usize = 4;
/// No line gets narrower than that, whatever the terminal.
const NARROWEST: usize = 20;

/// A text in lines of `width`, those after the first shorter by [`HANGING`]. It is cut at blanks, and within words that are too long.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut width = width.max(NARROWEST);
    let mut lines = Vec::new();
    let mut rest: Vec<char> = text.chars().collect();
    while rest.len() > width {
        // A blank just behind the line is as good.
        let blank = rest[..=width].iter().rposition(|letter| *letter == ' ').filter(|at| *at > width / 2);
        let next = rest.split_off(blank.unwrap_or(width));
        lines.push(rest.iter().collect());
        rest = next.into_iter().skip(usize::from(blank.is_some())).collect();
        if lines.len() == 1 {
            width = width.saturating_sub(HANGING).max(NARROWEST);
        }
    }
    lines.push(rest.into_iter().collect());
    lines
}
