//! What the daemon tells of.

use s4_commands::record;
use s4_commands::time::Seconds;

use crate::daemon::board::Standing;

/// Where the daemon stands with the target `name`.
pub fn status(name: &str, standing: &Standing) -> record::Status {
    let moving = standing.moving.iter().map(|(key, moving)| record::Moving {
        key: key.clone(),
        bytes: moving.bytes,
        of: moving.of,
    });
    let errors = standing
        .errors
        .iter()
        .map(|trouble| record::Trouble { at: Seconds(trouble.at), message: trouble.what.clone() });
    record::Status {
        target: name.to_owned(),
        state: standing.state.word().to_owned(),
        since: Seconds(standing.since),
        conflicts: standing.conflicts.clone(),
        problems: standing.problems as u64,
        files_done: standing.files.0,
        files_all: standing.files.1,
        bytes_done: standing.bytes.0,
        bytes_all: standing.bytes.1,
        moving: moving.collect(),
        errors: errors.collect(),
        why: standing.why.clone(),
        scanned: standing.scanned.map(Seconds),
        listed: standing.listed.map(Seconds),
        synced: standing.synced.map(Seconds),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, VecDeque};

    use super::*;
    use crate::daemon::board::{Moving, State, Trouble};

    #[test]
    fn everything_that_stands_on_the_board_is_told() {
        let standing = Standing {
            state: State::Syncing,
            since: 1,
            why: Some("so".to_owned()),
            conflicts: vec!["c".to_owned()],
            problems: 2,
            scanned: Some(3),
            listed: Some(4),
            synced: Some(5),
            files: (6, 7),
            bytes: (8, 9),
            moving: BTreeMap::from([("m".to_owned(), Moving { bytes: 1, of: 2 })]),
            errors: VecDeque::from([Trouble { at: 0, what: "no".to_owned() }]),
        };
        let line = serde_json::to_string(&record::Record::from(status("docs", &standing))).unwrap();
        assert_eq!(
            line,
            r#"{"type":"status","target":"docs","state":"syncing","since":"1970-01-01T00:00:01Z","conflicts":["c"],"#
                .to_owned()
                + r#""problems":2,"files_done":6,"files_all":7,"bytes_done":8,"bytes_all":9,"#
                + r#""moving":[{"key":"m","bytes":1,"of":2}],"errors":[{"at":"1970-01-01T00:00:00Z","message":"no"}],"#
                + r#""why":"so","scanned":"1970-01-01T00:00:03Z","listed":"1970-01-01T00:00:04Z","#
                + r#""synced":"1970-01-01T00:00:05Z"}"#
        );
    }
}
