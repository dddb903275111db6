//! What cannot work ends with one clear sentence, an exit code that says so, and nothing changed.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;

use s4_test_server::{Fault, FaultKind, Op};

use crate::support::{Bucket, Machine, Ran, SmallDisk, TARGET, TestEnv, in_own_mounts, in_sync};

/// Two machines in sync, of which the first has an edit that waits and the second one an object.
fn setting(env: &TestEnv, bucket: &Bucket) -> (Machine, Machine) {
    let (one, two) = in_sync(env, bucket, &[("a", "1"), ("b", "2")]);
    one.write("a", "edited");
    one.remove("b");
    two.write("c", "new");
    two.sync();
    (one, two)
}

type Sides = [BTreeMap<String, Vec<u8>>; 2];

fn sides(machine: &Machine, bucket: &Bucket) -> Sides {
    let own_lock = |mut files: BTreeMap<String, Vec<u8>>| {
        files.remove(".s4lock");
        files
    };
    [own_lock(machine.everything()), bucket.objects()]
}

/// Checks the sentence and that nothing else is an error.
#[track_caller]
fn said(ran: &Ran, sentences: &[&str]) {
    let sentences: Vec<&str> = sentences.to_vec();
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!(lines.len(), sentences.len(), "{}", ran.err);
    for (line, sentence) in lines.iter().zip(sentences) {
        assert!(line.starts_with(sentence), "{line:?} is not {sentence:?}...");
    }
}

#[test]
fn an_unknown_target_is_told_with_the_choices() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = setting(&env, &bucket);
    let before = sides(&one, &bucket);
    let ran = one.run(["sync", "flies"]).with(2);
    let lines = ["error: \"flies\" is an unknown target", "hint: did you mean \"files\"? the targets are: files"];
    said(&ran, &lines);
    assert_eq!(sides(&one, &bucket), before);
}

#[test]
fn an_unknown_target_stops_no_other() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = setting(&env, &bucket);
    one.run(["sync", "elsewhere", TARGET]).with(2).warns("\"elsewhere\" is an unknown target");
    assert_eq!(bucket.tree(), one.tree());
}

#[test]
fn a_missing_folder_is_told_and_deletes_nothing() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, _) = setting(&env, &bucket);
        let before = bucket.objects();
        one.remove("");
        let ran = one.sync_with(&[]).with(1);
        let path = one.path("");
        said(&ran, &[&format!("error: the folder '{}' does not exist", path.display()), "hint: if it is on a drive, "]);
        assert_eq!((bucket.objects(), path.exists()), (before, false));
    }
}

#[test]
fn a_file_in_the_folders_place_is_told() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = setting(&env, &bucket);
    let before = bucket.objects();
    one.remove("");
    fs::write(one.path(""), "a file").unwrap();
    let ran = one.sync_with(&[]).with(1);
    let sentence = format!("error: '{}' is not a folder", one.path("").display());
    said(&ran, &[&sentence, "hint: name the folder: s4 edit files --local-folder FOLDER"]);
    assert_eq!(bucket.objects(), before);
}

#[test]
fn a_missing_bucket_is_told() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        // One that knows the server already, and one that does not.
        let (one, _) = setting(&env, &bucket);
        let fresh = env.machine(&bucket);
        fresh.write("x", "x");
        for machine in [&one, &fresh] {
            machine.set("s3_uri", "s3://no-such-bucket/some/prefix");
            let before = machine.everything();
            let ran = machine.sync_with(&[]).with(1);
            let errors: Vec<&str> = ran.err.lines().take(3).collect();
            let expected = [
                "error: cannot use s3://no-such-bucket/some/prefix",
                "caused by: the bucket 'no-such-bucket' does not exist",
                "hint: make the bucket first (aws s3 mb s3://no-such-bucket), or mend its name: s4 edit files --s3-uri s3://BUCKET/PATH",
            ];
            assert_eq!(errors, expected, "{}", ran.err);
            let mut after = machine.everything();
            after.remove(".s4lock");
            assert!(after.iter().all(|(key, bytes)| before.get(key) == Some(bytes)), "{after:?}");
        }
    }
}

fn refuses_keys(bucket: &Bucket, field: &str, cause: &str) {
    let env = TestEnv::new();
    let (one, _) = setting(&env, bucket);
    let before = sides(&one, bucket);
    one.set(field, "wrong");
    let ran = one.sync_with(&[]).with(1);
    let cause = format!("caused by: the credentials were refused: {cause}");
    said(&ran, &[&format!("error: cannot use {}", bucket.uri()), &cause, "hint: look at the keys: "]);
    assert_eq!(sides(&one, bucket), before);
}

#[test]
fn a_wrong_secret_is_told() {
    for bucket in Bucket::each() {
        refuses_keys(&bucket, "aws_secret_access_key", "the secret access key does not fit the access key id");
    }
}

#[test]
fn a_wrong_access_key_id_is_told() {
    // The in-process server has no word of its own for it.
    if let Some(bucket) = Bucket::seaweed() {
        refuses_keys(&bucket, "aws_access_key_id", "the server does not know the access key id");
    }
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = setting(&env, &bucket);
    let before = sides(&one, &bucket);
    // A port that was free a moment ago; nobody listens any more.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    one.set("endpoint_url", endpoint.as_str());
    let ran = one.sync_with(&[]).with(1);
    let cause = format!("caused by: cannot reach the server: {endpoint}: connection refused");
    said(&ran, &[&format!("error: cannot use {}", bucket.uri()), &cause, "hint: look at the network, "]);
    assert_eq!(sides(&one, &bucket), before);
}

#[test]
fn an_index_that_may_not_be_read_is_no_missing_one() {
    for kind in [FaultKind::access_denied(), FaultKind::internal_error()] {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let (one, _) = setting(&env, &bucket);
        let before = sides(&one, &bucket);
        bucket.server().inject(Fault::new(kind.clone()).on(Op::GetObject).key(".index").times(1_000));
        // Trying again takes long enough for a word on how far it has come.
        let ran = one.sync_with(&["--quiet"]).with(1);
        assert!(ran.err.starts_with(&format!("error: cannot use {}\ncaused by: ", bucket.uri())), "{}", ran.err);
        let reason =
            if kind == FaultKind::access_denied() { "access denied: cannot read" } else { "the server failed: " };
        ran.warns(reason);
        ran.warns("\nhint: ");
        bucket.server().clear_faults();
        assert_eq!(sides(&one, &bucket), before);
    }
}

#[test]
fn a_listing_that_fails_part_way_is_no_shorter_bucket() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = setting(&env, &bucket);
    bucket.server().change(|behaviour| behaviour.page_size = 2);
    let before = sides(&one, &bucket);
    bucket.server().inject(Fault::new(FaultKind::access_denied()).on(Op::ListObjectsV2).after(1).times(1_000));
    one.sync_with(&[]).with(1).warns("access denied");
    bucket.server().clear_faults();
    assert_eq!(sides(&one, &bucket), before);
}

#[test]
fn a_damaged_config_is_told_with_line_and_column_and_not_overwritten() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = setting(&env, &bucket);
    let before = sides(&one, &bucket);
    let damaged = "{\n  \"targets\": {\n    \"files\": }\n}\n";
    fs::write(one.config(), damaged).unwrap();
    for args in [&["sync"][..], &["targets"], &["ls", TARGET], &["rm", TARGET]] {
        let ran = one.run(args).with(1);
        assert!(ran.err.starts_with("error: "), "{}", ran.err);
        ran.warns("line 3, column 14");
        ran.warns("hint: mend the file, or move it away and add the targets again; s4 does not overwrite it\n");
        assert_eq!(fs::read_to_string(one.config()).unwrap(), damaged);
    }
    assert_eq!(sides(&one, &bucket), before);
}

#[test]
fn no_targets_at_all_are_told() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    fs::write(one.config(), "{}").unwrap();
    said(&one.run(["sync"]).with(2), &["error: there are no targets yet", "hint: add one: s4 add"]);
}

#[test]
fn a_folder_without_permission_is_told() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = setting(&env, &bucket);
    let before = sides(&one, &bucket);
    for mode in [0o000, 0o444] {
        one.set_mode("", mode);
        let ran = one.run_unprivileged(&["sync", TARGET]);
        one.set_mode("", 0o755);
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(ran.err.starts_with(&format!("error: no permission for '{}", one.path("").display())), "{}", ran.err);
        ran.warns(&format!("\nhint: look at its owner and permissions: ls -ld {}", one.path("").display()));
        assert_eq!(sides(&one, &bucket), before, "mode {mode:o}");
    }
}

#[test]
fn a_file_that_may_not_be_read_is_told_and_is_no_deleted_one() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let (one, _) = in_sync(&env, &bucket, &[("a", "1"), ("shut/b", "2"), ("c", "3")]);
        one.set_mode("shut", 0o000);
        one.write("c", "edited");
        one.write("new", "4");
        one.set_mode("new", 0o000);
        let ran = one.run_unprivileged(&["sync", TARGET]);
        one.set_mode("shut", 0o755);
        one.set_mode("new", 0o644);
        ran.warns("\"shut/b\"");
        ran.warns("\"new\"");
        let ran = ran.with(4);
        assert!(ran.closing().starts_with("1 file up (6 B), "), "{}", ran.out);
        let keys: Vec<String> = bucket.tree().into_keys().collect();
        assert_eq!(keys, ["a", "c", "shut/b"]);
        one.sync();
        assert_eq!(bucket.tree(), one.tree());
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_is_half_done() {
    in_own_mounts(|| {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let one = env.machine(&bucket);
        let _disk = SmallDisk::over(&one.path(""), 1_024);
        one.write("a", "1");
        one.sync();
        bucket.put("huge", vec![7; 3 << 20]);
        bucket.put("small", "fits");
        let ran = one.sync_with(&[]).with(1);
        let sentence = format!("error: no space left for '{}'", one.path("huge").display());
        said(
            &ran,
            &["Flushing Index to Storage", &sentence, "hint: make room on the disk; what was done so far is kept"],
        );
        assert_eq!(one.read("huge"), None);
        assert_eq!(one.read("a").as_deref(), Some(&b"1"[..]));
        let staged: Vec<String> = one.everything().into_keys().filter(|key| key.starts_with(".s4/staging/")).collect();
        assert_eq!(staged, [] as [&str; 0]);
        assert_eq!(bucket.tree().len(), 3, "a file that could not come is not deleted");
        assert_eq!(one.read("small").as_deref(), Some(&b"fits"[..]));
    });
}

#[test]
fn a_disk_with_no_room_for_the_index_stops_the_run() {
    in_own_mounts(|| {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        let one = env.machine(&bucket);
        let _disk = SmallDisk::over(&one.path(""), 256);
        one.write("a", "1");
        one.write(".syncignore", "/filler\n");
        let mut filler = fs::File::create(one.path("filler")).unwrap();
        while std::io::Write::write_all(&mut filler, &[0; 4096]).is_ok() {}
        drop(filler);
        let before = one.tree();
        let ran = one.sync_with(&[]).with(1);
        let sentence = format!("error: no space left for '{}", one.path("").display());
        said(
            &ran,
            &["Flushing Index to Storage", &sentence, "hint: make room on the disk; what was done so far is kept"],
        );
        assert_eq!(one.tree(), before);
        one.remove("filler");
        one.sync();
        assert_eq!(bucket.tree(), one.tree());
        one.is_idle();
    });
}

#[test]
fn a_misspelt_key_is_told_with_the_one_that_is_near() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    bucket.server().set_versioning(bucket.name(), true);
    one.write("work/report.txt", "1");
    one.write("work/gone.txt", "2");
    one.sync();
    one.remove("work/gone.txt");
    one.sync();
    let meant = "hint: did you mean \"work/report.txt\"?\n";
    for args in [
        &["diff", TARGET, "work/reprot.txt"][..],
        &["log", TARGET, "work/reprot.txt"],
        &["restore", TARGET, "work/reprot.txt", "--deleted"],
        &["resolve", TARGET, "work/reprot.txt", "--keep", "local"],
    ] {
        let ran = one.run(args).with(1);
        assert!(ran.err.ends_with(meant) && ran.err.lines().count() == 2, "{args:?}: {}", ran.err);
    }
    for command in ["push-file", "pull-file"] {
        let ran = one.run([command, TARGET, "work/reprot.txt"]).with(4);
        ran.warns("neither the folder nor the bucket has it; did you mean \"work/report.txt\"?\n");
    }
    // What is deleted is still known, and what another command has in hand is asked.
    one.run(["log", TARGET, "work/goen.txt"]).with(1).warns("did you mean \"work/gone.txt\"?\n");
    bucket.put("other.txt", b"theirs".to_vec());
    one.sync();
    bucket.remove("other.txt");
    one.sync();
    one.run(["trash", "restore", TARGET, "othre.txt"]).with(1).warns("did you mean \"other.txt\"?\n");
}

#[test]
fn a_target_without_sense_is_told_with_what_mends_it() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = env.machine(&bucket);
    one.write("file", "");
    let file = one.path("file").display().to_string();
    for (field, value, sentence, hint) in [
        ("max_delete", "much", "max_delete is not a number", "set it anew: s4 edit files; "),
        ("s3_uri", "nothing", "s3_uri makes no sense", "mend it: s4 edit files --s3-uri s3://bucket/path\n"),
        ("local_folder", &file, "is not a folder", "name the folder: s4 edit files --local-folder FOLDER\n"),
    ] {
        let other = env.machine(&bucket);
        other.set(field, value);
        let ran = other.sync_with(&[]).with(1);
        ran.warns(sentence);
        ran.warns(&format!("\nhint: {hint}"));
    }
    let plain = bucket.endpoint().replace("http://", "https://");
    one.set("endpoint_url", plain.as_str());
    one.sync_with(&[]).with(1).warns("what answers there does not speak TLS: is it http:// and not https://?\n");
}

#[test]
fn a_config_file_that_is_named_has_to_be_there() {
    let env = TestEnv::new();
    let machine = env.machine(&Bucket::in_process());
    for command in ["targets", "sync", "status"] {
        let ran = machine.run([command, "--config", "nope.json"]).with(2);
        assert!(ran.err.starts_with("error: there is no config file 'nope.json'\nhint: "), "{}", ran.err);
    }
    machine.run(["version", "--config", "nope.json"]).with(0);
}
