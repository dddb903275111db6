//! `s4 ls`: what the indexes hold, as a table or as records.

use s4_commands::porcelain::ls::{LsArgs, SortBy};
use s4_commands::record::{self, Record};
use s4_commands::time::Seconds;

use std::collections::BTreeSet;

use crate::context::Context;
use crate::cost::Spent;
use crate::error::{Error, ExitCode, Kind};
use crate::index::{self, Entry, Index, RemoteIndex, RemoteIndexError};
use crate::report;
use crate::run;
use crate::session::{connect, open_folder};
use crate::ui::table;
use crate::ui::text::{self, printable, time};

/// Shows what the two indexes of a target hold. Nothing is listed and nothing scanned.
///
/// # Errors
///
/// When an index can not be read.
pub fn run(context: &Context, args: &LsArgs) -> Result<ExitCode, Error> {
    let target = context.target(&args.target)?;
    let folder = open_folder(&target)?;
    let failed = |what: &str| Error::new(Kind::Failed, format!("cannot list \"{}\": {what}", target.name));
    let local = index::load(&folder, false).map_err(|error| failed("the local index").because(error))?;
    let explain = |error| match error {
        RemoteIndexError::Store(error) => report::access(&target.s3_uri, error),
        error => failed("the index in the bucket").because(error),
    };
    let (remote, spent) = crate::runtime()?.block_on(async {
        let store = connect(context, &target).await?;
        let mut remote = RemoteIndex::fetch_both(&store, &folder).await.map_err(explain)?;
        let index = remote.index(&store, &folder).await.cloned().map_err(explain)?;
        let spent = Spent::of(&target, store.counts());
        context.ui.debug(&text::spent(&spent));
        Ok::<_, Error>((index, spent))
    })?;
    let rows = rows(&local.index, &remote);
    let options = Options::from(args);
    if args.json {
        let stream = context.ui.stream(run::header(&target));
        records(&rows, options).for_each(|record| {
            stream.push(record);
        });
        stream.end_after(&spent);
    } else {
        context.ui.say(&table(&rows, options));
    }
    Ok(ExitCode::Done)
}

/// A row for each key that one of the indexes knows.
fn rows(local: &Index, remote: &Index) -> Vec<Row> {
    let names: BTreeSet<&str> = local.entries().iter().chain(remote.entries()).map(|(name, _)| &**name).collect();
    let rows = names.into_iter().map(|name| {
        let (here, there) = (local.get(name), remote.get(name));
        Row {
            key: name.to_owned(),
            local: here.and_then(|entry| entry.local_timestamp),
            s3: there.and_then(|entry| entry.local_timestamp),
            size: here.or(there).and_then(|entry| entry.size),
            deleted: here.or(there).is_some_and(Entry::is_tombstone),
        }
    });
    rows.collect()
}

/// A key as the two indexes have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: String,
    /// The file's time, seconds since the epoch.
    pub local: Option<i64>,
    /// The object's time, seconds since the epoch.
    pub s3: Option<i64>,
    /// Bytes, where an index knows.
    pub size: Option<u64>,
    /// Whether the key is deleted.
    pub deleted: bool,
}

/// Which rows to show, in which order.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The column that orders them; equal ones are ordered by key.
    pub sort_by: SortBy,
    /// The other way round.
    pub descending: bool,
    /// Deleted ones too.
    pub all: bool,
}

impl From<&LsArgs> for Options {
    fn from(args: &LsArgs) -> Options {
        Options { sort_by: args.sort_by, descending: args.descending, all: args.all }
    }
}

/// The rows under their headings, and the size of it all. Ends with a line, not with a line break.
pub fn table(rows: &[Row], options: Options) -> String {
    let rows = select(rows, options);
    let time_of = |seconds: Option<i64>| seconds.map(time).unwrap_or_default();
    let cells: Vec<[String; 3]> = rows
        .iter()
        .map(|row| {
            let local = if row.deleted { "<deleted>".to_owned() } else { time_of(row.local) };
            [printable(&row.key).into_owned(), local, time_of(row.s3)]
        })
        .collect();
    let total: u64 = rows.iter().filter(|row| !row.deleted).filter_map(|row| row.size).fold(0, u64::saturating_add);
    format!("{}\nTotal Size: {}Mb", table::table(["key", "local", "s3"], &cells), megabytes(total))
}

/// The same rows as records.
pub fn records(rows: &[Row], options: Options) -> impl Iterator<Item = Record> {
    select(rows, options).into_iter().map(|row| {
        Record::Row(record::Row {
            key: row.key.clone(),
            deleted: row.deleted,
            local: row.local.filter(|_| !row.deleted).map(Seconds),
            s3: row.s3.map(Seconds),
            size: row.size,
        })
    })
}

fn select(rows: &[Row], options: Options) -> Vec<&Row> {
    let mut rows: Vec<&Row> = rows.iter().filter(|row| options.all || !row.deleted).collect();
    rows.sort_by(|one, other| {
        let by_column = match options.sort_by {
            SortBy::Key => std::cmp::Ordering::Equal,
            SortBy::Local => one.local.cmp(&other.local),
            SortBy::S3 => one.s3.cmp(&other.s3),
        };
        by_column.then_with(|| one.key.cmp(&other.key))
    });
    if options.descending {
        rows.reverse();
    }
    rows
}

/// MiB with two digits after the point.
fn megabytes(bytes: u64) -> String {
    const MIB: u128 = 1024 * 1024;
    let hundredths = (u128::from(bytes) * 100 + MIB / 2) / MIB;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let row = |key: &str, local, s3, size, deleted| Row { key: key.to_owned(), local, s3, size, deleted };
        vec![
            row("b", Some(10), Some(5), Some(1_289_748), false),
            row("a\u{1b}", Some(20), None, Some(5), false),
            row("gone", None, Some(7), Some(99 << 20), true),
        ]
    }

    fn keys(options: Options) -> Vec<String> {
        select(&rows(), options).into_iter().map(|row| row.key.clone()).collect()
    }

    #[test]
    fn the_table_has_three_columns_and_the_total() {
        let options = Options { sort_by: SortBy::Key, descending: false, all: true };
        assert_eq!(
            table(&rows(), options),
            "key      local                 s3\n-------  --------------------  --------------------\na\\u{1b}  \
             1970-01-01T00:00:20Z\nb        1970-01-01T00:00:10Z  1970-01-01T00:00:05Z\ngone     <deleted>             \
             1970-01-01T00:00:07Z\n\nTotal Size: 1.23Mb"
        );
    }

    #[test]
    fn deleted_keys_show_only_when_all_are_wanted() {
        let options = Options { sort_by: SortBy::Key, descending: false, all: false };
        assert_eq!(keys(options), ["a\u{1b}", "b"]);
        assert_eq!(records(&rows(), options).count(), 2);
    }

    #[test]
    fn every_column_sorts_both_ways() {
        for (sort_by, order) in [
            (SortBy::Key, ["a\u{1b}", "b", "gone"]),
            (SortBy::Local, ["gone", "b", "a\u{1b}"]),
            (SortBy::S3, ["a\u{1b}", "b", "gone"]),
        ] {
            let mut order = order.map(str::to_owned).to_vec();
            assert_eq!(keys(Options { sort_by, descending: false, all: true }), order, "{sort_by:?}");
            order.reverse();
            assert_eq!(keys(Options { sort_by, descending: true, all: true }), order, "{sort_by:?}");
        }
    }

    #[test]
    fn records_leave_out_what_is_not_known() {
        let options = Options { sort_by: SortBy::S3, descending: true, all: true };
        let lines: Vec<String> =
            records(&rows(), options).map(|record| serde_json::to_string(&record).unwrap()).collect();
        assert_eq!(
            lines[0],
            r#"{"type":"row","key":"gone","deleted":true,"s3":"1970-01-01T00:00:07Z","size":103809024}"#
        );
    }
}
