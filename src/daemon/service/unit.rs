//! Having the system run the daemon with every login, and no longer.
//!
//! A file tells the system's manager of services what to run, a few commands tell it that the file is there. Those are found by the
//! `PATH` of the environment.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{launchd, systemd};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, ExitCode, Kind};
use crate::ours;
use crate::report::quoted;

/// What stands in each file that is ours to replace.
const MARK: &str = "Written by 's4 daemon --install', removed by 's4 daemon --uninstall'";
/// What a shell knows and a service does not.
const KEYS: [&str; 3] = ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_CONFIG_FILE"];

/// A service, as its manager is told of it.
#[derive(Debug)]
pub(super) struct Service {
    /// Where its file is.
    pub(super) file: PathBuf,
    /// What stands in it, below the line that says who wrote it.
    pub(super) text: String,
    /// The program that speaks with the manager.
    pub(super) manager: &'static str,
    /// What begins a new service.
    pub(super) start: Vec<Step>,
    /// What puts it in the place of an older one.
    pub(super) replace: Vec<Step>,
    /// What ends it, while its file is there.
    pub(super) stop: Vec<Step>,
    /// What comes after its file is gone.
    pub(super) forget: Vec<Step>,
    /// A link that has no aim then, if the manager did not remove it.
    pub(super) link: Option<PathBuf>,
    /// What else there is to know.
    pub(super) advice: Option<&'static str>,
}

/// A call of the manager's program.
#[derive(Clone, Debug)]
pub(super) struct Step {
    args: Vec<String>,
    may_fail: bool,
}

impl Step {
    pub(super) fn new(args: &[&str]) -> Step {
        Step { args: args.iter().map(|arg| (*arg).to_owned()).collect(), may_fail: false }
    }

    /// The same where it does not matter whether it works.
    pub(super) fn or_not(self) -> Step {
        Step { may_fail: true, ..self }
    }
}

impl Service {
    fn whole(&self) -> String {
        match self.file.extension().is_some_and(|extension| extension == "plist") {
            true => format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- {MARK} -->\n{}", self.text),
            false => format!("# {MARK}\n{}", self.text),
        }
    }

    /// The steps as a line for a shell.
    pub(super) fn commands(&self, steps: &[Step]) -> String {
        let line = |step: &Step| {
            let args = step.args.iter().map(|arg| quoted(arg));
            std::iter::once(self.manager.to_owned()).chain(args).collect::<Vec<_>>().join(" ")
        };
        steps.iter().filter(|step| !step.may_fail).map(line).collect::<Vec<_>>().join(" && ")
    }

    fn run(&self, env: &Env, steps: &[Step]) -> Result<(), Error> {
        let failed = |what: String| Error::new(Kind::Failed, what);
        for step in steps {
            let Some((program, _)) = on_path(env, self.manager).next() else {
                return Err(failed(format!("there is no {}", self.manager)));
            };
            let done = Command::new(program).args(&step.args).stdin(Stdio::null()).output();
            let output = done.map_err(|error| failed(format!("cannot run {}", self.manager)).because(error))?;
            if !output.status.success() && !step.may_fail {
                let said = String::from_utf8_lossy(&output.stderr);
                let why = said.lines().find(|line| !line.trim().is_empty()).map(str::to_owned);
                return Err(failed(why.unwrap_or_else(|| format!("{} failed", self.manager))));
            }
        }
        Ok(())
    }
}

/// Writes the service that runs `s4 daemon` with these further arguments on the config file of `context`, and has the system start it
/// now and with every login. Where the system cannot be told, the file stays, and the person is told what to run.
///
/// # Errors
///
/// When there is such a file that s4 did not write, it cannot be written, or the service did not start.
pub fn install(context: &Context, args_to_keep: &[String]) -> Result<ExitCode, Error> {
    let program = program(&context.env)?;
    let command = command(&program, context.config_path()?, args_to_keep)?;
    let service = service(&context.env, &command)?;
    let is_there = ours::is_ours(&service.file, MARK)?;
    ours::write(&service.file, service.whole().as_bytes())?;
    context.ui.relate(&format!("Wrote {}", crate::ui::text::printable(&service.file.to_string_lossy())));
    let found: Vec<&str> = KEYS.into_iter().filter(|name| context.env.get(name).is_some()).collect();
    if !found.is_empty() {
        let names = found.join(", ");
        context.ui.warn(&format!(
            "the service does not know the variables of this shell ({names}): name a profile with s4 edit --profile"
        ));
    }
    let steps = if is_there { &service.replace } else { &service.start };
    service.run(&context.env, steps).map_err(|why| {
        let error = Error::new(Kind::Failed, "the service is written, but did not start").because(why);
        error.hint(format!("when that is mended: {}", service.commands(steps)))
    })?;
    context.ui.relate("The daemon runs now, and with every login");
    service.advice.iter().for_each(|advice| context.ui.note(advice));
    Ok(ExitCode::Done)
}

/// Stops the service and removes its file; nothing else is touched.
///
/// # Errors
///
/// When s4 did not write the file, it cannot be removed, or the service could not be stopped.
pub fn uninstall(context: &Context) -> Result<ExitCode, Error> {
    let service = service(&context.env, &[])?;
    if !ours::is_ours(&service.file, MARK)? {
        context.ui.note("the service is not installed");
        return Ok(ExitCode::Done);
    }
    let stopped = service.run(&context.env, &service.stop);
    fs::remove_file(&service.file).map_err(|source| {
        Error::new(Kind::Failed, format!("cannot remove '{}'", service.file.display())).because(source)
    })?;
    if let Some(link) = service.link.as_ref().filter(|link| link.is_symlink()) {
        // It leads nowhere now, and does no harm.
        let _ = fs::remove_file(link);
    }
    context.ui.relate(&format!("Removed {}", crate::ui::text::printable(&service.file.to_string_lossy())));
    stopped.and_then(|()| service.run(&context.env, &service.forget)).map_err(|why| {
        Error::new(Kind::Failed, "the service is removed, but may still run").because(why).hint("end it, or log out")
    })?;
    Ok(ExitCode::Done)
}

fn service(env: &Env, command: &[String]) -> Result<Service, Error> {
    let home = || env.home().ok_or_else(|| Error::new(Kind::Config, "no home folder is known").hint("set HOME"));
    if cfg!(target_os = "macos") {
        return Ok(launchd::service(home()?, rustix::process::getuid().as_raw(), command));
    }
    match env.get("XDG_CONFIG_HOME").map(Path::new).filter(|path| path.is_absolute()) {
        Some(config) => Ok(systemd::service(config, command)),
        None => Ok(systemd::service(&home()?.join(".config"), command)),
    }
}

/// What the service runs. The config file is named: the service may have another environment than this shell.
fn command(program: &Path, config: &Path, args: &[String]) -> Result<Vec<String>, Error> {
    let text = |path: &Path| {
        let why = || Error::new(Kind::Config, format!("'{}' is not UTF-8, which services need", path.display()));
        path.to_str().map(str::to_owned).ok_or_else(why)
    };
    let mut words = vec![text(program)?, "daemon".to_owned()];
    if !args.iter().any(|arg| arg == "--config" || arg.starts_with("--config=")) {
        words.extend(["--config".to_owned(), text(config)?]);
    }
    words.extend_from_slice(args);
    Ok(words)
}

/// This program, by the name that lasts: one on the `PATH` stays the same when a package of it is replaced by a newer one.
fn program(env: &Env) -> Result<PathBuf, Error> {
    let cannot = |error| Error::new(Kind::Failed, "cannot find out where this program is").because(error);
    let own = std::env::current_exe().map_err(cannot)?;
    let found = fs::metadata(&own).map_err(cannot)?;
    let same = |other: &Metadata| (other.dev(), other.ino()) == (found.dev(), found.ino());
    let name = own.file_name().unwrap_or_default().to_string_lossy();
    let lasting = on_path(env, &name).find(|(_, other)| same(other)).map(|(path, _)| path);
    Ok(lasting.unwrap_or(own))
}

/// The programs of a name that the `PATH` leads to.
fn on_path<'a>(env: &'a Env, name: &'a str) -> impl Iterator<Item = (PathBuf, Metadata)> + 'a {
    let folders = env.get("PATH").map(std::env::split_paths).into_iter().flatten();
    let paths = folders.filter(|folder| folder.is_absolute()).map(move |folder| folder.join(name));
    let found = paths.filter_map(|path| fs::metadata(&path).ok().map(|found| (path, found)));
    found.filter(|(_, found)| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
#[cfg(not(target_os = "macos"))]
mod tests;
