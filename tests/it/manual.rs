//! The manual: its pages are clean, and its examples are command lines that work.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use clap::Parser as _;
use s4::ExitCode;
use s4_commands::manual::{Example, Exit, examples};
use s4_commands::markup::Block;
use s4_commands::pages::PAGES;
use s4_commands::{COMMANDS, Cli};

use crate::readme::{Step, furnish, play, steps};
use crate::support::{Bucket, TestEnv, is_installed};

/// The pages, as the build rendered them.
fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("OUT_DIR")).join("man");
    let pages: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(pages.len(), 1 + COMMANDS.len() + PAGES.len());
    pages
}

/// A page as `man` shows it in 80 columns, with what it has to say against it.
fn man(page: &Path) -> (String, String) {
    let mut man = Command::new("man");
    man.args(["--warnings", "-l"]).arg(page).env_remove("MANOPT").env("LC_ALL", "C.UTF-8").env("MANWIDTH", "80");
    let output = man.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    texts(&output)
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn pages_are_clean_in_the_eyes_of_mandoc() {
    if !is_installed("mandoc") {
        return;
    }
    let output = Command::new("mandoc").args(["-Tlint", "-Wstyle"]).args(pages()).output().unwrap();
    assert_eq!(texts(&output), (String::new(), String::new()));
}

#[test]
fn pages_are_clean_in_the_eyes_of_groff_and_fit_80_columns() {
    if !is_installed("man") || !is_installed("groff") {
        return;
    }
    for page in pages() {
        let (shown, warnings) = man(&page);
        assert_eq!(warnings, "", "{}", page.display());
        assert!(shown.contains("SEE ALSO"), "{}: {shown}", page.display());
        for line in shown.lines() {
            assert!(line.chars().count() <= 80, "{}: too wide: {line}", page.display());
            // Names are to be copied from the page.
            assert!(line.is_ascii() || line.contains('•'), "{}: {line}", page.display());
        }
    }
}

#[test]
fn exit_codes_are_those_of_the_manual() {
    let codes = [
        (ExitCode::Done, Exit::Done),
        (ExitCode::Failed, Exit::Failed),
        (ExitCode::Usage, Exit::Usage),
        (ExitCode::Conflicts, Exit::Conflicts),
        (ExitCode::Partial, Exit::Partial),
        (ExitCode::Guard, Exit::Guard),
        (ExitCode::Interrupted, Exit::Interrupted),
    ];
    assert_eq!(codes.len(), Exit::ALL.len());
    for (ends, told) in codes {
        assert_eq!(ends as u8, told.code());
    }
}

/// The commands of a piece of shell: what stands between pipes, redirections and ends of lines, word by word. As much of
/// the shell as the examples use, and not more.
fn commands(shell: &str) -> Vec<Vec<String>> {
    let mut commands: Vec<Vec<String>> = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = shell.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (Some('"'), '\\') => word.get_or_insert_default().extend(letters.next()),
            (Some(_), _) => word.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '\\') if letters.peek() == Some(&'\n') => drop(letters.next()),
            (None, '\\') => word.get_or_insert_default().extend(letters.next()),
            (None, '|' | '>' | '<' | '&' | ';' | '\n') => {
                commands.last_mut().unwrap().extend(word.take());
                commands.push(Vec::new());
            }
            (None, _) if letter.is_whitespace() => commands.last_mut().unwrap().extend(word.take()),
            (None, _) => word.get_or_insert_default().push(letter),
        }
    }
    assert_eq!(quote, None, "a quote stays open: {shell}");
    commands.last_mut().unwrap().extend(word);
    commands.retain(|command| !command.is_empty());
    commands
}

/// The commands of all examples that run a program, with the example.
fn commands_of(program: &str) -> Vec<(Example, Vec<String>)> {
    let all = examples().into_iter().flat_map(|example| {
        let commands = commands(&example.shell);
        commands.into_iter().map(move |command| (example.clone(), command))
    });
    all.filter(|(_, command)| command[0] == program).collect()
}

#[test]
fn every_example_parses() {
    let all = commands_of("s4");
    assert!(all.len() > 60, "the manual has lost its examples: {}", all.len());
    for (example, command) in all {
        if let Err(error) = Cli::try_parse_from(&command) {
            panic!("{example:?}\n{error}");
        }
    }
    for command in COMMANDS {
        let page = format!("s4-{}.1", command.name);
        let shown = commands_of("s4")
            .into_iter()
            .any(|(example, words)| example.page == page && words.get(1).is_some_and(|word| word == command.name));
        assert!(shown, "{page} has no example of its own command");
    }
}

#[test]
fn every_program_for_jq_in_an_example_is_one() {
    if !is_installed("jq") {
        return;
    }
    let all = commands_of("jq");
    assert!(all.len() > 20, "{}", all.len());
    for (example, command) in all {
        let output = Command::new("jq").args(&command[1..]).stdin(Stdio::null()).output().unwrap();
        // With nothing to read, -e has no last result to go by.
        let fine = matches!(output.status.code(), Some(0 | 4));
        assert!(fine, "{example:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn shell_is_taken_apart_at_what_stands_outside_of_quotes() {
    let shell = "s4 scan docs | jq 'a | b' > x\ns4 \\\n  sync \"c; \\\"d\" && s4 ls e;";
    let expected: [&[&str]; 5] =
        [&["s4", "scan", "docs"], &["jq", "a | b"], &["x"], &["s4", "sync", "c; \"d"], &["s4", "ls", "e"]];
    assert_eq!(commands(shell), expected);
}

/// Examples that wait for answers, and those that need a server, a version or a shell which does not exist.
const LEFT_OUT: [&str; 6] = [
    "Add a target, answering questions:",
    "Answer questions:",
    "Another server, with stored keys:",
    "A version that s4 log shows:",
    "Give it to a user of IAM:",
    "For PowerShell, in the file $PROFILE:",
];

/// Whether an example has no part in [`examples_do_what_they_say`]. The tutorial is played as a whole, the daemon
/// never ends, the status needs one, and a conflict another machine.
fn is_left_out(example: &Example) -> bool {
    LEFT_OUT.contains(&example.sentence.as_str())
        || ["s4-tutorial.7", "s4-daemon.1", "s4-status.1", "s4-resolve.1"].contains(&example.page.as_str())
}

#[test]
fn examples_do_what_they_say() {
    if !is_installed("jq") {
        return;
    }
    let mut groups: Vec<Vec<Example>> = Vec::new();
    for example in examples() {
        match groups.last_mut().filter(|group| group[0].page == example.page && group[0].sentence == example.sentence) {
            Some(group) => group.push(example),
            None => groups.push(vec![example]),
        }
    }
    groups.retain(|group| !group.iter().any(is_left_out));
    assert!(groups.len() > 20, "{groups:?}");
    for group in groups {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        bucket.server().create_bucket("family");
        let home = env.home("home");
        furnish(&home, &bucket);
        run(&home, PREPARED);
        let lines: Vec<&str> = group.iter().map(|example| example.shell.as_str()).collect();
        run(&home, &format!("set -e\n{}", lines.join("\n")));
    }
}

/// A machine with two targets that are in sync but for a file, and what else the examples name.
const PREPARED: &str = "set -e
for name in docs photos; do
    s4 add --local-folder ~/$name --s3-uri s3://family/$name --no-check --versioning on
    echo some text > ~/$name/file.txt
done
s4 sync
mkdir -p ~/Music ~/docs/.s4/trash/run
echo old > ~/docs/.s4/trash/run/file.txt
echo pdf | tee ~/report.pdf ~/docs/report.pdf ~/Music/song.mp3";

fn run(home: &Path, shell: &str) {
    let output = TestEnv::shell(home, shell).stdin(Stdio::null()).output().unwrap();
    let (out, err) = texts(&output);
    // The exit code of a pipe is that of its end.
    assert!(output.status.success() && !err.contains("error:"), "{shell}\n{out}{err}");
}

#[test]
fn the_tutorial_plays() {
    let page = PAGES.iter().find(|page| page.topic == "tutorial").unwrap();
    let blocks = page.blocks();
    let shown = blocks.iter().filter_map(|block| match block {
        Block::Literal(lines) => Some(lines.join("\n").replace("[...]", "…")),
        _ => None,
    });
    let steps: Vec<Step> = shown.filter(|shown| shown.contains("$ ")).flat_map(|shown| steps(&shown)).collect();
    assert!(steps.len() > 20, "{steps:?}");
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.server().create_bucket("family");
    assert_eq!(play(&env, &bucket, steps), ["desktop", "laptop", "server"]);
}
