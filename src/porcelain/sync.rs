//! `s4 sync`

use std::sync::Arc;
use std::time::Instant;

use s4_commands::porcelain::sync::SyncArgs;

use super::scoped;
use crate::config::Target;
use crate::context::Context;
use crate::engine::{Engine, Given, Options, Summary};
use crate::error::{Error, ExitCode};
use crate::plumbing::diff_index;
use crate::reconcile::Policy;
use crate::run::{self, explain};
use crate::session::Session;
use crate::transfer::Cancel;
use crate::ui::Notes;
use crate::ui::run::RunView;
use crate::ui::text;
use crate::versions;

/// Syncs targets, one after the other in the order of their names.
///
/// # Errors
///
/// When the config file cannot be read; what stops one target is told, and the next one goes on.
pub fn run(context: &Context, args: &SyncArgs) -> Result<ExitCode, Error> {
    let names = scoped::targets(context, &args.targets, &args.scope)?;
    run::each_target(context, &names, args.json, &async |target, cancel| {
        sync_one(context, args, &run::in_flow(target, &args.flow), cancel).await
    })
}

async fn sync_one(context: &Context, args: &SyncArgs, target: &Target, cancel: &Cancel) -> Result<ExitCode, Error> {
    let began = Instant::now();
    let session = Session::open(context, target, args.dry_run).await?;
    let synced = sync_session(context, args, target, cancel, (&session, began)).await;
    context.ui.debug(&text::spent(&session.spent(target)));
    synced
}

async fn sync_session(
    context: &Context,
    args: &SyncArgs,
    target: &Target,
    cancel: &Cancel,
    (session, began): (&Session, Instant),
) -> Result<ExitCode, Error> {
    let policy = policy(context, args, target);
    // It outlives the engine, whose last files may still be on their way.
    let _lock = if args.dry_run { None } else { Some(session.lock(context, cancel)?) };
    let versions = (policy == Policy::Ask).then(|| versions::of(target, session));
    let stream = args.json.then(|| context.ui.stream(run::header(target)));
    let options = run::options(context, target, policy, args.force);
    let scope = scoped::scope(context, &session.folder, &args.scope, options.scope.way)?;
    let way = scope.way;
    let options = Options { scope, ..options };
    let sides = (Arc::clone(&session.folder), Arc::clone(&session.store));
    if let (true, Some(stream)) = (args.dry_run, &stream) {
        let witness = Arc::new(Notes(Arc::clone(&context.ui)));
        let engine = Engine::new(sides, Arc::new(context.clock), witness, cancel.clone(), options);
        let engine = (&engine, true);
        return diff_index::show(context, ("sync", target, session), engine, Given::default(), stream).await;
    }
    let places = (target.local_folder.as_path(), target.s3_uri.as_str());
    let view = RunView::new(Arc::clone(&context.ui), places, stream, versions);
    let view = Arc::new(view.watched(session.watch()));
    let engine = Engine::new(sides, Arc::new(context.clock), Arc::clone(&view), cancel.clone(), options);
    view.open(&target.name, way);
    if args.dry_run {
        let planning = engine.plan(Given::default()).await;
        let planning = planning.inspect_err(|_| view.stop_bar()).map_err(|error| explain("sync", target, error))?;
        let foretold = session.foretell(target, &planning, &engine.foresee(&planning, true).await);
        view.close_plan(&planning.plan, &planning.summary, &foretold);
        return match planning.stopped {
            Some(error) => Err(explain("sync", target, error)),
            None => Ok(exit_code(&planning.summary, planning.plan.conflicts.is_empty())),
        };
    }
    let summary = engine.sync().await;
    view.stop_bar();
    let summary = summary.map_err(|error| explain("sync", target, error))?;
    run::empty_trash(context, target, &session.folder);
    view.close(&summary, &session.spent(target), began.elapsed());
    Ok(exit_code(&summary, summary.conflicts.is_empty()))
}

/// How conflicts are answered: as the command line says, else as the target says, else by whoever sits at the terminal.
fn policy(context: &Context, args: &SyncArgs, target: &Target) -> Policy {
    match args.conflicts.or(target.conflicts) {
        Some(choice) => run::policy(choice),
        None if context.ui.options().terminals.input && !args.json && !args.dry_run => Policy::Ask,
        None => Policy::Ignore,
    }
}

/// How a run ends; `agreed`: no conflict is left.
pub(super) fn exit_code(summary: &Summary, agreed: bool) -> ExitCode {
    if summary.interrupted {
        ExitCode::Interrupted
    } else if !summary.failed.is_empty() {
        ExitCode::Partial
    } else if !agreed {
        ExitCode::Conflicts
    } else {
        ExitCode::Done
    }
}
