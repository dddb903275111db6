//! Installing, with a `systemctl` that only writes down how it was called.

use tempfile::TempDir;

use super::*;
use crate::ambient::Clock;
use crate::ui::Ui;
use crate::ui::capture::Seen;

struct Home {
    dir: TempDir,
}

/// What a command came to: its result, what it printed, and what it told people.
type Ran = (Result<ExitCode, Error>, Seen);

impl Home {
    /// One whose `systemctl` ends so.
    fn new(script: &str) -> Home {
        let home = Home { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(home.path("bin")).unwrap();
        let log = home.path("calls");
        let script = format!("#!/bin/sh\necho \"$*\" >> '{}'\n{script}\n", log.display());
        fs::write(home.path("script"), script).unwrap();
        // By another process: a program that this one holds open for writing, or one that it is just starting, cannot be run.
        let copied = Command::new("install")
            .args(["-m", "755"])
            .args([home.path("script"), home.path("bin/systemctl")])
            .status();
        assert!(copied.unwrap().success());
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn unit(&self) -> PathBuf {
        self.path(".config/systemd/user/s4.service")
    }

    fn run(&self, vars: &[(&str, &str)], command: impl Fn(&Context) -> Result<ExitCode, Error>) -> Ran {
        let (bin, home) = (self.path("bin"), self.dir.path().to_owned());
        let own = [("PATH", bin.to_str().unwrap()), ("HOME", home.to_str().unwrap())];
        let env = Env::new(own.into_iter().chain(vars.iter().copied()), home.clone());
        let (ui, seen) = Ui::captured("");
        let config_path = Some(home.join("my conf"));
        (command(&Context { env, config_path, ui: ui.into(), clock: Clock::Fixed(0) }), seen)
    }

    fn install(&self) -> Ran {
        self.run(&[], |context| install(context, &["docs".to_owned(), "100%".to_owned()]))
    }

    /// The calls of `systemctl` since the last look.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let _ = fs::remove_file(self.path("calls"));
        calls.lines().map(str::to_owned).collect()
    }
}

#[test]
fn the_unit_is_written_and_started_and_goes_again() {
    let home = Home::new("");
    let (result, seen) = home.install();
    assert_eq!(result.unwrap(), ExitCode::Done);
    assert!(seen.out().contains("The daemon runs now, and with every login\n"), "{}", seen.out());
    assert!(seen.err().contains("loginctl enable-linger\n"), "{}", seen.err());
    assert_eq!(home.calls(), ["--user daemon-reload", "--user enable --now s4.service"]);
    let unit = fs::read_to_string(home.unit()).unwrap();
    let program = std::env::current_exe().unwrap();
    let (program, conf) = (program.display(), home.path("my conf"));
    let exec = format!("ExecStart={program} daemon --config \"{}\" docs \"100%%\"\n", conf.display());
    assert!(unit.starts_with("# Written by 's4 daemon --install'") && unit.contains(&exec), "{unit}");
    assert_eq!(fs::read_dir(home.unit().parent().unwrap()).unwrap().count(), 1);

    let (result, _) = home.run(&[], uninstall);
    assert_eq!(result.unwrap(), ExitCode::Done);
    assert!(!home.unit().exists());
    assert_eq!(home.calls(), ["--user disable --now s4.service", "--user daemon-reload"]);
    let (result, seen) = home.run(&[], uninstall);
    assert_eq!((result.unwrap(), seen.err().as_str()), (ExitCode::Done, "the service is not installed\n"));
    assert!(home.calls().is_empty());
}

#[test]
fn an_older_one_of_ours_is_replaced_and_started_anew() {
    let home = Home::new("");
    home.install().0.unwrap();
    home.calls();
    home.run(&[], |context| install(context, &[])).0.unwrap();
    assert_eq!(home.calls(), ["--user daemon-reload", "--user enable s4.service", "--user restart s4.service"]);
    assert!(!fs::read_to_string(home.unit()).unwrap().contains("docs"));
}

#[test]
fn what_s4_did_not_write_is_left_alone() {
    let home = Home::new("");
    fs::create_dir_all(home.unit().parent().unwrap()).unwrap();
    fs::write(home.unit(), "[Service]\n").unwrap();
    for (result, _) in [home.install(), home.run(&[], uninstall)] {
        let told = result.unwrap_err().to_string();
        assert_eq!(told, format!("'{}' is there already, and s4 did not write it", home.unit().display()));
    }
    assert_eq!(fs::read_to_string(home.unit()).unwrap(), "[Service]\n");
    fs::remove_file(home.unit()).unwrap();
    // So is a unit that somebody has masked.
    std::os::unix::fs::symlink("/dev/null", home.unit()).unwrap();
    assert!(home.install().0.is_err() && home.unit().is_symlink());
    assert!(home.calls().is_empty());
}

#[test]
fn where_the_system_can_not_be_told_the_file_stays_and_people_hear_what_to_do() {
    let home = Home::new("echo >&2\necho 'Failed to connect to bus: No medium found' >&2\nexit 1");
    let error = home.install().0.unwrap_err();
    assert_eq!(
        error.chain(),
        ["the service is written, but did not start", "Failed to connect to bus: No medium found"]
    );
    let line = "systemctl --user daemon-reload && systemctl --user enable --now s4.service";
    assert_eq!(error.hints(), [format!("when that is mended: {line}")]);
    assert!(home.unit().exists());
    assert_eq!(home.calls().len(), 1, "what comes after a failure is not tried");

    fs::remove_file(home.path("bin/systemctl")).unwrap();
    let error = home.install().0.unwrap_err();
    assert_eq!(error.chain()[1], "there is no systemctl");
    let link = home.path(".config/systemd/user/default.target.wants/s4.service");
    fs::create_dir(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(home.unit(), &link).unwrap();
    let error = home.run(&[], uninstall).0.unwrap_err();
    assert_eq!(error.to_string(), "the service is removed, but may still run");
    assert!(!home.unit().exists() && !link.is_symlink());
}

#[test]
fn the_folder_of_configuration_and_the_variables_of_a_shell_are_seen() {
    let home = Home::new("");
    let other = home.path("other");
    let vars = [("XDG_CONFIG_HOME", other.to_str().unwrap()), ("AWS_PROFILE", "work")];
    let (result, seen) = home.run(&vars, |context| install(context, &["--config=/x".to_owned()]));
    result.unwrap();
    let unit = fs::read_to_string(other.join("systemd/user/s4.service")).unwrap();
    assert!(unit.contains(" daemon --config=/x\n") && !unit.contains("my conf"), "{unit}");
    assert!(seen.err().contains("(AWS_PROFILE)"), "{}", seen.err());
}

#[test]
fn the_program_is_named_by_what_leads_to_it() {
    let home = Home::new("");
    let own = std::env::current_exe().unwrap();
    let link = home.path("bin").join(own.file_name().unwrap());
    std::os::unix::fs::symlink(&own, &link).unwrap();
    home.install().0.unwrap();
    let unit = fs::read_to_string(home.unit()).unwrap();
    assert!(unit.contains(&format!("ExecStart={} daemon", link.display())), "{unit}");
}
