//! What only this machine knows: targets, keys, profiles. Attached to the arguments by the names of their values, so that an
//! argument of a new command completes as soon as its value has one of these names.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter};

use super::Request;
use super::profiles::profiles;
use crate::index::{Wanted, names_in};
use crate::local::{Folder, Ignore};
use crate::porcelain::aim::implied;

/// How many keys are offered at once. Nobody reads more, and each costs the shell time; the next letter brings others.
const MOST_KEYS: usize = 250;

/// An argument whose value is to be completed, and what there is of it.
struct Asked<'a> {
    command: &'a str,
    argument: &'a str,
    begun: &'a str,
}

type Source = fn(&Request, &Asked<'_>) -> Vec<CompletionCandidate>;

/// The table with completers for the values that it does not know itself.
pub(super) fn attach(command: Command, request: &Arc<Request>) -> Command {
    let name = command.get_name().to_owned();
    // What comes behind `--` is its own, and no more of what comes before.
    let has_last = command.get_positionals().any(Arg::is_last_set);
    let command = command.mut_args(|arg| match source(&arg) {
        Some(before) => {
            let source: Source = if has_last && arg.is_positional() && request.escaped { paths } else { before };
            let (request, name, argument) = (Arc::clone(request), name.clone(), arg.get_id().to_string());
            arg.add(ArgValueCompleter::new(move |begun: &std::ffi::OsStr| {
                let Some(begun) = begun.to_str() else { return Vec::new() };
                let asked = Asked { command: &name, argument: &argument, begun };
                let mut found = source(&request, &asked);
                // It would be taken for an option.
                found
                    .retain(|candidate| request.escaped || !candidate.get_value().as_encoded_bytes().starts_with(b"-"));
                found
            }))
        }
        None => arg,
    });
    command.mut_subcommands(|subcommand| attach(unabbreviated(subcommand), request))
}

/// The command with its short forms understood as ever, but not offered in place of its name.
fn unabbreviated(command: Command) -> Command {
    let short: Vec<String> = command.get_visible_aliases().map(str::to_owned).collect();
    if short.is_empty() { command } else { command.visible_alias(None).aliases(short) }
}

fn source(arg: &Arg) -> Option<Source> {
    match arg.get_value_names()?.first()?.as_str() {
        "TARGET" | "TARGET|URI" => Some(targets),
        "TARGET|FOLDER" => Some(targets_and_folders),
        "KEY" => Some(keys),
        "PATH" => Some(paths),
        "PROFILE" => Some(profile),
        "FILE" => Some(|request, asked| listed(request, asked, PathCompleter::any(), super::Paths::Files)),
        "DIR" => Some(folders),
        _ => None,
    }
}

/// Whether a command goes without its target where only one can be meant.
fn may_imply(command: &str) -> bool {
    matches!(command, "diff" | "log" | "ls" | "restore" | "trash")
}

/// The targets, without those that the line names already; and keys, where one of them may stand there.
fn targets(request: &Request, asked: &Asked<'_>) -> Vec<CompletionCandidate> {
    let mut found = target_names(request, asked);
    if may_imply(asked.command) {
        found.extend(keys(request, asked));
    }
    found
}

fn target_names(request: &Request, asked: &Asked<'_>) -> Vec<CompletionCandidate> {
    let Some(config) = request.config() else { return Vec::new() };
    let named = request.named(asked.argument);
    let fitting =
        config.names().into_iter().filter(|name| name.starts_with(asked.begun) && !named.contains(&(*name).as_ref()));
    let candidate = |name: &str| {
        let text = |field: &str| config.fields(name).ok()?.get(field)?.as_str().map(str::to_owned);
        let about = text("local_folder").zip(text("s3_uri")).map(|(folder, uri)| format!("{folder} <=> {uri}").into());
        CompletionCandidate::new(name).help(about)
    };
    fitting.map(candidate).collect()
}

/// Folders beside targets are listed here. Where no target fits, the shell may do so.
fn targets_and_folders(request: &Request, asked: &Asked<'_>) -> Vec<CompletionCandidate> {
    let mut found = targets(request, asked);
    if found.is_empty() {
        return folders(request, asked);
    }
    found.extend(PathCompleter::dir().current_dir(request.env.cwd()).complete(asked.begun.as_ref()));
    found.retain(|candidate| candidate.get_value() != ".");
    found
}

fn folders(request: &Request, asked: &Asked<'_>) -> Vec<CompletionCandidate> {
    listed(request, asked, PathCompleter::dir(), super::Paths::Folders)
}

/// Paths, or a note that the shell is to list them.
fn listed(request: &Request, asked: &Asked<'_>, ours: PathCompleter, theirs: super::Paths) -> Vec<CompletionCandidate> {
    if request.own_paths {
        return ours.current_dir(request.env.cwd()).complete(asked.begun.as_ref());
    }
    let wanted = if theirs == super::Paths::Files { &request.files } else { &request.folders };
    wanted.store(true, Ordering::Relaxed);
    Vec::new()
}

fn profile(request: &Request, asked: &Asked<'_>) -> Vec<CompletionCandidate> {
    let names = profiles(&request.env).into_iter();
    names.filter(|name| name.starts_with(asked.begun)).map(CompletionCandidate::new).collect()
}

/// Where the keys of a command are looked for.
struct Places {
    /// Among the files of the folder; else only among those that were synced.
    disk: bool,
    /// Among those that were deleted too.
    deleted: bool,
}

impl Places {
    fn of(command: &str) -> Places {
        match command {
            // A file may be new.
            "push-file" | "diff" | "ls" => Places { disk: true, deleted: false },
            // The bucket may have versions of what is gone.
            "log" | "restore" | "trash" => Places { disk: false, deleted: true },
            _ => Places { disk: false, deleted: false },
        }
    }
}

/// The keys of the line's target, up to their next `/`.
fn keys(request: &Request, asked: &Asked<'_>) -> Vec<CompletionCandidate> {
    let places = Places::of(asked.command);
    let found = folder(request, may_imply(asked.command)).map(|folder| {
        let wanted = Wanted { prefix: asked.begun, deleted: places.deleted, most: MOST_KEYS };
        let index = names_in(&folder, &wanted);
        let mut found = BTreeSet::from_iter(index.unwrap_or_default());
        if places.disk
            && let Ok(ignore) = Ignore::load(&folder)
        {
            found.extend(folder.browse(asked.begun, &ignore, MOST_KEYS).unwrap_or_default());
        }
        found
    });
    candidates(request, asked, found.unwrap_or_default())
}

/// The files and folders of the line's target, ignored ones too, or its keys for a command that takes those for paths; and any others
/// by their whole paths.
fn paths(request: &Request, asked: &Asked<'_>) -> Vec<CompletionCandidate> {
    if asked.begun.starts_with(['/', '~']) {
        return listed(request, asked, PathCompleter::any(), super::Paths::Files);
    }
    if may_imply(asked.command) {
        return keys(request, asked);
    }
    let found = folder(request, asked.command == "sync")
        .and_then(|folder| folder.browse(asked.begun, &Ignore::none(), MOST_KEYS).ok());
    candidates(request, asked, found.into_iter().flatten().collect())
}

/// The folder of the target that the line names, or that goes without saying if it may.
fn folder(request: &Request, may_imply: bool) -> Option<Folder> {
    let config = request.config()?;
    let given = request.given.as_ref()?;
    let named = match given.try_get_one::<String>("target") {
        Ok(named) => named,
        // One that takes several.
        Err(_) => given.try_get_many::<String>("targets").ok()?.and_then(|mut named| named.next()),
    };
    let named = named.filter(|name| !may_imply || config.names().contains(&name.as_str())).cloned();
    let name = named.or_else(|| implied(&config, &request.env).filter(|_| may_imply))?;
    let target = config.target(&name, &request.env).ok()?;
    Folder::open(&target.local_folder, target.state_folder.as_deref()).ok()
}

/// Keys as candidates: no more than are wanted, but the last one among them, so that the shell does not take for common to
/// all what only the first ones begin with. Hidden ones come only where nothing else fits.
fn candidates(request: &Request, asked: &Asked<'_>, mut found: BTreeSet<String>) -> Vec<CompletionCandidate> {
    for named in request.named(asked.argument) {
        found.retain(|key| key.as_str() != named);
    }
    let hidden = |key: &str| key.trim_end_matches('/').rsplit('/').next().is_some_and(|name| name.starts_with('.'));
    let count = found.len();
    let few = found.into_iter().enumerate().filter(|(at, _)| *at < MOST_KEYS || at + 1 == count);
    few.map(|(_, key)| CompletionCandidate::new(&key).hide(hidden(&key))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Env;
    use crate::index::{Entry, Index, encode};

    #[test]
    fn deleted_keys_are_for_commands_that_know_versions() {
        let home = tempfile::tempdir().unwrap();
        let entry = Entry { local_timestamp: Some(1), remote_timestamp: Some(1), ..Entry::default() };
        let entries = [("gone", entry.tombstone(5)), ("kept", entry)];
        let index = Index::from_entries(entries.map(|(name, entry)| (name.into(), entry)).into());
        std::fs::write(home.path().join(".index"), encode(&index).unwrap()).unwrap();
        std::fs::write(home.path().join("new"), "").unwrap();
        let config = serde_json::json!({"targets": {"t": {"local_folder": home.path(), "s3_uri": "s3://b"}}});
        std::fs::write(home.path().join(".conf"), config.to_string()).unwrap();
        let env = Env::new([("S4_CONFIG", home.path().join(".conf"))], home.path().to_owned());
        let request = Request::new(&env, &["s4", "pull-file", "t"].map(Into::into), false);
        for (command, expected) in [
            ("restore", &["gone", "kept"][..]),
            ("log", &["gone", "kept"]),
            ("trash", &["gone", "kept"]),
            ("diff", &["kept", "new"]),
            ("pull-file", &["kept"]),
        ] {
            let mut found = keys(&request, &Asked { command, argument: "keys", begun: "" });
            found.retain(|candidate| !candidate.is_hide_set());
            let values: Vec<_> = found.iter().map(|candidate| candidate.get_value().to_str().unwrap()).collect();
            assert_eq!(values, expected, "{command}");
        }
    }
}
