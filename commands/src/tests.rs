//! Tests of the whole table of commands.

use clap::{Command as Clap, CommandFactory, Parser};

use super::*;

/// The command lines in a help text: the lines that begin with `s4`, continued ones joined, up to a pipe.
fn examples(help: &str) -> Vec<Vec<String>> {
    let joined = help.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| line.starts_with("s4 "));
    lines.map(|line| line.split(" | ").next().unwrap().split_whitespace().map(str::to_owned).collect()).collect()
}

fn each(command: &Clap, visit: &mut impl FnMut(&Clap)) {
    visit(command);
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        each(sub, visit);
    }
}

#[test]
fn the_table_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_has_examples_that_parse() {
    each(&Cli::command(), &mut |command| {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let lines = examples(&help);
        assert!(!lines.is_empty(), "{} has no example", command.get_name());
        for line in lines {
            assert!(Cli::try_parse_from(&line).is_ok(), "{line:?}: {}", Cli::try_parse_from(&line).unwrap_err());
        }
    });
}

#[test]
fn first_lines_are_short_and_have_no_full_stop() {
    each(&Cli::command(), &mut |command| {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let helps = command.get_arguments().filter(|argument| !argument.is_hide_set()).map(|argument| {
            (argument.get_id().to_string(), argument.get_help().map(ToString::to_string).unwrap_or_default())
        });
        for (name, line) in helps.chain([(command.get_name().to_owned(), about)]) {
            let fits = !line.is_empty() && line.chars().count() < 60 && !line.ends_with('.');
            assert!(fits, "{} {name}: {line:?}", command.get_name());
            assert!(line.starts_with(char::is_uppercase), "{name}: {line:?}");
        }
    });
}

#[test]
fn every_value_has_a_placeholder_of_its_own() {
    each(&Cli::command(), &mut |command| {
        for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values()) {
            let names = argument.get_value_names().unwrap_or_default();
            assert!(!names.is_empty(), "{} {}", command.get_name(), argument.get_id());
            assert!(names.iter().all(|name| *name == name.to_uppercase()), "{names:?}");
        }
    });
}

#[test]
fn the_short_forms_of_0_4_work() {
    for (line, full) in [("a", "add"), ("e x", "edit x"), ("s", "sync"), ("t", "targets"), ("v", "version")] {
        let parse = |text: &str| format!("{:?}", Cli::parse_from(format!("s4 {text}").split(' ')).command);
        assert_eq!(parse(line), parse(full));
    }
}

#[test]
fn options_of_every_command_stand_on_both_sides() {
    for line in ["s4 --log-level debug sync a", "s4 sync a --log-level DEBUG", "s4 sync -v", "s4 -v sync"] {
        let globals = Cli::try_parse_from(line.split(' ')).unwrap().globals;
        assert_eq!(globals.level(), LogLevel::Debug, "{line}");
    }
    assert!(Cli::try_parse_from(["s4", "sync", "-v", "-q"]).is_err());
    let quiet = Cli::try_parse_from(["s4", "-q", "sync"]).unwrap().globals;
    assert_eq!(quiet.level(), LogLevel::Warning);
}

#[test]
fn conflicts_of_0_4_are_taken() {
    for choice in ["1", "2", "ignore", "local", "remote", "newest", "keep-both"] {
        assert!(Cli::try_parse_from(["s4", "sync", "--conflicts", choice]).is_ok(), "{choice}");
        assert!(Cli::try_parse_from(["s4", "add", "--conflicts", choice]).is_ok(), "{choice}");
    }
    assert!(Cli::try_parse_from(["s4", "sync", "--conflicts", "3"]).is_err());
}

#[test]
fn fields_can_be_cleared() {
    for text in ["-", ""] {
        for field in ["--conflicts", "--on-ignore", "--max-delete", "--trash-days", "--region"] {
            assert!(Cli::try_parse_from(["s4", "edit", "x", field, text]).is_ok(), "{field} {text:?}");
        }
    }
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let cli = Cli::try_parse_from(["s4", "add", "--secret-access-key", "hunter2"]).unwrap();
    assert!(!format!("{cli:?}").contains("hunter2"));
}
