//! Reading and writing the config file.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Error, TARGETS};

/// Links followed to the file itself; more must be a loop.
const MAX_LINKS: usize = 40;
/// Nobody has so many targets.
const LARGEST: u64 = 16 << 20;

/// The bytes of the file; `None` if there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(io::Error::other("it is larger than 16 MiB")));
    }
    Ok(Some(bytes))
}

/// The object in a file's bytes; an empty one if there is nothing in them.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Map<String, Value>, Error> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    let value = serde_json::from_slice(bytes).map_err(|error| damaged(path, &error))?;
    let shape = |what: &str| Error::Shape { path: path.to_owned(), what: what.to_owned() };
    let Value::Object(store) = value else {
        return Err(shape("the whole"));
    };
    match store.get(TARGETS) {
        None | Some(Value::Null | Value::Object(_)) => Ok(store),
        Some(_) => Err(shape("\"targets\"")),
    }
}

fn damaged(path: &Path, error: &serde_json::Error) -> Error {
    let text = error.to_string();
    // The place is told apart from the reason.
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what).to_owned();
    Error::Damaged { path: path.to_owned(), line: error.line(), column: error.column(), what }
}

/// Writes `store` into the file that `path` names, in one step. A link stays a link.
pub(super) fn write(path: &Path, store: &Map<String, Value>) -> io::Result<()> {
    let mut bytes = serde_json::to_vec_pretty(store)?;
    bytes.push(b'\n');
    let path = resolve(path)?;
    let folder = folder_of(&path);
    make_folder(folder)?;
    let (temporary, file) = create_beside(&path)?;
    let written = fill(file, &bytes).and_then(|()| fs::rename(&temporary, &path));
    if let Err(error) = written {
        // The first error is the one to tell; a left-over file does no harm.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    File::open(folder)?.sync_all()
}

/// Keeps other processes of ours out until the handle is dropped.
pub(super) fn lock(path: &Path) -> io::Result<File> {
    let path = resolve(path)?;
    let folder = folder_of(&path);
    make_folder(folder)?;
    // The folder itself is locked: the file is replaced by each write, and a lock file would be one more to explain.
    let handle = File::open(folder)?;
    rustix::fs::flock(&handle, rustix::fs::FlockOperation::LockExclusive)?;
    Ok(handle)
}

fn fill(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// A new file beside `path`, readable for nobody else from its first moment on.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it has no file name"))?.to_string_lossy();
    for number in 0_u32.. {
        let temporary = path.with_file_name(format!(".{name}.{}-{number}.tmp", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1000 => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The file that `path` names in the end, which need not exist.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => path = folder_of(&path).join(fs::read_link(&path)?),
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many links"))
}
