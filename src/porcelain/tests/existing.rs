//! Commands about targets that are there: `edit`, `rm`, `targets`; and `version`.

use super::*;

#[test]
fn edit_shows_what_is_there_but_no_secret() {
    let home = Home::with_docs();
    let before = home.target("docs");
    let ran = home.run(&["edit", "docs"], "\n\n\n\n\n\n");
    ran.done();
    let questions = format!(
        "local folder [{}]: s3 uri [s3://box/docs]: endpoint url [http://h]: AWS Access Key ID [AKID]: AWS Secret Access Key \
         [unchanged]: region name [eu]: ",
        home.path("docs")
    );
    assert!(ran.seen.err().contains(&questions), "{}", ran.seen.err());
    assert!(!ran.seen.err().contains("hunter2"));
    assert_eq!((home.target("docs"), home.tried.get()), (before, 0));
}

#[test]
fn edit_takes_answers_and_clears_by_a_dash() {
    let home = Home::with_docs();
    home.run(&["edit", "docs"], "\ns3://box/other\n-\n-\n\n").done();
    assert_eq!(
        home.target("docs"),
        json!({"local_folder": home.path("docs"), "s3_uri": "s3://box/other", "region_name": "eu", "profile": "p", "later": 1,
            "conditional_writes": {"put": true, "copy": false}})
    );
    assert_eq!(home.tried.get(), 1);
}

#[test]
fn edit_changes_just_what_the_options_name() {
    let home = Home::with_docs();
    let ran = home.run(&["edit", "docs", "--trash-days", "3", "--profile", "-"], "");
    ran.done();
    assert_eq!(ran.seen.out(), "Target \"docs\" has been changed\n");
    assert_eq!((ran.seen.err(), home.tried.get()), (format!("Made the folder '{}'\n", home.path("docs")), 1));
    let docs = home.target("docs");
    assert_eq!((&docs["trash_days"], &docs["profile"], &docs["later"]), (&json!(3), &json!(null), &json!(1)));
}

#[test]
fn edit_that_changes_nothing_says_so() {
    let home = Home::with_docs();
    for (args, answers) in [(&["edit", "docs"][..], ""), (&["edit", "docs", "--profile", "p"], "")] {
        let ran = home.run(args, answers);
        ran.done();
        assert_eq!(ran.seen.out(), "Target \"docs\" is as it was\n", "{args:?}");
    }
}

#[test]
fn edit_forgets_what_it_knew_of_another_server_even_untried() {
    let home = Home::with_docs();
    home.run(&["edit", "docs", "--endpoint-url", "http://other", "--no-check"], "").done();
    assert_eq!((&home.target("docs")["conditional_writes"], home.tried.get()), (&json!(null), 0));
}

#[test]
fn edit_renames() {
    let home = Home::with_docs();
    home.run(&["edit", "docs", "--name", "papers"], "").done();
    assert_eq!(home.config()["targets"].as_object().unwrap().keys().collect::<Vec<_>>(), ["papers"]);
    home.run(&["edit", "papers", "--name=-x"], "").failed(Kind::Usage, "it would look like an option");
}

#[test]
fn edit_refuses_nonsense_and_leaves_the_file() {
    let home = Home::with_docs();
    let before = home.config();
    home.run(&["edit", "docs", "--access-key-id", "-"], "").failed(Kind::Config, "aws_access_key_id is missing");
    home.run(&["edit", "docs", "--local-folder", ""], "").failed(Kind::Config, "local_folder is missing");
    home.run(&["edit", "nope", "--region", "x"], "").failed(Kind::Usage, "unknown target");
    assert_eq!(home.config(), before);
}

#[test]
fn rm_takes_a_target_out_even_one_without_a_name() {
    let home = Home::with_docs();
    home.run(&["rm", "doc"], "").failed(Kind::Usage, "\"doc\" is an unknown target");
    let ran = home.run(&["rm", "docs"], "");
    ran.done();
    assert_eq!(
        (ran.seen.out().as_str(), home.config()),
        ("Target \"docs\" has been removed\n", json!({"targets": {}}))
    );
    fs::write(home.path("sync.conf"), r#"{"targets": {"": {}}}"#).unwrap();
    home.run(&["rm", ""], "").done();
    assert_eq!(home.config(), json!({"targets": {}}));
}

#[test]
fn targets_are_listed_in_order_and_a_bad_one_stops_no_other() {
    let home = Home::with_docs();
    let ran = home.run(&["targets"], "");
    assert_eq!(
        ran.seen.out(),
        format!(
            "docs: [{} <=> s3://box/docs]\n    the server has no conditional writes for uploads\n",
            home.path("docs")
        )
    );
    let config = json!({"targets": {"b": {"local_folder": "/b", "s3_uri": "s3://box"}, "a": {"s3_uri": 1}}});
    fs::write(home.path("sync.conf"), config.to_string()).unwrap();
    let ran = home.run(&["targets"], "");
    assert_eq!((ran.seen.out().as_str(), ran.result.unwrap()), ("b: [/b <=> s3://box]\n", ExitCode::Failed));
    assert!(ran.seen.err().starts_with("error: target \"a\": local_folder is missing\n"), "{}", ran.seen.err());
}

#[test]
fn targets_as_records_hold_no_keys() {
    let home = Home::with_docs();
    let out = home.run(&["targets", "--json"], "").seen.out();
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        lines[1],
        json!({"type": "target", "name": "docs", "local_folder": home.path("docs"), "s3_uri": "s3://box/docs",
            "endpoint_url": "http://h", "region_name": "eu", "profile": "p", "stored_keys": true,
            "conditional_writes": {"put": false}})
    );
    assert_eq!((lines.len(), &lines[2]), (3, &json!({"type": "end", "counts": {"target": 1}})));
    assert!(!out.contains("hunter2") && !out.contains("AKID"));
}

#[test]
fn a_target_shows_its_direction_and_its_queue() {
    let home = Home::with_docs();
    for (choice, shown) in [("push", "=>"), ("pull", "<="), ("both", "<=>")] {
        home.run(&["edit", "docs", "--no-check", "--direction", choice], "").done();
        let ran = home.run(&["targets"], "");
        assert!(ran.seen.out().contains(&format!(" {shown} s3://")), "{}", ran.seen.out());
    }
    home.run(&["edit", "docs", "--no-check", "--event-queue", "http://h/1/q"], "").done();
    assert!(home.run(&["targets"], "").seen.out().ends_with("\n    changes are told by http://h/1/q\n"));
}

#[test]
fn no_targets_yet_is_no_error() {
    let ran = Home::new().run(&["targets"], "");
    assert_eq!(ran.seen.err(), "You have not added any targets yet\nUse the \"add\" command to do this\n");
    assert_eq!(ran.result.unwrap(), ExitCode::Done);
}

#[test]
fn version_is_text_or_a_record() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(Home::new().run(&["version"], "").seen.out(), format!("s4 {version}\n"));
    let record = Home::new().run(&["version", "--json"], "").seen.out();
    let line: Value = serde_json::from_str(record.lines().nth(1).unwrap()).unwrap();
    assert_eq!(line, json!({"type": "version", "tool": "s4", "version": version, "schema": 1}));
}
