//! The completion scripts that packages install. They know commands, options and choices; targets, keys and profiles are
//! known only to the program itself, when it completes at run time.

use clap::{Arg, Command, CommandFactory, ValueHint};
use clap_complete::Generator;
use clap_complete::aot::Shell;

use crate::Cli;

/// The scripts, each with the name of its file as shells and packages expect it.
pub fn completions() -> Vec<(String, Vec<u8>)> {
    let shells = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish];
    shells.into_iter().map(|shell| (shell.file_name("s4"), script(shell))).collect()
}

fn script(shell: Shell) -> Vec<u8> {
    let mut command = hinted(Cli::command(), shell);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "s4", &mut script);
    if shell == Shell::Zsh {
        // With two colons a list of values takes all words that follow for its own, and no option is offered among them.
        return String::from_utf8_lossy(&script).replace("\n'*::", "\n'*:").into_bytes();
    }
    script
}

/// The table, with what kind of value each argument takes: without it some shells would offer files everywhere.
fn hinted(command: Command, shell: Shell) -> Command {
    let hint = |arg: Arg| match arg.get_value_names().and_then(<[_]>::first).map(|name| name.as_str()) {
        _ if !arg.get_action().takes_values() => arg,
        Some("FILE" | "PATH") => arg.value_hint(ValueHint::AnyPath),
        Some("DIR" | "TARGET|FOLDER") => arg.value_hint(ValueHint::DirPath),
        // Zsh inserts no option where it is told that there is nothing to offer for the value.
        _ if shell == Shell::Zsh => arg,
        _ => arg.value_hint(ValueHint::Other),
    };
    command.mut_args(hint).mut_subcommands(|command| hinted(command, shell))
}
