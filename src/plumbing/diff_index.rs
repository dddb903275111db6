//! `s4 diff-index`

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use s4_commands::plumbing::diff_index::DiffIndexArgs;

use crate::config::Target;
use crate::context::Context;
use crate::engine::{self, Engine, Given, Planning};
use crate::error::{Error, ExitCode, Kind};
use crate::local::Scan;
use crate::reconcile::Policy;
use crate::records::{self, Line, Reader};
use crate::remote::{self, Guarded, S3Store};
use crate::report;
use crate::run::{self, explain};
use crate::session::Session;
use crate::transfer::Cancel;
use crate::ui::text::{self, printable};
use crate::ui::{Notes, Stream};

/// Prints a change for each key that differs.
///
/// # Errors
///
/// When a side cannot be looked at, and for a given side that is not whole.
pub fn run(context: &Context, args: &DiffIndexArgs) -> Result<ExitCode, Error> {
    let target = context.target(&args.target)?;
    let given = given(context, &target, args)?;
    let runtime = crate::runtime()?;
    let code = runtime.block_on(async {
        let session = Session::open(context, &target, true).await?;
        let policy = args.conflicts.map_or(Policy::Ignore, run::policy);
        let options = run::options(context, &target, policy, args.force);
        let sides = (Arc::clone(&session.folder), Arc::clone(&session.store));
        let witness = Arc::new(Notes(Arc::clone(&context.ui)));
        let engine = Engine::new(sides, Arc::new(context.clock), witness, Cancel::default(), options);
        let stream = context.ui.stream(run::header(&target));
        let shown = show(context, ("diff-index", &target, &session), (&engine, false), given, &stream).await;
        context.ui.debug(&text::spent(&session.spent(&target)));
        shown
    });
    runtime.shutdown_background();
    code
}

/// Plans, and prints the plan: what a guard says about it, the changes, the names that were left alone, what it would take. The
/// command is the one that goes on with `--force`. `reads`: big files are read to foresee which of their parts will move.
///
/// # Errors
///
/// When a side cannot be looked at.
pub async fn show(
    context: &Context,
    (command, target, session): (&str, &Target, &Session),
    (engine, reads): (&Engine<Guarded<S3Store>>, bool),
    given: Given,
    stream: &Stream,
) -> Result<ExitCode, Error> {
    let planning = engine.plan(given).await.map_err(|error| explain(command, target, error))?;
    let foretold = session.foretell(target, &planning, &engine.foresee(&planning, reads).await);
    let Planning { plan, summary, stopped, .. } = planning;
    let mut alarm = None;
    if let Some(stopped) = stopped {
        if let engine::Error::Guard(raised, _) = &stopped {
            alarm = Some(raised.clone());
        }
        // First: who carries changes out as they come must know before the first one.
        let error = explain(command, target, stopped);
        report::tell(&context.ui, &error);
        stream.push(report::record(&error, None));
    }
    for planned in plan.actions().chain(&plan.conflicts) {
        if !stream.push(records::change(planned, alarm.as_ref())) {
            return Ok(ExitCode::Done);
        }
    }
    records::problems(&summary).for_each(|problem| {
        stream.push(problem);
    });
    for (key, failure) in &summary.failed {
        let message = format!("cannot look into \"{}\": {}", printable(key.as_str()), failure.reasons());
        stream.push(report::record(&Error::new(Kind::Failed, message), Some(key.as_str())));
    }
    stream.push(records::forecast(&foretold));
    stream.end_after(&session.spent(target));
    Ok(match () {
        () if alarm.is_some() => ExitCode::Guard,
        () if !summary.failed.is_empty() => ExitCode::Partial,
        () if !plan.conflicts.is_empty() => ExitCode::Conflicts,
        () => ExitCode::Done,
    })
}

/// The sides that records tell of.
fn given(context: &Context, target: &Target, args: &DiffIndexArgs) -> Result<Given, Error> {
    let is_input = |path: &Option<PathBuf>| path.as_deref() == Some(Path::new("-"));
    if is_input(&args.local) && is_input(&args.remote) {
        return Err(Error::new(Kind::Usage, "--local and --remote cannot both read standard input"));
    }
    let mut given = Given { partial: args.partial, ..Given::default() };
    if let Some(path) = &args.local {
        let mut scan = Scan::default();
        read(context, target, (path, args.partial), &mut |kind, line| records::given_scan(&mut scan, kind, line))?;
        scan.put_in_order();
        given.scan = Some(scan);
    }
    if let Some(path) = &args.remote {
        let mut listing = Vec::new();
        read(context, target, (path, args.partial), &mut |kind, line| {
            records::given_listing(&mut listing, kind, line)
        })?;
        remote::put_in_order(&mut listing);
        given.listing = Some(listing);
    }
    Ok(given)
}

fn read(
    context: &Context,
    target: &Target,
    (path, partial): (&Path, bool),
    take: &mut dyn FnMut(&str, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    let input: Box<dyn BufRead + Send> = if path == Path::new("-") {
        context.ui.take_input()
    } else {
        let opened = File::open(path);
        let failed = |source| Error::new(Kind::Usage, format!("cannot read '{}'", path.display())).because(source);
        Box::new(BufReader::new(opened.map_err(failed)?))
    };
    let mut reader = Reader::new(input, run::header(target));
    for line in reader.by_ref() {
        match line? {
            Line::Record { kind, text } => take(&kind, &text)?,
            Line::Key(_) | Line::Unreadable(_) => {
                return Err(Error::new(Kind::Failed, format!("'{}' holds lines that are no records", path.display())));
            }
        }
    }
    if reader.is_whole() || partial {
        return Ok(());
    }
    let message = format!(
        "the records in '{}' have no end, or not all that it speaks of: what they do not name would count as deleted",
        path.display()
    );
    Err(Error::new(Kind::Failed, message).hint("make them again; or say --partial, and only keys that they name count"))
}
