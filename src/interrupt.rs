//! Ctrl-C and SIGTERM: the first asks the run to end and commit, the second ends the process.

use std::future::pending;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::error::{Error, ExitCode, Kind};
use crate::transfer::Cancel;
use crate::ui::Ui;

/// Listens while it lives.
pub struct Watch {
    _ended: oneshot::Sender<()>,
}

/// Listens for the signals, on behalf of `cancel`, and says that one was heard. On a thread of its own: whatever the run does, it
/// is heard at once.
///
/// # Errors
///
/// When the system gives no thread.
pub fn watch(cancel: &Cancel, ui: &Arc<Ui>) -> Result<Watch, Error> {
    let cannot = |error: std::io::Error| Error::new(Kind::Failed, "cannot start").because(error);
    let (cancel, ui) = (cancel.clone(), Arc::clone(ui));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(cannot)?;
    // Here, not in the thread: a signal that comes before the thread first runs would end the process.
    let signals = {
        let _within = runtime.enter();
        [SignalKind::interrupt(), SignalKind::terminate()].map(signal)
    };
    let (_ended, end) = oneshot::channel();
    let listen = move || {
        runtime.block_on(async {
            tokio::select! {
                () = listen(signals, &cancel, &ui) => {}
                _ = end => {}
            }
        });
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(listen).map_err(cannot)?;
    Ok(Watch { _ended })
}

async fn listen(mut signals: [std::io::Result<Signal>; 2], cancel: &Cancel, ui: &Ui) {
    let [interrupt, terminate] = &mut signals;
    loop {
        tokio::select! {
            () = heard(interrupt) => {}
            () = heard(terminate) => {}
        }
        if cancel.is_cancelled() {
            // The index says what was committed last; the next run finds out the rest.
            std::process::exit(ExitCode::Interrupted as i32);
        }
        // First: a run that has nothing under way ends before another word.
        ui.note("Interrupted: ending what is under way; once more stops at once");
        cancel.cancel();
    }
}

async fn heard(signal: &mut std::io::Result<Signal>) {
    match signal {
        Ok(signal) => drop(signal.recv().await),
        Err(_) => pending().await,
    }
}
