use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::time::{Seconds, Time};

#[test]
fn the_type_comes_first_and_unknown_fields_are_ignored() {
    let line =
        serde_json::to_string(&Record::Header(Header { target: Some("docs".to_owned()), ..Header::new() })).unwrap();
    assert!(line.starts_with(r#"{"type":"header","schema":1,"tool":"s4","version":""#), "{line}");
    let read = r#"{"type":"end","counts":{"file":3},"later":true}"#;
    let end = End { counts: BTreeMap::from([("file".to_owned(), 3)]), spent: None };
    assert_eq!(serde_json::from_str::<Record>(read).unwrap(), Record::End(end));
}

#[test]
fn absent_is_left_out() {
    let error = Error { code: "access".to_owned(), message: "no".to_owned(), ..Error::default() };
    let line = serde_json::to_string(&Record::Error(error)).unwrap();
    assert_eq!(line, r#"{"type":"error","code":"access","message":"no"}"#);
}

#[test]
fn parts_lend_their_fields_and_times_are_texts() {
    let info = ObjectInfo { size: 5, etag: "e".to_owned(), last_modified: Seconds(1), ..ObjectInfo::default() };
    let line = r#"{"type":"object","key":"a","size":5,"etag":"e","last_modified":"1970-01-01T00:00:01Z"}"#;
    let object = Record::from(Object { key: "a".to_owned(), info });
    assert_eq!(serde_json::to_string(&object).unwrap(), line);
    assert_eq!(serde_json::from_str::<Record>(line).unwrap(), object);
    let file = File { key: "a".to_owned(), info: FileInfo { mtime: Time(1), ..FileInfo::default() } };
    let line = serde_json::to_string(&file).unwrap();
    assert!(line.contains(r#""mtime":"1970-01-01T00:00:00.000000001Z""#), "{line}");
    assert_eq!(serde_json::from_str::<File>(&line).unwrap(), file);
}

#[test]
fn the_order_of_fields_means_nothing() {
    let line =
        r#"{"asked":true,"etag":"\u0065","key":"a","last_modified":"1970-01-01T00:00:01Z","size":5,"type":"object"}"#;
    let info = ObjectInfo { size: 5, etag: "e".to_owned(), last_modified: Seconds(1), sha256: None, asked: true };
    let object = Record::from(Object { key: "a".to_owned(), info });
    assert_eq!(serde_json::from_str::<Record>(line).unwrap(), object);
    let from_reader: Record = serde_json::from_reader(line.as_bytes()).unwrap();
    assert_eq!(from_reader, object);
    assert_eq!(serde_json::from_value::<Record>(serde_json::to_value(&object).unwrap()).unwrap(), object);
}

#[test]
fn null_is_as_good_as_absent_where_absent_is_good() {
    let line = r#"{"type":"error","code":"access","message":"no","key":null,"later":{"a":[1]}}"#;
    let error = Error { code: "access".to_owned(), message: "no".to_owned(), ..Error::default() };
    assert_eq!(serde_json::from_str::<Record>(line).unwrap(), Record::Error(error));
}

#[test]
fn a_record_without_what_it_must_have_is_refused() {
    for (line, why) in [
        (r#"{"type":"file","key":"a"}"#, "missing field `size`"),
        (r#"{"type":"change","key":"a","action":"push"}"#, "missing field `local`"),
        (r#"{"key":"a"}"#, "missing field `type`"),
        (r#"{"type":"end","counts":{},"counts":{}}"#, "duplicate field `counts`"),
        (r#"{"counts":{},"type":"ending"}"#, "unknown variant `ending`"),
        (r#"{"type":"end","counts":3}"#, "invalid type"),
        (r#"["end",{}]"#, "invalid type"),
    ] {
        let error = serde_json::from_str::<Record>(line).unwrap_err().to_string();
        assert!(error.starts_with(why), "{line}: {error}");
    }
}

#[test]
fn a_part_with_nothing_to_say_adds_nothing() {
    let entry = Entry { key: "a".to_owned(), ..Entry::default() };
    assert_eq!(serde_json::to_string(&entry).unwrap(), r#"{"key":"a","deleted":false}"#);
    assert_eq!(serde_json::to_string(&entry.entry).unwrap(), "{}");
    assert_eq!(serde_json::from_str::<IndexEntry>("{}").unwrap(), entry.entry);
}

#[test]
fn the_manual_knows_every_field_of_every_record() {
    for record in Record::manual() {
        assert!(!record.about.is_empty() && record.about.ends_with('.'), "{record:?}");
        let names: BTreeSet<_> = record.fields.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), record.fields.len(), "{}: a field twice", record.name);
        assert!(!names.contains("type"), "{}", record.name);
        assert!(record.fields.iter().all(|field| field.about.ends_with('.')), "{record:?}");
    }
}
