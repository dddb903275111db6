//! `.syncignore`: gitignore's rules, as git itself reads them, for the file at the folder's root.

use std::path::PathBuf;
use std::sync::Arc;

use gix_ignore::glob::pattern::{Case, Mode};
use gix_ignore::glob::search::pattern::List;
use gix_ignore::glob::{Pattern, wildmatch};

use super::{Error, Folder, check_unchanged, open_settled, read_part};
use crate::key::{IGNORE, Key};

mod stars;

/// The ignore rules of a folder; the same for files on disk and objects in the bucket.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    rules: List<gix_ignore::search::Ignore>,
    /// Whether a rule has many `**`.
    has_many: bool,
    /// Rules that hold besides.
    besides: Option<Arc<Ignore>>,
}

/// The most bytes that a file of rules may have: each rule is tried on each file.
pub const MOST_RULES: u64 = 1 << 20;

/// How often rules that are being saved are read again.
const SAVES: u32 = 10;

type Rule = gix_ignore::glob::search::pattern::Mapping<gix_ignore::Kind>;

/// The rule that decides about a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Whether it leaves the path out; else it takes it back in.
    pub ignores: bool,
    /// The rule.
    pub pattern: String,
    /// Its line, from 1.
    pub line: usize,
    /// What it matches: the path, or a folder above it; `None` where that is not UTF-8.
    pub matched: Option<String>,
}

impl Ignore {
    /// No rules: nothing is ignored.
    pub fn none() -> Ignore {
        Ignore::default()
    }

    /// Reads rules, one a line. There are no wrong ones: what git takes for no rule is none here.
    pub fn parse(bytes: &[u8]) -> Ignore {
        // Git skips the mark of UTF-8 only, and ends the last line where it has no end. The line before keeps the parser
        // from taking other bytes for a mark.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let bytes = [b"\n", bytes, b"\n"].concat();
        let parse = gix_ignore::search::Ignore { support_precious: false };
        // It fails for a base that is no text, and the root has none.
        let rules: List<_> = List::from_bytes(&bytes, PathBuf::from(IGNORE), None, parse).unwrap_or_default();
        let has_many = rules.patterns.iter().any(|rule| stars::has_many(&rule.pattern.text));
        Ignore { rules, has_many, besides: None }
    }

    /// These rules and others: what either leaves out is left out.
    #[must_use]
    pub fn besides(self, others: Ignore) -> Ignore {
        let others = match &self.besides {
            Some(besides) => Ignore::clone(besides).besides(others),
            None => others,
        };
        Ignore { besides: Some(Arc::new(others)), ..self }
    }

    /// The rules in the folder's `.syncignore`; none if it has no such file.
    ///
    /// # Errors
    ///
    /// Everything but a proven absence, since without its rules all that they hide would be synced. [`Error::TooLarge`];
    /// [`Error::Changed`] if it is saved again and again.
    pub fn load(folder: &Folder) -> Result<Ignore, Error> {
        let Ok(key) = Key::parse(IGNORE) else {
            return Ok(Ignore::none());
        };
        let mut changed = Error::Changed { path: folder.path_of(&key) };
        // Half-saved rules are other rules: what they no longer hide would be pushed, what they hide too much deleted.
        for _ in 0..SAVES {
            let Some(stat) = folder.stat(&key)? else { return Ok(folder.rules(b"")) };
            if stat.size > MOST_RULES {
                return Err(Error::TooLarge { path: folder.path_of(&key), most: MOST_RULES });
            }
            let read = open_settled(folder, &key, &stat).and_then(|file| {
                let bytes = read_part(folder, &key, &file, 0, stat.size)?;
                check_unchanged(folder, &key, &file, &stat)?;
                Ok(bytes)
            });
            match read {
                Err(error @ Error::Changed { .. }) => changed = error,
                read => return Ok(folder.rules(&read?)),
            }
        }
        Err(changed)
    }

    /// Whether the rules leave out `path`, whose parents they do not. For a walk, which does not enter ignored folders.
    pub fn is_ignored(&self, path: &str, is_dir: bool) -> bool {
        self.is_ignored_name(path.as_bytes(), is_dir)
    }

    /// As [`Ignore::is_ignored`], for a path that need not be text.
    pub(super) fn is_ignored_name(&self, path: &[u8], is_dir: bool) -> bool {
        self.last_match(path, is_dir).is_some_and(|rule| !rule.pattern.is_negative())
            || self.besides.as_ref().is_some_and(|others| others.is_ignored_name(path, is_dir))
    }

    /// The rule that decides about `path`, whose parents are not left out: the last one that matches.
    fn last_match(&self, path: &[u8], is_dir: bool) -> Option<&Rule> {
        if self.rules.patterns.is_empty() || (path == IGNORE.as_bytes() && !is_dir) {
            return None;
        }
        let name = path.iter().rposition(|&byte| byte == b'/').map(|slash| slash + 1);
        self.rules.patterns.iter().rev().find(|rule| matches(&rule.pattern, path, name, is_dir, self.has_many))
    }

    /// Why `path` is left out or not: the rule that decides about it, or about the uppermost folder of it that is left out.
    /// `None`: no rule matches.
    pub fn explain(&self, path: &[u8], is_dir: bool) -> Option<Explained> {
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| (&path[..at], true));
        let parts = slashes.chain([(path, is_dir)]);
        let mut matches = parts.filter_map(|(part, is_dir)| Some((part, self.last_match(part, is_dir)?)));
        let ignores = |(_, rule): &(&[u8], &Rule)| !rule.pattern.is_negative();
        let mut last = None;
        let (part, rule) = loop {
            match matches.next() {
                Some(found) if ignores(&found) => break found,
                Some(found) => last = Some(found),
                None => break last.filter(|(part, _)| *part == path)?,
            }
        };
        Some(Explained {
            ignores: !rule.pattern.is_negative(),
            pattern: rule.pattern.to_string(),
            // The parser is given a line of ours before the first, and counts from 1.
            line: rule.sequence_number.saturating_sub(1),
            matched: str::from_utf8(part).ok().map(str::to_owned),
        })
    }

    /// Whether the rules leave out `key`, by itself or with a folder that it is in.
    pub fn is_ignored_key(&self, key: &Key) -> bool {
        key.ancestors().any(|folder| self.is_ignored(folder, true)) || self.is_ignored(key.path(), key.is_marker())
    }
}

impl Folder {
    /// The same folder, in which these files are ignored whatever its rules say. Absolute paths; what lies elsewhere does not matter.
    #[must_use]
    pub fn with_hidden(mut self, files: &[PathBuf]) -> Folder {
        let Ok(root) = self.path().canonicalize() else { return self };
        let below = files.iter().filter_map(|file| file.strip_prefix(&root).ok()?.to_str());
        let rules: String = below.filter(|path| !path.contains('\n')).map(hiding).collect();
        self.hidden = if rules.is_empty() { Ignore::none() } else { Ignore::parse(rules.as_bytes()) };
        self
    }

    /// What is ignored in the folder by these rules, and whatever they say.
    pub fn rules(&self, rules: &[u8]) -> Ignore {
        let rules = Ignore::parse(rules);
        if self.hidden.rules.patterns.is_empty() { rules } else { rules.besides(self.hidden.clone()) }
    }
}

/// The rules that hide a file, and what it is written to before it is there.
fn hiding(path: &str) -> String {
    let literal = |text: &str| {
        let letters = text.chars();
        letters
            .flat_map(|letter| "\\*?[]!# ".contains(letter).then_some('\\').into_iter().chain([letter]))
            .collect::<String>()
    };
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let folder = if folder.is_empty() { "/".to_owned() } else { format!("/{}/", literal(folder)) };
    let name = literal(name);
    format!("{folder}{name}\n{folder}.{name}.*.tmp\n")
}

/// Whether a pattern matches `path`, whose last component begins at `name`. `mind_stars`: it may have many `**`.
fn matches(pattern: &Pattern, path: &[u8], name: Option<usize>, is_dir: bool, mind_stars: bool) -> bool {
    let slashes = wildmatch::Mode::NO_MATCH_SLASH_LITERAL;
    let whole = pattern.mode.contains(Mode::ABSOLUTE) || !pattern.mode.contains(Mode::NO_SUB_DIR);
    let many = mind_stars && stars::has_many(&pattern.text);
    match pattern.first_wildcard_pos {
        // Git takes the literal beginning off first, so that a `**` behind it counts as one that begins the pattern.
        Some(literal) if whole && (literal > 0 || many) => {
            let (beginning, rest) = pattern.text.split_at(literal);
            (is_dir || !pattern.mode.contains(Mode::MUST_BE_DIR))
                && path.strip_prefix(beginning).is_some_and(|path| {
                    if many { stars::matches(rest, path) } else { wildmatch(rest.into(), path.into(), slashes) }
                })
        }
        _ => pattern.matches_repo_relative_path(path.into(), name, Some(is_dir), Case::Sensitive, slashes),
    }
}

#[cfg(test)]
mod tests;
