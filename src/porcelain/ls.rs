//! `s4 ls`

use s4_commands::porcelain::ls::LsArgs;

use super::aim::{Aim, Place};
use super::look::{self, unheard_of, unseen};
use crate::context::Context;
use crate::engine::{Inventory, Known, Scope, Standing};
use crate::error::{Error, ExitCode, Kind};
use crate::run::explain;
use crate::session::Session;
use crate::transfer::Cancel;
use crate::ui::looks::Looks;
use crate::ui::ls::{self as view, Options};
use crate::ui::text;
use crate::{interrupt, records, report, run};

/// Shows every key with how it stands on both sides.
///
/// # Errors
///
/// When there is no telling which target is meant, a side cannot be looked at, or there is nothing in the place that is named.
pub fn run(context: &Context, args: &LsArgs) -> Result<ExitCode, Error> {
    let words: Vec<String> = args.target.iter().chain(&args.path).cloned().collect();
    let aim = Aim::new(context, &words)?;
    let place = match &aim.places(context)?[..] {
        [] => Place::Folder(String::new()),
        [place] => place.clone(),
        [..] => return Err(Error::new(Kind::Usage, "a list is of one key, or of one folder")),
    };
    let cancel = Cancel::default();
    let runtime = crate::runtime()?;
    let _interrupts = interrupt::watch(&cancel, &context.ui)?;
    let code = runtime.block_on(async {
        let session = Session::open(context, &aim.target, true).await?;
        let engine = look::engine(context, &aim.target, &session, (&cancel, Scope::default()));
        // One that is named is shown even if it is gone.
        let all = args.all || matches!(place, Place::Key(_));
        let inventory = engine.inventory(all).await.map_err(|error| explain("ls", &aim.target, error))?;
        let code = show(context, args, &aim, (&session, &inventory, &place));
        context.ui.debug(&text::spent(&session.spent(&aim.target)));
        code
    });
    // Reading a large file for its sum cannot be stopped.
    runtime.shutdown_background();
    code
}

fn show(
    context: &Context,
    args: &LsArgs,
    aim: &Aim,
    (session, inventory, place): (&Session, &Inventory, &Place),
) -> Result<ExitCode, Error> {
    let (place, mut known) = select(inventory, args, aim, place)?;
    let Inventory { summary, .. } = inventory;
    let failed: Vec<_> = summary.failed.iter().filter(|(key, _)| place.has(key.as_str())).collect();
    let problems: Vec<_> = summary.problems.iter().filter(|problem| place.has(&problem.name)).collect();
    let options = Options { sort_by: args.sort_by, descending: args.descending, long: args.long };
    options.sort(&mut known);
    if args.json {
        let stream = context.ui.stream(run::header(&aim.target));
        known.iter().take_while(|known| stream.push(records::row(known))).for_each(drop);
        for problem in problems {
            stream.push(records::unnameable(problem));
        }
        for (key, failure) in &failed {
            stream.push(report::record(&unseen(key, failure), Some(key.as_str())));
        }
        stream.end_after(&session.spent(&aim.target));
    } else {
        let (looks, prefix) = (Looks::new(&context.ui, &args.looks), folder(&place));
        let root = if prefix.is_empty() { &aim.target.name } else { &prefix };
        context.ui.say(&match args.tree {
            true => view::tree(&known, (root, &prefix), &options, &looks),
            false => view::list(&known, &options, &looks),
        });
        if !problems.is_empty() {
            let names = text::count(problems.len() as u64, "name");
            context.ui.note(&format!("{names} left alone; see why: s4 status {}", report::quoted(&aim.target.name)));
        }
        failed.iter().for_each(|(key, failure)| report::tell(&context.ui, &unseen(key, failure)));
    }
    Ok(if failed.is_empty() { ExitCode::Done } else { ExitCode::Partial })
}

/// What the names in a folder begin with.
fn folder(place: &Place) -> String {
    if matches!(place, Place::Folder(_)) { place.prefix() } else { String::new() }
}

/// What is known of a place. What is no key may be a folder: the bucket may have one of which nothing is here.
fn select<'a>(
    inventory: &'a Inventory,
    args: &LsArgs,
    aim: &Aim,
    place: &Place,
) -> Result<(Place, Vec<&'a Known>), Error> {
    let in_place = |place: &Place| inventory.known.iter().filter(|known| place.has(&known.name)).collect::<Vec<_>>();
    let mut place = place.clone();
    if let Place::Key(key) = &place {
        let found = in_place(&place);
        if !found.is_empty() {
            return Ok((place, found));
        }
        place = Place::Folder(key.to_string());
    }
    let mut found = in_place(&place);
    let prefix = place.prefix();
    if found.is_empty() && !prefix.is_empty() && !aim.folder.path().join(&prefix).is_dir() {
        return Err(unheard_of(prefix.trim_end_matches('/'), &aim.target, &aim.folder));
    }
    found.retain(|known| args.all || !matches!(known.standing, Standing::Deleted | Standing::Ignored));
    Ok((place, found))
}
