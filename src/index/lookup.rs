//! A few entries of an index file, without reading the rest of it.

use std::collections::BTreeSet;

use super::codec::parse;
use super::names::Members;
use super::{DecodeError, Index};

/// Finding a name costs as much as reading about so many members.
const MEMBERS_PER_NAME: usize = 4;

/// The part of an index that is about `names`. `None`: read the whole file instead, because it was not s4 that wrote it, it
/// is damaged, or the names are too many.
///
/// # Errors
///
/// [`DecodeError::Newer`] for a format of the future.
pub(super) fn lookup(file: &[u8], names: &BTreeSet<&str>) -> Result<Option<Index>, DecodeError> {
    let Some(text) = lines_of(file, names) else { return Ok(None) };
    match parse(&text, names.len() + 1) {
        Ok(index) => Ok(Some(index)),
        Err(newer @ DecodeError::Newer(_)) => Err(newer),
        Err(DecodeError::Damaged(_)) => Ok(None),
    }
}

/// The header and the entries of `names`, as a small index.
fn lines_of(file: &[u8], names: &BTreeSet<&str>) -> Option<Vec<u8>> {
    let mut members = Members::of(file)?;
    if names.len() * MEMBERS_PER_NAME > members.len() {
        return None;
    }
    let header = members.text(0)?.split(|byte| *byte == b'\n').nth(1)?;
    let mut found = [b"{", header.strip_suffix(b",").unwrap_or(header)].concat();
    let mut at = 0;
    for name in names {
        at = members.search(at..members.len(), |first| first <= *name)?.saturating_sub(1);
        let begin = serde_json::to_string(name).ok()? + ": ";
        let mut lines = members.text(at)?.split(|byte| *byte == b'\n');
        if let Some(line) = lines.find(|line| line.starts_with(begin.as_bytes())) {
            found.push(b',');
            found.extend_from_slice(line.strip_suffix(b",").unwrap_or(line));
        }
    }
    found.push(b'}');
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{Entry, encode};

    fn index(count: i64) -> Index {
        let entries = (0..count).map(|number| {
            let entry = Entry { local_timestamp: Some(number), remote_timestamp: Some(number), ..Entry::default() };
            (format!("folder {}/\"file\" {number:05}", number / 100).into(), entry)
        });
        Index { generation: Some(7), device: Some(1), ..Index::from_entries(entries.collect()) }
    }

    #[test]
    fn what_is_found_is_what_the_whole_file_has() {
        let index = index(20_000);
        let file = encode(&index).unwrap();
        let all: Vec<&str> = index.entries().iter().map(|(name, _)| &**name).collect();
        for step in [all.len(), 7_000, 3_777] {
            let mut names: BTreeSet<&str> = all.iter().copied().step_by(step).collect();
            names.extend([all[all.len() - 1], "", "none", "folder 1/", "\u{10ffff}"]);
            let found = lookup(&file, &names).unwrap().unwrap();
            assert_eq!((found.generation, found.device), (Some(7), Some(1)));
            for name in &names {
                assert_eq!(found.get(name), index.get(name), "{name}");
            }
            assert_eq!(found.entries().len(), names.iter().filter(|name| index.get(name).is_some()).count());
        }
    }

    #[test]
    fn too_many_names_and_the_files_of_others_are_left_to_who_reads_all() {
        let small = index(300);
        let file = encode(&small).unwrap();
        let names: BTreeSet<&str> = small.entries().iter().map(|(name, _)| &**name).collect();
        assert!(lookup(&file, &names).unwrap().is_none());
        let few: BTreeSet<&str> = ["folder 0/\"file\" 00001"].into();
        assert!(lookup(b"{}", &few).unwrap().is_none());
        let mut damaged = encode(&index(20_000)).unwrap();
        damaged[60..].fill(0xff);
        assert!(lookup(&damaged, &few).unwrap().is_none());
    }
}
