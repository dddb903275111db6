//! Ctrl-C and SIGTERM: the first asks the run to end and commit, the second ends the process.

use std::future::pending;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::error::ExitCode;
use crate::transfer::Cancel;
use crate::ui::Ui;

/// Listens while it lives.
pub struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Listens for the signals, on behalf of `cancel`, and says that one was heard. To be called within a runtime.
pub fn watch(cancel: &Cancel, ui: &Arc<Ui>) -> Watch {
    let (cancel, ui) = (cancel.clone(), Arc::clone(ui));
    // Here, not in the task: a signal that comes before the task first runs would end the process.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    Watch(tokio::spawn(async move {
        loop {
            let heard = async |stream: &mut std::io::Result<tokio::signal::unix::Signal>| match stream {
                Ok(stream) => stream.recv().await,
                Err(_) => pending().await,
            };
            tokio::select! {
                _ = heard(&mut interrupt) => {}
                _ = heard(&mut terminate) => {}
            }
            if cancel.is_cancelled() {
                // The index says what was committed last; the next run finds out the rest.
                std::process::exit(ExitCode::Interrupted as i32);
            }
            // First: a run that has nothing under way ends before another word.
            ui.note("Interrupted: ending what is under way; once more stops at once");
            cancel.cancel();
        }
    }))
}
