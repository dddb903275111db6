//! `s4 check-ignore`

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use s4_commands::plumbing::check_ignore::CheckIgnoreArgs;
use s4_commands::record;

use super::paths::{self, Named};
use crate::context::Context;
use crate::error::{Error, ExitCode, Kind};
use crate::key::is_reserved;
use crate::local::{Folder, Ignore};
use crate::run;
use crate::session::{folder_error, open_folder};

/// Says of paths whether the ignore rules leave them out.
///
/// # Errors
///
/// When the rules or the input cannot be read; a path outside of the folder is an error record.
pub fn run(context: &Context, args: &CheckIgnoreArgs) -> Result<ExitCode, Error> {
    let target = context.target(&args.target)?;
    let folder = open_folder(&target)?;
    let rules = Ignore::load(&folder).map_err(folder_error)?;
    let stream = context.ui.stream(run::header(&target));
    let mut code = ExitCode::Done;
    let whole =
        paths::each(context, &args.paths, args.stdin.then_some(paths::Records::Keys), &mut |path| match below(
            &folder, path,
        ) {
            Some(below) => stream.push(check(&folder, &rules, below)),
            None => {
                code = ExitCode::Partial;
                let message = format!("it is not in the folder '{}'", folder.path().display());
                paths::fail(context, &stream, path, &Error::new(Kind::Usage, message))
            }
        })?;
    if whole {
        stream.end();
    }
    Ok(code)
}

/// The path below the folder; `None` if it is elsewhere.
fn below<'p>(folder: &Folder, path: &'p Path) -> Option<&'p Path> {
    let below = if path.is_absolute() { path.strip_prefix(folder.path()).ok()? } else { path };
    let below = below.strip_prefix(".").unwrap_or(below);
    let inside = below.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    Some(below).filter(|below| inside && !below.as_os_str().is_empty())
}

fn check(folder: &Folder, rules: &Ignore, below: &Path) -> record::Check {
    let name = below.as_os_str().as_bytes();
    // Without following links, as a scan looks at it.
    let on_disk = folder.path().join(below).symlink_metadata();
    let is_dir = name.ends_with(b"/") || on_disk.is_ok_and(|found| found.is_dir());
    let name = name.strip_suffix(b"/").unwrap_or(name);
    let found = rules.explain(name, is_dir);
    let Named { text, base64 } = paths::named(below);
    record::Check {
        // s4's own files are left out whatever the rules say.
        ignored: found.as_ref().is_some_and(|found| found.ignores) || str::from_utf8(name).is_ok_and(is_reserved),
        key: text,
        key_base64: base64,
        pattern: found.as_ref().map(|found| found.pattern.clone()),
        line: found.as_ref().map(|found| found.line as u64),
        matched: found.and_then(|found| found.matched),
    }
}
