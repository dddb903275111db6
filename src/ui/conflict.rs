//! The question what to do with a key that changed on both sides.

use super::Ui;
use super::diff::{self, Version};
use super::text::{printable, time};
use super::wrap::{HANGING, wrap};
use crate::error::Error;
use crate::reconcile::Choice;

/// The columns before a choice.
const INDENT: usize = 7;

/// One of the two versions, as the question names it.
#[derive(Clone, Debug)]
pub struct Side {
    /// Where it is: a path or a URI.
    pub place: String,
    /// Its time, seconds since the epoch; `None` for a deleted one.
    pub time: Option<i64>,
    /// Its state against the base: `created`, `updated`, `deleted`.
    pub state: String,
}

/// A conflict to ask about.
#[derive(Clone, Debug)]
pub struct Question {
    /// The key.
    pub key: String,
    /// The local side.
    pub local: Side,
    /// The bucket's side.
    pub remote: Side,
}

/// Asks until there is an answer; a blank one, and the end of the input, means skip. `versions` fetches the two versions, local first, each time the user wants to see the difference.
///
/// It waits for a person: no bar may be showing, and it must not run on a thread that others wait for.
pub fn ask(ui: &Ui, question: &Question, versions: &mut dyn FnMut() -> Result<(Version, Version), Error>) -> Choice {
    let width = ui.size().map_or(usize::MAX, |size| size.columns);
    ui.tell(&text(question, width));
    loop {
        let answer = match ui.ask("Choice (default=skip): ") {
            Ok(Some(answer)) => answer.to_lowercase(),
            Ok(None) => return Choice::Skip,
            Err(error) => {
                ui.warn(&format!("cannot read the answer: {error}"));
                return Choice::Skip;
            }
        };
        match answer.as_str() {
            "1" => return Choice::Local,
            "2" => return Choice::Remote,
            "b" => return Choice::KeepBoth,
            "d" => match versions() {
                // As `s4 diff` has it: what leads from the bucket to the folder.
                Ok((local, remote)) => ui.page(|paint| diff::render(&remote, &local, paint)),
                Err(error) => ui.warn(&error.chain().join(": ")),
            },
            "" | "x" => return Choice::Skip,
            _ => ui.tell("Answer 1, 2, d, b or X\n"),
        }
    }
}

fn text(question: &Question, width: usize) -> String {
    let side = |side: &Side| {
        let updated = side.time.map(|seconds| format!(" updated at {}", time(seconds))).unwrap_or_default();
        format!("{}{updated} ({})", printable(&side.place), side.state)
    };
    let mut text = format!("\nConflict for \"{}\". Which version would you like to keep?\n", printable(&question.key));
    let choices = [
        ("1", side(&question.local)),
        ("2", side(&question.remote)),
        ("d", "View difference".to_owned()),
        ("b", "Keep both".to_owned()),
        ("X", "Skip this file".to_owned()),
    ];
    for (letter, choice) in choices {
        for (at, line) in wrap(&choice, width.saturating_sub(INDENT)).into_iter().enumerate() {
            let before = if at == 0 { format!("   ({letter}) ") } else { " ".repeat(INDENT + HANGING) };
            text += &format!("{before}{line}\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::diff::Content;
    use super::*;

    fn question() -> Question {
        let local = Side { place: "/a/te\u{1b}st.txt".to_owned(), time: Some(0), state: "updated".to_owned() };
        let remote = Side { place: "s3://b/test.txt".to_owned(), time: None, state: "deleted".to_owned() };
        Question { key: "test.txt".to_owned(), local, remote }
    }

    fn versions() -> Result<(Version, Version), Error> {
        let content = |text: &str| Content::Whole(text.as_bytes().to_vec());
        let version = |place: &str, text| Version { place: place.to_owned(), time: None, content: content(text) };
        Ok((version("here", "x\n"), version("there", "y\n")))
    }

    #[test]
    fn the_question_is_in_the_words_of_0_4() {
        let (ui, seen) = Ui::captured("");
        assert_eq!(ask(&ui, &question(), &mut versions), Choice::Skip);
        assert_eq!(
            seen.err(),
            "\nConflict for \"test.txt\". Which version would you like to keep?\n   (1) /a/te\\u{1b}st.txt updated at \
             1970-01-01T00:00:00Z (updated)\n   (2) s3://b/test.txt (deleted)\n   (d) View difference\n   (b) Keep \
             both\n   (X) Skip this file\nChoice (default=skip): \n"
        );
        assert_eq!(seen.out(), "");
    }

    #[test]
    fn a_narrow_terminal_gets_lines_that_fit() {
        for width in [40, 60, 80] {
            let text = text(&question(), width);
            assert!(text.lines().skip(2).all(|line| line.chars().count() <= width), "{text}");
            assert!(
                text.replace(char::is_whitespace, "")
                    .contains("/a/te\\u{1b}st.txtupdatedat1970-01-01T00:00:00Z(updated)")
            );
        }
    }

    #[test]
    fn each_answer_has_its_meaning_and_what_is_none_is_asked_for_again() {
        for (answer, choice) in [
            ("1\n", Choice::Local),
            ("2", Choice::Remote),
            ("B\n", Choice::KeepBoth),
            ("X\n", Choice::Skip),
            ("\n", Choice::Skip),
            ("3\n1\n", Choice::Local),
            ("yes\n", Choice::Skip),
            ("d\n2\n", Choice::Remote),
            ("d\nd\n", Choice::Skip),
        ] {
            let (ui, _seen) = Ui::captured(answer);
            assert_eq!(ask(&ui, &question(), &mut versions), choice, "{answer:?}");
        }
    }

    #[test]
    fn the_difference_is_shown_before_it_asks_again() {
        let (ui, seen) = Ui::captured("d\n1\n");
        ask(&ui, &question(), &mut versions);
        assert!(seen.err().contains("--- there\n+++ here\n@@ -1 +1 @@\n-y\n+x\nChoice"), "{}", seen.err());
    }

    #[test]
    fn a_difference_that_can_not_be_fetched_is_told_and_asked_again() {
        let (ui, seen) = Ui::captured("d\n2\n");
        let mut failing = || Err(Error::new(crate::Kind::Access, "access denied"));
        assert_eq!(ask(&ui, &question(), &mut failing), Choice::Remote);
        assert!(seen.err().contains("warning: access denied\n"), "{}", seen.err());
    }
}
