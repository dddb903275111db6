//! What happens elsewhere while a sync runs: at a request of its own, so that no test waits or needs luck.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use s4_test_server::Op;

use super::bucket::PREFIX;
use super::{Bucket, Machine, Ran};

impl Bucket {
    /// Runs `sync`, and `then` when its first `operation` on `key` has arrived and is not applied yet. One such request
    /// has to come.
    #[track_caller]
    pub(crate) fn meanwhile(
        &self,
        (operation, key): (Op, &str),
        then: impl FnOnce() + Send + 'static,
        sync: impl FnOnce() -> Ran,
    ) -> Ran {
        let (happened, seen) = channel();
        let (then, name) = (Mutex::new(Some(then)), format!("{PREFIX}/{key}"));
        self.server().on_request(move |request| {
            if (request.operation, request.key.as_deref()) == (operation, Some(&*name)) {
                let due = then.lock().unwrap().take();
                if let Some(then) = due {
                    then();
                    happened.send(()).unwrap();
                }
            }
        });
        let ran = sync();
        self.server().clear_hook();
        assert!(seen.try_recv().is_ok(), "no {operation} on {key}, or what was to happen then failed:\n{ran:?}");
        ran
    }

    /// Runs `sync` on a machine, and `then` after it has looked at both sides and before it carries out anything. Leaves a
    /// conflict over a key of its own, which makes s4 ask for an object in between: both have one of the same length, and
    /// the machine has synced neither.
    #[track_caller]
    pub(crate) fn between_look_and_act(
        &self,
        machine: &Machine,
        then: impl FnOnce() + Send + 'static,
        sync: impl FnOnce() -> Ran,
    ) -> Ran {
        machine.write("ask", "1");
        self.put("ask", "2");
        self.meanwhile((Op::HeadObject, "ask"), then, sync)
    }
}
