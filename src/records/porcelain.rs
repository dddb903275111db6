//! What the commands for people tell of.

use s4_commands::pages::PAGES;
use s4_commands::record::{self, Page};
use s4_commands::time::Seconds;
use s4_commands::{COMMANDS, command};

use super::steps::{action_word, state_word};
use crate::config::Target;
use crate::engine::{Known, Standing};

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

/// The record of a key, as it is on both sides.
pub fn row(known: &Known) -> record::Row {
    let state = |at: usize| known.states[at].map(|state| state_word(state).to_owned());
    let action = match known.standing {
        Standing::Planned(action) => Some(action_word(action).to_owned()),
        _ => None,
    };
    let object = known.object.as_ref();
    record::Row {
        key: known.name.to_string(),
        deleted: known.standing == Standing::Deleted,
        local: known.local_time().map(Seconds),
        s3: known.s3_time().map(Seconds),
        size: known.size(),
        state_local: state(0),
        state_remote: state(1),
        action,
        size_remote: object.map(|object| object.size),
        mode: known.file.map(|file| format!("{:o}", file.mode)),
        etag: object.map(|object| object.etag.to_string()),
        version_id: object.and_then(|object| object.version_id.as_deref().map(str::to_owned)),
        sha256: known.sha256.map(|sum| sum.to_string()),
        ignored: known.standing == Standing::Ignored,
        left_alone: known.standing == Standing::LeftAlone,
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
