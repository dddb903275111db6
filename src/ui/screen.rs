//! The terminal as a whole, for a text that changes in its place.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use super::Ui;

/// Another screen than that of the lines so far, and no cursor on it.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";
/// Back to the lines so far.
const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";
/// To the upper left corner.
const HOME: &str = "\u{1b}[H";
/// Clears the line from here on.
const CLEAR_LINE: &str = "\u{1b}[K";
/// Clears all from here on.
const CLEAR_REST: &str = "\u{1b}[J";

/// How large a terminal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Letters in a row.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

impl Ui {
    /// How large the terminal is now that results go to, if they do go to one.
    pub fn size(&self) -> Option<Size> {
        self.options.terminals.output.then(|| size_of(io::stdout())).flatten()
    }

    /// How large the terminal is now that talk goes to: columns and rows.
    pub(super) fn error_size(&self) -> (usize, usize) {
        let size = self.options.terminals.error.then(|| size_of(io::stderr())).flatten();
        size.map_or((80, 24), |size| (size.columns, size.rows))
    }
}

fn size_of(terminal: impl AsFd) -> Option<Size> {
    let size = rustix::termios::tcgetwinsize(terminal).ok()?;
    let size = Size { columns: size.ws_col.into(), rows: size.ws_row.into() };
    // Terminals that do not know say 0.
    (size.columns > 0 && size.rows > 0).then_some(size)
}

/// A screen of its own in the terminal. The lines so far are back when this is dropped.
pub struct Screen(Arc<Ui>);

impl Screen {
    /// Takes the terminal's screen.
    pub fn enter(ui: Arc<Ui>) -> Screen {
        ui.print(ENTER.as_bytes(), true);
        Screen(ui)
    }

    /// Shows this text alone. Lines that have no place on a screen of `size` are left out; `foot` is the last one on it.
    pub fn show(&self, text: &str, foot: &str, size: Option<Size>) {
        self.0.print(frame(text, foot, size).as_bytes(), true);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.0.print(LEAVE.as_bytes(), true);
    }
}

fn frame(text: &str, foot: &str, size: Option<Size>) -> String {
    let rows = size.map_or(usize::MAX, |size| size.rows);
    let lines = text.lines().take(rows.saturating_sub(1)).chain([foot]);
    // Each is cleared before it is written: at the end of a full one there is nothing to clear but its last letter.
    let lines: Vec<String> = lines.map(|line| format!("{CLEAR_LINE}{line}")).collect();
    format!("{HOME}{}{CLEAR_REST}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_keeps_its_beginning_and_the_foot() {
        let shown = |rows| frame("a\nb\nc\n", "end", rows).replace(['\u{1b}'], "^");
        let size = |rows| Some(Size { columns: 80, rows });
        assert_eq!(shown(size(3)), "^[H^[Ka\n^[Kb\n^[Kend^[J");
        assert_eq!(shown(size(1)), "^[H^[Kend^[J");
        assert_eq!(shown(None), "^[H^[Ka\n^[Kb\n^[Kc\n^[Kend^[J");
    }

    #[test]
    fn the_lines_so_far_come_back() {
        let (ui, seen) = Ui::captured("");
        let screen = Screen::enter(Arc::new(ui));
        screen.show("a", "b", None);
        drop(screen);
        let out = seen.out();
        assert!(out.starts_with(ENTER) && out.ends_with(LEAVE), "{out:?}");
    }
}
