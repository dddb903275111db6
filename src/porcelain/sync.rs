//! `s4 sync`

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use s4_commands::porcelain::sync::SyncArgs;
use s4_commands::{Conflicts, OnIgnore};

use crate::ambient::Ambient as _;
use crate::config::Target;
use crate::context::Context;
use crate::engine::{self, Engine, Options, Summary};
use crate::error::{Error, ExitCode, Kind};
use crate::reconcile::Policy;
use crate::session::{Session, folder_error};
use crate::transfer::Cancel;
use crate::ui::run::{RunView, alarm};
use crate::ui::text;
use crate::{cost, interrupt, report, versions};

/// The share of the keys that one run may delete on a side, in percent, where the target says nothing.
const MAX_DELETE: f64 = 50.0;
/// How long the trash is kept, in days, where the target says nothing.
const TRASH_DAYS: u32 = 7;

/// Syncs targets, one after the other in the order of their names.
///
/// # Errors
///
/// When the config file can not be read; what stops one target is told, and the next one goes on.
pub fn run(context: &Context, args: &SyncArgs) -> Result<ExitCode, Error> {
    let config = context.config()?;
    let mut names = args.targets.clone();
    if names.is_empty() {
        names = config.names().into_iter().map(str::to_owned).collect();
    }
    if names.is_empty() {
        return Err(Error::new(Kind::Usage, "there are no targets yet").hint("add one: s4 add"));
    }
    names.sort();
    names.dedup();
    let runtime = crate::runtime()?;
    let cancel = Cancel::default();
    let _interrupts = {
        let _within = runtime.enter();
        interrupt::watch(&cancel, &context.ui)
    };
    let mut worst = ExitCode::Done;
    for name in names {
        let synced = context.target(&name).and_then(|target| {
            config.check_overlap(&target, &context.env)?;
            runtime.block_on(sync_one(context, args, &target, &cancel))
        });
        let code = match synced {
            Ok(code) => code,
            Err(error) => {
                if args.json {
                    context.ui.record(&report::record(&error, None));
                    context.ui.flush();
                }
                report::tell(&context.ui, &error);
                error.kind().into()
            }
        };
        worst = worst.worse(code);
        if cancel.is_cancelled() {
            break;
        }
    }
    // Reading a large file for its hash can not be stopped; nothing waits for the result any more.
    runtime.shutdown_background();
    Ok(worst)
}

async fn sync_one(context: &Context, args: &SyncArgs, target: &Target, cancel: &Cancel) -> Result<ExitCode, Error> {
    let began = Instant::now();
    let session = Session::open(context, target, args.dry_run).await?;
    let policy = policy(context, args, target);
    // It outlives the engine, whose last files may still be on their way.
    let _lock = if args.dry_run { None } else { Some(session.lock(context, cancel)?) };
    let versions = (policy == Policy::Ask).then(|| versions::of(target, &session));
    let view = RunView::new(Arc::clone(&context.ui), &target.local_folder, &target.s3_uri, args.json, versions);
    let view = Arc::new(view);
    let options = options(context, args, target, policy);
    let sides = (Arc::clone(&session.folder), Arc::clone(&session.store));
    let engine = Engine::new(sides, Arc::new(context.clock), Arc::clone(&view), cancel.clone(), options);
    view.open(&target.name);
    if args.dry_run {
        let (plan, summary, stopped) = engine.plan().await.map_err(|error| explain(target, error))?;
        let (foretold, spent) = (cost::foretell(&plan), session.store.store().counts());
        view.close_plan(&plan, &summary, &foretold, cost::dollars(&foretold) + cost::dollars(&spent));
        return match stopped {
            Some(error) => Err(explain(target, error)),
            None if plan.conflicts.is_empty() => Ok(ExitCode::Done),
            None => Ok(ExitCode::Conflicts),
        };
    }
    let summary = engine.sync().await;
    view.stop_bar();
    let summary = summary.map_err(|error| explain(target, error))?;
    view.close(&summary, began.elapsed());
    empty_trash(context, target, &session);
    let counts = session.store.store().counts();
    context.ui.debug(&format!("{}: ${:.6}", text::requests(&counts), cost::dollars(&counts)));
    Ok(exit_code(&summary))
}

/// How conflicts are answered: as the command line says, else as the target says, else by whoever sits at the terminal.
fn policy(context: &Context, args: &SyncArgs, target: &Target) -> Policy {
    match args.conflicts.or(target.conflicts) {
        Some(Conflicts::Ignore) => Policy::Ignore,
        Some(Conflicts::Local) => Policy::Local,
        Some(Conflicts::Remote) => Policy::Remote,
        Some(Conflicts::Newest) => Policy::Newest,
        Some(Conflicts::KeepBoth) => Policy::KeepBoth,
        None if context.ui.options().terminals.input && !args.json && !args.dry_run => Policy::Ask,
        None => Policy::Ignore,
    }
}

fn options(context: &Context, args: &SyncArgs, target: &Target, policy: Policy) -> Options {
    Options {
        policy,
        max_delete: target.max_delete.unwrap_or(MAX_DELETE),
        force: args.force,
        keep_ignored: target.on_ignore == Some(OnIgnore::Keep),
        stamp: format!("{}-{}", host(), text::compact_time(context.clock.now())),
        place: place(target),
    }
}

/// The target's place in a bucket, as the index names it.
fn place(target: &Target) -> String {
    let uri = target.s3_uri.trim_end_matches('/');
    target.endpoint_url.as_ref().map_or_else(|| uri.to_owned(), |endpoint| format!("{uri} at {endpoint}"))
}

/// This machine's name, as far as it can be part of a file name.
fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let plain = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    let name: String =
        name.split('.').next().unwrap_or_default().chars().filter(|letter| plain(*letter)).take(32).collect();
    if name.is_empty() { "host".to_owned() } else { name }
}

fn empty_trash(context: &Context, target: &Target, session: &Session) {
    let kept = Duration::from_secs(u64::from(target.trash_days.unwrap_or(TRASH_DAYS)) * 24 * 3600);
    if let Err(error) = session.folder.empty_trash(kept, SystemTime::now()) {
        context.ui.warn(&format!("cannot empty the trash: {error}"));
    }
}

fn exit_code(summary: &Summary) -> ExitCode {
    if summary.interrupted {
        ExitCode::Interrupted
    } else if !summary.failed.is_empty() {
        ExitCode::Partial
    } else if !summary.conflicts.is_empty() {
        ExitCode::Conflicts
    } else {
        ExitCode::Done
    }
}

/// The sentence for what stopped a run, and what to do.
fn explain(target: &Target, error: engine::Error) -> Error {
    match error {
        engine::Error::Guard(what, keys) => alarm(&what, &keys, &target.name),
        engine::Error::Local(error) => folder_error(error),
        engine::Error::Remote(error) => report::access(&target.s3_uri, error),
        error => Error::new(Kind::Failed, format!("cannot sync \"{}\"", target.name)).because(error),
    }
}
