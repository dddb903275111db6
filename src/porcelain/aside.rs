//! A folder beside a target's files, for contents that are to be there and nowhere else.

use std::path::{Path, PathBuf};

use super::aim::{Aim, below};
use crate::context::Context;
use crate::error::{Error, Kind};
use crate::key::Key;
use crate::local::{Folder, Links};
use crate::session::{folder_error, open_folder};

/// Where contents go: a folder, or one in the target's folder.
pub(super) struct Aside {
    path: PathBuf,
    /// The folder in the target's folder, as keys begin; `None` for one elsewhere.
    within: Option<Key>,
    folder: Option<Folder>,
}

impl Aside {
    /// Finds out which it is; nothing is made yet.
    ///
    /// # Errors
    ///
    /// For the target's folder itself, and for a place in it that is s4's own.
    pub(super) fn new(context: &Context, aim: &Aim, dir: &Path) -> Result<Aside, Error> {
        let path = context.env.absolute(dir);
        let within = match below(&path, &aim.folder).as_deref() {
            None => None,
            Some("") => {
                let message = "--to names the target's own folder";
                return Err(Error::new(Kind::Usage, message).hint("without --to, versions come back in their places"));
            }
            Some(below) => {
                let wrong = |problem| Error::new(Kind::Usage, format!("--to names no good place: {problem}"));
                Some(Key::parse(below).map_err(wrong)?)
            }
        };
        Ok(Aside { path, within, folder: None })
    }

    /// The folder's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder, made if it is missing.
    ///
    /// # Errors
    ///
    /// When it cannot be made or opened.
    pub(super) fn folder(&mut self, aim: &Aim) -> Result<&Folder, Error> {
        let opened = if self.within.is_some() {
            open_folder(&aim.target)?
        } else {
            let failed =
                |source| Error::new(Kind::Failed, format!("cannot make '{}'", self.path.display())).because(source);
            std::fs::create_dir_all(&self.path).map_err(failed)?;
            // There, a link is what it is, and nobody follows it.
            Folder::open(&self.path, None).map_err(folder_error)?.with_links(Links::Preserve)
        };
        Ok(self.folder.insert(opened))
    }

    /// The key that a content gets there; `None` if that is too long.
    pub(super) fn place(within: Option<&Key>, key: &Key) -> Option<Key> {
        match within {
            Some(within) => Key::parse(&format!("{within}/{key}")).ok(),
            None => Some(key.clone()),
        }
    }

    /// What keys in the target's folder begin with.
    pub(super) fn within(&self) -> Option<&Key> {
        self.within.as_ref()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // It is no target's, so nothing of ours is to stay there.
        if let Some(folder) = self.folder.take_if(|_| self.within.is_none()) {
            folder.leave();
        }
    }
}
