//! The run of a restore: plan, show, ask, carry out, tell.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use s4_commands::porcelain::restore::RestoreArgs;

use super::agreed;
use super::aim::Aim;
use super::aside::Aside;
use crate::context::Context;
use crate::engine::{Engine, Summary};
use crate::error::{Error, ExitCode};
use crate::history::{self, Here, RestorePlan, Scope, Wish};
use crate::interrupt;
use crate::key::Key;
use crate::near;
use crate::reconcile::Policy;
use crate::remote::{Guarded, S3Store};
use crate::run::{self, explain};
use crate::session::{Session, folder_error};
use crate::transfer::{Cancel, Failure};
use crate::ui::looks::Looks;
use crate::ui::restore::{self as view, Failed, RestoreView};
use crate::ui::run::alarm;
use crate::ui::{Moves, Notes};

/// One restore.
pub(super) struct Job<'a> {
    context: &'a Context,
    args: &'a RestoreArgs,
    aim: &'a Aim,
    session: &'a Session,
    engine: Engine<Guarded<S3Store>>,
    cancel: Cancel,
    /// The share of the keys that may be deleted, in percent.
    max_delete: f64,
}

impl<'a> Job<'a> {
    /// Makes ready. To be called within the runtime.
    pub(super) fn new(context: &'a Context, args: &'a RestoreArgs, aim: &'a Aim, session: &'a Session) -> Job<'a> {
        let cancel = Cancel::default();
        let options = run::options(context, &aim.target, Policy::Ignore, args.force);
        let max_delete = options.max_delete;
        let sides = (Arc::clone(&session.folder), Arc::clone(&session.store));
        let (ui, ambient) = (Arc::clone(&context.ui), Arc::new(context.clock));
        let engine = match args.json {
            true => Engine::new(sides, ambient, Arc::new(Notes(ui)), cancel.clone(), options),
            false => {
                let moves = Arc::new(Moves::new(ui, &aim.target.name));
                Engine::new(sides, ambient, moves, cancel.clone(), options)
            }
        };
        Job { context, args, aim, session, engine, cancel, max_delete }
    }

    /// Does it.
    ///
    /// # Errors
    ///
    /// Whatever stops all of it; keys that fail are told.
    pub(super) async fn run(&self, wish: &Wish, scope: &Scope, mut aside: Option<Aside>) -> Result<ExitCode, Error> {
        let wanted = (wish, aside.is_some());
        let (store, near) = (self.session.store.store(), |key: &str| near::known_key(&self.session.folder, key));
        let mut plan = history::prepare(&self.aim.target, store, scope, wanted, &near).await?;
        let mut stopped = None;
        if aside.is_none() {
            let here = self.here(false)?;
            here.object(&mut plan);
            stopped = history::alarm(&plan, here.known(), self.max_delete).filter(|_| !self.args.force);
        }
        self.show(&plan);
        if let Some((what, keys)) = stopped {
            return Err(alarm(&what, &keys, "the same once more, with --force"));
        }
        if self.args.dry_run || plan.steps.is_empty() {
            return Ok(self.tell(&plan, None, aside.as_ref()));
        }
        if !self.args.yes && !agreed(self.context, "Restore this? [y/N]: ", self.args.json)? {
            self.context.ui.note("Nothing has been changed");
            return Ok(ExitCode::Failed);
        }
        let _interrupts = interrupt::watch(&self.cancel, &self.context.ui)?;
        let began = Instant::now();
        let failed = match &mut aside {
            Some(aside) => self.carry_aside(&plan, aside).await?,
            None => self.carry(&mut plan).await?,
        };
        let code = self.tell(&plan, Some(&failed), aside.as_ref());
        if !self.args.json {
            let is_interrupted = self.cancel.is_cancelled();
            self.context.ui.relate(&view::closing(&plan, &failed, is_interrupted, began.elapsed()));
        }
        Ok(code)
    }

    /// The folder as it is now. `heal`: the lock is held.
    fn here(&self, heal: bool) -> Result<Here, Error> {
        let base = self.engine.base(heal).map_err(|error| explain("restore", &self.aim.target, error))?;
        Here::new(Arc::clone(&self.session.folder), base).map_err(folder_error)
    }

    fn show(&self, plan: &RestorePlan) {
        if self.args.json {
            return;
        }
        if plan.steps.is_empty() {
            self.context.ui.say("Nothing to restore");
        } else {
            self.context.ui.show(&view::plan(plan, &Looks::new(&self.context.ui, &self.args.looks)));
        }
        view::refused(&self.context.ui, plan);
    }

    /// In the bucket first, where each step has its condition, and then here, by a sync of what was done there.
    async fn carry(&self, plan: &mut RestorePlan) -> Result<Failed, Error> {
        let _lock = self.session.lock(self.context, &self.cancel)?;
        // Once more: somebody may have edited something while the question stood.
        self.here(true)?.object(plan);
        let view = self.view(plan);
        history::in_bucket(&self.session.store, &plan.steps, &self.cancel, &view).await;
        let ended = view.close();
        let done = ended.iter().filter(|(_, result)| result.is_ok()).map(|(key, _)| key.clone());
        let synced = self.engine.sync_keys(done.collect()).await;
        let summary = synced.map_err(|error| explain("restore", &self.aim.target, error))?;
        let mut failed = unended(plan, ended);
        let Summary { failed: behind, conflicts, .. } = summary;
        let behind = behind.into_iter().map(|(key, failure)| (key, failure.reasons()));
        let conflicts = conflicts.into_iter().map(|it| (it.item.key, "something else is there".to_owned()));
        failed.extend(
            behind
                .chain(conflicts)
                .map(|(key, why)| (key, Some(format!("it is done in the bucket, and not here yet: {why}")))),
        );
        Ok(failed)
    }

    async fn carry_aside(&self, plan: &RestorePlan, aside: &mut Aside) -> Result<Failed, Error> {
        let within = aside.within().cloned();
        let folder = aside.folder(self.aim)?;
        let place = |key: &Key| Aside::place(within.as_ref(), key);
        let view = self.view(plan);
        history::aside(self.session.store.store(), (folder, &place), &plan.steps, &self.cancel, &view).await;
        Ok(unended(plan, view.close()))
    }

    fn view(&self, plan: &RestorePlan) -> RestoreView {
        RestoreView::new(&self.context.ui, &self.aim.target.name, plan, !self.args.json)
    }

    /// Tells what is planned, or what became of it; how the command ends.
    fn tell(&self, plan: &RestorePlan, failed: Option<&Failed>, aside: Option<&Aside>) -> ExitCode {
        let ui = &self.context.ui;
        if self.args.json {
            let stream = ui.stream(run::header(&self.aim.target));
            for record in view::records(plan, failed, aside.map(Aside::path)) {
                stream.push(record);
            }
            stream.end_after(&self.session.spent(&self.aim.target));
        } else {
            failed.into_iter().for_each(|failed| view::failed(ui, failed));
        }
        let is_whole = plan.refused.is_empty() && failed.is_none_or(BTreeMap::is_empty);
        match () {
            () if self.cancel.is_cancelled() => ExitCode::Interrupted,
            () if is_whole => ExitCode::Done,
            () => ExitCode::Partial,
        }
    }
}

/// The steps that did not end well, or not at all.
fn unended(plan: &RestorePlan, mut ended: BTreeMap<Key, Result<(), Failure>>) -> Failed {
    let steps = plan.steps.iter().filter_map(|restoring| match ended.remove(&restoring.key) {
        Some(Ok(())) => None,
        Some(Err(Failure::Interrupted)) | None => Some((restoring.key.clone(), None)),
        Some(Err(failure)) => Some((restoring.key.clone(), Some(failure.reasons()))),
    });
    steps.collect()
}
