//! Values that options and the config file share.

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser};

/// What to do with a key that changed on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Conflicts {
    /// Leave the key as it is on both sides
    Ignore,
    /// Keep the local version
    #[value(alias = "1")]
    Local,
    /// Keep the version in the bucket
    #[value(alias = "2")]
    Remote,
    /// Keep the version with the later time
    Newest,
    /// Keep both, the local one under a new name
    KeepBoth,
}

/// What becomes of an object whose key was synced and is now ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnIgnore {
    /// Delete it from the bucket
    Delete,
    /// Leave it in the bucket
    Keep,
}

/// In which direction changes are carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Direction {
    /// To the bucket and to the folder
    Both,
    /// To the bucket alone
    Push,
    /// To the folder alone
    Pull,
}

/// Where the bucket is named in the address of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AddressingStyle {
    /// In the path, behind the server's name
    Path,
    /// As a part of the server's name
    Virtual,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It does
    On,
    /// It does not
    Off,
}

impl AddressingStyle {
    /// Reads one of the names that `--addressing-style` takes; `None` for anything else.
    pub fn parse(text: &str) -> Option<AddressingStyle> {
        AddressingStyle::from_str(text, true).ok()
    }
}

impl Switch {
    /// Reads `on` or `off`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Switch> {
        Switch::from_str(text, true).ok()
    }
}

/// What is done about symbolic links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Links {
    /// Leave them alone
    #[default]
    Skip,
    /// Sync what they lead to, files and folders
    Follow,
    /// Sync them as what they are, wherever they lead
    Preserve,
}

impl Conflicts {
    /// Reads one of the names that `--conflicts` takes; `None` for anything else.
    pub fn parse(text: &str) -> Option<Conflicts> {
        Conflicts::from_str(text, true).ok()
    }

    /// The name that `--conflicts` takes.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl OnIgnore {
    /// Reads one of the names that `--on-ignore` takes; `None` for anything else.
    pub fn parse(text: &str) -> Option<OnIgnore> {
        OnIgnore::from_str(text, true).ok()
    }
}

impl Direction {
    /// Reads one of the names that `--direction` takes; `None` for anything else.
    pub fn parse(text: &str) -> Option<Direction> {
        Direction::from_str(text, true).ok()
    }
}

impl Links {
    /// Reads one of the names that `--links` takes; `None` for anything else.
    pub fn parse(text: &str) -> Option<Links> {
        Links::from_str(text, true).ok()
    }
}

/// The names of `T`, and the two ways to clear a field of a target: `-` and nothing at all.
pub(crate) fn clearable<T: ValueEnum>() -> PossibleValuesParser {
    let names = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let clearing = ["-", ""].map(|text| PossibleValue::new(text).hide(true));
    PossibleValuesParser::new(names.chain(clearing))
}

/// A share in percent, with or without the sign; or a text that clears the field.
pub(crate) fn percent(text: &str) -> Result<String, String> {
    let number = text.strip_suffix('%').unwrap_or(text);
    match number.parse::<f64>() {
        _ if matches!(text, "-" | "") => Ok(text.to_owned()),
        Ok(share) if (0.0..=100.0).contains(&share) => Ok(number.to_owned()),
        _ => Err("not a percentage from 0 to 100".to_owned()),
    }
}

/// A number of days; or a text that clears the field.
pub(crate) fn days(text: &str) -> Result<String, String> {
    match text.parse::<u32>() {
        _ if matches!(text, "-" | "") => Ok(text.to_owned()),
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("not a number of days".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_of_0_4_mean_the_same() {
        assert_eq!(Conflicts::parse("1"), Some(Conflicts::Local));
        assert_eq!(Conflicts::parse("2"), Some(Conflicts::Remote));
        assert_eq!(Conflicts::parse("Keep-Both"), Some(Conflicts::KeepBoth));
        assert_eq!(Conflicts::parse("3"), None);
        assert_eq!(OnIgnore::parse("keep"), Some(OnIgnore::Keep));
    }

    #[test]
    fn shares_and_days_are_checked_and_can_be_cleared() {
        for (text, read) in [("50", Some("50")), ("12.5%", Some("12.5")), ("-", Some("-")), ("", Some(""))] {
            assert_eq!(percent(text).ok().as_deref(), read);
        }
        for wrong in ["101", "-1", "x", "NaN", "%"] {
            assert!(percent(wrong).is_err(), "{wrong}");
        }
        assert!(days("7").is_ok() && days("-").is_ok() && days("1.5").is_err() && days("-7").is_err());
    }
}
