//! Every command's records are those that a reader declares, and those that the manual promises.

use std::collections::{BTreeMap, BTreeSet};

use clap::Parser as _;
use s4_commands::record::Record;
use s4_commands::{COMMANDS, Cli};
use serde_json::Value;

use crate::support::{Bucket, TARGET, TestEnv, in_sync, whole};

/// A command line for each command, on a machine with something of everything.
pub(crate) fn lines() -> BTreeMap<&'static str, Vec<&'static str>> {
    let folder = ["--local-folder", "~/other", "--s3-uri", "s3://bucket/other", "--no-check", "--json"];
    BTreeMap::from([
        ("add", ["add"].into_iter().chain(folder).collect()),
        ("edit", vec!["edit", "other", "--trash-days", "3", "--json"]),
        ("rm", vec!["rm", "other", "--json"]),
        ("sync", vec!["sync", TARGET, "--json"]),
        ("targets", vec!["targets", "--json"]),
        ("ls", vec!["ls", TARGET, "--all", "--json"]),
        ("diff", vec!["diff", TARGET, "--json"]),
        ("status", vec!["status", TARGET, "--json"]),
        ("conflicts", vec!["conflicts", TARGET, "--json"]),
        ("resolve", vec!["resolve", TARGET, "sub/", "--keep", "local", "--json"]),
        ("log", vec!["log", TARGET, "--json"]),
        ("restore", vec!["restore", TARGET, "--at", "now", "--to", "aside", "--yes", "--json"]),
        ("trash", vec!["trash", "list", TARGET, "--json"]),
        ("policy", vec!["policy", TARGET, "--json"]),
        ("verify", vec!["verify", TARGET, "--remote", "--json"]),
        ("man", vec!["man", "--install", "--json"]),
        ("completions", vec!["completions", "zsh", "--json"]),
        ("version", vec!["version", "--json"]),
        ("scan", vec!["scan", TARGET]),
        ("list-objects", vec!["list-objects", TARGET]),
        ("read-index", vec!["read-index", TARGET]),
        ("diff-index", vec!["diff-index", TARGET]),
        ("push-file", vec!["push-file", TARGET, "new here", "new there"]),
        ("pull-file", vec!["pull-file", TARGET, "new here", "new there"]),
        ("write-index", vec!["write-index", TARGET]),
        ("hash-file", vec!["hash-file", "files/calm"]),
        ("check-ignore", vec!["check-ignore", TARGET, "calm"]),
    ])
}

#[test]
fn every_command_prints_records_that_a_reader_knows_and_the_manual_promises() {
    let fields: BTreeMap<&str, BTreeMap<&str, bool>> = Record::manual()
        .into_iter()
        .map(|record| (record.name, record.fields.iter().map(|field| (field.name, field.always)).collect()))
        .collect();
    let mut lines = lines();
    for listed in COMMANDS {
        let command = listed.name;
        let Some(line) = lines.remove(command) else {
            // What a daemon tells has its own tests.
            assert!(["help", "daemon"].contains(&command), "{command} has no line here");
            continue;
        };
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        bucket.keep_versions();
        let (one, two) = in_sync(&env, &bucket, &[("calm", "1"), ("gone", "2"), ("edited", "3")]);
        two.write("new there", "4");
        two.sync();
        one.write("new here", "5");
        one.write("edited", "otherwise");
        one.remove("gone");
        std::os::unix::fs::symlink("calm", one.path("link")).unwrap();
        if ["edit", "rm"].contains(&command) {
            let add = ["add", "--local-folder", "~/other", "--s3-uri", "s3://bucket/other", "--no-check"];
            one.run(add).with(0);
        }
        let parsed = Cli::try_parse_from(["s4"].iter().chain(&line)).unwrap();
        assert!(parsed.command.json(), "{command} does not say that these are records");
        let ran = one.run(&line).with(0);
        let promised: BTreeSet<&str> = listed.manual.output.iter().copied().collect();
        whole(&ran.out);
        for text in ran.out.lines() {
            let record: Value = serde_json::from_str(text).unwrap();
            let kind = record["type"].as_str().unwrap();
            assert!(text.starts_with("{\"type\":"), "{text}");
            assert!(["header", "end"].contains(&kind) || promised.contains(kind), "{command} prints {text}");
            let known = &fields[kind];
            for name in record.as_object().unwrap().keys().filter(|name| *name != "type") {
                assert!(known.contains_key(name.as_str()), "{kind} has no {name} in the manual: {text}");
            }
            for name in known.iter().filter(|(_, always)| **always).map(|(name, _)| name) {
                assert!(record.get(name).is_some(), "{kind} lacks {name}: {text}");
            }
        }
    }
    assert_eq!(lines, BTreeMap::new());
}
