//! `s4 help`: the manual where there is a `man` and a terminal, and what stands for it elsewhere.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use predicates::str::{contains, is_empty};
use s4_commands::COMMANDS;
use s4_commands::pages::PAGES;

use crate::support::{Bucket, Machine, TestEnv, is_installed};

/// A folder with nothing but a `man` that keeps what it is to show.
fn folder_with_man(machine: &Machine, script: &str) -> PathBuf {
    let folder = machine.path("bin");
    fs::create_dir(&folder).unwrap();
    let man = folder.join("man");
    fs::write(&man, script).unwrap();
    fs::set_permissions(man, Permissions::from_mode(0o755)).unwrap();
    folder
}

/// What `s4` shows in a terminal, where programs are looked for in these folders alone.
fn in_terminal(machine: &Machine, args: &[&str], path: &str) -> String {
    let mut command = machine.process(args);
    command.env("PATH", path);
    machine.in_terminal(command, &[]).with(0).out
}

#[test]
fn elsewhere_than_in_a_terminal_it_is_what_help_prints() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    assert_eq!(machine.run(["help"]).with(0).out, machine.run(["--help"]).with(0).out);
    for command in COMMANDS {
        let help = machine.run(["help", command.name]).with(0);
        assert_eq!(help.out, machine.run([command.name, "--help"]).with(0).out);
    }
    assert_eq!(machine.run(["help", "s"]).with(0).out, machine.run(["sync", "--help"]).with(0).out);
    for page in PAGES {
        let text = machine.run(["help", page.topic]).with(0).out;
        assert!(text.starts_with("NAME\n") && text.contains(page.about) && text.contains("\nSEE ALSO\n"), "{text}");
    }
}

#[test]
fn a_wrong_word_is_usage_and_the_right_one_is_named() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    machine.s4(["help", "snyc"]).assert().code(2).stdout(is_empty()).stderr(contains("'sync'"));
    machine.s4(["help", "jsom"]).assert().code(2).stdout(is_empty()).stderr(contains("'json'"));
}

#[test]
fn in_a_terminal_man_gets_the_page() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let kept = machine.path("kept");
    let script = format!("#!/bin/sh\n[ \"$*\" = '-l -' ] && /bin/cat > '{}'\n", kept.display());
    let path = folder_with_man(&machine, &script);
    let manual = Path::new(env!("OUT_DIR")).join("man");
    for (word, page) in [("sync", "s4-sync.1"), ("s", "s4-sync.1"), ("help", "s4-help.1"), ("index", "s4-index.5")] {
        assert_eq!(in_terminal(&machine, &["help", word], path.to_str().unwrap()), "");
        assert_eq!(fs::read(&kept).unwrap(), fs::read(manual.join(page)).unwrap(), "{word}");
    }
}

#[test]
fn without_a_man_that_works_a_terminal_shows_the_text_too() {
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let broken = folder_with_man(&machine, "#!/bin/sh\necho 'man: invalid option' >&2\nexit 1\n");
    for path in ["/nowhere", broken.to_str().unwrap()] {
        let shown = in_terminal(&machine, &["help", "sync"], path);
        assert!(shown.starts_with("Sync targets now\n") && shown.contains("EXAMPLES"), "{shown}");
        let shown = in_terminal(&machine, &["help", "tutorial"], path);
        assert!(shown.starts_with("NAME\n") && shown.contains("THE SECOND MACHINE"), "{shown}");
    }
}

#[test]
fn the_real_man_shows_the_page() {
    if !is_installed("man") {
        return;
    }
    let (env, bucket) = (TestEnv::new(), Bucket::in_process());
    let machine = env.machine(&bucket);
    let path = std::env::var("PATH").unwrap();
    let shown = in_terminal(&machine, &["help", "read-index"], &path);
    assert!(shown.contains("S4-READ-INDEX(1)") && shown.contains("Print the entries of an index"), "{shown}");
}
