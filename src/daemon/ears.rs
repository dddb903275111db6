//! Listening to a target's event queue, beside its worker: events only say where to look sooner than it would have.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::voice::Voice;
use super::weather::Weather;
use crate::ambient::{Ambient as _, Clock};
use crate::key::{INDEX, LOG};
use crate::remote::{EventQueue, Wake};

/// Events of this machine's own writes come within so long, if at all.
const OWN: Duration = Duration::from_secs(120);

/// The events that were heard and not acted on yet. Listens while it lives.
pub(super) struct Ears {
    heard: Arc<(Mutex<Heard>, Notify)>,
    task: JoinHandle<()>,
    /// What this machine has written lately.
    own: HashMap<String, Instant>,
}

/// What the events say.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Objects that have changed.
    pub(super) objects: BTreeSet<String>,
    /// Another machine may have written something down.
    pub(super) index: bool,
}

impl Ears {
    /// Begins to listen.
    pub(super) fn listen(queue: EventQueue, voice: Arc<Voice>, clock: Clock) -> Ears {
        let heard = Arc::new((Mutex::default(), Notify::new()));
        let its_heard = Arc::clone(&heard);
        let task = tokio::task::spawn_local(async move { hear(&queue, &its_heard, &voice, clock).await });
        Ears { heard, task, own: HashMap::new() }
    }

    /// Waits until something is heard.
    pub(super) async fn heard(&self) {
        self.heard.1.notified().await;
    }

    /// This machine has written an object itself.
    pub(super) fn wrote(&mut self, keys: impl Iterator<Item = String>, now: Instant) {
        self.own.retain(|_, written| now.duration_since(*written) < OWN);
        self.own.extend(keys.map(|key| (key, now)));
    }

    /// What was heard, without what this machine has written.
    pub(super) fn take(&mut self) -> Heard {
        let mut heard = std::mem::take(&mut *lock(&self.heard.0));
        heard.objects.retain(|object| !self.own.contains_key(object));
        heard
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn hear(queue: &EventQueue, heard: &(Mutex<Heard>, Notify), voice: &Voice, clock: Clock) {
    let mut weather = Weather::default();
    loop {
        match queue.next().await {
            Ok(wake) => {
                if weather.clears() {
                    voice.note("the event queue is heard again");
                }
                if lock(&heard.0).take_in(wake) {
                    heard.1.notify_one();
                }
            }
            Err(error) => {
                if weather.worsens(&error.to_string()) {
                    voice.warn(&format!("the event queue is not heard, changes are asked for instead: {error}"));
                }
                sleep(weather.wait(clock.random())).await;
            }
        }
    }
}

impl Heard {
    /// Takes in what an event says; whether it says anything.
    fn take_in(&mut self, wake: Wake) -> bool {
        let Wake { keys, anything } = wake;
        self.index |= anything || keys.contains(INDEX) || keys.contains(LOG);
        self.objects.extend(keys.into_iter().filter(|key| !crate::key::is_reserved(key)));
        self.index || !self.objects.is_empty()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_news_and_a_key_is_an_object_to_look_at() {
        let mut heard = Heard::default();
        let wake =
            |keys: &[&str], anything| Wake { keys: keys.iter().map(|key| (*key).to_owned()).collect(), anything };
        assert!(!heard.take_in(wake(&[], false)) && !heard.take_in(wake(&[".s4/probe"], false)));
        assert!(heard.take_in(wake(&["a/b"], false)) && !heard.index);
        assert!(heard.take_in(wake(&[".s4/log"], false)) && heard.index);
        assert_eq!(heard.objects.into_iter().collect::<Vec<_>>(), ["a/b"]);
        assert!(Heard::default().take_in(wake(&[], true)));
    }
}
