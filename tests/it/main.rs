//! The black-box tests: the binary `s4` on machines and buckets of the tests' own.
//!
//! One binary for all of them, so that they link once. Run them with `tests/run`; `cargo test` alone leaves those out
//! that need SeaweedFS or the Python S4.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets an error has failed, helpers of tests too")]

mod bad_input;
mod budget;
mod command_line;
mod completion;
mod conflicts;
mod converge;
mod cost;
mod daemon;
mod damage;
mod delta;
mod diff;
mod disks;
mod dry_run;
mod editors;
mod environment;
mod faults;
mod folders;
mod fuzz;
mod generated;
mod guards;
mod healing;
mod help;
mod hints;
mod hostile;
mod house;
mod ignore;
mod integrity;
mod json;
mod kill;
mod large_copies;
mod line;
mod links;
mod log;
mod ls;
mod man;
mod manual;
mod modes;
mod network;
mod pipeline;
mod plumbing;
mod processes;
mod progress;
mod races;
mod readme;
mod renames;
mod resolve;
mod restore;
mod resuming;
mod rules;
mod s4_0_4;
mod scan;
mod scope;
mod screens;
mod secrets;
mod servers;
mod signals;
mod state_folder;
mod status;
mod status_changes;
mod support;
mod sync;
mod transfers;
mod trash;
mod trash_command;
mod verify;
mod versioning;

/// A file that no `mod` names would never be compiled, and its tests never run.
#[test]
fn every_file_here_is_a_module() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.strip_suffix(".rs").unwrap_or(&name);
        let named = main.lines().any(|line| line == format!("mod {module};"));
        assert!(named || module == "main", "tests/it/{name} is not a module of tests/it/main.rs");
    }
}
