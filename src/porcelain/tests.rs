//! `add`, `edit`, `rm`, `targets` and `version`, from their command lines to the config file.

mod existing;

use std::cell::Cell;
use std::fs;
use std::path::Path;

use clap::Parser as _;
use s4_commands::{Cli, Command};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::ambient::Clock;
use crate::context::Context;
use crate::env::Env;
use crate::error::{ExitCode, Kind};
use crate::ui::Ui;
use crate::ui::capture::Seen;

/// A home with a config file, in a folder of its own.
struct Home {
    folder: TempDir,
    /// How often a bucket was tried.
    tried: Cell<u32>,
    /// What trying finds.
    found: Option<Value>,
}

/// What a command came to.
struct Ran {
    result: Result<ExitCode, Error>,
    seen: Seen,
}

impl Home {
    fn new() -> Home {
        let folder = tempfile::tempdir().unwrap();
        Home { folder, tried: Cell::new(0), found: Some(json!({"put": true, "copy": false})) }
    }

    /// One with the target `docs`, which has stored keys.
    fn with_docs() -> Home {
        let home = Home::new();
        let docs = json!({"local_folder": home.path("docs"), "s3_uri": "s3://box/docs", "region_name": "eu", "profile": "p",
            "endpoint_url": "http://h", "aws_access_key_id": "AKID", "aws_secret_access_key": "hunter2",
            "conditional_writes": {"put": false}, "later": 1});
        fs::write(home.path("sync.conf"), json!({"targets": {"docs": docs}}).to_string()).unwrap();
        home
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Runs a command with `input` on its stdin; `~` is the home.
    fn run(&self, args: &[&str], input: &str) -> Ran {
        let root = self.folder.path().to_owned();
        let env = Env::new([("HOME", root.as_os_str())], root.clone());
        let (ui, seen) = Ui::captured(input);
        let context = Context { env, config_path: Some(root.join("sync.conf")), ui: ui.into(), clock: Clock::Fixed(0) };
        let check = |_: &Target| {
            self.tried.set(self.tried.get() + 1);
            self.found.clone().ok_or_else(|| Error::new(Kind::Access, "the bucket 'b' does not exist"))
        };
        let result = match Cli::try_parse_from(["s4"].iter().chain(args)).unwrap().command {
            Command::Add(args) => add::run(&context, &args, &check),
            Command::Edit(args) => edit::run(&context, &args, &check),
            Command::Rm(args) => rm::run(&context, &args),
            Command::Targets(args) => targets::run(&context, &args),
            Command::Version(args) => version::run(&context, &args),
            _ => unreachable!(),
        };
        context.ui.finish().unwrap();
        Ran { result, seen }
    }

    fn config(&self) -> Value {
        fs::read(self.path("sync.conf")).map_or(json!(null), |bytes| serde_json::from_slice(&bytes).unwrap())
    }

    fn target(&self, name: &str) -> Value {
        self.config()["targets"][name].clone()
    }
}

impl Ran {
    fn failed(&self, kind: Kind, message: &str) {
        let error = self.result.as_ref().unwrap_err();
        let chain = error.chain().join(": ");
        assert_eq!(error.kind(), kind, "{chain}");
        assert!(chain.contains(message), "{chain:?} has no {message:?}");
    }

    fn done(&self) {
        if let Err(error) = &self.result {
            panic!("{}", error.chain().join(": "));
        }
    }
}

#[test]
fn add_asks_in_the_words_of_0_4() {
    let home = Home::new();
    let ran = home.run(&["add"], "~/new\ns3://box/some/docs\nhttp://h\nAKID\nhunter2\neu\n\n");
    ran.done();
    assert_eq!(
        ran.seen.err(),
        format!(
            "To add a new target, please enter the following\n\nlocal folder path to sync [leave blank for current \
             folder]: s3 uri [required]: endpoint url [leave blank for AWS]: AWS Access Key ID [leave blank for the AWS \
             chain]: AWS Secret Access Key: region name [leave blank if unknown]: Provide a name for this entry [leave \
             blank to default to 'docs']: Made the folder '{}'\n",
            home.path("new")
        )
    );
    assert_eq!(
        ran.seen.out(),
        "Target has been added. Start syncing with the 'sync' command\nYou can edit anything you have entered here using \
         the 'edit' command\n"
    );
    assert_eq!(
        home.target("docs"),
        json!({"local_folder": home.path("new"), "s3_uri": "s3://box/some/docs", "endpoint_url": "http://h",
            "aws_access_key_id": "AKID", "aws_secret_access_key": "hunter2", "region_name": "eu",
            "conditional_writes": {"put": true, "copy": false}})
    );
    assert!(Path::new(&home.path("new")).is_dir());
}

#[test]
fn blank_answers_take_the_current_folder_the_aws_chain_and_the_default_name() {
    let home = Home::new();
    let ran = home.run(&["add"], "\ns3://bucket\n");
    ran.done();
    assert!(!ran.seen.err().contains("Secret"), "{}", ran.seen.err());
    let root = home.folder.path().to_str().unwrap();
    assert_eq!(home.target("bucket")["local_folder"], json!(root));
    assert_eq!(home.target("bucket").as_object().unwrap().len(), 3);
}

#[test]
fn add_asks_again_after_an_answer_that_makes_no_sense() {
    let home = Home::with_docs();
    fs::write(home.path("file"), "").unwrap();
    let answers = "~/file\n-\n~/new\n\nbucket/path\ns3://box/new\nh:80\n\nAKID\n\nhunter2\n\ndocs\n\u{7}\nfine\n";
    let ran = home.run(&["add"], answers);
    ran.done();
    assert_eq!(ran.seen.err().matches("warning: ").count(), 8, "{}", ran.seen.err());
    assert_eq!(home.target("fine")["s3_uri"], json!("s3://box/new"));
}

#[test]
fn answers_are_not_lost_when_the_bucket_can_not_be_used() {
    for (answer, saved) in [("y\n", true), ("n\n", false), ("", false)] {
        let home = Home { found: None, ..Home::new() };
        let ran = home.run(&["add"], &format!("~/x\ns3://box/x\n\n\n\n\n{answer}"));
        assert!(ran.seen.err().contains("error: the bucket 'b' does not exist\nSave it all"), "{}", ran.seen.err());
        assert_eq!(ran.result.unwrap(), if saved { ExitCode::Done } else { ExitCode::Failed });
        assert_eq!(home.config().is_null(), !saved, "{answer:?}");
    }
}

#[test]
fn add_names_the_options_when_there_is_nobody_to_ask() {
    let home = Home::new();
    home.run(&["add"], "").failed(Kind::Usage, "a target needs --local-folder DIR and --s3-uri s3://bucket/path");
    home.run(&["add", "--local-folder", "x"], "s3://box\n")
        .failed(Kind::Usage, "a target needs --s3-uri s3://bucket/path");
    assert_eq!((home.config(), home.tried.get()), (json!(null), 0));
}

#[test]
fn add_takes_everything_by_options() {
    let home = Home::new();
    fs::write(home.path("secret"), "hunter2\nrest\n").unwrap();
    let secret = home.path("secret");
    home.run(
        &[
            "add",
            "--name",
            "n",
            "--local-folder",
            "~/n",
            "--s3-uri",
            "s3://box/n/",
            "--access-key-id",
            "AKID",
            "--secret-access-key-file",
            &secret,
            "--region",
            "eu",
            "--profile",
            "p",
            "--storage-class",
            "STANDARD_IA",
            "--sse",
            "aws:kms",
            "--sse-kms-key-id",
            "k",
            "--conflicts",
            "Keep-Both",
            "--state-folder",
            "state",
            "--max-delete",
            "12.5%",
            "--trash-days",
            "3",
            "--on-ignore",
            "keep",
            "--links",
            "Preserve",
            "--empty-folders",
            "On",
            "--jobs",
            "16",
            "--bandwidth-limit",
            "1M:off",
            "--prices",
            "put=0.0045,down=0",
            "--event-queue",
            "http://h/1/q",
            "--endpoint-url",
            "http://h",
            "--pull-only",
            "--addressing-style",
            "virtual",
            "--ca-bundle",
            "ca.pem",
            "--requester-pays",
            "on",
        ],
        "",
    )
    .done();
    assert_eq!(
        home.target("n"),
        json!({"local_folder": home.path("n"), "s3_uri": "s3://box/n/", "endpoint_url": "http://h", "region_name": "eu",
            "aws_access_key_id": "AKID", "profile": "p", "storage_class": "STANDARD_IA", "sse": "aws:kms",
            "sse_kms_key_id": "k", "conflicts": "keep-both", "state_folder": home.path("state"), "max_delete": 12.5,
            "trash_days": 3, "on_ignore": "keep", "links": "preserve", "empty_folders": true, "direction": "pull",
            "addressing_style": "virtual", "ca_bundle": home.path("ca.pem"), "requester_pays": true, "jobs": 16,
            "bandwidth_limit": "1M:off",
            "prices": {"put": 0.0045, "down": 0.0}, "event_queue": "http://h/1/q", "aws_secret_access_key": "hunter2",
            "conditional_writes": {"put": true, "copy": false}})
    );
}

#[test]
fn a_secret_can_come_from_standard_input() {
    let home = Home::new();
    let args =
        ["add", "--local-folder", "x", "--s3-uri", "s3://box", "--access-key-id", "A", "--secret-access-key-file", "-"];
    home.run(&args, "\n").failed(Kind::Usage, "there is no secret key in '-'");
    home.run(&args, "hunter2\n").done();
    assert_eq!(home.target("box")["aws_secret_access_key"], json!("hunter2"));
}

#[test]
fn a_failed_check_saves_nothing_and_no_check_saves_untried() {
    let mut home = Home::new();
    home.found = None;
    let args = ["add", "--local-folder", "~/x", "--s3-uri", "s3://box/x"];
    home.run(&args, "").failed(Kind::Access, "the bucket 'b' does not exist");
    assert_eq!(home.config(), json!(null));
    assert!(!Path::new(&home.path("x")).exists());
    home.run(&[&args[..], &["--no-check"]].concat(), "").done();
    assert_eq!((home.tried.get(), &home.target("x")["conditional_writes"]), (1, &json!(null)));
}

#[test]
fn add_copies_the_credentials_of_another_target_and_does_not_ask_for_them() {
    let home = Home::with_docs();
    let ran = home.run(&["add", "-C", "docs"], "~/two\ns3://box/two\n\n");
    ran.done();
    assert!(!ran.seen.err().contains("AWS") && !ran.seen.err().contains("region"), "{}", ran.seen.err());
    assert_eq!(
        home.target("two"),
        json!({"region_name": "eu", "profile": "p", "endpoint_url": "http://h", "aws_access_key_id": "AKID",
            "aws_secret_access_key": "hunter2", "local_folder": home.path("two"), "s3_uri": "s3://box/two",
            "conditional_writes": {"put": true, "copy": false}})
    );
    home.run(&["add", "-C", "dosc"], "").failed(Kind::Usage, "\"dosc\" is an unknown target");
}

#[test]
fn add_refuses_what_can_not_be_a_target() {
    let home = Home::with_docs();
    fs::write(home.path("file"), "").unwrap();
    let add = |name: &str, folder: &str, uri: &str| {
        home.run(&["add", "--name", name, "--local-folder", folder, "--s3-uri", uri], "")
    };
    add("docs", "~/x", "s3://box/x").failed(Kind::Usage, "there is a target \"docs\" already");
    add(" ", "~/x", "s3://box/x").failed(Kind::Usage, "it is empty");
    add("a\nb", "~/x", "s3://box/x").failed(Kind::Usage, "\"a\\nb\" cannot be the name of a target");
    add("x", "~/file", "s3://box/x").failed(Kind::Usage, "is not a folder");
    add("x", "~/x", "b/x").failed(Kind::Usage, "'b/x' does not begin with s3://");
    add("x", "~/docs", "s3://box/x").failed(Kind::Config, "both use the same folder");
    home.run(&["add", "--local-folder", "~/x", "--s3-uri", "s3://box/docs/x", "--endpoint-url", "http://h/"], "")
        .failed(Kind::Config, "target \"x\" overlaps with target \"docs\": their places in the bucket");
    assert_eq!((home.config()["targets"].as_object().unwrap().len(), home.tried.get()), (1, 0));
}
