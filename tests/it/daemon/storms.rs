//! Thousands of files at once, while the other machine edits too: all of them arrive, and then there is silence.
//!
//! `S4_STORM=20000` makes a storm of so many files.

use std::collections::BTreeMap;
use std::fs;

use super::Pair;
use crate::support::wait_until;

/// How many files a storm has.
fn files() -> usize {
    std::env::var("S4_STORM").map_or(2_000, |files| files.parse().unwrap())
}

impl Pair {
    /// The second machine edits while the first one has its storm.
    fn meanwhile(&self, storm: impl FnOnce()) {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for at in 0..100 {
                    self.two.write(&format!("theirs/{at}"), format!("theirs {at}"));
                    if at % 7 == 0 {
                        self.two.write("calm", format!("edited {at}"));
                    }
                    // Some of it comes before what the storm is about, some while that is under way.
                    let requests = self.bucket.server().counts().total() + u64::from(at % 20 == 0) * 10;
                    wait_until("requests go on", || self.bucket.server().counts().total() >= requests);
                }
            });
            storm();
        });
    }

    /// Checks that these contents are everywhere, that the other machine's are too, and that both daemons have come to rest.
    #[track_caller]
    fn comes_to_rest_with(&self, wanted: &BTreeMap<String, Vec<u8>>) {
        let all = self.meet();
        assert!((0..100).all(|at| all.get(&format!("theirs/{at}")) == Some(&format!("theirs {at}").into_bytes())));
        let lost: Vec<&String> =
            wanted.iter().filter(|(key, bytes)| all.get(*key) != Some(*bytes)).map(|it| it.0).collect();
        assert!(lost.is_empty(), "{lost:?}");
        assert_eq!(all.len(), wanted.len() + 101, "{:?}", all.keys().filter(|key| !wanted.contains_key(*key)));
        for daemon in [&self.first, &self.second] {
            daemon.is_in_sync();
        }
        std::thread::scope(|scope| {
            scope.spawn(|| self.first.is_idle());
            self.second.is_idle();
        });
    }
}

#[test]
fn a_tree_that_comes_at_once_arrives() {
    let pair = Pair::with(&[("calm", "1")]);
    let wanted: BTreeMap<String, Vec<u8>> = (0..files())
        .map(|at| (format!("clone/{}/{}/{at}", at % 40, at % 7), format!("content {at}").into_bytes()))
        .collect();
    pair.meanwhile(|| {
        // As git does it: the objects under other names first, and the work tree.
        for (at, (key, bytes)) in wanted.iter().enumerate() {
            if at % 4 == 0 {
                pair.one.write(&format!("clone/.lock/{at}"), bytes);
                fs::create_dir_all(pair.one.path(key).parent().unwrap()).unwrap();
                fs::rename(pair.one.path(&format!("clone/.lock/{at}")), pair.one.path(key)).unwrap();
            } else {
                pair.one.write(key, bytes);
            }
        }
        pair.one.remove("clone/.lock");
    });
    pair.comes_to_rest_with(&wanted);
}

#[test]
fn packages_that_are_unpacked_renamed_and_thrown_away_again_arrive() {
    let pair = Pair::with(&[("calm", "1")]);
    let (one, mut wanted) = (&pair.one, BTreeMap::new());
    pair.meanwhile(|| {
        for package in 0..files() / 20 {
            // Unpacked under a name of its own, then put in its place; some are replaced, some go again.
            let (staged, place) = (format!("modules/.pkg-{package}.tmp"), format!("modules/pkg-{}", package % 70));
            for at in 0..20 {
                one.write(&format!("{staged}/lib/{}/{at}.js", at % 3), format!("{package} {at}"));
            }
            if one.path(&place).exists() {
                one.remove(&place);
            }
            fs::rename(one.path(&staged), one.path(&place)).unwrap();
            wanted.retain(|key: &String, _: &mut Vec<u8>| !key.starts_with(&format!("{place}/")));
            if package % 9 == 8 {
                one.remove(&place);
                continue;
            }
            for at in 0..20 {
                wanted.insert(format!("{place}/lib/{}/{at}.js", at % 3), format!("{package} {at}").into_bytes());
            }
        }
    });
    pair.comes_to_rest_with(&wanted);
}

#[test]
fn a_folder_that_is_moved_out_and_in_again_arrives() {
    let pair = Pair::with(&[("calm", "1")]);
    let (one, many) = (&pair.one, files() / 4);
    let outside = one.path("").with_file_name("outside");
    let tree = |prefix: &str| -> BTreeMap<String, Vec<u8>> {
        (0..many).map(|at| (format!("{prefix}/{}/{at}", at % 20), format!("{at}").into_bytes())).collect()
    };
    let stays: BTreeMap<String, Vec<u8>> = (0..many).map(|at| (format!("stays/{at}"), b"stays".to_vec())).collect();
    for (key, bytes) in stays.iter().chain(&tree("moved")) {
        one.write(key, bytes);
    }
    pair.meet();
    pair.meanwhile(|| {
        for (from, to) in [("moved", "again"), ("again", "other/place")] {
            fs::rename(one.path(from), &outside).unwrap();
            // It may be noticed that it is gone, or not.
            let requests = pair.bucket.server().counts().total() + 10;
            wait_until("requests go on", || pair.bucket.server().counts().total() >= requests);
            fs::create_dir_all(one.path(to).parent().unwrap()).unwrap();
            fs::rename(&outside, one.path(to)).unwrap();
        }
    });
    pair.comes_to_rest_with(&stays.into_iter().chain(tree("other/place")).collect());
}
