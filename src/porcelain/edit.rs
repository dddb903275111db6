//! `s4 edit`

use s4_commands::holds_keys;
use s4_commands::porcelain::edit::EditArgs;

use super::fields::{CONNECTION, Draft, apply, ask, ask_secret_until, ask_until, check_folder, set, text};
use super::{Checker, bucket, tell_record};
use crate::config::Fields;
use crate::context::Context;
use crate::error::{Error, ExitCode};
use crate::records;
use crate::ui::text::printable;

/// Changes a target, by options or by answers. `check` tries its bucket if the way to it changed.
///
/// # Errors
///
/// When there is no such target, the new one makes no sense, the bucket cannot be used, or the config file cannot be
/// changed.
pub fn run(context: &Context, args: &EditArgs, check: &Checker<'_>) -> Result<ExitCode, Error> {
    let old = context.config()?.fields(&args.target)?.clone();
    let mut fields = old.clone();
    if args.fields.is_empty() && args.name.is_none() && args.bucket.is_empty() {
        interview(context, &mut fields)?;
    } else {
        apply(context, &args.fields, &mut fields)?;
    }
    let moved = CONNECTION.iter().any(|field| old.get(*field) != fields.get(*field));
    let name = args.name.as_deref().unwrap_or(&args.target);
    let is_same = fields == old && name == args.target && args.bucket.is_empty();
    let mut draft = Draft { old: Some(&args.target), name, fields };
    if moved {
        draft.forget_capabilities();
    }
    draft.save(context, Some(check).filter(|_| moved && !args.no_check))?;
    bucket::apply(context, name, &args.bucket)?;
    if args.json {
        return tell_record(context, records::target(context.target(name)?));
    }
    let what = if is_same { "is as it was" } else { "has been changed" };
    context.ui.say(&format!("Target \"{}\" {what}", printable(name)));
    Ok(ExitCode::Done)
}

/// Asks for each field, with what it is now; a blank answer leaves it so.
fn interview(context: &Context, fields: &mut Fields) -> Result<(), Error> {
    context.ui.note("Leave an answer blank to keep what is in the brackets, or enter '-' to clear it");
    let question = |fields: &Fields, label: &str, field: &str| {
        let now = text(fields, field);
        let now = if holds_keys(now) { "hidden: it holds a key or a password".into() } else { printable(now) };
        format!("{label} [{now}]: ")
    };
    ask_until(context, &question(fields, "local folder", "local_folder"), |answer| {
        keep_or_set(context, fields, "local_folder", answer)?;
        check_folder(text(fields, "local_folder").as_ref())
    })?;
    ask_until(context, &question(fields, "s3 uri", "s3_uri"), |answer| keep_or_set(context, fields, "s3_uri", answer))?;
    for (label, field) in [("endpoint url", "endpoint_url"), ("AWS Access Key ID", "aws_access_key_id")] {
        ask_until(context, &question(fields, label, field), |answer| keep_or_set(context, fields, field, answer))?;
    }
    if !text(fields, "aws_access_key_id").is_empty() {
        let now = if text(fields, "aws_secret_access_key").is_empty() { "" } else { " [unchanged]" };
        ask_secret_until(context, &format!("AWS Secret Access Key{now}: "), |answer| {
            keep_or_set(context, fields, "aws_secret_access_key", answer)
        })?;
    } else {
        // A secret is of no use without its access key.
        fields.shift_remove("aws_secret_access_key");
    }
    let answer = ask(context, &question(fields, "region name", "region_name"))?;
    keep_or_set(context, fields, "region_name", &answer)
}

fn keep_or_set(context: &Context, fields: &mut Fields, field: &str, answer: &str) -> Result<(), Error> {
    if answer.is_empty() { Ok(()) } else { set(context, fields, field, answer) }
}
