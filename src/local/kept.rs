//! What an interrupted transfer leaves to go on from: a record, whose lines are appended as it gets on, and of a download the
//! file as far as it has come. They are in `uploads/` and `downloads/`, beside staging.
//!
//! A record is its holder's alone (`flock`): several processes may be at work in a folder. Nothing here counts as true: a line may
//! be torn, a file cut off, so whoever goes on asks the server or sums up what is there.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fd::OwnedFd;
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;

use super::beneath::{At, LIST, convert, open};
use super::folder::Home;
use super::sys::{fstat, fsync, openat, read_at, write_all_at};
use super::trash::list;
use super::{Error, Folder, Staged};

/// What follows the name of a download's record in that of its file.
const DATA: &str = ".data";
/// No record is larger: ten thousand parts, of which each says little.
const LARGEST: usize = 4 << 20;

/// Which transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// To the bucket.
    Uploads,
    /// To the folder.
    Downloads,
}

/// The record of a transfer, held by whoever is at work on it.
#[derive(Debug)]
pub struct Record {
    file: File,
    /// Bytes of the lines that count.
    length: Mutex<u64>,
    dir: OwnedFd,
    name: String,
    path: PathBuf,
}

impl Folder {
    fn drawer(&self, kept: Kept) -> (&Home, &'static Path) {
        match kept {
            Kept::Uploads => (&self.private, Path::new("uploads")),
            // Its file moves to its place by a rename.
            Kept::Downloads => (&self.work, Path::new("downloads")),
        }
    }

    /// The names of what transfers have left, in no order.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`], [`Error::InTheWay`], [`Error::Io`].
    pub fn kept(&self, kept: Kept) -> Result<Vec<String>, Error> {
        let (home, below) = self.drawer(kept);
        let Some(dir) = self.find_dir(home, below)? else { return Ok(Vec::new()) };
        let listed = open(&dir, Path::new(""), LIST, Mode::empty()).and_then(list);
        let listed = listed.map_err(|errno| Error::new(errno, &self.path_in(home, below)))?;
        let names = listed.into_iter().filter_map(|(name, _)| String::from_utf8(name).ok());
        let mut names: Vec<String> = names.map(|name| name.strip_suffix(DATA).unwrap_or(&name).to_owned()).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Begins a record with its first line, and puts that on disk; `None` if the name is taken.
    ///
    /// # Errors
    ///
    /// [`Error::NoSpace`], [`Error::Denied`], [`Error::InTheWay`], [`Error::Io`].
    pub fn begin_record(&self, kept: Kept, name: &str, line: &str) -> Result<Option<Record>, Error> {
        let (home, below) = self.drawer(kept);
        let dir = self.make_dir(home, below)?;
        let path = self.path_in(home, below).join(name);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = match openat(&dir, name, flags, Mode::from_raw_mode(0o600)) {
            Ok(file) => File::from(file),
            Err(Errno::EXIST) => return Ok(None),
            Err(errno) => return Err(Error::new(errno, &path)),
        };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            discard(&dir, name);
            return Ok(None);
        }
        let record = Record { file, length: Mutex::new(0), dir, name: name.to_owned(), path };
        let written = record.note(line).and_then(|()| record.sync());
        match written {
            Ok(()) => Ok(Some(record)),
            Err(error) => {
                record.remove();
                Err(error)
            }
        }
    }

    /// Takes a record up, and has `read` read its lines up to the first that makes no sense to it; `None` if there is none, or
    /// another process is at work on it.
    ///
    /// # Errors
    ///
    /// [`Error::Denied`], [`Error::InTheWay`], [`Error::Io`].
    pub fn take_up_record(
        &self,
        kept: Kept,
        name: &str,
        read: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Option<Record>, Error> {
        let (home, below) = self.drawer(kept);
        let Some(dir) = self.find_dir(home, below)? else { return Ok(None) };
        let path = self.path_in(home, below).join(name);
        let failed = |errno| Error::new(errno, &path);
        let file = match openat(&dir, name, OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(failed(errno)),
        };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Ok(None);
        }
        // Who held it may have ended it meanwhile, so that what we hold is without a name.
        let held = convert(&fstat(&file).map_err(failed)?).1.inode;
        if !matches!(At::new(&dir, name.as_ref()).stat(), Ok((_, stat)) if stat.inode == held) {
            return Ok(None);
        }
        let text = read_whole(&file).map_err(|source| Error::new(source, &path))?;
        let length = read_lines(&text, read);
        Ok(Some(Record { file, length: Mutex::new(length), dir, name: name.to_owned(), path }))
    }

    /// Has `read` read the lines of a record up to the first that makes no sense to it, whoever holds it.
    pub fn read_kept(&self, kept: Kept, name: &str, read: &mut dyn FnMut(&str) -> bool) -> Option<()> {
        let (home, below) = self.drawer(kept);
        let dir = self.find_dir(home, below).ok()??;
        let file =
            File::from(openat(&dir, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()).ok()?);
        read_lines(&read_whole(&file).ok()?, read);
        Some(())
    }

    /// Takes away whatever there is under a name.
    pub fn discard_kept(&self, kept: Kept, name: &str) {
        let (home, below) = self.drawer(kept);
        if let Ok(Some(dir)) = self.find_dir(home, below) {
            discard(&dir, name);
        }
    }

    /// The file of the download whose record is held: the one that was begun, or a new one. It stays when it is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if none was begun, or it cannot be gone on with; those of [`Folder::stage`].
    pub fn stage_kept(&self, record: &Record, is_new: bool) -> Result<Staged, Error> {
        let name = format!("{}{DATA}", record.name);
        let path = record.path.with_file_name(&name);
        let dir = record.dir.try_clone().map_err(|source| Error::new(source, &path))?;
        let mut flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        if is_new {
            let _ = At::new(&dir, name.as_ref()).unlink();
            flags |= OFlags::CREATE | OFlags::EXCL;
        }
        let file = openat(&dir, &name, flags, Mode::from_raw_mode(0o600)).map_err(|errno| Error::new(errno, &path))?;
        let file = File::from(file);
        // A second name means that it has got its place in the folder already, by a link: it is the user's.
        if file.metadata().map_or(true, |found| !found.is_file() || found.nlink() != 1) {
            return Err(Error::NotFound { path });
        }
        self.staged_in((dir, name.into()), file, path)
    }
}

impl Record {
    /// Appends a line.
    ///
    /// # Errors
    ///
    /// [`Error::NoSpace`], [`Error::Io`].
    pub fn note(&self, line: &str) -> Result<(), Error> {
        let mut length = self.length.lock().unwrap_or_else(PoisonError::into_inner);
        let line = format!("{line}\n");
        write_all_at(&self.file, line.as_bytes(), *length).map_err(|source| Error::new(source, &self.path))?;
        *length += line.len() as u64;
        Ok(())
    }

    /// Takes it away; the file of a download stays.
    pub fn remove(self) {
        let _ = At::new(&self.dir, self.name.as_ref()).unlink();
    }

    /// Takes it away, with the file of a download.
    pub fn discard(self) {
        discard(&self.dir, &self.name);
    }

    /// Puts it on disk, with its name.
    fn sync(&self) -> Result<(), Error> {
        let failed = |source| Error::new(source, &self.path);
        fsync(&self.file).map_err(failed)?;
        let listed = open(&self.dir, Path::new(""), LIST, Mode::empty());
        let listed = listed.map_err(|errno| Error::new(errno, &self.path))?;
        fsync(&File::from(listed)).map_err(failed)
    }
}

fn discard(dir: &OwnedFd, name: &str) {
    // What cannot be removed is come upon by the next run.
    let _ = At::new(dir, format!("{name}{DATA}").as_ref()).unlink();
    let _ = At::new(dir, name.as_ref()).unlink();
}

/// The bytes of the lines that make sense.
fn read_lines(text: &[u8], read: &mut dyn FnMut(&str) -> bool) -> u64 {
    let mut length = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let whole = line.strip_suffix(b"\n").and_then(|line| str::from_utf8(line).ok());
        if !whole.is_some_and(&mut *read) {
            break;
        }
        length += line.len() as u64;
    }
    length
}

fn read_whole(file: &File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut block = vec![0; 64 << 10];
    while bytes.len() < LARGEST {
        match read_at(file, &mut block, bytes.len() as u64) {
            Ok(0) => break,
            Ok(length) => bytes.extend_from_slice(&block[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::testing::Case;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};

    fn lines(folder: &Folder, name: &str) -> Option<(Record, Vec<String>)> {
        let mut lines = Vec::new();
        let mut read = |line: &str| {
            lines.push(line.to_owned());
            !line.contains("odd")
        };
        let record = folder.take_up_record(Kept::Uploads, name, &mut read).unwrap()?;
        Some((record, lines))
    }

    /// The same once it is free: a process that another test starts has the lock too, for the moment between its fork and its exec.
    fn free_lines(folder: &Folder, name: &str) -> (Record, Vec<String>) {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(found) = lines(folder, name) {
                return found;
            }
            assert!(Instant::now() < end, "somebody has it for good");
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_record_is_private_held_by_one_and_has_the_lines_that_were_whole() {
        let case = Case::new();
        let record = case.folder.begin_record(Kept::Uploads, "a", "one").unwrap().unwrap();
        record.note("two").unwrap();
        let path = case.path(".s4/uploads/a");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(lines(&case.folder, "a").is_none(), "somebody is at work on it");
        assert!(case.folder.begin_record(Kept::Uploads, "a", "x").unwrap().is_none());
        drop(record);
        fs::write(&path, "one\ntwo\nthree, torn").unwrap();
        let (record, found) = free_lines(&case.folder, "a");
        assert_eq!(found, ["one", "two"]);
        record.note("3").unwrap();
        drop(record);
        assert_eq!(free_lines(&case.folder, "a").1, ["one", "two", "3"]);
        assert_eq!(case.folder.kept(Kept::Uploads).unwrap(), ["a"]);
        free_lines(&case.folder, "a").0.remove();
        assert!(lines(&case.folder, "a").is_none() && !path.exists());
    }

    #[test]
    fn what_comes_after_a_line_without_sense_is_written_over() {
        let case = Case::new();
        drop(case.folder.begin_record(Kept::Uploads, "a", "one").unwrap().unwrap());
        fs::write(case.path(".s4/uploads/a"), "one\nodd\nthree\n").unwrap();
        free_lines(&case.folder, "a").0.note("two").unwrap();
        assert_eq!(free_lines(&case.folder, "a").1, ["one", "two", "three"]);
        fs::write(case.path(".s4/uploads/a"), b"one\n\xff\n").unwrap();
        assert_eq!(free_lines(&case.folder, "a").1, ["one"]);
    }

    #[test]
    fn the_file_of_a_download_stays_until_it_has_got_its_place() {
        let case = Case::new();
        let record = case.folder.begin_record(Kept::Downloads, "a", "one").unwrap().unwrap();
        assert!(matches!(case.folder.stage_kept(&record, false), Err(Error::NotFound { .. })));
        let staged = case.folder.stage_kept(&record, true).unwrap();
        staged.write_at(0, b"begun").unwrap();
        drop(staged);
        let staged = case.folder.stage_kept(&record, false).unwrap();
        staged.write_at(5, b" ended").unwrap();
        case.folder.install(staged, &crate::local::testing::key("f")).unwrap();
        assert_eq!(case.read("f"), "begun ended");
        assert!(matches!(case.folder.stage_kept(&record, false), Err(Error::NotFound { .. })));
        drop(case.folder.stage_kept(&record, true).unwrap());
        record.discard();
        assert_eq!(case.folder.kept(Kept::Downloads).unwrap(), [] as [&str; 0]);
    }

    #[test]
    fn a_file_that_has_a_second_name_is_never_written_to() {
        let case = Case::new();
        let record = case.folder.begin_record(Kept::Downloads, "a", "one").unwrap().unwrap();
        let staged = case.folder.stage_kept(&record, true).unwrap();
        staged.write_at(0, b"whole").unwrap();
        drop(staged);
        // Where a file system knows no better way, a file gets its place by a link, and may die there.
        fs::hard_link(case.path(".s4/downloads/a.data"), case.path("f")).unwrap();
        assert!(matches!(case.folder.stage_kept(&record, false), Err(Error::NotFound { .. })));
        case.folder.stage_kept(&record, true).unwrap().write_at(0, b"other").unwrap();
        assert_eq!(case.read("f"), "whole");
        assert_eq!(case.folder.kept(Kept::Downloads).unwrap(), ["a"]);
        drop(record);
        case.folder.discard_kept(Kept::Downloads, "a");
        assert_eq!(fs::read_dir(case.path(".s4/downloads")).unwrap().count(), 0);
    }
}
