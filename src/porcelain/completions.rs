//! `s4 completions`

use std::path::Path;

use s4_commands::porcelain::completions::{CompletionsArgs, Shell};
use s4_commands::record::{Completion, Header};

use crate::complete;
use crate::context::Context;
use crate::embedded::{self, unpack};
use crate::env::Env;
use crate::error::{Error, ExitCode, Kind};

/// Prints what makes a shell complete.
///
/// # Errors
///
/// When no shell is named, and the environment names none that is known.
pub fn run(context: &Context, args: &CompletionsArgs) -> Result<ExitCode, Error> {
    let shell = args.shell.or_else(|| of(&context.env)).ok_or_else(unknown)?;
    let script = if args.fixed {
        unpack(embedded::SCRIPTS, shell.file()).and_then(|script| String::from_utf8(script).ok())
    } else {
        complete::script(shell.name(), &context.env).ok()
    };
    let script = script.ok_or_else(|| Error::new(Kind::Failed, "there is no script for this shell"))?;
    if args.json {
        let stream = context.ui.stream(Header::new());
        stream.push(Completion { shell: shell.name().to_owned(), script });
        stream.end();
    } else {
        context.ui.say(script.trim_end());
    }
    Ok(ExitCode::Done)
}

/// The user's shell.
fn of(env: &Env) -> Option<Shell> {
    let name = Path::new(env.get("SHELL")?).file_name()?.to_str()?;
    let name = if name == "pwsh" { Shell::Powershell.name() } else { name };
    Shell::ALL.into_iter().find(|shell| shell.name() == name)
}

fn unknown() -> Error {
    let names = Shell::ALL.map(Shell::name).join(", ");
    Error::new(Kind::Usage, "SHELL names none that s4 knows").hint(format!("name one: {names}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_of_the_user_is_known_by_its_name() {
        let of = |shell: &str| of(&Env::new([("SHELL", shell)], "/".into()));
        for shell in Shell::ALL {
            assert_eq!(of(&format!("/usr/bin/{}", shell.name())), Some(shell));
        }
        assert_eq!(of("/opt/pwsh"), Some(Shell::Powershell));
        assert_eq!([of("/bin/dash"), of(""), of("/")], [None; 3]);
    }

    #[test]
    fn each_shell_has_a_script_of_each_kind() {
        for shell in Shell::ALL {
            assert!(unpack(embedded::SCRIPTS, shell.file()).is_some(), "{shell:?}");
            let script = complete::script(shell.name(), &Env::default()).unwrap();
            assert!(script.contains("s4") && !script.contains("/s4"), "the place of no machine is in it: {script}");
        }
        assert_eq!(embedded::SCRIPTS.len(), Shell::ALL.len());
    }
}
