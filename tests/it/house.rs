//! The house is as `CONTRIBUTING.md` explains it, and nothing of its checklist for a new command is forgotten.

use std::fs;
use std::path::{Path, PathBuf};

use s4_commands::COMMANDS;

const CONTRIBUTING: &str = include_str!("../../CONTRIBUTING.md");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether a text names a command, as it is typed or by its name alone.
fn names(text: &str, command: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '-');
    let typed = format!("s4 {command}");
    text.contains(&format!("`{command}`")) || text.match_indices(&typed).any(|(at, _)| ends(&text[at + typed.len()..]))
}

/// All Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| is_rust(path))
        .collect()
}

fn is_rust(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

#[test]
fn every_command_is_in_the_readme_and_the_changelog() {
    for file in ["README.md", "CHANGELOG.md"] {
        let text = read(&root().join(file));
        for command in COMMANDS {
            assert!(names(&text, command.name), "{file} does not name {}", command.name);
        }
    }
}

#[test]
fn every_command_has_a_black_box_test() {
    // These run every command, and know of none what it is for.
    let general = ["json.rs", "manual.rs", "records.rs", "house.rs"];
    let files = sources(&root().join("tests/it"));
    let own = files.iter().filter(|file| !general.iter().any(|name| file.ends_with(name)));
    let tests: String = own.map(|file| read(file)).collect();
    for command in COMMANDS {
        let run = tests.contains(&format!("\"{}\"", command.name)) || names(&tests, command.name);
        assert!(run, "no file in tests/it runs {}", command.name);
    }
}

#[test]
fn the_house_has_no_room_that_is_not_explained() {
    for folder in ["src", "tests", "."] {
        for entry in fs::read_dir(root().join(folder)).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            // What tools put there for one person, and the folders that are looked into.
            let is_other = name.starts_with('.') || ["target", "src", "tests"].contains(&name.as_str());
            if entry.path().is_dir() && !is_other {
                let room = format!("{folder}/{name}/").replace("./", "");
                assert!(CONTRIBUTING.contains(&format!("`{room}`")), "CONTRIBUTING.md does not explain {room}");
            }
        }
    }
}

#[test]
fn the_checklist_names_tests_that_there_are() {
    let folders = ["commands/src", "tests/it"].iter().flat_map(|folder| sources(&root().join(folder)));
    let tests: String = folders.map(|file| read(&file)).collect();
    let mut named = Vec::new();
    for what in CONTRIBUTING.split("*Forgotten:").skip(1).filter_map(|text| text.split('*').next()) {
        named.extend(what.split('`').skip(1).step_by(2));
    }
    assert!(named.len() > 8, "{named:?}");
    for name in named {
        let is_there =
            if name.contains('/') { root().join(name).exists() } else { tests.contains(&format!("fn {name}()")) };
        assert!(is_there, "there is no {name}");
    }
}

#[test]
fn names_are_told_from_what_begins_like_them() {
    for (text, is) in
        [("`s4 read-index x`", true), ("the `read-index`", true), ("`s4 read-indexes`", false), ("read-index", false)]
    {
        assert_eq!(names(text, "read-index"), is, "{text}");
    }
    assert!(!names("s4 diff-index", "diff"));
}
