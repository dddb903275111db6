//! The environment as a value: what a run knows of its surroundings, taken once at the start.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, Kind};

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

    /// The variable `name` as a time in seconds, fractions allowed; a day at most.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn seconds(&self, name: &str) -> Result<Option<Duration>, Error> {
        let Some(given) = self.get(name) else { return Ok(None) };
        let seconds =
            given.to_str().and_then(|text| text.parse::<f64>().ok()).filter(|it| (0.0..=86_400.0).contains(it));
        let wrong = || Error::new(Kind::Usage, format!("{name} is no number of seconds up to a day"));
        seconds.map(|seconds| Some(Duration::from_secs_f64(seconds))).ok_or_else(wrong)
    }

    /// Whether the locale writes text as UTF-8: more than ASCII can be shown.
    pub fn is_utf8(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| self.get(name));
        let locale = locale.map(|locale| locale.to_string_lossy().to_lowercase()).unwrap_or_default();
        locale.contains("utf-8") || locale.contains("utf8")
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
    fn the_first_variable_of_the_locale_that_is_set_decides() {
        for (vars, is_utf8) in [
            (&[][..], false),
            (&[("LANG", "de_DE.UTF-8")], true),
            (&[("LANG", "C.utf8"), ("LC_CTYPE", "")], true),
            (&[("LANG", "C.UTF-8"), ("LC_CTYPE", "POSIX")], false),
            (&[("LC_CTYPE", "C"), ("LC_ALL", "en_US.UTF-8")], true),
            (&[("LANG", "de_DE.ISO-8859-1")], false),
        ] {
            assert_eq!(Env::new(vars.iter().copied(), PathBuf::new()).is_utf8(), is_utf8, "{vars:?}");
        }
    }

    #[test]
    fn seconds_are_a_number_that_makes_sense() {
        let env = |value: &str| Env::new([("WAIT", value)], PathBuf::new()).seconds("WAIT");
        assert_eq!(env("").unwrap(), None);
        assert_eq!([env("0").unwrap(), env("1.5").unwrap()], [Duration::ZERO, Duration::from_millis(1500)].map(Some));
        for wrong in ["x", "-1", "NaN", "inf", "1e300", "86401"] {
            assert_eq!(env(wrong).unwrap_err().to_string(), "WAIT is no number of seconds up to a day", "{wrong}");
        }
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
