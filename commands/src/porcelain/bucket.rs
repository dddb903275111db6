//! What a bucket itself is to do, as options; `add` and `edit` take them.

use clap::Args;

use crate::values::Switch;

/// The most days that a rule may keep versions; a hundred years.
const MOST_DAYS: u32 = 36_500;

/// What the bucket is to do. It is told so at once: none of it is a field of the target.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The bucket")]
pub struct BucketArgs {
    /// Have the bucket keep versions, or no more of them
    ///
    /// Of what is replaced or deleted: s4-log(1) shows them, s4-restore(1) brings them back. Each is paid for like an object, so
    /// see --keep-versions too. That goes for all of the bucket, also beside the target's place. At AWS it may take 15 minutes
    /// until it holds for every write.
    #[arg(long, value_name = "CHOICE")]
    pub versioning: Option<Switch>,
    /// Let the bucket remove versions that are so old
    ///
    /// A lifecycle rule of the bucket for the target's place alone: DAYS after it was replaced or deleted, a version goes for good,
    /// and so does an upload that was not ended within 7 days. `off` takes the rule away. Other rules stay as they are.
    #[arg(long, value_name = "DAYS", value_parser = parse_keeping)]
    pub keep_versions: Option<Keeping>,
}

impl BucketArgs {
    /// Whether nothing is wanted of the bucket.
    pub fn is_empty(&self) -> bool {
        self.versioning.is_none() && self.keep_versions.is_none()
    }
}

/// How long the bucket keeps versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// So many days.
    Days(u32),
    /// As far as no other rule says otherwise, for ever.
    Forever,
}

fn parse_keeping(text: &str) -> Result<Keeping, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(Keeping::Forever);
    }
    let days = text.parse::<u32>().ok().filter(|days| (1..=MOST_DAYS).contains(days));
    days.map(Keeping::Days).ok_or_else(|| format!("neither a number of days from 1 to {MOST_DAYS} nor off"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_kept_for_days_or_for_ever() {
        assert_eq!(parse_keeping("30"), Ok(Keeping::Days(30)));
        assert_eq!(parse_keeping("Off"), Ok(Keeping::Forever));
        for wrong in ["0", "-1", "1.5", "", "36501", "never"] {
            assert!(parse_keeping(wrong).is_err(), "{wrong}");
        }
    }
}
