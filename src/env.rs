//! The environment as a value: what a run knows of its surroundings, taken once at the start.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

/// Environment variables and the current folder.
#[derive(Clone, Debug, Default)]
pub struct Env {
    vars: BTreeMap<OsString, OsString>,
    cwd: PathBuf,
}

impl Env {
    /// Makes an environment of variables and a current folder.
    pub fn new<K: Into<OsString>, V: Into<OsString>>(vars: impl IntoIterator<Item = (K, V)>, cwd: PathBuf) -> Env {
        Env { vars: vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect(), cwd }
    }

    /// The variable `name`; one that is set to nothing counts as not set.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.vars.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// The variable `name` as text; `None` too if it is not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str()
    }

    /// The user's home folder, from `HOME`.
    pub fn home(&self) -> Option<&Path> {
        self.get("HOME").map(Path::new)
    }

    /// The current folder.
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// `path` with a leading `~` made the home folder; unchanged without one, or without a home.
    pub fn expand(&self, path: &str) -> PathBuf {
        let rest = path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
        match (rest, self.home()) {
            (Some(rest), Some(home)) => home.join(rest.trim_start_matches('/')).components().collect(),
            _ => PathBuf::from(path),
        }
    }

    /// `path` made absolute and freed of `.` and `..`, by its letters alone: no link is followed.
    pub fn absolute(&self, path: &Path) -> PathBuf {
        let mut whole = PathBuf::new();
        for component in self.cwd.join(path).components() {
            match component {
                Component::CurDir => {}
                Component::ParentDir => {
                    whole.pop();
                }
                other => whole.push(other),
            }
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env() -> Env {
        Env::new([("HOME", "/home/ann"), ("EMPTY", "")], PathBuf::from("/data/x"))
    }

    #[test]
    fn empty_counts_as_not_set() {
        assert_eq!(env().get("EMPTY"), None);
        assert_eq!(env().text("HOME"), Some("/home/ann"));
    }

    #[test]
    fn a_tilde_is_the_home_only_where_it_stands_alone() {
        for (path, expanded) in [("~", "/home/ann"), ("~/a/b", "/home/ann/a/b"), ("~bob/a", "~bob/a"), ("/a~", "/a~")] {
            assert_eq!(env().expand(path), Path::new(expanded));
        }
        assert_eq!(Env::default().expand("~/a"), Path::new("~/a"));
    }

    #[test]
    fn paths_become_absolute() {
        for (path, absolute) in [(".", "/data/x"), ("a/./b", "/data/x/a/b"), ("../y/", "/data/y"), ("/../a", "/a")] {
            assert_eq!(env().absolute(Path::new(path)), Path::new(absolute), "{path}");
        }
    }
}
