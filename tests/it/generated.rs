//! What the build renders and what is checked in are the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use s4_commands::COMMANDS;

/// The files of a folder, by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())).collect()
}

#[test]
fn what_is_checked_in_is_what_the_build_renders() {
    for folder in ["man", "completions"] {
        let checked_in = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
        let rendered = files(&Path::new(env!("OUT_DIR")).join(folder));
        for (name, bytes) in &rendered {
            let fresh = checked_in.get(name) == Some(bytes);
            assert!(
                fresh,
                "{folder}/{name} is stale or missing: run cargo build without CI set, and commit what it wrote"
            );
        }
        for name in checked_in.keys() {
            assert!(rendered.contains_key(name), "{folder}/{name} belongs to nothing any more: remove it");
        }
    }
}

#[test]
fn every_shell_has_a_script_that_knows_every_command() {
    let scripts = files(&Path::new(env!("OUT_DIR")).join("completions"));
    assert_eq!(scripts.keys().collect::<Vec<_>>(), ["_s4", "_s4.ps1", "s4.bash", "s4.elv", "s4.fish"]);
    for (name, script) in &scripts {
        let script = std::str::from_utf8(script).unwrap();
        for command in COMMANDS {
            assert!(script.contains(command.name), "{name} lacks {}", command.name);
        }
        assert!(script.contains("dry-run"), "{name}");
        // Those of clap for PowerShell and Elvish know no choices.
        assert!(script.contains("keep-both") || ["_s4.ps1", "s4.elv"].contains(&name.as_str()), "{name}");
    }
}

#[test]
fn every_command_has_a_page_with_all_its_sections() {
    let pages = files(&Path::new(env!("OUT_DIR")).join("man"));
    let programs = COMMANDS.iter().map(|command| format!("s4-{}.1", command.name)).chain(["s4.1".to_owned()]);
    for name in programs {
        let page = String::from_utf8(pages[&name].clone()).unwrap();
        let sections = page.lines().filter_map(|line| line.strip_prefix(".SH ")).map(|title| title.trim_matches('"'));
        let sections: Vec<&str> = sections.filter(|title| SECTIONS.contains(title)).collect();
        assert_eq!(sections, SECTIONS, "{name}");
    }
}

/// What the page of each command has, in this order.
const SECTIONS: [&str; 8] =
    ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "OUTPUT", "EXAMPLES", "EXIT STATUS", "SEE ALSO"];
