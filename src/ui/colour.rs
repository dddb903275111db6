//! Colours. Nothing else in s4 colours anything.

use owo_colors::OwoColorize as _;
use s4_commands::Colour;

use crate::env::Env;

/// Paints texts, or leaves them as they are. Colours only decorate: no meaning is in them alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint(bool);

impl Paint {
    /// One that paints nothing.
    pub const OFF: Paint = Paint(false);
    /// One that paints.
    pub const ON: Paint = Paint(true);

    /// Decides for a stream, which is a terminal or not.
    pub fn choose(colour: Colour, env: &Env, terminal: bool) -> Paint {
        let forced = env.get("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let dumb = env.get("TERM").is_some_and(|term| term == "dumb");
        match colour {
            Colour::Always => Paint::ON,
            Colour::Never => Paint::OFF,
            Colour::Auto if env.get("NO_COLOR").is_some() => Paint::OFF,
            Colour::Auto => Paint(forced || (terminal && !dumb)),
        }
    }

    /// Whether it paints.
    pub fn is_on(self) -> bool {
        self.0
    }

    /// What went well, or came into being.
    pub fn good(self, text: &str) -> String {
        if self.0 { text.green().to_string() } else { text.to_owned() }
    }

    /// What deserves a look.
    pub fn warning(self, text: &str) -> String {
        if self.0 { text.yellow().bold().to_string() } else { text.to_owned() }
    }

    /// What went wrong, or went away.
    pub fn bad(self, text: &str) -> String {
        if self.0 { text.red().bold().to_string() } else { text.to_owned() }
    }

    /// What a sentence is about.
    pub fn subject(self, text: &str) -> String {
        if self.0 { text.yellow().to_string() } else { text.to_owned() }
    }

    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        if self.0 { text.dimmed().to_string() } else { text.to_owned() }
    }

    /// A place in a difference.
    pub fn place(self, text: &str) -> String {
        if self.0 { text.cyan().to_string() } else { text.to_owned() }
    }

    /// A part of a line that a difference takes away; `strong` for the words that make the difference.
    pub fn removed(self, text: &str, strong: bool) -> String {
        match (self.0, strong) {
            (false, _) => text.to_owned(),
            (true, false) => text.red().to_string(),
            (true, true) => text.red().reversed().to_string(),
        }
    }

    /// A part of a line that a difference brings; `strong` for the words that make the difference.
    pub fn added(self, text: &str, strong: bool) -> String {
        match (self.0, strong) {
            (false, _) => text.to_owned(),
            (true, false) => text.green().to_string(),
            (true, true) => text.green().reversed().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn options_win_over_the_environment_and_that_over_the_terminal() {
        let env = |name: &str, value: &str| Env::new([(name, value)], PathBuf::new());
        for (colour, env, terminal, on) in [
            (Colour::Auto, Env::default(), true, true),
            (Colour::Auto, Env::default(), false, false),
            (Colour::Auto, env("NO_COLOR", "1"), true, false),
            (Colour::Auto, env("NO_COLOR", ""), true, true),
            (Colour::Auto, env("TERM", "dumb"), true, false),
            (Colour::Auto, env("CLICOLOR_FORCE", "1"), false, true),
            (Colour::Auto, env("CLICOLOR_FORCE", "0"), false, false),
            (Colour::Always, env("NO_COLOR", "1"), false, true),
            (Colour::Never, env("CLICOLOR_FORCE", "1"), true, false),
        ] {
            assert_eq!(Paint::choose(colour, &env, terminal).is_on(), on, "{colour:?} {env:?} {terminal}");
        }
    }

    #[test]
    fn what_is_off_leaves_texts_alone() {
        assert_eq!(Paint::OFF.bad("x") + &Paint::OFF.added("y", true), "xy");
        assert_eq!(Paint::ON.good("x"), "\u{1b}[32mx\u{1b}[39m");
    }
}
