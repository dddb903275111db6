//! Questions and answers, one line each.

use std::io::{self, BufRead, Read as _};

/// The longest answer, in bytes; what is longer is no answer to any question of ours.
const MAX_ANSWER: u64 = 64 * 1024;

/// Reads the line of an answer; without the blanks around it. `None` at the end of the input.
///
/// # Errors
///
/// Those of the input, and an answer that is not UTF-8.
pub(super) fn answer(input: &mut (impl BufRead + ?Sized)) -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = input.take(MAX_ANSWER).read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_without_blanks_until_the_input_ends() {
        let mut input = &b"  yes \r\n\nlast"[..];
        for expected in [Some("yes"), Some(""), Some("last"), None] {
            assert_eq!(answer(&mut input).unwrap().as_deref(), expected);
        }
    }

    #[test]
    fn an_answer_that_is_not_utf_8_is_an_error() {
        assert!(answer(&mut &b"\xff\n"[..]).is_err());
    }
}
