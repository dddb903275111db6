//! What goes over the socket: one JSON object a line, in both directions.

use s4_commands::record::{End, Record};
use serde_json::{Value, json};

/// What can be asked of the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Where each target stands.
    Status,
    /// The same now and after each change, until the client leaves.
    Watch,
    /// To leave targets alone; all of them if none is named.
    Pause(Vec<String>),
    /// To sync them again; all of them if none is named.
    Resume(Vec<String>),
}

impl Ask {
    /// Its line.
    pub(super) fn line(&self) -> Vec<u8> {
        let object = match self {
            Ask::Status => json!({"ask": "status"}),
            Ask::Watch => json!({"ask": "watch"}),
            Ask::Pause(names) => json!({"ask": "pause", "targets": names}),
            Ask::Resume(names) => json!({"ask": "resume", "targets": names}),
        };
        format!("{object}\n").into_bytes()
    }

    /// Reads a line; `None` if it is something else.
    pub(super) fn parse(line: &[u8]) -> Option<Ask> {
        let object: Value = serde_json::from_slice(line).ok()?;
        let names = || {
            let names = object.get("targets")?.as_array()?.iter();
            names.map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>()
        };
        match object.get("ask")?.as_str()? {
            "status" => Some(Ask::Status),
            "watch" => Some(Ask::Watch),
            "pause" => names().map(Ask::Pause),
            "resume" => names().map(Ask::Resume),
            _ => None,
        }
    }
}

/// A set of records with its end.
pub(super) fn set(records: impl IntoIterator<Item = Record>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut end = End::default();
    for record in records {
        *end.counts.entry(record.kind().to_owned()).or_default() += 1;
        bytes.extend(line(&record));
    }
    bytes.extend(line(&end.into()));
    bytes
}

/// A record's line.
pub(super) fn line(record: &Record) -> Vec<u8> {
    // Serializing fails only for maps whose keys are no texts, and records have none.
    let mut bytes = serde_json::to_vec(record).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_comes_back_as_it_was() {
        let names = vec!["a \"b\"\n".to_owned(), String::new()];
        for ask in [Ask::Status, Ask::Watch, Ask::Pause(names.clone()), Ask::Resume(names), Ask::Pause(Vec::new())] {
            let line = ask.line();
            assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1), "{ask:?}");
            assert_eq!(Ask::parse(&line), Some(ask));
        }
    }

    #[test]
    fn what_makes_no_sense_is_nothing() {
        for line in ["", "[]", "{}", r#"{"ask":"stop"}"#, r#"{"ask":1}"#, r#"{"ask":"pause"}"#, "\u{0}"] {
            assert_eq!(Ask::parse(line.as_bytes()), None, "{line}");
        }
        for targets in ["null", "\"a\"", "[1]", "{}"] {
            assert_eq!(Ask::parse(format!(r#"{{"ask":"pause","targets":{targets}}}"#).as_bytes()), None);
        }
        // What a later version adds is no obstacle.
        assert_eq!(Ask::parse(br#"{"ask":"status","later":1}"#), Some(Ask::Status));
    }
}
