//! What happens in a simulation, as data: made of a seed, printed as the code that makes it, and made shorter.

use super::dice::Dice;
use super::world::Stop;
use crate::engine::Way;
use crate::reconcile::Policy;

/// Few names, so that everything meets: files, folders, each other's places.
pub(super) const NAMES: [&str; 8] = ["a", "b", "c", "a/x", "a/y", "c/d", "c/d/e", "odd \u{e9}+%41.txt"];
/// Folders among them.
pub(super) const FOLDERS: [&str; 4] = ["a", "c", "c/d", "moved"];
/// What users write into `.syncignore`.
pub(super) const RULES: [&str; 7] = ["", "b\n", "c/\n", "/a\n", "*.txt\n!c\n", LONG[0], LONG[1]];
/// Rules that no single read brings whole, of equal size.
pub(super) const LONG: [&str; 2] = [
    "first-00\nfirst-01\nfirst-02\nfirst-03\nfirst-04\nfirst-05\nfirst-06\nfirst-07\nfirst-08\nfirst-09\nfirst-10\nfirst-11\nfirst-12\nfirst-13\nfirst-14\nfirst-15\nfirst-16\nfirst-17\nfirst-18\nfirst-19\nfirst-20\nfirst-21\n",
    "other-00\nother-01\nother-02\nother-03\nother-04\nother-05\nother-06\nother-07\nother-08\nother-09\nother-10\nother-11\nother-12\nother-13\nother-14\nother-15\nother-16\nother-17\nother-18\nother-19\nother-20\nother-21\n",
];

/// Something that a user, another tool or the world does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Edit {
    /// A new content for a key, in place or by way of another name.
    Write {
        machine: usize,
        key: &'static str,
        size: usize,
        by_rename: bool,
    },
    /// A symbolic link in place of whatever file is there: its path is the new content.
    Link {
        machine: usize,
        key: &'static str,
        size: usize,
    },
    MakeFolder {
        machine: usize,
        key: &'static str,
    },
    /// Another content of the same size, in place; `dated`: with the time of the old one, as `cp -p` and `rsync -t` give it.
    SameSize {
        machine: usize,
        key: &'static str,
        dated: bool,
    },
    Append {
        machine: usize,
        key: &'static str,
    },
    Truncate {
        machine: usize,
        key: &'static str,
    },
    /// Some bytes in the middle become others, as a database does it.
    Patch {
        machine: usize,
        key: &'static str,
    },
    Touch {
        machine: usize,
        key: &'static str,
    },
    /// Permissions, 6 or 4 for all.
    Chmod {
        machine: usize,
        key: &'static str,
        writable: bool,
    },
    /// A file, or a folder with all that is in it.
    Remove {
        machine: usize,
        key: &'static str,
    },
    Rename {
        machine: usize,
        from: &'static str,
        to: &'static str,
    },
    /// A copy with its time, as `cp -p`.
    Copy {
        machine: usize,
        from: &'static str,
        to: &'static str,
    },
    /// An editor that keeps a file open, and one that writes more into the file that it has open.
    Open {
        machine: usize,
        key: &'static str,
    },
    WriteOpen {
        machine: usize,
    },
    Rules {
        machine: usize,
        rules: usize,
    },
    /// Another tool in the bucket.
    Put {
        key: &'static str,
        size: usize,
    },
    Delete {
        key: &'static str,
    },
    PutRules {
        rules: usize,
    },
    /// The index of a machine, or of the bucket: gone, an older one, as S4 0.4 would have it, or cut off.
    Index {
        of: Option<usize>,
        becomes: Becomes,
    },
    /// The copy of the remote index that a machine keeps is gone.
    LoseCopy {
        machine: usize,
    },
    /// Something befalls a change log: a machine's, or the bucket's.
    Log {
        of: Option<usize>,
        becomes: Becomes,
    },
    /// A clock is put forward, or back: a machine's, or the server's.
    Clock {
        of: Option<usize>,
        seconds: i64,
    },
    /// Time goes by.
    Wait {
        milliseconds: u32,
    },
    /// A write that was on its way arrives.
    Arrive,
}

impl Edit {
    pub(super) fn is_about_rules(&self) -> bool {
        matches!(self, Edit::Rules { .. } | Edit::PutRules { .. })
    }

    /// Where a watcher would see it: the machine, and a path at or above each that it is about.
    fn seen(&self) -> Vec<(usize, &'static str)> {
        let top = |key: &'static str| key.split('/').next().unwrap_or(key);
        match self {
            Edit::Write { machine, key, .. }
            | Edit::Link { machine, key, .. }
            | Edit::MakeFolder { machine, key }
            | Edit::SameSize { machine, key, .. }
            | Edit::Append { machine, key }
            | Edit::Truncate { machine, key }
            | Edit::Patch { machine, key }
            | Edit::Touch { machine, key }
            | Edit::Chmod { machine, key, .. }
            | Edit::Remove { machine, key }
            | Edit::Open { machine, key } => vec![(*machine, top(key))],
            Edit::Rename { machine, from, to } | Edit::Copy { machine, from, to } => {
                vec![(*machine, top(from)), (*machine, top(to))]
            }
            Edit::WriteOpen { machine } => NAMES.iter().map(|key| (*machine, top(key))).collect(),
            Edit::Rules { machine, .. } => vec![(*machine, crate::key::IGNORE)],
            _ => Vec::new(),
        }
    }

    fn is_in_the_bucket(&self) -> bool {
        matches!(
            self,
            Edit::Put { .. }
                | Edit::Delete { .. }
                | Edit::PutRules { .. }
                | Edit::Arrive
                | Edit::Index { of: None, .. }
                | Edit::Log { of: None, .. }
        )
    }
}

/// What becomes of an index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Becomes {
    Gone,
    Older(usize),
    OfOld,
    CutOff,
}

/// One machine's part in a sync.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) machine: usize,
    pub(super) policy: Policy,
    pub(super) force: bool,
    /// At which of its moments it dies or is interrupted.
    pub(super) stop: Option<(u32, Stop)>,
    /// What happens at which of its moments.
    pub(super) edits: Vec<(u32, Edit)>,
    /// How many of a hundred requests go wrong.
    pub(super) faults: u8,
    /// Whether it syncs as the plumbing does it, step by step.
    pub(super) by_steps: bool,
    /// At which of its moments it lets another machine go on.
    pub(super) waits: Option<u32>,
    /// Where alone it looks in the folder, as a daemon does, rightly or not; `None`: at everything.
    pub(super) looks: Option<Vec<&'static str>>,
    /// The only direction that it carries changes in.
    pub(super) way: Option<Way>,
    /// What the keys begin with that it is about; `None`: all.
    pub(super) only: Option<&'static str>,
}

/// What happens next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Do(Edit),
    /// Machines sync at once; in so many of a hundred moments another one goes on.
    Sync {
        runs: Vec<Run>,
        switch: u8,
        seed: u64,
    },
}

/// A whole simulation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Script {
    pub(super) machines: usize,
    /// Whether ETags tell nothing about contents.
    pub(super) opaque: bool,
    /// Whether writes are made without conditions, after a look. Then no two machines are at work at once.
    pub(super) unconditional: bool,
    pub(super) page: usize,
    /// Whether machines look at the end only at what others have told: all else was hinted at.
    pub(super) daemons: bool,
    /// Whether symbolic links are synced, and made; and empty folders.
    pub(super) links: bool,
    pub(super) folders: bool,
    pub(super) steps: Vec<Step>,
}

/// What a script is made of.
struct Mood {
    machines: usize,
    faults: u8,
    stops: u8,
    edits_within: usize,
    foreign: bool,
    indexes: bool,
    rules: bool,
    clocks: bool,
    keys: usize,
    unconditional: bool,
    links: bool,
    folders: bool,
}

/// Whether there are links, and whether empty folders: by the seed itself, so that the other stories are as they ever were.
fn kinds(seed: u64) -> (bool, bool) {
    (matches!(seed % 5, 1 | 3), matches!(seed % 5, 2 | 3))
}

impl Script {
    pub(super) fn of(seed: u64, steps: usize) -> Script {
        let (mut dice, (links, folders)) = (Dice::new(seed), kinds(seed));
        let mood = Mood {
            machines: 2 + dice.roll(3),
            faults: dice.pick(&[0, 0, 3, 10, 30]),
            stops: dice.pick(&[0, 15, 40]),
            edits_within: dice.pick(&[0, 1, 3]),
            foreign: dice.percent(50),
            indexes: dice.percent(40),
            rules: dice.percent(25),
            clocks: dice.percent(40),
            keys: dice.pick(&[2, 4, NAMES.len()]),
            unconditional: dice.percent(10),
            links,
            folders,
        };
        let (opaque, page) = (dice.percent(30), dice.pick(&[2, 3, 1_000]));
        let steps = (0..steps).map(|_| mood.step(&mut dice)).collect();
        let (machines, unconditional) = (mood.machines, mood.unconditional);
        Script { machines, opaque, unconditional, page, daemons: false, links, folders, steps }
    }

    /// Machines with daemons that see each edit: whoever edits looks there, and the others at what that one has told.
    pub(super) fn of_daemons(seed: u64, edits: usize) -> Script {
        let (mut dice, (links, folders)) = (Dice::new(seed), kinds(seed));
        let mood = Mood {
            machines: 2 + dice.roll(2),
            faults: 0,
            stops: 0,
            edits_within: 0,
            foreign: false,
            indexes: false,
            rules: dice.percent(25),
            clocks: false,
            keys: dice.pick(&[2, 4, NAMES.len()]),
            unconditional: false,
            links,
            folders,
        };
        let run = |machine, looks| Run { looks, ..Run::calm(machine) };
        let mut steps = Vec::new();
        for _ in 0..edits {
            let edit = mood.edit(&mut dice);
            let seen = edit.seen();
            steps.push(Step::Do(edit));
            for machine in 0..mood.machines {
                let looks = seen.iter().filter(|(at, _)| *at == machine).map(|(_, path)| *path).collect();
                let seed = dice.next() >> 40;
                steps.push(Step::Sync { runs: vec![run(machine, Some(looks))], switch: 0, seed });
            }
            // Whoever comes after has told something new.
            steps.push(Step::Sync { runs: vec![run(0, Some(Vec::new()))], switch: 0, seed: 0 });
        }
        let page = dice.pick(&[3, 1_000]);
        let (machines, opaque) = (mood.machines, dice.percent(30));
        Script { machines, opaque, unconditional: false, page, daemons: true, links, folders, steps }
    }

    /// Whether anything in it makes deletions forgettable, or keys out of bounds.
    pub(super) fn has(&self, what: impl Fn(&Edit) -> bool) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Do(edit) => what(edit),
            Step::Sync { runs, .. } => runs.iter().flat_map(|run| &run.edits).any(|(_, edit)| what(edit)),
        })
    }

    /// Whether no content that somebody still wants has a reason to be put away: conflicts are answered by keeping both, and
    /// nobody saves a file twice while it is being replaced.
    pub(super) fn keeps_all(&self) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Do(_) => true,
            Step::Sync { runs, .. } => runs.iter().all(|run| run.policy == Policy::KeepBoth && run.edits.len() < 2),
        })
    }

    /// The code that makes it.
    pub(super) fn as_code(&self) -> String {
        format!("{self:?}").replace('[', "vec![").replace("Do(", "Step::Do(Edit::").replace("Sync {", "Step::Sync {")
    }

    /// Scripts that are a little shorter or calmer, the shortest first.
    pub(super) fn shorter(&self) -> Vec<Script> {
        let with = |steps: Vec<Step>| Script { steps, ..self.clone() };
        let mut shorter = Vec::new();
        // There, what was hinted at belongs to the edit.
        let unit = if self.daemons { self.machines + 2 } else { 1 };
        let mut size = self.steps.len() / unit / 2;
        while size > 0 {
            for at in (0..self.steps.len()).step_by(size * unit) {
                let mut steps = self.steps.clone();
                steps.drain(at..self.steps.len().min(at + size * unit));
                shorter.push(with(steps));
            }
            size /= 2;
        }
        if self.daemons {
            return shorter;
        }
        for (at, step) in self.steps.iter().enumerate() {
            let Step::Sync { runs, switch, seed } = step else { continue };
            let mut put = |runs: Vec<Run>, switch: u8| {
                let mut steps = self.steps.clone();
                steps[at] = Step::Sync { runs, switch, seed: *seed };
                shorter.push(with(steps));
            };
            if *switch > 0 {
                put(runs.clone(), 0);
            }
            for number in 0..runs.len() {
                if runs.len() > 1 {
                    let mut fewer = runs.clone();
                    fewer.remove(number);
                    put(fewer, *switch);
                }
                for calmer in runs[number].calmer() {
                    let mut runs = runs.clone();
                    runs[number] = calmer;
                    put(runs, *switch);
                }
            }
        }
        if self.links && !self.has(|edit| matches!(edit, Edit::Link { .. })) {
            shorter.push(Script { links: false, ..self.clone() });
        }
        if self.folders && !self.has(|edit| matches!(edit, Edit::MakeFolder { .. })) {
            shorter.push(Script { folders: false, ..self.clone() });
        }
        if self.opaque {
            shorter.push(Script { opaque: false, ..self.clone() });
        }
        if self.page < 1_000 {
            shorter.push(Script { page: 1_000, ..self.clone() });
        }
        shorter
    }
}

impl Run {
    /// A run of which nothing disturbs the course.
    pub(super) fn calm(machine: usize) -> Run {
        Run {
            machine,
            policy: Policy::KeepBoth,
            force: true,
            stop: None,
            edits: Vec::new(),
            faults: 0,
            by_steps: false,
            waits: None,
            looks: None,
            way: None,
            only: None,
        }
    }

    fn calmer(&self) -> Vec<Run> {
        let mut calmer = Vec::new();
        if self.faults > 0 {
            calmer.push(Run { faults: 0, ..self.clone() });
        }
        if self.looks.is_some() {
            calmer.push(Run { looks: None, ..self.clone() });
        }
        if self.way.is_some() {
            calmer.push(Run { way: None, ..self.clone() });
        }
        if self.only.is_some() {
            calmer.push(Run { only: None, ..self.clone() });
        }
        if self.by_steps {
            calmer.push(Run { by_steps: false, ..self.clone() });
        }
        if self.stop.is_some() {
            calmer.push(Run { stop: None, ..self.clone() });
        }
        if let Some((at, Stop::Power)) = self.stop {
            calmer.push(Run { stop: Some((at, Stop::Kill)), ..self.clone() });
        }
        for at in 0..self.edits.len() {
            let mut edits = self.edits.clone();
            edits.remove(at);
            calmer.push(Run { edits, ..self.clone() });
        }
        calmer
    }
}

impl Mood {
    fn step(&self, dice: &mut Dice) -> Step {
        if dice.percent(55) {
            return Step::Do(self.edit(dice));
        }
        let many = if self.unconditional { 1 } else { dice.pick(&[1, 1, 1, 2, 2, self.machines]) };
        let mut machines: Vec<usize> = (0..self.machines).collect();
        let runs = (0..many).map(|_| {
            let machine = machines.swap_remove(dice.roll(machines.len()));
            self.run(machine, dice)
        });
        Step::Sync { runs: runs.collect(), switch: dice.pick(&[1, 10, 40]), seed: dice.next() >> 40 }
    }

    fn run(&self, machine: usize, dice: &mut Dice) -> Run {
        let policies = [Policy::KeepBoth, Policy::KeepBoth, Policy::KeepBoth, Policy::Ignore, Policy::Ignore];
        let answers = [Policy::Local, Policy::Remote, Policy::Newest];
        let stop = dice.percent(self.stops).then(|| {
            let stop = dice.pick(&[Stop::Kill, Stop::Kill, Stop::Power, Stop::Interrupt, Stop::Full]);
            (moment(dice), stop)
        });
        let edits = (0..dice.roll(self.edits_within + 1)).map(|_| (moment(dice), self.edit(dice)));
        // Between a look and a write there is a window that nothing closes.
        // Between the moment in which a pulled file gets its name and the look at what it is then, some microseconds, nothing
        // tells a content that is given the old time from that name's coming.
        let edits = edits.map(|(moment, edit)| match edit {
            Edit::SameSize { machine, key, .. } => (moment, Edit::SameSize { machine, key, dated: false }),
            edit => (moment, edit),
        });
        let edits = edits.filter(|(_, edit)| !(self.unconditional && edit.is_in_the_bucket())).collect();
        Run {
            machine,
            policy: if dice.percent(10) { dice.pick(&answers) } else { dice.pick(&policies) },
            edits,
            stop,
            force: dice.percent(80),
            faults: self.faults,
            by_steps: dice.percent(25),
            waits: None,
            looks: dice.percent(25).then(|| {
                let paths = NAMES.iter().chain(&FOLDERS).copied().filter(|_| dice.percent(30));
                paths.collect()
            }),
            way: dice.percent(10).then(|| dice.pick(&[Way::Push, Way::Pull])),
            only: dice.percent(10).then(|| dice.pick(&NAMES)),
        }
    }

    fn edit(&self, dice: &mut Dice) -> Edit {
        let machine = dice.roll(self.machines);
        let key = NAMES[dice.roll(self.keys)];
        let size = dice.pick(&[1, 10, 30, 30, 150, 300]);
        match dice.roll(100) {
            0..30 if self.links && dice.percent(30) => Edit::Link { machine, key, size },
            0..30 if self.folders && dice.percent(20) => Edit::MakeFolder { machine, key: dice.pick(&FOLDERS) },
            47..58 if self.folders && dice.percent(30) => Edit::Remove { machine, key: dice.pick(&FOLDERS) },
            0..30 => Edit::Write { machine, key, size, by_rename: dice.percent(50) },
            30..36 => Edit::SameSize { machine, key, dated: dice.percent(40) },
            36..40 => Edit::Append { machine, key },
            40..42 => Edit::Truncate { machine, key },
            42..45 => Edit::Touch { machine, key },
            45..47 => Edit::Chmod { machine, key, writable: dice.percent(50) },
            47..58 => Edit::Remove { machine, key },
            58..66 => Edit::Rename { machine, from: key, to: NAMES[dice.roll(self.keys)] },
            66..69 => Edit::Rename { machine, from: dice.pick(&FOLDERS), to: dice.pick(&FOLDERS) },
            69..71 => Edit::Copy { machine, from: key, to: NAMES[dice.roll(self.keys)] },
            71..73 => Edit::Open { machine, key },
            73..75 => Edit::WriteOpen { machine },
            75..79 if self.foreign => Edit::Put { key, size },
            79..82 if self.foreign => Edit::Delete { key },
            82..86 if self.rules => Edit::Rules { machine, rules: dice.roll(RULES.len()) },
            86 if self.rules && self.foreign => Edit::PutRules { rules: dice.roll(RULES.len()) },
            87..91 if self.indexes => {
                let of = dice.percent(60).then_some(machine);
                let older = Becomes::Older(dice.roll(4));
                Edit::Index { of, becomes: dice.pick(&[Becomes::Gone, older, older, Becomes::OfOld, Becomes::CutOff]) }
            }
            91 if self.indexes && dice.percent(50) => Edit::LoseCopy { machine },
            91 if self.indexes => {
                let of = dice.percent(50).then_some(machine);
                let older = Becomes::Older(dice.roll(4));
                Edit::Log { of, becomes: dice.pick(&[Becomes::Gone, older, older, Becomes::CutOff]) }
            }
            92..95 if self.clocks => {
                let seconds = dice.pick(&[-7_200, -3_600, -60, -1, 1, 60, 3_600, 86_400]);
                Edit::Clock { of: dice.percent(75).then_some(machine), seconds }
            }
            95 => Edit::Arrive,
            96 | 97 => Edit::Patch { machine, key },
            _ => Edit::Wait { milliseconds: dice.pick(&[1, 10, 500, 2_000, 10_000]) },
        }
    }
}

/// A moment within a sync: most have some hundreds.
fn moment(dice: &mut Dice) -> u32 {
    let most = dice.pick(&[20, 100, 300, 600]);
    1 + u32::try_from(dice.roll(most)).unwrap()
}
