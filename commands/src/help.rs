//! The whole command with its help: commands in groups, which clap does not do by itself.

use clap::CommandFactory as _;
use clap::builder::StyledStr;
use clap::builder::styling::Styles;

use crate::Cli;
use crate::manual::{Exit, Group};
use crate::pages::PAGES;

/// The whole command, as the program parses with it.
pub fn command() -> clap::Command {
    let command = Cli::command();
    let template = template(&command);
    command.help_template(template)
}

/// The help of the program: what it is, the commands group by group, the options of every command.
fn template(command: &clap::Command) -> StyledStr {
    let styles = Styles::styled();
    let (header, literal) = (styles.get_header(), styles.get_literal());
    let mut text = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    for group in Group::ALL {
        text += &format!("\n{header}{}:{header:#}\n", group.title());
        for listed in group.commands() {
            let found = command.find_subcommand(listed.name);
            let about = found.and_then(clap::Command::get_about).map(ToString::to_string).unwrap_or_default();
            let short = found.and_then(|found| found.get_visible_aliases().next());
            let short = short.map(|short| format!(", {literal}{short}{literal:#}")).unwrap_or_default();
            let width = listed.name.len() + if short.is_empty() { 0 } else { 3 };
            let gap = " ".repeat(WIDTH.saturating_sub(width));
            text += &format!("  {literal}{}{literal:#}{short}{gap}  {about}\n", listed.name);
        }
    }
    text += &format!("\n{header}More to read, with s4 help PAGE:{header:#}\n");
    for page in PAGES {
        let gap = " ".repeat(WIDTH.saturating_sub(page.topic.len()));
        text += &format!("  {literal}{}{literal:#}{gap}  {}\n", page.topic, page.about);
    }
    text += &format!("\n{header}Options of every command:{header:#}\n{{options}}{{after-help}}\n\nEXIT STATUS\n");
    let exits = Exit::ALL.map(|exit| format!("  {:<3}  {}", exit.code(), exit.meaning()));
    text += &exits.join("\n");
    text.into()
}

/// The width of the column of names.
const WIDTH: usize = 12;
