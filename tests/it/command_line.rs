//! The command line's wiring: names, short forms, help, and where output goes.

use predicates::prelude::*;
use predicates::str::{contains, is_empty, starts_with};

use crate::support::{Bucket, TARGET, TestEnv};

#[test]
fn the_version_has_three_ways_to_be_asked_for() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    for args in [["version"], ["v"], ["--version"]] {
        let number = contains(env!("CARGO_PKG_VERSION"));
        machine.s4(args).assert().success().stdout(number).stderr(is_empty());
    }
    machine.s4(["version", "--json"]).assert().success().stdout(contains("\n{\"type\":\"version\""));
}

#[test]
fn the_short_forms_of_s4_0_4_are_the_commands() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    machine.s4(["t"]).assert().success().stdout(starts_with(format!("{TARGET}: [")));
    machine.s4(["s", TARGET]).assert().success().stdout(starts_with(format!("Syncing {TARGET} [")));
    machine.s4(["e", TARGET, "--trash-days", "3"]).assert().success();
    machine.s4(["a", "--no-check"]).write_stdin("").assert().code(2);
}

#[test]
fn help_lists_every_command_and_a_wrong_one_is_usage() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let all: Vec<&str> = s4_commands::COMMANDS.iter().map(|command| command.name).collect();
    let every =
        all.iter().copied().fold(predicate::always().boxed(), |so_far, name| so_far.and(contains(name)).boxed());
    machine.s4(["--help"]).assert().success().stdout(every).stderr(is_empty());
    for name in all {
        machine.s4([name, "--help"]).assert().success().stdout(contains("Usage:").and(contains("EXAMPLES")));
    }
    machine.s4(["snyc"]).assert().code(2).stdout(is_empty()).stderr(contains("sync"));
    let record =
        starts_with("{\"type\":\"error\",\"code\":\"usage\",\"message\":\"unexpected argument '--bogus' found\"}");
    machine.s4(["status", "--json", "--bogus"]).assert().code(2).stdout(record).stderr(contains("Usage:"));
}

#[test]
fn each_line_begins_with_its_time_where_that_is_wanted() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    machine.write("new", "1");
    let timed = predicate::str::is_match(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ .*\n){3,}$").unwrap();
    machine.s4(["--timestamps", "status"]).assert().success().stdout(timed);
}

#[test]
fn the_options_of_s4_0_4_for_output_are_taken() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let timed = predicate::str::is_match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ Syncing ").unwrap();
    machine.s4(["--timestamps", "--no-colors", "--log-level", "INFO", "sync"]).assert().success().stdout(timed);
    machine.s4(["--log-level", "ERROR", "sync"]).assert().success().stdout(is_empty()).stderr(is_empty());
}
