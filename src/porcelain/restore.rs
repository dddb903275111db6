//! `s4 restore`

use s4_commands::porcelain::restore::RestoreArgs;

use super::aim::{Aim, Place};
use super::aside::Aside;
use super::bring_back::Job;
use crate::ambient::Ambient as _;
use crate::context::Context;
use crate::error::{Error, ExitCode, Kind};
use crate::history::{Scope, Wish};
use crate::key::Key;
use crate::session::Session;
use crate::ui::text;
use crate::when;

/// Brings back older versions.
///
/// # Errors
///
/// When the bucket cannot be used or keeps no versions, nothing makes sense of what is wanted, or a guard refuses.
pub fn run(context: &Context, args: &RestoreArgs) -> Result<ExitCode, Error> {
    if args.json && !args.yes && !args.dry_run {
        return Err(Error::new(Kind::Usage, "--json asks nothing: it needs --yes or --dry-run"));
    }
    let wish = wish(context, args)?;
    let words: Vec<String> = args.target.iter().chain(&args.keys).cloned().collect();
    let aim = Aim::new(context, &words)?;
    context.config()?.check_overlap(&aim.target, &context.env)?;
    let scope = scope(&aim.places(context)?, &wish)?;
    if let Wish::At(at) | Wish::Deleted(Some(at)) = wish {
        context.ui.note(&format!("As it was at {}", text::time(at)));
    }
    let aside = args.to.as_deref().map(|dir| Aside::new(context, &aim, dir)).transpose()?;
    crate::runtime()?.block_on(async {
        let session = Session::open(context, &aim.target, args.dry_run || aside.is_some()).await?;
        let restored = Job::new(context, args, &aim, &session).run(&wish, &scope, aside).await;
        context.ui.debug(&text::spent(&session.spent(&aim.target)));
        restored
    })
}

fn wish(context: &Context, args: &RestoreArgs) -> Result<Wish, Error> {
    let read = |text: &String| {
        let read = when::read(text, context.clock.now(), &jiff::tz::TimeZone::system());
        read.map_err(|error| Error::new(Kind::Usage, error.to_string()).hint(when::FORMS))
    };
    let at = args.at.as_ref().map(read).transpose()?;
    Ok(match (&args.version, at) {
        (Some(id), _) => Wish::Version(id.clone()),
        (None, Some(at)) if !args.deleted => Wish::At(at),
        (None, at) => Wish::Deleted(at),
    })
}

fn scope(places: &[Place], wish: &Wish) -> Result<Scope, Error> {
    let mut scope = Scope::default();
    for place in places {
        match place {
            Place::Key(key) => scope.keys.push(key.clone()),
            // What is a folder now may have been a file.
            Place::Folder(name) if matches!(wish, Wish::Version(_)) => scope.keys.extend(Key::parse(name).ok()),
            Place::Folder(_) => scope.prefixes.push(place.prefix()),
        }
    }
    match (wish, &scope.keys[..], &scope.prefixes[..]) {
        (Wish::Version(_), [_], []) => Ok(scope),
        (Wish::Version(_), ..) => {
            Err(Error::new(Kind::Usage, "a version is one of one key: name that key, and no other"))
        }
        (_, [], []) => Ok(Scope { prefixes: vec![String::new()], ..scope }),
        _ => Ok(scope),
    }
}
