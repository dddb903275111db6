//! What the commands for people tell of.

use s4_commands::pages::PAGES;
use s4_commands::record::{self, Page};
use s4_commands::{COMMANDS, command};

use crate::config::Target;

/// The record of a target; its keys are no part of it.
pub fn target(target: Target) -> record::Target {
    record::Target {
        local_folder: target.local_folder.to_string_lossy().into_owned(),
        stored_keys: target.aws_access_key_id.is_some(),
        name: target.name,
        s3_uri: target.s3_uri,
        endpoint_url: target.endpoint_url,
        region_name: target.region_name,
        profile: target.profile,
        conditional_writes: target.conditional_writes,
    }
}

/// Every page of the manual, in the order of the help.
pub fn pages() -> Vec<Page> {
    let page = |topic: Option<&str>, title: String, section, about: String| Page {
        title,
        section,
        about,
        topic: topic.map(str::to_owned),
        path: None,
    };
    let program = command();
    let about = |command: Option<&clap::Command>| {
        command.and_then(clap::Command::get_about).map(ToString::to_string).unwrap_or_default()
    };
    let commands = COMMANDS.iter().map(|command| {
        page(Some(command.name), format!("s4-{}", command.name), 1, about(program.find_subcommand(command.name)))
    });
    let others =
        PAGES.iter().map(|other| page(Some(other.topic), other.title(), other.section, other.about.to_owned()));
    std::iter::once(page(None, "s4".to_owned(), 1, about(Some(&program)))).chain(commands).chain(others).collect()
}
