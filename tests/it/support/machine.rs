//! A machine: a home with a configuration, and a folder that is kept in sync.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::json;

use super::env::{config, hermetic};
use super::{Bucket, given};

/// The name of each machine's target.
pub(crate) const TARGET: &str = "files";

/// Files and their bytes, by key.
type Files = BTreeMap<String, Vec<u8>>;

/// One of the machines that share a bucket; a copy is the same one.
#[derive(Clone)]
pub(crate) struct Machine {
    home: PathBuf,
    folder: PathBuf,
}

impl Machine {
    pub(super) fn new(home: PathBuf, bucket: &Bucket) -> Machine {
        let folder = home.join("files");
        fs::create_dir_all(&folder).unwrap();
        let target = json!({
            "local_folder": folder,
            "s3_uri": bucket.uri(),
            "endpoint_url": bucket.endpoint(),
            "region_name": "us-east-1",
            "aws_access_key_id": bucket.access_key(),
            "aws_secret_access_key": bucket.secret_key(),
        });
        let file = config(&home);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, json!({ "targets": { TARGET: target } }).to_string()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        Machine { home, folder }
    }

    /// The program under test with some arguments; not started yet.
    pub(crate) fn s4<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        Command::from_std(self.process(args))
    }

    /// The same as a process that the test can watch and end.
    pub(crate) fn process<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> std::process::Command {
        let mut command = hermetic(Path::new(env!("CARGO_BIN_EXE_s4")), &self.home);
        command.args(args);
        command
    }

    /// The Python S4 0.4 with some arguments, on the same configuration; `None` where it is missing and may be.
    pub(crate) fn python_s4<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Option<Command> {
        let mut command = hermetic(Path::new(&given("S4_TEST_PY_S4")?), &self.home);
        command.args(args);
        Some(Command::from_std(command))
    }

    /// The machine's configuration file.
    pub(crate) fn config(&self) -> PathBuf {
        config(&self.home)
    }

    /// The path of a key in the folder; of the folder itself for `""`.
    pub(crate) fn path(&self, key: &str) -> PathBuf {
        if key.is_empty() { self.folder.clone() } else { self.folder.join(key) }
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn write(&self, key: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A file's bytes; `None` where there is none.
    pub(crate) fn read(&self, key: &str) -> Option<Vec<u8>> {
        match fs::read(self.path(key)) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => panic!("reading {key:?}: {error}"),
        }
    }

    /// Removes a file, or a folder with all that is in it.
    pub(crate) fn remove(&self, key: &str) {
        let path = self.path(key);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }

    /// The files and their bytes, by key, of links an arrow and where they lead; without those of s4 itself.
    pub(crate) fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        self.walk().unwrap().0
    }

    /// The same while others are at work in the folder, who may take files away under who looks.
    pub(crate) fn try_tree(&self) -> std::io::Result<Files> {
        self.walk().map(|(files, _)| files)
    }

    /// Whether nothing lies in the places where s4 keeps what is on its way.
    pub(crate) fn has_nothing_staged(&self) -> bool {
        let is_empty = |folder: PathBuf| fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
        ["staging", "swap"].iter().all(|folder| is_empty(self.folder.join(".s4").join(folder)))
    }

    /// What transfers that were cut short have left: the lines of each record, and the path of a download's file.
    pub(crate) fn kept(&self, drawer: &str) -> Vec<(PathBuf, Vec<String>)> {
        let Ok(entries) = fs::read_dir(self.folder.join(".s4").join(drawer)) else { return Vec::new() };
        let records = entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_none());
        let lines = |path: &PathBuf| fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
        records.map(|path| (path.with_extension("data"), lines(&path))).collect()
    }

    /// The folders below the folder; without those of s4 itself.
    pub(crate) fn folders(&self) -> BTreeSet<String> {
        self.walk().unwrap().1
    }

    fn walk(&self) -> std::io::Result<(Files, BTreeSet<String>)> {
        let (mut files, mut folders) = (BTreeMap::new(), BTreeSet::new());
        let mut left = vec![self.folder.clone()];
        while let Some(folder) = left.pop() {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let path = entry.path();
                let key = path.strip_prefix(&self.folder).unwrap().to_str().unwrap().to_owned();
                if [".index", ".s4lock", ".s4"].contains(&key.as_str()) {
                    continue;
                }
                if entry.file_type()?.is_dir() {
                    folders.insert(key);
                    left.push(path);
                } else if entry.file_type()?.is_symlink() {
                    files.insert(key, [b"-> ", fs::read_link(&path)?.as_os_str().as_bytes()].concat());
                } else {
                    files.insert(key, fs::read(&path)?);
                }
            }
        }
        Ok((files, folders))
    }
}
