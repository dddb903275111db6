//! The trash, as a table or as records.

use s4_commands::record;
use s4_commands::time::Seconds;

use super::Ui;
use super::looks::Looks;
use super::table::{Cell, Column, table};
use super::text::{count, printable};
use crate::index::whole_seconds;
use crate::key::Key;
use crate::local::Trashed;

/// What is in the trash under its headings, and the sum of it. Ends with that line, not with a line break.
pub fn list(trashed: &[Trashed], looks: &Looks) -> String {
    const COLUMNS: [Column; 4] =
        [Column::text("trashed", 1), Column::number("size", 2), Column::name("key", 0), Column::text("run", 3)];
    let row = |it: &Trashed| {
        let (key, run) = (printable(it.key.as_str()).into_owned(), printable(&it.run).into_owned());
        [looks.time(whole_seconds(it.stat.ctime_ns)), looks.size(it.stat.size), key, run].map(Cell::from).to_vec()
    };
    let table = table(&COLUMNS, trashed, &row, looks);
    format!("{table}\n{}", sum(trashed, looks))
}

/// `2 files (1.5 KiB)`
pub fn sum(trashed: &[Trashed], looks: &Looks) -> String {
    let bytes: u64 = trashed.iter().map(|it| it.stat.size).fold(0, u64::saturating_add);
    format!("{} ({})", count(trashed.len() as u64, "file"), looks.size(bytes))
}

/// The record of a file in the trash.
pub fn record(trashed: &Trashed) -> record::Trashed {
    record::Trashed {
        key: trashed.key.to_string(),
        run: trashed.run.clone(),
        size: trashed.stat.size,
        trashed: Seconds(whole_seconds(trashed.stat.ctime_ns)),
        ..record::Trashed::default()
    }
}

/// What became of a file that was to be put back: the key that it has now, `None` if the same was there, or why it was not.
pub type Back = Result<Option<Key>, String>;

/// The record of that.
pub fn back_record(trashed: &Trashed, back: &Back) -> record::Trashed {
    let (restored_as, message) = match back {
        Ok(Some(place)) => (Some(place.to_string()), None),
        Ok(None) => (None, Some("the same is there already".to_owned())),
        Err(why) => (None, Some(why.clone())),
    };
    record::Trashed { restored_as, message, ..record(trashed) }
}

/// Tells of it.
pub fn tell(ui: &Ui, trashed: &Trashed, back: &Back) {
    let key = printable(trashed.key.as_str());
    match back {
        Ok(Some(place)) if *place == trashed.key => ui.relate(&format!("Putting back {key}")),
        Ok(Some(place)) => {
            let place = printable(place.as_str());
            ui.relate(&format!("Putting back {key} as {place}, beside the one that is there"));
        }
        Ok(None) => ui.note(&format!("\"{key}\" is there already")),
        Err(why) => ui.warn(&format!("could not put back \"{key}\": {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::Stat;

    #[test]
    fn each_file_is_shown_with_its_time_and_run_and_the_sum_of_all() {
        let stat = Stat { size: 1536, ctime_ns: 1_500_000_000, ..Stat::default() };
        let trashed = Trashed { key: Key::parse("a\u{1b}").unwrap(), run: "host-1".to_owned(), stat };
        assert_eq!(
            list(&[trashed.clone(), trashed], &Looks::PLAIN),
            "trashed               size     key      run\n--------------------  -------  -------  \
             ------\n1970-01-01T00:00:01Z  1.5 KiB  a\\u{1b}  host-1\n1970-01-01T00:00:01Z  1.5 KiB  a\\u{1b}  host-1\n\n2 \
             files (3.0 KiB)"
        );
    }
}
