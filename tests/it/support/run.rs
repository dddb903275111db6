//! Running `s4 sync` and looking at what it said, and the small things that tests do to files.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
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

    /// Checks that stderr holds `text`.
    #[track_caller]
    pub(crate) fn warns(&self, text: &str) {
        assert!(self.err.contains(text), "no {text:?} in stderr:\n{}", self.err);
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

    /// Sets a field of the target in the configuration.
    pub(crate) fn set(&self, field: &str, value: impl Into<Value>) {
        let mut config: Value = serde_json::from_slice(&fs::read(self.config()).unwrap()).unwrap();
        config["targets"][TARGET][field] = value.into();
        fs::write(self.config(), config.to_string()).unwrap();
    }

    /// The local index.
    pub(crate) fn index(&self) -> Map<String, Value> {
        read_index(&fs::read(self.path(".index")).unwrap())
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
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The bytes of an index file.
pub(crate) fn write_index(index: &Map<String, Value>) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(serde_json::to_string(index).unwrap().as_bytes()).unwrap();
    gzip.finish().unwrap()
}
