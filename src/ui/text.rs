//! Names, sizes, times and counts as people read them.

use std::borrow::Cow;
use std::time::Duration;

use s4_commands::time::Seconds;

use crate::cost::Spent;
use crate::engine::{HeldBack, Way};
use crate::remote::CountsSnapshot;

/// `text` without anything that could move the cursor, change colours or turn the writing direction: such characters
/// come out escaped. For every name that comes from a disk, a bucket or a server.
pub fn printable(text: &str) -> Cow<'_, str> {
    escape(text, is_unsafe)
}

/// As [`printable`], for a line of a file, in which tabs stay.
pub(super) fn printable_line(line: &str) -> Cow<'_, str> {
    escape(line, |character| character != '\t' && is_unsafe(character))
}

fn escape(text: &str, unsafe_: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&unsafe_) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            _ if !unsafe_(character) => safe.push(character),
            '\t' | '\n' | '\r' => safe.extend(character.escape_default()),
            _ => safe.extend(character.escape_unicode()),
        }
    }
    Cow::Owned(safe)
}

fn is_unsafe(character: char) -> bool {
    // The others turn the direction of writing, so that a name shows as what it is not, or are line breaks to some.
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A number of bytes: `0 B`, `1023 B`, `1.5 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut rest = bytes;
    let mut unit = 0;
    // One step early where rounding would come to 1024.0.
    while unit + 1 < UNITS.len() && tenths(rest) >= 10_240 {
        rest /= 1024;
        unit += 1;
    }
    let tenths = tenths(rest);
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// Tenths of a 1024th, rounded.
fn tenths(bytes: u64) -> u128 {
    (u128::from(bytes) * 10 + 512) / 1024
}

/// A time span: `0.3 s`, `12 s`, `3 min 5 s`, `2 h 10 min`.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..10 => format!("{}.{} s", seconds, span.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A time span in one unit, rounded down: `1 second`, `59 minutes`, `13 days`, `8 weeks`, `23 months`, `2 years`.
pub fn span(seconds: u64) -> String {
    const DAY: u64 = 86_400;
    // A year of the calendar on the average, and a twelfth of it.
    const YEAR: u64 = 31_556_952;
    const MONTH: u64 = YEAR / 12;
    let (unit, thing) = match seconds {
        0..60 => (1, "second"),
        60..3_600 => (60, "minute"),
        3_600..DAY => (3_600, "hour"),
        _ if seconds < 14 * DAY => (DAY, "day"),
        _ if seconds < 2 * MONTH => (7 * DAY, "week"),
        _ if seconds < 2 * YEAR => (MONTH, "month"),
        _ => (YEAR, "year"),
    };
    count(seconds / unit, thing)
}

/// A time, as it is seen from another one; both in seconds since the epoch: `3 minutes ago`, `in 2 days`.
pub fn ago(seconds: i64, now: i64) -> String {
    // Clocks differ a little: what has just been done must not seem to be in the future.
    const JUST_NOW: u64 = 5;
    match seconds.abs_diff(now) {
        0..JUST_NOW => "just now".to_owned(),
        apart if seconds < now => format!("{} ago", span(apart)),
        apart => format!("in {}", span(apart)),
    }
}

/// The number of requests by class, those that were made: `2 LIST, 1 GET`.
pub fn requests(counts: &CountsSnapshot) -> String {
    let classes = [
        (counts.list, "LIST"),
        (counts.get, "GET"),
        (counts.head, "HEAD"),
        (counts.put, "PUT"),
        (counts.copy, "COPY"),
        (counts.delete, "DELETE"),
    ];
    let made = classes.into_iter().filter(|(number, _)| *number > 0);
    let made: Vec<String> = made.map(|(number, class)| format!("{} {class}", grouped(number))).collect();
    if made.is_empty() { "no requests".to_owned() } else { made.join(", ") }
}

/// What a command has asked of the server: `2 LIST, 1 GET; 0 B up, 1.2 KiB down; $0.000010`.
pub fn spent(spent: &Spent) -> String {
    let Spent { counts, dollars } = spent;
    let (up, down) = (size(counts.bytes_up), size(counts.bytes_down));
    format!("{}; {up} up, {down} down; ${dollars:.6}", requests(counts))
}

/// What a run in one direction leaves where it is: `3 changes in the bucket left alone`.
pub fn held_back(held: HeldBack) -> impl Iterator<Item = String> {
    let places = [(held.bucket, "in the bucket"), (held.folder, "in the folder")].into_iter();
    let places = places.filter(|(number, _)| *number > 0);
    places.map(|(number, place)| format!("{} {place} left alone", count(number as u64, "change")))
}

/// How changes go from the folder, on the left, to the bucket, and back.
pub fn arrow(way: Option<Way>) -> &'static str {
    match way {
        Some(Way::Push) => "=>",
        Some(Way::Pull) => "<=",
        None => "<=>",
    }
}

/// `YYYYMMDD-HHMMSS` in UTC, for names of files.
pub fn compact_time(seconds: i64) -> String {
    time(seconds).chars().filter(|letter| !"-:Z".contains(*letter)).collect::<String>().replace('T', "-")
}

/// A number of things, given their singular: `1 file`, `1,234 files`.
pub fn count(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A number with commas between its thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Seconds since the epoch as RFC 3339 in UTC: `2026-11-22T10:03:04Z`.
pub fn time(seconds: i64) -> String {
    Seconds(seconds).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_come_out_raw() {
        for (name, shown) in [
            ("plain é 日本 \\", "plain é 日本 \\"),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
            ("\u{0}\u{7f}\u{9b}", "\\u{0}\\u{7f}\\u{9b}"),
            ("gpj.\u{202e}exe", "gpj.\\u{202e}exe"),
        ] {
            assert_eq!(printable(name), shown);
        }
        assert!(matches!(printable("plain"), Cow::Borrowed(_)));
        assert_eq!(printable_line("a\tb\r"), "a\tb\\r");
    }

    #[test]
    fn sizes_have_one_digit_after_the_point() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_572_864, "1.5 MiB"),
            (1_048_575, "1.0 MiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn spans_get_coarser_as_they_grow() {
        for (millis, text) in
            [(0, "0.0 s"), (1_290, "1.2 s"), (59_000, "59 s"), (185_000, "3 min 5 s"), (7_800_000, "2 h 10 min")]
        {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn spans_change_their_unit_where_the_next_one_says_enough() {
        const DAY: u64 = 86_400;
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (3_599, "59 minutes"),
            (3_600, "1 hour"),
            (DAY - 1, "23 hours"),
            (DAY, "1 day"),
            (14 * DAY - 1, "13 days"),
            (14 * DAY, "2 weeks"),
            (60 * DAY, "8 weeks"),
            (61 * DAY, "2 months"),
            (730 * DAY, "23 months"),
            (731 * DAY, "2 years"),
            (u64::MAX, "584,554,049,253 years"),
        ] {
            assert_eq!(span(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn a_time_is_seen_from_now() {
        for (seconds, text) in [
            (100, "just now"),
            (96, "just now"),
            (95, "5 seconds ago"),
            (104, "just now"),
            (105, "in 5 seconds"),
            (-80, "3 minutes ago"),
            (7_300, "in 2 hours"),
            (i64::MIN, "292,277,024,626 years ago"),
            (i64::MAX, "in 292,277,024,626 years"),
        ] {
            assert_eq!(ago(seconds, 100), text, "{seconds}");
        }
    }

    #[test]
    fn counts_know_one_from_many() {
        for (number, text) in [(0, "0 files"), (1, "1 file"), (999, "999 files"), (1_234_567, "1,234,567 files")] {
            assert_eq!(count(number, "file"), text);
        }
    }
}
