//! `s4 help`

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use s4_commands::pages::PAGES;
use s4_commands::porcelain::help::HelpArgs;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::context::Context;
use crate::embedded::{self, unpack};
use crate::error::{Error, ExitCode};

/// Opens a page of the manual, or prints what stands for it.
///
/// # Errors
///
/// None.
pub fn run(context: &Context, args: &HelpArgs) -> Result<ExitCode, Error> {
    let mut program = s4_commands::command();
    program.build();
    let Some(word) = &args.page else {
        print(context, &program.render_long_help());
        return Ok(ExitCode::Done);
    };
    let page = PAGES.iter().find(|page| page.topic == word);
    let command = program.find_subcommand_mut(word);
    let file = page.map_or_else(
        || command.as_ref().map(|command| format!("s4-{}.1", command.get_name())).unwrap_or_default(),
        |page| page.file(),
    );
    if context.ui.options().terminals.output && open(&file) {
        return Ok(ExitCode::Done);
    }
    match (page, command) {
        (Some(page), _) => context.ui.say(page.plain().trim_end()),
        (None, Some(command)) => print(context, &command.render_long_help()),
        // The parser lets no other word pass.
        (None, None) => {}
    }
    Ok(ExitCode::Done)
}

fn print(context: &Context, help: &clap::builder::StyledStr) {
    let text = if context.ui.paint().is_on() { help.ansi().to_string() } else { help.to_string() };
    context.ui.say(text.trim_end());
}

/// Shows a page with `man` until the user is done; `false` where that cannot be done.
fn open(file: &str) -> bool {
    let page = unpack(embedded::PAGES, file);
    page.is_some_and(|page| hand_to_man(&page).is_ok_and(|shown| shown))
}

fn hand_to_man(page: &[u8]) -> io::Result<bool> {
    // Ctrl-C is for the pager, which must not lose the terminal to the shell.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let _entered = runtime.enter();
    let _interrupts = signal(SignalKind::interrupt())?;
    let mut man = Command::new("man").args(["-l", "-"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    if let Some(mut stdin) = man.stdin.take() {
        // A `man` that cannot read a page this way ends early, as its exit code tells.
        let _ = stdin.write_all(page);
    }
    // One that a signal ended was not wanted any longer.
    Ok(man.wait()?.code().is_none_or(|code| code == 0))
}
