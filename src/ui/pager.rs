//! Long texts, page by page.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::interrupt;

/// Shows `text` through the command `pager` and waits until the user is done; `false` if it cannot be started.
///
/// The shell runs it, as it may have arguments. Where the user set no options for `less`, it passes colours through and
/// ends at once for what fits on the screen.
pub(super) fn show(pager: &str, text: &str, less_is_set: bool) -> bool {
    let mut command = Command::new("sh");
    command.arg("-c").arg(pager).stdin(Stdio::piped());
    if !less_is_set {
        // In the C locale it would take names apart.
        command.env("LESS", "FRX").env("LESSCHARSET", "utf-8");
    }
    interrupt::while_paging(|| {
        let Ok(mut child) = command.spawn() else {
            return false;
        };
        if let Some(mut stdin) = child.stdin.take() {
            // A user who quits early closes the pipe.
            let _ = stdin.write_all(text.as_bytes());
        }
        // The shell's own "not found" is 127.
        child.wait().is_ok_and(|status| status.code() != Some(127))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_reaches_the_pager() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seen");
        assert!(show(&format!("(cat; echo $LESS $LESSCHARSET) > '{}'", file.display()), "text\n", false));
        assert_eq!(std::fs::read_to_string(file).unwrap(), "text\nFRX utf-8\n");
    }

    #[test]
    fn a_pager_that_is_not_there_is_told() {
        assert!(!show("/nowhere/pager 2>/dev/null", "text\n", true));
    }
}
