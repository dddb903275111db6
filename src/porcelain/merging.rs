//! Merging the versions of conflicts: by lines, with an editor where lines are in question.

use std::io::Read as _;
use std::process::Command;

use crate::ambient::Ambient as _;
use crate::blocking::blocking;
use crate::config::Target;
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

/// A conflict that stays open, and why.
pub(super) type Left = (Box<Planned>, String);

/// A merged text, not yet in its place.
pub(super) struct Ready {
    planned: Planned,
    text: Vec<u8>,
    /// Whether it is what one side has already.
    is_local: bool,
    is_remote: bool,
    /// Where it was put right by hand.
    beside: Option<Key>,
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

    /// Merges the versions of a key, for which an editor may be open for long; or why that can not be.
    ///
    /// # Errors
    ///
    /// When a version can not be read, or a file with markers not be written.
    pub(super) async fn merge(&self, planned: Planned) -> Result<Result<Ready, Left>, Error> {
        let local = self.contents.local(&planned)?;
        let (remote, base) = (self.contents.remote(&planned).await?, self.contents.base(&planned).await?);
        let [base, local, remote] = match texts(base, local, remote) {
            Ok(texts) => texts,
            Err(why) => return Ok(Err((planned.into(), format!("{why}; answer it with --keep")))),
        };
        let ready = |planned, text: Vec<u8>, beside| Ready {
            planned,
            is_local: text == local,
            is_remote: text == remote,
            text,
            beside,
        };
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
        let beside = Key::parse(&format!("{}.merge", planned.item.key));
        let Ok(beside) = beside else {
            return Ok(Err((planned.into(), "its name is too long for another one beside".to_owned())));
        };
        match self.put_beside(&planned, &beside, &text) {
            Ok(()) => {}
            Err(local::Error::Exists { .. }) => {
                let why = format!(
                    "\"{beside}\" is there from before: take it, or remove it; {}",
                    self.taking(&planned, &beside)
                );
                return Ok(Err((planned.into(), why)));
            }
            Err(error) => return Err(folder_error(error)),
        }
        if !self.alone && self.edit(&beside)? {
            let text = self.read(&beside)?;
            if !has_markers(&text, marker) {
                return Ok(Ok(ready(planned, text, Some(beside))));
            }
        }
        let why = format!("\"{beside}\" has its lines between markers; {}", self.taking(&planned, &beside));
        Ok(Err((planned.into(), why)))
    }

    /// How a merge that was put right by hand becomes the version.
    fn taking(&self, planned: &Planned, beside: &Key) -> String {
        let [from, to] = [beside, &planned.item.key].map(|key| quoted(&self.folder().path_of(key).to_string_lossy()));
        let (target, key) = (quoted(&self.target.name), quoted(planned.item.key.as_str()));
        format!("when it is right: mv {from} {to} && s4 resolve {target} {key} --keep local")
    }

    /// Puts a merged text in its place; returns what is to be carried. The caller holds the folder's lock. Nothing is written over
    /// that is not as it was merged.
    pub(super) fn install(&self, ready: Ready) -> Result<Planned, Left> {
        let Ready { mut planned, text, is_local, is_remote, beside } = ready;
        planned.action = if is_remote { Action::Pull } else { Action::Push };
        if !is_local && !is_remote {
            match self.replace(&planned, &text) {
                Ok(local) => planned.item.local = Some(local),
                Err(error) => return Err((planned.into(), error.to_string())),
            }
        }
        if let Some(beside) = beside
            && let Ok(Some(stat)) = self.folder().stat(&beside)
        {
            // It has done its service; should it stay, nobody is hurt.
            let _ = self.folder().remove(&beside, &stat);
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

    fn put_beside(&self, planned: &Planned, beside: &Key, text: &[u8]) -> Result<(), local::Error> {
        let mode = planned.item.local.as_ref().map_or(0o600, |local| local.stat.mode);
        self.folder().install(self.stage(text, mode)?, beside).map(drop)
    }

    fn stage(&self, text: &[u8], mode: u32) -> Result<Staged, local::Error> {
        let staged = self.folder().stage()?;
        staged.write_at(0, text)?;
        staged.set(self.context.clock.now_ns(), Some(mode))?;
        staged.sync()?;
        Ok(staged)
    }

    /// Opens the file in an editor; whether there was one, and it ended well.
    fn edit(&self, beside: &Key) -> Result<bool, Error> {
        let env = &self.context.env;
        let Some(editor) = ["VISUAL", "EDITOR"].into_iter().find_map(|name| env.text(name)) else {
            return Ok(false);
        };
        let mut command = Command::new("sh");
        // It may have arguments.
        command.arg("-c").arg(format!("{editor} \"$1\"")).arg("s4").arg(self.folder().path_of(beside));
        let ended = command.status();
        let cannot = |error| Error::new(Kind::Failed, format!("cannot start the editor '{editor}'")).because(error);
        Ok(ended.map_err(cannot)?.success())
    }

    fn read(&self, key: &Key) -> Result<Vec<u8>, Error> {
        let (mut file, _) = self.folder().open_file(key).map_err(folder_error)?;
        let mut text = Vec::new();
        let cannot = |error| Error::new(Kind::Failed, format!("cannot read \"{key}\"")).because(error);
        file.read_to_end(&mut text).map_err(cannot)?;
        Ok(text)
    }

    fn folder(&self) -> &Folder {
        &self.session.folder
    }
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
