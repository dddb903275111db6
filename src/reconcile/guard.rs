//! Guards: a plan that looks like an accident is not carried out before a person has said so.

use super::{Action, Plan, Planned};

/// A side that a plan deletes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The folder.
    Local,
    /// The bucket.
    Remote,
}

/// What the guards go by.
#[derive(Clone, Copy, Debug)]
pub struct Guards {
    /// The share of the keys that one run may delete on a side, in percent.
    pub max_delete: f64,
    /// Number of keys in the base.
    pub known: usize,
    /// Number of files that the scan found.
    pub files: usize,
    /// Number of empty folders that it found, where they are synced.
    pub folders: usize,
    /// Number of keys whose loss the plan may not tell, since the run is about others, or goes the other way.
    pub withheld: usize,
    /// Whether the folder is on another device than when it was last synced.
    pub moved_device: bool,
    /// Number of keys that this run has deleted already, in the bucket and in the folder.
    pub deleted: [usize; 2],
}

/// This many deletions are never a mass, whatever their share.
const FEW: usize = 10;

/// Why a plan was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// The folder held files, and now has none.
    Emptied {
        /// Number of objects that would have been deleted.
        deletions: usize,
    },
    /// The folder is on another device than before, and files of it are missing.
    MovedDevice {
        /// Number of objects that would have been deleted.
        deletions: usize,
    },
    /// Too large a share of the keys would have been deleted.
    MassDeletion {
        /// Where.
        side: Side,
        /// How many.
        deletions: usize,
        /// Of how many.
        known: usize,
    },
}

impl Alarm {
    /// The word for it in records.
    pub fn word(&self) -> &'static str {
        match self {
            Alarm::Emptied { .. } => "emptied",
            Alarm::MovedDevice { .. } => "moved-device",
            Alarm::MassDeletion { .. } => "mass-deletion",
        }
    }

    /// Whether an action is one of those that raised the alarm.
    pub fn concerns(&self, planned: &Planned) -> bool {
        let deletion = match self {
            Alarm::MassDeletion { side: Side::Local, .. } => Action::DeleteLocal,
            _ => Action::DeleteRemote,
        };
        planned.action == deletion && !planned.renamed
    }
}

/// Looks at a plan; renames do not count as deletions.
pub fn guard(plan: &Plan, guards: &Guards) -> Option<Alarm> {
    let of = |action| plan.actions().filter(move |planned| planned.action == action && !planned.renamed);
    let (remote, local) = (of(Action::DeleteRemote).count(), of(Action::DeleteLocal).count());
    // Those whose files are gone; what was ignored is still there.
    let gone = || of(Action::DeleteRemote).filter(|planned| !planned.item.ignored);
    let vanished = gone().count();
    // Of a folder whose drive is not mounted, folders may be left.
    let held_files = gone().any(|planned| !planned.item.key.is_marker());
    if vanished > 0 && guards.files == 0 && (held_files || guards.folders == 0) {
        return Some(Alarm::Emptied { deletions: vanished });
    }
    // What such a run brings would make the next one take all that is gone for deleted.
    if guards.withheld > 0 && guards.files == 0 && guards.folders == 0 && !plan.is_empty() {
        return Some(Alarm::Emptied { deletions: guards.withheld });
    }
    if vanished > 0 && guards.moved_device {
        return Some(Alarm::MovedDevice { deletions: vanished });
    }
    let [deleted_remote, deleted_local] = guards.deleted;
    let sides = [(Side::Remote, remote, deleted_remote), (Side::Local, local, deleted_local)];
    sides.into_iter().filter(|(_, deletions, _)| *deletions > 0).find_map(|(side, deletions, before)| {
        let deletions = deletions + before;
        let too_many = deletions > FEW && deletions as f64 * 100.0 > guards.known as f64 * guards.max_delete;
        too_many.then_some(Alarm::MassDeletion { side, deletions, known: guards.known })
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{base, item};
    use super::super::{Decision, Planned, State};
    use super::*;

    const GUARDS: Guards =
        Guards { max_delete: 50.0, known: 30, files: 5, folders: 0, withheld: 0, moved_device: false, deleted: [0, 0] };

    fn plan(action: Action, count: usize, renamed: bool) -> Plan {
        let decision = Decision { local: State::Deleted, remote: State::Unchanged, action: Some(action) };
        let one = Planned { item: item(Some(base('A', 1)), None, None), decision, action, source: None, renamed };
        Plan { deletions: vec![one; count], ..Plan::default() }
    }

    #[test]
    fn more_than_half_and_more_than_ten_is_a_mass() {
        for (action, side) in [(Action::DeleteRemote, Side::Remote), (Action::DeleteLocal, Side::Local)] {
            assert_eq!(guard(&plan(action, 15, false), &GUARDS), None);
            let alarm = Alarm::MassDeletion { side, deletions: 16, known: 30 };
            assert_eq!(guard(&plan(action, 16, false), &GUARDS), Some(alarm));
            assert_eq!(guard(&plan(action, 16, true), &GUARDS), None);
            assert_eq!(guard(&plan(action, 10, false), &Guards { known: 10, ..GUARDS }), None);
        }
    }

    #[test]
    fn a_run_that_is_not_about_what_is_gone_does_not_hide_it() {
        let arrives = Plan { transfers: plan(Action::Pull, 1, false).deletions, ..Plan::default() };
        let emptied = Guards { files: 0, withheld: 7, ..GUARDS };
        assert_eq!(guard(&arrives, &emptied), Some(Alarm::Emptied { deletions: 7 }));
        assert_eq!(guard(&Plan::default(), &emptied), None);
        assert_eq!(guard(&arrives, &Guards { files: 1, ..emptied }), None);
    }

    #[test]
    fn an_emptied_folder_deletes_nothing() {
        let emptied = Guards { files: 0, ..GUARDS };
        assert_eq!(guard(&plan(Action::DeleteRemote, 1, false), &emptied), Some(Alarm::Emptied { deletions: 1 }));
        assert_eq!(guard(&plan(Action::Pull, 1, false), &emptied), None);
    }

    #[test]
    fn folders_that_are_left_are_no_files_but_one_that_goes_is_no_accident() {
        let emptied = Guards { files: 0, folders: 3, ..GUARDS };
        let mut plan = plan(Action::DeleteRemote, 1, false);
        assert_eq!(guard(&plan, &emptied), Some(Alarm::Emptied { deletions: 1 }));
        plan.deletions[0].item.key = crate::key::Key::parse_any("folder/").unwrap();
        assert_eq!(guard(&plan, &emptied), None);
        assert_eq!(guard(&plan, &Guards { folders: 0, ..emptied }), Some(Alarm::Emptied { deletions: 1 }));
    }

    #[test]
    fn a_folder_whose_files_became_ignored_is_not_empty() {
        let mut plan = plan(Action::DeleteRemote, 1, false);
        plan.deletions[0].item.ignored = true;
        assert_eq!(guard(&plan, &Guards { files: 0, ..GUARDS }), None);
    }

    #[test]
    fn another_device_deletes_nothing() {
        let moved = Guards { moved_device: true, ..GUARDS };
        assert_eq!(guard(&plan(Action::DeleteRemote, 1, false), &moved), Some(Alarm::MovedDevice { deletions: 1 }));
        assert_eq!(guard(&plan(Action::DeleteLocal, 1, false), &moved), None);
    }
}
