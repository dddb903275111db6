//! What every command needs to work at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ambient::Clock;
use crate::config::{self, Config, Target};
use crate::env::Env;
use crate::error::Error;
use crate::ui::Ui;

/// What every command needs to work at all.
#[derive(Clone)]
pub struct Context {
    /// The environment.
    pub env: Env,
    /// Where the config file is; `None` if there is no telling.
    pub config_path: Option<PathBuf>,
    /// The user.
    pub ui: Arc<Ui>,
    /// The time.
    pub clock: Clock,
}

impl Context {
    /// Where the config file is.
    ///
    /// # Errors
    ///
    /// When there is no telling.
    pub fn config_path(&self) -> Result<&Path, Error> {
        Ok(self.config_path.as_deref().ok_or(config::Error::NoHome)?)
    }

    /// The config file as it is now.
    ///
    /// # Errors
    ///
    /// Those of [`Config::load`].
    pub fn config(&self) -> Result<Config, Error> {
        Ok(Config::load(self.config_path()?)?)
    }

    /// Changes the config file in one step, as [`Config::update`].
    ///
    /// # Errors
    ///
    /// Those of [`Config::update`].
    pub fn update_config<T>(&self, change: impl FnOnce(&mut Config) -> Result<T, Error>) -> Result<T, Error> {
        Config::update(self.config_path()?, change)
    }

    /// The target `name`.
    ///
    /// # Errors
    ///
    /// When there is none, or it makes no sense.
    pub fn target(&self, name: &str) -> Result<Target, Error> {
        Ok(self.config()?.target(name, &self.env)?)
    }
}
