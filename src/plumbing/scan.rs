//! `s4 scan`

use std::ops::ControlFlow;

use s4_commands::plumbing::scan::ScanArgs;
use s4_commands::record::Header;

use crate::config::{self, Config};
use crate::context::Context;
use crate::error::{Error, ExitCode, Kind};
use crate::local::{self, Folder, Found, Ignore, walk};
use crate::session::{folder_error, open_folder};
use crate::{records, run};

/// Prints the files of a target's folder, or of another one, as they are found.
///
/// # Errors
///
/// When there is no such folder, or it cannot be read.
pub fn run(context: &Context, args: &ScanArgs) -> Result<ExitCode, Error> {
    let (header, folder) = open(context, &args.place)?;
    let rules = Ignore::load(&folder).map_err(folder_error)?;
    let stream = context.ui.stream(header);
    let mut push = |found| {
        let read = match found {
            Found::File(file) => stream.push(records::file(file)),
            Found::Hidden { path, why } => stream.push(records::problem(&path, &why)),
            Found::Unnameable { name, why } => stream.push(records::no_key(name, why)),
        };
        if read { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    walk(&folder, &rules, &mut push).map_err(folder_error)?;
    stream.end();
    Ok(ExitCode::Done)
}

/// The folder that is meant, and what to say of it.
fn open(context: &Context, place: &str) -> Result<(Header, Folder), Error> {
    let known = |path| Config::load(path)?.target(place, &context.env);
    let no_targets = || config::Error::Unknown { name: place.to_owned(), choices: Vec::new() };
    let unknown = match context.config_path.as_deref().map_or_else(|| Err(no_targets()), known) {
        Ok(target) => return Ok((run::header(&target), open_folder(&target)?)),
        Err(error @ config::Error::Unknown { .. }) => Error::from(error),
        Err(error) => return Err(error.into()),
    };
    // What a script finds nothing in is not the current folder.
    if place.is_empty() {
        return Err(unknown);
    }
    let path = context.env.cwd().join(place);
    match Folder::open(&path, None) {
        Ok(folder) => {
            let path = folder.path().to_string_lossy().into_owned();
            Ok((Header { folder: Some(path), ..Header::new() }, folder))
        }
        Err(local::Error::NotFound { .. }) => {
            let message = format!("\"{place}\" is an unknown target, and there is no folder '{}'", path.display());
            Err(unknown.hints().iter().fold(Error::new(Kind::Usage, message), |error, hint| error.hint(hint.as_str())))
        }
        Err(local::Error::InTheWay { .. }) => {
            Err(Error::new(Kind::Usage, format!("'{}' is not a folder", path.display())))
        }
        Err(error) => Err(folder_error(error)),
    }
}
