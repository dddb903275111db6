//! Tests of the whole table of commands.

use clap::{Command as Clap, CommandFactory, Parser};

use super::*;

fn each(command: &Clap, visit: &mut impl FnMut(&Clap)) {
    visit(command);
    for sub in command.get_subcommands() {
        each(sub, visit);
    }
}

#[test]
fn the_table_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_list_of_commands_is_that_of_the_parser() {
    let listed: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
    let command = Cli::command();
    assert_eq!(command.get_subcommands().map(Clap::get_name).collect::<Vec<_>>(), listed);
    // Groups follow one another, so that the order of the list is that of the help.
    let grouped: Vec<&str> = Group::ALL.iter().flat_map(|group| group.commands()).map(|command| command.name).collect();
    assert_eq!(grouped, listed);
}

#[test]
fn every_command_has_examples_and_its_records_exist() {
    let known: Vec<&str> = record::Record::manual().iter().map(|record| record.name).collect();
    for command in COMMANDS {
        assert!(!command.manual.examples.is_empty(), "{} has no example", command.name);
        for name in command.manual.output {
            assert!(known.contains(name) && !["header", "end", "error"].contains(name), "{}: {name}", command.name);
        }
        assert!(command.group != Group::Plumbing || !command.manual.output.is_empty(), "{}", command.name);
    }
}

#[test]
fn references_lead_to_pages_of_ours_or_to_known_ones() {
    let commands = COMMANDS.iter().map(|command| format!("s4-{}(1)", command.name));
    let pages = pages::PAGES.iter().map(|page| format!("{}({})", page.title(), page.section));
    let known: Vec<String> =
        commands.chain(pages).chain(["gitignore(5)".into(), "jq(1)".into(), "man(1)".into()]).collect();
    let manuals = COMMANDS.iter().map(|command| (command.name, command.manual.see_also));
    for (from, to) in manuals.chain(pages::PAGES.iter().map(|page| (page.topic, page.see_also))) {
        for page in to {
            assert!(known.iter().any(|known| known == page), "{from} refers to {page}");
        }
    }
}

#[test]
fn the_page_of_the_config_file_has_every_field() {
    let page = pages::PAGES.iter().find(|page| page.topic == "config").unwrap();
    let tags: String = page.blocks().iter().fold(String::new(), |tags, block| match block {
        markup::Block::Item(tag, _) => tags + tag,
        _ => tags,
    });
    let options = porcelain::FieldArgs::default();
    let others = ["aws_secret_access_key", "links", "conditional_writes"];
    for field in options.texts().iter().map(|(name, _)| *name).chain(others) {
        assert!(tags.contains(&format!("`{field}`")), "{field} is not in {tags}");
    }
}

#[test]
fn help_takes_every_command_in_all_its_forms_and_every_page() {
    let command = Cli::command();
    let forms = command.get_subcommands().flat_map(Clap::get_name_and_visible_aliases);
    for word in forms.chain(pages::PAGES.iter().map(|page| page.topic)) {
        assert!(Cli::try_parse_from(["s4", "help", word]).is_ok(), "{word}");
    }
    let wrong = Cli::try_parse_from(["s4", "help", "snyc"]).unwrap_err();
    assert_eq!(wrong.exit_code(), 2);
    assert!(wrong.to_string().contains("a similar value exists: 'sync'"), "{wrong}");
}

#[test]
fn the_help_has_every_command_once_and_fits_a_terminal() {
    for help in [command().render_help().to_string(), command().render_long_help().to_string()] {
        for command in COMMANDS {
            let line = format!("  {}", command.name);
            let lines =
                help.lines().filter(|text| text.strip_prefix(&line).is_some_and(|rest| rest.starts_with([' ', ','])));
            assert_eq!(lines.count(), 1, "{}\n{help}", command.name);
        }
        let commands = help.split("Options of every command").next().unwrap_or_default();
        assert!(commands.lines().skip(7).all(|line| line.len() <= 80), "{help}");
    }
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
