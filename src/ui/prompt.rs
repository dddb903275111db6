//! Questions and answers, one line each.

use std::io::{self, BufRead, Read as _, Write};

/// The longest answer, in bytes; what is longer is no answer to any question of ours.
const MAX_ANSWER: u64 = 64 * 1024;

/// Asks, and reads a line; without the blanks around it. `None` at the end of the input.
///
/// # Errors
///
/// Those of the two streams, and an answer that is not UTF-8.
pub(super) fn ask(
    input: &mut (impl BufRead + ?Sized),
    output: &mut (impl Write + ?Sized),
    question: &str,
) -> io::Result<Option<String>> {
    output.write_all(question.as_bytes())?;
    output.flush()?;
    let mut line = String::new();
    if input.take(MAX_ANSWER).read_line(&mut line)? == 0 {
        // The cursor still stands behind the question.
        output.write_all(b"\n")?;
        return Ok(None);
    }
    Ok(Some(line.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_without_blanks_until_the_input_ends() {
        let (mut input, mut output) = (&b"  yes \r\n\nlast"[..], Vec::new());
        for answer in [Some("yes"), Some(""), Some("last"), None] {
            assert_eq!(ask(&mut input, &mut output, "? ").unwrap().as_deref(), answer);
        }
        assert_eq!(output, b"? ? ? ? \n");
    }

    #[test]
    fn an_answer_that_is_not_utf_8_is_an_error() {
        assert!(ask(&mut &b"\xff\n"[..], &mut Vec::new(), "? ").is_err());
    }
}
