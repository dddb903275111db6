//! Where the daemon stands: what `s4 status` shows of it, once or as it changes.

use std::sync::Arc;
use std::thread;

use s4_commands::porcelain::status::StatusArgs;
use s4_commands::record::{Header, Status};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::context::Context;
use crate::daemon::control::{self, Answers, Ask};
use crate::error::{Error, ExitCode, Kind};
use crate::report;
use crate::ui::looks::Looks;
use crate::ui::screen::Screen;
use crate::ui::status::{Shown, StatusView};

/// Shows where the daemon stands with targets, once or until somebody has seen enough.
///
/// # Errors
///
/// When a target is unknown, no daemon runs, or it gives no answer.
pub(super) fn show(context: &Context, args: &StatusArgs) -> Result<ExitCode, Error> {
    let ask = if args.watch { Ask::Watch } else { Ask::Status };
    let answers = control::ask(&context.env, context.config_path()?, &ask)?;
    let mut answers = answers.ok_or_else(control::no_daemon)?;
    let ui = Arc::clone(&context.ui);
    let shown = match args {
        StatusArgs { json: true, .. } => Shown::Records(ui.stream(Header::new())),
        StatusArgs { watch: true, .. } if is_screen(context) => Shown::Screen(Screen::enter(Arc::clone(&ui))),
        _ => Shown::Lines,
    };
    let looks = Looks::new(&ui, &args.looks);
    let looks = if args.watch { looks.lasting() } else { looks };
    let mut view = StatusView::new(ui, &args.targets, shown, looks);
    let seen = match args.watch {
        true => watch(context, &mut view, answers),
        false => answers.next().unwrap_or_else(|| Err(ended())).map(|statuses| view.show(statuses)),
    };
    let unseen = view.close(seen.is_ok());
    seen?;
    if !unseen.is_empty() {
        let message = format!("the daemon does not keep \"{}\" in sync", unseen.join("\", \""));
        return Err(Error::new(Kind::Failed, message).hint("see which it does: s4 status"));
    }
    Ok(ExitCode::Done)
}

/// Where the daemon stands with all targets; nothing, if there is none. That it cannot be asked is told: there is more to see.
pub(super) fn ask(context: &Context) -> Result<Vec<Status>, Error> {
    let asked = control::ask(&context.env, context.config_path()?, &Ask::Status);
    let answer = asked.and_then(|answers| answers.and_then(|mut answers| answers.next()).transpose());
    Ok(answer.map_err(|error| report::tell(&context.ui, &error)).ok().flatten().unwrap_or_default())
}

/// Whether results go to a terminal on which text can change in its place.
fn is_screen(context: &Context) -> bool {
    context.ui.options().terminals.output && context.env.get("TERM").is_some_and(|term| term != "dumb")
}

/// Shows each set of answers until a signal comes, or nobody reads any more.
fn watch(context: &Context, view: &mut StatusView, mut answers: Answers) -> Result<(), Error> {
    let cannot = |error: std::io::Error| Error::new(Kind::Failed, "cannot start").because(error);
    let (sender, mut sets) = mpsc::channel(1);
    // It ends with the daemon, or with this process.
    let read = move || answers.all(|set| sender.blocking_send(set).is_ok());
    thread::Builder::new().name("answers".to_owned()).spawn(read).map_err(cannot)?;
    crate::runtime()?.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
        let mut resize = signal(SignalKind::window_change()).map_err(cannot)?;
        while context.ui.is_read() {
            tokio::select! {
                _ = interrupt.recv() => break,
                _ = terminate.recv() => break,
                _ = resize.recv() => view.draw(),
                set = sets.recv() => view.show(set.unwrap_or_else(|| Err(ended()))?),
            }
        }
        Ok(())
    })
}

fn ended() -> Error {
    Error::new(Kind::Failed, "the daemon has ended")
}
