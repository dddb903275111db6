//! From what is wanted to a plan that nothing in the folder objects to.

use std::collections::BTreeMap;

use super::bucket::{explain, keeps_none, versions_of};
use super::wish::{RestorePlan, Step, Wish, plan};
use super::{by_key, is_ours};
use crate::config::Target;
use crate::error::{Error, Kind};
use crate::key::Key;
use crate::near;
use crate::reconcile::{self, Action, Alarm, Decision, Guards, Plan, Planned, State, examine};
use crate::remote::{S3Store, Version};
use crate::report::quoted;
use crate::ui::text::printable;

/// Where something is to be restored.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// These keys.
    pub keys: Vec<Key>,
    /// All that begins with one of these.
    pub prefixes: Vec<String>,
}

/// Asks the bucket for its past, and decides what is to be done. `nearest` tells the key that is near to an unknown one.
///
/// # Errors
///
/// When the bucket cannot be used or keeps no versions, or a key that is named never was.
pub async fn prepare(
    target: &Target,
    store: &S3Store,
    scope: &Scope,
    (wish, aside): (&Wish, bool),
    nearest: &dyn Fn(&str) -> Option<String>,
) -> Result<RestorePlan, Error> {
    let mut versions: Vec<Version> = Vec::new();
    for key in &scope.keys {
        versions.extend(versions_of(store, key).await.map_err(|error| explain(target, error))?);
    }
    for prefix in &scope.prefixes {
        let mut take = |page: Vec<Version>| {
            versions.extend(page.into_iter().filter(|version| is_ours(&version.name)));
            true
        };
        store.each_version(prefix, &mut take).await.map_err(|error| explain(target, error))?;
    }
    // Places may lie within each other.
    versions.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    versions.dedup_by(|one, other| one.name == other.name && one.id == other.id);
    if keeps_none(store, &versions).await {
        let name = quoted(&target.name);
        let message = format!("the bucket of \"{}\" keeps no versions, so nothing of it can come back", target.name);
        return Err(Error::new(Kind::Failed, message).hint(format!(
            "what syncs removed or replaced on this machine: s4 trash list {name}; and from now on the bucket keeps versions by: \
             s4 edit {name} --versioning on"
        )));
    }
    let keys: BTreeMap<Box<str>, Vec<Version>> = by_key(versions);
    let is_named = |name: &str| scope.keys.iter().any(|key| key.as_str() == name);
    if let Some(never) = scope.keys.iter().find(|key| !keys.contains_key(key.as_str())) {
        let (key, name) = (printable(never.as_str()), printable(&target.name));
        let hint = match nearest(never.as_str()) {
            Some(near) => near::meant(&near),
            None => format!("see what there was: s4 log {}", quoted(&target.name)),
        };
        return Err(Error::new(Kind::Failed, format!("there never was \"{key}\" in \"{name}\"")).hint(hint));
    }
    Ok(plan(&keys, wish, &is_named, aside))
}

/// What a guard says of a plan: deletions that look like an accident. `known`: number of keys that there are.
pub fn alarm(plan: &RestorePlan, known: usize, max_delete: f64) -> Option<(Alarm, Vec<Key>)> {
    let decision = Decision { local: State::Unchanged, remote: State::Unchanged, action: Some(Action::DeleteRemote) };
    let deletions = plan.steps.iter().filter(|restoring| restoring.step == Step::Delete).map(|restoring| Planned {
        item: examine(&restoring.key, None, None, None, None),
        decision,
        action: Action::DeleteRemote,
        source: None,
        renamed: false,
    });
    let whole = Plan { deletions: deletions.collect(), ..Plan::default() };
    // The folder is as it was: what these two guards look for is not what happens here.
    let guards =
        Guards { max_delete, known, files: usize::MAX, folders: 0, withheld: 0, moved_device: false, deleted: [0, 0] };
    let alarm = reconcile::guard(&whole, &guards)?;
    Some((alarm, whole.deletions.into_iter().map(|planned| planned.item.key).collect()))
}
