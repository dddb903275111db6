//! What a sync of a part of a target is about: the paths and patterns of the command line, and the direction.

use std::path::Path;

use s4_commands::ScopeArgs;

use super::aim::{below, implied};
use crate::context::Context;
use crate::engine::{Pattern, Scope, Way};
use crate::error::{Error, Kind};
use crate::local::Folder;
use crate::ui::text::printable;

/// The targets that a command is about: those that are named; else, where it names paths, the one in whose folder it stands. None
/// stands for all.
///
/// # Errors
///
/// When the config file cannot be read.
pub(super) fn targets(context: &Context, named: &[String], args: &ScopeArgs) -> Result<Vec<String>, Error> {
    let is_implied = named.is_empty() && !args.paths.is_empty();
    let implied = if is_implied { implied(&context.config()?, &context.env) } else { None };
    Ok(implied.map_or_else(|| named.to_vec(), |name| vec![name]))
}

/// What a sync may do in a folder; `way` is the direction without these options.
///
/// # Errors
///
/// For a path that is outside of the folder.
pub(super) fn scope(context: &Context, folder: &Folder, args: &ScopeArgs, way: Option<Way>) -> Result<Scope, Error> {
    let way = match (args.push_only, args.pull_only) {
        (true, _) => Some(Way::Push),
        (_, true) => Some(Way::Pull),
        _ => way,
    };
    let patterns = |texts: &[String]| texts.iter().map(|text| Pattern::new(text)).collect();
    let paths: Vec<Option<Pattern>> =
        args.paths.iter().map(|word| path(context, folder, word)).collect::<Result<_, _>>()?;
    // The folder itself is among them: that is everything.
    let paths = paths.into_iter().collect::<Option<_>>().unwrap_or_default();
    Ok(Scope::toward(way).only(paths).only(patterns(&args.include)).without(patterns(&args.exclude)))
}

/// What a word stands for: a path if it looks like one, or if there is one where the command is run; else a pattern. `None` stands
/// for the folder itself.
fn path(context: &Context, folder: &Folder, word: &str) -> Result<Option<Pattern>, Error> {
    let is_path = ["/", "./", "../"].iter().any(|start| word.starts_with(start)) || matches!(word, "." | "..");
    let absolute = context.env.absolute(Path::new(word));
    let is_there = || absolute.symlink_metadata().is_ok();
    match below(&absolute, folder) {
        Some(at) if at.is_empty() && (is_path || is_there()) => Ok(None),
        Some(at) if is_path || is_there() => Ok(Some(Pattern::at(&at, word))),
        None if is_path => {
            let message = format!("'{}' is not in the folder '{}'", printable(word), folder.path().display());
            Err(Error::new(Kind::Usage, message))
        }
        _ => Ok(Some(Pattern::new(word))),
    }
}
