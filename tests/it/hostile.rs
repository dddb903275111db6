//! Names that do not belong on a disk, and links that lead out of the folder: reported, left alone, never fatal.

mod bounds;
mod lies;
mod names;
mod swaps;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::{Bucket, Machine, TestEnv, in_sync, tree};

const PREFIX: &str = "some/prefix/";

/// Every file below a folder, links not followed.
fn below(folder: &Path) -> Vec<String> {
    let (mut left, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                left.push(entry.path());
            }
            found.push(entry.path().display().to_string());
        }
    }
    found.sort();
    found
}

/// What is on the machine beside the target's folder.
fn outside(machine: &Machine) -> Vec<String> {
    let folder = machine.path("");
    let found = below(folder.parent().unwrap());
    found.into_iter().filter(|path| !Path::new(path).starts_with(&folder)).collect()
}

fn put(bucket: &Bucket, key: &str) {
    bucket.server().put_foreign(bucket.name(), &format!("{PREFIX}{key}"), format!("content of {key:?}"));
}

#[test]
fn hostile_keys_are_reported_once_each_and_never_written() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("mine", "mine");
    let too_long = format!("x/{}", "y".repeat(300));
    let reported = [
        ("../x", "it has a '.' or '..' part"),
        ("a/../../../x", "it has a '.' or '..' part"),
        ("a/./b", "it has a '.' or '..' part"),
        ("..", "it has a '.' or '..' part"),
        ("/etc/s4-test", "it has an empty part"),
        ("a//b", "it has an empty part"),
        (too_long.as_str(), "one of its parts is longer than 255 bytes"),
    ];
    for (key, _) in reported {
        put(&bucket, key);
    }
    put(&bucket, "good/one");
    let before = outside(&one);
    let ran = one.sync();
    for (key, why) in reported {
        let line = format!("warning: left alone: \"{key}\": {why}\n");
        assert_eq!(ran.err.matches(&line).count(), 1, "{line}{}", ran.err);
    }
    assert_eq!(ran.err.matches("left alone").count(), reported.len(), "{}", ran.err);
    assert!(ran.closing().starts_with("1 file up (4 B), 1 file down "), "{}", ran.out);
    let keys: Vec<String> = one.tree().into_keys().collect();
    assert_eq!(keys, ["good/one", "mine"]);
    assert_eq!(outside(&one), before);
    assert!(!Path::new("/etc/s4-test").exists());
    // They stay where they are, and are told again.
    assert_eq!(bucket.server().objects(bucket.name()).len(), reported.len() + 3);
    let ran = one.sync();
    assert_eq!(ran.err.matches("left alone").count(), reported.len(), "{}", ran.err);
}

#[test]
fn names_of_s4s_own_and_folder_markers_are_passed_by() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b", "2")]);
    let own = [".s4/staging/x", ".s4/trash/y", ".s4", ".s4lock", ".index/../x", ".index/x", "folder/", "a/"];
    for key in own {
        put(&bucket, key);
    }
    let before = one.everything();
    let ran = one.sync();
    assert!(ran.closing().starts_with("Nothing to update in "), "{}", ran.out);
    let keys = |files: BTreeMap<String, Vec<u8>>| files.into_keys().collect::<Vec<_>>();
    assert_eq!(keys(one.everything()), keys(before), "{}", ran.err);
    assert_eq!((one.folders(), one.tree()), (two.folders(), two.tree()));
    one.is_idle();
}

#[test]
fn control_characters_in_keys_arrive_on_disk_and_never_on_the_terminal() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    put(&bucket, "\u{1b}]0;owned\u{7}");
    put(&bucket, "line\nbreak\r");
    put(&bucket, "bad/\u{1b}[2J//x");
    let ran = one.sync();
    assert_eq!(one.tree().into_keys().collect::<Vec<_>>(), ["\u{1b}]0;owned\u{7}", "line\nbreak\r"]);
    ran.warns("left alone: \"bad/\\u{1b}[2J//x\": it has an empty part\n");
    let raw = |text: &str| text.chars().any(|letter| letter.is_control() && letter != '\n');
    assert!(!raw(&ran.out) && !raw(&ran.err), "{ran:?}");
    assert_eq!(ran.out.lines().count(), 4, "{}", ran.out);
}

#[test]
fn nothing_is_written_through_a_link_in_the_folder() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    let outer = one.path("").parent().unwrap().join("outer");
    fs::create_dir(&outer).unwrap();
    fs::write(outer.join("theirs"), "untouched").unwrap();
    symlink(&outer, one.path("way-out")).unwrap();
    symlink(outer.join("theirs"), one.path("file-out")).unwrap();
    for key in ["way-out/theirs", "way-out/new", "way-out/deep/new", "file-out", "fine"] {
        put(&bucket, key);
    }
    let before = outside(&one);
    let ran = one.sync();
    for key in ["way-out/theirs", "way-out/new", "way-out/deep/new", "file-out"] {
        ran.warns(&format!("left alone: \"{key}\": a symbolic link is in its place here\n"));
    }
    ran.warns("2 symbolic links left alone\n");
    assert_eq!(outside(&one), before);
    assert_eq!(fs::read_to_string(outer.join("theirs")).unwrap(), "untouched");
    assert!(one.read("fine").is_some());
    assert_eq!(bucket.tree().len(), 5);
}

#[test]
fn links_in_the_folder_are_counted_and_not_synced() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let one = env.machine(&bucket);
        one.write("a", "1");
        symlink("a", one.path("link")).unwrap();
        symlink("/nowhere", one.path("broken")).unwrap();
        symlink(".", one.path("loop")).unwrap();
        one.sync().warns("3 symbolic links left alone\n");
        assert_eq!(bucket.tree(), tree(&[("a", "1")]));
        for link in ["link", "broken", "loop"] {
            assert!(one.path(link).is_symlink());
        }
    }
}

#[test]
fn a_file_or_folder_that_became_a_link_deletes_nothing() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("a", "1"), ("b/c", "2"), ("d", "3")]);
        one.remove("a");
        symlink("d", one.path("a")).unwrap();
        one.remove("b");
        symlink("/nowhere", one.path("b")).unwrap();
        let ran = one.sync();
        ran.warns("left alone: \"a\": a symbolic link is in its place here\n");
        ran.warns("left alone: \"b/c\": a symbolic link is in its place here\n");
        assert_eq!(bucket.tree(), two.tree());
        // An edit from elsewhere does not replace the link either.
        two.write("a", "edited");
        two.sync();
        one.sync();
        assert!(one.path("a").is_symlink());
        assert_eq!(one.read("d").as_deref(), Some(&b"3"[..]));
        // With the link gone the file comes back.
        one.remove("a");
        fs::remove_file(one.path("b")).unwrap();
        let conflicts = one.sync_with(&["--conflicts", "remote"]).with(0);
        assert!(!conflicts.err.contains("left alone"), "{}", conflicts.err);
        assert_eq!(one.read("a").as_deref(), Some(&b"edited"[..]));
    }
}

#[test]
fn pipes_and_sockets_are_left_alone_and_nothing_hangs() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a", "1");
    let _socket = std::os::unix::net::UnixListener::bind(one.path("socket")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, one.path("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .unwrap();
    put(&bucket, "pipe");
    let ran = one.sync();
    ran.warns("left alone: \"pipe\": a device, pipe or socket is in its place here\n");
    let keys: Vec<String> = bucket.tree().into_keys().collect();
    assert_eq!(keys, ["a", "pipe"]);
}

#[test]
fn a_local_name_that_is_not_utf_8_is_reported() {
    use std::os::unix::ffi::OsStrExt as _;
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("a", "1");
    fs::write(one.path("").join(std::ffi::OsStr::from_bytes(b"latin-\xe9")), "x").unwrap();
    let ran = one.sync();
    ran.warns("it is not UTF-8\n");
    assert_eq!(bucket.tree(), tree(&[("a", "1")]));
}
