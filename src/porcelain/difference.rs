//! The differences of keys: fetched, and shown as lines or as numbers of lines.

use std::pin::pin;

use futures::stream::{self, StreamExt as _};

use crate::config::Target;
use crate::context::Context;
use crate::error::{Error, Kind};
use crate::key::Key;
use crate::reconcile::{Action, Planned, State};
use crate::report::{self, quoted};
use crate::session::Session;
use crate::transfer::Cancel;
use crate::ui::diff::{self, Version};
use crate::ui::diffstat::{self, Stat};
use crate::ui::text::{count, printable};
use crate::versions::Contents;

/// Of more files than that only the number of lines is shown, unless the lines are asked for.
const MANY: usize = 20;
/// Of more files than that nothing is fetched, unless it is asked for: each may be a request.
const TOO_MANY: usize = 1_000;
/// Files whose contents are held at once.
const AT_ONCE: usize = 4;
/// How wide the numbers are where there is no terminal.
const WIDTH: usize = 80;

/// What a file is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// What is in the bucket.
    Remote,
    /// What was last synced.
    Base,
}

/// What was asked for; neither: what there is room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// Numbers of lines.
    pub(super) stat: bool,
    /// Lines.
    pub(super) patch: bool,
}

/// Shows differences of a target.
pub(super) struct Differences<'a> {
    context: &'a Context,
    target: &'a Target,
    contents: Contents,
    cancel: &'a Cancel,
}

impl<'a> Differences<'a> {
    pub(super) fn new(context: &'a Context, target: &'a Target, session: &Session, cancel: &'a Cancel) -> Self {
        Differences { context, target, contents: Contents::of(target, session), cancel }
    }

    /// Shows how the file differs from a version of its key; whether it does.
    ///
    /// # Errors
    ///
    /// When one of them cannot be read.
    pub(super) async fn since_version(&self, key: &Key, id: &str, shown: Shown) -> Result<bool, Error> {
        let (old, new) = (self.contents.version(key, id).await?, self.contents.local_of(key)?);
        let differs = !old.content.is_same(&new.content);
        if differs {
            let mut view = View::new(self.context, shown, 1);
            view.push(key.as_str(), &old, &new);
            view.close();
        } else {
            self.context.ui.note("Nothing differs");
        }
        Ok(differs)
    }

    /// Shows how files differ; whether all contents could be read. What could not be is told.
    ///
    /// # Errors
    ///
    /// When it is interrupted.
    pub(super) async fn show(&self, planned: &[Planned], against: Against, shown: Shown) -> Result<bool, Error> {
        // The new name of a renamed one tells of the old one, too.
        let planned: Vec<&Planned> = planned.iter().filter(|planned| !planned.renamed).collect();
        if planned.is_empty() {
            self.context.ui.note("Nothing differs");
            return Ok(true);
        }
        if planned.len() > TOO_MANY && !shown.stat && !shown.patch {
            let (files, name) = (count(planned.len() as u64, "file"), quoted(&self.target.name));
            self.context.ui.note(&format!(
                "{files} differ, too many to compare them all unasked: name some, say --stat, or see which: s4 status {name}"
            ));
            return Ok(true);
        }
        let mut view = View::new(self.context, shown, planned.len());
        let mut is_whole = true;
        let fetched = planned.into_iter().map(|planned| async move { (planned, self.pair(planned, against).await) });
        let mut fetched = pin!(stream::iter(fetched).buffered(AT_ONCE).take_until(self.cancel.cancelled()));
        while let Some((planned, pair)) = fetched.next().await {
            match pair {
                Ok(Some((old, new))) => view.push(planned.item.key.as_str(), &old, &new),
                Ok(None) => view.push_renamed(planned),
                Err(error) => {
                    is_whole = false;
                    report::tell(&self.context.ui, &error);
                }
            }
            if !self.context.ui.is_read() {
                return Ok(is_whole);
            }
        }
        if self.cancel.is_cancelled() {
            return Err(Error::new(Kind::Interrupted, "interrupted"));
        }
        view.close();
        Ok(is_whole)
    }

    /// The versions to compare, old and new; `None` if only the name is new.
    async fn pair(&self, planned: &Planned, against: Against) -> Result<Option<(Version, Version)>, Error> {
        let moves = matches!(planned.action, Action::Push | Action::Pull);
        // One that replaces another file is an edit of that.
        let is_new = planned.item.local.is_none() || planned.item.remote.is_none();
        if planned.source.is_some() && moves && is_new {
            return Ok(None);
        }
        let old = match against {
            Against::Remote => self.contents.remote(planned).await?,
            Against::Base => match self.contents.base(planned).await? {
                Some(base) => base,
                None => return Err(self.lost(&planned.item.key)),
            },
        };
        Ok(Some((old, self.contents.local(planned)?)))
    }

    fn lost(&self, key: &Key) -> Error {
        let message = format!("what was last synced of \"{}\" is nowhere any more", printable(key.as_str()));
        let name = quoted(&self.target.name);
        Error::new(Kind::Failed, message)
            .hint(format!("the bucket keeps it from now on by: s4 edit {name} --versioning on"))
    }
}

/// Where differences are shown.
struct View<'a> {
    context: &'a Context,
    shown: Shown,
    /// What waits for the pager; elsewhere nothing waits.
    text: String,
    stats: Vec<Stat>,
}

impl View<'_> {
    fn new(context: &Context, shown: Shown, files: usize) -> View<'_> {
        let patch = shown.patch || !shown.stat && files <= MANY;
        View { context, shown: Shown { patch, stat: shown.stat || !patch }, text: String::new(), stats: Vec::new() }
    }

    fn push(&mut self, name: &str, old: &Version, new: &Version) {
        if self.shown.stat {
            self.stats.push(Stat { name: name.to_owned(), extent: diff::extent(old, new) });
        }
        if self.shown.patch {
            self.add(&diff::render(old, new, self.context.ui.paint()));
        }
    }

    /// One whose content is another key's.
    fn push_renamed(&mut self, planned: &Planned) {
        let Some(source) = &planned.source else { return };
        let name = format!("{} => {}", source.item.key, planned.item.key);
        if self.shown.patch {
            let what = if source.stays { "copied" } else { "renamed" };
            let place = if planned.decision.local == State::Created { "here" } else { "in the bucket" };
            let line = format!("{} ({what} {place})", printable(&name));
            self.add(&(self.context.ui.paint().subject(&line) + "\n"));
        }
        if self.shown.stat {
            self.stats.push(Stat { name, extent: diff::Extent::Lines { added: 0, removed: 0 } });
        }
    }

    fn add(&mut self, text: &str) {
        let terminals = self.context.ui.options().terminals;
        if terminals.input && terminals.output || self.shown.stat {
            self.text += text;
        } else {
            self.context.ui.say(text.trim_end_matches('\n'));
        }
    }

    fn close(self) {
        let mut text = String::new();
        if self.shown.stat {
            let width = self.context.ui.size().map_or(WIDTH, |size| size.columns);
            text = diffstat::render(&self.stats, width, self.context.ui.paint());
            if !self.text.is_empty() {
                text.push('\n');
            }
        }
        text += &self.text;
        if !text.is_empty() {
            self.context.ui.show(&text);
        }
    }
}
