//! Indexes that are damaged, lost, foreign or stale cost work, and never a file or a question.

use std::fs;

use s4_test_server::Op;
use serde_json::{Value, json};

use crate::support::{Bucket, Machine, TestEnv, in_sync, read_index, tree};

const FILES: [(&str, &str); 3] = [("a", "1"), ("b/c", "2"), ("empty", "")];

/// What can become of an index file.
fn damages(good: &[u8]) -> [(&'static str, Vec<u8>); 5] {
    let mut flipped = good.to_vec();
    flipped[good.len() / 2] ^= 0x55;
    [
        ("truncated", good[..good.len() / 2].to_vec()),
        ("flipped", flipped),
        ("garbage", b"\x00\xffno index at all".to_vec()),
        ("empty", Vec::new()),
        ("another json", b"[1, 2, 3]".to_vec()),
    ]
}

/// Syncs, which must move no file, ask nothing, and change neither side.
#[track_caller]
fn heals(machine: &Machine, bucket: &Bucket) -> String {
    let sides = || (machine.tree(), bucket.tree());
    let before = sides();
    if let Some(server) = bucket.server_if_any() {
        server.reset_counts();
    }
    let ran = machine.sync();
    if let Some(server) = bucket.server_if_any() {
        let counts = server.counts();
        // Fetched twice where it is damaged: the damage might have come on the way.
        assert!(counts.of(Op::PutObject) <= 1 && counts.of(Op::GetObject) <= 2, "only the index: {counts:?}");
    }
    assert_eq!(sides(), before);
    machine.is_idle();
    ran.err
}

#[test]
fn a_damaged_local_index_is_set_aside_and_heals() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &FILES);
        let good = fs::read(one.path(".index")).unwrap();
        for (number, (damage, bytes)) in damages(&good).into_iter().enumerate() {
            one.write(".index", &bytes);
            let told = heals(&one, &bucket);
            assert!(told.contains("warning: the local index is damaged ("), "{damage}: {told}");
            let aside = format!(".s4/index.damaged-{}", number + 1);
            assert!(told.contains(&format!("it is kept as '{}'", one.path(&aside).display())), "{damage}: {told}");
            assert_eq!(one.read(&aside), Some(bytes), "{damage}");
            assert_eq!(one.index().len(), 4, "{damage}: three files and the header");
            two.is_idle();
        }
    }
}

#[test]
fn a_lost_local_index_is_no_conflict() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &FILES);
        one.remove(".index");
        heals(&one, &bucket);
        one.remove(".s4");
        one.remove(".index");
        heals(&one, &bucket);
        two.is_idle();
    }
}

#[test]
fn a_damaged_remote_index_is_written_anew_and_the_other_machine_is_fine() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &FILES);
        let good = bucket.objects()[".index"].clone();
        for (damage, bytes) in damages(&good) {
            bucket.put(".index", bytes);
            let told = heals(&one, &bucket);
            assert!(told.contains("warning: the index in the bucket is damaged ("), "{damage}: {told}");
            let index = read_index(&bucket.objects()[".index"]);
            assert!(FILES.iter().all(|(key, _)| index[*key]["sha256"].is_string()), "{damage}: {index:?}");
            let told = heals(&two, &bucket);
            assert!(!told.contains("warning"), "{damage}: {told}");
        }
    }
}

#[test]
fn a_missing_remote_index_is_written_anew() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &FILES);
        bucket.remove(".index");
        heals(&one, &bucket);
        let index = read_index(&bucket.objects()[".index"]);
        assert!(FILES.iter().all(|(key, _)| index[*key]["sha256"].is_string()), "{index:?}");
        heals(&two, &bucket);
    }
}

#[test]
fn a_foreign_remote_index_counts_for_nothing() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &FILES);
        let foreign: Value = json!({
            "a": { "local_timestamp": 12, "remote_timestamp": 99_999_999_999_i64, "sha256": "0".repeat(64), "etag": "x" },
            "b/c": { "local_timestamp": null, "remote_timestamp": 5, "deleted_at": 5 },
            "never/was": { "local_timestamp": 7, "remote_timestamp": 7 },
            "../hostile": { "local_timestamp": 7, "remote_timestamp": 7 },
        });
        bucket.put(".index", foreign.to_string());
        heals(&one, &bucket);
        heals(&two, &bucket);
        // The next edit goes through in both directions.
        one.write("a", "edited");
        two.write("b/c", "edited too");
        one.sync();
        two.sync();
        one.sync();
        let expected = tree(&[("a", "edited"), ("b/c", "edited too"), ("empty", "")]);
        assert_eq!((one.tree(), two.tree(), bucket.tree()), (expected.clone(), expected.clone(), expected));
    }
}

#[test]
fn an_index_of_the_future_stops_the_run_and_stays() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, _) = in_sync(&env, &bucket, &FILES);
        let newer =
            json!({ ".index": { "local_timestamp": null, "remote_timestamp": null, "format": 1_000 } }).to_string();
        bucket.put(".index", newer.as_str());
        one.sync_with(&[]).with(1).warns("only a newer s4 can read");
        assert_eq!(bucket.objects()[".index"], newer.as_bytes());
        let two = env.machine(&bucket);
        two.write(".index", &newer);
        two.sync_with(&[]).with(1).warns("only a newer s4 can read");
        assert_eq!(two.read(".index").as_deref(), Some(newer.as_bytes()));
    }
}

/// A local index as it was before the last syncs: from a backup, or because a power failure took the newer one.
#[test]
fn a_stale_local_index_makes_no_conflict_and_loses_nothing() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let files = [("edited here", "1"), ("edited there", "2"), ("gone", "3"), ("calm", "4")];
        let (one, two) = in_sync(&env, &bucket, &files);
        let stale = fs::read(two.path(".index")).unwrap();
        two.write("edited here", "1, edited");
        two.write("new here", "5");
        two.sync();
        one.sync();
        one.write("edited there", "2, edited");
        one.write("new there", "6");
        one.remove("gone");
        one.sync();
        two.sync();
        two.write(".index", &stale);
        heals(&two, &bucket);
        one.sync();
        assert_eq!(one.tree(), two.tree());
        one.is_idle();
    }
}

#[test]
fn an_edit_on_top_of_a_stale_index_is_never_lost() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "first"), ("calm", "")]);
        let stale = fs::read(two.path(".index")).unwrap();
        one.write("a", "second");
        one.sync();
        two.sync();
        two.write(".index", &stale);
        two.write("a", "third");
        // What the edit was made on is not known any more, so a person must say; both versions are kept until then.
        two.sync_with(&[]).with(3).warns("conflict left alone: \"a\"");
        assert_eq!((two.tree()["a"].as_slice(), bucket.tree()["a"].as_slice()), (&b"third"[..], &b"second"[..]));
        two.sync_with(&["--conflicts", "local"]).with(0);
        one.sync();
        assert_eq!(one.tree(), two.tree());
    }
}

#[test]
fn a_run_that_ended_between_transfer_and_commit_is_caught_up_with() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &FILES);
        let (before, index) = (fs::read(one.path(".index")).unwrap(), bucket.objects()[".index"].clone());
        one.write("a", "edited");
        one.write("new", "new");
        one.remove("b");
        one.sync();
        // As if neither index had been written.
        one.write(".index", &before);
        bucket.put(".index", index);
        heals(&one, &bucket);
        two.sync();
        assert_eq!(two.tree(), one.tree());
        two.is_idle();
        one.is_idle();
    }
}
