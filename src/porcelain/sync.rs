//! `s4 sync`

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use s4_commands::porcelain::sync::SyncArgs;
use s4_commands::{Conflicts, OnIgnore};

use crate::config::Target;
use crate::context::Context;
use crate::engine::{self, Engine, Options, Summary};
use crate::error::{Error, ExitCode, Kind};
use crate::reconcile::Policy;
use crate::session::{Session, access_error, folder_error};
use crate::transfer::Cancel;
use crate::ui::run::{RunView, Versions, alarm};
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
    Ok(worst)
}

async fn sync_one(context: &Context, args: &SyncArgs, target: &Target, cancel: &Cancel) -> Result<ExitCode, Error> {
    let began = Instant::now();
    let _interrupt = interrupt::watch(cancel);
    let policy = policy(context, args, target);
    let session = Session::open(context, target, args.dry_run).await?;
    let asker = (policy == Policy::Ask).then(|| versions::of(target, &session));
    let view = view(context, args, target, asker);
    view.open(&target.name);
    let options = options(context, args, target, policy);
    let engine = Engine::new(
        (Arc::clone(&session.folder), Arc::clone(&session.store)),
        Arc::clone(&context.ambient),
        Arc::clone(&view),
        cancel.clone(),
        options,
    );
    if args.dry_run {
        return dry_run(context, target, &session, &engine, &view, args.json).await;
    }
    let _lock = session.lock(context)?;
    let summary = engine.sync().await;
    view.stop_bar();
    let summary = summary.map_err(|error| engine_error(target, error))?;
    view.close(&summary, began.elapsed());
    empty_trash(context, target, &session);
    debug_requests(context, &session);
    Ok(exit_code(&summary))
}

async fn dry_run(
    context: &Context,
    target: &Target,
    session: &Session,
    engine: &Engine<crate::remote::Guarded<crate::remote::S3Store>>,
    view: &RunView,
    json: bool,
) -> Result<ExitCode, Error> {
    let (plan, summary, stopped) = engine.plan().await.map_err(|error| engine_error(target, error))?;
    view.show_plan(&plan);
    view.close(&summary, Duration::ZERO);
    let foretold = cost::foretell(&plan);
    let spent = session.store.store().counts();
    if !json {
        let dollars = cost::dollars(&foretold) + cost::dollars(&spent);
        context.ui.say(&format!("Would send {} and fetch {}", text::size(foretold.bytes_up), text::size(foretold.bytes_down)));
        context.ui.say(&format!("Would make {}, with those for this look ${dollars:.6}", text::requests(&foretold)));
    }
    match stopped {
        Some(error) => Err(engine_error(target, error)),
        None if plan.conflicts.is_empty() => Ok(ExitCode::Done),
        None => Ok(ExitCode::Conflicts),
    }
}
