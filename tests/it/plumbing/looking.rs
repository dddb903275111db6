//! What only looks: listings, indexes, sums, ignore rules.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::json;

use crate::support::{Bucket, Record, TARGET, TestEnv, in_sync, ran, records, whole};

#[test]
fn objects_are_listed_as_they_are() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    for name in ["a", "../up", "b//c", "folder/", "\u{e9}\u{1f600} \""] {
        bucket.put(name, "12345");
    }
    let ran = one.run(["list-objects", TARGET]).with(0);
    let names: Vec<String> = whole(&ran.out)
        .into_iter()
        .map(|record| match record {
            Record::Object(object) if object.size == 5 && object.last_modified.ends_with('Z') => object.key,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(names, ["../up", "a", "b//c", "folder/", "\u{e9}\u{1f600} \""]);
}

#[test]
fn a_listing_that_fails_has_an_error_and_no_end() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.set("aws_secret_access_key", "wrong");
    let ran = one.run(["list-objects", TARGET]).with(1);
    let all = records(&ran.out);
    assert!(matches!(all.last(), Some(Record::Error { code, .. }) if code == "access"), "{}", ran.out);
}

#[test]
fn an_index_is_read_on_either_side() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("b", "22"), ("c", "333")]);
    one.remove("b");
    one.sync();
    for side in [&[][..], &["--remote"]] {
        let ran = one.run(["read-index", TARGET].iter().chain(side)).with(0);
        let entries: Vec<(String, bool, bool)> = whole(&ran.out)
            .into_iter()
            .map(|record| match record {
                Record::Entry(entry) => {
                    assert_eq!(entry.deleted, entry.deleted_at.is_some());
                    assert_eq!(entry.deleted, entry.sha256.is_none() && entry.local_timestamp.is_none());
                    (entry.key, entry.deleted, entry.inode.is_some())
                }
                other => panic!("{other:?}"),
            })
            .collect();
        let here = side.is_empty();
        let expected = [("a", false, here), ("b", true, false), ("c", false, here)];
        assert_eq!(entries, expected.map(|(key, deleted, inode)| (key.to_owned(), deleted, inode)));
    }
    one.write(".index", "{");
    let ran = one.run(["read-index", TARGET]).with(1);
    ran.warns("cannot read the local index");
    assert!(matches!(records(&ran.out)[..], [Record::Error { .. }]), "{}", ran.out);
}

#[test]
fn files_are_summed_up_as_sha256sum_does() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a b", "hello");
    one.write("empty", "");
    let odd = one.path("").join(std::ffi::OsStr::from_bytes(b"odd\xff"));
    fs::write(&odd, "odd").unwrap();
    let mut command = one.s4(["hash-file", "--etag", "5d41402abc4b2a76b9719d911017c592"]);
    let out = ran(&command.args([one.path("a b"), one.path("empty"), odd, one.path("none")]).output().unwrap()).with(4);
    out.warns("cannot read the file");
    let sums: Vec<_> = whole(&out.out)
        .into_iter()
        .map(|record| match record {
            Record::Hash { size, sha256, path, path_base64, matches_etag } => {
                assert_eq!(path.is_some(), path_base64.is_none());
                (size, sha256[..8].to_owned(), matches_etag)
            }
            Record::Error { key, .. } => (0, key.unwrap().rsplit('/').next().unwrap().to_owned(), None),
            other => panic!("{other:?}"),
        })
        .collect();
    let sum = |size, text: &str, matches| (size, text.to_owned(), matches);
    let expected = [
        sum(5, "2cf24dba", Some(true)),
        sum(0, "e3b0c442", Some(false)),
        sum(3, "4b66ad5c", Some(false)),
        sum(0, "none", None),
    ];
    assert_eq!(sums[..2], expected[..2]);
    assert_eq!((sums[2].0, sums[2].2, &sums[3]), (3, Some(false), &expected[3]));
    let list = format!("{}\n{}\n", one.path("a b").display(), json!(one.path("empty")));
    let listed = one.feed(&["hash-file", "--stdin"], &list).with(0);
    assert_eq!(whole(&listed.out).len(), 2);
}

#[test]
fn ignored_paths_are_told_with_the_pattern_that_decides() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write(".syncignore", "# comment\n*.log\n\n!keep.log\nbuild/\n");
    one.write("build/x", "1");
    let inside = one.path("src/a.log");
    let paths = ["./a.log", "keep.log", "build/x", "build/", "other/", "plain", inside.to_str().unwrap(), ".index"];
    let ran = one.run(["check-ignore", TARGET].iter().chain(&paths)).with(0);
    let found: Vec<_> = whole(&ran.out)
        .into_iter()
        .map(|record| match record {
            Record::Check(check) => (check.key.unwrap(), check.ignored, check.pattern, check.line, check.matched),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = |key: &str, ignored, why: Option<(&str, u64, &str)>| {
        let (pattern, matched) = (why.map(|why| why.0.to_owned()), why.map(|why| why.2.to_owned()));
        (key.to_owned(), ignored, pattern, why.map(|why| why.1), matched)
    };
    assert_eq!(
        found,
        [
            expected("a.log", true, Some(("*.log", 2, "a.log"))),
            expected("keep.log", false, Some(("!keep.log", 4, "keep.log"))),
            expected("build/x", true, Some(("build/", 5, "build"))),
            expected("build/", true, Some(("build/", 5, "build"))),
            expected("other/", false, None),
            expected("plain", false, None),
            expected("src/a.log", true, Some(("*.log", 2, "src/a.log"))),
            expected(".index", true, None),
        ]
    );
    let input = "{\"type\":\"file\",\"key\":\"b.log\"}\n{\"type\":\"end\",\"counts\":{}}\n\"c.log\"\nd\n";
    let read = one.feed(&["check-ignore", TARGET, "--stdin"], input).with(0);
    assert_eq!(whole(&read.out).len(), 3);
    for outside in ["/etc/passwd", "../x", ""] {
        let ran = one.run(["check-ignore", TARGET, outside]);
        assert_eq!(ran.code, if outside.is_empty() { 2 } else { 4 }, "{outside:?}: {ran:?}");
    }
}
