//! The pool: many tasks at once, and the one place that starts them.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::stream::{Stream, StreamExt as _};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// A run's stop button: pressed by Ctrl-C or SIGTERM, looked at between actions and between parts.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    shared: Arc<(AtomicBool, Notify)>,
}

impl Cancel {
    /// Asks everything to come to an end.
    pub fn cancel(&self) {
        self.shared.0.store(true, Ordering::SeqCst);
        self.shared.1.notify_waiters();
    }

    /// Whether the end was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.shared.0.load(Ordering::SeqCst)
    }

    /// Waits until the end is asked for.
    pub async fn cancelled(&self) {
        let notified = self.shared.1.notified();
        if !self.is_cancelled() {
            notified.await;
        }
    }
}

/// Runs `work` on every input as it comes, at most `limit` at once, and hands each result to `ended` on the calling task.
///
/// Once cancelled, no further input is begun, and what is under way is given a few seconds to end by itself.
pub async fn run_all<I, T, F, R>(
    inputs: impl Stream<Item = I>,
    limit: usize,
    cancel: &Cancel,
    work: F,
    ended: &mut (dyn FnMut(T) + Send),
) where
    T: Send + 'static,
    F: Fn(I) -> R,
    R: Future<Output = T> + Send + 'static,
{
    let mut inputs = pin!(inputs);
    let mut tasks = JoinSet::new();
    let mut more = true;
    while more || !tasks.is_empty() {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return wind_up(tasks, ended).await,
            next = inputs.next(), if more && tasks.len() < limit => match next {
                Some(input) => {
                    tasks.spawn(work(input));
                }
                None => more = false,
            },
            Some(result) = tasks.join_next() => match result {
                Ok(result) => ended(result),
                Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
                Err(_) => {}
            },
        }
    }
}

/// How long work that is under way may go on after an interruption.
const GRACE: std::time::Duration = std::time::Duration::from_secs(3);

async fn wind_up<T: 'static>(mut tasks: JoinSet<T>, ended: &mut (dyn FnMut(T) + Send)) {
    let drained = async {
        while let Some(result) = tasks.join_next().await {
            if let Ok(result) = result {
                ended(result);
            }
        }
    };
    // Dropping the set ends what is left. An upload cut off here either arrived whole or not at all.
    let _ = tokio::time::timeout(GRACE, drained).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use std::sync::atomic::AtomicUsize;

    #[tokio::test(start_paused = true)]
    async fn work_that_does_not_end_does_not_hold_up_an_interruption() {
        let cancel = Cancel::default();
        let work = |_: usize| std::future::pending::<()>();
        let interrupt = async {
            tokio::task::yield_now().await;
            cancel.cancel();
        };
        let ignore = &mut |()| {};
        let run = run_all(stream::iter([1, 2]), 1, &cancel, work, ignore);
        let ended = async { futures::join!(run, interrupt) };
        assert!(tokio::time::timeout(GRACE * 2, ended).await.is_ok(), "it waits for what never ends");
    }

    #[tokio::test]
    async fn everything_runs_and_never_more_than_the_limit_at_once() {
        let running = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let mut results = Vec::new();
        let work = |input: usize| {
            let running = Arc::clone(&running);
            async move {
                let now = running.0.fetch_add(1, Ordering::SeqCst) + 1;
                running.1.fetch_max(now, Ordering::SeqCst);
                tokio::task::yield_now().await;
                running.0.fetch_sub(1, Ordering::SeqCst);
                input
            }
        };
        run_all(stream::iter(0..100), 7, &Cancel::default(), work, &mut |result| results.push(result)).await;
        results.sort_unstable();
        assert_eq!(results, (0..100).collect::<Vec<_>>());
        assert_eq!(running.1.load(Ordering::SeqCst), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn work_goes_on_while_the_next_input_is_waited_for() {
        let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
        send.send(1).unwrap();
        let inputs = stream::poll_fn(move |context| receive.poll_recv(context));
        // The second input comes only once the first has ended.
        let mut send = Some(send);
        let mut results = Vec::new();
        let mut ended = |result: usize| {
            results.push(result);
            if let Some(send) = send.take() {
                send.send(2).unwrap();
            }
        };
        run_all(inputs, 7, &Cancel::default(), |input| async move { input }, &mut ended).await;
        assert_eq!(results, [1, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_interruption_does_not_wait_for_the_first_to_end() {
        let cancel = Cancel::default();
        let stop = cancel.clone();
        let stopped = tokio::spawn(async move {
            tokio::task::yield_now().await;
            stop.cancel();
        });
        let mut nobody = |_: usize| {};
        let run = run_all(stream::iter([0]), 1, &cancel, |_: usize| std::future::pending::<usize>(), &mut nobody);
        let ended = tokio::time::timeout(GRACE * 10, run).await;
        stopped.await.unwrap();
        assert!(ended.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_interruption_nothing_begins_and_nothing_is_waited_for_long() {
        let cancel = Cancel::default();
        let begun = Arc::new(AtomicUsize::new(0));
        let work = |input: usize| {
            let (begun, cancel) = (Arc::clone(&begun), cancel.clone());
            async move {
                begun.fetch_add(1, Ordering::SeqCst);
                match input {
                    0 => cancel.cancel(),
                    1 => std::future::pending().await,
                    _ => {}
                }
                input
            }
        };
        let mut results = Vec::new();
        run_all(stream::iter(0..100), 2, &cancel, work, &mut |result| results.push(result)).await;
        assert_eq!((begun.load(Ordering::SeqCst), results), (2, vec![0]));
    }
}
