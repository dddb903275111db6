//! `s4 read-index`

use s4_commands::plumbing::read_index::ReadIndexArgs;

use crate::config::Target;
use crate::context::Context;
use crate::cost::Spent;
use crate::error::{Error, ExitCode, Kind};
use crate::index::{self, Index, RemoteIndex, RemoteIndexError};
use crate::run;
use crate::session::{connect, open_folder};
use crate::ui::text;
use crate::{records, report};

/// Prints the entries of an index.
///
/// # Errors
///
/// When it cannot be read, or is damaged.
pub fn run(context: &Context, args: &ReadIndexArgs) -> Result<ExitCode, Error> {
    let target = context.target(&args.target)?;
    let (index, spent) = if args.remote { remote(context, &target)? } else { (local(&target)?, None) };
    let stream = context.ui.stream(run::header(&target));
    if index.entries().iter().all(|(name, entry)| stream.push(records::entry(name, entry))) {
        match spent {
            Some(spent) => stream.end_after(&spent),
            None => stream.end(),
        }
    }
    Ok(ExitCode::Done)
}

fn local(target: &Target) -> Result<Index, Error> {
    let folder = open_folder(target)?;
    let loaded = index::load(&folder, false).map_err(|error| failed("the local index").because(error))?;
    match loaded.set_aside {
        Some((_, what)) => Err(damaged("the local index", &what)),
        None => Ok(loaded.index),
    }
}

fn remote(context: &Context, target: &Target) -> Result<(Index, Option<Spent>), Error> {
    let folder = open_folder(target)?;
    let (remote, index, spent) = crate::runtime()?.block_on(async {
        let store = connect(context, target).await?;
        let fetched = RemoteIndex::fetch_both(&store, &folder).await;
        let mut remote = fetched.map_err(|error| explain(target, error))?;
        let index = remote.index(&store, &folder).await.map_err(|error| explain(target, error))?.clone();
        let spent = Spent::of(target, store.counts());
        context.ui.debug(&text::spent(&spent));
        Ok::<_, Error>((remote, index, spent))
    })?;
    match remote.damaged() {
        Some(what) => Err(damaged("the index in the bucket", what)),
        None => Ok((index, Some(spent))),
    }
}

fn explain(target: &Target, error: RemoteIndexError) -> Error {
    match error {
        RemoteIndexError::Store(error) => report::access(Some(&target.name), &target.s3_uri, error),
        error => failed("the index in the bucket").because(error),
    }
}

fn failed(what: &str) -> Error {
    Error::new(Kind::Failed, format!("cannot read {what}"))
}

fn damaged(what: &str, how: &str) -> Error {
    failed(what).because(Error::new(Kind::Failed, how)).hint("the next sync puts it right: s4 sync")
}
