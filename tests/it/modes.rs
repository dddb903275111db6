//! What other users of the machine can see: nothing of what s4 keeps for itself, whatever the umask allows.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Bucket, Machine, TARGET, TestEnv, in_sync, ran};

/// Runs s4 with a umask that allows everything.
#[track_caller]
fn openly(machine: &Machine, args: &[&str]) {
    let s4 = machine.process(args);
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", "umask 0; exec \"$0\" \"$@\""]).arg(s4.get_program()).args(args);
    shell.env_clear().envs(s4.get_envs().filter_map(|(name, value)| Some((name, value?))));
    ran(&shell.current_dir(s4.get_current_dir().unwrap()).output().unwrap()).with(0);
}

/// The permissions of everything below a folder, by path.
fn modes(root: &Path, folder: &Path, modes_of: &mut BTreeMap<String, u32>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let found = path.symlink_metadata().unwrap();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        modes_of.insert(name, found.permissions().mode() & 0o7777);
        if found.is_dir() {
            modes(root, &path, modes_of);
        }
    }
}

fn modes_of(root: &Path) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    modes(root, root, &mut found);
    found
}

/// Makes s4 keep something of everything: index, copy of the remote index, trash, damaged indexes, staging.
fn keep_everything(one: &Machine, two: &Machine) {
    two.write("replaced", "anew");
    two.remove("deleted");
    two.sync();
    openly(one, &["sync"]);
    let index = if one.path(".index").exists() { one.path(".index") } else { one.path("../state/.index") };
    fs::write(index, "damaged").unwrap();
    openly(one, &["sync"]);
}

#[test]
fn what_s4_keeps_in_a_folder_is_for_its_user_alone() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, two) = in_sync(&env, &bucket, &[("replaced", "1"), ("deleted", "2"), ("calm", "")]);
        fs::remove_dir_all(one.path(".s4")).unwrap();
        keep_everything(&one, &two);
        let modes = modes_of(&one.path(""));
        assert_eq!((modes[".index"], modes[".s4"]), (0o600, 0o700), "{modes:?}");
        // It holds a process id, and others have to be able to lock it where they share the folder.
        assert!(modes.contains_key(".s4lock"));
        for kept in ["remote-index", "index.damaged-1", "trash", "staging"] {
            assert!(modes.contains_key(&format!(".s4/{kept}")), "nothing shows that it is private: {kept} {modes:?}");
        }
        assert!(modes.keys().any(|path| path.starts_with(".s4/trash/") && path.ends_with("/replaced")), "{modes:?}");
    }
}

#[test]
fn a_state_folder_is_for_its_user_alone() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("replaced", "1"), ("deleted", "2"), ("calm", "")]);
    let state = one.path("../state");
    for own in [".index", ".s4"] {
        one.remove(own);
    }
    one.set("state_folder", state.to_str().unwrap());
    openly(&one, &["sync"]);
    keep_everything(&one, &two);
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o7777, 0o700);
    assert_eq!(modes_of(&state)[".index"], 0o600);
    assert!(!one.path(".s4").exists() && !one.path(".index").exists());
}

#[test]
fn the_config_file_is_for_its_user_alone() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    let folder = one.config().parent().unwrap().parent().unwrap().to_owned();
    fs::remove_dir_all(&folder).unwrap();
    let place = ["--local-folder", "~/files", "--s3-uri", "s3://bucket/x", "--no-check", "--name", TARGET];
    openly(&one, &[&["add"], &place[..]].concat());
    assert_eq!(modes_of(&folder), BTreeMap::from([("s4".to_owned(), 0o700), ("s4/sync.conf".to_owned(), 0o600)]));
    // One that S4 0.4 has left open is closed as soon as it is written.
    fs::set_permissions(one.config(), fs::Permissions::from_mode(0o644)).unwrap();
    openly(&one, &["edit", TARGET, "--trash-days", "3", "--no-check"]);
    assert_eq!(modes_of(&folder)["s4/sync.conf"], 0o600);
}

#[test]
fn files_that_are_pulled_get_their_own_permissions_and_never_those_of_their_owner() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("calm", "")]);
    one.write("private/key", "secret");
    one.set_mode("private/key", 0o600);
    one.sync();
    bucket.server().put_foreign_with(bucket.name(), "some/prefix/odd", "x", &[("mode", "6755")]);
    openly(&two, &["sync"]);
    assert_eq!((two.mode("private/key"), two.mode("odd")), (0o600, 0o755));
}
