//! A look into one folder of the tree, for completion: names alone, nothing is read or remembered.

use std::path::Path;

use rustix::fs::{FileType, Mode};

use super::beneath::{LIST, open};
use super::trash::list;
use super::{Error, Folder, Ignore};
use crate::key::Key;

impl Folder {
    /// The keys of files, and the paths of folders with a `/` behind them, that begin with `begun` and end where its next
    /// component does; sorted. Without what `ignore` leaves out, links, special files, and what cannot be a key. Of more than
    /// `most` the first ones, and the last one.
    ///
    /// # Errors
    ///
    /// When there is no such folder in the tree, or it cannot be read: [`Error::NotFound`], [`Error::Denied`],
    /// [`Error::InTheWay`], [`Error::Io`].
    pub fn browse(&self, begun: &str, ignore: &Ignore, most: usize) -> Result<Vec<String>, Error> {
        let (parent, begun) = match begun.rsplit_once('/') {
            Some(("", _)) => return Err(Error::NotFound { path: begun.into() }),
            Some(split) => split,
            None => ("", begun),
        };
        let path = self.path().join(parent);
        let mut name = parent.as_bytes().to_owned();
        if !parent.is_empty() {
            let key = Key::parse(parent).map_err(|_| Error::NotFound { path: path.clone() })?;
            if key.ancestors().chain([parent]).any(|folder| ignore.is_ignored(folder, true)) {
                return Ok(Vec::new());
            }
            name.push(b'/');
        }
        let opened = open(&self.root, Path::new(parent), LIST, Mode::empty());
        let mut entries = opened.and_then(list).map_err(|errno| Error::new(errno, &path))?;
        let above = name.len();
        entries.retain(|(last, kind)| {
            name.truncate(above);
            name.extend_from_slice(last);
            let is_dir = *kind == FileType::Directory;
            last.starts_with(begun.as_bytes())
                && (is_dir || *kind == FileType::RegularFile)
                && !ignore.is_ignored_name(&name, is_dir)
        });
        if entries.len() > most {
            // To sort them all would take longer than all the rest.
            entries.select_nth_unstable_by(most, |one, other| one.0.cmp(&other.0));
            let last = entries[most..].iter().max_by(|one, other| one.0.cmp(&other.0)).cloned();
            entries.truncate(most);
            entries.extend(last);
        }
        let mut names: Vec<String> = entries
            .into_iter()
            .filter_map(|(last, kind)| {
                name.truncate(above);
                name.extend_from_slice(&last);
                let key = Key::parse(str::from_utf8(&name).ok()?).ok()?;
                Some(if kind == FileType::Directory { format!("{key}/") } else { key.to_string() })
            })
            .collect();
        names.sort_unstable();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::testing::Case;
    use std::os::unix::fs::symlink;

    #[test]
    fn one_folder_is_listed_without_what_is_never_a_key() {
        let case = Case::new();
        for file in ["a b", "sub/x", "sub/deep/y", "x.tmp", "out/z", ".index", ".s4lock", ".s4/trash/t"] {
            case.write(file, "");
        }
        symlink("a b", case.path("link")).unwrap();
        let ignore = Ignore::parse(b"*.tmp\n/out/\n");
        let browse = |begun: &str, ignore: &Ignore| case.folder.browse(begun, ignore, 9).unwrap();
        assert_eq!(browse("", &ignore), ["a b", "sub/"]);
        assert_eq!(browse("", &Ignore::none()), ["a b", "out/", "sub/", "x.tmp"]);
        assert_eq!(browse("s", &ignore), ["sub/"]);
        assert_eq!(browse("sub", &ignore), ["sub/"]);
        assert_eq!(browse("sub/", &ignore), ["sub/deep/", "sub/x"]);
        assert_eq!(browse("sub/d", &ignore), ["sub/deep/"]);
        assert_eq!(browse("out/", &ignore), [""; 0]);
        for none in ["none/", "../", "/etc", "/", "link/", "a b/", ".s4/", ".s4/trash/"] {
            assert!(case.folder.browse(none, &ignore, 9).is_err(), "{none}");
        }
    }

    #[test]
    fn of_many_the_first_ones_come_and_the_last() {
        let case = Case::new();
        for number in 0..9 {
            case.write(&format!("file-{number}"), "");
        }
        for (most, expected) in [(0, &[8][..]), (1, &[0, 8]), (3, &[0, 1, 2, 8]), (9, &[0, 1, 2, 3, 4, 5, 6, 7, 8])] {
            let expected: Vec<String> = expected.iter().map(|number| format!("file-{number}")).collect();
            assert_eq!(case.folder.browse("file", &Ignore::none(), most).unwrap(), expected);
        }
    }
}
