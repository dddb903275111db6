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
use crate::ui::looks::Looks;
use crate::ui::trash as view;

/// Lists the trash of this machine, puts files back, or empties it.
///
/// # Errors
///
/// When the trash cannot be read, or nobody agrees to empty it.
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
    let found = select(context, args, &aim, &places)?;
    match args.action {
        TrashAction::List => list(context, args, &aim, &found),
        TrashAction::Restore => restore(context, args, &aim, found),
        TrashAction::Empty => empty(context, args, &aim, &found),
    }
}

/// What is in the trash and meant, what came last first.
fn select(context: &Context, args: &TrashArgs, aim: &Aim, places: &[Place]) -> Result<Vec<Trashed>, Error> {
    let mut found = aim.folder.trashed().map_err(folder_error)?;
    let oldest = args.older_than.map(|days| context.clock.now().saturating_sub(i64::from(days) * 86_400));
    found.retain(|it| {
        let is_there = places.is_empty() || places.iter().any(|place| place.has(it.key.as_str()));
        let is_old = oldest.is_none_or(|oldest| whole_seconds(it.stat.ctime_ns) <= oldest);
        is_there && is_old && args.run.as_ref().is_none_or(|run| it.run == *run)
    });
    Ok(found)
}

fn list(context: &Context, args: &TrashArgs, aim: &Aim, found: &[Trashed]) -> Result<ExitCode, Error> {
    if args.json {
        let stream = context.ui.stream(run::header(&aim.target));
        for trashed in found {
            stream.push(view::record(trashed));
        }
        stream.end();
    } else if found.is_empty() {
        context.ui.note(nothing(aim));
    } else {
        context.ui.show(&view::list(found, &Looks::new(&context.ui, &args.looks)));
    }
    Ok(ExitCode::Done)
}

fn nothing(aim: &Aim) -> &'static str {
    if aim.words.is_empty() { "Nothing is in the trash" } else { "Nothing of that is in the trash" }
}

fn empty(context: &Context, args: &TrashArgs, aim: &Aim, found: &[Trashed]) -> Result<ExitCode, Error> {
    let ui = &context.ui;
    let looks = Looks::new(ui, &args.looks);
    let question = format!("Delete {} for good? [y/N]: ", view::sum(found, &looks));
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
        None if found.is_empty() => ui.note(nothing(aim)),
        None => ui.relate(&format!("{} deleted for good", view::sum(&gone, &looks))),
    }
    Ok(ExitCode::Done)
}

/// Puts back what came last of each key.
fn restore(context: &Context, args: &TrashArgs, aim: &Aim, found: Vec<Trashed>) -> Result<ExitCode, Error> {
    let mut seen: HashSet<Key> = HashSet::new();
    let found: Vec<Trashed> = found.into_iter().filter(|it| seen.insert(it.key.clone())).collect();
    if found.is_empty() {
        let all = aim.folder.trashed().map_err(folder_error)?;
        let near = aim.words.iter().find_map(|word| near::nearest(word, all.iter().map(|it| it.key.as_str())));
        let hint = near.map_or_else(|| "what the bucket keeps comes back by: s4 restore".to_owned(), near::meant);
        return Err(Error::new(Kind::Failed, "nothing of that is in the trash").hint(hint));
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
