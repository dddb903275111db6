//! What `add` and `edit` share: fields from options and answers, and the way from fields to the config file.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use s4_commands::porcelain::FieldArgs;
use s4_commands::{Prices, Secret, check_queue};
use serde_json::Value;

use super::Checker;
use crate::config::{Config, Fields, Target};
use crate::context::Context;
use crate::error::{Error, Kind};
use crate::remote::{self, S3Uri, UriError};

/// The fields that decide where the bucket is and who may use it.
pub(super) const CONNECTION: [&str; 9] = [
    "s3_uri",
    "endpoint_url",
    "region_name",
    "profile",
    "aws_access_key_id",
    "aws_secret_access_key",
    "addressing_style",
    "ca_bundle",
    "requester_pays",
];
const CAPABILITIES: &str = "conditional_writes";
/// More than any secret key has, in bytes.
const MAX_SECRET: u64 = 4096;

/// Sets or clears the fields that the options name.
pub(super) fn apply(context: &Context, args: &FieldArgs, fields: &mut Fields) -> Result<(), Error> {
    for (field, text) in args.texts() {
        if let Some(text) = text {
            set(context, fields, field, text)?;
        }
    }
    if let Some(file) = &args.secret_access_key_file {
        let secret = read_secret(context, file)?;
        fields.insert("aws_secret_access_key".to_owned(), Value::String(secret.reveal().to_owned()));
    } else if let Some(secret) = &args.secret_access_key {
        set(context, fields, "aws_secret_access_key", secret.reveal())?;
    }
    if !text(fields, "aws_access_key_id").is_empty() && text(fields, "aws_secret_access_key").is_empty() {
        let hint = "give it too: --secret-access-key-file FILE";
        return Err(Error::new(Kind::Usage, "a key that is to be stored needs its secret").hint(hint));
    }
    Ok(())
}

/// Sets a field to `text` in the form that the file has it; `-` and nothing clear it.
pub(super) fn set(context: &Context, fields: &mut Fields, field: &str, text: &str) -> Result<(), Error> {
    let text = text.trim();
    if matches!(text, "" | "-") {
        fields.shift_remove(field);
        return Ok(());
    }
    let value = match field {
        "s3_uri" => Value::String(uri(text)?.to_owned()),
        "endpoint_url" => Value::String(endpoint(text)?.to_owned()),
        "local_folder" | "state_folder" | "ca_bundle" => Value::String(absolute(context, text)?),
        "max_delete" | "trash_days" | "jobs" => number(text),
        "prices" => prices(text)?,
        "event_queue" => Value::String(queue(text)?.to_owned()),
        "addressing_style" | "conflicts" | "direction" | "links" | "on_ignore" => Value::String(text.to_lowercase()),
        "empty_folders" | "requester_pays" => Value::Bool(text.eq_ignore_ascii_case("on")),
        _ => Value::String(text.to_owned()),
    };
    fields.insert(field.to_owned(), value);
    Ok(())
}

/// A field's text; an empty one if it is not set, or no text.
pub(super) fn text<'a>(fields: &'a Fields, field: &str) -> &'a str {
    fields.get(field).and_then(Value::as_str).unwrap_or_default().trim()
}

/// A number as JSON; whatever is none is left for [`Target::read`] to refuse.
fn number(text: &str) -> Value {
    let whole = text.parse::<u64>().map(Value::from);
    whole.or_else(|_| text.parse::<f64>().map(Value::from)).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Prices as an object, each by its name.
fn prices(text: &str) -> Result<Value, Error> {
    let prices = Prices::parse(text).map_err(|problem| Error::new(Kind::Usage, problem))?;
    Ok(prices.each().filter_map(|(name, price)| Some((name.to_owned(), price?.into()))).collect::<Fields>().into())
}

fn uri(text: &str) -> Result<&str, Error> {
    let wrong = |error: UriError| Error::new(Kind::Usage, error.to_string()).hint("write it as s3://bucket/path");
    S3Uri::parse(text).map(|_| text).map_err(wrong)
}

fn endpoint(text: &str) -> Result<&str, Error> {
    let hint = "write it as https://host or http://host:port";
    let wrong = |error: remote::Error| Error::new(Kind::Usage, error.to_string()).hint(hint);
    remote::check_endpoint(text).map(|()| text).map_err(wrong)
}

fn queue(text: &str) -> Result<&str, Error> {
    let hint = "write it as https://sqs.REGION.amazonaws.com/ACCOUNT/NAME";
    let wrong = |problem| Error::new(Kind::Usage, format!("the address of the event queue {problem}")).hint(hint);
    check_queue(text).map(|()| text).map_err(wrong)
}

fn absolute(context: &Context, text: &str) -> Result<String, Error> {
    let path = context.env.absolute(&context.env.expand(text));
    // The config file is JSON, and so is text.
    let not_text = || Error::new(Kind::Usage, format!("the path '{}' is not UTF-8", path.display()));
    path.to_str().map(str::to_owned).ok_or_else(not_text)
}

/// The first line of `file`; of standard input for `-`.
fn read_secret(context: &Context, file: &Path) -> Result<Secret, Error> {
    let line = if file == Path::new("-") {
        context.ui.ask_secret("").map(Option::unwrap_or_default)
    } else {
        first_line(file)
    };
    let failed = |source| {
        Error::new(Kind::Failed, format!("cannot read the secret key from '{}'", file.display())).because(source)
    };
    let line = line.map_err(failed)?;
    if line.trim().is_empty() {
        return Err(Error::new(Kind::Usage, format!("there is no secret key in '{}'", file.display())));
    }
    Ok(Secret::new(line.trim()))
}

fn first_line(file: &Path) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(File::open(file)?.take(MAX_SECRET)).read_line(&mut line)?;
    Ok(line)
}

/// Refuses a path at which there is something that is no folder.
pub(super) fn check_folder(folder: &Path) -> Result<(), Error> {
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Error::new(Kind::Usage, format!("'{}' is not a folder", folder.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::new(Kind::Failed, format!("cannot look at '{}'", folder.display())).because(source)),
    }
}

/// What is to become of a target.
#[derive(Clone)]
pub(super) struct Draft<'a> {
    /// The target that it replaces.
    pub(super) old: Option<&'a str>,
    /// Its name.
    pub(super) name: &'a str,
    /// Its fields.
    pub(super) fields: Fields,
}

impl Draft<'_> {
    /// Checks the target against itself and the others, tries its bucket with `check`, makes its folder, and saves it.
    /// Where one of these fails, nothing is saved.
    pub(super) fn save(mut self, context: &Context, check: Option<&Checker<'_>>) -> Result<(), Error> {
        let target = self.admit(context, &context.config()?)?;
        check_folder(&target.local_folder)?;
        if let Some(check) = check {
            context.ui.debug(&format!("trying {}", target.s3_uri));
            let capabilities = check(&target)?;
            if !capabilities.is_null() {
                self.fields.insert(CAPABILITIES.to_owned(), capabilities);
            }
        }
        make_folder(context, &target.local_folder)?;
        context.update_config(|config| {
            // Once more: while the user typed and the bucket was tried, the file may have changed.
            self.admit(context, config)?;
            if let Some(old) = self.old.filter(|old| *old != self.name) {
                config.remove(old)?;
            }
            config.set(self.name, self.fields);
            Ok(())
        })
    }

    /// Forgets what was found out about the server.
    pub(super) fn forget_capabilities(&mut self) {
        self.fields.shift_remove(CAPABILITIES);
    }

    /// The target, if it may stand beside the others in `config`.
    fn admit(&self, context: &Context, config: &Config) -> Result<Target, Error> {
        let mut others = config.clone();
        if let Some(old) = self.old {
            others.remove(old)?;
        }
        if self.old != Some(self.name) {
            others.check_new_name(self.name)?;
        }
        let target = Target::read(self.name, &self.fields, &context.env)?;
        others.check_overlap(&target, &context.env)?;
        Ok(target)
    }
}

fn make_folder(context: &Context, folder: &Path) -> Result<(), Error> {
    if folder.is_dir() {
        return Ok(());
    }
    let failed =
        |source| Error::new(Kind::Failed, format!("cannot make the folder '{}'", folder.display())).because(source);
    fs::create_dir_all(folder).map_err(failed)?;
    context.ui.note(&format!("Made the folder '{}'", folder.display()));
    Ok(())
}

/// Asks on, until an answer is taken by `take`; what it refuses is told. `None` at the end of the input.
pub(super) fn ask_until<T>(
    context: &Context,
    question: &str,
    take: impl FnMut(&str) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    until(context, || context.ui.ask(question).map_err(|error| unread(question, error)), take)
}

/// Asks once; the end of the input is a blank answer.
pub(super) fn ask(context: &Context, question: &str) -> Result<String, Error> {
    Ok(ask_until(context, question, |answer| Ok(answer.to_owned()))?.unwrap_or_default())
}

/// As [`ask_until`], with an answer that does not show while it is typed.
pub(super) fn ask_secret_until(
    context: &Context,
    question: &str,
    take: impl FnMut(&str) -> Result<(), Error>,
) -> Result<(), Error> {
    until(context, || context.ui.ask_secret(question).map_err(|error| unread(question, error)), take)?;
    Ok(())
}

fn until<T>(
    context: &Context,
    ask: impl Fn() -> Result<Option<String>, Error>,
    mut take: impl FnMut(&str) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    while let Some(answer) = ask()? {
        match take(&answer) {
            Ok(taken) => return Ok(Some(taken)),
            Err(error) => {
                let hints = error.hints().iter().map(|hint| format!("; {hint}"));
                context.ui.warn(&(error.chain().join(": ") + &hints.collect::<String>()));
            }
        }
    }
    if context.ui.options().terminals.input {
        // Ctrl-D is no answer.
        return Err(Error::new(Kind::Interrupted, "nothing has been saved"));
    }
    Ok(None)
}

fn unread(question: &str, source: io::Error) -> Error {
    let kind = if source.kind() == io::ErrorKind::Interrupted { Kind::Interrupted } else { Kind::Failed };
    Error::new(kind, format!("cannot read the answer to '{}'", question.trim_end_matches([':', ' ']))).because(source)
}
