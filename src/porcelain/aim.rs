//! What a command is aimed at, where its target may be left out: a target, and places in it.

use std::path::{Path, PathBuf};

use crate::config::{self, Config, Target};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, Kind};
use crate::index::{self, Index};
use crate::key::Key;
use crate::local::Folder;
use crate::session::open_folder;
use crate::ui::text::printable;

/// A target with its folder, and the words of the command line that are left.
pub(super) struct Aim {
    pub(super) target: Target,
    pub(super) folder: Folder,
    pub(super) words: Vec<String>,
    /// The current folder as a path below the target's, `""` for that itself; `None` elsewhere.
    within: Option<String>,
}

/// A place in a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A key.
    Key(Key),
    /// A folder with all that is in it, `""` for the target's own.
    Folder(String),
}

impl Place {
    /// What the names of all that is in it begin with.
    pub(super) fn prefix(&self) -> String {
        match self {
            Place::Key(key) => key.to_string(),
            Place::Folder(folder) if folder.is_empty() => String::new(),
            Place::Folder(folder) => format!("{folder}/"),
        }
    }

    /// Whether a name is in it.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Place::Key(key) => key.as_str() == name,
            Place::Folder(_) => name.starts_with(&self.prefix()),
        }
    }
}

impl Aim {
    /// Takes the first word for the target if one has that name. Else it is the one whose folder the current folder is in, or the
    /// only one that there is.
    ///
    /// # Errors
    ///
    /// When that leaves a choice, or the target or its folder cannot be used.
    pub(super) fn new(context: &Context, words: &[String]) -> Result<Aim, Error> {
        let config = context.config()?;
        let names = config.names();
        let named = words.first().filter(|word| names.contains(&word.as_str()));
        let name = match named {
            Some(name) => name.clone(),
            None => match implied(&config, &context.env) {
                Some(name) => name,
                None => return Err(undecided(&names, words.first())),
            },
        };
        let target = context.target(&name)?;
        let folder = open_folder(&target)?;
        let within = below(context.env.cwd(), &folder);
        Ok(Aim { target, folder, words: words[usize::from(named.is_some())..].to_vec(), within })
    }

    /// The places that its words name.
    ///
    /// # Errors
    ///
    /// For a path outside of the folder, and for what can be no key.
    pub(super) fn places(&self, context: &Context) -> Result<Vec<Place>, Error> {
        if self.words.is_empty() {
            return Ok(Vec::new());
        }
        let loaded = index::load(&self.folder, false);
        let index = loaded.map_err(|error| Error::new(Kind::Failed, "cannot read the local index").because(error))?;
        self.words.iter().map(|word| self.place(context, word, &index.index)).collect()
    }

    fn place(&self, context: &Context, word: &str, index: &Index) -> Result<Place, Error> {
        let is_path = ["/", "./", "../"].iter().any(|start| word.starts_with(start)) || matches!(word, "." | "..");
        let candidates = if is_path {
            let outside = || {
                let message = format!("'{}' is not in the folder '{}'", printable(word), self.folder.path().display());
                Error::new(Kind::Usage, message)
            };
            vec![below(&context.env.absolute(Path::new(word)), &self.folder).ok_or_else(outside)?]
        } else {
            let key = word.trim_end_matches('/').to_owned();
            let here = self.within.as_ref().filter(|within| !within.is_empty());
            here.map(|within| format!("{within}/{key}")).into_iter().chain([key]).collect()
        };
        let known = candidates.iter().find(|name| is_known(name, &self.folder, index));
        let name = known.or(candidates.last()).map(String::as_str).unwrap_or_default();
        let is_folder = word.ends_with('/') || name.is_empty() || is_folder(name, &self.folder, index);
        let wrong = |problem| Error::new(Kind::Usage, format!("'{}' is no key: {problem}", printable(word)));
        match Key::parse(name) {
            _ if name.is_empty() => Ok(Place::Folder(String::new())),
            Ok(_) if is_folder => Ok(Place::Folder(name.to_owned())),
            Ok(key) => Ok(Place::Key(key)),
            Err(problem) => Err(wrong(problem)),
        }
    }
}

/// The target that a command line does not name, where only one can be meant.
pub(crate) fn implied(config: &Config, env: &Env) -> Option<String> {
    let (names, cwd) = (config.names(), env.cwd());
    let holds = |name: &str| {
        let folder = config.target(name, env).ok()?.local_folder;
        let folder = real(&folder);
        cwd.starts_with(&folder).then(|| folder.components().count())
    };
    let mut holding: Vec<(usize, &str)> = names.iter().filter_map(|name| Some((holds(name)?, *name))).collect();
    holding.sort_unstable();
    match (&names[..], &holding[..]) {
        ([only], _) | (_, [(_, only)]) => Some((*only).to_owned()),
        // The innermost folder, unless it has two targets.
        (_, [.., (outer, _), (inner, name)]) if outer < inner => Some((*name).to_owned()),
        _ => None,
    }
}

fn undecided(names: &[&str], word: Option<&String>) -> Error {
    let choices: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    match word {
        Some(word) => config::Error::Unknown { name: word.clone(), choices }.into(),
        None if names.is_empty() => Error::new(Kind::Usage, "there are no targets yet").hint("add one: s4 add"),
        None => Error::new(Kind::Usage, "there are several targets, and none is named")
            .hint(format!("the targets are: {}", choices.join(", "))),
    }
}

/// A path with links followed, as far as it is there.
fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// A path as it is below the folder, if it is; the folder may be reached by links.
pub(super) fn below(path: &Path, folder: &Folder) -> Option<String> {
    let below = path.strip_prefix(folder.path()).or_else(|_| path.strip_prefix(real(folder.path())));
    Some(below.ok()?.to_str()?.trim_end_matches('/').to_owned())
}

/// Whether there is anything of that name, or was when it was last synced.
fn is_known(name: &str, folder: &Folder, index: &Index) -> bool {
    index.get(name).is_some() || folder.path().join(name).symlink_metadata().is_ok() || is_folder(name, folder, index)
}

fn is_folder(name: &str, folder: &Folder, index: &Index) -> bool {
    let on_disk = folder.path().join(name).symlink_metadata();
    let below = format!("{name}/");
    let of_old = || index.get(name).is_none() && index.entries().iter().any(|(key, _)| key.starts_with(&below));
    on_disk.map_or_else(|_| of_old(), |found| found.is_dir())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use super::*;
    use crate::ambient::Clock;
    use crate::index::{Entry, encode};
    use crate::ui::Ui;

    /// A home with the targets `docs`, `inner` (in a folder of it that is not synced there) and `photos`.
    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        let at = |path: &str| home.path().join(path);
        for folder in ["docs/sub", "docs/inner", "photos"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        fs::write(at("docs/sub/here"), "").unwrap();
        fs::write(at("docs/both"), "").unwrap();
        fs::write(at("docs/sub/both"), "").unwrap();
        let entry = Entry { local_timestamp: Some(1), remote_timestamp: Some(1), ..Entry::default() };
        let gone = ["sub/gone", "old/gone"].map(|name| (name.into(), entry.tombstone(5)));
        fs::write(at("docs/.index"), encode(&Index::from_entries(gone.into())).unwrap()).unwrap();
        let target =
            |folder: &str| serde_json::json!({"local_folder": at(folder), "s3_uri": format!("s3://b/{folder}")});
        let targets =
            serde_json::json!({"docs": target("docs"), "inner": target("docs/inner"), "photos": target("photos")});
        fs::write(at("conf"), serde_json::json!({ "targets": targets }).to_string()).unwrap();
        home
    }

    fn aim(home: &tempfile::TempDir, cwd: &str, words: &[&str]) -> Result<(String, Vec<Place>), Error> {
        let cwd = fs::canonicalize(home.path().join(cwd)).unwrap();
        let (ui, _) = Ui::captured("");
        let context = Context {
            env: Env::new([("HOME", home.path())], cwd),
            config_path: Some(home.path().join("conf")),
            ui: Arc::new(ui),
            clock: Clock::Fixed(0),
        };
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let aim = Aim::new(&context, &words)?;
        Ok((aim.target.name.clone(), aim.places(&context)?))
    }

    fn key(name: &str) -> Place {
        Place::Key(Key::parse(name).unwrap())
    }

    #[test]
    fn the_target_is_the_one_named_or_the_one_that_the_current_folder_is_in() {
        let home = home();
        for (cwd, words, target) in [
            (".", &["photos"][..], "photos"),
            ("docs", &[], "docs"),
            ("docs/sub", &["here"], "docs"),
            ("docs/inner", &[], "inner"),
            ("docs", &["photos"], "photos"),
        ] {
            assert_eq!(aim(&home, cwd, words).unwrap().0, target, "{cwd} {words:?}");
        }
        assert_eq!(aim(&home, ".", &[]).unwrap_err().kind(), Kind::Usage);
        assert_eq!(aim(&home, ".", &["foto"]).unwrap_err().to_string(), "\"foto\" is an unknown target");
    }

    #[test]
    fn a_word_is_a_key_or_a_path_of_the_current_folder() {
        let home = home();
        for (cwd, word, place) in [
            (".", "sub/here", key("sub/here")),
            (".", "unheard/of", key("unheard/of")),
            ("docs/sub", "here", key("sub/here")),
            ("docs/sub", "gone", key("sub/gone")),
            ("docs/sub", "sub/here", key("sub/here")),
            ("docs/sub", "both", key("sub/both")),
            ("docs/sub", "../both", key("both")),
            ("docs/sub", "unheard", key("unheard")),
            ("docs/sub", ".", Place::Folder("sub".to_owned())),
            ("docs/sub", "..", Place::Folder(String::new())),
            (".", "sub", Place::Folder("sub".to_owned())),
            (".", "old", Place::Folder("old".to_owned())),
            (".", "unheard/", Place::Folder("unheard".to_owned())),
        ] {
            assert_eq!(aim(&home, cwd, &["docs", word]).unwrap().1, [place], "{cwd} {word}");
        }
        let absolute = home.path().join("docs/sub/here");
        assert_eq!(aim(&home, ".", &["docs", absolute.to_str().unwrap()]).unwrap().1, [key("sub/here")]);
    }

    #[test]
    fn what_is_outside_or_can_be_no_key_is_refused() {
        let home = home();
        for word in ["/etc/passwd", "../photos", "a//b", ".index", ".s4/trash"] {
            let error = aim(&home, "docs", &["docs", word]).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage, "{word}: {error}");
        }
    }

    #[test]
    fn a_place_has_what_is_in_it() {
        let sub = Place::Folder("sub".to_owned());
        assert_eq!((sub.has("sub/a"), sub.has("subway"), sub.has("sub")), (true, false, false));
        assert!(Place::Folder(String::new()).has("anything") && key("a").has("a") && !key("a").has("a/b"));
    }
}
