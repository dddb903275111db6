//! Whether a key's file is certainly gone: that alone may delete its object.

use std::path::Path;

use rustix::fs::FileType;
use rustix::io::Errno;

use super::beneath::{At, open_dir, split};
use super::{Folder, Links};
use crate::key::Key;

impl Folder {
    /// Whether the file `key` is certainly gone: nothing has its name, or a folder has, or a file is where one of its folders
    /// was. What something unreadable may hide is not gone, nor what a link may, unless links are files like others.
    pub fn is_gone(&self, key: &Key) -> bool {
        if key.is_marker() {
            return matches!(self.stat(key), Ok(None));
        }
        let (parent, name) = split(Path::new(key.as_str()));
        match open_dir(&self.root, parent).and_then(|dir| At::new(&dir, name).stat()) {
            Ok((kind, _)) => kind == FileType::Directory,
            Err(Errno::NOENT) => true,
            Err(_) if self.links == Links::Follow && self.first_link(key).is_some() => {
                matches!(self.stat_through(key), Ok(None))
            }
            Err(_) => self.is_below_a_file(key),
        }
    }

    /// Whether a file is where one of the key's folders would be.
    pub(super) fn is_below_a_file(&self, key: &Key) -> bool {
        key.ancestors().any(|folder| {
            let (parent, name) = split(Path::new(folder));
            let found = open_dir(&self.root, parent).and_then(|dir| At::new(&dir, name).stat());
            match found {
                Ok((FileType::Symlink, _)) => self.links == Links::Preserve,
                found => matches!(found, Ok((FileType::RegularFile, _))),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn key(name: &str) -> Key {
        Key::parse(name).unwrap()
    }

    #[test]
    fn a_file_is_gone_where_a_folder_came_or_its_own_folder_became_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        fs::create_dir_all(dir.path().join("sub/below")).unwrap();
        fs::write(dir.path().join("file"), "text").unwrap();
        symlink("file", dir.path().join("link")).unwrap();
        symlink("nowhere", dir.path().join("broken")).unwrap();
        symlink("sub", dir.path().join("sublink")).unwrap();
        for (name, gone) in [
            ("none", true),
            ("none/x", true),
            ("sub", true),
            ("sub/below", true),
            ("sub/none", true),
            ("file/x", true),
            ("file/x/y", true),
            ("file", false),
            ("link", false),
            ("broken", false),
            ("sublink", false),
            ("sublink/x", false),
            ("link/x", false),
        ] {
            assert_eq!(folder.is_gone(&key(name)), gone, "{name}");
        }
    }
}
