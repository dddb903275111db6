//! Merging the versions of conflicts: by lines, with an editor where lines are in question.

use std::path::Path;
use std::process::Command;

use sha2::{Digest as _, Sha256};

use crate::ambient::Ambient as _;
use crate::blocking::blocking;
use crate::config::Target;
use crate::content::to_hex;
use crate::context::Context;
use crate::error::{Error, Kind};
use crate::key::Key;
use crate::local::{self, Displaced, Folder, Hasher, Staged};
use crate::merge::{Merged, has_markers, merge};
use crate::reconcile::{Action, Local, Planned};
use crate::report::quoted;
use crate::session::{Session, folder_error};
use crate::transfer::Cancel;
use crate::ui::diff::{Content, Version};
use crate::versions::Contents;

/// So much of a key's name is in that of a file of ours, in bytes.
const LONGEST_NAME: usize = 200;

/// A conflict that stays open, and why.
pub(super) type Left = (Box<Planned>, String);

/// A merged text, not yet in its place.
pub(super) struct Ready {
    planned: Planned,
    text: Vec<u8>,
    /// Whether it is what one side has already.
    is_local: bool,
    is_remote: bool,
    /// The file of ours in which it was put right by hand.
    by_hand: Option<String>,
}

/// Merges conflicts of a target.
pub(super) struct Merging<'a> {
    context: &'a Context,
    target: &'a Target,
    session: &'a Session,
    contents: Contents,
    cancel: &'a Cancel,
    /// Whether there is nobody to open an editor for.
    alone: bool,
}

impl<'a> Merging<'a> {
    /// `records`: nothing but those is wanted.
    pub(super) fn new(
        context: &'a Context,
        (target, session): (&'a Target, &'a Session),
        cancel: &'a Cancel,
        records: bool,
    ) -> Merging<'a> {
        let terminals = context.ui.options().terminals;
        let alone = records || !(terminals.input && terminals.output);
        Merging { context, target, session, contents: Contents::of(target, session), cancel, alone }
    }

    /// Merges the versions of a key, for which an editor may be open for long; or why that cannot be.
    ///
    /// # Errors
    ///
    /// When a version cannot be read, or a file with markers not be written.
    pub(super) async fn merge(&self, planned: Planned) -> Result<Result<Ready, Left>, Error> {
        let local = self.contents.local(&planned)?;
        let (remote, base) = (self.contents.remote(&planned).await?, self.contents.base(&planned).await?);
        let [base, local, remote] = match texts(base, local, remote) {
            Ok(texts) => texts,
            Err(why) => return Ok(Err((planned.into(), format!("{why}; answer it with --keep")))),
        };
        let ready = |planned, text: Vec<u8>, by_hand| Ready {
            planned,
            is_local: text == local,
            is_remote: text == remote,
            text,
            by_hand,
        };
        let name = by_hand(&planned.item.key, &[&base, &local, &remote]);
        let merging = {
            let (local, remote) = (local.clone(), remote.clone());
            blocking(move || merge(&base, &local, &remote))
        };
        // Texts of which no line is the same take very long.
        let merged = tokio::select! {
            merged = merging => merged,
            () = self.cancel.cancelled() => return Err(Error::new(Kind::Interrupted, "interrupted")),
        };
        let (text, marker) = match merged {
            Merged::Clean(text) => return Ok(Ok(ready(planned, text, None))),
            Merged::Marked { text, marker } => (text, marker),
        };
        // What was begun on these very versions goes on.
        let begun = self.read(&name)?;
        if begun.is_none() {
            self.folder().write_cache(&name, &text).map_err(folder_error)?;
        }
        let path = self.folder().cache_path(&name);
        let edited = if self.alone { Ok(false) } else { self.edit(&path)? };
        let is_edited = edited.as_ref().is_ok_and(|now| *now || begun.is_some());
        let is_done = |text: &Vec<u8>| !has_markers(text, marker) && !text.is_empty();
        if let (true, Some(text)) = (is_edited, self.read(&name)?.filter(is_done)) {
            return Ok(Ok(ready(planned, text, Some(name))));
        }
        let failed = edited.err().map(|failed| format!("{failed}; ")).unwrap_or_default();
        let [target, key] = [&self.target.name, planned.item.key.as_str()].map(quoted);
        let again = format!("put them right there, and then: s4 resolve {target} {key} --merge");
        let why = format!("{failed}'{}' has its lines between markers: {again}", path.display());
        Ok(Err((planned.into(), why)))
    }

    /// Puts a merged text in its place; returns what is to be carried. The caller holds the folder's lock. Nothing is written over
    /// that is not as it was merged.
    pub(super) fn install(&self, ready: Ready) -> Result<Planned, Left> {
        let Ready { mut planned, text, is_local, is_remote, by_hand } = ready;
        planned.action = if is_remote { Action::Pull } else { Action::Push };
        if !is_local && !is_remote {
            match self.replace(&planned, &text) {
                Ok(local) => planned.item.local = Some(local),
                Err(error) => return Err((planned.into(), error.to_string())),
            }
        }
        if let Some(name) = by_hand {
            // It has done its service; should it stay, nobody is hurt.
            let _ = self.folder().remove_cache(&name);
        }
        Ok(planned)
    }

    fn replace(&self, planned: &Planned, text: &[u8]) -> Result<Local, local::Error> {
        let key = &planned.item.key;
        let Some(before) = &planned.item.local else {
            return Err(local::Error::Changed { path: self.folder().path_of(key) });
        };
        let staged = self.stage(text, before.stat.mode)?;
        let stat = self.folder().replace(staged, key, &before.stat, &Displaced::Trash)?;
        let mut hasher = Hasher::new(text.len() as u64, None);
        hasher.update(text);
        Ok(Local { stat, racy: false, content: Some(hasher.finish()) })
    }

    fn stage(&self, text: &[u8], mode: u32) -> Result<Staged, local::Error> {
        let staged = self.folder().stage()?;
        staged.write_at(0, text)?;
        staged.set(self.context.clock.now_ns(), Some(mode))?;
        staged.sync()?;
        Ok(staged)
    }

    /// Opens the file in an editor; whether there is one, or why it did not end well.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    fn edit(&self, path: &Path) -> Result<Result<bool, String>, Error> {
        let env = &self.context.env;
        let named = |name| env.text(name).filter(|editor| !editor.trim().is_empty());
        let Some(editor) = ["VISUAL", "EDITOR"].into_iter().find_map(named) else {
            return Ok(Ok(false));
        };
        let mut command = Command::new("sh");
        // It may have arguments.
        command.arg("-c").arg(format!("{editor} \"$1\"")).arg("s4").arg(path);
        let cannot = |error| Error::new(Kind::Failed, format!("cannot start the editor '{editor}'")).because(error);
        let ended = command.status().map_err(cannot)?;
        Ok(if ended.success() { Ok(true) } else { Err(format!("the editor '{editor}' ended with {ended}")) })
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        self.folder().read_cache(name).map_err(folder_error)
    }

    fn folder(&self) -> &Folder {
        &self.session.folder
    }
}

/// The name of the file in which the merge of these versions of a key is put right by hand: an editor is to know its kind.
fn by_hand(key: &Key, texts: &[&[u8]]) -> String {
    let mut sum = Sha256::new().chain_update(key.as_str());
    for text in texts {
        sum = sum.chain_update([0]).chain_update(Sha256::digest(text));
    }
    let name = key.name();
    // With what stands before it, it may be too long.
    let end =
        (name.len().saturating_sub(LONGEST_NAME)..).find(|start| name.is_char_boundary(*start)).unwrap_or_default();
    format!("merge-{}-{}", to_hex(&sum.finalize()[..6]), &name[end..])
}

/// The texts to merge: what was last synced, the local one, the remote one. Or why there is nothing to merge.
fn texts(base: Option<Version>, local: Version, remote: Version) -> Result<[Vec<u8>; 3], &'static str> {
    const NO_TEXT: &str = "it is no text, or too large to be merged";
    let whole = |version: Version, absent| match version.content {
        Content::Absent(_) => Err(absent),
        content if content.text().is_none() => Err(NO_TEXT),
        Content::Whole(bytes) => Ok(bytes),
        Content::Large { .. } => Err(NO_TEXT),
    };
    let gone = "it was deleted on one side: there is nothing to merge";
    let (local, remote) = (whole(local, gone)?, whole(remote, gone)?);
    let base = base.ok_or("what was last synced is nowhere any more, since the bucket kept no versions")?;
    Ok([whole(base, "it was created on both sides: there is no version that both come from")?, local, remote])
}
