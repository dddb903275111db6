//! A sync of a part, or in one direction: what it is not about stays as it is, and is carried by the next one that is.

use s4_test_server::Op;

use crate::support::{Bucket, Machine, TARGET, TestEnv, in_sync, ran, read_index, tree};

/// What a machine has to do, in the letters of `s4 status -s`.
#[track_caller]
fn waits(machine: &Machine, what: &str) {
    let code = if what.contains("MM") { 3 } else { 0 };
    assert_eq!(machine.run(["status", "-s"]).with(code).out, what);
}

#[test]
fn a_part_is_named_by_paths_patterns_or_both() {
    let env = TestEnv::new();
    for (args, carried) in [
        (&["--", "reports/"][..], &["reports/a.pdf", "reports/b.txt", "x/reports/c.txt"][..]),
        (&["--", "/reports"], &["reports/a.pdf", "reports/b.txt"]),
        (&["--", "*.pdf"], &["reports/a.pdf", "z.pdf"]),
        (&["--include", "*.txt", "--include", "z.*"], &["reports/b.txt", "x/reports/c.txt", "y.txt", "z.pdf"]),
        (&["--include", "*.txt", "--", "reports/", "y.txt"], &["reports/b.txt", "x/reports/c.txt", "y.txt"]),
        (&["--exclude", "reports/", "--exclude", "y*"], &["z.pdf"]),
    ] {
        let bucket = Bucket::in_process();
        let machine = env.machine(&bucket);
        let all = ["reports/a.pdf", "reports/b.txt", "x/reports/c.txt", "y.txt", "z.pdf"];
        all.iter().for_each(|key| machine.write(key, key));
        // What begins with a slash is a path of this machine.
        let args: Vec<String> = args
            .iter()
            .map(
                |arg| {
                    if *arg == "/reports" { machine.path("reports").display().to_string() } else { (*arg).to_owned() }
                },
            )
            .collect();
        machine.run(["sync", TARGET].into_iter().chain(args.iter().map(String::as_str))).with(0);
        let expected: Vec<(&str, &str)> = carried.iter().map(|key| (*key, *key)).collect();
        assert_eq!(bucket.tree(), tree(&expected), "{args:?}");
        machine.sync();
        assert_eq!(bucket.tree().len(), all.len());
        machine.is_idle();
    }
}

#[test]
fn all_kinds_of_changes_wait_if_they_are_out_of_it() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let files =
        ["edited", "gone", "theirs", "lost", "renamed"].map(|name| [format!("in/{name}"), format!("out/{name}")]);
    let files: Vec<(&str, &str)> = files.iter().flatten().map(|key| (key.as_str(), key.as_str())).collect();
    let (one, two) = in_sync(&env, &bucket, &files);
    for folder in ["in", "out"] {
        let at = |name: &str| format!("{folder}/{name}");
        two.write(&at("theirs"), "edited there");
        two.remove(&at("lost"));
        one.write(&at("edited"), "edited here");
        one.write(&at("new"), "new");
        one.remove(&at("gone"));
        std::fs::rename(one.path(&at("renamed")), one.path(&at("moved"))).unwrap();
    }
    two.sync();
    let before = bucket.tree();
    one.run(["sync", TARGET, "--", "in/"]).with(0);
    waits(&one, "M  out/edited\nD  out/gone\n D out/lost\nR  out/renamed -> out/moved\nA  out/new\n M out/theirs\n");
    let out = |tree: std::collections::BTreeMap<String, Vec<u8>>| {
        tree.into_iter().filter(|(key, _)| key.starts_with("out/")).collect::<Vec<_>>()
    };
    assert_eq!(out(bucket.tree()), out(before));
    two.sync();
    assert_eq!(two.tree()["in/new"], b"new");
    assert!(two.tree().contains_key("out/gone"));
    for machine in [&one, &two, &one] {
        machine.sync();
    }
    assert_eq!((one.tree(), two.tree()), (bucket.tree(), bucket.tree()));
    two.is_idle();
}

#[test]
fn what_is_named_has_to_be_there() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("reports/a", "1")]);
    one.write("new", "1");
    let ran = one.run(["sync", TARGET, "--", "reprots/"]).with(1);
    assert!(ran.err.contains("there is no \"reprots/\" in"), "{}", ran.err);
    one.run(["sync", TARGET, "--dry-run", "--", "reprots/"]).with(1);
    one.run(["sync", TARGET, "--", "/nowhere"]).with(2);
    waits(&one, "A  new\n");
    // What was deleted on both sides but one was there, and so was what a pattern looks for in vain.
    one.remove("reports/a");
    one.run(["sync", TARGET, "--", "reports/a"]).with(0);
    one.run(["sync", TARGET, "--", "*.pdf"]).with(0);
    waits(&one, "A  new\n");
}

#[test]
fn the_rules_come_with_each_part() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("in/b", "1")]);
    two.write(".syncignore", "*.tmp\n");
    two.sync();
    one.write("in/x.tmp", "private");
    one.run(["sync", TARGET, "--", "in/"]).with(0);
    assert_eq!(one.tree()[".syncignore"], b"*.tmp\n");
    assert!(!bucket.tree().contains_key("in/x.tmp"));
}

#[test]
fn a_guard_counts_all_keys() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let names: Vec<String> = (0..15).map(|number| format!("in/{number}")).chain(["out/a".to_owned()]).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let (one, _) = in_sync(&env, &bucket, &files);
    (0..15).for_each(|number| one.remove(&format!("in/{number}")));
    one.run(["sync", TARGET, "--", "in/"]).with(5);
    assert_eq!(bucket.tree().len(), 16);
}

#[test]
fn one_way_leaves_the_other_side_as_it_is() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let files = [("mine", "1"), ("mine gone", "1"), ("theirs", "1"), ("theirs gone", "1"), ("both", "1")];
        let (one, two) = in_sync(&env, &bucket, &files);
        let three = env.machine(&bucket);
        three.sync();
        two.write("theirs", "2");
        two.remove("theirs gone");
        two.write("theirs new", "2");
        two.write("both", "theirs");
        two.sync();
        for machine in [&one, &three] {
            machine.write("mine", "2");
            machine.remove("mine gone");
            machine.write("both", "mine");
        }
        let here = one.tree();
        let ran = one.run(["sync", TARGET, "--push-only"]).with(3);
        assert!(ran.err.contains("3 changes in the bucket left alone"), "{}", ran.err);
        assert_eq!(one.tree(), here);
        assert_eq!(bucket.tree()["mine"], b"2");
        assert!(!bucket.tree().contains_key("mine gone"));
        waits(&one, "MM both\n M theirs\n D theirs gone\n A theirs new\n");
        // An answer that would change the folder is none.
        one.run(["sync", TARGET, "--push-only", "--conflicts", "remote"]).with(3);
        assert_eq!(one.tree(), here);
        one.run(["sync", TARGET, "--push-only", "--conflicts", "local"]).with(0);
        assert_eq!(bucket.tree()["both"], b"mine");

        let there = bucket.tree();
        let ran = three.run(["sync", TARGET, "--pull-only", "--conflicts", "remote", "--json"]).with(0);
        assert!(ran.out.contains(r#""held_back":0,"#), "{}", ran.out);
        assert_eq!((three.tree(), bucket.tree()), (there.clone(), there));
    }
}

#[test]
fn a_target_that_only_pulls_is_a_mirror_and_says_what_it_leaves() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "1")]);
    one.run(["edit", TARGET, "--pull-only"]).with(0);
    one.write("a", "mine");
    one.write("new", "mine");
    one.remove("b");
    let there = bucket.tree();
    let ran = one.run(["sync", TARGET]).with(0);
    assert!(ran.err.contains("3 changes in the folder left alone"), "{}", ran.err);
    assert_eq!(bucket.tree(), there);
    assert!(one.run(["status"]).with(0).out.contains("3 changes in the folder left alone"));
    let listed = one.run(["ls"]).with(0).out;
    assert!(listed.lines().filter(|line| line.contains("to push")).count() == 2, "{listed}");
    two.write("a", "theirs");
    two.sync();
    // Both edited it.
    one.run(["sync", TARGET]).with(3);
    one.run(["sync", TARGET, "--conflicts", "keep-both"]).with(0);
    assert_eq!(one.tree()["a"], b"theirs");
    assert!(one.tree().iter().any(|(key, content)| key.starts_with("a.conflict-") && content == b"mine"));
    assert_eq!(bucket.tree(), tree(&[("a", "theirs"), ("b", "1")]));
    one.run(["edit", TARGET, "--direction", "both"]).with(0);
    one.sync();
    assert!(bucket.tree().contains_key("new") && !bucket.tree().contains_key("b"));
}

#[test]
fn a_target_that_only_pushes_goes_by_newer_rules_without_taking_them() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("old.tmp", "1")]);
    one.run(["edit", TARGET, "--push-only"]).with(0);
    two.write(".syncignore", "*.tmp\n");
    two.sync();
    one.write("x.tmp", "private");
    one.write("b", "1");
    one.run(["sync", TARGET, "--dry-run"]).with(0).out.contains("x.tmp").then(|| panic!("it would be pushed"));
    one.run(["sync", TARGET]).with(0);
    assert_eq!(bucket.tree(), tree(&[(".syncignore", "*.tmp\n"), ("a", "1"), ("b", "1")]));
    assert!(!one.tree().contains_key(".syncignore") && one.tree().contains_key("old.tmp"));
    // Those that are gone in the bucket still hold here.
    two.remove(".syncignore");
    one.write(".syncignore", "*.tmp\n");
    two.sync();
    one.run(["sync", TARGET, "--conflicts", "ignore"]).with(0);
    assert!(!bucket.tree().contains_key("x.tmp"));
}

#[test]
fn a_part_costs_no_more_than_the_whole_and_nothing_twice() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("in/a", "1"), ("out/a", "1")]);
    one.write("out/a", "2");
    bucket.server().reset_counts();
    one.run(["sync", TARGET, "--", "in/"]).with(0);
    one.run(["sync", TARGET, "--pull-only"]).with(0);
    let counts = bucket.server().counts().operations;
    assert!(
        counts.iter().all(|(op, number)| matches!(op, Op::GetObject | Op::ListObjectsV2) && *number <= 2),
        "{counts:?}"
    );
    one.sync();
    one.is_idle();
}

#[test]
fn words_are_paths_where_one_stands() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    ["sub/a", "a", "sub/deep/b"].iter().for_each(|key| one.write(key, "1"));
    let sync = |path: &str| ran(&one.s4(["sync", "--", path]).current_dir(one.path("sub")).output().unwrap()).with(0);
    sync("a");
    assert_eq!(bucket.tree(), tree(&[("sub/a", "1")]));
    sync(".");
    assert_eq!(bucket.tree(), tree(&[("sub/a", "1"), ("sub/deep/b", "1")]));
    sync("..");
    one.is_idle();
}

#[test]
fn an_emptied_folder_is_told_before_anything_comes_into_it() {
    for args in [&["--pull-only"][..], &["--", "new"]] {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "1"), ("c", "1"), ("d", "1")]);
        two.write("new", "1");
        two.sync();
        ["a", "b", "c", "d"].iter().for_each(|key| one.remove(key));
        let ran = one.run(["sync", TARGET].iter().chain(args)).with(5);
        assert!(ran.err.contains("the folder held files and is empty now"), "{}", ran.err);
        one.run(["sync", TARGET]).with(5);
        one.run(["sync", TARGET, "--force"].iter().chain(args)).with(0);
        assert_eq!((one.tree(), bucket.tree().len()), (tree(&[("new", "1")]), 5));
    }
}

#[test]
fn what_the_rules_here_hide_is_not_pushed_because_the_bucket_has_others() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[(".syncignore", "secret\n"), ("a", "1")]);
    one.write("secret", "hush");
    two.write(".syncignore", "*.log\n");
    two.sync();
    one.write("x.log", "1");
    one.write("b", "1");
    for args in [&["--dry-run", "--push-only"][..], &["--push-only"], &["--push-only"]] {
        let ran = one.run(["sync", TARGET].iter().chain(args)).with(0);
        assert!(!ran.out.contains("secret") && !ran.out.contains("x.log"), "{}", ran.out);
    }
    assert_eq!(bucket.tree(), tree(&[(".syncignore", "*.log\n"), ("a", "1"), ("b", "1")]));
}

#[test]
fn pulling_alone_takes_keys_that_may_only_read() {
    {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, two) = in_sync(&env, &bucket, &[("a", "1")]);
        two.write("a", "2");
        two.sync();
        // Nobody has told of this one.
        bucket.server().put_foreign(bucket.name(), "some/prefix/foreign", "1");
        bucket.server().reset_counts();
        for _ in 0..2 {
            one.run(["sync", TARGET, "--pull-only"]).with(0);
        }
        let counts = bucket.server().counts().operations;
        assert!(counts.keys().all(|op| matches!(op, Op::GetObject | Op::ListObjectsV2 | Op::HeadObject)), "{counts:?}");
        assert_eq!(one.tree(), tree(&[("a", "2"), ("foreign", "1")]));
        one.sync();
        one.is_idle();
    }
}

#[test]
fn what_somebody_pushes_by_name_is_told_to_others_though_syncs_only_pull() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("k", "1"), ("l", "1")]);
    one.run(["edit", TARGET, "--pull-only"]).with(0);
    one.write("k", "mine");
    two.write("k", "theirs");
    two.sync();
    one.run(["resolve", TARGET, "k", "--keep", "local"]).with(0);
    one.write("l", "mine, too");
    let pushed = one.run(["push-file", TARGET, "l"]).with(0).out;
    one.s4(["write-index", TARGET, "--stdin"]).write_stdin(pushed).assert().success();
    let index = read_index(&bucket.objects()[".index"]);
    assert_eq!((index["k"]["size"].as_u64(), index["l"]["size"].as_u64()), (Some(4), Some(9)), "{index:?}");
    two.sync();
    assert_eq!(two.tree(), tree(&[("k", "mine"), ("l", "mine, too")]));
}
