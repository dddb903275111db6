//! `s4 diff`: what differs, line by line, in numbers, and in records.

use s4_test_server::{Fault, FaultKind, Op};

use crate::support::{Bucket, Machine, Ran, TARGET, TestEnv, changes, in_sync};

/// An image of 2 by 3 pixels, with a byte that makes it another one.
fn gif(byte: u8) -> Vec<u8> {
    [b"GIF89a\x02\0\x03\0\0\0\0;", &[byte][..]].concat()
}

/// Two machines where everything differs in some way: seen from the first.
fn differing(env: &TestEnv, bucket: &Bucket) -> Machine {
    let files = [("both", "1\n2\n"), ("calm", ""), ("gone here", "x\n"), ("here", "1\n2\n3\n"), ("there", "a b\n")];
    let (one, two) = in_sync(env, bucket, &files);
    two.write("there", "a c\n");
    two.write("both", "1\ntheirs\n");
    two.write("new there", "n\n");
    two.sync();
    one.write("both", "1\nmine\n");
    one.write("here", "1\nzwei\n3\n");
    one.write("new here", "n\n");
    one.write("picture", gif(1));
    one.remove("gone here");
    one
}

fn diff(machine: &Machine, args: &[&str], code: i32) -> Ran {
    machine.run(["diff", TARGET].iter().chain(args)).with(code)
}

/// What it shows, with short places and without times.
fn shown(machine: &Machine, bucket: &Bucket, args: &[&str]) -> String {
    let out = diff(machine, args, 0).out;
    let (uri, folder) = machine.places(bucket);
    let line = |line: &str| {
        let line = line.replace(&uri, "s3:").replace(&folder, "");
        match line.split_once(" 20") {
            Some((before, time)) if time.contains('Z') => format!("{before}{}", &time[18..]),
            _ => line,
        }
    };
    out.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn it_shows_what_leads_from_the_bucket_to_the_folder() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        let one = differing(&env, &bucket);
        let before = (one.everything(), bucket.stamps());
        assert_eq!(
            shown(&one, &bucket, &[]),
            "--- s3:both\n+++ both\n@@ -1,2 +1,2 @@\n 1\n-theirs\n+mine\n\
             --- s3:gone here\n+++ gone here (deleted)\n@@ -1 +0,0 @@\n-x\n\
             --- s3:here\n+++ here\n@@ -1,3 +1,3 @@\n 1\n-2\n+zwei\n 3\n\
             --- s3:new here (not there)\n+++ new here\n@@ -0,0 +1 @@\n+n\n\
             --- s3:new there\n+++ new there (not there)\n@@ -1 +0,0 @@\n-n\n\
             s3:picture (not there)\npicture: image/gif, 2x3, 15 B\n\
             --- s3:there\n+++ there\n@@ -1 +1 @@\n-a c\n+a b\n"
        );
        assert_eq!((one.everything(), bucket.stamps()), before, "it has changed something");
    }
}

#[test]
fn keys_and_folders_are_what_is_compared() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = differing(&env, &bucket);
    one.write("sub/a", "1\n");
    one.write("sub/b", "2\n");
    let names = |args: &[&str]| {
        let out = shown(&one, &bucket, args);
        let names = out.lines().filter_map(|line| line.strip_prefix("+++ ")).map(str::to_owned);
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&["here", "both"]), ["both", "here"]);
    assert_eq!(names(&["sub/"]), ["sub/a", "sub/b"]);
    assert_eq!(names(&["sub/", "here"]), ["here", "sub/a", "sub/b"]);
    let calm = diff(&one, &["calm"], 0);
    assert_eq!((calm.out.as_str(), calm.err.as_str()), ("", "Nothing differs\n"));
    for unknown in [&["never"][..], &["sub/", "never"]] {
        diff(&one, unknown, 1).warns("there is no \"never\" in \"files\"");
    }
    bucket.server().reset_counts();
    diff(&one, &["here"], 0);
    let counts = bucket.server().counts();
    assert_eq!((counts.of(Op::ListObjectsV2), counts.of(Op::HeadObject)), (0, 1), "{counts:?}");
}

#[test]
fn against_the_base_only_edits_of_this_machine_show() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        bucket.keep_versions();
        let one = differing(&env, &bucket);
        let out = shown(&one, &bucket, &["--base", "both", "here", "there"]);
        assert!(out.contains("?versionId="), "{out}");
        assert!(out.contains("@@ -1,2 +1,2 @@\n 1\n-2\n+mine\n") && out.contains("-2\n+zwei\n"), "{out}");
        assert!(!out.contains("there") && !out.contains("theirs"), "{out}");
    }
}

#[test]
fn a_base_that_nobody_has_any_more_is_said_to_be_lost() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = differing(&env, &bucket);
    let ran = diff(&one, &["--base"], 4);
    ran.warns("what was last synced of \"both\" is nowhere any more");
    ran.warns("s4 edit files --versioning on");
    assert!(ran.out.contains("+zwei"), "the others are shown: {}", ran.out);
}

#[test]
fn a_version_is_named_by_its_id() {
    for bucket in Bucket::each() {
        let env = TestEnv::new();
        bucket.keep_versions();
        let (one, _) = in_sync(&env, &bucket, &[("a", "1\n")]);
        one.write("a", "2\n");
        one.sync();
        let versions = crate::log::log(&one, &[TARGET, "a"]);
        let [new, old] = &versions[..] else { panic!("{versions:?}") };
        let out = shown(&one, &bucket, &["a", "--version-id", &old.version_id]);
        assert!(out.ends_with("+++ a\n@@ -1 +1 @@\n-1\n+2\n"), "{out}");
        diff(&one, &["a", "--version-id", &new.version_id, "--exit-code"], 0).warns("Nothing differs");
        diff(&one, &["a", "--version-id", &old.version_id, "--exit-code"], 1);
        let never = diff(&one, &["a", "--version-id", "00000000-0000-0000-0000-000000000000"], 1);
        never.warns("s4 log files a");
        diff(&one, &["--version-id", &old.version_id], 2).warns("name one");
    }
}

#[test]
fn numbers_of_lines_stand_for_many_files() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = differing(&env, &bucket);
    let few = diff(&one, &["--stat"], 0).out;
    assert!(few.contains("\n here      |   2 +-\n") && few.contains("\n picture   | Bin 0 B -> 15 B\n"), "{few}");
    assert!(few.ends_with("\n 7 files differ, 4 insertions(+), 5 deletions(-)\n"), "{few}");
    for number in 0..20 {
        one.write(&format!("more {number:02}"), "x\ny\n");
    }
    let many = diff(&one, &[], 0).out;
    assert!(many.contains("\n more 07   |   2 ++\n") && !many.contains("@@"), "{many}");
    let all = diff(&one, &["--patch"], 0).out;
    assert!(all.contains("more 07") && all.contains("@@") && !all.contains("insertions"), "{all}");
    let both = diff(&one, &["--patch", "--stat"], 0).out;
    assert!(both.contains("insertions(+), 5 deletions(-)\n\n--- "), "{both}");
}

#[test]
fn of_very_many_files_nothing_is_fetched_unasked() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("a", "1")]);
    (0..=1_000).for_each(|number| two.write(&format!("f{number}"), number.to_string()));
    two.sync();
    bucket.server().reset_counts();
    let ran = diff(&one, &[], 0);
    ran.warns("1,001 files differ, too many to compare");
    let counts = bucket.server().counts();
    assert!(ran.out.is_empty() && counts.of(Op::GetObject) <= 2, "{} {counts:?}", ran.out);
    diff(&one, &["--exit-code"], 1);
    assert!(diff(&one, &["--stat"], 0).out.ends_with(" 1,001 files differ, 1,001 deletions(-)\n"));
}

#[test]
fn what_was_only_renamed_takes_a_line() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, two) = in_sync(&env, &bucket, &[("old", "content"), ("their old", "other content")]);
    std::fs::rename(two.path("their old"), two.path("their new")).unwrap();
    two.sync();
    std::fs::rename(one.path("old"), one.path("new")).unwrap();
    let lines = diff(&one, &[], 0).out;
    assert_eq!(lines, "old => new (renamed here)\ntheir old => their new (renamed in the bucket)\n");
    assert!(diff(&one, &["--stat"], 0).out.contains(" old => new             | 0\n"));
}

#[test]
fn records_and_exit_codes_are_for_scripts() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = differing(&env, &bucket);
    bucket.server().reset_counts();
    let ran = diff(&one, &["--json", "--exit-code"], 1);
    let found: Vec<_> = changes(&ran.out).into_iter().map(|(key, it)| (key, it.action)).collect();
    let found: Vec<_> = found.iter().map(|(key, action)| (key.as_str(), action.as_str())).collect();
    let expected = [
        ("both", "conflict"),
        ("gone here", "delete-remote"),
        ("here", "push"),
        ("new here", "push"),
        ("new there", "pull"),
        ("picture", "push"),
        ("there", "pull"),
    ];
    assert_eq!(found, expected);
    assert_eq!(changes(&diff(&one, &["--json", "--base"], 0).out).len(), 5);
    diff(&one, &["calm", "--json", "--exit-code"], 0);
    diff(&one, &["calm", "--exit-code"], 0);
    diff(&one, &["here", "--exit-code"], 1);
    diff(&one, &["here"], 0);
}

#[test]
fn what_can_not_be_read_is_told_and_the_rest_is_shown() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = differing(&env, &bucket);
    bucket.server().inject(Fault::new(FaultKind::access_denied()).on(Op::GetObject).key("some/prefix/here").times(9));
    let ran = diff(&one, &[], 4);
    ran.warns("error: ");
    assert!(ran.out.contains("+mine") && !ran.out.contains("zwei"), "{}", ran.out);
}

#[test]
fn large_files_are_named_with_their_size_and_only_their_heads_fetched() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let (one, _) = in_sync(&env, &bucket, &[("large", &"x".repeat(5 << 20))]);
    one.write("large", "y".repeat(6 << 20));
    let ran = one.run(["-v", "diff", TARGET]).with(0);
    assert!(ran.out.contains(": text, 5.0 MiB\n") && ran.out.contains(": text, 6.0 MiB\n"), "{}", ran.out);
    assert!(!ran.err.contains("MiB down"), "{}", ran.err);
}

#[test]
fn on_a_terminal_it_is_paged_and_in_colour() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = differing(&env, &bucket);
    let mut command = one.process(["--color", "always", "diff", TARGET, "there"]);
    command.env_remove("NO_COLOR");
    let plain = one.in_terminal(command, &[]).with(0);
    assert!(plain.out.contains("\u{1b}[31m-\u{1b}[39m"), "{:?}", plain.out);
    assert!(plain.out.contains("\u{1b}[7m"), "the words stand out: {:?}", plain.out);
    let home = one.path("").parent().unwrap().to_owned();
    let mut shell = TestEnv::shell(&home, "s4 diff files there; echo ended; read line");
    let mut terminal = crate::support::Terminal::start(shell.env("PAGER", "sed s/^/paged:/").env("TERM", "xterm"));
    terminal.wait_for("paged:@@ -1 +1 @@");
    terminal.wait_for("ended");
}

#[test]
fn in_the_pager_an_interrupt_is_the_pagers() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let one = differing(&env, &bucket);
    let home = one.path("").parent().unwrap().to_owned();
    let mut shell = TestEnv::shell(&home, "trap : INT; s4 diff files there; echo \"ended with $?\"; read line");
    let pager = "trap 'echo heard' INT; cat; echo shown; read key </dev/tty || read key </dev/tty; echo \"took $key\"";
    let mut terminal = crate::support::Terminal::start(shell.env("PAGER", pager).env("TERM", "xterm"));
    terminal.wait_for("shown");
    terminal.press("\u{3}");
    terminal.wait_for("heard");
    terminal.press("q\r");
    terminal.wait_for("took q");
    terminal.wait_for("ended with 0");
}
