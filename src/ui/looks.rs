//! How times, sizes and tables are shown: by what was asked for, and by what the terminal can show.

use s4_commands::LooksArgs;

use super::Ui;
use super::colour::Paint;
use super::text;
use crate::ambient::Ambient as _;

/// How times, sizes and tables are shown.
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    /// The time from which others are seen, in seconds since the epoch; `None`: they are shown in full.
    pub now: Option<i64>,
    /// Whether sizes are exact.
    pub bytes: bool,
    /// Whether it is for a terminal.
    pub terminal: bool,
    /// The columns of that, where they are known.
    pub width: Option<usize>,
    /// Whether more than ASCII may be drawn.
    pub unicode: bool,
    /// The colours.
    pub paint: Paint,
}

impl Looks {
    /// Those of an output that is no terminal.
    pub const PLAIN: Looks =
        Looks { now: None, bytes: false, terminal: false, width: None, unicode: false, paint: Paint::OFF };

    /// Those of what goes to stdout.
    pub fn new(ui: &Ui, args: &LooksArgs) -> Looks {
        let options = ui.options();
        let terminal = options.terminals.output;
        Looks {
            now: (terminal && !args.absolute).then(|| options.clock.now()),
            bytes: args.bytes,
            terminal,
            width: ui.size().map(|size| size.columns),
            unicode: options.unicode,
            paint: ui.paint(),
        }
    }

    /// The same for a text that is to stay: a time that is shown as so long ago would soon be wrong.
    pub fn lasting(self) -> Looks {
        Looks { now: None, ..self }
    }

    /// A time, in seconds since the epoch.
    pub fn time(&self, seconds: i64) -> String {
        self.now.map_or_else(|| text::time(seconds), |now| text::ago(seconds, now))
    }

    /// For how long something has been so: `since TIME`, `for 3 minutes`.
    pub fn since(&self, seconds: i64) -> String {
        match self.now {
            Some(now) if seconds <= now => format!("for {}", text::span(seconds.abs_diff(now))),
            _ => format!("since {}", text::time(seconds)),
        }
    }

    /// A number of bytes.
    pub fn size(&self, bytes: u64) -> String {
        if self.bytes { format!("{bytes} B") } else { text::size(bytes) }
    }

    /// The columns that a line may have.
    pub fn columns(&self) -> usize {
        self.width.unwrap_or(usize::MAX)
    }

    /// What stands for something that is left out.
    pub fn mark(&self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Terminals;
    use super::super::capture::options;
    use super::*;

    fn looks(terminal: bool, absolute: bool) -> Looks {
        let terminals = Terminals { output: terminal, ..Terminals::default() };
        let (ui, _) = Ui::captured_with("", super::super::Options { terminals, ..options() });
        Looks::new(&ui, &LooksArgs { absolute, bytes: absolute })
    }

    #[test]
    fn only_a_terminal_is_told_how_long_ago_something_was() {
        assert_eq!(looks(true, false).time(-60), "1 minute ago");
        assert_eq!(looks(true, false).since(-60), "for 1 minute");
        assert_eq!(looks(true, false).since(60), "since 1970-01-01T00:01:00Z", "another clock's");
        for plain in [looks(true, true), looks(false, false), looks(true, false).lasting()] {
            assert_eq!(plain.time(-60), "1969-12-31T23:59:00Z");
            assert_eq!(plain.since(-60), "since 1969-12-31T23:59:00Z");
        }
    }

    #[test]
    fn sizes_are_exact_where_that_is_wanted() {
        assert_eq!((looks(true, false).size(1536), looks(true, true).size(1536)), ("1.5 KiB".into(), "1536 B".into()));
    }
}
