//! Playing a script: its steps, the syncs of its machines, and the calm at the end.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::stream;

use super::dice::Dice;
use super::line::Line;
use super::model::shown;
use super::script::{Edit, Run, Script, Step};
use super::seat::{Seat, Turns};
use super::world::{Running, World};
use crate::ambient::Ambient;
use crate::engine::{
    Carried, Engine, Error, Given, Hints, Look, Note, Options, Order, Pattern, Planning, Scope, Summary, Told, Way,
    Witness,
};
use crate::index::{Entry, Logging};
use crate::key;
use crate::local::{Fate, Folder, Ignore, Links, Recovered};
use crate::reconcile::{Action, Plan, Planned, Policy};
use crate::remote::{Capabilities, Guarded};
use crate::transfer::{Cut, Failure, Jobs, Progress, agree};

/// The most rounds of syncs that it may take until all is the same, questions that come up on the way included.
const ROUNDS: usize = 4;

/// What went wrong, and what led to it.
#[derive(Debug)]
pub(super) struct Violation {
    pub(super) what: String,
    pub(super) log: Vec<String>,
}

/// Plays a script to its end, or to the first thing that must not be. `log`: tell what happened.
pub(super) fn play(script: &Script, log: bool) -> Result<(), Violation> {
    let stage = Stage::of(script, log);
    stage.play(script);
    let mut world = stage.world();
    match world.violation.take() {
        None => Ok(()),
        Some(what) => Err(Violation { what, log: world.log.take().unwrap_or_default() }),
    }
}

/// What a run may do.
fn scope(run: &Run) -> Scope {
    let only = run.only.map(|only| Pattern::new(&format!("/{only}*")));
    Scope::toward(run.way).only(only.into_iter().collect())
}

/// Number of moments that a machine's last sync in a script has, before all calms down.
pub(super) fn moments(script: &Script, machine: usize) -> u32 {
    let stage = Stage::of(script, false);
    stage.play_steps(script);
    stage.world().machines[machine].run.moments
}

/// All that happens in a script, as text.
pub(super) fn story(script: &Script) -> Vec<String> {
    let stage = Stage::of(script, true);
    stage.play(script);
    stage.world().log.take().unwrap_or_default()
}

struct Stage {
    world: Arc<Mutex<World>>,
}

impl Stage {
    fn of(script: &Script, log: bool) -> Stage {
        let mut world = World::new(script.machines);
        world.bucket.opaque = script.opaque;
        world.bucket.unconditional = script.unconditional;
        world.bucket.page = script.page;
        (world.links, world.folders) = (script.links, script.folders);
        // Where pages are small, so are the indexes that have logs.
        world.logging = match script.page {
            2 => Logging { from: 0, most: 900, ..Logging::of("m") },
            3 => Logging { from: 4, ..Logging::of("m") },
            _ => Logging::of("m"),
        };
        world.trash_counts = !script.keeps_all();
        world.log = log.then(Vec::new);
        Stage { world: Arc::new(Mutex::new(world)) }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn play(&self, script: &Script) {
        self.play_steps(script);
        if self.world().violation.is_none() {
            self.calm_down(script);
        }
    }

    fn play_steps(&self, script: &Script) {
        for step in &script.steps {
            match step {
                Step::Do(edit) => {
                    let mut world = self.world();
                    world.dice = Dice::new(script.machines as u64);
                    world.edit(edit);
                }
                Step::Sync { runs, switch, seed } => {
                    self.world().dice = Dice::new(*seed);
                    self.sync(runs, *switch);
                    self.world().check();
                }
            }
            if self.world().violation.is_some() {
                return;
            }
        }
    }

    /// Machines sync at once.
    fn sync(&self, runs: &[Run], switch: u8) -> Vec<Option<Result<Summary, Error>>> {
        let numbers: Vec<usize> = runs.iter().map(|run| run.machine).collect();
        let turns = Arc::new(Turns::of(&numbers));
        for run in runs {
            let mut world = self.world();
            world.note(|| format!("machine {} syncs: {run:?}", run.machine));
            world.machines[run.machine].run = Running {
                stop: run.stop,
                edits: run.edits.clone(),
                faults: run.faults,
                switch,
                waits: run.waits,
                ..Running::default()
            };
        }
        let work = |run: &Run| Seat::take(&self.world, &turns, run.machine, |seat| run_engine(&seat, run));
        let done = if let [run] = runs {
            vec![work(run)]
        } else {
            std::thread::scope(|scope| {
                let threads: Vec<_> = runs.iter().map(|run| scope.spawn(|| work(run))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            })
        };
        for (run, done) in runs.iter().zip(&done) {
            self.ended(run, done.as_ref());
        }
        done
    }

    fn ended(&self, run: &Run, done: Option<&Result<Summary, Error>>) {
        let mut world = self.world();
        let folder = world.machines[run.machine].folder().display().to_string();
        world.note(|| {
            let told = told(done).replace(&folder, "");
            // The names in there are numbered through all stories of the process.
            let (told, _) = told.split_once(".s4/staging/").unwrap_or((&told, ""));
            format!("machine {} is done: {told}", run.machine)
        });
        let Some(done) = done else {
            return world.violate(|| format!("machine {}: the engine panicked", run.machine));
        };
        if matches!(done, Err(error) if !matches!(error, Error::Guard(..))) {
            world.forget(run.machine);
        }
        world.look_at_uploads(run.machine);
        let machine = &mut world.machines[run.machine];
        if machine.run.is_dead() {
            return;
        }
        machine.indexes.extend(std::fs::read(machine.path(key::INDEX)).ok());
        machine.logs.extend(std::fs::read(machine.path(key::LOG)).ok());
        // A file that was being moved while its user put a file in the place of its folder has nowhere to go back to: that is
        // told, and the next run sees to it.
        let blocked = |(_, why): &(_, Failure)| why.reasons().contains("in the way");
        let is_blocked = matches!(done, Ok(summary) if summary.failed.iter().any(blocked));
        if matches!(done, Ok(_) | Err(Error::Guard(..))) && !machine.run.stuck && !is_blocked {
            let left: Vec<String> = ["staging", "swap"]
                .iter()
                .filter_map(|name| std::fs::read_dir(machine.path(".s4").join(name)).ok())
                .flat_map(|entries| entries.map(|entry| entry.unwrap().path().display().to_string()))
                .collect();
            if !left.is_empty() {
                let number = run.machine;
                world.violate(|| format!("machine {number} left {left:?}"));
            }
        }
        // A run that went through without trouble leaves no halves, but of what it was not about. An interruption may come while it
        // commits.
        let whole = !run.by_steps && run.stop.is_none() && run.way.is_none() && run.only.is_none();
        if matches!(done, Ok(summary) if whole && !summary.interrupted && summary.failed.is_empty()) {
            let (number, left) = (run.machine, world.machines[run.machine].left("downloads"));
            if !left.is_empty() {
                world.violate(|| format!("machine {number} left halves: {:?}", left.keys()));
            }
        }
        let there = |name: &str| world.bucket.objects.get(name).map(|object| object.bytes.to_vec());
        let (index, log) = (there(key::INDEX), there(key::LOG));
        world.remote_indexes.extend(index);
        world.remote_logs.extend(log);
    }

    /// No more edits and no more faults: one sync on each machine, and one more on those that went before, and all is the same.
    fn calm_down(&self, script: &Script) {
        {
            let mut world = self.world();
            world.note(|| "calm".to_owned());
            world.arrive();
            world.bucket.page = 1_000;
        }
        let machines = 0..script.machines;
        let calm = |machine| Run { looks: script.daemons.then(Vec::new), ..Run::calm(machine) };
        for _ in 0..ROUNDS {
            let mut at_rest = true;
            for machine in machines.clone() {
                let done = self.sync(&[calm(machine)], 0);
                at_rest &=
                    matches!(&done[..], [Some(Ok(summary))] if summary.done.is_empty() && summary.failed.is_empty());
            }
            if at_rest {
                break;
            }
        }
        self.world().check();
        let stuck: Vec<String> = machines.flat_map(|machine| self.is_idle(&calm(machine), script)).collect();
        self.world().look_at_the_end(script, &stuck);
    }

    /// A sync that finds nothing costs one conditional GET and the listing, and writes nothing. Returns the keys that find no
    /// place.
    fn is_idle(&self, run: &Run, script: &Script) -> Vec<String> {
        self.world().bucket.requests.clear();
        let before = self.world().machines[run.machine].tree();
        let done = self.sync(std::slice::from_ref(run), 0);
        let mut world = self.world();
        if world.machines[run.machine].run.stuck {
            world.violate(|| format!("machine {}: something stays where an earlier run has left it", run.machine));
        }
        let requests = std::mem::take(&mut world.bucket.requests);
        let machine = run.machine;
        let looks = if script.daemons { &[("get", 1)][..] } else { &[("get", 1), ("list", 1)] };
        if requests != looks.iter().copied().collect() || before != world.machines[machine].tree() {
            world.violate(|| format!("machine {machine} does not come to rest: {requests:?}"));
        }
        match &done[..] {
            [Some(Ok(summary))] if summary.conflicts.is_empty() => {
                // Ignored files stay where they are, also where an object has no room then.
                let stuck = |why: &Failure| script.has(Edit::is_about_rules) && why.reasons().contains("in the way");
                if !summary.failed.iter().all(|(_, why)| stuck(why)) {
                    world.violate(|| format!("machine {machine} does not come to rest: {}", told(done[0].as_ref())));
                }
                summary.failed.iter().map(|(key, _)| key.to_string()).collect()
            }
            _ => {
                world.violate(|| format!("machine {machine} does not come to rest: {}", told(done[0].as_ref())));
                Vec::new()
            }
        }
    }
}

fn told(done: Option<&Result<Summary, Error>>) -> String {
    match done {
        None => "panicked".to_owned(),
        Some(Err(error)) => format!("{error:?}"),
        Some(Ok(summary)) => {
            let failed: Vec<_> =
                summary.failed.iter().map(|(key, why)| format!("{key:?}: {}", why.reasons())).collect();
            let conflicts: Vec<_> = summary.conflicts.iter().map(|planned| &planned.item.key).collect();
            format!("{:?}, failed {failed:?}, conflicts {conflicts:?}", summary.done)
        }
    }
}

impl World {
    /// Links are links everywhere, and folders that are empty on one machine are there on all.
    fn look_at_kinds(&mut self, script: &Script, bucket: &BTreeMap<String, Vec<u8>>) {
        for number in 0..self.machines.len() {
            for key in bucket.keys() {
                let is_link = self.machines[number].path(key).is_symlink();
                let mode = self.bucket.objects.get(key).and_then(|object| object.metadata.mode);
                if is_link != mode.is_some_and(crate::content::is_link) {
                    self.violate(|| format!("machine {number} has {key} as another kind than the bucket: {mode:?}"));
                }
            }
            let markers: Vec<String> = self.bucket.objects.keys().filter(|key| key.ends_with('/')).cloned().collect();
            let empty = self.machines[number].empty_folders();
            let lacking = markers.iter().filter(|key| !self.machines[number].path(key).is_dir()).cloned();
            let unknown = empty.into_iter().filter(|key| script.folders && !markers.contains(key));
            let wrong: Vec<String> = lacking.chain(unknown).collect();
            if !wrong.is_empty() {
                self.violate(|| format!("machine {number} and the bucket have not the same folders: {wrong:?}"));
            }
        }
    }

    fn look_at_the_end(&mut self, script: &Script, stuck: &[String]) {
        let trees: Vec<BTreeMap<String, Vec<u8>>> = self.machines.iter().map(|machine| machine.tree()).collect();
        let rules = trees[0].get(key::IGNORE).cloned().unwrap_or_default();
        let ignore = Ignore::parse(&rules);
        let synced = |tree: BTreeMap<String, Vec<u8>>| {
            let is_synced = |key: &str| key::Key::parse(key).is_ok_and(|key| !ignore.is_ignored_key(&key));
            tree.into_iter().filter(|(key, _)| is_synced(key) && !stuck.contains(key)).collect::<BTreeMap<_, _>>()
        };
        let bucket = synced(self.bucket.tree());
        if !script.has(Edit::is_about_rules) {
            self.look_at_kinds(script, &bucket);
        }
        for (number, tree) in trees.into_iter().enumerate() {
            let tree = synced(tree);
            if tree != bucket {
                let keys = |tree: &BTreeMap<String, Vec<u8>>| {
                    tree.iter().map(|(key, bytes)| format!("{key}: {}", shown(bytes))).collect::<Vec<_>>()
                };
                self.violate(|| format!("machine {number} has {:?}, the bucket {:?}", keys(&tree), keys(&bucket)));
            }
        }
        let uploads: Vec<String> = self.begun.keys().cloned().collect();
        if !uploads.is_empty() {
            self.violate(|| format!("nobody has given {uploads:?} up"));
        }
        for number in 0..self.machines.len() {
            let left = ["uploads", "downloads"].map(|drawer| self.machines[number].left(drawer).into_keys());
            let left: Vec<String> = left.into_iter().flatten().collect();
            if !left.is_empty() {
                self.violate(|| format!("machine {number} still has {left:?}"));
            }
        }
        // What the indexes lack costs each machine a comparison, and one with S4 0.4 a question.
        let there = self.bucket.index();
        let mut violations = Vec::new();
        for (name, object) in bucket.keys().filter_map(|name| Some((name, self.bucket.objects.get(name)?))) {
            // S4 0.4 wrote no ETags.
            let known = there.get(name).filter(|entry| !entry.is_tombstone());
            let is_it = |entry: &Entry| entry.etag.as_ref().is_none_or(|etag| *etag == object.etag);
            if known.is_none_or(|entry| !is_it(entry)) {
                violations.push(format!("the index in the bucket knows another {name} than there is: {known:?}"));
            }
        }
        for violation in violations {
            self.violate(|| violation);
        }
        // Where the memory of a deletion can be lost, what was deleted may come back.
        let forgets = |edit: &Edit| {
            edit.is_about_rules() || matches!(edit, Edit::Index { .. } | Edit::Log { .. } | Edit::LoseCopy { .. })
        };
        if !script.has(forgets) {
            for (key, bytes) in &bucket {
                if self.model.is_deleted(key, bytes) {
                    self.violate(|| format!("{key} is back: {}", shown(bytes)));
                }
            }
        }
    }
}

fn run_engine(seat: &Arc<Seat>, run: &Run) -> Option<Result<Summary, Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let sync = async {
        let (path, cancel, stamp) = {
            let world = seat.world();
            let machine = &world.machines[run.machine];
            let seconds = world.now_ns(run.machine) / 1_000_000_000;
            (machine.folder(), machine.run.cancel.clone(), format!("m{}-{seconds}", run.machine))
        };
        let (links, folders) = {
            let world = seat.world();
            (if world.links { Links::Preserve } else { Links::Skip }, world.folders)
        };
        let folder = Arc::new(Folder::open(&path, None)?.with_links(links).with_empty_folders(folders));
        let (page, logging) = {
            let world = seat.world();
            (world.bucket.page.try_into().unwrap(), world.logging.clone())
        };
        let options = Options {
            // The plumbing asks nobody, and the steps decide again by themselves.
            policy: if run.by_steps { Policy::Ignore } else { run.policy },
            max_delete: 50.0,
            force: run.force,
            keep_ignored: false,
            stamp,
            place: "s3://bucket/p".to_owned(),
            cut: Cut { threshold: 128, part: 64, delta: 128, block: 32 },
            jobs: Jobs { up: 3, down: 3 },
            copy_from: 1,
            page,
            logging: Logging { machine: format!("m{}", run.machine).into(), ..logging },
            scope: scope(run),
        };
        let unconditional = seat.world().bucket.unconditional;
        let known = if unconditional { Capabilities::default() } else { Capabilities::ALL };
        let sides = (Arc::clone(&folder), Arc::new(Guarded::new(Line(Arc::clone(seat)), known)));
        let here = || Arc::new(Here(Arc::clone(seat)));
        let engine = Engine::new(sides, here(), here(), cancel, options);
        if run.by_steps {
            return by_steps(&engine, &folder, &Here(Arc::clone(seat))).await;
        }
        let Some(paths) = &run.looks else { return engine.sync().await };
        let hints = Hints { paths: paths.iter().copied().map(str::to_owned).collect(), ..Hints::default() };
        let mut kept = seat.world().machines[run.machine].kept.take();
        let done = engine.sync_where(&Look::Hints(hints), &mut kept).await;
        seat.world().machines[run.machine].kept = kept;
        done
    };
    let done = catch_unwind(AssertUnwindSafe(|| runtime.block_on(sync))).ok();
    drop(runtime);
    done
}

/// A sync as the plumbing does it: `diff-index | push-file | pull-file | write-index`.
async fn by_steps(engine: &Engine<Guarded<Line>>, folder: &Folder, user: &Here) -> Result<Summary, Error> {
    let base = crate::index::load(folder, false)?.index;
    engine.recover(&mut |key| base.get(key.as_str()).and_then(Entry::stat))?;
    let Planning { plan, summary, stopped, .. } = engine.plan(Given::default()).await?;
    if let Some(stopped) = stopped {
        return Err(stopped);
    }
    user.planned(&plan);
    let mut left: Vec<Planned> = plan.actions().chain(&plan.conflicts).cloned().collect();
    let told = Mutex::new(Vec::new());
    for way in [Way::Push, Way::Pull] {
        let (ours, others): (Vec<_>, Vec<_>) = left.drain(..).partition(|planned| way.takes(planned.action));
        left = others;
        let passed = Mutex::new(Vec::new());
        let tell = |carried: Carried| match carried {
            Carried::Ended(planned, result) => {
                if let Ok(done) = *result {
                    let base_version = planned.item.base.as_ref().and_then(|base| base.remote_timestamp);
                    told.lock().unwrap().push(Told { key: planned.item.key, done, base_version });
                }
            }
            Carried::Passed(planned, None) => passed.lock().unwrap().push(*planned),
            _ => {}
        };
        let orders = ours.into_iter().map(|planned| Order::Change(Box::new(planned)));
        engine.carry(way, stream::iter(orders), &tell).await?;
        left.extend(passed.into_inner().unwrap());
    }
    let mut told = told.into_inner().unwrap();
    told.extend(left.into_iter().filter_map(|planned| {
        let base_version = planned.item.base.as_ref().and_then(|base| base.remote_timestamp);
        Some(Told { done: agree(&planned, 1)?, key: planned.item.key, base_version })
    }));
    engine.record(told).await?;
    Ok(summary)
}

/// A machine's clock and dice, and its user, who is told what is planned.
struct Here(Arc<Seat>);

impl Ambient for Here {
    fn now_ns(&self) -> i128 {
        self.0.now_ns()
    }

    fn random(&self) -> u64 {
        self.0.world().dice.next()
    }
}

impl Progress for Here {}

impl Witness for Here {
    fn note(&self, note: Note) {
        if let Note::Recovered(Recovered { fate: Fate::Stuck(_), .. }) = note {
            self.0.world().machines[self.0.machine].run.stuck = true;
        }
    }

    /// A user who answers a conflict for the file gives up the object that is there.
    fn planned(&self, plan: &Plan) {
        let mut world = self.0.world();
        for planned in plan.actions().filter(|planned| planned.decision.action == Some(Action::Conflict)) {
            let Some(seen) = &planned.item.remote else { continue };
            let there = world.bucket.objects.get(planned.item.key.as_str()).filter(|there| there.etag == seen.etag);
            let gives_up = matches!(planned.action, Action::Push | Action::DeleteRemote);
            if let Some(bytes) = there.map(|there| there.bytes.clone()) {
                if gives_up {
                    world.model.release(&bytes, None);
                }
                world.model.roam(&bytes);
            }
        }
    }
}
