//! The manual pages.

use std::io;

use clap::Command as Clap;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::roff::{mended, page};
use crate::manual::{Exit, Group, Listed, Manual};
use crate::markup::{self, Block};
use crate::pages::{PAGES, PROGRAM, Page, record};
use crate::{COMMANDS, MANUAL};

/// The date in the pages: that of the version. To be changed with the version, and with nothing else.
const DATE: &str = "2026-11-22";

/// Every page of the manual: the name of its file, and what is in it.
///
/// # Errors
///
/// None that a memory buffer can give.
pub fn man_pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    // Not built: so that the options of every command are in the page of the program alone.
    let root = crate::command();
    let mut pages = vec![("s4.1".to_owned(), program(&root)?)];
    for listed in COMMANDS {
        let found = root.find_subcommand(listed.name).ok_or_else(|| io::Error::other(listed.name))?;
        pages.push((format!("s4-{}.1", listed.name), command(listed, found)?));
    }
    for about in PAGES {
        pages.push((about.file(), prose(about)?));
    }
    Ok(pages)
}

fn program(root: &Clap) -> io::Result<Vec<u8>> {
    let man = titled(Man::new(described(root)), "s4", "1");
    let mut text = head(&man, &synopsis("s4", root))?;
    text += &mended(|out| man.render_description_section(out))?;
    text += &blocks(&groups(root));
    text += &mended(|out| man.render_options_section(out))?;
    text += &blocks(&markup::parse(&format!("# OUTPUT\n{}", MANUAL.on_output)));
    text += &blocks(&examples(&MANUAL));
    text += &blocks(&exits(&MANUAL));
    text += &blocks(&markup::parse(PROGRAM));
    text += &blocks(&see_also(MANUAL.see_also.iter().map(|page| (*page).to_owned())));
    Ok(page(&text))
}

fn command(listed: &Listed, found: &Clap) -> io::Result<Vec<u8>> {
    let (name, title) = (format!("s4 {}", listed.name), format!("s4-{}", listed.name));
    let synopsis = synopsis(&name, found);
    let man = titled(
        Man::new(described(found).bin_name(name).display_name(title.clone()).disable_help_flag(true)),
        &title,
        "1",
    );
    let mut text = head(&man, &synopsis)?;
    text += &mended(|out| man.render_description_section(out))?;
    text += &mended(|out| man.render_options_section(out))?;
    let elsewhere = "The options that every command takes, such as --help and --config, are in s4(1).";
    text += &blocks(&[Block::Text(elsewhere.to_owned())]);
    text += &blocks(&output(listed.manual));
    text += &blocks(&examples(listed.manual));
    text += &blocks(&exits(listed.manual));
    let others = listed.manual.see_also.iter().map(|page| (*page).to_owned());
    text += &blocks(&see_also(std::iter::once("s4(1)".to_owned()).chain(others)));
    Ok(page(&text))
}

fn prose(about: &Page) -> io::Result<Vec<u8>> {
    let clap = Clap::new(about.title()).about(about.about);
    let man = titled(Man::new(clap), &about.title(), &about.section.to_string());
    let mut text = mended(|out| man.render_title(out))? + &mended(|out| man.render_name_section(out))?;
    text += &blocks(&about.blocks());
    let others = about.see_also.iter().map(|page| (*page).to_owned());
    text += &blocks(&see_also(std::iter::once("s4(1)".to_owned()).chain(others)));
    Ok(page(&text))
}

/// The command with a description that does not begin with what NAME says already.
fn described(command: &Clap) -> Clap {
    let long = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    match long.split_once("\n\n") {
        Some((_, description)) => command.clone().long_about(description.to_owned()),
        None => command.clone(),
    }
}

fn titled(man: Man, title: &str, section: &str) -> Man {
    let source = concat!("s4 ", env!("CARGO_PKG_VERSION"));
    man.title(title.to_uppercase()).section(section).date(DATE).source(source).manual("s4 manual")
}

fn head(man: &Man, synopsis: &Roff) -> io::Result<String> {
    let name = mended(|out| man.render_title(out))? + &mended(|out| man.render_name_section(out))?;
    Ok(name + &mended(|out| synopsis.to_writer(out))?)
}

/// How the command is typed. clap_mangen leaves out the values of options, and which arguments can be repeated.
fn synopsis(name: &str, command: &Clap) -> Roff {
    let mut words = vec![vec![bold(name)]];
    let options = || command.get_arguments().filter(|argument| !argument.is_positional());
    for option in options().filter(|option| option.get_help_heading().is_none()) {
        let short = option.get_short().map(|short| format!("-{short}"));
        let long = option.get_long().map(|long| format!("--{long}"));
        let mut word = vec![roman("["), bold(short.into_iter().chain(long).collect::<Vec<_>>().join("|"))];
        if option.get_action().takes_values() {
            let may_be_left_out = option.get_num_args().is_some_and(|range| range.min_values() == 0);
            let (open, close) = if may_be_left_out { ("[", "]") } else { ("", "") };
            word.extend([roman(format!(" {open}")), italic(values(option)), roman(close)]);
        }
        word.push(roman("]"));
        words.push(word);
    }
    // Those that have a section of their own.
    let mut headings: Vec<&str> = options().filter_map(clap::Arg::get_help_heading).collect();
    headings.dedup();
    words.extend(headings.into_iter().map(|heading| vec![roman(format!("[{}]", heading.to_lowercase()))]));
    for argument in command.get_positionals() {
        let many = if argument.get_num_args().is_some_and(|range| range.max_values() > 1)
            || matches!(argument.get_action(), clap::ArgAction::Append)
        {
            "..."
        } else {
            ""
        };
        let (open, close) = if argument.is_required_set() { ("", "") } else { ("[", "]") };
        words.push(vec![roman(open), italic(values(argument)), roman(format!("{close}{many}"))]);
    }
    if command.has_subcommands() {
        words.push(vec![italic("COMMAND"), roman(" ...")]);
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    let line: Vec<Inline> = words.join(&roman(" "));
    roff.text(line);
    roff
}

fn values(argument: &clap::Arg) -> String {
    argument.get_value_names().unwrap_or_default().join(" ")
}

/// The commands, group by group.
fn groups(root: &Clap) -> Vec<Block> {
    let mut blocks = vec![Block::Heading("COMMANDS".to_owned())];
    for group in Group::ALL {
        blocks.push(Block::Subheading(group.title().to_owned()));
        for listed in group.commands() {
            let found = root.find_subcommand(listed.name);
            let about = found.and_then(Clap::get_about).map(ToString::to_string).unwrap_or_default();
            let short: String = found
                .into_iter()
                .flat_map(Clap::get_visible_aliases)
                .map(|short| format!("; in short: `s4 {short}`"))
                .collect();
            blocks.push(Block::Item(format!("s4-{}(1)", listed.name), format!("{about}{short}")));
        }
    }
    blocks
}

fn output(manual: &Manual) -> Vec<Block> {
    let mut text = format!("# OUTPUT\n{}\n\n", manual.on_output);
    if !manual.output.is_empty() {
        text += "A stream of records begins with a `header` and ends with an `end`; what went wrong is an `error`. s4-json(7) has \
                 those three, and what holds for all records. The others are these.\n\n";
    }
    manual.output.iter().for_each(|name| text += &record(name));
    markup::parse(&text)
}

fn examples(manual: &Manual) -> Vec<Block> {
    let mut blocks = vec![Block::Heading("EXAMPLES".to_owned())];
    for (sentence, shell) in manual.examples {
        blocks.push(Block::Text((*sentence).to_owned()));
        blocks.push(Block::Literal(shell.lines().map(str::to_owned).collect()));
    }
    blocks
}

fn exits(manual: &Manual) -> Vec<Block> {
    let item = |exit: Exit| Block::Item(format!("`{}`", exit.code()), exit.meaning().to_owned());
    std::iter::once(Block::Heading("EXIT STATUS".to_owned())).chain(manual.exits().map(item)).collect()
}

fn see_also(pages: impl Iterator<Item = String>) -> Vec<Block> {
    let pages: Vec<String> = pages.collect();
    vec![Block::Heading("SEE ALSO".to_owned()), Block::Text(pages.join(", "))]
}

fn blocks(blocks: &[Block]) -> String {
    super::roff::blocks(blocks)
}
