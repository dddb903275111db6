//! What the manual says of a command beyond its arguments. `--help` shows the examples of it.
//!
//! Texts are in the markup of [`crate::markup`].

use crate::{COMMANDS, markup, pages};

/// What the manual says of a command beyond its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Manual {
    /// The types of the records that it prints of itself, `header`, `end` and `error` apart.
    pub output: &'static [&'static str],
    /// What else there is to say of its output.
    pub on_output: &'static str,
    /// What it is good for: a sentence, and the lines for a shell.
    pub examples: &'static [(&'static str, &'static str)],
    /// How it can end, besides [`Exit::ALWAYS`].
    pub exits: &'static [Exit],
    /// Other pages to read.
    pub see_also: &'static [&'static str],
}

impl Manual {
    /// The end of the command's `--help`: its examples.
    pub(crate) fn help(&self) -> String {
        let mut text = "EXAMPLES".to_owned();
        for (sentence, shell) in self.examples {
            text += &format!("\n  {sentence}");
            shell.lines().for_each(|line| text += &format!("\n      {line}"));
        }
        text
    }

    /// How it can end.
    pub fn exits(&self) -> impl Iterator<Item = Exit> {
        Exit::ALWAYS.into_iter().chain(self.exits.iter().copied())
    }
}

/// How a command ends, as its exit code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their meanings are texts of the manual")]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Conflicts = 3,
    Partial = 4,
    Guard = 5,
    Interrupted = 130,
}

impl Exit {
    /// All of them.
    pub const ALL: [Exit; 7] =
        [Exit::Done, Exit::Failed, Exit::Usage, Exit::Conflicts, Exit::Partial, Exit::Guard, Exit::Interrupted];
    /// How every command can end.
    pub const ALWAYS: [Exit; 3] = [Exit::Done, Exit::Failed, Exit::Usage];

    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What it means.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Failed => "failed",
            Exit::Usage => "wrong usage: a command line that makes no sense, or an unknown target",
            Exit::Conflicts => "done, but conflicts are left",
            Exit::Partial => "done, but some keys failed",
            Exit::Guard => "refused by a guard, before anything was done",
            Exit::Interrupted => "interrupted, after what was done was written down",
        }
    }
}

/// What a command is for: the groups of `s4 --help` and of s4(1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// What people do every day.
    Everyday,
    /// What only looks.
    Look,
    /// The steps of a sync.
    Plumbing,
}

impl Group {
    /// All of them, in the order of the help.
    pub const ALL: [Group; 3] = [Group::Everyday, Group::Look, Group::Plumbing];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Everyday => "Everyday",
            Group::Look => "Look",
            Group::Plumbing => "Plumbing: the steps of a sync, as records",
        }
    }

    /// The commands in it.
    pub fn commands(self) -> impl Iterator<Item = &'static Listed> {
        COMMANDS.iter().filter(move |command| command.group == self)
    }
}

/// A command in the list of all.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub group: Group,
    /// What the manual says of it.
    pub manual: &'static Manual,
}

/// An example somewhere in the manual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The page: `s4-sync.1`.
    pub page: String,
    /// What it is good for.
    pub sentence: String,
    /// Lines for a shell.
    pub shell: String,
    /// On which machine it is typed, where there are several.
    pub machine: String,
}

/// Every example of the manual, page by page. They go by a target `docs`, whose folder is `~/docs`, and a target
/// `photos`.
pub fn examples() -> Vec<Example> {
    let example = |page: &str, sentence: &str, shell: &str, machine: &str| Example {
        page: page.to_owned(),
        sentence: sentence.to_owned(),
        shell: shell.to_owned(),
        machine: machine.to_owned(),
    };
    let mut all = Vec::new();
    let commands = COMMANDS.iter().map(|command| (format!("s4-{}.1", command.name), command.manual));
    for (page, manual) in std::iter::once(("s4.1".to_owned(), &crate::MANUAL)).chain(commands) {
        all.extend(manual.examples.iter().map(|(sentence, shell)| example(&page, sentence, shell, "")));
    }
    for page in pages::PAGES {
        for (sentence, typed) in markup::typed(&page.blocks()) {
            all.extend(typed.into_iter().map(|typed| example(&page.file(), &sentence, &typed.shell, &typed.machine)));
        }
    }
    all
}
