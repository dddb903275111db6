//! What the simulation has found, in short, each with what was wrong.

use super::moments::{holds, script, sync, write};
use super::script::{Edit, Step};

/// Every machine waited for one that had the file, and none had it.
#[test]
fn an_object_that_no_folder_has_room_for_does_not_stay_a_conflict_for_ever() {
    let together = Step::Sync { runs: vec![sync(0), sync(1)], switch: 10, seed: 1 };
    let steps = vec![write(0, "a/x", 10), write(1, "c", 10), together, Step::Do(Edit::Put { key: "a", size: 10 })];
    holds(&script(steps));
}
