//! `s4 completions`

use clap::{Args, ValueEnum};

use crate::manual::Manual;

/// Print what makes TAB complete in a shell
///
/// Prints a script for a shell, which then completes commands and options, and what only this machine knows: targets, their keys,
/// the profiles of ~/.aws. A line in the file that the shell reads when it starts has it loaded from now on; the examples show it for
/// each shell.
#[derive(Clone, Debug, Args)]
#[command(after_help = MANUAL.help())]
pub struct CompletionsArgs {
    /// The shell; without it, the one that $SHELL names
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Option<Shell>,
    /// The script that packages install
    ///
    /// It knows commands, options and choices alone, and need not run s4 to complete.
    #[arg(long = "static")]
    pub fixed: bool,
    /// Print a record, one JSON object on a line
    #[arg(long)]
    pub json: bool,
}

/// A shell that can be told what to complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "a comment would be the help of the choice, and say nothing new")]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

impl Shell {
    /// All of them.
    pub const ALL: [Shell; 5] = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::Powershell];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
            Shell::Elvish => "elvish",
            Shell::Powershell => "powershell",
        }
    }

    /// The name of its script in `completions/`, as the shell and packages expect it.
    pub fn file(self) -> &'static str {
        match self {
            Shell::Bash => "s4.bash",
            Shell::Zsh => "_s4",
            Shell::Fish => "s4.fish",
            Shell::Elvish => "s4.elv",
            Shell::Powershell => "_s4.ps1",
        }
    }
}

/// What the manual says of it.
pub const MANUAL: Manual = Manual {
    output: &["completion"],
    on_output: "\
The script. With `--json` one `completion` record that holds it.

A script that is kept in a file should be printed anew with each version of s4. The lines for start files do that by themselves.",
    examples: &[
        ("For bash:", "echo 'source <(s4 completions bash)' >> ~/.bashrc"),
        ("For zsh, behind compinit:", "echo 'source <(s4 completions zsh)' >> ~/.zshrc"),
        (
            "For fish:",
            "mkdir -p ~/.config/fish/completions
echo 's4 completions fish | source' \\
   > ~/.config/fish/completions/s4.fish",
        ),
        (
            "For elvish:",
            "mkdir -p ~/.config/elvish
echo 'eval (s4 completions elvish | slurp)' \\
   >> ~/.config/elvish/rc.elv",
        ),
        ("For PowerShell, in the file $PROFILE:", "s4 completions powershell | Out-String | Invoke-Expression"),
        ("For a package:", "s4 completions fish --static > s4.fish"),
    ],
    exits: &[],
    see_also: &["s4-man(1)", "s4-help(1)", "s4-json(7)"],
};
