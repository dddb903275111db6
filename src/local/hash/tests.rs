use super::*;
use crate::content::to_hex;
use std::fs;

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 % 251) as u8).collect()
}

fn matches(content: &[u8], etag: &str) -> bool {
    let mut hasher = Hasher::new(content.len() as u64, Some(&ETag::new(etag)));
    hasher.update(content);
    hasher.finish().matches_etag
}

fn multipart(content: &[u8], part: usize) -> String {
    let mut sums = Md5::new();
    let parts = content.chunks(part).inspect(|part| sums.update(Md5::digest(part))).count();
    format!("{}-{parts}", to_hex(&sums.finalize()))
}

#[test]
fn known_sums_come_out() {
    let mut hasher = Hasher::new(3, Some(&ETag::new("900150983cd24fb0d6963f7d28e17f72")));
    hasher.update(b"a");
    hasher.update(b"bc");
    let content = hasher.finish();
    assert!(content.matches_etag);
    assert_eq!(content.sha256.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert!(matches(b"", "d41d8cd98f00b204e9800998ecf8427e"));
}

#[test]
fn parts_end_where_they_should_however_the_bytes_come() {
    for (length, piece) in [(30, 7), (30, 10), (31, 31), (9, 4), (10, 3), (100, 1)] {
        let content = bytes(length);
        let etag = ETag::new(&multipart(&content, 10));
        let Some(Md5Form::Parts(sum, _)) = etag.md5_form() else { panic!("{etag}") };
        let mut parts = Parts::new(sum, Some(10));
        content.chunks(piece).for_each(|piece| parts.update(piece));
        assert!(parts.matches(), "{length} bytes in pieces of {piece}");
    }
}

#[test]
fn the_usual_part_sizes_that_fit_the_number_of_parts_are_tried() {
    let sizes = |mib: u64, parts: u32| {
        let etag = ETag::new(&format!("{}-{parts}", "0".repeat(32)));
        let hasher = Hasher::new(mib * MIB, Some(&etag));
        hasher.md5.iter().filter_map(|parts| parts.size).map(|size| size / MIB).collect::<Vec<_>>()
    };
    assert_eq!(sizes(10, 2), [5, 6, 7, 8]);
    assert_eq!(sizes(100, 7), [15, 16]);
    assert_eq!(sizes(100, 13), [8]);
    assert_eq!(sizes(100, 4), [25, 32]);
    assert_eq!(sizes(100, 1), [100]);
    assert!(sizes(100, 99).is_empty());
}

#[test]
fn multipart_tags_are_recognised() {
    let content = bytes(5 * 1024 * 1024 + 7);
    assert!(matches(&content, &multipart(&content, 5 * 1024 * 1024)));
    assert!(matches(&content, &multipart(&content, content.len())), "one part");
    assert!(matches(b"", &format!("{}-1", to_hex(&Md5::digest(Md5::digest(b""))))));
}

#[test]
fn other_tags_match_nothing() {
    let content = bytes(1024);
    for etag in ["", "opaque", "900150983cd24fb0d6963f7d28e17f72", "900150983cd24fb0d6963f7d28e17f72-1"] {
        assert!(!matches(&content, etag), "{etag}");
    }
}

#[test]
fn a_file_is_hashed_only_as_what_was_expected() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path(), None).unwrap();
    let key = Key::parse("f").unwrap();
    let expected = Stat::default();
    assert!(matches!(hash_file(&folder, &key, &expected, None), Err(Error::Changed { .. })));
    fs::write(dir.path().join("f"), bytes(BLOCK * 2 + 1)).unwrap();
    let stat = folder.stat(&key).unwrap().unwrap();
    let content = hash_file(&folder, &key, &stat, None).unwrap();
    assert_eq!(content.sha256.0[..], sha2::Sha256::digest(bytes(BLOCK * 2 + 1))[..]);
    let file = open_settled(&folder, &key, &stat).unwrap();
    fs::write(dir.path().join("f"), "else").unwrap();
    assert!(matches!(check_unchanged(&folder, &key, &file, &stat), Err(Error::Changed { .. })));
    assert!(matches!(hash_file(&folder, &key, &stat, None), Err(Error::Changed { .. })));
}

#[test]
fn a_change_of_equal_size_right_after_opening_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path(), None).unwrap();
    let key = Key::parse("f").unwrap();
    for round in 0..20 {
        fs::write(dir.path().join("f"), [round]).unwrap();
        let stat = folder.stat(&key).unwrap().unwrap();
        let file = open_settled(&folder, &key, &stat).unwrap();
        fs::write(dir.path().join("f"), [round + 100]).unwrap();
        assert!(check_unchanged(&folder, &key, &file, &stat).is_err(), "round {round}");
    }
}

#[test]
fn only_a_change_of_just_now_is_unsettled() {
    let is_settled = |stat: &Stat, now| unsettled_ns(stat, now) == 0;
    let now = 1_000_000_000_000;
    let stat = |mtime_ns, ctime_ns| Stat { mtime_ns, ctime_ns, ..Stat::default() };
    let long_ago = -5_000_000_000;
    assert!(is_settled(&stat(long_ago, long_ago), now));
    assert!(is_settled(&stat(i128::from(i64::MAX) * 1_000_000_000, long_ago), now));
    assert!(is_settled(&stat(now - TICK_NS, now - TICK_NS), now));
    assert!(!is_settled(&stat(long_ago, now - TICK_NS + 1), now));
    assert!(!is_settled(&stat(now, long_ago), now));
    assert_eq!(unsettled_ns(&stat(now - 5_000_000, long_ago), now), 15_000_000);
    assert_eq!(unsettled_ns(&stat(now + 5_000_000, long_ago), now), 20_000_000);
}

/// A second edit within the same tick of the clock would not show in its stat.
#[test]
fn a_file_that_is_opened_to_be_read_is_older_than_a_tick() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path(), None).unwrap();
    fs::write(dir.path().join("a"), "x").unwrap();
    let key = Key::parse("a").unwrap();
    let stat = folder.stat(&key).unwrap().unwrap();
    open_settled(&folder, &key, &stat).unwrap();
    assert_eq!(unsettled_ns(&stat, now_ns()), 0);
}
