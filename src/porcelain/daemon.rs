//! `s4 daemon`

use std::time::Duration;

use s4_commands::Conflicts;
use s4_commands::porcelain::daemon::{DaemonArgs, DaemonCommand};

use crate::context::Context;
use crate::daemon::{self, control, service};
use crate::error::{Error, ExitCode};

/// Keeps targets in sync, or tells the daemon that does.
///
/// # Errors
///
/// When a target that is named is unknown, another daemon runs already, or none does that could be told.
pub fn run(context: &Context, args: &DaemonArgs) -> Result<ExitCode, Error> {
    match &args.command {
        Some(DaemonCommand::Pause(names)) => return control::pause(context, &names.targets),
        Some(DaemonCommand::Resume(names)) => return control::resume(context, &names.targets),
        None => {}
    }
    for name in &args.targets {
        context.target(name)?;
    }
    if args.uninstall {
        return service::uninstall(context);
    }
    if args.install {
        return service::install(context, &kept(context, args));
    }
    let all = args.targets.is_empty();
    if all && context.config()?.names().is_empty() {
        context.ui.note("There are no targets yet; those that 's4 add' adds are looked after at once");
    } else if context.ui.options().terminals.input {
        // Whoever waits for a prompt is to know that none comes.
        context.ui.note("Looking after the targets from now on; Ctrl-C ends it, and s4 status tells how they are");
    }
    daemon::run(context, args)?;
    Ok(ExitCode::Done)
}

/// The options and targets of this command line, as the service is to have them.
fn kept(context: &Context, args: &DaemonArgs) -> Vec<String> {
    let millis = |time: Duration| format!("{}ms", time.as_millis());
    let rate = |rate: Option<u64>| rate.map_or_else(|| "off".to_owned(), |rate| rate.to_string());
    let options = [
        ("--config", context.config_path.as_ref().map(|path| path.to_string_lossy().into_owned())),
        ("--conflicts", args.conflicts.map(Conflicts::name)),
        ("--settle", Some(millis(args.settle))),
        ("--poll", Some(millis(args.poll))),
        ("--rescan", Some(millis(args.rescan))),
        ("--relist", args.relist.map(millis)),
        ("--jobs", args.flow.jobs.map(|jobs| jobs.to_string())),
        (
            "--bandwidth-limit",
            args.flow.bandwidth_limit.map(|limit| format!("{}:{}", rate(limit.up), rate(limit.down))),
        ),
    ];
    let options = options.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?]));
    let json = args.json.then(|| "--json".to_owned());
    options.flatten().chain(json).chain(args.targets.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use s4_commands::{Cli, Command};

    use super::*;
    use crate::ambient::Clock;
    use crate::env::Env;
    use crate::ui::Ui;

    fn parsed(line: &[&str]) -> DaemonArgs {
        match Cli::try_parse_from(line).unwrap().command {
            Command::Daemon(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_service_runs_with_the_same_options() {
        let (ui, _) = Ui::captured("");
        let context =
            Context { env: Env::default(), config_path: Some("/c d".into()), ui: ui.into(), clock: Clock::Fixed(0) };
        for line in [
            &["s4", "daemon"][..],
            &["s4", "daemon", "--settle", "1.5s", "--relist", "0", "--conflicts", "newest", "a b", "--json"],
            &["s4", "daemon", "--jobs", "3", "--bandwidth-limit", "1M:off", "--poll", "1m", "--rescan", "2h", "x"],
        ] {
            let args = parsed(line);
            let kept = kept(&context, &args);
            let again: Vec<&str> = ["s4", "daemon"].into_iter().chain(kept.iter().map(String::as_str)).collect();
            assert_eq!(again[2..4], ["--config", "/c d"]);
            assert_eq!(format!("{:?}", parsed(&again)), format!("{args:?}"));
        }
    }
}
