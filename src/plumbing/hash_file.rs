//! `s4 hash-file`

use std::fs::File;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use s4_commands::plumbing::hash_file::HashFileArgs;
use s4_commands::record::{self, Header};

use super::paths::{self, Named};
use crate::content::ETag;
use crate::context::Context;
use crate::error::{Error, ExitCode, Kind};
use crate::local::{LocalContent, hash_open};
use crate::ui::Stream;

/// Prints the sums of files.
///
/// # Errors
///
/// When the input cannot be read; a file that cannot be is an error record.
pub fn run(context: &Context, args: &HashFileArgs) -> Result<ExitCode, Error> {
    let etag = args.etag.as_deref().map(ETag::new);
    let stream = context.ui.stream(Header::new());
    let mut code = ExitCode::Done;
    let whole = paths::each(context, &args.files, args.stdin.then_some(paths::Records::None), &mut |path| match hash(
        path,
        etag.as_ref(),
    ) {
        Ok((size, content)) => print(&stream, path, size, &content, etag.is_some()),
        Err(source) => {
            code = ExitCode::Partial;
            paths::fail(context, &stream, path, &Error::new(Kind::Failed, "cannot read the file").because(source))
        }
    })?;
    if whole {
        stream.end();
    }
    Ok(code)
}

fn hash(path: &Path, etag: Option<&ETag>) -> std::io::Result<(u64, LocalContent)> {
    // Opening a pipe would wait for somebody to write into it.
    let file = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let content = hash_open(&file, found.len(), etag)?;
    let after = file.metadata()?;
    if (after.len(), after.mtime(), after.mtime_nsec()) != (found.len(), found.mtime(), found.mtime_nsec()) {
        return Err(std::io::Error::other("it changed while it was read"));
    }
    Ok((found.len(), content))
}

fn print(stream: &Stream, path: &Path, size: u64, content: &LocalContent, asked: bool) -> bool {
    let Named { text, base64 } = paths::named(path);
    let matches_etag = asked.then_some(content.matches_etag);
    stream.push(record::Hash {
        size,
        sha256: content.sha256.to_string(),
        path: text,
        path_base64: base64,
        matches_etag,
    })
}
