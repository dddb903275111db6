//! What the commands that make a run, or a step of one, have in common.

use std::time::{Duration, SystemTime};

use s4_commands::record::Header;
use s4_commands::{Bandwidth, Conflicts, Direction, FlowArgs, OnIgnore};

use crate::ambient::Ambient as _;
use crate::config::Target;
use crate::context::Context;
use crate::engine::{self, Options, Scope, Way};
use crate::error::{Error, ExitCode, Kind};
use crate::index::Logging;
use crate::interrupt;
use crate::local::Folder;
use crate::reconcile::Policy;
use crate::report;
use crate::session::folder_error;
use crate::transfer::{Cancel, Cut, JOBS, Jobs};
use crate::ui::run::alarm;
use crate::ui::text::{self, printable};

/// The share of the keys that one run may delete on a side, in percent, where the target says nothing.
const MAX_DELETE: f64 = 50.0;
/// What is smaller is uploaded as fast as it is copied, and need not be read before.
const COPY_FROM: u64 = 4 << 10;
/// How long the trash is kept, in days, where the target says nothing.
const TRASH_DAYS: u32 = 7;

/// Does `work` on targets, one after the other in the order of their names; on all of them if none is named. What stops one is
/// told, and the next one goes on.
///
/// # Errors
///
/// When the config file cannot be read, or has no target.
pub fn each_target(
    context: &Context,
    names: &[String],
    json: bool,
    work: &impl AsyncFn(&Target, &Cancel) -> Result<ExitCode, Error>,
) -> Result<ExitCode, Error> {
    let config = context.config()?;
    let mut names = names.to_vec();
    if names.is_empty() {
        names = config.names().into_iter().map(str::to_owned).collect();
    }
    if names.is_empty() {
        return Err(Error::new(Kind::Usage, "there are no targets yet").hint("add one: s4 add"));
    }
    names.sort();
    names.dedup();
    let runtime = crate::runtime()?;
    let cancel = Cancel::default();
    let _interrupts = interrupt::watch(&cancel, &context.ui)?;
    let mut worst = ExitCode::Done;
    for name in names {
        let done = context.target(&name).and_then(|target| {
            config.check_overlap(&target, &context.env)?;
            runtime.block_on(work(&target, &cancel))
        });
        let code = match done {
            Ok(code) => code,
            Err(error) => {
                if json {
                    context.ui.record(&report::record(&error, None));
                    context.ui.flush();
                }
                report::tell(&context.ui, &error);
                error.kind().into()
            }
        };
        worst = worst.worse(code);
        if cancel.is_cancelled() {
            break;
        }
    }
    // Reading a large file for its hash cannot be stopped; nothing waits for the result any more.
    runtime.shutdown_background();
    Ok(worst)
}

/// The target, with what the command line says of its flow in place of its own fields.
pub fn in_flow(target: &Target, flow: &FlowArgs) -> Target {
    Target {
        jobs: flow.jobs.or(target.jobs),
        bandwidth_limit: flow.bandwidth_limit.or(target.bandwidth_limit),
        ..target.clone()
    }
}

/// The answer to conflicts that somebody chose.
pub fn policy(choice: Conflicts) -> Policy {
    match choice {
        Conflicts::Ignore => Policy::Ignore,
        Conflicts::Local => Policy::Local,
        Conflicts::Remote => Policy::Remote,
        Conflicts::Newest => Policy::Newest,
        Conflicts::KeepBoth => Policy::KeepBoth,
    }
}

/// How a target is synced, with this answer to conflicts. `force`: go on where a guard would stop.
pub fn options(context: &Context, target: &Target, policy: Policy, force: bool) -> Options {
    Options {
        policy,
        max_delete: target.max_delete.unwrap_or(MAX_DELETE),
        force,
        keep_ignored: target.on_ignore == Some(OnIgnore::Keep),
        stamp: stamp(context),
        place: place(target),
        cut: Cut::default(),
        jobs: jobs(target),
        copy_from: COPY_FROM,
        page: crate::remote::PAGE,
        logging: logging(context),
        scope: scope(target),
    }
}

/// What a run may do, as the target says.
pub fn scope(target: &Target) -> Scope {
    Scope::toward(target.direction.and_then(way))
}

/// The only direction that somebody chose, if it is one.
fn way(direction: Direction) -> Option<Way> {
    match direction {
        Direction::Both => None,
        Direction::Push => Some(Way::Push),
        Direction::Pull => Some(Way::Pull),
    }
}

/// Names a run: `HOST-YYYYMMDD-HHMMSS`.
pub fn stamp(context: &Context) -> String {
    format!("{}-{}", host(), text::compact_time(context.clock.now()))
}

/// When the indexes have change logs: of all sizes of index if the environment says so.
fn logging(context: &Context) -> Logging {
    let logging = Logging::of(&host());
    let from = context.env.text("S4_LOG_FROM").and_then(|from| from.parse().ok());
    Logging { from: from.unwrap_or(logging.from), ..logging }
}

/// How many contents move at a time at most. Servers give a connection up on which nothing comes for some seconds: where little
/// may move, it must not be shared by too many.
fn jobs(target: &Target) -> Jobs {
    const LEAST_BYTES_PER_SECOND: u64 = 16 << 10;
    let Bandwidth { up, down } = target.bandwidth_limit.unwrap_or_default();
    let fed = |rate: Option<u64>| rate.map_or(usize::MAX, |rate| (rate / LEAST_BYTES_PER_SECOND).max(1) as usize);
    let [most_up, most_down] = target.jobs.map_or([JOBS.up, JOBS.down], |jobs| [jobs; 2]);
    Jobs { up: most_up.min(fed(up)), down: most_down.min(fed(down)) }
}

/// The header of a stream about a target.
pub fn header(target: &Target) -> Header {
    Header {
        target: Some(target.name.clone()),
        folder: Some(target.local_folder.to_string_lossy().into_owned()),
        place: Some(place(target)),
        ..Header::new()
    }
}

/// The target's place in a bucket, as the index names it.
fn place(target: &Target) -> String {
    let uri = target.s3_uri.trim_end_matches('/');
    target.endpoint_url.as_ref().map_or_else(|| uri.to_owned(), |endpoint| format!("{uri} at {endpoint}"))
}

/// This machine's name, as far as it can be part of a file name.
fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let plain = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    let name: String =
        name.split('.').next().unwrap_or_default().chars().filter(|letter| plain(*letter)).take(32).collect();
    if name.is_empty() { "host".to_owned() } else { name }
}

/// Removes from the trash what has been there for as long as the target says.
pub fn empty_trash(context: &Context, target: &Target, folder: &Folder) {
    let kept = Duration::from_secs(u64::from(target.trash_days.unwrap_or(TRASH_DAYS)) * 24 * 3600);
    if let Err(error) = folder.empty_trash(kept, SystemTime::now()) {
        context.ui.warn(&format!("cannot empty the trash: {error}"));
    }
}

/// The sentence for what stopped a run, and what to do. `command` is the one that was run.
pub fn explain(command: &str, target: &Target, error: engine::Error) -> Error {
    match error {
        engine::Error::Guard(what, keys) => {
            alarm(&what, &keys, &format!("s4 {command} --force {}", report::quoted(&target.name)))
        }
        engine::Error::Unmatched(name) => {
            let message = format!("there is no \"{}\" in \"{}\"", printable(&name), printable(&target.name));
            Error::new(Kind::Failed, message).hint(format!("see what there is: s4 ls {}", report::quoted(&target.name)))
        }
        engine::Error::Interrupted => Error::new(Kind::Interrupted, "interrupted"),
        engine::Error::Local(error) => folder_error(error),
        engine::Error::Remote(error) => report::access(Some(&target.name), &target.s3_uri, error),
        error => Error::new(Kind::Failed, format!("cannot sync \"{}\"", target.name)).because(error),
    }
}
