//! `s4 man`: the pages go where `man` finds them, and nowhere else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::{contains, is_empty};

use crate::support::{Bucket, Machine, TestEnv, is_installed};

fn machine(env: &TestEnv) -> Machine {
    env.machine(&Bucket::in_process())
}

/// The pages, as the build rendered them: the path of each below a folder for manuals, and its bytes.
fn pages() -> Vec<(PathBuf, Vec<u8>)> {
    let rendered = fs::read_dir(Path::new(env!("OUT_DIR")).join("man")).unwrap().map(|entry| entry.unwrap().path());
    let page = |path: PathBuf| {
        let section = path.extension().unwrap().to_str().unwrap();
        (Path::new(&format!("man{section}")).join(path.file_name().unwrap()), fs::read(&path).unwrap())
    };
    rendered.map(page).collect()
}

#[test]
fn every_page_is_installed_as_it_was_rendered_and_the_next_version_replaces_it() {
    let env = TestEnv::new();
    let machine = machine(&env);
    let folder = machine.path("").with_file_name(".local/share/man");
    for round in ["new", "replaced"] {
        machine.s4(["man", "--install"]).assert().success().stdout(contains(folder.to_str().unwrap()));
        for (path, bytes) in pages() {
            let installed = folder.join(&path);
            assert_eq!(fs::read(&installed).unwrap(), bytes, "{round}: {}", path.display());
            fs::write(installed, ".TH S4 1 2020-01-01 \"s4 0.1.0\" \"s4 manual\"\n").unwrap();
        }
    }
    let of_first_section = pages().iter().filter(|(path, _)| path.starts_with("man1")).count();
    assert_eq!(fs::read_dir(folder.join("man1")).unwrap().count(), of_first_section, "something else is left there");
}

#[test]
fn nothing_is_installed_where_a_file_of_somebody_else_is_in_the_way() {
    let env = TestEnv::new();
    let machine = machine(&env);
    let folder = machine.path("pages");
    machine.write("pages/man7/s4-json.7", "mine");
    let refused = contains("s4-json.7' is there already, and s4 did not write it");
    machine.s4(["man", "--install"]).arg(&folder).assert().code(1).stdout(is_empty()).stderr(refused);
    assert_eq!(machine.read("pages/man7/s4-json.7").unwrap(), b"mine");
    assert!(!folder.join("man1").exists());
    machine.write("file", "");
    let below = machine.path("file/man");
    machine.s4(["man", "--install"]).arg(&below).assert().code(1).stderr(contains("error: cannot"));
}

#[test]
fn it_is_said_where_the_pages_are_and_what_man_lacks_to_find_them() {
    let env = TestEnv::new();
    let machine = machine(&env);
    let (data, folder) = (machine.path("data"), machine.path("data/man"));
    let install = |variable: &str, value: &Path| {
        let mut command = machine.s4(["man", "--install"]);
        command.env("XDG_DATA_HOME", &data).env(variable, value).assert().success()
    };
    let line = format!("export MANPATH='{}':", folder.display()).replace('\'', "");
    install("TERM", Path::new("dumb")).stderr(contains(line.as_str()));
    install("MANPATH", &folder).stderr(is_empty()).stdout(contains("read them with: man s4-sync"));
    if is_installed("man") {
        let found = Command::new("man").args(["-w", "s4-sync"]).env("MANPATH", &folder).output().unwrap();
        assert_eq!(String::from_utf8(found.stdout).unwrap().trim(), folder.join("man1/s4-sync.1").to_str().unwrap());
    }
}

#[test]
fn without_install_the_pages_are_listed_and_nothing_is_written() {
    let env = TestEnv::new();
    let machine = machine(&env);
    let listed = machine.run(["man"]).with(0).out;
    for (path, _) in pages() {
        let (name, section) =
            (path.file_stem().unwrap().to_str().unwrap(), path.extension().unwrap().to_str().unwrap());
        let begins = format!("{name}({section}) ");
        assert_eq!(listed.lines().filter(|line| line.starts_with(&begins)).count(), 1, "{begins}\n{listed}");
    }
    assert!(!machine.path("").with_file_name(".local").exists());
    let no_home = contains("no home folder is known").and(contains("--install DIR"));
    machine.s4(["man", "--install"]).env_remove("HOME").assert().code(1).stderr(no_home);
}
