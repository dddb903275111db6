//! `s4 ls`: every key with how it stands on both sides, as a table, as a tree and in records.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::process::Command;

use s4_test_server::{Fault, FaultKind, Op};

use crate::support::{Bucket, Machine, Ran, Record, Row, TARGET, TestEnv, in_sync, whole};

/// Two machines where everything differs in some way: seen from the first.
fn differing(env: &TestEnv, bucket: &Bucket) -> Machine {
    let files = ["both", "calm", "gone", "gone here", "gone there", "here", "sub/calm", "there"];
    let files: Vec<(&str, &str)> = files.into_iter().map(|key| (key, key)).collect();
    let (one, two) = in_sync(env, bucket, &files);
    one.remove("gone");
    one.sync();
    two.sync();
    two.write("there", "otherwise");
    two.write("both", "theirs");
    two.write("only/there", "t");
    two.remove("gone there");
    two.sync();
    one.write("both", "mine");
    one.write("here", "zwei");
    one.write("sub/new", "n");
    one.remove("gone here");
    one
}

fn ls(machine: &Machine, args: &[&str]) -> Ran {
    machine.run(["ls", TARGET].iter().chain(args)).with(0)
}

fn rows(machine: &Machine, args: &[&str]) -> BTreeMap<String, Row> {
    let records = whole(&ls(machine, &[args, &["--json"]].concat()).out);
    let row = |record| if let Record::Row(row) = record { Some((row.key.clone(), row)) } else { None };
    records.into_iter().filter_map(row).collect()
}

/// What the table has in its first column and in its last.
fn states(ran: &Ran) -> Vec<(&str, &str)> {
    let rows = ran.out.lines().skip(2).take_while(|line| !line.is_empty());
    rows.map(|line| (line.split("  ").next().unwrap(), line.rsplit("  ").next().unwrap())).collect()
}

/// In a terminal of so many columns.
fn in_terminal(machine: &Machine, columns: u16, line: &str, vars: &[(&str, &str)]) -> String {
    let folder = machine.path("");
    let home = folder.parent().unwrap();
    let mut shell: Command = TestEnv::shell(home, &format!("stty cols {columns}; {line}"));
    shell.envs(vars.iter().copied());
    machine.in_terminal(shell, &[]).with(0).out
}

#[test]
fn it_tells_how_every_key_stands_and_changes_nothing() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let one = differing(&env, &bucket);
        let before = (one.everything(), bucket.objects());
        let ran = ls(&one, &[]);
        let expected = [
            ("both", "conflict"),
            ("calm", "in sync"),
            ("gone here", "delete there"),
            ("gone there", "delete here"),
            ("here", "to push"),
            ("only/there", "to pull"),
            ("sub/calm", "in sync"),
            ("sub/new", "to push"),
            ("there", "to pull"),
        ];
        assert_eq!(states(&ran), expected);
        assert!(ran.out.ends_with("\n9 files, 46 B\n"), "{}", ran.out);
        assert_eq!(ran.err, "");
        assert!(states(&ls(&one, &["--all"])).contains(&("gone", "deleted")));
        assert_eq!((one.everything(), bucket.objects()), before, "it has changed something");
    }
}

#[test]
fn records_have_both_sides() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.keep_versions();
    let one = differing(&env, &bucket);
    let rows = rows(&one, &["--all"]);
    let told = |key: &str| {
        let row = &rows[key];
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let sides = (row.local.is_some(), row.s3.is_some(), row.deleted);
        (text(&row.state_local), text(&row.state_remote), text(&row.action), sides)
    };
    for (key, local, remote, action, sides) in [
        ("both", "updated", "updated", "conflict", (true, true, false)),
        ("calm", "unchanged", "unchanged", "", (true, true, false)),
        ("gone", "absent", "absent", "", (false, false, true)),
        ("gone here", "deleted", "unchanged", "delete-remote", (false, true, false)),
        ("gone there", "unchanged", "deleted", "delete-local", (true, false, false)),
        ("here", "updated", "unchanged", "push", (true, true, false)),
        ("only/there", "absent", "created", "pull", (false, true, false)),
        ("sub/new", "created", "absent", "push", (true, false, false)),
    ] {
        let expected = (local.to_owned(), remote.to_owned(), action.to_owned(), sides);
        assert_eq!(told(key), expected, "{key}");
    }
    let here = &rows["here"];
    assert_eq!((here.size, here.size_remote), (Some(4), Some(4)));
    assert_eq!(rows["gone"].size, Some(4), "as it was");
    let calm = &rows["calm"];
    assert!(calm.sha256.as_ref().is_some_and(|sum| sum.len() == 64) && calm.mode.as_ref().unwrap().len() == 3);
    assert!(calm.etag.is_some() && calm.version_id.is_some(), "{calm:?}");
    let long = ls(&one, &["--long"]).out;
    assert!(long.contains(&calm.sha256.as_ref().unwrap()[..12]) && long.contains(calm.version_id.as_ref().unwrap()));
}

#[test]
fn a_key_or_a_folder_is_all_that_is_shown() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = differing(&env, &bucket);
    let keys = |args: &[&str]| states(&ls(&one, args)).into_iter().map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
    assert_eq!(keys(&["sub"]), ["sub/calm", "sub/new"]);
    assert_eq!(keys(&["sub/new"]), ["sub/new"]);
    assert_eq!(keys(&["only"]), ["only/there"], "a folder of which nothing is here");
    assert_eq!(keys(&["gone"]), ["gone"], "who names it knows that it is gone");
    one.run(["ls", TARGET, "never"]).with(1).warns("there is no \"never\" in \"files\"");
    let within = |line: &str| {
        let home = one.path("").parent().unwrap().to_owned();
        let output = TestEnv::shell(&home, &format!("cd files/sub && s4 ls {line}")).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(within("new").contains("sub/new") && within("").contains("calm"), "the target goes without saying");
}

#[test]
fn what_is_ignored_or_left_alone_is_told_as_such() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[(".syncignore", "*.tmp\n"), ("link", "1"), ("shut", "2")]);
    bucket.put("theirs.tmp", "t");
    bucket.put("a//b", "b");
    one.remove("link");
    symlink("shut", one.path("link")).unwrap();
    let ran = ls(&one, &["--all"]);
    let expected = [
        (".syncignore", "in sync"),
        ("a//b", "left alone"),
        ("link", "left alone"),
        ("shut", "in sync"),
        ("theirs.tmp", "ignored"),
    ];
    assert_eq!(states(&ran), expected);
    ran.warns("2 names left alone; see why: s4 status files");
    assert_eq!(states(&ls(&one, &[])).len(), 4);
    let problems = whole(&ls(&one, &["--json"]).out);
    assert_eq!(problems.iter().filter(|record| matches!(record, Record::Problem { .. })).count(), 2);
    let rows = rows(&one, &["--all"]);
    assert!(rows["theirs.tmp"].ignored && rows["link"].left_alone && rows["link"].state_local.is_none());
}

#[test]
fn a_key_that_can_not_be_looked_into_is_a_failed_one() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    let two = env.machine(&bucket);
    two.write("b", "3");
    two.write("calm", "4");
    // Its index entry is of no use any more, so the object is asked for its sum.
    bucket.put("b", "5");
    bucket.server().inject(Fault::new(FaultKind::access_denied()).on(Op::HeadObject));
    let ran = two.run(["ls", TARGET]).with(4);
    assert!(states(&ran).contains(&("b", "left alone")), "{}", ran.out);
    ran.warns("cannot look into \"b\"");
    drop(one);
}

#[test]
fn it_takes_what_an_idle_sync_takes() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("sub/b", "2")]);
    one.sync();
    for args in [&[][..], &["--all"], &["sub/"], &["--tree", "--long"]] {
        bucket.server().reset_counts();
        ls(&one, args);
        let counts = bucket.server().counts();
        assert_eq!(counts.operations, [(Op::GetObject, 1), (Op::ListObjectsV2, 1)].into(), "{args:?}");
    }
}

#[test]
fn a_terminal_gets_what_fits_it() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let name = "a folder with a long name/日本語のファイルの名前が長い.txt";
    let (one, _) = in_sync(&env, &bucket, &[(name, "1"), ("b", "2")]);
    one.set_mtime("b", 0);
    one.sync();
    for columns in [40, 80, 150] {
        let shown = in_terminal(&one, columns, "s4 ls --tree; s4 ls", &[("LC_ALL", "C.UTF-8")]);
        assert_eq!(shown.lines().count(), 2 + 4 + 2 + 2 + 2 + 2, "{shown}");
        assert!(shown.contains("└── b") && shown.contains("2 files, 2 B"), "{shown}");
        assert_eq!(shown.contains(" years ago"), columns > 40, "{shown}");
        assert_eq!(shown.contains(name), columns == 150, "{shown}");
    }
    let ascii = in_terminal(&one, 40, "s4 ls --tree | cat; s4 ls", &[("LC_ALL", "C"), ("LANG", "C.UTF-8")]);
    assert!(ascii.contains("`-- b") && ascii.contains("1970-01-01T00:00:00Z"), "the pipe is no terminal: {ascii}");
    assert!(ascii.contains("a folder wi...") && !ascii.contains('…'), "{ascii}");
    let exact = in_terminal(&one, 150, "s4 ls --absolute --bytes", &[]);
    assert!(exact.contains("1970-01-01T00:00:00Z") && exact.ends_with("2 files, 2 B\n"), "{exact}");
}

#[test]
fn all_lists_look_alike() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    bucket.keep_versions();
    let (one, two) = in_sync(&env, &bucket, &[("a", &"1".repeat(2000)), ("b", "2")]);
    two.remove("a");
    two.sync();
    one.sync();
    two.write("b", "theirs");
    two.sync();
    one.write("b", "mine");
    for line in ["log", "trash list", "restore --deleted --dry-run", "conflicts", "ls"] {
        let line = format!("s4 {line}; true");
        let shown = in_terminal(&one, 150, &line, &[]);
        assert!(!shown.contains("Z\n") && !shown.contains("Z  "), "{line}: {shown}");
        let absolute = in_terminal(&one, 150, &line.replace(';', " --absolute --bytes;"), &[]);
        assert!(
            !absolute.contains(" ago") && !absolute.contains("just now") && !absolute.contains("KiB"),
            "{absolute}"
        );
        assert!(shown.contains(" ago") || shown.contains("just now"), "{line}: {shown}");
        assert!(absolute.contains('Z'), "{line}: {absolute}");
        assert_eq!(shown.contains("KiB"), absolute.contains("2000 B"), "{line}: {shown}{absolute}");
    }
}

#[test]
fn colours_only_decorate() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    one.write("a", "22");
    let shown = |vars: &[(&str, &str)]| in_terminal(&one, 80, "s4 ls", vars);
    let plain = shown(&[]);
    let forced = shown(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")]);
    assert!(forced.contains("\u{1b}[2mkey\u{1b}[0m") && forced.contains("\u{1b}[32mto push\u{1b}[39m"), "{forced}");
    assert_eq!(shown(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), plain);
    let mut bare = String::new();
    for part in forced.split('\u{1b}') {
        bare += part.split_once('m').filter(|(code, _)| code.starts_with('[')).map_or(part, |(_, rest)| rest);
    }
    assert_eq!(bare, plain);
}
