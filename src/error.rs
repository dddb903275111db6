//! What a command fails with: a sentence, its causes, and what the user can do about it.

use std::fmt;

/// What a person does next depends on the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The command line is wrong: type another one.
    Usage,
    /// The config file, or a target in it, is wrong: edit it.
    Config,
    /// The bucket could not be used: look at keys, names and network.
    Access,
    /// A guard refused: look at what would be lost, then force it or not.
    Guard,
    /// The user stopped the run.
    Interrupted,
    /// Anything else.
    Failed,
}

impl Kind {
    /// The word for it in error records.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Usage => "usage",
            Kind::Config => "config",
            Kind::Access => "access",
            Kind::Guard => "guard",
            Kind::Interrupted => "interrupted",
            Kind::Failed => "failed",
        }
    }
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a command failed. [`crate::report`] renders it.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    source: Option<Source>,
    hints: Vec<String>,
}

impl Error {
    /// An error of `kind`; the message is a sentence in lower case without a full stop.
    pub fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), source: None, hints: Vec::new() }
    }

    /// The same with what caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Source>) -> Error {
        self.source = Some(source.into());
        self
    }

    /// The same with one more thing that the user can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hints.push(hint.into());
        self
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the user can do, in order.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The message and its causes, outermost first. A cause that says nothing new is left out.
    pub fn chain(&self) -> Vec<String> {
        let mut lines = vec![self.message.clone()];
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let text = error.to_string();
            if !lines.iter().any(|line| line.contains(&text)) {
                lines.push(text);
            }
            cause = error.source();
        }
        lines
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}

/// How a run ended, as the process tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// All is done.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Done, but conflicts are left.
    Conflicts = 3,
    /// Done, but some keys failed.
    Partial = 4,
    /// Refused by a guard.
    Guard = 5,
    /// Interrupted, after what was done was committed.
    Interrupted = 130,
}

impl ExitCode {
    /// The graver of two: what a run over several targets ends with.
    #[must_use]
    pub fn worse(self, other: ExitCode) -> ExitCode {
        const BY_GRAVITY: [ExitCode; 7] = [
            ExitCode::Done,
            ExitCode::Conflicts,
            ExitCode::Partial,
            ExitCode::Guard,
            ExitCode::Usage,
            ExitCode::Failed,
            ExitCode::Interrupted,
        ];
        let gravity = |code| BY_GRAVITY.iter().position(|known| *known == code);
        if gravity(self) >= gravity(other) { self } else { other }
    }
}

impl From<Kind> for ExitCode {
    fn from(kind: Kind) -> ExitCode {
        match kind {
            Kind::Usage => ExitCode::Usage,
            Kind::Guard => ExitCode::Guard,
            Kind::Interrupted => ExitCode::Interrupted,
            Kind::Config | Kind::Access | Kind::Failed => ExitCode::Failed,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> std::process::ExitCode {
        std::process::ExitCode::from(code as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_says_each_thing_once() {
        let cause = Error::new(Kind::Failed, "no space left").because(std::io::Error::other("no space left"));
        let error = Error::new(Kind::Config, "cannot write '/x'").because(cause).hint("make room");
        assert_eq!(error.chain(), ["cannot write '/x'", "no space left"]);
        assert_eq!(error.hints(), ["make room"]);
    }

    #[test]
    fn kinds_have_the_exit_codes_of_the_manual() {
        for (kind, code) in [(Kind::Usage, 2), (Kind::Guard, 5), (Kind::Interrupted, 130), (Kind::Access, 1)] {
            assert_eq!(ExitCode::from(kind) as u8, code);
        }
    }
}
