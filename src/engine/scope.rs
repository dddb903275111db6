//! What a run may do: to which keys, and in which direction. The rest stays as it is, and undecided, for another run.

use std::fmt;
use std::ops::AddAssign;

use super::{Observed, Way, is_rules};
use crate::index::Index;
use crate::key::Key;
use crate::local::Ignore;
use crate::reconcile::{Action, Planned};

/// What a run may do.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// A key has to match one of each group; there need not be any.
    wanted: Vec<Vec<Pattern>>,
    /// None of these may match it.
    unwanted: Vec<Pattern>,
    /// The only direction in which changes may be carried; `None`: both.
    pub way: Option<Way>,
}

/// How many changes stay where they are, because a run goes the other way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldBack {
    /// In the folder.
    pub folder: usize,
    /// In the bucket.
    pub bucket: usize,
}

impl HeldBack {
    /// How many there are.
    pub fn sum(self) -> usize {
        self.folder + self.bucket
    }
}

impl AddAssign for HeldBack {
    fn add_assign(&mut self, more: HeldBack) {
        self.folder += more.folder;
        self.bucket += more.bucket;
    }
}

/// A pattern for keys, with the meaning of one in `.syncignore`.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    what: What,
    /// Whether it names one file or folder, which should exist.
    is_name: bool,
}

#[derive(Clone)]
enum What {
    /// One file, or a folder with all that is in it.
    At(Box<str>),
    /// What a rule matches.
    Rule(Ignore),
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Pattern {
    /// A pattern as somebody wrote it.
    pub fn new(text: &str) -> Pattern {
        let is_name = !text.contains(['*', '?', '[', '\\']);
        // What would be a comment, or take something back, is meant as it stands here; what has more lines than one is no rule.
        let escape = if text.starts_with(['#', '!']) { "\\" } else { "" };
        let rule =
            if text.contains('\n') { Ignore::none() } else { Ignore::parse(format!("{escape}{text}").as_bytes()) };
        Pattern { text: text.to_owned(), what: What::Rule(rule), is_name }
    }

    /// The pattern of one file, or folder with all that is in it, by its path below the target's folder; `text` is how somebody
    /// wrote it.
    pub fn at(path: &str, text: &str) -> Pattern {
        Pattern { text: text.to_owned(), what: What::At(path.into()), is_name: true }
    }

    fn matches(&self, key: &Key) -> bool {
        match &self.what {
            What::At(path) => key.path() == &**path || key.ancestors().any(|folder| folder == &**path),
            What::Rule(rule) => rule.is_ignored_key(key),
        }
    }
}

impl Scope {
    /// Everything, in one direction or both.
    pub fn toward(way: Option<Way>) -> Scope {
        Scope { way, ..Scope::default() }
    }

    /// Keeps only keys that match one of `patterns`; all, if there are none.
    #[must_use]
    pub fn only(mut self, patterns: Vec<Pattern>) -> Scope {
        if !patterns.is_empty() {
            self.wanted.push(patterns);
        }
        self
    }

    /// Leaves out the keys that match one of `patterns`.
    #[must_use]
    pub fn without(mut self, patterns: Vec<Pattern>) -> Scope {
        self.unwanted.extend(patterns);
        self
    }

    /// Whether some keys are out of it.
    pub fn is_part(&self) -> bool {
        !self.wanted.is_empty() || !self.unwanted.is_empty()
    }

    /// Whether a key is in it. The ignore rules always are: they say what the rest is.
    pub fn has(&self, key: &Key) -> bool {
        let matches = |patterns: &Vec<Pattern>| patterns.iter().any(|pattern| pattern.matches(key));
        is_rules(key.as_str()) || (self.wanted.iter().all(matches) && !matches(&self.unwanted))
    }

    /// Whether a name that need be no key is in it.
    pub(super) fn has_name(&self, name: &str) -> bool {
        !self.is_part() || Key::parse_any(name).is_ok_and(|key| self.has(&key))
    }

    /// Takes out what may not be done; what a conflict must not be answered with leaves it open. Tells how many changes stay
    /// where they are.
    pub(super) fn hold_back(&self, planned: &mut Vec<Planned>) -> HeldBack {
        let Some(way) = self.way else { return HeldBack::default() };
        let before = planned.len();
        planned.retain_mut(|planned| {
            let is_note = matches!(planned.action, Action::Adopt | Action::Forget | Action::Conflict);
            if is_note || way.takes(planned.action) {
                return true;
            }
            let was_answered = planned.decision.action == Some(Action::Conflict);
            planned.action = if was_answered { Action::Conflict } else { planned.action };
            was_answered
        });
        let held = before - planned.len();
        match way {
            Way::Push => HeldBack { bucket: held, ..HeldBack::default() },
            Way::Pull => HeldBack { folder: held, ..HeldBack::default() },
        }
    }

    /// What names a file or folder of which there is nothing on either side, nor was.
    pub(super) fn unmatched(&self, observed: &Observed, base: &Index) -> Option<String> {
        let mut names = self.wanted.iter().flatten().filter(|pattern| pattern.is_name);
        let is_unmatched = |pattern: &&Pattern| {
            let matches = |name: &str| Key::parse_any(name).is_ok_and(|key| pattern.matches(&key));
            let live = base.entries().iter().filter(|(_, entry)| !entry.is_tombstone());
            !observed.scan.files.iter().any(|file| pattern.matches(&file.key))
                && !observed.listing.iter().any(|object| matches(&object.name))
                && !live.map(|(name, _)| name).any(|name| matches(name))
        };
        names.find(is_unmatched).map(|pattern| pattern.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::parse(name).unwrap()
    }

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(text)).collect()
    }

    #[test]
    fn a_key_is_in_it_if_each_group_has_a_match_and_nothing_speaks_against_it() {
        let scope = Scope::default().only(patterns(&["reports/", "*.txt"])).only(patterns(&["*.pdf", "*.txt"]));
        let scope = scope.without(patterns(&["old/"]));
        for (name, is_in) in [
            ("reports/a.pdf", true),
            ("x/reports/a.pdf", true),
            ("reports/a.doc", false),
            ("a.txt", true),
            ("a.pdf", false),
            ("reports/old/a.pdf", false),
            (".syncignore", true),
        ] {
            assert_eq!(scope.has(&key(name)), is_in, "{name}");
        }
        assert!(!Scope::default().is_part() && Scope::default().has(&key("a")));
        assert!(scope.has_name("a.txt") && !scope.has_name("a//b") && Scope::default().has_name("a//b"));
    }

    #[test]
    fn a_path_is_meant_to_the_letter() {
        for (path, is_in, is_out) in [
            ("a", "a/b", "x/a"),
            ("a*b", "a*b", "axb"),
            ("[x]?", "[x]?/y", "xy"),
            ("end ", "end ", "end"),
            ("back\\slash", "back\\slash", "backslash"),
            ("#1", "#1", "1"),
            ("!no", "!no", "no"),
            ("a\nb", "a\nb", "b"),
        ] {
            let pattern = Pattern::at(path, path);
            assert!(pattern.matches(&key(is_in)), "{path}");
            assert!(!pattern.matches(&key(is_out)), "{path}");
        }
        assert!(!Pattern::new("a\nb").matches(&key("b")));
        assert!(Pattern::new("#1").matches(&key("#1")) && Pattern::new("!no").matches(&key("!no")));
    }
}
