//! Each single moment of a sync that does everything: what if the machine dies there, a user edits, another machine syncs?

use std::sync::{Arc, Mutex};

use super::play::{moments, play, story};
use super::script::{Edit, LONG, RULES, Run, Script, Step};
use super::seat::{Seat, Turns};
use super::world::{Stop, World};
use crate::local::{Folder, Ignore};

pub(super) fn script(steps: Vec<Step>) -> Script {
    let (links, folders) = (false, false);
    Script { machines: 2, opaque: false, unconditional: false, page: 1_000, daemons: false, links, folders, steps }
}

pub(super) fn write(machine: usize, key: &'static str, size: usize) -> Step {
    Step::Do(Edit::Write { machine, key, size, by_rename: false })
}

pub(super) fn sync(machine: usize) -> Run {
    Run::calm(machine)
}

pub(super) fn alone(run: Run) -> Step {
    Step::Sync { runs: vec![run], switch: 0, seed: 7 }
}

/// Plays a script, in which nothing may go wrong.
pub(super) fn holds(script: &Script) {
    if play(script, false).is_err() {
        let violation = play(script, true).expect_err("it went wrong a moment ago");
        panic!("{}\n\n{}\n\n{}", script.as_code(), violation.log.join("\n"), violation.what);
    }
}

/// Two machines in sync, and then changes of every kind on both, of which the second machine has synced its own.
fn setting(last: Step) -> Script {
    let remove = |machine, key| Step::Do(Edit::Remove { machine, key });
    let rename = |machine, from, to| Step::Do(Edit::Rename { machine, from, to });
    let known = ["here", "there", "gone-here", "gone-there", "both", "moved-here", "moved-there", "turns", "rest"];
    let mut steps: Vec<Step> = known.into_iter().map(|key| write(0, key, 20)).collect();
    steps.extend([write(0, "d/turned", 20), alone(sync(0)), alone(sync(1))]);
    steps.extend([write(1, "there", 300), write(1, "both", 20), write(1, "new-there", 20)]);
    steps.extend([remove(1, "gone-there"), rename(1, "moved-there", "m/there"), remove(1, "turns")]);
    steps.extend([write(1, "turns/in", 20), remove(1, "d"), write(1, "d", 20), alone(sync(1))]);
    steps.extend([write(0, "here", 300), write(0, "both", 20), write(0, "new-here", 20)]);
    steps.extend([remove(0, "gone-here"), rename(0, "moved-here", "m/here")]);
    steps.push(Step::Do(Edit::Wait { milliseconds: 5_000 }));
    steps.push(last);
    script(steps)
}

/// Plays the setting once for each moment of its sync, and for each fifth of one that is made step by step.
fn at_each_moment(last: impl Fn(u32) -> Step) {
    for (by_steps, each) in [(false, 1), (true, 5)] {
        let moments = moments(&setting(alone(Run { by_steps, ..sync(0) })), 0);
        assert!(moments > 300, "only {moments} moments");
        for moment in (1..=moments).step_by(each) {
            let Step::Sync { runs, switch, seed } = last(moment) else { panic!("no sync") };
            let runs = runs.into_iter().map(|run| if run.machine == 0 { Run { by_steps, ..run } } else { run });
            holds(&setting(Step::Sync { runs: runs.collect(), switch, seed }));
        }
    }
}

#[test]
fn each_moment_may_be_the_last_before_a_kill() {
    at_each_moment(|moment| alone(Run { stop: Some((moment, Stop::Kill)), ..sync(0) }));
}

#[test]
fn each_moment_may_be_the_last_before_a_power_failure() {
    at_each_moment(|moment| alone(Run { stop: Some((moment, Stop::Power)), ..sync(0) }));
}

#[test]
fn each_moment_may_be_the_last_before_an_interruption_or_a_full_disk() {
    for stop in [Stop::Interrupt, Stop::Full] {
        at_each_moment(|moment| alone(Run { stop: Some((moment, stop)), ..sync(0) }));
    }
}

#[test]
fn another_machine_may_sync_at_each_moment() {
    at_each_moment(|moment| Step::Sync {
        runs: vec![Run { waits: Some(moment), ..sync(0) }, sync(1)],
        switch: 0,
        seed: 7,
    });
}

#[test]
fn a_user_may_edit_at_each_moment() {
    let edits = [
        Edit::SameSize { machine: 0, key: "there", dated: false },
        Edit::SameSize { machine: 0, key: "here", dated: true },
        Edit::Write { machine: 0, key: "new-there", size: 20, by_rename: false },
        Edit::Write { machine: 0, key: "gone-here", size: 20, by_rename: true },
        Edit::Write { machine: 0, key: "m", size: 20, by_rename: true },
        Edit::Remove { machine: 0, key: "both" },
        Edit::Append { machine: 0, key: "gone-there" },
        Edit::Rename { machine: 0, from: "d", to: "turns" },
        Edit::Put { key: "here", size: 20 },
        Edit::Delete { key: "there" },
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        // Each with every tenth moment, so that none is left out.
        let number = u32::try_from(number).unwrap();
        let last = |moment| alone(Run { edits: vec![(moment, edit.clone())], ..sync(0) });
        let moments = moments(&setting(last(u32::MAX)), 0);
        for moment in (1 + number..=moments).step_by(10) {
            holds(&setting(last(moment)));
        }
    }
}

/// One file alone, where each moment is tried with each edit.
#[test]
fn a_file_may_be_edited_at_each_moment_of_its_way() {
    let known = [write(0, "f", 100), alone(sync(0)), alone(sync(1))];
    let remove = |machine| Step::Do(Edit::Remove { machine, key: "f" });
    let ways = [
        vec![write(0, "f", 100)],
        vec![write(0, "f", 300)],
        vec![write(1, "f", 100), alone(sync(1))],
        vec![write(1, "f", 300), alone(sync(1))],
        [&known[..], &[write(0, "f", 100)]].concat(),
        [&known[..], &[write(0, "f", 300)]].concat(),
        [&known[..], &[write(1, "f", 100), alone(sync(1))]].concat(),
        [&known[..], &[remove(0)]].concat(),
        [&known[..], &[remove(1), alone(sync(1))]].concat(),
    ];
    let edits = [
        Edit::SameSize { machine: 0, key: "f", dated: false },
        Edit::Append { machine: 0, key: "f" },
        Edit::Remove { machine: 0, key: "f" },
        Edit::Write { machine: 0, key: "f", size: 100, by_rename: true },
    ];
    for (way, edit) in ways.iter().flat_map(|way| edits.iter().map(move |edit| (way, edit))) {
        let scene = |moment| {
            let mut steps = way.clone();
            steps.push(Step::Do(Edit::Wait { milliseconds: 5_000 }));
            steps.push(alone(Run { edits: vec![(moment, edit.clone())], ..sync(0) }));
            script(steps)
        };
        for moment in 1..=moments(&scene(u32::MAX), 0) {
            holds(&scene(moment));
        }
    }
}

/// A big file of which some blocks change, either way, and which is cut short or edited on the way.
#[test]
fn a_big_file_that_changes_in_part_may_meet_everything_at_each_moment_of_its_way() {
    let known = [write(0, "f", 300), alone(sync(0)), alone(sync(1))];
    let patch = |machine| Step::Do(Edit::Patch { machine, key: "f" });
    let ways = [vec![patch(0)], vec![patch(1), alone(sync(1))]];
    let meets = |moment: u32| {
        let stop = |stop| Run { stop: Some((moment, stop)), ..sync(0) };
        let edit = |edit| Run { edits: vec![(moment, edit)], ..sync(0) };
        [
            stop(Stop::Kill),
            stop(Stop::Power),
            stop(Stop::Interrupt),
            stop(Stop::Full),
            edit(Edit::Patch { machine: 0, key: "f" }),
            edit(Edit::Remove { machine: 0, key: "f" }),
            edit(Edit::Put { key: "f", size: 300 }),
        ]
    };
    let moved = [("machine 0: copy-part f", 2), ("machine 0: get f", 1)];
    for (way, (request, times)) in ways.iter().zip(moved) {
        let scene = |run| {
            let wait = Step::Do(Edit::Wait { milliseconds: 5_000 });
            script([&known[..], way, &[wait, alone(run)]].concat())
        };
        let story = story(&scene(sync(0)));
        // What is before and what is after the one stretch that differs; that stretch.
        assert_eq!(story.iter().filter(|told| told.starts_with(request)).count(), times, "{story:#?}");
        for moment in 1..=moments(&scene(sync(0)), 0) {
            meets(moment).into_iter().for_each(|run| holds(&scene(run)));
        }
    }
}

/// Where there are others they would tell the bucket's index what this one did not come to.
#[test]
fn a_machine_alone_tells_the_index_of_everything_wherever_it_is_killed() {
    let scene = |stop| {
        let mut steps = vec![write(0, "known", 20), write(0, "gone-here", 20), alone(sync(0)), alone(sync(0))];
        steps.extend([write(0, "known", 30), write(0, "new-here", 20)]);
        steps.push(Step::Do(Edit::Remove { machine: 0, key: "gone-here" }));
        steps.extend([Step::Do(Edit::Wait { milliseconds: 5_000 }), alone(Run { stop, ..sync(0) })]);
        Script { machines: 1, ..script(steps) }
    };
    for moment in 1..=moments(&scene(None), 0) {
        holds(&scene(Some((moment, Stop::Kill))));
    }
}

#[test]
fn rules_are_never_read_in_the_middle_of_a_save() {
    let rules = |text: &str| Edit::Rules { machine: 0, rules: RULES.iter().position(|rules| *rules == text).unwrap() };
    for moment in 1..40 {
        let mut world = World::new(1);
        world.edit(&rules(LONG[0]));
        world.edit(&Edit::Wait { milliseconds: 1_000 });
        world.machines[0].run.edits = vec![(moment, rules(LONG[1]))];
        let (folder, world) = (world.machines[0].folder(), Arc::new(Mutex::new(world)));
        let load = |_| Ignore::load(&Folder::open(&folder, None).unwrap()).unwrap();
        let ignore = Seat::take(&world, &Arc::new(Turns::of(&[0])), 0, load);
        let found = ["first-00", "first-21", "other-00", "other-21"].map(|name| ignore.is_ignored(name, false));
        assert!(found == [true, true, false, false] || found == [false, false, true, true], "{moment}: {found:?}");
    }
}
