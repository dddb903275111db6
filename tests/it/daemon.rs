//! `s4 daemon`, while its users edit and everything around it comes and goes.

mod echo;
mod limits;
mod many;
mod storms;
mod travel;
mod weather;
mod week;

use std::collections::BTreeMap;

use crate::support::{Bucket, Daemon, Machine, TestEnv, converge};

/// Two machines on one bucket, each with a daemon that runs.
struct Pair {
    // They end before their folders go.
    first: Daemon,
    second: Daemon,
    one: Machine,
    two: Machine,
    bucket: Bucket,
    env: TestEnv,
}

impl Pair {
    /// Two that are in sync with these files.
    #[track_caller]
    fn with(files: &[(&str, &str)]) -> Pair {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = (env.machine(&bucket), env.machine(&bucket));
        files.iter().for_each(|(key, text)| one.write(key, text));
        let (first, second) = (one.fast_daemon(), two.fast_daemon());
        first.is_in_sync();
        second.is_in_sync();
        let pair = Pair { first, second, one, two, bucket, env };
        pair.meet();
        pair
    }

    /// Waits until both folders and the bucket are the same; returns what they have.
    #[track_caller]
    fn meet(&self) -> BTreeMap<String, Vec<u8>> {
        converge(&self.bucket, &[&self.one, &self.two])
    }

    /// Waits until what one machine has now is everywhere.
    #[track_caller]
    fn travels_from(&self, machine: &Machine) {
        let wanted = machine.tree();
        assert_eq!(self.meet(), wanted);
    }
}
