//! File work beside the runtime, and the one place that starts it.

/// Runs work that waits for the disk on a thread of its own, so that it holds up nothing else. A panic in it goes on here.
pub(crate) async fn blocking<T, F>(work: F) -> T
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    // There, a thread of its own would make each story another one.
    #[cfg(all(test, target_os = "linux"))]
    if crate::simulation::is_on() {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down, and whoever waits for this with it.
            Err(_) => std::future::pending().await,
        },
    }
}
