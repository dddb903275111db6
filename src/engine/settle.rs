//! Settling: every item is decided, its questions answered on the way.

use std::collections::HashSet;
use std::sync::Arc;

use futures::stream;

use super::copies::{Seen, Sources};
use super::{Engine, Error, Observed, Summary};
use crate::blocking::blocking;
use crate::index::Index;
use crate::key::Key;
use crate::local;
use crate::reconcile::{Action, Choice, Decision, Item, Planned, Question, State, Verdict, decide, resolve};
use crate::remote::ObjectStore;
use crate::transfer::{Failure, run_all};

/// Files hashed at once.
const HASHING: usize = 8;

/// An item and what was decided about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// The item, with all that was found out.
    pub item: Item,
    /// The decision.
    pub decision: Decision,
}

impl<S: ObjectStore> Engine<S> {
    /// Decides items of what was observed, as far as the run may do anything about them.
    pub(super) async fn decide_in_scope(
        &self,
        mut items: Vec<Item>,
        observed: &mut Observed,
        base: &Index,
        summary: &mut Summary,
    ) -> Result<Vec<Planned>, Error> {
        items.retain(|item| self.options.scope.has(&item.key));
        let mut planned = self.decide_observed(items, observed, base, summary).await?;
        summary.held_back += self.options.scope.hold_back(&mut planned);
        Ok(planned)
    }

    /// Decides items of what was observed, as [`Engine::decide`]; a run without any never decodes the remote index. What the
    /// other side has already is copied there; `base` is the local index.
    pub(super) async fn decide_observed(
        &self,
        items: Vec<Item>,
        observed: &mut Observed,
        base: &Index,
        summary: &mut Summary,
    ) -> Result<Vec<Planned>, Error> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<Key> = items.iter().map(|item| item.key.clone()).collect();
        let names = names.iter().map(Key::as_str);
        let told = observed.remote_index.about(&*self.store, &self.folder, names).await?;
        let seen = Seen { base, listing: &observed.listing, files: &observed.scan.files };
        Ok(self.decide(items, &told, Some(seen), summary).await)
    }

    /// Decides items and answers their conflicts; `index` is the remote one, `seen` what there may be to copy from. A key that
    /// cannot be looked into is in the summary; one that changes under the look is left for the next run.
    pub(super) async fn decide(
        &self,
        mut items: Vec<Item>,
        index: &Index,
        seen: Option<Seen<'_>>,
        summary: &mut Summary,
    ) -> Vec<Planned> {
        for item in &mut items {
            item.set_index_entry(index.get(item.key.as_str()));
        }
        let mut settled = self.settle(items, summary).await;
        let sources = seen.map(|seen| Sources::of(&settled, seen, self.options.copy_from)).unwrap_or_default();
        self.hash_candidates(&mut settled, &sources, summary).await;
        settled.sort_by(|a, b| a.item.key.cmp(&b.item.key));
        let mut answered = Vec::with_capacity(settled.len());
        for settled in settled {
            if let Some(planned) = self.answer(settled).await {
                answered.push(Planned { source: sources.find(&planned), ..planned });
            }
        }
        answered
    }

    /// Turns a decision into what will be done: answers conflicts as the policy or a person says.
    async fn answer(&self, settled: Settled) -> Option<Planned> {
        let Settled { item, decision } = settled;
        let action = decision.action?;
        let mut planned = Planned { item, decision, action, source: None, renamed: false };
        if action == Action::Conflict {
            let choice = match self.options.policy.answer(&planned.item) {
                Some(choice) => choice,
                None if self.cancel.is_cancelled() => Choice::Skip,
                // A person takes time, and may want to see the object first: requests have to go on meanwhile.
                None => {
                    let (witness, asked) = (Arc::clone(&self.witness), planned.clone());
                    tokio::select! {
                        biased;
                        // Nobody waits for an answer any more.
                        () = self.cancel.cancelled() => Choice::Skip,
                        choice = blocking(move || witness.choose(&asked)) => choice,
                    }
                }
            };
            planned.action = resolve(&planned.item, choice).unwrap_or(Action::Conflict);
        }
        Some(planned)
    }

    async fn settle(&self, mut items: Vec<Item>, summary: &mut Summary) -> Vec<Settled> {
        let mut settled = Vec::with_capacity(items.len());
        while !items.is_empty() {
            let mut asked = Vec::new();
            for mut item in items.drain(..) {
                item.foreign = self.is_foreign(&item);
                if item.foreign {
                    summary.links_there.insert(item.key.clone());
                }
                match decide(&item, self.options.keep_ignored) {
                    Verdict::Decided(decision) => settled.push(Settled { item, decision }),
                    Verdict::Ask(question) => asked.push((item, question)),
                }
            }
            items = self.answer_questions(asked, summary).await;
        }
        settled
    }

    /// Whether a key's object is a link, and links are not synced here: as it is not on this disk, it must not look deleted.
    fn is_foreign(&self, item: &Item) -> bool {
        let is_link = item.remote.as_ref().is_some_and(|remote| remote.link == Some(true));
        is_link && !item.ignored && !self.folder.takes_link(&item.key)
    }

    /// Answers each item's question; items whose question has no answer are dropped into the summary.
    async fn answer_questions(&self, asked: Vec<(Item, Question)>, summary: &mut Summary) -> Vec<Item> {
        let (folder, carrier) = (Arc::clone(&self.folder), Arc::clone(&self.carrier));
        let work = move |(mut item, question): (Item, Question)| {
            let (folder, carrier) = (Arc::clone(&folder), Arc::clone(&carrier));
            async move {
                let answered = match question {
                    Question::HashLocal => {
                        let (back, answer) = blocking(move || {
                            let answer = hash_local(&folder, &mut item);
                            (item, answer)
                        })
                        .await;
                        item = back;
                        answer
                    }
                    Question::HashRemote => carrier.hash_remote(&item).await.map(|(sum, is_link)| {
                        if let Some(remote) = &mut item.remote {
                            (remote.sha256, remote.link, remote.asked) = (Some(sum), Some(is_link), true);
                        }
                    }),
                };
                (item, answered)
            }
        };
        let mut items = Vec::new();
        run_all(stream::iter(asked), HASHING, &self.cancel, work, &mut |(item, answered)| match answered {
            Ok(()) => items.push(item),
            Err(failure) => summary.failed.push((item.key, failure)),
        })
        .await;
        items
    }

    /// A new file may be one that was renamed, or copied: then its content is in the bucket already. Only files of the size of
    /// one that is gone are read, or those that are likely copies.
    async fn hash_candidates(&self, settled: &mut Vec<Settled>, sources: &Sources<'_>, summary: &mut Summary) {
        let gone: HashSet<u64> = settled
            .iter()
            .filter(|settled| settled.decision.action == Some(Action::DeleteRemote))
            .filter_map(|settled| Some(settled.item.base_content()?.0))
            .collect();
        let is_candidate = |settled: &Settled| {
            let unread = settled.item.local.as_ref().filter(|local| local.content.is_none());
            let renamed = |size| settled.decision.local == State::Created && gone.contains(&size);
            settled.decision.action == Some(Action::Push)
                && unread.is_some_and(|local| renamed(local.stat.size) || sources.may_have(&settled.item))
        };
        let (candidates, others): (Vec<_>, Vec<_>) = settled.drain(..).partition(is_candidate);
        *settled = others;
        let asked = candidates.into_iter().map(|settled| (settled.item, Question::HashLocal)).collect();
        let items = self.answer_questions(asked, summary).await;
        settled.extend(self.settle(items, summary).await);
    }
}

fn hash_local(folder: &local::Folder, item: &mut Item) -> Result<(), Failure> {
    let Some(local) = &mut item.local else { return Err(Failure::Changed) };
    let etag = item.remote.as_ref().map(|remote| &remote.etag);
    local.content = Some(local::hash_file(folder, &item.key, &local.stat, etag)?);
    Ok(())
}
