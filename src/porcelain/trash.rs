//! `s4 trash`

use std::collections::HashSet;

use s4_commands::porcelain::trash::{TrashAction, TrashArgs};

use super::agreed;
use super::aim::{Aim, Place};
use crate::ambient::Ambient as _;
use crate::context::Context;
use crate::error::{Error, ExitCode, Kind};
use crate::history::put_back;
use crate::index::whole_seconds;
use crate::key::Key;
use crate::local::Trashed;
use crate::near;
use crate::run;
use crate::session::{folder_error, lock_folder};
use crate::ui::text::printable;
use crate::ui::trash as view;

/// Lists the trash of this machine, puts files back, or empties it.
///
/// # Errors
///
/// When the trash can not be read, or nobody agrees to empty it.
pub fn run(context: &Context, args: &TrashArgs) -> Result<ExitCode, Error> {
    let words: Vec<String> = args.target.iter().chain(&args.keys).cloned().collect();
    let aim = Aim::new(context, &words)?;
    let places = aim.places(context)?;
    if args.action == TrashAction::Restore && places.is_empty() && args.run.is_none() {
        let error = Error::new(Kind::Usage, "nothing is named that is to be put back");
        return Err(error.hint("name keys or folders, or all that a run removed: --run ID"));
    }
    let _lock = match args.action {
        TrashAction::List => None,
        _ => Some(lock_folder(context, &aim.folder)?),
    };
    let mut found = aim.folder.trashed().map_err(folder_error)?;
    if args.action == TrashAction::Restore
        && let Some(unknown) = unknown(&found, &places)
    {
        return Err(unknown);
    }
    select(context, args, &places, &mut found);
    match args.action {
        TrashAction::List => list(context, args, &aim, &found),
        TrashAction::Restore => restore(context, args, &aim, found),
        TrashAction::Empty => empty(context, args, &aim, &found),
    }
}

/// Leaves what is meant of what is in the trash, what came last first.
fn select(context: &Context, args: &TrashArgs, places: &[Place], found: &mut Vec<Trashed>) {
    let oldest = args.older_than.map(|days| context.clock.now().saturating_sub(i64::from(days) * 86_400));
    found.retain(|it| {
        let is_there = places.is_empty() || places.iter().any(|place| place.has(it.key.as_str()));
        let is_old = oldest.is_none_or(|oldest| whole_seconds(it.stat.ctime_ns) <= oldest);
        is_there && is_old && args.run.as_ref().is_none_or(|run| it.run == *run)
    });
}

/// What to say of a key that is not in the trash, where one is near that is.
fn unknown(found: &[Trashed], places: &[Place]) -> Option<Error> {
    let is_lost = |place: &&Place| !found.iter().any(|it| place.has(it.key.as_str()));
    let lost = places.iter().filter(|place| matches!(place, Place::Key(_))).find(is_lost)?;
    let (key, names) = (lost.prefix(), found.iter().map(|it| it.key.as_str()));
    let near = printable(near::nearest(&key, names)?).into_owned();
    let message = format!("\"{}\" is not in the trash", printable(&key));
    Some(Error::new(Kind::Failed, message).hint(format!("did you mean \"{near}\"?")))
}

fn list(context: &Context, args: &TrashArgs, aim: &Aim, found: &[Trashed]) -> Result<ExitCode, Error> {
    if args.json {
        let stream = context.ui.stream(run::header(&aim.target));
        for trashed in found {
            stream.push(view::record(trashed));
        }
        stream.end();
    } else if found.is_empty() {
        context.ui.note("Nothing is in the trash");
    } else {
        context.ui.show(&view::list(found));
    }
    Ok(ExitCode::Done)
}

fn empty(context: &Context, args: &TrashArgs, aim: &Aim, found: &[Trashed]) -> Result<ExitCode, Error> {
    let ui = &context.ui;
    let question = format!("Delete {} for good? [y/N]: ", view::sum(found));
    if !found.is_empty() && !args.yes && !agreed(context, &question, args.json)? {
        ui.note("Nothing has been deleted");
        return Ok(ExitCode::Failed);
    }
    let stream = args.json.then(|| ui.stream(run::header(&aim.target)));
    let mut gone = Vec::new();
    for trashed in found {
        if aim.folder.delete_trashed(trashed).map_err(folder_error)? {
            gone.push(trashed.clone());
            if let Some(stream) = &stream {
                stream.push(s4_commands::record::Trashed { emptied: true, ..view::record(trashed) });
            }
        }
    }
    match stream {
        Some(stream) => stream.end(),
        None => ui.relate(&format!("{} deleted for good", view::sum(&gone))),
    }
    Ok(ExitCode::Done)
}

/// Puts back what came last of each key.
fn restore(context: &Context, args: &TrashArgs, aim: &Aim, found: Vec<Trashed>) -> Result<ExitCode, Error> {
    let mut seen: HashSet<Key> = HashSet::new();
    let found: Vec<Trashed> = found.into_iter().filter(|it| seen.insert(it.key.clone())).collect();
    if found.is_empty() {
        return Err(Error::new(Kind::Failed, "nothing of that is in the trash")
            .hint("what the bucket keeps comes back by: s4 restore"));
    }
    aim.folder.begin_run(run::stamp(context));
    let stream = args.json.then(|| context.ui.stream(run::header(&aim.target)));
    let mut code = ExitCode::Done;
    for trashed in &found {
        let back = put_back(&aim.folder, trashed, args.force).map_err(|error| error.to_string());
        if back.is_err() {
            code = ExitCode::Partial;
        }
        match &stream {
            Some(stream) => drop(stream.push(view::back_record(trashed, &back))),
            None => view::tell(&context.ui, trashed, &back),
        }
    }
    if let Some(stream) = stream {
        stream.end();
    }
    Ok(code)
}
