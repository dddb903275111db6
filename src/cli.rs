//! From a command line to an exit code: parse, resolve, dispatch.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use clap::error::{ContextKind, ContextValue};
use clap::{ColorChoice, FromArgMatches as _};
use s4_commands::{Cli, Command};

use crate::ambient::Clock;
use crate::config::{Config, Target};
use crate::context::Context;
use crate::env::Env;
use crate::error::{Error, ExitCode, Kind};
use crate::ui::Ui;
use crate::{near, plumbing, porcelain};
use crate::{report, session};

/// Runs the command line `args`, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>, env: Env, clock: Clock) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match parse(&args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too. Who closes the pipe has seen enough of them.
            let _ = error.print();
            if code_of(&error) != ExitCode::Done
                && args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--json")
            {
                tell_script(&error);
            }
            return code_of(&error);
        }
    };
    let ui = Arc::new(Ui::new(&cli.globals, &env, clock));
    let config_path = Config::path(cli.globals.config.as_deref(), &env).ok();
    let context = Context { env, config_path, ui, clock };
    let named = cli.globals.config.as_deref();
    let result = check_config(named, &cli.command).and_then(|()| dispatch(&context, &cli.command));
    end(&context.ui, result, cli.command.json())
}

/// Parses. The colours of help and usage errors are wanted before it is known whether all is well.
fn parse(args: &[OsString]) -> Result<Cli, clap::Error> {
    let after = |option: &str| args.iter().position(|arg| arg == option).and_then(|at| args.get(at + 1));
    let given = |choice: &str| {
        after("--color").is_some_and(|arg| arg == choice) || args.iter().any(|arg| *arg == *format!("--color={choice}"))
    };
    let colour = match () {
        () if given("never") || args.iter().any(|arg| arg == "--no-colors") => ColorChoice::Never,
        () if given("always") => ColorChoice::Always,
        () => ColorChoice::Auto,
    };
    let matches = s4_commands::command().color(colour).try_get_matches_from(args);
    Cli::from_arg_matches(&matches.map_err(with_nearest)?)
}

/// A misspelt command with the one that is near: the short forms are near to everything.
fn with_nearest(mut error: clap::Error) -> clap::Error {
    if let Some(ContextValue::String(wrong)) = error.get(ContextKind::InvalidSubcommand) {
        let command = s4_commands::command();
        let names = command.get_subcommands().map(clap::Command::get_name).filter(|name| name.len() > 1);
        match near::nearest(wrong, names).map(str::to_owned) {
            Some(near) => error.insert(ContextKind::SuggestedSubcommand, ContextValue::String(near)),
            None => error.remove(ContextKind::SuggestedSubcommand),
        };
    }
    error
}

/// The record of a command line that makes no sense: its first sentence.
fn tell_script(error: &clap::Error) {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let error = Error::new(Kind::Usage, first.strip_prefix("error: ").unwrap_or(first));
    if let Ok(line) = serde_json::to_string(&report::record(&error, None)) {
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}

fn code_of(error: &clap::Error) -> ExitCode {
    if error.exit_code() == 0 { ExitCode::Done } else { ExitCode::Usage }
}

/// Refuses a config file that is named and not there: a misspelt name looks as if there were no targets.
fn check_config(named: Option<&Path>, command: &Command) -> Result<(), Error> {
    let is_missing = |path: &&Path| matches!(path.try_exists(), Ok(false));
    match named.filter(is_missing) {
        Some(path)
            if !matches!(command, Command::Add(_) | Command::Help(_) | Command::Man(_) | Command::Version(_)) =>
        {
            let path = path.display();
            Err(Error::new(Kind::Usage, format!("there is no config file '{path}'"))
                .hint(format!("look at its name; or add a target to a new one: s4 add --config '{path}'")))
        }
        _ => Ok(()),
    }
}

fn dispatch(context: &Context, command: &Command) -> Result<ExitCode, Error> {
    let check = |target: &Target| crate::runtime()?.block_on(session::try_bucket(context, target));
    match command {
        Command::Add(args) => porcelain::add::run(context, args, &check),
        Command::Edit(args) => porcelain::edit::run(context, args, &check),
        Command::Rm(args) => porcelain::rm::run(context, args),
        Command::Targets(args) => porcelain::targets::run(context, args),
        Command::Policy(args) => porcelain::policy::run(context, args),
        Command::Version(args) => porcelain::version::run(context, args),
        Command::Sync(args) => porcelain::sync::run(context, args),
        Command::Resolve(args) => porcelain::resolve::run(context, args),
        Command::Restore(args) => porcelain::restore::run(context, args),
        Command::Trash(args) => porcelain::trash::run(context, args),
        Command::Daemon(args) => porcelain::daemon::run(context, args),
        Command::Status(args) => porcelain::status::run(context, args),
        Command::Ls(args) => porcelain::ls::run(context, args),
        Command::Conflicts(args) => porcelain::conflicts::run(context, args),
        Command::Diff(args) => porcelain::diff::run(context, args),
        Command::Log(args) => porcelain::log::run(context, args),
        Command::Verify(args) => porcelain::verify::run(context, args),
        Command::Scan(args) => plumbing::scan::run(context, args),
        Command::ListObjects(args) => plumbing::list_objects::run(context, args),
        Command::ReadIndex(args) => plumbing::read_index::run(context, args),
        Command::DiffIndex(args) => plumbing::diff_index::run(context, args),
        Command::PushFile(args) => plumbing::push_file::run(context, args),
        Command::PullFile(args) => plumbing::pull_file::run(context, args),
        Command::WriteIndex(args) => plumbing::write_index::run(context, args),
        Command::HashFile(args) => plumbing::hash_file::run(context, args),
        Command::CheckIgnore(args) => plumbing::check_ignore::run(context, args),
        Command::Help(args) => porcelain::help::run(context, args),
        Command::Man(args) => porcelain::man::run(context, args),
        Command::Completions(args) => porcelain::completions::run(context, args),
    }
}

/// Tells of the error, if there is one, and what the process ends with.
fn end(ui: &Ui, result: Result<ExitCode, Error>, json: bool) -> ExitCode {
    let code = match result {
        Ok(code) => code,
        Err(error) => {
            if json {
                ui.record(&report::record(&error, None));
            }
            report::tell(ui, &error);
            error.kind().into()
        }
    };
    match ui.finish() {
        Ok(()) => code,
        Err(source) => {
            report::tell(ui, &Error::new(Kind::Failed, "cannot write to standard output").because(source));
            if code == ExitCode::Done { ExitCode::Failed } else { code }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_records_too_where_records_are_wanted() {
        for (json, out) in [(true, "{\"type\":\"error\",\"code\":\"guard\",\"message\":\"no\"}\n"), (false, "")] {
            let (ui, seen) = Ui::captured("");
            assert_eq!(end(&ui, Err(Error::new(Kind::Guard, "no")), json), ExitCode::Guard);
            assert_eq!((seen.out().as_str(), seen.err().as_str()), (out, "error: no\n"));
        }
    }

    #[test]
    fn a_misspelt_command_comes_with_the_one_that_was_meant() {
        let told =
            |line: &str| parse(&line.split(' ').map(OsString::from).collect::<Vec<_>>()).unwrap_err().to_string();
        for (wrong, right) in
            [("snyc", "sync"), ("stauts", "status"), ("restroe", "restore"), ("conflict", "conflicts")]
        {
            assert!(told(&format!("s4 {wrong}")).contains(&format!("tip: a similar subcommand exists: '{right}'\n")));
        }
        assert!(!told("s4 frobnicate").contains("tip:"), "{}", told("s4 frobnicate"));
    }

    #[test]
    fn wrong_usage_ends_with_two_and_help_with_zero() {
        let code = |line: &str| code_of(&parse(&line.split(' ').map(OsString::from).collect::<Vec<_>>()).unwrap_err());
        assert_eq!([code("s4 frobnicate"), code("s4 rm"), code("s4")], [ExitCode::Usage; 3]);
        assert_eq!([code("s4 add --help"), code("s4 --version"), code("s4 rm -h")], [ExitCode::Done; 3]);
    }
}
