//! The names in an index, for whoever wants a few of them and soon: completion.
//!
//! The cost goes by the number of names that are wanted, not by that of the entries: of a file that s4 wrote, the members
//! that hold nothing new are left out. The rest is read as always.

use std::collections::BTreeSet;
use std::ops::Range;

use super::local::sum;
use super::members::{Inflater, split};
use super::{DecodeError, Entry, Log, decode};
use crate::local::Folder;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What the names begin with.
    pub prefix: &'a str,
    /// Whether the names of deleted keys count too.
    pub deleted: bool,
    /// How many names are enough. Where there are more, the last one comes with the first ones, so that what all of them
    /// begin with can be told.
    pub most: usize,
}

/// The names in an index file that begin as wanted, up to their next `/`, sorted: for `a/b` perhaps `a/b.txt` and `a/bin/`.
///
/// # Errors
///
/// For bytes that are no index. What is not read is not checked.
pub fn names(bytes: &[u8], wanted: &Wanted<'_>) -> Result<Vec<String>, DecodeError> {
    let mut found = Found { wanted, names: BTreeSet::new() };
    if Members::of(bytes).and_then(|mut members| found.in_members(&mut members)).is_none() {
        found.names.clear();
        let index = decode(bytes)?;
        for (name, _) in index.entries().iter().filter(|(_, entry)| wanted.deleted || !entry.is_tombstone()) {
            found.take(name);
        }
    }
    let mut names: Vec<String> = found.names.into_iter().collect();
    if names.len() > wanted.most {
        names.drain(wanted.most..names.len() - 1);
    }
    Ok(names)
}

/// The names in the folder's index that begin as wanted: those of its file, and what its change log adds. A key that the log
/// deletes is left out; the folder that it was the last one in may still be named. `None` where there is no index that can be
/// read.
pub fn names_in(folder: &Folder, wanted: &Wanted<'_>) -> Option<Vec<String>> {
    let (bytes, _) = folder.read_index().ok()??;
    let mut found: BTreeSet<String> = names(&bytes, wanted).ok()?.into_iter().collect();
    let log = folder.read_log().ok()?.and_then(|(log, _)| Log::decode(&log).ok());
    for (name, lives) in log.iter().filter(|log| log.continues(&sum(&bytes))).flat_map(Log::fates) {
        let part = up_to_slash(name, wanted.prefix.len().min(name.len()));
        match lives || wanted.deleted {
            _ if !name.starts_with(wanted.prefix) => {}
            true if found.len() <= wanted.most => drop(found.insert(part.to_owned())),
            true => {}
            false => drop(found.remove(name)),
        }
    }
    Some(found.into_iter().collect())
}

/// `name` up to the first `/` behind its first `from` bytes, that one included.
fn up_to_slash(name: &str, from: usize) -> &str {
    let end = name.bytes().skip(from).position(|byte| byte == b'/').map(|at| from + at + 1);
    end.map_or(name, |end| &name[..end])
}

/// The members of a file, and the names that they begin with, as far as somebody asked.
pub(super) struct Members<'a> {
    members: Vec<&'a [u8]>,
    firsts: Vec<Option<String>>,
    inflater: Inflater,
}

impl<'a> Members<'a> {
    /// The members of a file; `None` if it was not s4 that wrote it.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Members<'a>> {
        let members = split(bytes)?;
        let mut firsts = vec![None; members.len()];
        // The first one begins with the header and not with a name.
        *firsts.first_mut()? = Some(String::new());
        Some(Members { members, firsts, inflater: Inflater::new() })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// A member's text; `None` for a damaged one.
    pub(super) fn text(&mut self, at: usize) -> Option<&[u8]> {
        self.inflater.text(self.members[at])
    }

    /// The first name of a member; `None` for a damaged one.
    fn first(&mut self, at: usize) -> Option<&str> {
        if self.firsts[at].is_none() {
            self.firsts[at] = Some(name_of(self.inflater.first_line(self.members[at])?)?.0);
        }
        self.firsts[at].as_deref()
    }

    /// The first one in `range` whose first name is not before; the names are sorted. It is soon found where it is near.
    pub(super) fn search(&mut self, range: Range<usize>, is_before: impl Fn(&str) -> bool) -> Option<usize> {
        let Range { mut start, mut end } = range;
        let mut step = 1;
        while start + step <= end {
            if !is_before(self.first(start + step - 1)?) {
                end = start + step - 1;
                break;
            }
            start += step;
            step *= 2;
        }
        while start < end {
            let middle = start.midpoint(end);
            if is_before(self.first(middle)?) { start = middle + 1 } else { end = middle }
        }
        Some(start)
    }
}

struct Found<'a> {
    wanted: &'a Wanted<'a>,
    names: BTreeSet<String>,
}

impl Found<'_> {
    /// Reads a file that s4 wrote; `None` for a damaged one. The names of a member are between its first one and that of the
    /// next.
    fn in_members(&mut self, members: &mut Members<'_>) -> Option<()> {
        let (prefix, count) = (self.wanted.prefix, members.members.len());
        let begin = members.search(0..count, |first| first <= prefix)?.saturating_sub(1);
        let end = members.search(begin..count, |first| first <= prefix || first.starts_with(prefix))?;
        let mut at = begin;
        while at < end {
            if self.names.len() > self.wanted.most {
                return self.last(members, at..end);
            }
            let next = if at + 1 < count { Some(members.first(at + 1)?.to_owned()) } else { None };
            let folder = self.member(members.text(at)?, next.as_deref());
            at += 1;
            if let Some(folder) = folder {
                // In all of these but the last one there is nothing else.
                let behind = members.search(at..count, |first| first.starts_with(&folder))?;
                at = at.max(behind - 1);
            }
        }
        Some(())
    }

    /// Takes the names of a member up to the folder that the next one goes on with; returns that.
    fn member(&mut self, text: &[u8], next: Option<&str>) -> Option<String> {
        for line in text.split(|byte| *byte == b'\n') {
            let Some(name) = self.wanted_in(line) else { continue };
            self.take(&name);
            let folder = self.folder_of(&name);
            if folder.ends_with('/') && next.is_some_and(|next| next.starts_with(folder)) {
                return Some(folder.to_owned());
            }
        }
        None
    }

    /// Takes the last name of all, which is in the last of the members that has any.
    fn last(&mut self, members: &mut Members<'_>, range: Range<usize>) -> Option<()> {
        for at in range.rev() {
            let mut lines = members.text(at)?.rsplit(|byte| *byte == b'\n');
            if let Some(name) = lines.find_map(|line| self.wanted_in(line)) {
                self.take(&name);
                break;
            }
        }
        Some(())
    }

    /// The name that a line of the file holds, if it is wanted.
    fn wanted_in(&self, line: &[u8]) -> Option<String> {
        let (name, entry) = name_of(line)?;
        let is_wanted = name.starts_with(self.wanted.prefix) && name != crate::key::INDEX;
        (is_wanted && (self.wanted.deleted || !is_tombstone(entry))).then_some(name)
    }

    fn folder_of<'n>(&self, name: &'n str) -> &'n str {
        up_to_slash(name, self.wanted.prefix.len().min(name.len()))
    }

    /// Takes a name in, if it is wanted.
    fn take(&mut self, name: &str) {
        let part = self.folder_of(name);
        if name.starts_with(self.wanted.prefix) && !self.names.contains(part) {
            self.names.insert(part.to_owned());
        }
    }
}

/// The name in a line, and the rest of the line.
fn name_of(line: &[u8]) -> Option<(String, &[u8])> {
    let mut values = serde_json::Deserializer::from_slice(line).into_iter::<String>();
    let name = values.next()?.ok()?;
    Some((name, &line[values.byte_offset()..]))
}

/// Whether the rest of a line is a tombstone. Most are no candidates for it by their first field.
fn is_tombstone(entry: &[u8]) -> bool {
    let entry = entry.strip_prefix(b": ").unwrap_or(entry);
    let entry = entry.strip_suffix(b",").unwrap_or(entry);
    entry.starts_with(br#"{"local_timestamp":null"#)
        && serde_json::from_slice::<Entry>(entry).is_ok_and(|entry| entry.is_tombstone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::ETag;
    use crate::index::{Index, encode};

    fn live() -> Entry {
        // About as long as real ones are.
        let tag = ETag::new(&"x".repeat(200));
        Entry { local_timestamp: Some(1), remote_timestamp: Some(1), etag: Some(tag), ..Entry::default() }
    }

    fn index(names: impl IntoIterator<Item = String>) -> Index {
        Index::from_entries(names.into_iter().map(|name| (name.into(), live())).collect())
    }

    fn found(index: &Index, prefix: &str, most: usize) -> Vec<String> {
        names(&encode(index).unwrap(), &Wanted { prefix, deleted: false, most }).unwrap()
    }

    /// What a plain walk over all names comes to.
    fn plain(index: &Index, prefix: &str, most: usize) -> Vec<String> {
        let wanted = Wanted { prefix, deleted: false, most: usize::MAX };
        let mut found = Found { wanted: &wanted, names: BTreeSet::new() };
        index.entries().iter().filter(|(_, entry)| !entry.is_tombstone()).for_each(|(name, _)| found.take(name));
        let all: Vec<String> = found.names.into_iter().collect();
        match all.split_last() {
            Some((last, rest)) if all.len() > most => rest[..most].iter().chain([last]).cloned().collect(),
            _ => all,
        }
    }

    #[test]
    fn names_come_component_by_component() {
        let index = index(["a/b/c", "a/b/d", "a/bin", "a.txt", "z\"\\\n", "é/ü"].map(str::to_owned));
        assert_eq!(found(&index, "", 9), ["a.txt", "a/", "z\"\\\n", "é/"]);
        assert_eq!(found(&index, "a/b", 9), ["a/b/", "a/bin"]);
        assert_eq!(found(&index, "a/b/", 9), ["a/b/c", "a/b/d"]);
        assert_eq!(found(&index, "é/", 9), ["é/ü"]);
        assert!(found(&index, "b", 9).is_empty() && found(&index, ".", 9).is_empty());
    }

    #[test]
    fn leaving_members_out_leaves_no_name_out() {
        for shape in [1, 7, 100, 2000] {
            let name = |number: usize| format!("folder-{:05}/sub-{}/file-{number:05}", number / shape, number / 3 % 5);
            let big = index((0..2000).map(name).chain(["a".to_owned(), "zz".to_owned(), "folder-".to_owned()]));
            let bytes = encode(&big).unwrap();
            assert!(split(&bytes).unwrap().len() > 10);
            for prefix in
                ["", "f", "folder-00000/", "folder-00000/sub-1/f", "folder-00003/sub-", "folder-000", "z", "zzz"]
            {
                for most in [0, 1, 5, 400, 100_000] {
                    let found = names(&bytes, &Wanted { prefix, deleted: false, most }).unwrap();
                    assert_eq!(found, plain(&big, prefix, most), "{shape} {prefix:?} {most}");
                }
            }
        }
    }

    #[test]
    fn deleted_keys_come_only_where_they_are_wanted() {
        let names_of = |deleted: bool, index: &Index| {
            names(&encode(index).unwrap(), &Wanted { prefix: "", deleted, most: 9 }).unwrap()
        };
        let mut some = index((0..500).map(|number| format!("gone/{number:04}")));
        let gone = some.entries().iter().map(|(name, entry)| (name.clone(), Some(entry.tombstone(7)))).collect();
        some.apply(gone);
        some.apply([("kept".into(), Some(live()))].into());
        // A live entry may lack the time.
        some.apply([("odd".into(), Some(Entry { local_timestamp: None, ..live() }))].into());
        assert_eq!(names_of(false, &some), ["kept", "odd"]);
        assert_eq!(names_of(true, &some), ["gone/", "kept", "odd"]);
    }

    #[test]
    fn an_index_of_another_program_is_read_too() {
        let text = br#"{"b/c": {"local_timestamp": 1, "remote_timestamp": 1}, "a": {"local_timestamp": null}}"#;
        let wanted = Wanted { prefix: "", deleted: false, most: 9 };
        assert_eq!(names(text, &wanted).unwrap(), ["b/"]);
        assert!(names(b"no index", &wanted).is_err());
    }
}
