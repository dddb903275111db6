//! Patterns with many `**`: matched part by part.
//!
//! The matcher of gitoxide tries each place for each of them, which takes twice the time for each more: with thirty, longer than
//! anybody waits. Here a part of the pattern is tried on a part of the path once at most, by that same matcher.

use std::iter::Peekable;
use std::slice::Iter;

use gix_ignore::glob::wildmatch;
use gix_ignore::glob::wildmatch::Mode;

/// So many `**` cost nothing to speak of.
const FEW: usize = 3;

/// Whether a pattern has so many `**` that it is to be matched here.
pub(super) fn has_many(pattern: &[u8]) -> bool {
    pattern.windows(2).filter(|pair| pair == b"**").count() > FEW
}

/// Whether a pattern matches a whole path. A `*` does not match a `/`, nor does a `**` that is not all of its part.
pub(super) fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let parts = parts(pattern);
    let path: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    // Whether the parts so far match the first so many of the path.
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    for (part, bare_slash) in parts {
        if is_double_star(part) {
            // Before a slash it may stand for nothing; but not for git where the slash is escaped, nor at the end.
            let first = reached.iter().position(|reached| *reached).unwrap_or(reached.len()) + usize::from(!bare_slash);
            reached.iter_mut().enumerate().for_each(|(at, reached)| *reached = at >= first);
            continue;
        }
        for at in (0..path.len()).rev() {
            reached[at + 1] = reached[at] && wildmatch(part.into(), path[at].into(), Mode::NO_MATCH_SLASH_LITERAL);
        }
        reached[0] = false;
    }
    reached[path.len()]
}

fn is_double_star(part: &[u8]) -> bool {
    part.len() > 1 && part.iter().all(|byte| *byte == b'*')
}

/// The parts between the slashes of a pattern, each with whether it ends in a slash that is not escaped. A slash within brackets
/// is none of these, and never matches.
fn parts(pattern: &[u8]) -> Vec<(&[u8], bool)> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let mut bytes = pattern.iter().peekable();
    let at = |bytes: &Peekable<Iter<'_, u8>>| pattern.len() - bytes.len();
    while let Some(byte) = bytes.next() {
        let end = at(&bytes) - 1;
        match byte {
            b'[' => skip_brackets(&mut bytes),
            b'\\' if bytes.next() != Some(&b'/') => continue,
            b'/' | b'\\' => {
                parts.push((&pattern[start..end], *byte == b'/'));
                start = at(&bytes);
            }
            _ => {}
        }
    }
    parts.push((&pattern[start..], false));
    parts
}

/// Goes behind the end of a bracket that has been opened.
fn skip_brackets(bytes: &mut Peekable<Iter<'_, u8>>) {
    bytes.next_if(|byte| matches!(byte, b'!' | b'^'));
    let mut is_first = true;
    while let Some(byte) = bytes.next() {
        match byte {
            b']' if !is_first => return,
            b'\\' => drop(bytes.next()),
            b'[' if bytes.peek() == Some(&&b':') => {
                // The name of a class, up to its own bracket.
                bytes.find(|byte| **byte == b']');
            }
            _ => {}
        }
        is_first = false;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Ignore;
    use super::super::tests::{Oracle, random};

    #[test]
    fn rules_with_many_double_stars_mean_what_they_mean_to_git() {
        const PARTS: [&str; 16] = [
            "**",
            "**",
            "**",
            "***",
            "a",
            "c",
            "*",
            "?",
            "[a-c]",
            "[!]/b]",
            "[[:alpha:]/]",
            "deep",
            "b*",
            "x**",
            "**x",
            "\\c",
        ];
        let oracle = Oracle::new();
        let mut random = random();
        for _ in 0..300 {
            let mut rule: Vec<&str> = (0..6 + random(5)).map(|_| PARTS[random(PARTS.len())]).collect();
            rule.extend(["**"; 4].into_iter().take(random(5)));
            if random(3) == 0 {
                rule.insert(random(3), "");
            }
            let separator = if random(4) == 0 { "\\/" } else { "/" };
            oracle.compare(rule.join(separator).as_bytes());
        }
    }

    #[test]
    fn no_rule_takes_longer_than_anybody_waits() {
        let path = "a/".repeat(500) + "a";
        for part in ["**/", "**/a/", "**/*/", "**/?*/", "**/[a]/", "**[/]/", "**\\/", "x**/**/"] {
            for start in ["", "/", "a/", "a**/"] {
                let ignore = Ignore::parse(format!("{start}{}b\n", part.repeat(60)).as_bytes());
                assert!(!ignore.is_ignored(&path, false), "{start}{part}");
            }
        }
        for part in ["*a", "*?", "*[a]", "*\\a", "**a", "*a*"] {
            let ignore = Ignore::parse(format!("/{}b\n", part.repeat(60)).as_bytes());
            assert!(!ignore.is_ignored(&"a".repeat(255), false), "{part}");
        }
    }
}
