//! Paths that a command is given, as arguments or on standard input.

use std::io::BufRead;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use s4_commands::record;

use crate::context::Context;
use crate::error::{Error, Kind};
use crate::report;
use crate::ui::Stream;

/// A path as a record names it: as text, or in base64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) text: Option<String>,
    pub(super) base64: Option<String>,
}

pub(super) fn named(path: &Path) -> Named {
    match path.to_str() {
        Some(text) => Named { text: Some(text.to_owned()), base64: None },
        None => Named { text: None, base64: Some(crate::records::base64(path.as_os_str().as_bytes())) },
    }
}

/// What records on standard input stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Records {
    /// Their keys.
    Keys,
    /// Nothing: they have no paths.
    None,
}

/// Hands out each path, those of the arguments or, with `input`, those in the lines of standard input; as long as `take` wants
/// more. Returns whether it wanted all.
pub(super) fn each(
    context: &Context,
    paths: &[PathBuf],
    input: Option<Records>,
    take: &mut dyn FnMut(&Path) -> bool,
) -> Result<bool, Error> {
    let Some(records) = input else { return Ok(paths.iter().all(|path| take(path))) };
    let failed = |error: std::io::Error| Error::new(Kind::Failed, "cannot read the paths").because(error);
    let mut input = context.ui.take_input();
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(true);
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let path = match text.first() {
            None => continue,
            Some(b'"') => PathBuf::from(serde_json::from_slice::<String>(text).map_err(|error| failed(error.into()))?),
            Some(b'{') if let Ok(record) = serde_json::from_slice::<Keyed>(text) => match (record.key, records) {
                (Some(key), Records::Keys) => PathBuf::from(key),
                (None, Records::Keys) => continue,
                (_, Records::None) => {
                    let error = Error::new(Kind::Usage, "records are read, and paths are wanted, one a line");
                    return Err(error.hint("with jq: jq -r '.key' of the records that have one"));
                }
            },
            Some(_) => PathBuf::from(std::ffi::OsStr::from_bytes(text)),
        };
        if !take(&path) {
            return Ok(false);
        }
    }
}

/// A record, as far as it names something.
#[derive(serde::Deserialize)]
struct Keyed {
    #[serde(rename = "type")]
    _kind: String,
    key: Option<String>,
}

/// Tells of a path that failed, to people and to programs; returns whether anybody still reads.
pub(super) fn fail(context: &Context, stream: &Stream, path: &Path, error: &Error) -> bool {
    let Named { text, base64 } = named(path);
    let (code, message) = (error.kind().code().to_owned(), error.chain().join(": "));
    let name = crate::ui::text::printable(&path.to_string_lossy()).into_owned();
    report::tell(&context.ui, &Error::new(error.kind(), format!("'{name}': {message}")));
    stream.push(record::Error { code, message, key: text, key_base64: base64 })
}
