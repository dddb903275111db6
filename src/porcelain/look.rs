//! A look at a target, or at places in it, that changes nothing: what differs, and what a sync would do about it.

use std::sync::Arc;

use super::aim::Place;
use crate::config::Target;
use crate::context::Context;
use crate::engine::{self, Engine, Given, Looked, Options, Planning, Scope, Summary};
use crate::error::{Error, Kind};
use crate::index::Index;
use crate::key::Key;
use crate::local::Folder;
use crate::near;
use crate::reconcile::{Action, Planned, Policy};
use crate::remote::{Guarded, S3Store};
use crate::report::quoted;
use crate::run::{self, explain};
use crate::session::Session;
use crate::transfer::{Cancel, Failure};
use crate::ui::Notes;
use crate::ui::text::printable;

/// All that differs, and what else there is to know of it.
#[derive(Debug, Default)]
pub(super) struct Whole {
    /// What a sync would do, in the order of the keys; conflicts are not answered.
    pub(super) planned: Vec<Planned>,
    /// What was met on the way.
    pub(super) summary: Summary,
    /// Why a sync would not do it: a guard.
    pub(super) stopped: Option<engine::Error>,
    /// The local index as it is.
    pub(super) base: Index,
}

/// What differs in some places.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// What a sync would do, in the order of the keys; conflicts are not answered.
    pub(super) planned: Vec<Planned>,
    /// Keys that could not be looked into, and why.
    pub(super) failed: Vec<(Key, Failure)>,
}

/// The engine of a target, which sees everything, or what is in `scope`. It answers no conflict.
pub(super) fn engine(
    context: &Context,
    target: &Target,
    session: &Session,
    (cancel, scope): (&Cancel, Scope),
) -> Engine<Guarded<S3Store>> {
    let options = Options { scope, ..run::options(context, target, Policy::Ignore, false) };
    let sides = (Arc::clone(&session.folder), Arc::clone(&session.store));
    Engine::new(sides, Arc::new(context.clock), Arc::new(Notes(Arc::clone(&context.ui))), cancel.clone(), options)
}

/// Looks at everything.
///
/// # Errors
///
/// When a side cannot be looked at.
pub(super) async fn whole(
    engine: &Engine<Guarded<S3Store>>,
    (command, target): (&str, &Target),
) -> Result<Whole, Error> {
    let planning = engine.plan(Given::default()).await.map_err(|error| explain(command, target, error))?;
    let Planning { plan, summary, stopped, base, .. } = planning;
    let actions = plan.make_way.into_iter().chain(plan.transfers).chain(plan.deletions);
    let mut planned: Vec<Planned> = actions.chain(plan.conflicts).collect();
    planned.sort_by(|one, other| one.item.key.cmp(&other.item.key));
    Ok(Whole { planned, summary, stopped, base })
}

/// Looks at places; at everything, if there are none. Single keys are looked at by themselves, which takes no listing.
///
/// # Errors
///
/// When a side cannot be looked at, and for a key that never was.
pub(super) async fn look(
    engine: &Engine<Guarded<S3Store>>,
    (command, target): (&str, &Target),
    places: &[Place],
) -> Result<Look, Error> {
    let is_key = |place: &Place| if let Place::Key(key) = place { Some(key.clone()) } else { None };
    let keys: Option<Vec<Key>> = places.iter().map(is_key).collect();
    if let Some(mut keys) = keys.filter(|keys| !keys.is_empty()) {
        keys.sort();
        keys.dedup();
        let Looked { planned, absent, failed } =
            engine.look_at_keys(keys).await.map_err(|error| explain(command, target, error))?;
        return match absent.first() {
            Some(key) => Err(unheard_of(key.as_str(), target, engine.folder())),
            None => Ok(Look { planned, failed }),
        };
    }
    let look = of_places(whole(engine, (command, target)).await?, places);
    look.map_err(|key| unheard_of(key.as_str(), target, engine.folder()))
}

/// What a plan has of places; the key of which there is nothing, if there is one.
fn of_places(whole: Whole, places: &[Place]) -> Result<Look, Key> {
    let Whole { mut planned, summary, base, .. } = whole;
    let mut failed = summary.failed;
    for place in places {
        let Place::Key(key) = place else { continue };
        let is_planned = planned.iter().any(|planned| planned.item.key == *key);
        let is_known = base.get(key.as_str()).is_some_and(|entry| !entry.is_tombstone());
        if !is_planned && !is_known && !failed.iter().any(|(failed, _)| failed == key) {
            return Err(key.clone());
        }
    }
    if !places.is_empty() {
        // What is a folder here may be a file there.
        let names = |place: &Place, key: &Key| matches!(place, Place::Folder(name) if name == key.as_str());
        let is_meant = |key: &Key| places.iter().any(|place| place.has(key.as_str()) || names(place, key));
        planned.retain(|planned| is_meant(&planned.item.key));
        failed.retain(|(key, _)| is_meant(key));
    }
    Ok(Look { planned, failed })
}

/// The error for a key, or a folder, of which there is nothing.
pub(super) fn unheard_of(name: &str, target: &Target, folder: &Folder) -> Error {
    let unknown = format!("there is no \"{}\" in \"{}\"", printable(name), printable(&target.name));
    let hint = match near::known_key(folder, name) {
        Some(near) => near::meant(&near),
        None => format!("see what there is: s4 ls {}; a folder ends in '/'", quoted(&target.name)),
    };
    Error::new(Kind::Failed, unknown).hint(hint)
}

/// Whether the sides differ in more than what the indexes say.
pub(super) fn differs(planned: &Planned) -> bool {
    !matches!(planned.action, Action::Adopt | Action::Forget)
}

/// Whether somebody has to answer first.
pub(super) fn is_conflict(planned: &Planned) -> bool {
    matches!(planned.action, Action::Conflict | Action::MoveAside)
}

/// Why a key could not be looked into.
pub(super) fn unseen(key: &Key, failure: &Failure) -> Error {
    Error::new(Kind::Failed, format!("cannot look into \"{}\": {}", printable(key.as_str()), failure.reasons()))
}
