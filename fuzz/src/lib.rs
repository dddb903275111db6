//! What must hold of any bytes at all, by target. The fuzzer calls these functions, and so does an ordinary test
//! (`tests/it/fuzz.rs`), which has them look at the seeds in `corpus/` and at some thousands of variants of each.
//!
//! ```sh
//! fuzz/run index 600   # ten minutes of one target; needs cargo-fuzz and a nightly compiler
//! ```
//!
//! An input that breaks something is found in `artifacts/`. It goes, small and with a telling name, into `corpus/`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use s4::config::Config;
use s4::env::Env;
use s4::index::{Index, Log, Wanted, decode, encode};
use s4::key::{Key, MAX_COMPONENT_BYTES, MAX_KEY_BYTES, is_reserved};
use s4::local::{Folder, Ignore, Scan};
use s4::records::{self, Line, Reader};
use s4::remote::{S3Uri, read_page, read_page_by_sdk};
use s4_commands::record::{Change, Header, Outcome};
use tempfile::TempDir;

/// A target: its name, and what looks at an input.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 9] = [
    ("config", config),
    ("ignore", ignore),
    ("index", index),
    ("key", key),
    ("listing", listing),
    ("log", log),
    ("names", names),
    ("records", records),
    ("uri", uri),
];

/// An index file: what can be read is sorted, and comes back as it was when it is written and read again.
pub fn index(bytes: &[u8]) {
    let Ok(read) = decode(bytes) else { return };
    assert!(read.entries().is_sorted_by(|one, other| one.0 < other.0));
    assert!(read.entries().iter().all(|(name, entry)| read.get(name) == Some(entry)));
    let again = decode(&encode(&read).unwrap()).unwrap();
    assert_eq!(again, read);
}

/// A change log: what is read survives being written again.
pub fn log(bytes: &[u8]) {
    let Ok(read) = Log::decode(bytes) else { return };
    let again = Log::decode(&read.encode().unwrap()).unwrap();
    assert_eq!(again, read);
    let mut index = Index::default();
    index.generation = Some(1);
    index.apply(read.changes("tag", &index));
}

/// An answer to a LIST: what our reader makes of it, the SDK's makes of it too, if it can read it: it looks closer at what says
/// nothing, such as attributes.
pub fn listing(bytes: &[u8]) {
    let Ok(uri) = S3Uri::parse("s3://bucket/p") else { return };
    let Some(ours) = read_page(&uri, bytes) else { return };
    match (ours, read_page_by_sdk(&uri, bytes)) {
        (Ok(ours), Some(Ok(sdks))) => assert_eq!((ours.objects, ours.next), (sdks.objects, sdks.next)),
        (Err(ours), Some(Err(sdks))) => assert_eq!(ours.to_string(), sdks.to_string()),
        (_, None) => {}
        (ours, sdks) => panic!("ours: {ours:?}, the SDK's: {sdks:?}"),
    }
}

/// The reader of a few names. The input is what is asked for, up to a zero byte, and an index file; of one that s4 wrote, the
/// short way finds the same names as the long one.
pub fn names(bytes: &[u8]) {
    let Some(end) = bytes.iter().position(|byte| *byte == 0) else { return };
    let (asked, file) = (&bytes[..end], &bytes[end + 1..]);
    let Some((&how, prefix)) = asked.split_first() else { return };
    let Ok(prefix) = str::from_utf8(prefix) else { return };
    let wanted = Wanted { prefix, deleted: how & 1 == 1, most: usize::from(how >> 1) };
    // The file may be anything.
    let _ = s4::index::names(file, &wanted);
    if let Ok(index) = decode(file) {
        let own = encode(&index).unwrap();
        assert_eq!(s4::index::names(&own, &wanted).unwrap(), names_of(&index, &wanted));
    }
}

/// The names that are wanted, found the plain way.
fn names_of(index: &Index, wanted: &Wanted<'_>) -> Vec<String> {
    let entries = index.entries().iter().filter(|(_, entry)| wanted.deleted || !entry.is_tombstone());
    let below = entries.filter_map(|(name, _)| name.strip_prefix(wanted.prefix));
    let parts = below.map(|rest| format!("{}{}", wanted.prefix, rest.split_inclusive('/').next().unwrap_or_default()));
    let all: BTreeSet<String> = parts.collect();
    let last = all.last().filter(|_| all.len() > wanted.most).cloned();
    all.into_iter().take(wanted.most).chain(last).collect()
}

/// The config file: it can be read or is refused, and each target in it as well.
pub fn config(bytes: &[u8]) {
    let env = Env::new([("HOME", "/home/me")], PathBuf::from("/home/me"));
    let Ok(config) = Config::parse(Path::new("/home/me/sync.conf"), bytes) else { return };
    for name in config.names() {
        let Ok(target) = config.target(name, &env) else { continue };
        assert!(target.local_folder.is_absolute());
        assert!(target.max_delete.is_none_or(|share| (0.0..=100.0).contains(&share)));
        let _ = config.check_overlap(&target, &env);
    }
}

/// A stream of records or keys: what a change or an outcome says survives being written and read again.
pub fn records(bytes: &[u8]) {
    let (mut scan, mut listing) = (Scan::default(), Vec::new());
    for line in Reader::new(Box::new(bytes), Header::new()) {
        let Ok(Line::Record { kind, text }) = line else { continue };
        let _ = records::given_scan(&mut scan, &kind, &text);
        let _ = records::given_listing(&mut listing, &kind, &text);
        if let Ok(Ok(planned)) = serde_json::from_str::<Change>(&text).map(|change| records::planned(&change)) {
            let again = serde_json::to_string(&records::change(&planned, None)).unwrap();
            let again = records::planned(&serde_json::from_str(&again).unwrap()).unwrap();
            assert_eq!(again, planned);
        }
        if let Ok(outcome) = serde_json::from_str::<Outcome>(&text) {
            let _ = records::told(outcome);
        }
    }
    scan.put_in_order();
    s4::remote::put_in_order(&mut listing);
    assert!(listing.is_sorted_by(|one, other| one.name < other.name));
}

/// A key: one that is taken is below the folder, and nothing outside of the folder is seen through it.
pub fn key(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(key) = Key::parse(text) else { return };
    assert_eq!(key.as_str(), text);
    assert!(text.len() <= MAX_KEY_BYTES && !is_reserved(text) && !text.contains('\0'));
    let parts: Vec<&str> = text.split('/').collect();
    let path = Path::new("/folder").join(text);
    let below: Vec<Component<'_>> = path.strip_prefix("/folder").unwrap().components().collect();
    assert_eq!(below.len(), parts.len());
    for (component, part) in below.into_iter().zip(parts) {
        assert!(part.len() <= MAX_COMPONENT_BYTES);
        assert_eq!(component, Component::Normal(part.as_ref()));
    }
    assert_eq!(key.ancestors().count() + 1, text.split('/').count());
    assert_eq!(key.parent(), key.ancestors().last().unwrap_or_default());
    let found = folder().stat(&key);
    assert_eq!(matches!(found, Ok(Some(_))), text == "a/file", "{found:?}");
}

/// A folder with one file, and with links to a folder outside, which has another.
fn folder() -> &'static Folder {
    static FOLDER: OnceLock<(TempDir, Folder)> = OnceLock::new();
    let (_, folder) = FOLDER.get_or_init(|| {
        let dir = TempDir::with_prefix("s4-fuzz-").unwrap();
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("a")).unwrap();
        fs::write(root.join("a/file"), "inside").unwrap();
        fs::write(dir.path().join("file"), "outside").unwrap();
        symlink("..", root.join("out")).unwrap();
        symlink("../..", root.join("a/out")).unwrap();
        symlink("../file", root.join("file")).unwrap();
        symlink("a", root.join("in")).unwrap();
        let folder = Folder::open(&root, None).unwrap();
        (dir, folder)
    });
    folder
}

/// Ignore rules. The input is a path, up to the end of its line, and the rules; all ways to ask give the same answer.
pub fn ignore(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (path, rules) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    // Nobody asks about others.
    if path.starts_with(b"/") {
        return;
    }
    let rules = Ignore::parse(rules);
    let explained = rules.explain(path, false).is_some_and(|found| found.ignores);
    if let Some(key) = str::from_utf8(path).ok().and_then(|path| Key::parse(path).ok()) {
        assert_eq!(rules.is_ignored_key(&key), explained);
    }
}

/// A place in a bucket: one that is taken is written as it was read, and what is below it stays below it.
pub fn uri(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(uri) = S3Uri::parse(text) else { return };
    assert_eq!(S3Uri::parse(&uri.to_string()).as_ref(), Ok(&uri));
    assert_eq!(uri.below(&uri.full("a/../b")), Some("a/../b"));
    assert!(!uri.prefix().starts_with('/') && !uri.prefix().ends_with('/') && !uri.prefix().contains("//"));
}
