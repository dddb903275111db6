//! What the commands for people tell of.

use s4_commands::record;

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
