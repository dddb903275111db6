//! Ctrl-C and SIGTERM: the first asks the run to end and commit, the second ends the process. While a pager is open, Ctrl-C is the
//! pager's.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::error::{Error, ExitCode, Kind};
use crate::transfer::Cancel;
use crate::ui::Ui;

/// Pagers that are open.
static PAGERS: AtomicUsize = AtomicUsize::new(0);
/// Runs that listen.
static WATCHES: AtomicUsize = AtomicUsize::new(0);

/// One more of something, while it lives.
struct Counted(&'static AtomicUsize);

impl Counted {
    fn one(of: &'static AtomicUsize) -> Counted {
        of.fetch_add(1, Ordering::SeqCst);
        Counted(of)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Leaves Ctrl-C to the pager while `paging` runs: whoever presses it there means the pager, which outlives a killed s4 and takes the
/// shell's keys.
pub fn while_paging<T>(paging: impl FnOnce() -> T) -> T {
    static LISTENER: OnceLock<()> = OnceLock::new();
    let _open = Counted::one(&PAGERS);
    // Once heard, the signal ends nothing by itself any more. Where nobody can listen it does, as ever.
    LISTENER.get_or_init(|| drop(std::thread::Builder::new().name("pager".to_owned()).spawn(end_at_interrupt)));
    paging()
}

/// Ends the process at Ctrl-C, as the system does, if no pager is open and no run listens.
fn end_at_interrupt() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt());
        loop {
            heard(&mut interrupt).await;
            if [&PAGERS, &WATCHES].iter().all(|number| number.load(Ordering::SeqCst) == 0) {
                std::process::exit(ExitCode::Interrupted as i32);
            }
        }
    });
}

/// Listens while it lives.
pub struct Watch {
    _ended: oneshot::Sender<()>,
    _counted: Counted,
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
    Ok(Watch { _ended, _counted: Counted::one(&WATCHES) })
}

async fn listen(mut signals: [std::io::Result<Signal>; 2], cancel: &Cancel, ui: &Ui) {
    let [interrupt, terminate] = &mut signals;
    loop {
        tokio::select! {
            () = heard(interrupt) => {
                if PAGERS.load(Ordering::SeqCst) > 0 {
                    continue;
                }
            }
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
