//! The names in a folder, packed and in the order in which a walk comes to them.

use rustix::fs::{Dir, FileType};
use rustix::io::Errno;

use super::beneath::each_name;

/// The names in a folder, and what each is: in the order of their bytes, where a folder's name counts as ending in `/`.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The names one behind the other, folders with their `/`.
    text: Vec<u8>,
    names: Vec<Name>,
    next: usize,
}

/// Where in the text a name is. There may be millions in one folder: this is small.
#[derive(Clone, Copy, Debug)]
struct Name {
    /// The first bytes in which the names differ. They decide nearly always, without a look at the text.
    head: u64,
    start: u32,
    length: u16,
    kind: FileType,
}

impl Names {
    /// Reads a folder: all of it, or an error.
    pub(super) fn read(dir: &mut Dir) -> Result<Names, Errno> {
        let mut names = Names::default();
        // Whoever looks at it as a file learns what is wrong.
        each_name(dir, |name, kind| names.push(name, kind.unwrap_or(FileType::RegularFile)))?;
        names.sort();
        Ok(names)
    }

    /// One name alone.
    pub(super) fn one(name: &[u8], kind: FileType) -> Result<Names, Errno> {
        let mut names = Names::default();
        names.push(name, kind)?;
        Ok(names)
    }

    fn push(&mut self, name: &[u8], kind: FileType) -> Result<(), Errno> {
        let start = u32::try_from(self.text.len()).map_err(|_| Errno::OVERFLOW)?;
        self.text.extend_from_slice(name);
        if kind == FileType::Directory {
            self.text.push(b'/');
        }
        let length = u16::try_from(self.text.len() - start as usize).map_err(|_| Errno::NAMETOOLONG)?;
        self.names.push(Name { head: 0, start, length, kind });
        Ok(())
    }

    fn sort(&mut self) {
        let Names { text, names, .. } = self;
        let text_of = |name: &Name| &text[name.start as usize..][..usize::from(name.length)];
        let first = names.first().map_or(&[][..], text_of);
        let alike = |name: &[u8]| first.iter().zip(name).take_while(|(one, other)| one == other).count();
        let same = names.iter().map(|name| alike(text_of(name))).min().unwrap_or_default();
        for name in names.iter_mut() {
            let mut head = [0; 8];
            head.iter_mut().zip(&text_of(name)[same..]).for_each(|(byte, own)| *byte = *own);
            name.head = u64::from_be_bytes(head);
        }
        let order = |one: &Name, other: &Name| one.head.cmp(&other.head).then_with(|| text_of(one).cmp(text_of(other)));
        names.sort_unstable_by(order);
        // A name that moves about while its folder is read may come twice.
        names.dedup_by(|one, other| order(one, other).is_eq());
    }

    /// Whether there never was any.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The next name, without a `/`, and what it is.
    pub(super) fn next(&mut self) -> Option<(&[u8], FileType)> {
        let Name { start, length, kind, .. } = *self.names.get(self.next)?;
        self.next += 1;
        let length = usize::from(length) - usize::from(kind == FileType::Directory);
        Some((&self.text[start as usize..][..length], kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, OFlags, openat};

    fn sorted(names: &[(&str, FileType)]) -> Vec<(String, FileType)> {
        let mut sorted = Names::default();
        for (name, kind) in names {
            sorted.push(name.as_bytes(), *kind).unwrap();
        }
        sorted.sort();
        std::iter::from_fn(|| sorted.next().map(|(name, kind)| (String::from_utf8(name.into()).unwrap(), kind)))
            .collect()
    }

    #[test]
    fn a_folder_sorts_as_if_its_name_ended_in_a_slash() {
        use FileType::{Directory, RegularFile};
        let names =
            [("a0", RegularFile), ("a", Directory), ("a.b", RegularFile), ("a-", Directory), ("a", RegularFile)];
        let order = ["a", "a-", "a.b", "a", "a0"];
        assert_eq!(sorted(&names).iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), order);
    }

    #[test]
    fn a_name_that_is_listed_twice_comes_once() {
        let names = [("b", FileType::Symlink), ("a", FileType::Directory), ("b", FileType::Symlink)];
        assert_eq!(sorted(&names), [("a".to_owned(), FileType::Directory), ("b".to_owned(), FileType::Symlink)]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_listing_that_fails_is_an_error_and_not_a_shorter_one() {
        let dir = tempfile::tempdir().unwrap();
        // Such a handle cannot be listed.
        let handle = openat(CWD, dir.path(), OFlags::PATH | OFlags::DIRECTORY, Mode::empty()).unwrap();
        assert!(Names::read(&mut Dir::new(handle).unwrap()).is_err());
    }
}
