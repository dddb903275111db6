//! How fast contents may move: options of the commands that move any, and fields of a target.

use clap::Args;

/// The most contents that may be asked to move at a time.
const MOST_JOBS: u32 = 512;

/// How fast contents may move.
#[derive(Clone, Debug, Default, Args)]
pub struct FlowArgs {
    /// Move at most this many contents at a time
    ///
    /// Without it, or the target's field `jobs`: 256. s4 begins with fewer, takes more as long as the server keeps up, and less
    /// when it asks to slow down.
    #[arg(long, value_name = "NUMBER", value_parser = parse_jobs)]
    pub jobs: Option<usize>,
    /// Move at most this many bytes a second
    ///
    /// One rate for both directions, or UP:DOWN, each with a K, M or G for powers of 1,024 or `off` for none: `500K`, `1M:8M`,
    /// `1M:off`. Without it: the target's field `bandwidth_limit`, or as fast as it goes.
    #[arg(long, value_name = "RATE", value_parser = parse_bandwidth)]
    pub bandwidth_limit: Option<Bandwidth>,
}

/// Bytes a second that may move each way; `None`: as many as there can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bandwidth {
    /// To the bucket.
    pub up: Option<u64>,
    /// From the bucket.
    pub down: Option<u64>,
}

impl Bandwidth {
    /// Reads `RATE` or `UP:DOWN`; `None` for anything else, and for a rate of nothing.
    pub fn parse(text: &str) -> Option<Bandwidth> {
        let (up, down) = text.split_once(':').unwrap_or((text, text));
        Some(Bandwidth { up: rate(up)?, down: rate(down)? })
    }
}

/// A rate; `Some(None)` if there is none.
fn rate(text: &str) -> Option<Option<u64>> {
    if text.eq_ignore_ascii_case("off") {
        return Some(None);
    }
    let digits = text.trim_end_matches(|unit: char| "kKmMgG".contains(unit));
    let unit = match &text[digits.len()..] {
        "" => 1,
        "k" | "K" => 1 << 10,
        "m" | "M" => 1 << 20,
        "g" | "G" => 1 << 30,
        _ => return None,
    };
    let number =
        digits.parse::<f64>().ok().filter(|number| number.is_finite() && !digits.contains(['e', 'E', '+', '-']))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is no less than 0, and held to 64 bits"
    )]
    let bytes = (number * f64::from(unit)) as u64;
    (bytes > 0).then_some(Some(bytes))
}

/// Reads a number of jobs.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse_jobs(text: &str) -> Result<usize, String> {
    let jobs = text.parse::<u32>().ok().filter(|jobs| (1..=MOST_JOBS).contains(jobs));
    jobs.map(|jobs| jobs as usize).ok_or_else(|| format!("not a number from 1 to {MOST_JOBS}"))
}

fn parse_bandwidth(text: &str) -> Result<Bandwidth, String> {
    Bandwidth::parse(text).ok_or_else(|| "not a rate like 500K, 1M:8M or 1M:off".to_owned())
}

/// A field of a target that either reads, as it was written; or a text that clears it.
pub(crate) fn jobs_field(text: &str) -> Result<String, String> {
    if matches!(text, "-" | "") { Ok(text.to_owned()) } else { parse_jobs(text).map(|_| text.to_owned()) }
}

/// As [`jobs_field`].
pub(crate) fn bandwidth_field(text: &str) -> Result<String, String> {
    if matches!(text, "-" | "") { Ok(text.to_owned()) } else { parse_bandwidth(text).map(|_| text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_units_and_two_ways() {
        let both = |up, down| Some(Bandwidth { up, down });
        for (text, read) in [
            ("1000", both(Some(1_000), Some(1_000))),
            ("1.5k", both(Some(1_536), Some(1_536))),
            ("1M:8m", both(Some(1 << 20), Some(8 << 20))),
            ("2G:off", both(Some(2 << 30), None)),
            ("OFF", both(None, None)),
        ] {
            assert_eq!(Bandwidth::parse(text), read, "{text}");
        }
        for wrong in ["", "0", "K", "1KK", "1T", "-1", "1e9", "inf", "NaN", "1:", ":1", "1:2:3", "0.0001", "1 M"] {
            assert_eq!(Bandwidth::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn jobs_are_a_sensible_number() {
        assert_eq!((parse_jobs("1"), parse_jobs("512")), (Ok(1), Ok(512)));
        for wrong in ["0", "513", "-1", "x", ""] {
            assert_eq!(parse_jobs(wrong), Err("not a number from 1 to 512".to_owned()), "{wrong}");
        }
    }
}
