//! Times as texts: RFC 3339 in UTC.
//!
//! Any 64-bit number of seconds has a text: years beyond four digits get a sign, as in ISO 8601.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

const NS: i64 = 1_000_000_000;
const DAY: i64 = 86_400;

/// A time in nanoseconds since the epoch. As a text it always has nine digits after the point, so that texts sort as the
/// times do: `2026-11-22T10:03:04.000000000Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i128);

/// A time in whole seconds since the epoch: `2026-11-22T10:03:04Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub i64);

impl Time {
    /// Its text, if its seconds fit in 64 bits.
    fn text(self) -> Option<Text> {
        // Division of 128 bits takes longer than all the rest.
        let (seconds, nanos) = match i64::try_from(self.0) {
            Ok(ns) => (ns.div_euclid(NS), ns.rem_euclid(NS)),
            Err(_) => {
                let (seconds, nanos) = (self.0.div_euclid(NS.into()), self.0.rem_euclid(NS.into()));
                (i64::try_from(seconds).ok()?, i64::try_from(nanos).ok()?)
            }
        };
        let mut text = Text::new();
        text.put(nanos, 9);
        text.push(b'.');
        text.put_seconds(seconds);
        Some(text)
    }
}

impl Seconds {
    fn text(self) -> Option<Text> {
        let mut text = Text::new();
        text.put_seconds(self.0);
        Some(text)
    }
}

/// The longest text, of the last year that 64 bits of seconds reach, is one byte shorter.
const LONGEST: usize = 40;

/// A text, filled in from its end. It costs a tenth of formatting each number: a scan prints two times a file.
struct Text {
    bytes: [u8; LONGEST],
    start: usize,
}

impl Text {
    fn new() -> Text {
        let mut text = Text { bytes: [0; LONGEST], start: LONGEST };
        text.push(b'Z');
        text
    }

    fn push(&mut self, byte: u8) {
        self.start -= 1;
        self.bytes[self.start] = byte;
    }

    /// The last digits of a number that is not negative.
    fn put(&mut self, mut number: i64, digits: usize) {
        for _ in 0..digits {
            self.push(b'0' + u8::try_from(number % 10).unwrap_or_default());
            number /= 10;
        }
    }

    fn put_seconds(&mut self, seconds: i64) {
        let (year, month, day) = civil(seconds.div_euclid(DAY));
        let second = seconds.rem_euclid(DAY);
        let fields = [(second % 60, b':'), (second / 60 % 60, b':'), (second / 3600, b'T'), (day, b'-'), (month, b'-')];
        for (number, before) in fields {
            self.put(number, 2);
            self.push(before);
        }
        let digits = 4.max(year.unsigned_abs().checked_ilog10().unwrap_or_default() as usize + 1);
        self.put(year.abs(), digits);
        if !(0..=9999).contains(&year) {
            self.push(if year < 0 { b'-' } else { b'+' });
        }
    }

    fn as_str(&self) -> &str {
        // It holds nothing but ASCII.
        str::from_utf8(&self.bytes[self.start..]).unwrap_or_default()
    }
}

/// A text that is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTime;

impl fmt::Display for NoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a time such as 2026-11-22T10:03:04Z")
    }
}

impl std::error::Error for NoTime {}

impl FromStr for Time {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Time, NoTime> {
        let (seconds, nanos) = parse(text).ok_or(NoTime)?;
        Ok(Time(i128::from(seconds) * i128::from(NS) + i128::from(nanos)))
    }
}

impl FromStr for Seconds {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Seconds, NoTime> {
        parse(text).map(|(seconds, _)| Seconds(seconds)).ok_or(NoTime)
    }
}

/// Seconds since the epoch and nanoseconds; `None` for any other text.
fn parse(text: &str) -> Option<(i64, i64)> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let (rest, day) = date.rsplit_once('-')?;
    let (year, month) = rest.rsplit_once('-')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut fields = clock.splitn(3, ':').map(|field| number(field, 2));
    let (hour, minute, second) = (fields.next()??, fields.next()??, fields.next()??);
    let signed = year.starts_with(['+', '-']);
    let year: i64 = year.parse().ok().filter(|_| signed || year.len() == 4)?;
    let (month, day) = (number(month, 2)?, number(day, 2)?);
    if hour > 23 || minute > 59 || second > 60 || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let seconds =
        i128::from(days_of(year, month, day)?) * i128::from(DAY) + i128::from(hour * 3600 + minute * 60 + second);
    let nanos = (fraction.len()..9).fold(number(fraction, fraction.len())?, |number, _| number * 10);
    Some((i64::try_from(seconds).ok()?, nanos))
}

/// A number of so many digits and nothing else.
fn number(text: &str, digits: usize) -> Option<i64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let whole = |text: &str| text.bytes().try_fold(0, |number, byte| Some(number * 10 + digit(byte)?));
    if text.len() == digits { whole(text) } else { None }
}

/// Days in 400 years of the Gregorian calendar.
const ERA: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01. Years are counted from March, so that the leap day is the last one.
const TO_EPOCH: i64 = 719_468;

/// Year, month and day of a number of days since 1970-01-01, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + TO_EPOCH;
    let (era, day_of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / (ERA - 1);
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// The reverse of [`civil`]; `None` for a date that is none, or too far away.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let from_march = if month > 2 { year } else { year.checked_sub(1)? };
    let (era, year_of_era) = (from_march.div_euclid(400), from_march.rem_euclid(400));
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era.checked_mul(ERA)?.checked_add(day_of_era - TO_EPOCH)?;
    (civil(days) == (year, month, day)).then_some(days)
}

macro_rules! as_text {
    ($type:ident) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text().ok_or(fmt::Error)?.as_str())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let text = self.text().ok_or_else(|| ser::Error::custom("a time beyond all calendars"))?;
                serializer.serialize_str(text.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                deserializer.deserialize_str(Reader(PhantomData))
            }
        }
    };
}

/// Reads a text in place.
struct Reader<T>(PhantomData<T>);

impl<T: FromStr<Err = NoTime>> de::Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time such as 2026-11-22T10:03:04Z")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

as_text!(Time);
as_text!(Seconds);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_341_784, "2026-11-22T10:03:04Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "+10000-01-01T00:00:00Z"),
            (-62_167_219_201, "-0001-12-31T23:59:59Z"),
        ] {
            assert_eq!(Seconds(seconds).to_string(), text, "{seconds}");
            assert_eq!(text.parse(), Ok(Seconds(seconds)), "{text}");
        }
    }

    #[test]
    fn every_time_comes_back_from_its_text() {
        let extremes =
            [i64::MIN, i64::MIN + 1, -1, 0, 1, 951_782_400, i64::MAX].map(|second| i128::from(second) * i128::from(NS));
        let spread = (-2_000..2_000).map(|step| step * 86_399_123_456_789 * 365);
        for ns in extremes.into_iter().chain(spread) {
            for ns in [ns, ns + 1, ns + i128::from(NS) - 1] {
                assert_eq!(Time(ns).to_string().parse(), Ok(Time(ns)), "{}", Time(ns));
            }
        }
        assert_eq!(Time(1_500_000_000).to_string(), "1970-01-01T00:00:01.500000000Z");
        assert_eq!("1970-01-01T00:00:01.5Z".parse(), Ok(Time(1_500_000_000)));
        assert!(serde_json::to_string(&Time(i128::MAX)).is_err());
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            "now",
            "2026-11-22",
            "2026-11-22T10:03:04",
            "2026-11-22T10:03:04+01:00",
            "2026-13-22T10:03:04Z",
            "2026-02-29T10:03:04Z",
            "2026-11-00T10:03:04Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T10:03Z",
            "2026-11-22T10:03:04.Z",
            "2026-11-22T10:03:04.1234567890Z",
            "26-11-22T10:03:04Z",
            "2026-1-22T10:03:04Z",
            "+9223372036854775807-01-01T00:00:00Z",
            "2026-11-22T1é:03:04Z",
        ] {
            assert_eq!(text.parse::<Time>(), Err(NoTime), "{text}");
        }
    }
}
