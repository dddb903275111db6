//! Files, objects, index entries and names that are left alone.

use s4_commands::record::{self, FileInfo, IndexEntry, ObjectInfo};
use s4_commands::time::{Seconds, Time};

use super::senseless;
use crate::content::{ETag, Sha256, is_link};
use crate::error::{Error, Kind};
use crate::index::Entry;
use crate::key::Key;
use crate::local::{Hidden, LocalContent, LocalFile, Scan, Stat};
use crate::reconcile::{Local, Problem, ProblemKind, Remote};
use crate::remote::Listed;

/// The record of a file.
pub fn file(file: LocalFile) -> record::File {
    record::File { key: file.key.into(), info: info_of_stat(&file.stat) }
}

/// The record of an object.
pub fn object(object: &Listed) -> record::Object {
    let (size, etag) = (object.size, object.etag.to_string());
    let info = ObjectInfo { size, etag, last_modified: Seconds(object.last_modified), ..ObjectInfo::default() };
    record::Object { key: object.name.to_string(), info }
}

/// The record of an index's entry.
pub fn entry(name: &str, entry: &Entry) -> record::Entry {
    record::Entry { key: name.to_owned(), deleted: entry.is_tombstone(), entry: of_entry(entry) }
}

/// The record of a path that hides what is at or below it.
pub fn problem(path: &str, hidden: &Hidden) -> record::Problem {
    let (reason, message) = match hidden {
        Hidden::Unreadable(why) => ("unreadable", why.clone()),
        Hidden::Symlink => ("symlink", "it is a symbolic link".to_owned()),
        Hidden::Dangling => ("symlink", "it is a symbolic link that leads to nothing".to_owned()),
        Hidden::Special => ("special", "it is a device, pipe or socket".to_owned()),
    };
    named_problem(path, reason, message)
}

/// The record of a name in the folder that cannot be a key.
pub fn no_key(name: Vec<u8>, why: String) -> record::Problem {
    let (key, key_base64) = match String::from_utf8(name) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(base64(error.as_bytes()))),
    };
    record::Problem { reason: ProblemKind::Unnameable.word().to_owned(), message: why, key, key_base64 }
}

/// The record of a name that is left alone.
pub fn unnameable(problem: &Problem) -> record::Problem {
    match &problem.raw {
        Some(raw) => no_key(raw.clone(), problem.why.clone()),
        None => named_problem(&problem.name, problem.kind.word(), problem.why.clone()),
    }
}

fn named_problem(name: &str, reason: &str, message: String) -> record::Problem {
    record::Problem { reason: reason.to_owned(), message, key: Some(name.to_owned()), key_base64: None }
}

/// Puts a record of a file, or of what could not be looked at, into a scan.
///
/// # Errors
///
/// For a key or a value that cannot be, and for records of something else.
pub fn given_scan(scan: &mut Scan, kind: &str, line: &str) -> Result<(), Error> {
    match kind {
        "file" => {
            let file: record::File = parse(line)?;
            let stat = stat_of_info(&file.info, &file.key)?;
            scan.files.push(LocalFile { key: key(&file.key)?, stat });
        }
        "problem" => {
            let problem: record::Problem = parse(line)?;
            let Some(name) = problem.key else {
                scan.unnameable.push((unbase64(problem.key_base64.as_deref()), problem.message));
                return Ok(());
            };
            match problem.reason.as_str() {
                "symlink" => scan.hidden.push((name, Hidden::Symlink)),
                "special" => scan.hidden.push((name, Hidden::Special)),
                "unnameable" => scan.unnameable.push((name.into_bytes(), problem.message)),
                // Whatever else is wrong with it: it is not known to be absent.
                _ => scan.hidden.push((name, Hidden::Unreadable(problem.message))),
            }
        }
        kind => refuse(kind, "file", "scan")?,
    }
    Ok(())
}

/// Puts a record of an object into a listing.
///
/// # Errors
///
/// For a value that cannot be, and for records of something else.
pub fn given_listing(listing: &mut Vec<Listed>, kind: &str, line: &str) -> Result<(), Error> {
    if kind != "object" {
        return refuse(kind, "object", "list-objects");
    }
    let record::Object { key, info } = parse(line)?;
    let etag = ETag::new(&info.etag);
    listing.push(Listed { name: key.into(), size: info.size, etag, last_modified: info.last_modified.0 });
    Ok(())
}

/// Refuses the records of another command: of what they do not tell, all would count as deleted. Those of a later version are
/// left aside.
fn refuse(kind: &str, wanted: &str, command: &str) -> Result<(), Error> {
    if !record::Record::manual().iter().any(|known| known.name == kind) {
        return Ok(());
    }
    let message = format!("these are records of the type \"{kind}\", and \"{wanted}\" is wanted");
    Err(Error::new(Kind::Usage, message).hint(format!("'s4 {command}' prints them")))
}

fn unbase64(text: Option<&str>) -> Vec<u8> {
    text.and_then(|text| aws_smithy_types::base64::decode(text).ok()).unwrap_or_default()
}

/// The text for a name that is not UTF-8.
pub fn base64(name: &[u8]) -> String {
    aws_smithy_types::base64::encode(name)
}

/// Reads one record.
pub(crate) fn parse<'l, T: serde::Deserialize<'l>>(line: &'l str) -> Result<T, Error> {
    serde_json::from_str(line).map_err(|error| Error::new(Kind::Failed, "a record cannot be read").because(error))
}

pub(super) fn key(text: &str) -> Result<Key, Error> {
    Key::parse_any(text).map_err(|why| senseless(&why.to_string(), text))
}

pub(super) fn info_of_local(local: &Local) -> FileInfo {
    FileInfo {
        sha256: local.content.map(|content| content.sha256.to_string()),
        matches_etag: local.content.is_some_and(|content| content.matches_etag),
        racy: local.racy,
        ..info_of_stat(&local.stat)
    }
}

pub(super) fn local_of_info(info: &FileInfo, key: &str) -> Result<Local, Error> {
    let sha256 = info.sha256.as_deref().map(|text| sum(text, key)).transpose()?;
    let content = sha256.map(|sha256| LocalContent { sha256, matches_etag: info.matches_etag });
    Ok(Local { stat: stat_of_info(info, key)?, racy: info.racy, content })
}

pub(super) fn info_of_remote(remote: &Remote) -> ObjectInfo {
    ObjectInfo {
        size: remote.size,
        etag: remote.etag.to_string(),
        last_modified: Seconds(remote.last_modified),
        sha256: remote.sha256.map(|sum| sum.to_string()),
        asked: remote.asked,
    }
}

pub(super) fn remote_of_info(info: &ObjectInfo, key: &str) -> Result<Remote, Error> {
    Ok(Remote {
        size: info.size,
        etag: ETag::new(&info.etag),
        last_modified: info.last_modified.0,
        sha256: info.sha256.as_deref().map(|text| sum(text, key)).transpose()?,
        // Both follow from what the indexes say.
        link: None,
        indexed: false,
        asked: info.asked,
    })
}

pub(super) fn of_entry(entry: &Entry) -> IndexEntry {
    IndexEntry {
        local_timestamp: entry.local_timestamp.map(Seconds),
        remote_timestamp: entry.remote_timestamp,
        size: entry.size,
        sha256: entry.sha256.map(|sum| sum.to_string()),
        etag: entry.etag.as_ref().map(ToString::to_string),
        version_id: entry.version_id.as_deref().map(str::to_owned),
        mtime: entry.mtime_ns.map(Time),
        ctime: entry.ctime_ns.map(Time),
        inode: entry.inode,
        mode: entry.mode.map(octal),
        blocks: entry.blocks.as_deref().map(str::to_owned),
        deleted_at: entry.deleted_at.map(Seconds),
    }
}

pub(super) fn to_entry(record: &IndexEntry, key: &str) -> Result<Entry, Error> {
    Ok(Entry {
        local_timestamp: record.local_timestamp.map(|time| time.0),
        remote_timestamp: record.remote_timestamp,
        size: record.size,
        sha256: record.sha256.as_deref().map(|text| sum(text, key)).transpose()?,
        etag: record.etag.as_deref().map(ETag::new),
        version_id: record.version_id.as_deref().map(Into::into),
        mtime_ns: record.mtime.map(|time| time.0),
        ctime_ns: record.ctime.map(|time| time.0),
        inode: record.inode,
        mode: record.mode.as_deref().map(|text| mode(text, key)).transpose()?,
        blocks: record.blocks.as_deref().map(Into::into),
        deleted_at: record.deleted_at.map(|time| time.0),
        // What others keep in an index stays there when an entry is written anew.
        unknown: None,
    })
}

fn info_of_stat(stat: &Stat) -> FileInfo {
    FileInfo {
        size: stat.size,
        mtime: Time(stat.mtime_ns),
        ctime: Time(stat.ctime_ns),
        inode: stat.inode,
        mode: octal(stat.mode),
        ..FileInfo::default()
    }
}

fn stat_of_info(info: &FileInfo, key: &str) -> Result<Stat, Error> {
    Ok(Stat {
        size: info.size,
        mtime_ns: info.mtime.0,
        ctime_ns: info.ctime.0,
        inode: info.inode,
        mode: mode(&info.mode, key)?,
    })
}

fn octal(mode: u32) -> String {
    format!("{mode:o}")
}

fn mode(text: &str, key: &str) -> Result<u32, Error> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777 || is_link(*mode));
    mode.ok_or_else(|| senseless("its mode is not in octal", key))
}

fn sum(text: &str, key: &str) -> Result<Sha256, Error> {
    Sha256::from_hex(text).ok_or_else(|| senseless("its sha256 is not 64 hex digits", key))
}
