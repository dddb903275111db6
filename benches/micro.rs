//! What an idle sync consists of, piece by piece: `cargo bench --bench micro`.
#![expect(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "made-up data, no product")]

use std::fs;
use std::hint::black_box;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use s4::content::{ETag, Sha256};
use s4::index::{Entry, Index, decode, encode};
use s4::key::Key;
use s4::local::{Folder, Hasher, Ignore, LocalFile, Scan, Stat, scan};
use s4::reconcile::{Sides, join};
use s4::remote::{Listed, S3Uri, read_page};
use tempfile::TempDir;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

/// Keys in each piece.
const KEYS: usize = 100_000;

fn name(number: usize) -> String {
    format!("{:03}/folder {:02}/file {number:07}.bin", number / 10_000, number / 100 % 100)
}

fn stat(number: usize) -> Stat {
    let time = 1_767_323_045_123_456_789 + number as i128;
    Stat { size: number as u64, mtime_ns: time, ctime_ns: time, inode: number as u64, mode: 0o644 }
}

fn sum(number: usize) -> Sha256 {
    let mut sum = [0; 32];
    for (at, byte) in sum.iter_mut().enumerate() {
        *byte = (number.wrapping_mul(2_654_435_761 + at) >> 16) as u8;
    }
    Sha256(sum)
}

fn etag(number: usize) -> ETag {
    ETag::new(&format!("\"{}\"", &sum(number).to_string()[..32]))
}

fn index() -> Index {
    let entry = |number: usize| Entry {
        local_timestamp: Some(1_767_323_045),
        remote_timestamp: Some(1_767_323_045),
        size: Some(number as u64),
        mtime_ns: Some(stat(number).mtime_ns),
        ctime_ns: Some(stat(number).ctime_ns),
        inode: Some(number as u64),
        mode: Some(0o644),
        sha256: Some(sum(number)),
        etag: Some(etag(number)),
        ..Entry::default()
    };
    Index::from_entries((0..KEYS).map(|number| (name(number).into(), entry(number))).collect())
}

#[divan::bench]
fn index_decode(bencher: Bencher<'_, '_>) {
    let bytes = encode(&index()).unwrap();
    bencher.counter(ItemsCount::new(KEYS)).bench_local(|| decode(black_box(&bytes)).unwrap());
}

#[divan::bench]
fn index_encode(bencher: Bencher<'_, '_>) {
    let index = index();
    bencher.counter(ItemsCount::new(KEYS)).bench_local(|| encode(black_box(&index)).unwrap());
}

#[divan::bench]
fn reconcile(bencher: Bencher<'_, '_>) {
    let base = index();
    let files = (0..KEYS).map(|number| LocalFile { key: Key::parse(&name(number)).unwrap(), stat: stat(number) });
    let scan = Scan { files: files.collect(), ..Scan::default() };
    let object = |number: usize| Listed {
        name: name(number).into(),
        size: number as u64,
        etag: etag(number),
        last_modified: 1_767_323_045,
    };
    let listing: Vec<Listed> = (0..KEYS).map(object).collect();
    let sides = Sides {
        base: &base,
        written_ns: Some(i128::MAX),
        scan: &scan,
        listing: &listing,
        told: None,
        is_ignored: &|_| false,
        force: false,
        empty_folders: false,
    };
    bencher.counter(ItemsCount::new(KEYS)).bench_local(|| join(black_box(&sides)));
}

#[divan::bench]
fn scan_folder(bencher: Bencher<'_, '_>) {
    const FILES: usize = 10_000;
    let dir = TempDir::new().unwrap();
    for number in 0..FILES {
        let path = dir.path().join(name(number));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    let folder = Folder::open(dir.path(), None).unwrap();
    let ignore = Ignore::none();
    bencher.counter(ItemsCount::new(FILES)).bench_local(|| scan(black_box(&folder), &ignore).unwrap());
}

#[divan::bench]
fn ignore_match(bencher: Bencher<'_, '_>) {
    let rules = "*.o\n*.tmp\n/build/\nnode_modules/\n.cache/\n!keep.o\n**/target/**\n*~\n.DS_Store\ndocs/**/*.aux\n";
    let ignore = Ignore::parse(rules.as_bytes());
    let keys: Vec<Key> = (0..KEYS).map(|number| Key::parse(&name(number)).unwrap()).collect();
    let count = || keys.iter().filter(|key| ignore.is_ignored_key(key)).count();
    bencher.counter(ItemsCount::new(KEYS)).bench_local(count);
}

#[divan::bench]
fn hash(bencher: Bencher<'_, '_>) {
    let bytes = vec![7; 64 << 20];
    let hash = || {
        let mut hasher = Hasher::new(bytes.len() as u64, None);
        hasher.update(black_box(&bytes));
        hasher.finish()
    };
    bencher.counter(BytesCount::new(bytes.len())).bench_local(hash);
}

#[divan::bench]
fn list_page(bencher: Bencher<'_, '_>) {
    const ROWS: usize = 1_000;
    let row = |number: usize| {
        format!(
            "<Contents><Key>p/{}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;{}&quot;</ETag>\
             <Size>{number}</Size><StorageClass>STANDARD</StorageClass></Contents>",
            name(number).replace(' ', "+"),
            etag(number),
        )
    };
    let rows: String = (0..ROWS).map(row).collect();
    let answer = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
    );
    let uri = S3Uri::parse("s3://bucket/p").unwrap();
    let read = || read_page(&uri, black_box(answer.as_bytes())).unwrap().unwrap();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(read);
}
