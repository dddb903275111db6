//! Running `s4 sync` and looking at what it said, and the small things that tests do to files.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value};

use super::{Bucket, Machine, TARGET};

/// What a program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code.
    pub(crate) code: i32,
    /// Its stdout.
    pub(crate) out: String,
    /// Its stderr.
    pub(crate) err: String,
}

impl Ran {
    /// Checks how it ended.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Checks that a line of stdout is `line`.
    #[track_caller]
    pub(crate) fn says(&self, line: &str) {
        assert!(self.out.lines().any(|said| said == line), "no line {line:?} in stdout:\n{}", self.out);
    }

    /// Checks that stderr holds `text`.
    #[track_caller]
    pub(crate) fn warns(&self, text: &str) {
        assert!(self.err.contains(text), "no {text:?} in stderr:\n{}", self.err);
    }

    /// Whether there was nothing to do, nothing to complain about, and nothing to write down.
    fn is_idle(&self) -> bool {
        self.closing().starts_with("Nothing to update in ")
            && (self.out.lines().count(), self.err.as_str(), self.code) == (2, "", 0)
    }

    /// The last line of stdout.
    pub(crate) fn closing(&self) -> &str {
        self.out.lines().last().unwrap_or_default()
    }
}

impl Machine {
    /// Runs s4 with some arguments.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        ran(&self.s4(args).output().unwrap())
    }

    /// Syncs the target with more arguments, whatever comes of it.
    pub(crate) fn sync_with(&self, args: &[&str]) -> Ran {
        self.run(["sync", TARGET].iter().chain(args))
    }

    /// Syncs the target, which must go well.
    #[track_caller]
    pub(crate) fn sync(&self) -> Ran {
        self.sync_with(&[]).with(0)
    }

    /// Checks that a sync has nothing to do.
    #[track_caller]
    pub(crate) fn is_idle(&self) {
        let ran = self.sync();
        assert!(ran.closing().starts_with("Nothing to update in "), "{ran:?}");
        // Files that came in the same tick of the clock as the index are looked into once more, and that is written
        // down; but only once.
        let settled = ran.is_idle() || ran.err == "Flushing Index to Storage\n" && self.sync().is_idle();
        assert!(settled, "{ran:?}");
    }

    /// The target's place in the bucket and its folder, as the lines of a sync name them.
    pub(crate) fn places(&self, bucket: &Bucket) -> (String, String) {
        (format!("{}/", bucket.uri()), format!("{}/", self.path("").display()))
    }

    /// Sets a field of the target in the configuration.
    pub(crate) fn set(&self, field: &str, value: impl Into<Value>) {
        let mut config: Value = serde_json::from_slice(&fs::read(self.config()).unwrap()).unwrap();
        config["targets"][TARGET][field] = value.into();
        fs::write(self.config(), config.to_string()).unwrap();
    }

    /// Sets a file's mtime, in nanoseconds since the epoch.
    pub(crate) fn set_mtime(&self, key: &str, nanoseconds: i64) {
        let span = Duration::from_nanos(nanoseconds.unsigned_abs());
        let time = if nanoseconds < 0 { UNIX_EPOCH - span } else { UNIX_EPOCH + span };
        File::options().write(true).open(self.path(key)).unwrap().set_modified(time).unwrap();
    }

    /// A file's mtime.
    pub(crate) fn mtime(&self, key: &str) -> SystemTime {
        fs::metadata(self.path(key)).unwrap().modified().unwrap()
    }

    /// Sets a file's permission bits.
    pub(crate) fn set_mode(&self, key: &str, mode: u32) {
        fs::set_permissions(self.path(key), Permissions::from_mode(mode)).unwrap();
    }

    /// A file's permission bits.
    pub(crate) fn mode(&self, key: &str) -> u32 {
        fs::metadata(self.path(key)).unwrap().permissions().mode() & 0o7777
    }

    /// The local index.
    pub(crate) fn index(&self) -> Map<String, Value> {
        read_index(&fs::read(self.path(".index")).unwrap())
    }

    /// Everything in the folder, s4's own files too.
    pub(crate) fn everything(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        everything(&self.path(""), &self.path(""), &mut files);
        files
    }

    /// The contents in the trash, by key, whichever run they are of.
    pub(crate) fn trash(&self) -> BTreeMap<String, Vec<u8>> {
        let below = |path: &str| path.strip_prefix(".s4/trash/")?.split_once('/').map(|(_, key)| key.to_owned());
        self.everything().into_iter().filter_map(|(path, bytes)| Some((below(&path)?, bytes))).collect()
    }
}

fn everything(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = path.symlink_metadata().unwrap().file_type();
        if kind.is_dir() {
            everything(root, &path, files);
        } else {
            let key = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let bytes = if kind.is_symlink() { Vec::new() } else { fs::read(&path).unwrap() };
            files.insert(key, bytes);
        }
    }
}

/// Two machines that are in sync with `files`.
pub(crate) fn in_sync(env: &super::TestEnv, bucket: &Bucket, files: &[(&str, &str)]) -> (Machine, Machine) {
    let (one, two) = (env.machine(bucket), env.machine(bucket));
    for (key, text) in files {
        one.write(key, text);
    }
    one.sync();
    two.sync();
    assert_eq!(two.tree(), one.tree());
    (one, two)
}

/// A tree of texts.
pub(crate) fn tree(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(key, text)| ((*key).to_owned(), text.as_bytes().to_vec())).collect()
}

/// What a finished program said.
pub(crate) fn ran(output: &std::process::Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// Reads an index file.
pub(crate) fn read_index(bytes: &[u8]) -> Map<String, Value> {
    let mut text = String::new();
    MultiGzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The bytes of an index file.
pub(crate) fn write_index(index: &Map<String, Value>) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(serde_json::to_string(index).unwrap().as_bytes()).unwrap();
    gzip.finish().unwrap()
}
