//! Inputs that would burst the memory of whoever takes them as they are: each run has so much and no more.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::PREFIX;
use crate::support::{Bucket, Machine, Ran, TARGET, TestEnv, in_sync, ran};

/// What the address space of a run may grow to, in KiB: what an ordinary one needs, its allocator's reserve above all, and some
/// 500 MiB.
const MOST_KIB: u32 = 2 << 20;

/// Runs s4 in so much address space; with `input`, that is its standard input.
fn bounded(machine: &Machine, args: &[&str], input: Option<File>) -> Ran {
    let inner = machine.process(args);
    let mut command = Command::new("/bin/sh");
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(inner.get_current_dir().unwrap());
    command.args(["-c", &format!("ulimit -v {MOST_KIB} && exec \"$0\" \"$@\"")]);
    command.arg(inner.get_program()).args(inner.get_args());
    command.stdin(input.map_or_else(Stdio::null, Stdio::from));
    ran(&command.output().unwrap())
}

/// So many bytes of one kind, packed.
fn packed(byte: u8, mib: usize) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let block = vec![byte; 1 << 20];
    (0..mib).for_each(|_| gzip.write_all(&block).unwrap());
    gzip.finish().unwrap()
}

/// Indexes that nobody has written in good faith.
fn indexes() -> Vec<(&'static str, Vec<u8>)> {
    let member = packed(b' ', 16);
    let entries: Vec<String> = (0..1_500_000).map(|number| format!("\"{number}\":{{}}")).collect();
    vec![
        ("ten gigabytes of zeros", packed(0, 16).repeat(640)),
        ("many members of spaces", member.repeat(400)),
        ("one name without an end", format!("{{\"{}", "x\\n".repeat(8 << 20)).into_bytes()),
        ("one value of many", format!("{{\"a\": {{\"later\": [{}0]}}}}", "0,".repeat(20 << 20)).into_bytes()),
        ("very many empty entries", format!("{{{}}}", entries.join(",")).into_bytes()),
        ("nested 100,000 deep", format!("{{\"a\": {}", "{\"a\":".repeat(100_000)).into_bytes()),
        ("numbers out of range", br#"{"a": {"local_timestamp": 1e999}}"#.to_vec()),
        ("texts for numbers", br#"{"a": {"local_timestamp": "1", "remote_timestamp": []}}"#.to_vec()),
        ("a mark of UTF-8", b"\xef\xbb\xbf{}".to_vec()),
        ("not UTF-8", b"{\"\xff\": {}}".to_vec()),
        ("garbage behind it", [&packed(b' ', 1)[..], b"garbage"].concat()),
    ]
}

#[test]
fn no_index_bursts_the_memory_and_each_heals() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b/c", "2")]);
    for (what, bytes) in indexes() {
        one.write(".index", &bytes);
        let ran = bounded(&one, &["sync", TARGET], None);
        assert_eq!(ran.code, 0, "{what}, here: {}", ran.err);
        assert!(ran.err.contains("warning: the local index is damaged ("), "{what}: {}", ran.err);
        bucket.server().put_foreign(bucket.name(), &format!("{PREFIX}.index"), bytes);
        let ran = bounded(&one, &["sync", TARGET], None);
        assert_eq!(ran.code, 0, "{what}, in the bucket: {}", ran.err);
        assert!(ran.err.contains("warning: the index in the bucket is damaged ("), "{what}: {}", ran.err);
        assert!(ran.err.len() < 1_000 && one.tree() == two.tree() && bucket.tree() == two.tree(), "{what}");
        fs::remove_dir_all(one.path(".s4")).unwrap();
        fs::remove_file(one.path(".index")).unwrap();
        bucket.remove(".index");
        one.sync();
    }
    two.sync();
    two.is_idle();
}

#[test]
fn rules_without_end_are_refused_and_endless_ones_end() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(
        &env,
        &bucket,
        &[("a", "1"), (&"d/".repeat(200), "")].map(|(key, text)| (key.trim_end_matches('/'), text)),
    );
    let files = one.tree();
    let many: String = (0..1_000_000).map(|number| format!("pattern-{number}\n")).collect();
    for (what, rules) in [("very many", many), ("one long line", "x".repeat(100 << 20))] {
        one.write(".syncignore", &rules);
        for args in
            [&["sync", TARGET][..], &["sync", TARGET, "--dry-run"], &["scan", TARGET], &["check-ignore", TARGET, "a"]]
        {
            let ran = bounded(&one, args, None);
            assert_eq!(ran.code, 1, "{what}: {ran:?}");
            let path = one.path(".syncignore");
            ran.warns(&format!(
                "error: '{}' has more than 1 MiB: that is more than s4 reads of it\nhint: ",
                path.display()
            ));
        }
        one.remove(".syncignore");
        // Another machine's, or another tool's.
        bucket.server().put_foreign(bucket.name(), &format!("{PREFIX}.syncignore"), rules);
        let ran = bounded(&two, &["sync", TARGET, "--dry-run"], None).with(1);
        ran.warns("\".syncignore\" in the bucket has more than 1 MiB");
        bounded(&two, &["sync", TARGET], None).with(1).warns("has more than 1 MiB: that is more than s4 reads of it");
        assert_eq!(bucket.tree().len(), files.len() + 1);
        // Whoever makes them shorter goes on, from any machine.
        two.write(".syncignore", "*.tmp\n");
        two.sync();
        two.remove(".syncignore");
        two.sync();
        one.sync();
    }
    let slow = ["**/", "**/d/", "*/**/", "**\\/", "**/[d]/"].map(|part| format!("{}x\n", part.repeat(60))).concat();
    one.write(".syncignore", slow);
    bounded(&one, &["sync", TARGET], None).with(0);
    bounded(&two, &["sync", TARGET], None).with(0);
    assert_eq!(one.tree(), two.tree());
}

/// A file in the machine's home.
fn input(machine: &Machine, write: impl FnOnce(&mut File)) -> File {
    let path = machine.path("").with_file_name("input");
    write(&mut File::create(&path).unwrap());
    File::open(path).unwrap()
}

#[test]
fn no_records_burst_the_memory() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    let (files, objects) = (one.tree(), bucket.objects());
    let open = "{\"type\":\"change\",\"key\":\"";
    let streams: [(&str, String, u64, &str); 4] = [
        ("one line of 4 GiB", open.to_owned(), 4 << 30, "a line is longer than any record"),
        ("nested", format!("{{\"type\":\"change\",\"x\":{}", "[".repeat(500_000)), 0, "is none"),
        (
            "nested and closed",
            format!("{{\"type\":\"change\",\"x\":{}{}}}", "[".repeat(400_000), "]".repeat(400_000)),
            0,
            "cannot be read",
        ),
        ("wrong types", "{\"type\":\"change\",\"key\":5}\n".to_owned(), 0, "cannot be read"),
    ];
    for (what, begin, more, says) in streams {
        for command in ["push-file", "pull-file", "write-index"] {
            let stdin = input(&one, |file| {
                file.write_all(begin.as_bytes()).unwrap();
                file.set_len(begin.len() as u64 + more).unwrap();
            });
            let ran = bounded(&one, &[command, TARGET, "--stdin"], Some(stdin));
            assert_eq!(ran.code, 1, "{what}, {command}: {}", ran.err);
            assert!(ran.err.contains(says) && ran.err.len() < 1_000, "{what}, {command}: {}", ran.err);
        }
    }
    assert_eq!((one.tree(), bucket.objects()), (files, objects));
}

#[test]
fn no_config_bursts_the_memory_and_none_is_overwritten() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("a", "1")]);
    for (what, text, says) in [
        ("long", " ".repeat(17 << 20), "it is larger than 16 MiB"),
        ("nested", "[".repeat(8 << 20), "recursion limit exceeded"),
        ("of numbers", format!("{{\"x\": [{}0]}}", "0,".repeat(2 << 20)), "unknown target"),
    ] {
        fs::write(one.config(), &text).unwrap();
        let ran = bounded(&one, &["sync", TARGET], None);
        assert!(matches!(ran.code, 1 | 2) && ran.err.contains(says), "{what}: {}", ran.err);
        let mut first = [0; 1];
        File::open(one.config()).unwrap().read_exact(&mut first).unwrap();
        assert_eq!(
            (fs::metadata(one.config()).unwrap().len(), first[0]),
            (text.len() as u64, text.as_bytes()[0]),
            "{what}"
        );
    }
}
