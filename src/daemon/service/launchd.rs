//! The property list of the service, for the launchd of macOS.

use std::path::Path;

use super::unit::{Service, Step};

/// The name of the agent.
const LABEL: &str = "s4.daemon";

/// The service that runs `command`, its program first, for the user `user`.
pub(super) fn service(home: &Path, user: u32, command: &[String]) -> Service {
    let file = home.join("Library/LaunchAgents").join(format!("{LABEL}.plist"));
    let (domain, agent) = (format!("gui/{user}"), format!("gui/{user}/{LABEL}"));
    let start = Step::new(&["bootstrap", &domain, &file.to_string_lossy()]);
    let stop = Step::new(&["bootout", &agent]);
    Service {
        text: text(command, &home.join("Library/Logs/s4.log").to_string_lossy()),
        file,
        manager: "launchctl",
        start: vec![start.clone()],
        // It may not be loaded.
        replace: vec![stop.clone().or_not(), start],
        stop: vec![stop],
        forget: Vec::new(),
        link: None,
        advice: None,
    }
}

fn text(command: &[String], log: &str) -> String {
    let words: String = command.iter().map(|word| format!("        <string>{}</string>\n", escaped(word))).collect();
    format!(
        "<plist version=\"1.0\">\n<dict>\n    <key>Label</key>\n    <string>{LABEL}</string>\n    \
         <key>ProgramArguments</key>\n    <array>\n{words}    </array>\n    <key>RunAtLoad</key>\n    <true/>\n    \
         <key>KeepAlive</key>\n    <dict>\n        <key>SuccessfulExit</key>\n        <false/>\n    </dict>\n    \
         <key>ProcessType</key>\n    <string>Background</string>\n    <key>StandardErrorPath</key>\n    \
         <string>{}</string>\n</dict>\n</plist>\n",
        escaped(log)
    )
}

/// Text within XML. Control characters have no place there, and none in a path that people use.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_each_word_of_the_command() {
        let service = service(Path::new("/Users/ann"), 501, &["/bin/s4".to_owned(), "a & <b>".to_owned()]);
        let words =
            "    <array>\n        <string>/bin/s4</string>\n        <string>a &amp; &lt;b&gt;</string>\n    </array>";
        assert!(service.text.contains(words), "{}", service.text);
        assert!(service.text.contains("<string>/Users/ann/Library/Logs/s4.log</string>"), "{}", service.text);
        assert_eq!(service.file, Path::new("/Users/ann/Library/LaunchAgents/s4.daemon.plist"));
        let commands = service.commands(&service.start);
        assert_eq!(commands, "launchctl bootstrap gui/501 /Users/ann/Library/LaunchAgents/s4.daemon.plist");
    }
}
