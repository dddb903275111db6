//! Moments as people write them: `2026-11-20 14:00`, `yesterday`, `last tuesday 9:30`, `2h ago`. Pure: the time it is now and the
//! time zone come in as values.
//!
//! A day without a time is its beginning. A time without a day is the last time that the clock showed it.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _, ZonedDateTime};

/// Why a text is no moment in the past.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhenError {
    /// It makes no sense.
    #[error("'{0}' is no time")]
    Unreadable(String),
    /// It is still to come.
    #[error("'{0}' is in the future")]
    Future(String),
}

/// How times may be written, for messages.
pub const FORMS: &str =
    "write it as 2026-11-20, '2026-11-20 14:00', 14:00, 'yesterday 14:00', 'last tuesday', '2h ago' or in RFC 3339";

/// Reads a moment that is not after `now`; both in whole seconds since the epoch. What has no offset of its own is a time in `zone`.
///
/// # Errors
///
/// [`WhenError`].
pub fn read(text: &str, now: i64, zone: &TimeZone) -> Result<i64, WhenError> {
    let unreadable = || WhenError::Unreadable(text.to_owned());
    let here = Timestamp::from_second(now).map_err(|_| unreadable())?.to_zoned_datetime(zone.clone());
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let moment = whole(&plain, &here).or_else(|| words(&plain.to_lowercase(), &here)).ok_or_else(unreadable)?;
    // A fraction is cut off towards the past: no moment later than the one that was named.
    let seconds = moment.as_nanosecond().div_euclid(1_000_000_000);
    let seconds = i64::try_from(seconds).map_err(|_| unreadable())?;
    if seconds > now { Err(WhenError::Future(text.to_owned())) } else { Ok(seconds) }
}

/// What says all of itself: a date, with or without a time and an offset.
fn whole(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    // `parse` would take other forms too, such as a year and a week.
    if !text.starts_with(|first: char| first.is_ascii_digit()) || !text.get(4..)?.starts_with('-') {
        return None;
    }
    text.parse::<Timestamp>().ok().or_else(|| in_zone(text.parse::<DateTime>().ok()?, now))
}

/// What is said of now.
fn words(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    if text == "now" {
        return Some(now.timestamp());
    }
    if text.ends_with(" ago") {
        let back = text.parse::<Span>().ok()?;
        return Some(now.checked_add(back).ok()?.timestamp());
    }
    if let Some(time) = clock(text) {
        return latest(now.date(), 1, time, now);
    }
    let (last, text) = text.strip_prefix("last ").map_or((false, text), |rest| (true, rest));
    let (day, time) = text.split_once(' ').map_or((text, None), |(day, time)| (day, Some(time)));
    let time = time.map_or(Some(Time::midnight()), clock)?;
    let today = now.date();
    match day {
        "today" if !last => in_zone(today.to_datetime(time), now),
        "yesterday" if !last => in_zone(today.yesterday().ok()?.to_datetime(time), now),
        name => {
            let back = i64::from(today.weekday().since(weekday(name)?));
            let back = if last && back == 0 { 7 } else { back };
            latest(today.checked_sub(back.days()).ok()?, 7, time, now)
        }
    }
}

/// A time of that day, or so many days before if it is still to come.
fn latest(day: Date, days: i64, time: Time, now: &ZonedDateTime) -> Option<Timestamp> {
    let moment = in_zone(day.to_datetime(time), now)?;
    if moment <= now.timestamp() {
        return Some(moment);
    }
    in_zone(day.checked_sub(days.days()).ok()?.to_datetime(time), now)
}

fn in_zone(civil: DateTime, now: &ZonedDateTime) -> Option<Timestamp> {
    Some(civil.to_zoned_datetime(now.time_zone().clone()).ok()?.timestamp())
}

/// `9:30`, `14:00`, `14:00:30`.
fn clock(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let mut part = |most: i8| {
        let digits = parts.next().filter(|part| (1..=2).contains(&part.len()))?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)?.parse::<i8>().ok().filter(|it| *it <= most)
    };
    let (hour, minute) = (part(23)?, part(59)?);
    let second = if text.matches(':').count() == 1 { 0 } else { part(59)? };
    if parts.next().is_some() { None } else { Time::new(hour, minute, second, 0).ok() }
}

/// A day of the week by its name, or by three letters of it and more.
fn weekday(name: &str) -> Option<Weekday> {
    const DAYS: [(&str, Weekday); 7] = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let found = DAYS.into_iter().find(|(day, _)| name.len() >= 3 && day.starts_with(name));
    found.map(|(_, day)| day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A Sunday, 10:03:04 in UTC.
    const NOW: i64 = 1_795_341_784;

    fn utc(text: &str) -> Result<String, WhenError> {
        read(text, NOW, &TimeZone::UTC).map(|seconds| Timestamp::from_second(seconds).unwrap().to_string())
    }

    fn zones() -> impl Strategy<Value = TimeZone> {
        // Of both halves of the world, and one that is off by an odd number of minutes.
        prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
            .prop_map(|name| TimeZone::get(name).unwrap_or(TimeZone::UTC))
    }

    #[test]
    fn every_form_is_read() {
        for (text, moment) in [
            ("2026-11-20T13:00:00Z", "2026-11-20T13:00:00Z"),
            ("2026-11-20T13:00:00.9+01:00", "2026-11-20T12:00:00Z"),
            ("2026-11-20 13:00:00-05:00", "2026-11-20T18:00:00Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-20 14:00", "2026-11-20T14:00:00Z"),
            ("  2026-11-20T14:00:30 ", "2026-11-20T14:00:30Z"),
            ("9:30", "2026-11-22T09:30:00Z"),
            ("10:03:04", "2026-11-22T10:03:04Z"),
            ("10:04", "2026-11-21T10:04:00Z"),
            ("now", "2026-11-22T10:03:04Z"),
            ("today", "2026-11-22T00:00:00Z"),
            ("today 8:00", "2026-11-22T08:00:00Z"),
            ("yesterday", "2026-11-21T00:00:00Z"),
            ("Yesterday   14:00", "2026-11-21T14:00:00Z"),
            ("tuesday 14:00", "2026-11-17T14:00:00Z"),
            ("last Tue", "2026-11-17T00:00:00Z"),
            ("sunday", "2026-11-22T00:00:00Z"),
            ("sunday 10:30", "2026-11-15T10:30:00Z"),
            ("last sunday", "2026-11-15T00:00:00Z"),
            ("2h ago", "2026-11-22T08:03:04Z"),
            ("3 days ago", "2026-11-19T10:03:04Z"),
            ("1h 30m ago", "2026-11-22T08:33:04Z"),
            ("2 months ago", "2026-09-22T10:03:04Z"),
        ] {
            assert_eq!(utc(text).as_deref(), Ok(moment), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_still_to_come_is_told_apart() {
        for text in [
            "",
            "soon",
            "25:00",
            "9",
            "14:60",
            "1:2:3:4",
            "-1:00",
            "2026-13-01",
            "2026-W47-1",
            "today yesterday",
            "last today",
            "tu",
            "mondayx",
            "2h",
            "ago",
            "-2h ago ago",
            "2026",
        ] {
            assert_eq!(utc(text), Err(WhenError::Unreadable(text.to_owned())), "{text}");
        }
        for text in ["2026-11-23", "2026-11-22T10:03:05Z", "today 10:04", "2999-12-31"] {
            assert_eq!(utc(text), Err(WhenError::Future(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_day_is_the_day_of_the_time_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(14));
        let read = |text| Timestamp::from_second(read(text, NOW, &zone).unwrap()).unwrap().to_string();
        // It is the 23rd there already.
        assert_eq!(read("today"), "2026-11-22T10:00:00Z");
        assert_eq!(read("yesterday 1:00"), "2026-11-21T11:00:00Z");
        assert_eq!(read("2026-11-23"), "2026-11-22T10:00:00Z");
    }

    proptest! {
        #[test]
        fn no_text_does_harm(text in any::<String>(), now in any::<i64>()) {
            let _ = read(&text, now, &TimeZone::UTC);
        }

        #[test]
        fn nothing_is_later_than_now(text in "(last )?(mon|tuesday|sun|today|yesterday|[0-9]{1,2} (h|days|weeks) ago)( [0-9]{1,2}:[0-9]{2})?", now in 0..4_000_000_000_i64, zone in zones()) {
            if let Ok(moment) = read(&text, now, &zone) {
                prop_assert!(moment <= now);
            }
        }

        #[test]
        fn a_moment_that_is_written_out_reads_back(now in 0..4_000_000_000_i64, back in 0..1_000_000_000_i64, zone in zones()) {
            let moment = now - back;
            let written = Timestamp::from_second(moment).unwrap();
            prop_assert_eq!(read(&written.to_string(), now, &zone), Ok(moment));
            let there = written.to_zoned_datetime(zone.clone());
            let with_offset = there.strftime("%Y-%m-%d %H:%M:%S%:z").to_string();
            // The offsets of long ago had seconds, which this form has not.
            if there.offset().seconds() % 60 == 0 {
                prop_assert_eq!(read(&with_offset, now, &zone), Ok(moment), "{}", with_offset);
            }
        }

        #[test]
        fn a_time_of_day_is_the_last_one(hour in 0..24_i8, minute in 0..60_i8, now in 0..4_000_000_000_i64, zone in zones()) {
            let moment = read(&format!("{hour}:{minute:02}"), now, &zone).unwrap();
            prop_assert!(moment <= now && now - moment <= 26 * 3_600, "{} s ago", now - moment);
        }

        #[test]
        fn a_day_of_the_week_is_that_day(name in prop::sample::select(vec!["mon", "wednes", "saturday"]), last in any::<bool>(), now in 0..4_000_000_000_i64, zone in zones()) {
            let text = if last { format!("last {name}") } else { name.to_owned() };
            let moment = read(&text, now, &zone).unwrap();
            let there = Timestamp::from_second(moment).unwrap().to_zoned_datetime(zone.clone());
            prop_assert_eq!(Some(there.weekday()), weekday(name));
            prop_assert!(moment <= now && now - moment <= 8 * 86_400 + 7_200);
            let today = Timestamp::from_second(now).unwrap().to_zoned_datetime(zone).date();
            prop_assert!(!last || there.date() != today);
        }

        #[test]
        fn hours_ago_are_hours(hours in 0..100_000_i64, zone in zones()) {
            prop_assert_eq!(read(&format!("{hours}h ago"), NOW, &zone), Ok(NOW - hours * 3_600));
        }
    }
}
