//! `s4 trash`: what syncs removed or replaced here is shown, put back, and deleted for good.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{Bucket, Machine, Record, TARGET, TestEnv, Trashed, in_sync, tree, whole};

/// The records of an action.
#[track_caller]
fn trash(machine: &Machine, args: &[&str], code: i32) -> Vec<Trashed> {
    let ran = machine.run(["trash"].iter().chain(args).chain(&["--json"])).with(code);
    let trashed = |record| match record {
        Record::Trashed(trashed) => trashed,
        other => panic!("{other:?}"),
    };
    whole(&ran.out).into_iter().map(trashed).collect()
}

/// A machine whose trash has the first content of `a` and `b/c`, and the second of `a`, which came last.
fn with_trash(env: &TestEnv) -> (Bucket, Machine, Machine) {
    let bucket = Bucket::in_process();
    let (one, two) = in_sync(env, &bucket, &[("a", "first"), ("b/c", "gone"), ("calm", "")]);
    one.remove("b");
    one.write("a", "second");
    one.sync();
    two.sync();
    one.write("a", "the third");
    one.sync();
    two.sync();
    (bucket, one, two)
}

fn keys(found: &[Trashed]) -> Vec<(&str, u64)> {
    let mut keys: Vec<_> = found.iter().map(|it| (it.key.as_str(), it.size)).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn what_is_in_the_trash_is_listed_with_the_last_first_and_costs_no_request() {
    let env = TestEnv::new();
    let (bucket, _, two) = with_trash(&env);
    bucket.server().reset_counts();
    let found = trash(&two, &["list", TARGET], 0);
    assert_eq!(keys(&found), [("a", 5), ("a", 6), ("b/c", 4)]);
    assert_eq!((found[0].key.as_str(), found[0].size), ("a", 6));
    assert_eq!(keys(&trash(&two, &["list", TARGET, "b/"], 0)), [("b/c", 4)]);
    assert_eq!(keys(&trash(&two, &["list", TARGET, "--run", &found[0].run, "a"], 0)).len(), 1);
    assert_eq!(trash(&two, &["list", "--older-than", "1"], 0), []);
    let ran = two.run(["trash"]).with(0);
    assert!(ran.closing().starts_with("3 files (15 B)"), "{}", ran.out);
    assert_eq!(bucket.server().counts().total(), 0);
}

#[test]
fn a_file_that_is_put_back_is_one_that_a_person_wrote() {
    let env = TestEnv::new();
    let (bucket, one, two) = with_trash(&env);
    let back = trash(&two, &["restore", TARGET, "b/c"], 0);
    assert_eq!(back[0].restored_as.as_deref(), Some("b/c"));
    assert_eq!(two.read("b/c").unwrap(), b"gone");
    two.sync();
    one.sync();
    assert_eq!((one.tree(), one.tree()), (two.tree(), bucket.tree()));
    two.is_idle();
    two.run(["trash", "restore", TARGET, "b/c"]).with(1).warns("nothing of that is in the trash");
}

#[test]
fn no_other_file_is_replaced_unless_that_is_forced() {
    let env = TestEnv::new();
    let (_bucket, _, two) = with_trash(&env);
    let beside = trash(&two, &["restore", TARGET, "a"], 0);
    let beside = beside[0].restored_as.as_deref().unwrap();
    assert!(beside.starts_with("a.conflict-"), "{beside}");
    assert_eq!((two.read(beside).unwrap(), two.read("a").unwrap()), (b"second".to_vec(), b"the third".to_vec()));
    let forced = trash(&two, &["restore", TARGET, "a", "--force"], 0);
    assert_eq!(forced[0].restored_as.as_deref(), Some("a"));
    assert_eq!(two.read("a").unwrap(), b"first");
    assert_eq!(two.trash(), tree(&[("a", "the third"), ("b/c", "gone")]));
    // The same is there already.
    two.write("b/c", "gone");
    let same = trash(&two, &["restore", TARGET, "b/c"], 0);
    assert_eq!((same[0].restored_as.as_deref(), same[0].message.as_deref()), (None, Some("the same is there already")));
}

#[test]
fn a_whole_run_comes_back_and_what_is_in_the_way_is_told() {
    let env = TestEnv::new();
    let (_bucket, _, two) = with_trash(&env);
    let run = trash(&two, &["list", TARGET, "b/c"], 0).remove(0).run;
    two.run(["trash", "restore", TARGET]).with(2);
    two.write("b", "a file where a folder was");
    let ran = two.run(["trash", "restore", TARGET, "--run", &run]).with(4);
    ran.warns("could not put back \"b/c\"");
    assert!(ran.out.contains("Putting back a as a.conflict-"), "{}", ran.out);
    assert_eq!(two.trash(), tree(&[("a", "second"), ("b/c", "gone")]));
}

#[test]
fn it_is_emptied_only_if_somebody_agrees() {
    let env = TestEnv::new();
    let (_bucket, _, two) = with_trash(&env);
    two.run(["trash", "empty", TARGET]).with(2).warns("--yes");
    two.run(["trash", "empty", TARGET, "--json"]).with(2);
    assert!(two.in_terminal(two.process(["trash", "empty"]), &["n"]).with(1).out.contains("Nothing has been deleted"));
    assert_eq!(trash(&two, &["empty", TARGET, "--older-than", "1", "--yes"], 0), []);
    assert_eq!(two.trash().len(), 2);
    let gone = trash(&two, &["empty", TARGET, "b", "--yes"], 0);
    assert!(keys(&gone) == [("b/c", 4)] && gone[0].emptied, "{gone:?}");
    assert_eq!(two.trash().into_keys().collect::<Vec<_>>(), ["a"]);
    let ran = two.in_terminal(two.process(["trash", "empty"]), &["y"]).with(0);
    assert!(ran.out.contains("2 files (11 B) deleted for good"), "{}", ran.out);
    assert_eq!(two.trash(), BTreeMap::new());
    assert_eq!(fs::read_dir(two.path(".s4/trash")).unwrap().count(), 0);
    two.run(["trash", "empty", TARGET]).with(0);
}
