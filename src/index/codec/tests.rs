use std::io::Write as _;

use super::*;
use crate::content::{ETag, Sha256};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

fn entries() -> impl Strategy<Value = Entry> {
    let numbers = (any::<Option<i64>>(), any::<Option<i64>>(), any::<Option<u64>>(), any::<Option<i128>>());
    let content = (any::<Option<[u8; 32]>>(), proptest::option::of("[a-f0-9\"-]{0,40}"), any::<Option<i64>>());
    let stat = (any::<Option<i128>>(), any::<Option<u64>>(), proptest::option::of(0..0o7777_u32));
    (numbers, content, stat).prop_map(|(numbers, content, stat)| Entry {
        local_timestamp: numbers.0,
        remote_timestamp: numbers.1,
        size: numbers.2,
        mtime_ns: numbers.3,
        sha256: content.0.map(Sha256),
        etag: content.1.map(|tag| ETag::new(&tag)),
        deleted_at: content.2,
        ctime_ns: stat.0,
        inode: stat.1,
        mode: stat.2,
        version_id: None,
        blocks: None,
        unknown: None,
    })
}

fn indexes() -> impl Strategy<Value = Index> {
    let map = proptest::collection::btree_map(any::<String>(), entries(), 0..20);
    (map, any::<Option<u64>>(), any::<Option<u64>>(), any::<Option<String>>()).prop_map(
        |(map, device, generation, place)| {
            let entries = map.into_iter().filter(|(name, _)| name != key::INDEX);
            let mut index = Index::from_entries(entries.map(|(name, entry)| (name.into(), entry)).collect());
            index.device = device;
            index.generation = generation;
            index.old_writer_at = generation.map(|number| number as i64);
            index.place = place;
            index
        },
    )
}

proptest! {
    #[test]
    fn what_was_encoded_is_decoded(index in indexes()) {
        prop_assert_eq!(decode(&encode(&index).unwrap()).unwrap(), index);
    }

    #[test]
    fn a_cut_file_is_damaged(index in indexes(), cut in 1_usize..100) {
        let bytes = encode(&index).unwrap();
        let kept = bytes.len().saturating_sub(cut);
        prop_assert!(matches!(decode(&bytes[..kept]), Err(DecodeError::Damaged(_))));
    }

    #[test]
    fn any_bytes_are_an_index_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
    }
}

/// The whole text at once, as the files of others are read.
fn decode_at_once(bytes: &[u8]) -> Index {
    parse(&inflate(MultiGzDecoder::new(bytes), 1 << 30).unwrap(), 1 << 30).unwrap()
}

#[test]
fn a_file_of_many_members_reads_as_its_text_does_at_once() {
    for count in [0, 1, 40, 5_000] {
        let entries = (0..count).map(|number| {
            let tag = ETag::new(&"x".repeat(number % 90));
            let entry = Entry { size: Some(number as u64), etag: Some(tag), ..Entry::default() };
            (format!("folder/{number:05}").into(), entry)
        });
        let index = Index { device: Some(1), generation: Some(2), ..Index::from_entries(entries.collect()) };
        let bytes = encode(&index).unwrap();
        assert_eq!(by_members(&bytes).unwrap().unwrap(), index, "{count}");
        assert_eq!(decode_at_once(&bytes), index, "{count}");
        // A flipped bit anywhere is no other index.
        for at in (0..bytes.len()).step_by(bytes.len().div_ceil(300)) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 4;
            assert!(decode(&damaged).map_or(true, |read| read == index), "{count}, byte {at}");
        }
    }
}

#[test]
fn plain_and_zlib_are_read_too() {
    let text = br#"{"a": {"local_timestamp": 5, "remote_timestamp": 4.5}}"#;
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(text).unwrap();
    for bytes in [text.to_vec(), zlib.finish().unwrap()] {
        assert_eq!(decode(&bytes).unwrap().get("a").unwrap().local_timestamp, Some(5));
    }
}

#[test]
fn other_json_is_damage_and_a_newer_format_is_not() {
    for text in ["", "[]", "{\"a\": 5}", "{} {}", "{\"a\": {\"size\": \"x\"}}"] {
        assert!(matches!(decode(text.as_bytes()), Err(DecodeError::Damaged(_))), "{text}");
    }
    let newer = r#"{".index": {"local_timestamp": null, "remote_timestamp": null, "format": 2}}"#;
    assert!(matches!(decode(newer.as_bytes()), Err(DecodeError::Newer(2))));
}

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// What is wrong with a file.
fn damage(bytes: &[u8]) -> String {
    match decode(bytes) {
        Err(DecodeError::Damaged(what)) => what,
        other => panic!("{:?}", other.map(|index| index.entries.len())),
    }
}

#[test]
fn a_gzip_bomb_is_damage() {
    for text in [" ".repeat(2 << 20), "\0".repeat(2 << 20), format!("{{\"{}", "x".repeat(2 << 20))] {
        assert_eq!(damage(&gzip(&text)), "it inflates to more than 1048576 bytes without an entry");
    }
}

#[test]
fn an_index_with_more_entries_than_its_bytes_have_room_for_is_damage() {
    let shortest: Vec<String> = (0..100_000).map(|name| format!("\"{name}\":{{}}")).collect();
    let shortest = format!("{{{}}}", shortest.join(","));
    for bytes in [shortest.clone().into_bytes(), gzip(&shortest)] {
        assert!(damage(&bytes).contains("entries have no room in a file of this size"));
    }
    // The shortest that S4 0.4 writes are none of these.
    let honest: Vec<String> =
        (0..100_000).map(|name| format!("\"{name}\":{{\"local_timestamp\":1,\"remote_timestamp\":1}}")).collect();
    let honest = format!("{{{}}}", honest.join(","));
    for bytes in [honest.clone().into_bytes(), gzip(&honest)] {
        assert_eq!(decode(&bytes).unwrap().entries.len(), 100_000);
    }
}

#[test]
fn fields_that_nobody_knows_have_a_limit_too() {
    let many = |count: usize| format!("{{\"a\": {{\"later\": [{}]}}}}", vec!["0"; count].join(","));
    assert!(decode(many(1_000).as_bytes()).is_ok());
    assert!(damage(many(FEW * 2).as_bytes()).contains("too many values in unknown fields"));
    let deep = |end: &str| format!("{{\"a\": {{\"later\": {}{end}", "[".repeat(100_000));
    assert!(damage(deep("").as_bytes()).starts_with("EOF"));
    let whole = deep(&("]".repeat(100_000) + "}}"));
    assert!(damage(whole.as_bytes()).contains("too many values") && whole.len() < 300_000);
    let whole = whole.replace(&"[".repeat(99_000), "").replace(&"]".repeat(99_000), "");
    assert!(damage(whole.as_bytes()).contains("recursion limit exceeded"));
}

#[test]
fn absurd_numbers_are_cut_to_what_there_is_or_damage() {
    let text = r#"{"a": {"local_timestamp": 1e308, "remote_timestamp": -9e99, "size": 18446744073709551615, "mtime_ns": -0},
        "b": {"local_timestamp": 18446744073709551615, "remote_timestamp": 9223372036854775808, "mode": "37777777777"}}"#;
    let index = decode(text.as_bytes()).unwrap();
    let [(_, a), (_, b)] = index.entries() else { panic!("{index:?}") };
    assert_eq!((a.local_timestamp, a.remote_timestamp, a.size), (Some(i64::MAX), Some(i64::MIN), Some(u64::MAX)));
    assert_eq!((b.local_timestamp, b.remote_timestamp), (Some(i64::MAX), Some(i64::MAX)));
    for wrong in [
        "\"size\": 1e999",
        "\"size\": -1",
        "\"size\": 1.5",
        "\"size\": 18446744073709551616",
        "\"inode\": \"7\"",
        "\"local_timestamp\": 1e400",
        "\"local_timestamp\": \"5\"",
        "\"remote_timestamp\": [5]",
        "\"mode\": 7",
        "\"etag\": 7",
        "\"later\": 1e999",
        "\"mtime_ns\": 1.5",
    ] {
        damage(format!("{{\"a\": {{{wrong}}}}}").as_bytes());
    }
}

#[test]
fn of_entries_with_one_name_the_last_counts() {
    let text = r#"{"b": {}, "a": {"size": 1}, "a": {"size": 2}, "a": {"size": 3, "size": 4}}"#;
    let index = decode(text.as_bytes()).unwrap();
    assert_eq!((index.entries.len(), index.get("a").unwrap().size), (2, Some(4)));
}
