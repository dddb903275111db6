//! `.syncignore`: what it keeps out, how it travels, and what becomes of keys that it newly names.

use crate::support::{Bucket, TestEnv, in_sync, tree};

#[test]
fn ignored_files_are_not_pushed_and_the_rules_are() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = (env.machine(&bucket), env.machine(&bucket));
        one.write(".syncignore", "*.tmp\n/build/\n# a comment\n!keep.tmp\nlog/**/old\n");
        let synced = ["a", "keep.tmp", "sub/keep.tmp", "sub/build/x", "log/new"];
        for key in synced.into_iter().chain(["x.tmp", "sub/y.tmp", "build/out", "log/old", "log/1/2/old"]) {
            one.write(key, key);
        }
        one.sync();
        let keys: Vec<String> = bucket.tree().into_keys().collect();
        let mut expected: Vec<String> = synced.into_iter().chain([".syncignore"]).map(str::to_owned).collect();
        expected.sort();
        assert_eq!(keys, expected);
        two.sync();
        assert_eq!(two.tree(), bucket.tree());
        one.is_idle();
    }
}

#[test]
fn a_newer_rule_is_brought_here_before_the_rest_is_looked_at() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), (".syncignore", "*.bak\n")]);
        one.write(".syncignore", "*.bak\n*.tmp\n");
        one.sync();
        bucket.put("theirs.tmp", "never pulled");
        two.write("mine.tmp", "never pushed");
        two.write("mine.bak", "never pushed");
        let ran = two.sync();
        assert!(!ran.out.contains(".tmp") && !ran.out.contains(".bak"), "{}", ran.out);
        let (rules, a) = ((".syncignore", "*.bak\n*.tmp\n"), ("a", "1"));
        assert_eq!(bucket.tree(), tree(&[rules, a, ("theirs.tmp", "never pulled")]));
        assert_eq!(two.tree(), tree(&[rules, a, ("mine.tmp", "never pushed"), ("mine.bak", "never pushed")]));
        one.sync();
        two.is_idle();
    }
}

#[test]
fn a_newly_ignored_key_leaves_the_bucket_and_stays_on_every_disk() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("secret/b", "2"), ("c.log", "3")]);
        let three = env.machine(&bucket);
        three.sync();
        one.write(".syncignore", "/secret/\n*.log\n");
        one.sync();
        let rules = (".syncignore", "/secret/\n*.log\n");
        assert_eq!(bucket.tree(), tree(&[("a", "1"), rules]));
        // Edits of ignored files are nobody's business any more.
        three.write("c.log", "edited on the third");
        for machine in [&one, &two, &three] {
            machine.sync();
            machine.is_idle();
        }
        assert_eq!(one.tree(), tree(&[("a", "1"), ("secret/b", "2"), ("c.log", "3"), rules]));
        assert_eq!(two.tree(), one.tree());
        assert_eq!(three.read("c.log").as_deref(), Some(&b"edited on the third"[..]));
        assert_eq!(three.read("secret/b").as_deref(), Some(&b"2"[..]));
        assert_eq!(bucket.tree(), tree(&[("a", "1"), rules]));
    }
}

#[test]
fn newly_ignored_keys_count_for_the_delete_guard() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    for number in 0..20 {
        one.write(&format!("{number}.txt"), number.to_string());
    }
    one.write("calm", "");
    one.sync();
    let before = bucket.tree();
    one.write(".syncignore", "*.txt\n");
    one.sync_with(&[]).with(5).warns("would delete 20 of 21 keys in the bucket");
    assert_eq!(bucket.tree(), before);
    one.sync_with(&["--force"]).with(0);
    assert_eq!(bucket.tree(), tree(&[("calm", ""), (".syncignore", "*.txt\n")]));
    assert_eq!(one.tree().len(), 22);
}

#[test]
fn on_ignore_keep_leaves_newly_ignored_keys_in_the_bucket() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b.log", "2")]);
        one.set("on_ignore", "keep");
        two.set("on_ignore", "keep");
        one.write(".syncignore", "*.log\n");
        one.sync();
        two.sync();
        let expected = tree(&[("a", "1"), ("b.log", "2"), (".syncignore", "*.log\n")]);
        assert_eq!((bucket.tree(), one.tree(), two.tree()), (expected.clone(), expected.clone(), expected));
        // Not synced any more, in neither direction.
        one.write("b.log", "edited here");
        bucket.put("b.log", "edited there");
        one.is_idle();
        assert_eq!(one.read("b.log").as_deref(), Some(&b"edited here"[..]));
        assert_eq!(bucket.tree()["b.log"], b"edited there");
    }
}

#[test]
fn a_key_that_is_ignored_no_more_is_synced_again() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b.log", "2")]);
        one.write(".syncignore", "*.log\n");
        one.sync();
        two.sync();
        assert!(!bucket.tree().contains_key("b.log"));
        two.write(".syncignore", "# nothing\n");
        two.sync();
        one.sync();
        let expected = tree(&[("a", "1"), ("b.log", "2"), (".syncignore", "# nothing\n")]);
        assert_eq!((bucket.tree(), one.tree(), two.tree()), (expected.clone(), expected.clone(), expected));
        one.is_idle();
        two.is_idle();
    }
}

#[test]
fn rules_that_were_deleted_on_the_other_machine_hold_no_more() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), (".syncignore", "*.log\n")]);
        two.write("b.log", "was ignored");
        two.is_idle();
        one.remove(".syncignore");
        one.sync();
        two.sync();
        assert_eq!(bucket.tree(), tree(&[("a", "1"), ("b.log", "was ignored")]));
    }
}

#[test]
fn ignored_objects_are_never_pulled_and_never_deleted() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let one = env.machine(&bucket);
        one.write(".syncignore", "*.log\n/cache/\n");
        one.write("a", "1");
        for key in ["x.log", "cache/y", "deep/z.log"] {
            bucket.put(key, "theirs");
        }
        one.sync();
        one.is_idle();
        assert_eq!(one.tree(), tree(&[(".syncignore", "*.log\n/cache/\n"), ("a", "1")]));
        assert_eq!(bucket.tree().len(), 5);
    }
}

#[test]
fn a_conflict_over_the_rules_is_a_conflict_like_any_other() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), (".syncignore", "*.bak\n")]);
    one.write(".syncignore", "*.theirs\n");
    one.sync();
    two.write(".syncignore", "*.mine\n");
    two.write("x.mine", "ignored by the rules here");
    two.sync_with(&[]).with(3).warns("conflict left alone: \".syncignore\"");
    assert!(!bucket.tree().contains_key("x.mine"));
    two.sync_with(&["--conflicts", "remote"]).with(0);
    assert_eq!(two.read(".syncignore").as_deref(), Some(&b"*.theirs\n"[..]));
    assert!(bucket.tree().contains_key("x.mine"));
}
