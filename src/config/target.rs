//! One target, read from its fields.

use std::path::PathBuf;

use s4_commands::{
    AddressingStyle, Bandwidth, Conflicts, Direction, Links, OnIgnore, Prices, Secret, check_queue, holds_keys,
    parse_jobs,
};
use serde_json::Value;

use super::{Error, Fields};
use crate::env::Env;

/// A target: a folder, a place in a bucket, and how to sync them. What is `None` is not set.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// The config file that it stands in; `None` for one that stands in none.
    pub config: Option<PathBuf>,
    /// The folder; absolute.
    pub local_folder: PathBuf,
    /// The place in the bucket, as it was written: `s3://bucket/prefix`.
    pub s3_uri: String,
    /// The server's address, where it is not AWS.
    pub endpoint_url: Option<String>,
    /// The bucket's region.
    pub region_name: Option<String>,
    /// The access key; where there is none, the AWS chain is asked.
    pub aws_access_key_id: Option<String>,
    /// Its secret; there if and only if the access key is.
    pub aws_secret_access_key: Option<Secret>,
    /// The profile that the AWS chain is to use.
    pub profile: Option<String>,
    /// The storage class of new objects.
    pub storage_class: Option<String>,
    /// The encryption of new objects.
    pub sse: Option<String>,
    /// The key of that encryption.
    pub sse_kms_key_id: Option<String>,
    /// What to do with conflicts.
    pub conflicts: Option<Conflicts>,
    /// Where index, lock and staging are, if not in the folder; absolute.
    pub state_folder: Option<PathBuf>,
    /// The share of the keys that may be deleted at once, in percent.
    pub max_delete: Option<f64>,
    /// How many days the trash is kept.
    pub trash_days: Option<u32>,
    /// How symbolic links are treated.
    pub links: Option<Links>,
    /// Whether empty folders are synced.
    pub empty_folders: bool,
    /// In which direction changes are carried.
    pub direction: Option<Direction>,
    /// What becomes of objects that were synced and are now ignored.
    pub on_ignore: Option<OnIgnore>,
    /// Where addresses name the bucket.
    pub addressing_style: Option<AddressingStyle>,
    /// The certificates to believe in place of the system's; absolute.
    pub ca_bundle: Option<PathBuf>,
    /// Whether this side pays for requests.
    pub requester_pays: bool,
    /// How many contents move at a time, at most.
    pub jobs: Option<usize>,
    /// How many bytes move a second, at most.
    pub bandwidth_limit: Option<Bandwidth>,
    /// What the server asks for its work.
    pub prices: Option<Prices>,
    /// The address of the SQS queue that tells of changes in the bucket.
    pub event_queue: Option<String>,
    /// What the probe of the server found.
    pub conditional_writes: Option<Value>,
}

impl Target {
    /// Reads the target `name` from its fields. Blank texts and `null` count as not set.
    ///
    /// # Errors
    ///
    /// [`Error::Field`] for the first field that is missing or makes no sense.
    pub fn read(name: &str, fields: &Fields, env: &Env) -> Result<Target, Error> {
        let read = Reader { name, fields, env };
        let target = Target {
            name: name.to_owned(),
            config: None,
            local_folder: read.path("local_folder")?.ok_or_else(|| read.error("local_folder", "is missing"))?,
            s3_uri: read.text("s3_uri")?.ok_or_else(|| read.error("s3_uri", "is missing"))?,
            endpoint_url: read.text("endpoint_url")?,
            region_name: read.text("region_name")?,
            aws_access_key_id: read.text("aws_access_key_id")?,
            aws_secret_access_key: read.text("aws_secret_access_key")?.map(Secret::new),
            profile: read.text("profile")?,
            storage_class: read.text("storage_class")?,
            sse: read.text("sse")?,
            sse_kms_key_id: read.text("sse_kms_key_id")?,
            conflicts: read.choice("conflicts", "ignore, local, remote, newest or keep-both", Conflicts::parse)?,
            state_folder: read.path("state_folder")?,
            max_delete: read.share("max_delete")?,
            trash_days: read.days("trash_days")?,
            links: read.choice("links", "skip, follow or preserve", Links::parse)?,
            empty_folders: read.switch("empty_folders")?,
            direction: read.choice("direction", "both, push or pull", Direction::parse)?,
            on_ignore: read.choice("on_ignore", "delete or keep", OnIgnore::parse)?,
            addressing_style: read.choice("addressing_style", "path or virtual", AddressingStyle::parse)?,
            ca_bundle: read.path("ca_bundle")?,
            requester_pays: read.switch("requester_pays")?,
            jobs: read.jobs("jobs")?,
            bandwidth_limit: read.choice("bandwidth_limit", "a rate like 500K, 1M:8M or 1M:off", Bandwidth::parse)?,
            prices: read.prices("prices")?,
            event_queue: read.text("event_queue")?,
            conditional_writes: fields.get("conditional_writes").filter(|value| !value.is_null()).cloned(),
        };
        target.check(&read)?;
        Ok(target)
    }

    fn check(&self, read: &Reader<'_>) -> Result<(), Error> {
        // Both are shown in many places, and written into the index.
        let fields = [("s3_uri", Some(&self.s3_uri)), ("endpoint_url", self.endpoint_url.as_ref())];
        for (field, url) in fields {
            if url.is_some_and(|url| holds_keys(url)) {
                return Err(read.error(field, "must not hold a user name, a key or a password"));
            }
        }
        if let Some(Err(problem)) = self.event_queue.as_deref().map(check_queue) {
            return Err(read.error("event_queue", problem));
        }
        if self.aws_access_key_id.is_some() && self.aws_secret_access_key.is_none() {
            return Err(read.error("aws_secret_access_key", "is missing, though aws_access_key_id is set"));
        }
        if self.aws_secret_access_key.is_some() && self.aws_access_key_id.is_none() {
            return Err(read.error("aws_access_key_id", "is missing, though aws_secret_access_key is set"));
        }
        if self.state_folder.as_ref().is_some_and(|state| state.starts_with(&self.local_folder)) {
            return Err(read.error("state_folder", "is inside of local_folder: it would be synced"));
        }
        Ok(())
    }
}

/// Reads single fields, and says which target and field is wrong.
struct Reader<'a> {
    name: &'a str,
    fields: &'a Fields,
    env: &'a Env,
}

impl Reader<'_> {
    fn error(&self, field: &'static str, problem: impl Into<String>) -> Error {
        Error::Field { target: self.name.to_owned(), field, problem: problem.into() }
    }

    fn text(&self, field: &'static str) -> Result<Option<String>, Error> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.error(field, "is not a text")),
        }
    }

    fn path(&self, field: &'static str) -> Result<Option<PathBuf>, Error> {
        let Some(text) = self.text(field)? else {
            return Ok(None);
        };
        let path = self.env.expand(&text);
        // A relative one would be another folder with each current folder, and its files would look deleted.
        if !path.is_absolute() {
            return Err(self.error(field, format!("is not an absolute path: '{text}'")));
        }
        Ok(Some(self.env.absolute(&path)))
    }

    fn choice<T>(&self, field: &'static str, choices: &str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, Error> {
        // S4 users know the first two choices by number.
        let text = match self.fields.get(field) {
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => self.text(field)?,
        };
        let parse = |text: String| parse(&text).ok_or_else(|| self.error(field, format!("is '{text}', not {choices}")));
        text.map(parse).transpose()
    }

    /// `true` or `false`, also as a text, or as the option has it; `false` if nothing is said.
    fn switch(&self, field: &'static str) -> Result<bool, Error> {
        if let Some(Value::Bool(on)) = self.fields.get(field) {
            return Ok(*on);
        }
        let text = self.text(field)?.map(|text| text.trim().to_lowercase());
        match text.as_deref() {
            Some("true" | "on") => Ok(true),
            None | Some("false" | "off") => Ok(false),
            Some(_) => Err(self.error(field, "is not true or false")),
        }
    }

    /// A number, also one in quotes.
    fn number(&self, field: &'static str) -> Result<Option<f64>, Error> {
        if let Some(number) = self.fields.get(field).and_then(Value::as_f64) {
            return Ok(Some(number));
        }
        let Some(text) = self.text(field)? else {
            return Ok(None);
        };
        let number = text.trim().trim_end_matches('%').parse().map_err(|_| self.error(field, "is not a number"))?;
        Ok(Some(number))
    }

    fn share(&self, field: &'static str) -> Result<Option<f64>, Error> {
        match self.number(field)? {
            Some(share) if !(0.0..=100.0).contains(&share) => {
                Err(self.error(field, "is not between 0 and 100 percent"))
            }
            share => Ok(share),
        }
    }

    fn jobs(&self, field: &'static str) -> Result<Option<usize>, Error> {
        let Some(jobs) = self.number(field)? else {
            return Ok(None);
        };
        let jobs = parse_jobs(&jobs.to_string()).map_err(|problem| self.error(field, format!("is {problem}")))?;
        Ok(Some(jobs))
    }

    fn prices(&self, field: &'static str) -> Result<Option<Prices>, Error> {
        let wrong = |problem| self.error(field, format!("makes no sense: {problem}"));
        let Some(Value::Object(named)) = self.fields.get(field) else {
            // As the option has it.
            return self.text(field)?.map(|text| Prices::parse(&text).map_err(wrong)).transpose();
        };
        let mut prices = Prices::default();
        for (name, price) in named {
            let dollars = price.as_f64().ok_or_else(|| wrong(format!("'{price}' is not a price in dollars")))?;
            prices.set(name, dollars).map_err(wrong)?;
        }
        Ok(Some(prices))
    }

    fn days(&self, field: &'static str) -> Result<Option<u32>, Error> {
        let wrong = || self.error(field, "is not a whole number of days");
        let Some(days) = self.number(field)? else {
            return Ok(None);
        };
        if days.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&days) {
            return Err(wrong());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "range and fraction were checked")]
        Ok(Some(days as u32))
    }
}
