//! `s4 verify`

use std::sync::Arc;
use std::time::Instant;

use s4_commands::porcelain::verify::VerifyArgs;

use crate::config::Target;
use crate::context::Context;
use crate::engine::{Engine, Thorough};
use crate::error::{Error, ExitCode};
use crate::reconcile::Policy;
use crate::run::{self, explain};
use crate::session::Session;
use crate::transfer::Cancel;
use crate::ui::Notes;
use crate::ui::text;
use crate::ui::verify::VerifyView;

/// Verifies targets, one after the other in the order of their names.
///
/// # Errors
///
/// When the config file cannot be read; what stops one target is told, and the next one goes on.
pub fn run(context: &Context, args: &VerifyArgs) -> Result<ExitCode, Error> {
    run::each_target(context, &args.targets, args.json, &async |target, cancel| {
        verify_one(context, args, target, cancel).await
    })
}

async fn verify_one(context: &Context, args: &VerifyArgs, target: &Target, cancel: &Cancel) -> Result<ExitCode, Error> {
    let began = Instant::now();
    let session = Session::open(context, target, !args.repair).await?;
    let verified = verify_session(context, args, target, cancel, (&session, began)).await;
    context.ui.debug(&text::spent(&session.spent(target)));
    verified
}

async fn verify_session(
    context: &Context,
    args: &VerifyArgs,
    target: &Target,
    cancel: &Cancel,
    (session, began): (&Session, Instant),
) -> Result<ExitCode, Error> {
    let _lock = if args.repair { Some(session.lock(context, cancel)?) } else { None };
    let stream = args.json.then(|| context.ui.stream(run::header(target)));
    let options = run::options(context, target, Policy::Ignore, false);
    let sides = (Arc::clone(&session.folder), Arc::clone(&session.store));
    let witness = Arc::new(Notes(Arc::clone(&context.ui)));
    let engine = Engine::new(sides, Arc::new(context.clock), witness, cancel.clone(), options);
    let view = VerifyView::new(Arc::clone(&context.ui), &target.name, stream);
    view.open(session.watch());
    let thorough = Thorough { remote: args.remote, repair: args.repair };
    let verified = engine.verify(thorough, &view).await;
    view.stop_bar();
    let verified = verified.map_err(|error| explain("verify", target, error))?;
    view.close(&verified, &session.spent(target), began.elapsed());
    Ok(if verified.interrupted {
        ExitCode::Interrupted
    } else if verified.is_sound() {
        ExitCode::Done
    } else {
        ExitCode::Partial
    })
}
