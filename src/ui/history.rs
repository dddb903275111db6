//! Versions of keys, as a table or as records.

use s4_commands::record;
use s4_commands::time::Seconds;

use super::looks::Looks;
use super::table::{Cell, Column, table};
use super::text::printable;
use crate::remote::Version;

/// The word for what happened.
fn what(version: &Version) -> &'static str {
    if version.content.is_some() { "written" } else { "deleted" }
}

/// The versions under their headings; with their keys, unless all are of one.
pub fn versions(versions: &[Version], with_keys: bool, looks: &Looks) -> String {
    // A version's name is of use only as a whole.
    const COLUMNS: [Column; 6] = [
        Column::text("time", 1),
        Column::text("what", 2),
        Column::number("size", 3),
        Column::name("key", 0),
        Column::text("version", 4),
        Column::text("note", 5),
    ];
    let shown = |column: &usize| with_keys || *column != 3;
    let row = |version: &Version| {
        let content = version.content.as_ref();
        let current = version.is_current.then_some("current");
        let class = content.and_then(|content| content.storage_class.as_deref());
        let notes: Vec<&str> = current.into_iter().chain(class).collect();
        let cells = [
            looks.time(version.seconds()),
            what(version).to_owned(),
            content.map(|content| looks.size(content.size)).unwrap_or_default(),
            printable(&version.name).into_owned(),
            printable(&version.id).into_owned(),
            printable(&notes.join(", ")).into_owned(),
        ];
        cells.into_iter().enumerate().filter(|(at, _)| shown(at)).map(|(_, text)| Cell::from(text)).collect()
    };
    let columns: Vec<Column> = (0..COLUMNS.len()).filter(shown).map(|at| COLUMNS[at]).collect();
    table(&columns, versions, &row, looks)
}

/// The record of a version.
pub fn version_record(version: &Version) -> record::ObjectVersion {
    let content = version.content.as_ref();
    record::ObjectVersion {
        key: version.name.to_string(),
        version_id: version.id.to_string(),
        what: what(version).to_owned(),
        last_modified: Seconds(version.seconds()),
        size: content.map(|content| content.size),
        etag: content.map(|content| content.etag.to_string()),
        storage_class: content.and_then(|content| content.storage_class.as_deref().map(str::to_owned)),
        current: version.is_current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::ETag;
    use crate::remote::Stored;

    fn rows() -> Vec<Version> {
        let stored = Stored { size: 1536, etag: ETag::new("e"), storage_class: Some("GLACIER".into()) };
        let gone = Version { name: "a\u{1b}".into(), id: "2".into(), modified_ns: 0, is_current: true, content: None };
        let there = Version { id: "1".into(), is_current: false, content: Some(stored), ..gone.clone() };
        vec![gone, there]
    }

    #[test]
    fn a_table_has_what_happened_and_keys_where_there_are_several() {
        assert_eq!(
            versions(&rows(), false, &Looks::PLAIN),
            "time                  what     size     version  note\n--------------------  -------  -------  -------  \
             -------\n1970-01-01T00:00:00Z  deleted           2        current\n1970-01-01T00:00:00Z  written  1.5 KiB  \
             1        GLACIER\n"
        );
        assert!(versions(&rows(), true, &Looks::PLAIN).contains("  a\\u{1b}  2        current\n"));
    }

    #[test]
    fn a_record_leaves_out_what_a_deletion_has_not() {
        let lines: Vec<String> = rows()
            .iter()
            .map(|row| serde_json::to_string(&record::Record::from(version_record(row))).unwrap())
            .collect();
        assert_eq!(
            lines[0],
            r#"{"type":"object_version","key":"a\u001b","version_id":"2","what":"deleted","last_modified":"1970-01-01T00:00:00Z","current":true}"#
        );
        assert!(lines[1].ends_with(r#""size":1536,"etag":"e","storage_class":"GLACIER"}"#), "{}", lines[1]);
    }
}
