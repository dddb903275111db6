//! Who acts: a thread that plays a machine takes a seat, and of all seats one at a time acts. At each system call and each
//! request it may have to pass, a user's edit may come in between, or the machine may die.

use std::cell::RefCell;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::disk::{Disk, Place};
use super::world::{Running, Stop, World};

thread_local! {
    static SEAT: RefCell<Option<Arc<Seat>>> = const { RefCell::new(None) };
}

/// The seat of this thread, if it plays a machine.
pub(crate) fn seat() -> Option<Arc<Seat>> {
    SEAT.with(|seat| seat.borrow().clone())
}

/// The machine is dead: nothing that it still tries has any effect.
#[derive(Debug)]
pub(super) struct Dead;

/// Whose turn it is.
#[derive(Default)]
pub(super) struct Turns {
    /// The machine that acts, and those that still want to.
    state: Mutex<(usize, Vec<usize>)>,
    changed: Condvar,
}

impl Turns {
    pub(super) fn of(machines: &[usize]) -> Turns {
        Turns { state: Mutex::new((machines[0], machines.to_vec())), changed: Condvar::new() }
    }

    fn wait(&self, machine: usize) {
        let state = self.state.lock().unwrap();
        drop(self.changed.wait_while(state, |(turn, _)| *turn != machine).unwrap());
    }

    fn pass(&self, from: usize, choice: usize) {
        let mut state = self.state.lock().unwrap();
        let others: Vec<usize> = state.1.iter().copied().filter(|other| *other != from).collect();
        if let Some(to) = others.get(choice % others.len().max(1)).copied() {
            state.0 = to;
            drop(state);
            self.changed.notify_all();
            self.wait(from);
        }
    }

    fn leave(&self, machine: usize) {
        let mut state = self.state.lock().unwrap();
        state.1.retain(|other| *other != machine);
        if let Some(next) = state.1.first() {
            state.0 = *next;
        }
        drop(state);
        self.changed.notify_all();
    }
}

/// A machine at work. See the module.
pub(crate) struct Seat {
    world: Arc<Mutex<World>>,
    pub(super) machine: usize,
    turns: Arc<Turns>,
}

impl Seat {
    /// Does `work` as a machine, in its turns.
    pub(super) fn take<T>(
        world: &Arc<Mutex<World>>,
        turns: &Arc<Turns>,
        machine: usize,
        work: impl FnOnce(Arc<Seat>) -> T,
    ) -> T {
        struct Taken(Arc<Seat>);
        impl Drop for Taken {
            fn drop(&mut self) {
                SEAT.set(None);
                self.0.turns.leave(self.0.machine);
            }
        }
        let seat = Arc::new(Seat { world: Arc::clone(world), machine, turns: Arc::clone(turns) });
        turns.wait(machine);
        SEAT.set(Some(Arc::clone(&seat)));
        let taken = Taken(Arc::clone(&seat));
        let done = work(seat);
        drop(taken);
        done
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something that the machine is about to do.
    pub(super) fn moment(&self, what: &str) -> Result<(), Dead> {
        let choice = {
            let mut world = self.world();
            let moment = world.machines[self.machine].run.next_moment()?;
            world.pass_time();
            for edit in world.machines[self.machine].run.edits_at(moment) {
                world.edit(&edit);
            }
            match world.machines[self.machine].run.stop_at(moment) {
                None => {}
                Some(Stop::Interrupt) => world.machines[self.machine].run.cancel.cancel(),
                Some(Stop::Full) => world.machines[self.machine].run.full = true,
                Some(stop) => {
                    world.note(|| format!("machine {} dies at moment {moment}, before {what}: {stop:?}", self.machine));
                    world.kill(self.machine, stop);
                    return Err(Dead);
                }
            }
            let Running { switch, waits, .. } = world.machines[self.machine].run;
            let passes = waits == Some(moment) || world.dice.percent(switch);
            passes.then(|| world.dice.roll(64))
        };
        if let Some(choice) = choice {
            self.turns.pass(self.machine, choice);
        }
        Ok(())
    }

    /// Whether there is no room for anything new.
    pub(super) fn is_full(&self) -> bool {
        self.world().machines[self.machine].run.full
    }

    pub(super) fn disk<T>(&self, with: impl FnOnce(&mut Disk, i128) -> T) -> T {
        let mut world = self.world();
        let now = world.now_ns(self.machine);
        with(&mut world.machines[self.machine].disk, now)
    }

    /// A file has got a name: nobody may see half of one.
    pub(super) fn appeared(&self, place: &Place) {
        self.world().look_at(self.machine, &place.0);
    }

    /// How much of a read comes at once.
    pub(super) fn mouthful(&self, wanted: usize) -> usize {
        let most = 16 + self.world().dice.roll(64);
        wanted.min(most)
    }

    pub(super) fn now_ns(&self) -> i128 {
        self.world().now_ns(self.machine)
    }

    pub(super) fn wait(&self, time: Duration) {
        self.world().time += i128::try_from(time.as_nanos()).unwrap();
    }
}
