//! Lines at the bottom of a terminal that change in their place, below those that stay.
//!
//! The cursor is left on the first of them. A terminal that gets narrower may break them, but it keeps the cursor where they
//! begin: whatever it has made of them, they are what is from there on, and nobody has to know how many rows that is.

/// Clears from the cursor on.
const CLEAR_REST: &str = "\u{1b}[J";
/// Clears the line from the cursor on.
const CLEAR_LINE: &str = "\u{1b}[K";

/// The lines that are shown.
#[derive(Debug, Default)]
pub(super) struct Live {
    lines: Vec<String>,
    columns: usize,
}

impl Live {
    /// What shows these lines in place of those that are shown, in a terminal of so many columns. None may be wider.
    pub(super) fn show(&mut self, lines: Vec<String>, columns: usize) -> String {
        // What is left of broken lines would stay.
        let clears = self.columns != columns && !self.lines.is_empty();
        let before = if clears { CLEAR_REST } else { "" };
        (self.lines, self.columns) = (lines, columns);
        format!("\r{before}{}", self.again())
    }

    /// What takes the lines away, so that others can be written in their place.
    pub(super) fn aside(&self) -> String {
        if self.lines.is_empty() { String::new() } else { format!("\r{CLEAR_REST}") }
    }

    /// What shows the lines again, at the beginning of a line.
    pub(super) fn again(&self) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let lines: Vec<String> = self.lines.iter().map(|line| format!("{line}{CLEAR_LINE}")).collect();
        let up = match self.lines.len() - 1 {
            0 => String::new(),
            rows => format!("\u{1b}[{rows}A"),
        };
        format!("{}{CLEAR_REST}{up}\r", lines.join("\r\n"))
    }

    /// What takes the lines away for good.
    pub(super) fn end(&mut self) -> String {
        let aside = self.aside();
        self.lines.clear();
        aside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn lines_are_written_over_and_the_cursor_is_left_on_the_first() {
        let mut live = Live::default();
        assert_eq!((live.aside(), live.again()), (String::new(), String::new()));
        assert_eq!(live.show(lines(&["a", "b"]), 80), "\ra\u{1b}[K\r\nb\u{1b}[K\u{1b}[J\u{1b}[1A\r");
        assert_eq!(live.show(lines(&["c"]), 80), "\rc\u{1b}[K\u{1b}[J\r");
        assert_eq!((live.aside().as_str(), live.again().as_str()), ("\r\u{1b}[J", "c\u{1b}[K\u{1b}[J\r"));
        assert_eq!((live.end().as_str(), live.end().as_str()), ("\r\u{1b}[J", ""));
    }

    #[test]
    fn in_a_terminal_of_another_width_nothing_is_left_of_what_was_broken() {
        let mut live = Live::default();
        live.show(lines(&["a"]), 80);
        assert!(live.show(lines(&["a"]), 40).starts_with("\r\u{1b}[J"));
        assert!(!live.show(lines(&["a"]), 40).starts_with("\r\u{1b}[J"));
    }
}
