//! Syncs of two machines when all goes well: everything that can be done to a file arrives at the other.

use s4_test_server::Op;

use crate::support::{Bucket, Machine, TestEnv, in_sync, tree};

#[test]
fn creates_updates_and_deletes_travel_both_ways_in_the_words_of_s4_0_4() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = (env.machine(&bucket), env.machine(&bucket));
        let ((uri, here), (_, there)) = (one.places(&bucket), two.places(&bucket));
        one.write("a", "1");
        one.write("b/c", "22");
        let ran = one.sync();
        ran.says(&format!("Syncing files [{here} <=> {uri}]"));
        ran.says(&format!("Creating a ({here} => {uri})"));
        ran.says(&format!("Creating b/c ({here} => {uri})"));
        assert!(ran.closing().starts_with("2 files up (3 B) in "), "{}", ran.out);
        assert_eq!(ran.err, "Flushing Index to Storage\n");
        let ran = two.sync();
        ran.says(&format!("Creating b/c ({uri} => {there})"));
        assert!(ran.closing().starts_with("2 files down (3 B) in "), "{}", ran.out);
        two.write("a", "333");
        two.remove("b");
        let ran = two.sync();
        ran.says(&format!("Updating a ({there} => {uri})"));
        ran.says(&format!("Deleting b/c on {uri}"));
        assert!(ran.closing().starts_with("1 file up (3 B), 1 deleted in "), "{}", ran.out);
        let ran = one.sync();
        ran.says(&format!("Updating a ({uri} => {here})"));
        ran.says(&format!("Deleting b/c on {here}"));
        let expected = tree(&[("a", "333")]);
        assert_eq!((one.tree(), two.tree(), bucket.tree()), (expected.clone(), expected.clone(), expected));
        for machine in [&one, &two] {
            machine.is_idle();
        }
    }
}

#[test]
fn a_deleted_file_that_comes_back_comes_back_everywhere() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "first"), ("b", "")]);
        for text in ["second", "third"] {
            one.remove("a");
            one.sync();
            two.sync();
            assert_eq!(two.read("a"), None);
            two.write("a", text);
            two.sync();
            one.sync();
            assert_eq!((one.tree(), bucket.tree()), (two.tree(), tree(&[("a", text), ("b", "")])));
        }
        one.is_idle();
        two.is_idle();
    }
}

#[test]
fn mtime_and_mode_travel() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = (env.machine(&bucket), env.machine(&bucket));
        let times = [("new", 1_753_000_000_123_456_789, 0o644), ("old", -1_500_000_001, 0o750), ("epoch", 0, 0o600)];
        for (key, time, mode) in times {
            one.write(key, key);
            one.set_mode(key, mode);
            one.set_mtime(key, time);
        }
        one.sync();
        two.sync();
        for (key, _, mode) in times {
            assert_eq!((two.mtime(key), two.mode(key)), (one.mtime(key), mode), "{key}");
        }
        two.write("new", "later");
        two.set_mtime("new", 1_754_000_000_987_654_321);
        two.set_mode("new", 0o640);
        two.sync();
        one.sync();
        assert_eq!((one.mtime("new"), one.mode("new")), (two.mtime("new"), 0o640));
        one.is_idle();
    }
}

/// Bytes without a pattern that a mistaken offset could hide behind.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut step = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| step()).collect()
}

#[test]
fn empty_and_big_files_arrive_whole() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = (env.machine(&bucket), env.machine(&bucket));
        one.write("empty", "");
        one.write("big", noise((20 << 20) + 7));
        let ran = one.sync();
        assert!(ran.closing().starts_with("2 files up (20.0 MiB) in "), "{}", ran.out);
        two.sync();
        assert_eq!(two.tree(), one.tree());
        let mut edited = noise((20 << 20) + 7);
        edited[19 << 20] ^= 1;
        two.write("big", &edited);
        two.sync();
        one.sync();
        assert_eq!(one.read("big"), Some(edited));
        one.is_idle();
    }
}

#[test]
fn big_files_go_in_parts_and_come_in_ranges() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1")]);
    one.write("big", noise(20 << 20));
    bucket.server().reset_counts();
    one.sync();
    let counts = bucket.server().counts();
    let parts = [Op::CreateMultipartUpload, Op::UploadPart, Op::CompleteMultipartUpload].map(|op| counts.of(op));
    assert_eq!((parts, counts.of(Op::PutObject)), ([1, 2, 1], 1), "and the index");
    bucket.server().reset_counts();
    two.sync();
    let counts = bucket.server().counts();
    assert_eq!((counts.of(Op::GetObject), counts.of(Op::HeadObject)), (3, 0), "two ranges and the index");
    assert_eq!(two.tree(), one.tree());
    assert_eq!(bucket.server().uploads(bucket.name()), []);
}

/// Names that every server keeps as they are.
fn odd_names() -> Vec<String> {
    let plain = [
        "with space",
        " leading and trailing ",
        "é 日本 🦀",
        "percent%20%2F%",
        "plus+and&=?#",
        "-rf",
        "--help",
        "~",
        "a'b\"c",
        "semi;colon:and|pipe*",
        "[brackets]{braces}",
        ".hidden/.deeper",
        "folder.with.dots/...",
        "<xml>&amp;",
        "$HOME/`id`",
    ];
    plain.into_iter().map(str::to_owned).chain(["x".repeat(255), format!("long/{}", "é".repeat(127))]).collect()
}

fn carries(bucket: &Bucket, names: &[String]) {
    let env = TestEnv::new();
    let (one, two) = (env.machine(bucket), env.machine(bucket));
    for name in names {
        one.write(name, name);
    }
    one.sync();
    two.sync();
    assert_eq!((two.tree(), bucket.tree()), (one.tree(), one.tree()));
    let (gone, edited) = (&names[0], &names[1]);
    two.remove(gone);
    two.write(edited, "edited");
    two.sync();
    one.sync();
    assert_eq!((one.tree(), bucket.tree()), (two.tree(), two.tree()));
    one.is_idle();
}

#[test]
fn odd_names_travel() {
    for bucket in Bucket::each() {
        carries(&bucket, &odd_names());
    }
}

/// SeaweedFS changes backslashes, and some control characters do not come back from it.
#[test]
fn names_that_only_s3_itself_keeps_travel() {
    let names = ["new\nline", "a\\b", "tab\tand\rreturn", "\u{1b}[31mred", "\u{1}", "e\u{301}", "\u{202e}txt.exe"];
    carries(&Bucket::in_process(), &names.map(str::to_owned));
}

#[test]
fn a_name_with_control_characters_is_not_printed_raw() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("\u{1b}[31mred\n", "1");
    let ran = one.sync();
    assert!(ran.out.contains("Creating \\u{1b}[31mred\\n ("), "{}", ran.out);
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'));
}

/// Syncs both machines, the second one twice, and checks that everybody has what `one` had.
fn follow(one: &Machine, two: &Machine, bucket: &Bucket) {
    let expected = one.tree();
    one.sync();
    two.sync();
    assert_eq!((two.tree(), bucket.tree()), (expected.clone(), expected.clone()));
    assert_eq!(two.folders(), one.folders());
    one.is_idle();
    two.is_idle();
    assert_eq!(one.tree(), expected);
}

#[test]
fn a_file_becomes_a_folder_and_a_folder_a_file() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("swap", "file"), ("calm", "calm")]);
        one.remove("swap");
        one.write("swap/a", "1");
        one.write("swap/b/c", "2");
        follow(&one, &two, &bucket);
        two.remove("swap");
        two.write("swap", "a file again");
        follow(&two, &one, &bucket);
        // With content that was there before, so that it is a rename as well.
        one.remove("swap");
        one.write("swap/deep/er", "a file again");
        follow(&one, &two, &bucket);
    }
}

#[test]
fn a_renamed_file_costs_a_copy_and_a_delete_and_no_byte() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", &"content".repeat(10_000)), ("b", "b")]);
    let ((uri, _), (_, there)) = (one.places(&bucket), two.places(&bucket));
    std::fs::rename(one.path("a"), one.path("z")).unwrap();
    bucket.server().reset_counts();
    let ran = one.sync();
    ran.says(&format!("Renaming a => z on {uri}"));
    let counts = bucket.server().counts();
    let writes = [Op::CopyObject, Op::DeleteObject, Op::PutObject].map(|op| counts.of(op));
    assert_eq!(writes, [1, 1, 1], "the put is the index");
    assert!(counts.bytes_in < 10_000, "{} bytes sent", counts.bytes_in);
    let before = two.mtime("a");
    bucket.server().reset_counts();
    two.sync().says(&format!("Renaming a => z on {there}"));
    let counts = bucket.server().counts();
    assert_eq!((counts.of(Op::GetObject), counts.of(Op::HeadObject)), (1, 0), "the get is the index");
    assert!(counts.bytes_out < 10_000, "{} bytes fetched", counts.bytes_out);
    assert_eq!((two.tree(), two.mtime("z"), bucket.tree()), (one.tree(), before, one.tree()));
    one.is_idle();
    two.is_idle();
}

#[test]
fn a_renamed_folder_costs_copies_and_one_delete() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let files = ["old/a", "old/b", "old/c/d", "old/c/e"].map(|key| (key, key));
    let (one, two) = in_sync(&env, &bucket, &files);
    std::fs::rename(one.path("old"), one.path("new")).unwrap();
    bucket.server().reset_counts();
    one.sync();
    let counts = bucket.server().counts();
    let writes = [Op::CopyObject, Op::DeleteObjects, Op::DeleteObject, Op::PutObject].map(|op| counts.of(op));
    assert_eq!(writes, [4, 1, 0, 1]);
    bucket.server().reset_counts();
    two.sync();
    assert_eq!(bucket.server().counts().of(Op::GetObject), 1, "the index");
    assert_eq!((two.tree(), two.folders()), (one.tree(), ["new".to_owned(), "new/c".to_owned()].into()));
    assert_eq!(bucket.tree(), one.tree());
}

#[test]
fn renames_arrive_on_either_server() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b/c", "2"), ("d", "3")]);
        std::fs::rename(one.path("a"), one.path("a space+é")).unwrap();
        std::fs::rename(one.path("b"), one.path("e")).unwrap();
        follow(&one, &two, &bucket);
    }
}

#[test]
fn two_files_that_swap_their_names_keep_their_contents() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "was a"), ("b", "was b")]);
        for (from, to) in [("a", "c"), ("b", "a"), ("c", "b")] {
            std::fs::rename(one.path(from), one.path(to)).unwrap();
        }
        follow(&one, &two, &bucket);
        assert_eq!(two.tree(), tree(&[("a", "was b"), ("b", "was a")]));
    }
}

#[test]
fn a_touch_is_no_upload() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    one.set_mtime("a", 1_000_000_000_000_000_000);
    bucket.server().reset_counts();
    let ran = one.sync();
    assert!(ran.closing().starts_with("Nothing to update in "), "{}", ran.out);
    let counts = bucket.server().counts();
    assert_eq!((counts.of(Op::PutObject), counts.of(Op::HeadObject), counts.total()), (0, 0, 2), "a look");
    one.is_idle();
}

#[test]
fn a_file_with_a_time_in_the_future_is_not_read_and_written_down_in_every_run() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let one = env.machine(&bucket);
        one.write("a", "1");
        one.set_mtime("a", 4_000_000_000_000_000_000);
        one.sync();
        one.is_idle();
        let index = one.mtime(".index");
        one.is_idle();
        assert_eq!(one.mtime(".index"), index);
        one.write("a", "2");
        one.set_mtime("a", 4_000_000_000_000_000_000);
        one.sync();
        assert_eq!(bucket.tree(), one.tree());
    }
}

#[test]
fn an_edit_that_keeps_size_and_mtime_is_seen() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "before"), ("b", "")]);
        let time = one.mtime("a").duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
        one.write("a", "after!");
        one.set_mtime("a", i64::try_from(time).unwrap());
        one.sync();
        two.sync();
        assert_eq!((two.tree(), bucket.tree()), (one.tree(), one.tree()));
        assert_eq!(two.read("a").as_deref(), Some(&b"after!"[..]));
    }
}

#[test]
fn folders_that_deletes_leave_empty_go_and_others_stay() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a/b/c/d", "1"), ("a/e", "2"), ("f/g", "3"), ("h", "4")]);
        std::fs::create_dir_all(two.path("own/empty")).unwrap();
        one.remove("a/b");
        one.remove("f");
        one.sync();
        two.sync();
        assert_eq!(two.folders(), ["a", "own", "own/empty"].map(str::to_owned).into());
        assert_eq!((two.tree(), bucket.tree()), (one.tree(), one.tree()));
    }
}

#[test]
fn all_targets_are_synced_and_one_that_fails_stops_no_other() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a", "1");
    let mut config: serde_json::Value = serde_json::from_slice(&std::fs::read(one.config()).unwrap()).unwrap();
    let mut broken = config["targets"]["files"].clone();
    broken["local_folder"] = "/nowhere/at/all".into();
    broken["s3_uri"] = format!("s3://{}/elsewhere", bucket.name()).into();
    config["targets"]["a first one"] = broken;
    std::fs::write(one.config(), config.to_string()).unwrap();
    let ran = one.run(["sync"]).with(1);
    ran.warns("error: the folder '/nowhere/at/all' does not exist\n");
    assert_eq!(bucket.tree(), one.tree());
}
