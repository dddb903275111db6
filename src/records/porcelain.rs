//! What the commands for people tell of.

use s4_commands::record;
use s4_commands::time::Seconds;

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
