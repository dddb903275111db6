//! `s4 add`

use s4_commands::porcelain::add::AddArgs;

use super::fields::{CONNECTION, Draft, apply, ask, ask_secret_until, ask_until, check_folder, set, text};
use super::{Checker, bucket, tell_record};
use crate::config::{Config, Fields, bucket_and_prefix};
use crate::context::Context;
use crate::error::{Error, ExitCode, Kind};
use crate::ui::text::printable;
use crate::{records, report};

/// The fields without which there is no target, and the options for them.
const NEEDED: [(&str, &str); 2] = [("local_folder", "--local-folder DIR"), ("s3_uri", "--s3-uri s3://bucket/path")];

/// Adds a target, from options or from answers. `check` tries its bucket before anything is saved.
///
/// # Errors
///
/// When something needed is missing or wrong, the bucket cannot be used, or the config file cannot be changed.
pub fn run(context: &Context, args: &AddArgs, check: &Checker<'_>) -> Result<ExitCode, Error> {
    let config = context.config()?;
    let mut fields = Fields::new();
    if let Some(from) = &args.copy_target_credentials {
        let from = config.fields(from)?;
        let copied = from.iter().filter(|(field, _)| *field != "s3_uri" && CONNECTION.contains(&field.as_str()));
        fields.extend(copied.map(|(field, value)| (field.clone(), value.clone())));
    }
    let asks = args.fields.is_empty() && args.name.is_none() && args.bucket.is_empty();
    let name = if asks {
        interview(context, &config, args.copy_target_credentials.is_none(), &mut fields)?
    } else {
        apply(context, &args.fields, &mut fields)?;
        require(&fields, &NEEDED)?;
        args.name.clone().unwrap_or_else(|| default_name(&fields))
    };
    let check = (!args.no_check).then_some(check);
    let draft = Draft { old: None, name: &name, fields };
    match draft.clone().save(context, check) {
        Err(error) if asks && error.kind() == Kind::Access => {
            // So many answers, and one of them is wrong: nobody should have to give them all again.
            report::tell(&context.ui, &error);
            let answer = ask(context, "Save it all the same, to be mended with the 'edit' command? [y/N]: ")?;
            if !answer.eq_ignore_ascii_case("y") {
                context.ui.note("Nothing has been saved");
                return Ok(ExitCode::Failed);
            }
            draft.save(context, None)?;
        }
        saved => saved?,
    }
    bucket::apply(context, &name, &args.bucket)?;
    if args.json {
        return tell_record(context, records::target(context.target(&name)?));
    }
    context.ui.say("Target has been added. Start syncing with the 'sync' command");
    context.ui.say("You can edit anything you have entered here using the 'edit' command");
    Ok(ExitCode::Done)
}

/// Asks for everything, for the credentials only if they are wanted. Returns the name.
fn interview(context: &Context, config: &Config, credentials: bool, fields: &mut Fields) -> Result<String, Error> {
    context.ui.note("To add a new target, please enter the following");
    context.ui.note("");
    ask_until(context, "local folder path to sync [leave blank for current folder]: ", |answer| {
        set(context, fields, "local_folder", if answer.is_empty() { "." } else { answer })?;
        require(fields, &NEEDED[..1])?;
        check_folder(text(fields, "local_folder").as_ref())
    })?;
    ask_until(context, "s3 uri [required]: ", |answer| {
        set(context, fields, "s3_uri", answer)?;
        require(fields, &NEEDED[1..])
    })?;
    require(fields, &NEEDED)?;
    if credentials {
        ask_until(context, "endpoint url [leave blank for AWS]: ", |answer| {
            set(context, fields, "endpoint_url", answer)
        })?;
        let access_key = ask(context, "AWS Access Key ID [leave blank for the AWS chain]: ")?;
        if !access_key.is_empty() {
            set(context, fields, "aws_access_key_id", &access_key)?;
            ask_secret_until(context, "AWS Secret Access Key: ", |answer| {
                set(context, fields, "aws_secret_access_key", answer)?;
                require(fields, &[("aws_secret_access_key", "a secret key, as it has an access key")])
            })?;
        }
        set(context, fields, "region_name", &ask(context, "region name [leave blank if unknown]: ")?)?;
    }
    let default = default_name(fields);
    let question = format!("Provide a name for this entry [leave blank to default to '{}']: ", printable(&default));
    let name = ask_until(context, &question, |answer| {
        let name = if answer.is_empty() { &default } else { answer };
        config.check_new_name(name)?;
        Ok(name.to_owned())
    })?;
    Ok(name.unwrap_or(default))
}

/// The last part of the place in the bucket.
fn default_name(fields: &Fields) -> String {
    let (bucket, prefix) = bucket_and_prefix(text(fields, "s3_uri")).unwrap_or_default();
    prefix.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or(bucket).to_owned()
}

/// Refuses fields without the needed ones, and names the options for them.
fn require(fields: &Fields, needed: &[(&str, &'static str)]) -> Result<(), Error> {
    let missing: Vec<&str> =
        needed.iter().filter(|(field, _)| !fields.contains_key(*field)).map(|(_, option)| *option).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("a target needs {}", missing.join(" and "));
    Err(Error::new(Kind::Usage, message).hint("without any options, s4 add asks for everything on a terminal"))
}
