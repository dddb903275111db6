//! The progress of transfers, as a bar on a terminal.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::text::{duration, grouped};

/// Redraws a second, at most.
const REDRAWS: u8 = 10;
/// An estimate beyond this says only that there is none yet, as while the first large file is hashed.
const LONGEST_ESTIMATE: Duration = Duration::from_secs(24 * 3600);

/// What is done of a run's transfers. Shows itself while it lives, on a terminal; costs nothing elsewhere.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    files: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    pub(super) fn new(visible: bool, files: u64, bytes: u64) -> Progress {
        let target = if visible { ProgressDrawTarget::stderr_with_hz(REDRAWS) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(bytes), target);
        let style = "{wide_bar} {msg}, {binary_bytes} of {binary_total_bytes}, {binary_bytes_per_sec}{left}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style.with_key("left", show_left));
        }
        let progress = Progress { bar, files: AtomicU64::new(0), total: AtomicU64::new(files) };
        progress.show_files();
        progress
    }

    pub(super) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// More came up: `files` and `bytes` on top of what was to be done.
    pub fn grow(&self, files: u64, bytes: u64) {
        self.total.fetch_add(files, Ordering::Relaxed);
        self.bar.inc_length(bytes);
        self.show_files();
    }

    /// Some bytes went through.
    pub fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// A file is done, well or badly.
    pub fn file_done(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.show_files();
    }

    fn show_files(&self) {
        // Making the text is dearer than a hidden bar is worth.
        if !self.bar.is_hidden() {
            let (files, total) = (self.files.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
            self.bar.set_message(format!("{} of {} files", grouped(files), grouped(total)));
        }
    }
}

/// How long it will take, where that can be told.
fn show_left(state: &ProgressState, text: &mut dyn Write) {
    // Writing into the bar's text can not fail.
    let _ = text.write_str(&left(state.eta()));
}

fn left(eta: Duration) -> String {
    if eta.is_zero() || eta > LONGEST_ESTIMATE { String::new() } else { format!(", {} left", duration(eta)) }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_shows_only_if_it_is_one() {
        assert_eq!(left(Duration::from_secs(75)), ", 1 min 15 s left");
        assert_eq!(left(Duration::ZERO), "");
        assert_eq!(left(Duration::from_secs(2 * 365 * 24 * 3600)), "");
    }

    #[test]
    fn a_hidden_bar_counts_and_shows_nothing() {
        let progress = Progress::new(false, 1, 10);
        progress.advance(4);
        progress.grow(1, 5);
        progress.file_done();
        assert_eq!((progress.bar.position(), progress.bar.length()), (4, Some(15)));
        assert!(progress.bar.is_hidden());
    }
}
