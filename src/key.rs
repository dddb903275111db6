//! Keys: validated paths below a target's folder, the only names s4 carries between disk and bucket.

use std::fmt;

/// The longest key that S3 takes, in bytes of UTF-8, its prefix included.
pub const MAX_KEY_BYTES: usize = 1024;
/// The longest file name that the common file systems take, in bytes.
pub const MAX_COMPONENT_BYTES: usize = 255;

/// The index, at the folder's root and at the bucket's prefix.
pub const INDEX: &str = ".index";
/// The change log beside the index, below the prefix; in the folder it is among s4's private files.
pub const LOG: &str = ".s4/log";
/// The lock file at the folder's root; S4 0.4 locks the same one.
pub const LOCK: &str = ".s4lock";
/// Staging, trash and caches at the folder's root.
pub const PRIVATE: &str = ".s4";
/// The ignore rules; synced like any other file, and never ignored itself.
pub const IGNORE: &str = ".syncignore";

/// A file's path below its target's folder: UTF-8, `/` between components, ordered by bytes as S3 orders its listing.
///
/// A `Key` can always be carried to disk: no component is empty, `.`, `..`, longer than 255 bytes or holds a NUL, and
/// it is none of s4's own names. What comes from outside becomes a `Key` only through [`Key::parse`], or, where empty folders are
/// synced, through [`Key::parse_any`]: then it may be the marker of a folder, with a `/` at its end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<str>);

/// Why a name cannot be a [`Key`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// The name is empty, begins or ends with `/`, or has `//` in it.
    #[error("it has an empty part")]
    EmptyComponent,
    /// A component is `.` or `..`.
    #[error("it has a '.' or '..' part")]
    DotComponent,
    /// The name holds a NUL byte.
    #[error("it holds a NUL byte")]
    Nul,
    /// A component is longer than [`MAX_COMPONENT_BYTES`].
    #[error("one of its parts is longer than 255 bytes")]
    LongComponent,
    /// The whole is longer than [`MAX_KEY_BYTES`].
    #[error("it is longer than 1024 bytes")]
    LongKey,
    /// One of s4's own names: `.index`, `.s4lock`, `.s4/`.
    #[error("it is one of s4's own names")]
    Reserved,
}

impl Key {
    /// Checks `name` and makes it a key.
    ///
    /// # Errors
    ///
    /// The first [`KeyProblem`] found.
    pub fn parse(name: &str) -> Result<Key, KeyProblem> {
        if is_reserved(name) {
            return Err(KeyProblem::Reserved);
        }
        if name.len() > MAX_KEY_BYTES {
            return Err(KeyProblem::LongKey);
        }
        for component in name.split('/') {
            match component {
                "" => return Err(KeyProblem::EmptyComponent),
                "." | ".." => return Err(KeyProblem::DotComponent),
                _ if component.len() > MAX_COMPONENT_BYTES => return Err(KeyProblem::LongComponent),
                _ if component.contains('\0') => return Err(KeyProblem::Nul),
                _ => {}
            }
        }
        Ok(Key(name.into()))
    }

    /// As [`Key::parse`], and takes the marker of a folder as well: its path and a `/`.
    ///
    /// # Errors
    ///
    /// As [`Key::parse`]. The rules are a file.
    pub fn parse_any(name: &str) -> Result<Key, KeyProblem> {
        let Some(folder) = name.strip_suffix('/') else { return Key::parse(name) };
        Key::parse(folder)?;
        match name.len() {
            _ if folder == IGNORE => Err(KeyProblem::Reserved),
            length if length > MAX_KEY_BYTES => Err(KeyProblem::LongKey),
            _ => Ok(Key(name.into())),
        }
    }

    /// Whether it is the marker of a folder, and no file's key.
    pub fn is_marker(&self) -> bool {
        self.0.ends_with('/')
    }

    /// Its path below the target's folder: of a marker the folder's.
    pub fn path(&self) -> &str {
        self.0.strip_suffix('/').unwrap_or(&self.0)
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last component.
    pub fn name(&self) -> &str {
        self.path().rsplit('/').next().unwrap_or(&self.0)
    }

    /// The folder that holds it, `""` for the root.
    pub fn parent(&self) -> &str {
        self.path().rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// The folders above it, outermost first, without the root: `a`, `a/b` for `a/b/c`.
    pub fn ancestors(&self) -> impl Iterator<Item = &str> {
        self.path().match_indices('/').map(|(at, _)| &self.0[..at])
    }
}

/// Whether `name` is one of s4's own names at the root, or below one: these are never synced in either direction. In any
/// case, for there are file systems that do not tell `.S4` from `.s4`.
pub fn is_reserved(name: &str) -> bool {
    let root = name.split('/').next().unwrap_or(name);
    [PRIVATE, INDEX, LOCK].iter().any(|own| root.eq_ignore_ascii_case(own))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> String {
        key.0.into()
    }
}

impl AsRef<str> for Key {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_and_odd_names_are_keys() {
        for name in ["a", "a/b/c.txt", ".syncignore", "a b", "é", "x\\y", "a/.index", ".s4x", "\u{1b}[31m", "..."] {
            assert_eq!(Key::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn hostile_names_are_not() {
        let long = "x".repeat(256);
        let longer = "x/".repeat(512) + "y";
        for (name, problem) in [
            ("", KeyProblem::EmptyComponent),
            ("/etc/passwd", KeyProblem::EmptyComponent),
            ("a//b", KeyProblem::EmptyComponent),
            ("a/", KeyProblem::EmptyComponent),
            ("..", KeyProblem::DotComponent),
            ("a/../b", KeyProblem::DotComponent),
            ("./a", KeyProblem::DotComponent),
            ("a\0b", KeyProblem::Nul),
            (&long, KeyProblem::LongComponent),
            (&longer, KeyProblem::LongKey),
            (".index", KeyProblem::Reserved),
            (".s4lock", KeyProblem::Reserved),
            (".s4/trash/x", KeyProblem::Reserved),
            (".s4", KeyProblem::Reserved),
            (".S4/x", KeyProblem::Reserved),
            (".index/x", KeyProblem::Reserved),
        ] {
            assert_eq!(Key::parse(name), Err(problem), "{name:?}");
        }
    }

    #[test]
    fn markers_of_folders_are_keys_for_who_wants_them() {
        let marker = Key::parse_any("a/b/").unwrap();
        assert_eq!((marker.as_str(), marker.path(), marker.name(), marker.parent()), ("a/b/", "a/b", "b", "a"));
        assert_eq!((marker.ancestors().collect::<Vec<_>>(), marker.is_marker()), (vec!["a"], true));
        assert!(!Key::parse_any("a/b").unwrap().is_marker());
        let longest = "x/".repeat(512);
        assert!(Key::parse_any(&longest).is_ok() && Key::parse_any(&format!("y{longest}")).is_err());
        for (name, problem) in [
            ("/", KeyProblem::EmptyComponent),
            ("a//", KeyProblem::EmptyComponent),
            ("../", KeyProblem::DotComponent),
            ("a/./", KeyProblem::DotComponent),
            (".s4/", KeyProblem::Reserved),
            (".syncignore/", KeyProblem::Reserved),
        ] {
            assert_eq!(Key::parse_any(name), Err(problem), "{name:?}");
        }
    }

    #[test]
    fn a_key_knows_its_folders() {
        let key = Key::parse("a/b/c").unwrap();
        assert_eq!((key.name(), key.parent()), ("c", "a/b"));
        assert_eq!(key.ancestors().collect::<Vec<_>>(), ["a", "a/b"]);
    }
}
