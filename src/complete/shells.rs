//! How each shell asks, and how it wants its answer.
//!
//! For bash and zsh the scripts of `clap_complete` do not do: names with spaces, quotes or colons come out wrong. What is
//! exchanged with a script is the business of the two alone; it is loaded anew with each start of a shell, or printed anew with
//! each version.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use clap::Command;
use clap_complete::env::{Elvish, EnvCompleter, Fish, Powershell};

use super::{Answer, Candidate, Paths, answer, bash};
use crate::env::Env;

/// A shell, and the environment to answer it from.
pub(super) struct Own<'e> {
    shell: Shell,
    env: &'e Env,
}

#[derive(Clone, Copy)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

/// Bash gives the text that it is going to replace, and the line up to the cursor.
const BASH: &str = r#"_s4() {
    local answer
    mapfile -t answer < <(VAR=bash COMPLETER -- "$2" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    COMPREPLY=("${answer[@]:1}")
    case ${answer[0]-} in
        files) compopt -o default ;;
        folders) compopt -o dirnames ;;
        open) compopt -o nospace ;;
    esac
}
complete -o nosort -F _s4 BIN
"#;

/// Zsh gives the words up to the cursor, without their quotes. It gets a letter and a value a line: `o` for an open one. Kept as a
/// file `_s4`, the script is loaded by the first TAB, which then is to be answered too.
const ZSH: &str = r#"#compdef BIN
_s4() {
    local line current=$PREFIX
    local -a open closed
    # Between single quotes nothing else is a quote.
    [[ $compstate[quote] == \' ]] || current=${(Q)PREFIX}
    for line in "${(@f)$(VAR=zsh COMPLETER -- "${(@Q)words[1,CURRENT-1]}" "$current" 2>/dev/null)}"; do
        case $line in
            (files) compset -P 1 '-*='; _files ;;
            (folders) compset -P 1 '-*='; _files -/ ;;
            (o*) open+=("${line#o}") ;;
            (c*) closed+=("${line#c}") ;;
        esac
    done
    (( $#closed )) && _describe -V s4 closed
    (( $#open )) && _describe -V s4 open -S ''
}
compdef _s4 BIN
if [[ $funcstack[1] == _s4 ]]; then _s4 "$@"; fi
"#;

impl<'e> Own<'e> {
    pub(super) fn all(env: &'e Env) -> [Own<'e>; 5] {
        [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::Powershell].map(|shell| Own { shell, env })
    }

    /// The part that is as good for s4 as for any other program.
    fn usual(&self) -> Option<&'static dyn EnvCompleter> {
        match self.shell {
            Shell::Bash | Shell::Zsh => None,
            Shell::Fish => Some(&Fish),
            Shell::Elvish => Some(&Elvish),
            Shell::Powershell => Some(&Powershell),
        }
    }

    fn text(&self, mut args: Vec<OsString>) -> Option<String> {
        let text = match self.shell {
            Shell::Bash => {
                let [text, line] = <[OsString; 2]>::try_from(args).ok()?;
                for_bash(self.env, text.to_str()?, line.to_str()?)?
            }
            Shell::Zsh => for_zsh(&answer(self.env, args, false)),
            Shell::Fish => {
                let last = args.pop()?;
                args.push(fish_word(last.to_str()?).into());
                lines(&answer(self.env, args, true), |candidate| Some(with_tab(&candidate.value, candidate)))
            }
            // It would quote the tilde.
            Shell::Elvish => lines(&answer(self.env, args, true), |candidate| {
                (!candidate.value.starts_with("~/")).then(|| candidate.value.clone())
            }),
            Shell::Powershell => lines(&answer(self.env, args, true), |candidate| {
                Some(with_tab(&powershell_word(&candidate.value), candidate))
            }),
        };
        Some(text)
    }
}

impl EnvCompleter for Own<'_> {
    fn name(&self) -> &'static str {
        match self.shell {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
            Shell::Elvish => "elvish",
            Shell::Powershell => "powershell",
        }
    }

    fn is(&self, name: &str) -> bool {
        name == self.name() || self.usual().is_some_and(|usual| usual.is(name))
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        to: &mut dyn io::Write,
    ) -> io::Result<()> {
        if let Some(usual) = self.usual() {
            return usual.write_registration(var, name, bin, completer, to);
        }
        let script = if matches!(self.shell, Shell::Bash) { BASH } else { ZSH };
        let completer = format!("'{}'", completer.replace('\'', "'\\''"));
        let script = script.replace("VAR", var).replace("BIN", bin).replace("COMPLETER", &completer);
        to.write_all(script.as_bytes())
    }

    fn write_complete(
        &self,
        _: &mut Command,
        args: Vec<OsString>,
        _: Option<&Path>,
        to: &mut dyn io::Write,
    ) -> io::Result<()> {
        to.write_all(self.text(args).unwrap_or_default().as_bytes())
    }
}

/// One line for all, then a candidate a line, as it is to be typed.
fn for_bash(env: &Env, text: &str, line: &str) -> Option<String> {
    let line = bash::read(line, text)?;
    let answer = answer(env, line.words.iter().map(OsString::from).collect(), false);
    let kind = match (answer.paths, &answer.candidates[..]) {
        (Some(Paths::Files), _) => "files",
        (Some(Paths::Folders), _) => "folders",
        (None, [only]) if only.is_open() => "open",
        (None, _) => "closed",
    };
    Some(format!("{kind}\n{}", lines(&answer, |candidate| line.replacement(&candidate.value))))
}

fn for_zsh(answer: &Answer) -> String {
    let escape = |text: &str| text.replace('\\', "\\\\").replace(':', "\\:");
    let mut text = lines(answer, |candidate| {
        let (kind, value) = (if candidate.is_open() { 'o' } else { 'c' }, escape(&candidate.value));
        let about = candidate.about.as_ref().map(|about| format!(":{}", about.replace('\\', "\\\\")));
        Some(format!("{kind}{value}{}", about.unwrap_or_default()))
    });
    text.push_str(match answer.paths {
        Some(Paths::Files) => "files\n",
        Some(Paths::Folders) => "folders\n",
        None => "",
    });
    text
}

fn lines(answer: &Answer, line: impl Fn(&Candidate) -> Option<String>) -> String {
    answer.candidates.iter().filter_map(line).fold(String::new(), |mut text, line| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{line}");
        text
    })
}

fn with_tab(word: &str, candidate: &Candidate) -> String {
    candidate.about.as_ref().map_or_else(|| word.to_owned(), |about| format!("{word}\t{about}"))
}

/// A word as fish has it on its line, freed of quotes, the last of which may be open.
fn fish_word(typed: &str) -> String {
    let (mut word, mut quote) = (String::with_capacity(typed.len()), None);
    let mut letters = typed.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '\\') => word.extend(letters.next()),
            (Some(open), '\\') => {
                let special = |next: &char| *next == open || *next == '\\' || (open == '"' && *next == '$');
                word.push(letters.next_if(special).unwrap_or(letter));
            }
            _ => word.push(letter),
        }
    }
    word
}

/// A word as PowerShell takes it for one.
fn powershell_word(value: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "_-./:=+~".contains(letter);
    if value.chars().all(plain) { value.to_owned() } else { format!("'{}'", value.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fish_words_lose_their_quotes() {
        for (typed, word) in [
            ("", ""),
            (r"my\ f", "my f"),
            (r"'a \' \\ \x", r"a ' \ \x"),
            (r#""a \" \$ \n"b\'"#, r#"a " $ \nb'"#),
            ("é\\", "é"),
        ] {
            assert_eq!(fish_word(typed), word, "{typed}");
        }
    }

    #[test]
    fn powershell_words_are_quoted_where_they_must_be() {
        for (value, word) in [("docs/a.txt", "docs/a.txt"), ("my f", "'my f'"), ("it's", "'it''s'"), ("$x", "'$x'")] {
            assert_eq!(powershell_word(value), word);
        }
    }

    #[test]
    fn zsh_gets_colons_and_backslashes_escaped() {
        let candidate =
            |value: &str, about: Option<&str>| Candidate { value: value.into(), about: about.map(Into::into) };
        let candidates = vec![candidate("a:b\\", Some("s3://x\\")), candidate("dir/", None)];
        let text = for_zsh(&Answer { candidates, paths: Some(Paths::Files) });
        assert_eq!(text, "ca\\:b\\\\:s3://x\\\\\nodir/\nfiles\n");
    }
}
