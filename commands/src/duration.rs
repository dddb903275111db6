//! Times that options take: a number with a unit.

use std::time::Duration;

/// The longest time that an option takes, in seconds: a year.
const LONGEST: f64 = 366.0 * 86_400.0;

/// Reads a time: a number with the unit `ms`, `s`, `m`, `h` or `d`; `0` needs none.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "ms" => Some(0.001),
        "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3_600.0),
        "d" => Some(86_400.0),
        "" if number == "0" => Some(0.0),
        _ => None,
    };
    let number = Some(number).filter(|text| text.starts_with(|digit: char| digit.is_ascii_digit()));
    let number = number.and_then(|text| text.parse::<f64>().ok());
    let whole = number.zip(seconds).map(|(number, seconds)| number * seconds);
    let whole = whole.filter(|seconds| (0.0..=LONGEST).contains(seconds));
    whole.map(Duration::from_secs_f64).ok_or_else(|| "not a time like 300ms, 5s, 10m, 1h or 1d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_a_unit() {
        for (text, millis) in [("300ms", 300), ("5s", 5_000), ("1.5m", 90_000), ("2h", 7_200_000), ("0", 0), ("0s", 0)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse_duration("1d"), Ok(Duration::from_secs(86_400)));
        for wrong in ["", "5", "s", "-1s", "1 s", "1y", "NaNs", "infs", "1e9d", "+1s", "9999d", ".5s"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }
}
