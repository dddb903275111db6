//! Records as parts of pages, from what they say of themselves.

use crate::record::{Documented as _, FieldDoc, Moving, Record, RecordDoc, Requests, Source, Spent, Trouble};

/// The part of a page that is about the record `name`; empty if there is none.
pub fn record(name: &str) -> String {
    Record::manual().iter().find(|record| record.name == name).map(part).unwrap_or_default()
}

/// A part for each record, and for the objects within them that have no record of their own.
pub(super) fn all() -> String {
    let records: String = Record::manual().iter().map(part).collect();
    let object = |name: &str, about: String, fields: &[FieldDoc]| format!("## {name}\n{about}\n\n{}", items(fields));
    let source = object("The object `source` in `change`", Source::about(), &Source::fields());
    let spent = object("The object `spent` in `end`", Spent::about(), &Spent::fields());
    let requests = object(
        "The object `requests` in `forecast`, `summary`, `verification` and `spent`",
        Requests::about(),
        &Requests::fields(),
    );
    let moving = object("The objects `moving` in `status`", Moving::about(), &Moving::fields());
    let trouble = object("The objects `errors` in `status`", Trouble::about(), &Trouble::fields());
    records + &source + &spent + &requests + &moving + &trouble
}

fn part(record: &RecordDoc) -> String {
    format!("## The record `{}`\n{}\n\n{}", record.name, record.about, items(&record.fields))
}

fn items(fields: &[FieldDoc]) -> String {
    let item = |field: &FieldDoc| {
        let rather = if field.always { "" } else { ", optional" };
        format!(":: `{}` ({}{rather})\n{}\n\n", field.name, field.kind, field.about)
    };
    fields.iter().map(item).collect()
}
