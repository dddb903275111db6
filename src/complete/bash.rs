//! How bash splits a line into words, and what it takes for one word. It leaves both to whoever completes: what it is given
//! is typed into the line as it is.

/// A line up to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The words, without their quotes; the last one is to be completed.
    pub(super) words: Vec<String>,
    /// How many bytes of the last word stay as they are: bash replaces only what is behind a `:` or `=`.
    kept: usize,
    /// The quote that is open where the replacement begins.
    quote: Option<char>,
}

/// Reads a line that ends with `text`, which bash is going to replace. `None` for what it does not read like that.
pub(super) fn read(line: &str, text: &str) -> Option<Line> {
    let replaced = line.len().checked_sub(text.len()).filter(|_| line.ends_with(text))?;
    let mut reader = Reader::default();
    let mut letters = line.char_indices().peekable();
    let mut kept = None;
    while let Some((at, letter)) = letters.next() {
        if at == replaced {
            kept = Some((reader.words.len(), reader.word.len(), reader.quote));
        }
        let next = letters.peek().map(|(_, next)| *next);
        if reader.letter(letter, next) {
            letters.next();
        }
    }
    let (in_word, kept, quote) = kept.unwrap_or((reader.words.len(), reader.word.len(), reader.quote));
    // Behind an operator the line is a file's name, which bash completes by itself. `$'` is not worth its rules.
    let is_ours = in_word == reader.words.len() && !reader.is_file && !reader.is_ansi;
    reader.words.push(reader.word);
    is_ours.then_some(Line { words: reader.words, kept, quote })
}

impl Line {
    /// What bash has to be told so that the last word becomes `value`.
    pub(super) fn replacement(&self, value: &str) -> Option<String> {
        let value = value.get(self.kept..)?;
        let mut quoted = String::with_capacity(value.len() + 8);
        for letter in value.chars() {
            match (self.quote, letter) {
                (Some('\''), '\'') => quoted.push_str("'\\''"),
                // Between double quotes a backslash does not keep history from being expanded.
                (Some('"'), '!') => quoted.push_str("\"\\!\""),
                (Some('"'), '"' | '\\' | '$' | '`') => quoted.extend(['\\', letter]),
                (Some(_), _) => quoted.push(letter),
                (None, _) if !letter.is_ascii() || letter.is_ascii_alphanumeric() || "_-./,:+@%=".contains(letter) => {
                    quoted.push(letter);
                }
                (None, _) => quoted.extend(['\\', letter]),
            }
        }
        // Bash closes an open quote, but not where it sees one before the cursor.
        quoted.extend(self.quote.filter(|quote| quoted.ends_with(*quote)));
        Some(quoted)
    }
}

#[derive(Default)]
struct Reader {
    words: Vec<String>,
    /// The word that is being read.
    word: String,
    /// Whether there is one, be it empty.
    is_open: bool,
    /// Whether the word is the file of a redirection.
    is_file: bool,
    quote: Option<char>,
    is_ansi: bool,
}

impl Reader {
    /// Takes in a letter; whether it took in the next one as well.
    fn letter(&mut self, letter: char, next: Option<char>) -> bool {
        match (self.quote, letter) {
            (Some(quote), _) if letter == quote => (self.quote, self.is_ansi) = (None, false),
            (Some('"'), '\\') if !next.is_some_and(|next| "$`\"\\".contains(next)) => self.word.push(letter),
            (None | Some('"'), '\\') => {
                self.is_open = true;
                self.word.extend(next);
                return true;
            }
            (Some(_), _) => self.word.push(letter),
            (None, '$') if matches!(next, Some('\'' | '"')) => self.is_ansi = next == Some('\''),
            (None, '\'' | '"') => (self.quote, self.is_open) = (Some(letter), true),
            (None, ' ' | '\t' | '\n') => self.end(),
            (None, '<' | '>') => {
                // The number of a redirected file is no word of its own.
                if self.word.bytes().all(|byte| byte.is_ascii_digit()) {
                    (self.word, self.is_open) = (String::new(), false);
                }
                self.end();
                self.is_file = true;
                return matches!(next, Some('<' | '>' | '&' | '|'));
            }
            (None, '&') if next == Some('>') => self.end(),
            // Bash gives the one command that the cursor is in; this is for shells that give more.
            (None, ';' | '|' | '&' | '(' | ')') => *self = Reader::default(),
            (None, _) => {
                self.is_open = true;
                self.word.push(letter);
            }
        }
        false
    }

    fn end(&mut self) {
        if !std::mem::take(&mut self.is_open) {
            return;
        }
        let word = std::mem::take(&mut self.word);
        if !std::mem::take(&mut self.is_file) {
            self.words.push(word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str, text: &str) -> Vec<String> {
        read(line, text).unwrap().words
    }

    #[test]
    fn a_line_is_split_and_freed_of_quotes() {
        for (line, text, expected) in [
            ("s4 ", "", &["s4", ""][..]),
            ("s4 sync do", "do", &["s4", "sync", "do"]),
            (r"s4  x my\ f", r"my\ f", &["s4", "x", "my f"]),
            (r#"s4 "a \"b\" \c" 'd\' "e"#, "e", &["s4", r#"a "b" \c"#, r"d\", "e"]),
            ("s4 '' a'b'\"c\"d", "a'b'\"c\"d", &["s4", "", "abcd"]),
            ("s4 $'a' $\"b\" c", "c", &["s4", "a", "b", "c"]),
            ("s4 x 2>err <in >>out &>all y", "y", &["s4", "x", "y"]),
            ("a; s4 x | s4 y", "y", &["s4", "y"]),
            ("s4 é\\", "é\\", &["s4", "é"]),
        ] {
            assert_eq!(words(line, text), expected, "{line}");
        }
    }

    #[test]
    fn what_is_not_completed_here() {
        for (line, text) in [("s4 x >ou", "ou"), ("s4 $'a", "a"), ("s4 x", "y"), ("s4 a b", "a b"), ("s", "ss")] {
            assert_eq!(read(line, text), None, "{line}");
        }
    }

    #[test]
    fn a_replacement_fits_the_quotes_and_leaves_what_stays() {
        for (line, text, value, replacement) in [
            ("s4 my", "my", "my f'\"$`!\\é:=~#.txt", r#"my\ f\'\"\$\`\!\\é:=\~\#.txt"#),
            ("s4 'my", "my", "my 'f\"\\!", r#"my '\''f"\!"#),
            ("s4 \"my", "my", "my 'f\"$`\\!x", r#"my 'f\"\$\`\\"\!"x"#),
            ("s4 'my", "my", "my'", r"my'\'''"),
            ("s4 \"my", "my", "my!", r#"my"\!"""#),
            ("s4 \"my", "my", "my\"", r#"my\"""#),
            ("s4 a:b", "b", "a:b c", r"b\ c"),
            (r"s4 a\ x:b", "b", "a x:bc", "bc"),
            ("s4 --profile=", "", "--profile=home", "home"),
            ("s4 \"a b/\"", "\"a b/\"", "a b/c", r"a\ b/c"),
            ("s4 \"a b/\"", "", "a b/c d", r"c\ d"),
        ] {
            assert_eq!(read(line, text).unwrap().replacement(value).as_deref(), Some(replacement), "{line} {value}");
        }
    }
}
