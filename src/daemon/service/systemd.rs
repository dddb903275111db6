//! The unit file of the service, for the systemd that looks after a user's own services.

use std::path::Path;

use super::unit::{Service, Step};

/// The unit's name.
const UNIT: &str = "s4.service";

/// The service that runs `command`, its program first. `config`: the folder of the user's configuration.
pub(super) fn service(config: &Path, command: &[String]) -> Service {
    let folder = config.join("systemd/user");
    let reload = Step::new(&["--user", "daemon-reload"]);
    Service {
        file: folder.join(UNIT),
        text: text(command),
        manager: "systemctl",
        start: vec![reload.clone(), Step::new(&["--user", "enable", "--now", UNIT])],
        replace: vec![reload.clone(), Step::new(&["--user", "enable", UNIT]), Step::new(&["--user", "restart", UNIT])],
        stop: vec![Step::new(&["--user", "disable", "--now", UNIT])],
        forget: vec![reload],
        link: Some(folder.join("default.target.wants").join(UNIT)),
        advice: Some("It runs while you are logged in; to have it run without that, too: loginctl enable-linger"),
    }
}

/// Nothing keeps it from writing anywhere: the folders may be any. It gives way to what a person does meanwhile. Wrong usage does not
/// get better by trying again.
fn text(command: &[String]) -> String {
    // Such a name systemd takes for no program's, and for an argument all the same.
    let is_odd = |letter: char| letter.is_control() || "\"'\\".contains(letter);
    let shell = ["/bin/sh", "-c", "exec \"$0\" \"$@\""];
    let through = if command.first().is_some_and(|program| program.contains(is_odd)) { &shell[..] } else { &[] };
    let words = through.iter().copied().chain(command.iter().map(String::as_str));
    let exec = words.enumerate().map(|(at, text)| word(text, at > 0)).collect::<Vec<_>>().join(" ");
    format!(
        "[Unit]\nDescription=s4, which keeps folders in sync through an S3 bucket\nDocumentation=man:s4-daemon(1)\n\n\
         [Service]\nType=notify\nExecStart={exec}\nRestart=on-failure\nRestartSec=10\nRestartPreventExitStatus=2\n\
         WatchdogSec=60\nTimeoutStopSec=60\nNice=10\n\n[Install]\nWantedBy=default.target\n"
    )
}

/// A word of a command line, as systemd takes it apart: quotes, backslashes, `%` for what it knows, and `$` for variables, which it
/// looks for in arguments only.
fn word(text: &str, is_argument: bool) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,+".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '%' => quoted += "%%",
            '$' if is_argument => quoted += "$$",
            '\n' => quoted += "\\n",
            '\u{1}'..='\u{1f}' | '\u{7f}' => quoted += &format!("\\x{:02x}", u32::from(letter)),
            _ => quoted.push(letter),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn words_come_out_of_systemd_as_they_went_in() {
        for (text, is_argument, written) in [
            ("/usr/bin/s4", false, "/usr/bin/s4"),
            ("", true, "\"\""),
            ("my docs", true, "\"my docs\""),
            ("100%", true, "\"100%%\""),
            ("$HOME", true, "\"$$HOME\""),
            ("/opt/$x/s4", false, "\"/opt/$x/s4\""),
            ("a\"b\\c'd", true, "\"a\\\"b\\\\c'd\""),
            (";", true, "\";\""),
            ("a\nb\u{1b}\u{7f}", true, "\"a\\nb\\x1b\\x7f\""),
            ("é", true, "\"é\""),
        ] {
            assert_eq!(word(text, is_argument), written);
        }
    }

    /// What systemd has to say against a unit; nothing where there is no systemd.
    fn objections(folder: &Path, text: &str) -> Option<String> {
        let file = folder.join(UNIT);
        std::fs::write(&file, text).unwrap();
        let mut analyze = Command::new("systemd-analyze");
        analyze.args(["verify", "--user", "--man=no"]).arg(&file).env("XDG_RUNTIME_DIR", folder);
        let said = String::from_utf8_lossy(&analyze.output().ok()?.stderr).into_owned();
        Some(said.lines().filter(|line| line.contains(UNIT)).map(|line| format!("{line}\n")).collect())
    }

    #[test]
    fn the_unit_is_one_that_systemd_takes() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["s4", "s 4%h $x", "s 4%h \"$x\" \\"] {
            let program = dir.path().join(name);
            std::fs::copy("/bin/true", &program).unwrap();
            let command =
                [program.to_str().unwrap(), "daemon", "--config", "/my %i/$x;\"\\", ";", ""].map(str::to_owned);
            let text = service(dir.path(), &command).text;
            assert!(text.contains("\nType=notify\n") && text.ends_with("WantedBy=default.target\n"));
            let Some(objections) = objections(dir.path(), &text) else { return };
            assert_eq!(objections, "", "{text}");
        }
        let wrong = service(dir.path(), &["/nowhere/s4".to_owned()]).text.replace("on-failure", "sometimes");
        let objections = objections(dir.path(), &wrong).unwrap();
        assert!(objections.contains("sometimes") && objections.contains("/nowhere/s4"), "{objections}");
    }
}
