//! The config file: the targets of this machine.
//!
//! The JSON that was read is the store, with typed views on top, so that fields of other versions survive a rewrite.
//! A file that cannot be read is never overwritten.

mod file;
mod overlap;
mod target;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub use overlap::{Overlap, bucket_and_prefix};
pub use s4_commands::Secret;
pub use target::Target;

use crate::env::Env;

/// A target's fields as they stand in the file.
pub type Fields = Map<String, Value>;

/// The field that holds the targets.
const TARGETS: &str = "targets";

/// The config file's content.
#[derive(Clone)]
pub struct Config {
    path: PathBuf,
    store: Map<String, Value>,
}

/// What is wrong with the config file or a target in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no telling where the file is.
    #[error("no home folder is known, so no config file")]
    NoHome,
    /// The file is there and cannot be read.
    #[error("cannot read the config file '{}'", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no JSON.
    #[error("the config file '{}' is damaged at line {line}, column {column}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the reader stumbled over.
        what: String,
    },
    /// The file is JSON of another shape.
    #[error("the config file '{}' is damaged: {what} is not an object", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// The part that should be an object.
        what: String,
    },
    /// The file cannot be written.
    #[error("cannot write the config file '{}'", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no such target.
    #[error("\"{name}\" is an unknown target")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The targets that there are.
        choices: Vec<String>,
    },
    /// There is such a target already.
    #[error("there is a target \"{name}\" already")]
    Exists {
        /// Its name.
        name: String,
    },
    /// The name cannot be a target's.
    #[error("\"{}\" cannot be the name of a target: {why}", name.escape_debug())]
    Name {
        /// The name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// A field of a target makes no sense.
    #[error("target \"{target}\": {field} {problem}")]
    Field {
        /// The target.
        target: String,
        /// The field, as the file names it.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Two targets would work against each other.
    #[error("target \"{target}\" overlaps with target \"{other}\": {overlap}")]
    Overlap {
        /// The target asked about.
        target: String,
        /// The other one.
        other: String,
        /// In what.
        overlap: Overlap,
    },
}

impl Config {
    /// Where the config file is: `flag`, else `S4_CONFIG`, else in `XDG_CONFIG_HOME`, else in `~/.config`.
    ///
    /// # Errors
    ///
    /// [`Error::NoHome`] when nothing of that is known.
    pub fn path(flag: Option<&Path>, env: &Env) -> Result<PathBuf, Error> {
        let named = flag.or_else(|| env.get("S4_CONFIG").map(Path::new));
        if let Some(path) = named {
            return Ok(env.absolute(path));
        }
        // The XDG rules: a relative path in the variable is invalid and to be ignored.
        let xdg = env.get("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let base = xdg.or_else(|| Some(env.home()?.join(".config"))).ok_or(Error::NoHome)?;
        Ok(base.join("s4").join("sync.conf"))
    }

    /// Reads the config file; one that does not exist has no targets.
    ///
    /// # Errors
    ///
    /// [`Error::Read`], [`Error::Damaged`] with line and column, [`Error::Shape`].
    pub fn load(path: &Path) -> Result<Config, Error> {
        Config::parse(path, &file::read(path)?.unwrap_or_default())
    }

    /// The config file `path`, of which these are the bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`] with line and column, [`Error::Shape`].
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Config, Error> {
        Ok(Config { path: path.to_owned(), store: file::parse(path, bytes)? })
    }

    /// Writes the config file: all of it or nothing, for the user's eyes only.
    ///
    /// # Errors
    ///
    /// [`Error::Write`]; the old file is as it was then.
    pub fn save(&self) -> Result<(), Error> {
        file::write(&self.path, &self.store).map_err(|source| Error::Write { path: self.path.clone(), source })
    }

    /// Reads the file, changes it and writes it, with other processes that do the same kept out meanwhile.
    ///
    /// # Errors
    ///
    /// Those of [`Config::load`], [`Config::save`] and `change`; after any of them the file is as it was.
    pub fn update<T, E: From<Error>>(path: &Path, change: impl FnOnce(&mut Config) -> Result<T, E>) -> Result<T, E> {
        let _lock = file::lock(path).map_err(|source| Error::Write { path: path.to_owned(), source })?;
        let mut config = Config::load(path)?;
        let result = change(&mut config)?;
        config.save()?;
        Ok(result)
    }

    /// The names of the targets, in order.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.entries().map(|entries| entries.keys().map(String::as_str).collect()).unwrap_or_default();
        names.sort_unstable();
        names
    }

    /// A target, read and checked.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`]; [`Error::Shape`] or [`Error::Field`] when its entry makes no sense.
    pub fn target(&self, name: &str, env: &Env) -> Result<Target, Error> {
        let target = Target::read(name, self.fields(name)?, env)?;
        Ok(Target { config: Some(self.path.clone()), ..target })
    }

    /// A target's fields as they stand in the file, whether or not they make sense.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`], or [`Error::Shape`] when the entry is no object.
    pub fn fields(&self, name: &str) -> Result<&Fields, Error> {
        let entry = self.entries().and_then(|entries| entries.get(name)).ok_or_else(|| self.unknown(name))?;
        let shape = || Error::Shape { path: self.path.clone(), what: format!("target \"{name}\"") };
        entry.as_object().ok_or_else(shape)
    }

    /// Adds a target, or replaces the fields of the one of that name.
    pub fn set(&mut self, name: &str, fields: Fields) {
        let entry = self.store.entry(TARGETS).or_insert_with(|| Value::Object(Map::new()));
        if entry.is_null() {
            *entry = Value::Object(Map::new());
        }
        // Reading refuses any other shape.
        if let Value::Object(entries) = entry {
            entries.insert(name.to_owned(), Value::Object(fields));
        }
    }

    /// Takes a target out, whatever its entry looks like.
    ///
    /// # Errors
    ///
    /// [`Error::Unknown`].
    pub fn remove(&mut self, name: &str) -> Result<(), Error> {
        let unknown = self.unknown(name);
        let entries = self.store.get_mut(TARGETS).and_then(Value::as_object_mut);
        match entries.and_then(|entries| entries.shift_remove(name)) {
            Some(_) => Ok(()),
            None => Err(unknown),
        }
    }

    /// Refuses `target` if it and another one would work against each other. Entries that make no sense are passed
    /// over: they cannot be synced either.
    ///
    /// # Errors
    ///
    /// [`Error::Overlap`] with the first one in the order of names.
    pub fn check_overlap(&self, target: &Target, env: &Env) -> Result<(), Error> {
        let others = self.names().into_iter().filter(|name| *name != target.name);
        for other in others.filter_map(|name| self.target(name, env).ok()) {
            if let Some(overlap) = overlap::between(target, &other) {
                return Err(Error::Overlap { target: target.name.clone(), other: other.name, overlap });
            }
        }
        Ok(())
    }

    /// Refuses what cannot be the name of a new target.
    ///
    /// # Errors
    ///
    /// [`Error::Name`], or [`Error::Exists`].
    pub fn check_new_name(&self, name: &str) -> Result<(), Error> {
        let why = match name {
            _ if name.trim().is_empty() => "it is empty",
            _ if name.chars().any(char::is_control) => "it holds control characters",
            _ if name.starts_with('-') => "it would look like an option",
            _ if self.names().contains(&name) => return Err(Error::Exists { name: name.to_owned() }),
            _ => return Ok(()),
        };
        Err(Error::Name { name: name.to_owned(), why })
    }

    fn entries(&self) -> Option<&Map<String, Value>> {
        self.store.get(TARGETS).and_then(Value::as_object)
    }

    fn unknown(&self, name: &str) -> Error {
        Error::Unknown { name: name.to_owned(), choices: self.names().into_iter().map(str::to_owned).collect() }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The store holds secrets.
        f.debug_struct("Config").field("path", &self.path).field("targets", &self.names()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
