//! The support itself: what the other tests take for granted.

use std::collections::{BTreeMap, BTreeSet};

use s4_test_server::{Behaviour, Fault, FaultKind, Op, Options};

use crate::support::{Bucket, Machine, TARGET, TestEnv, tree};

#[test]
fn a_machine_sees_nothing_of_this_one() {
    let env = TestEnv::new();
    let bucket = Bucket::in_process();
    let machine = env.machine(&bucket);
    let command = machine.s4(["targets"]);
    let variables = command.get_envs().map(|(name, _)| name.to_str().unwrap()).collect::<BTreeSet<_>>();
    let expected = [
        "AWS_EC2_METADATA_DISABLED",
        "COLUMNS",
        "HOME",
        "LANG",
        "NO_COLOR",
        "PATH",
        "S4_CONFIG",
        "TZ",
        "XDG_RUNTIME_DIR",
    ];
    assert_eq!(variables, expected.into());
    let config = std::fs::read_to_string(machine.config()).unwrap();
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    let target = &config["targets"][TARGET];
    assert_eq!(target["s3_uri"], format!("s3://{}/some/prefix", bucket.name()));
    assert_eq!(target["local_folder"], machine.path("").to_str().unwrap());
}

#[test]
fn a_machine_tells_its_files_from_s4s_own() {
    let env = TestEnv::new();
    let machine = env.machine(&Bucket::in_process());
    for key in ["a", "b/c/d", ".s4/trash/x", ".index", ".s4lock", "b/.index"] {
        machine.write(key, key);
    }
    assert_eq!(machine.tree(), tree(&[("a", "a"), ("b/.index", "b/.index"), ("b/c/d", "b/c/d")]));
    assert_eq!(machine.folders(), ["b".to_owned(), "b/c".to_owned()].into());
    assert_eq!(machine.read("a").as_deref(), Some(&b"a"[..]));
    machine.remove("b");
    machine.remove("a");
    assert_eq!((machine.tree(), machine.read("a")), (BTreeMap::new(), None));
}

#[test]
fn a_bucket_is_the_tests_own_on_either_server() {
    for bucket in Bucket::each() {
        assert_eq!(bucket.objects(), BTreeMap::new());
        bucket.put("a", "1");
        bucket.put("b/c", "2");
        bucket.put(".index", "3");
        assert_eq!(bucket.tree(), tree(&[("a", "1"), ("b/c", "2")]));
        assert_eq!(bucket.objects().len(), 3);
        bucket.remove("a");
        assert_eq!(bucket.tree(), tree(&[("b/c", "2")]));
    }
}

#[test]
fn the_in_process_server_is_at_hand() {
    let behaviour = Behaviour { page_size: 1, ..Behaviour::default() };
    let bucket = Bucket::in_process_with(Options { behaviour, ..Options::default() });
    bucket.put("a", "1");
    bucket.put("b", "2");
    bucket.server().inject(Fault::new(FaultKind::slow_down()).on(Op::ListObjectsV2));
    assert_eq!(bucket.tree(), tree(&[("a", "1"), ("b", "2")]));
    assert_eq!(bucket.server().counts().of(Op::ListObjectsV2), 3, "two pages, one of them tried twice");
}

/// Syncs with the Python S4, unless it is missing.
fn python_sync(machine: &Machine) -> bool {
    let Some(mut command) = machine.python_s4(["sync", "--conflicts", "ignore", TARGET]) else { return false };
    command.assert().success();
    true
}

#[test]
fn the_python_s4_syncs_two_machines_over_either_server() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = (env.machine(&bucket), env.machine(&bucket));
        one.write("a", "1");
        one.write("b/c d+é", "2");
        if !python_sync(&one) {
            return;
        }
        assert_eq!(bucket.tree(), one.tree());
        python_sync(&two);
        assert_eq!(two.tree(), one.tree());
        one.remove("a");
        python_sync(&one);
        python_sync(&two);
        assert_eq!((bucket.tree(), two.tree()), (one.tree(), one.tree()));
    }
}
