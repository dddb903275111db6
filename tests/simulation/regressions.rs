//! What the simulation has found, in short, each with what was wrong.

use super::play::play;
use super::script::{Edit, Run, Script, Step};
use crate::reconcile::Policy;

fn holds(machines: usize, steps: Vec<Step>) {
    let script = Script { machines, opaque: false, unconditional: false, page: 1_000, steps };
    if let Err(violation) = play(&script, true) {
        panic!("{}\n\n{}", violation.log.join("\n"), violation.what);
    }
}

fn write(machine: usize, key: &'static str) -> Step {
    Step::Do(Edit::Write { machine, key, size: 10, by_rename: false })
}

fn sync(machine: usize) -> Run {
    Run { machine, policy: Policy::KeepBoth, force: true, stop: None, edits: Vec::new(), faults: 0, by_steps: false }
}

/// Every machine waited for one that had the file, and none had it.
#[test]
fn an_object_that_no_folder_has_room_for_does_not_stay_a_conflict_for_ever() {
    let together = Step::Sync { runs: vec![sync(0), sync(1)], switch: 10, seed: 1 };
    holds(2, vec![write(0, "a/x"), write(1, "c"), together, Step::Do(Edit::Put { key: "a", size: 10 })]);
}
