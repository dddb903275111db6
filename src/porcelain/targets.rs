//! `s4 targets`

use s4_commands::porcelain::targets::TargetsArgs;
use s4_commands::record::Header;
use serde_json::Value;

use crate::config::Target;
use crate::context::Context;
use crate::error::{Error, ExitCode};
use crate::ui::text::{arrow, printable};
use crate::{records, report, run};

/// Lists the targets. One that makes no sense is told, and stops no other.
///
/// # Errors
///
/// When the config file cannot be read.
pub fn run(context: &Context, args: &TargetsArgs) -> Result<ExitCode, Error> {
    let (config, ui) = (context.config()?, &context.ui);
    let stream = args.json.then(|| ui.stream(Header::new()));
    let mut code = ExitCode::Done;
    for name in config.names() {
        match (config.target(name, &context.env), &stream) {
            (Ok(target), Some(stream)) => {
                stream.push(records::target(target));
            }
            (Ok(target), None) => ui.say(&line(&target)),
            (Err(error), stream) => {
                let error = Error::from(error);
                code = ExitCode::Failed;
                report::tell(ui, &error);
                if let Some(stream) = stream {
                    stream.push(report::record(&error, None));
                }
            }
        }
    }
    if let Some(stream) = stream {
        stream.end();
    } else if config.names().is_empty() {
        ui.note("You have not added any targets yet");
        ui.note("Use the \"add\" command to do this");
    }
    Ok(code)
}

fn line(target: &Target) -> String {
    let folder = target.local_folder.to_string_lossy();
    let (name, uri) = (printable(&target.name), printable(&target.s3_uri));
    let mut line = format!("{name}: [{} {} {uri}]", printable(&folder), arrow(run::scope(target).way));
    let missing = missing(target);
    if !missing.is_empty() {
        line += &format!("\n    the server has no conditional writes for {}", missing.join(", "));
    }
    if let Some(queue) = &target.event_queue {
        line += &format!("\n    changes are told by {}", printable(queue));
    }
    line
}

/// What the server was found to do without regard to conditions. Deletes of many are not among it: they are done one by
/// one then.
fn missing(target: &Target) -> Vec<&'static str> {
    let found = target.conditional_writes.as_ref();
    let ignored = |write: &str| found.and_then(|found| found.get(write)) == Some(&Value::Bool(false));
    let writes = [
        ("put", "uploads"),
        ("complete", "large uploads"),
        ("copy", "renames"),
        ("delete", "deletes"),
        ("folder_names", "files where a folder was"),
    ];
    writes.into_iter().filter(|(write, _)| ignored(write)).map(|(_, words)| words).collect()
}
