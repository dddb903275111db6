//! What fits a line, as a function of the environment and the words.

use std::fs;

use super::*;
use crate::index::{Entry, Index, encode};

/// A home with two targets, and one that makes no sense.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Home {
        let home = Home(tempfile::tempdir().unwrap());
        let config = r#"{"targets": {
            "docs": {"local_folder": "~/Docs", "s3_uri": "s3://b/docs"},
            "my \u001b[31mphotos": {"local_folder": "~/Photos\n", "s3_uri": "s3://b/photos"},
            "music": {"s3_uri": 5}, "-x": {}}}"#;
        home.write(".config/s4/sync.conf", config);
        home.write("other.conf", r#"{"targets": {"elsewhere": {}}}"#);
        home.write("Docs/.syncignore", "*.tmp\n");
        home
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn index(&self, keys: impl IntoIterator<Item = String>) {
        let entry = Entry { local_timestamp: Some(1), remote_timestamp: Some(1), ..Entry::default() };
        let index = Index::from_entries(keys.into_iter().map(|key| (key.into(), entry.clone())).collect());
        self.write("Docs/.index", encode(&index).unwrap());
    }

    fn answer(&self, line: &str) -> Answer {
        let env = Env::new([("HOME", self.0.path())], self.0.path().to_owned());
        answer(&env, line.split(' ').map(OsString::from).collect(), false)
    }

    fn values(&self, line: &str) -> Vec<String> {
        self.answer(line).candidates.into_iter().map(|candidate| candidate.value).collect()
    }
}

#[test]
fn targets_come_with_their_places_and_each_once() {
    let home = Home::new();
    assert_eq!(home.values("s4 sync "), ["docs", "music"]);
    assert_eq!(home.values("s4 sync docs "), ["music"]);
    assert_eq!(home.values("s4 s --force docs d"), [""; 0]);
    assert_eq!(home.values("s4 policy m"), ["music"]);
    assert_eq!(home.values("s4 sync -- d"), [""; 0], "paths stand there");
    assert_eq!(home.values("s4 add --copy-target-credentials d"), ["docs"]);
    let found = home.answer("s4 ls d").candidates;
    assert_eq!(found, [Candidate { value: "docs".into(), about: Some("~/Docs <=> s3://b/docs".into()) }]);
    assert!(!found[0].is_open());
}

#[test]
fn the_config_file_of_the_line_counts() {
    let home = Home::new();
    for line in ["s4 --config other.conf sync ", "s4 sync --config=~/other.conf ", "s4 sync --config ./other.conf e"] {
        assert_eq!(home.values(line), ["elsewhere"], "{line}");
    }
    let env = Env::new([("S4_CONFIG", "other.conf")], home.0.path().to_owned());
    assert_eq!(answer(&env, ["s4", "rm", ""].map(OsString::from).into(), false).candidates.len(), 1);
    home.write("other.conf", "no JSON");
    assert_eq!(home.values("s4 --config other.conf rm e"), [""; 0]);
}

#[test]
fn options_come_where_a_dash_is_or_nothing_else_fits() {
    let home = Home::new();
    assert!(home.values("s4 sync").contains(&"sync".to_owned()));
    assert_eq!(home.values("s4 sync --d"), ["--dry-run"]);
    assert!(home.values("s4 sync -").contains(&"-q".to_owned()));
    let lonely = home.values("s4 targets ");
    assert!(lonely.contains(&"--json".to_owned()) && !lonely.contains(&"-q".to_owned()), "{lonely:?}");
    let commands = home.values("s4 ");
    assert!(commands.contains(&"add".to_owned()) && commands.iter().all(|name| name.len() > 1), "{commands:?}");
}

#[test]
fn keys_come_from_the_index_and_for_a_push_from_the_disk_too() {
    let home = Home::new();
    home.index(["old.txt", "sub/a:b", "sub/c", ".hidden", "-x", "tab\t"].map(str::to_owned));
    for file in ["new.txt", "no.tmp", "sub/d", "empty-of-keys/x.tmp", "esc\u{1b}"] {
        home.write(&format!("Docs/{file}"), "");
    }
    assert_eq!(home.values("s4 pull-file docs "), ["old.txt", "sub/"]);
    assert_eq!(home.values("s4 push-file docs "), ["empty-of-keys/", "new.txt", "old.txt", "sub/"]);
    assert_eq!(home.values("s4 push-file docs new.txt o"), ["old.txt"]);
    assert_eq!(home.values("s4 push-file docs old.txt o"), [""; 0]);
    assert_eq!(home.values("s4 push-file docs sub/"), ["sub/a:b", "sub/c", "sub/d"]);
    assert_eq!(home.values("s4 pull-file docs ."), [".hidden"]);
    assert_eq!(home.values("s4 pull-file docs -- -"), ["-x"]);
    assert!(home.answer("s4 pull-file docs s").candidates[0].is_open());
    for nowhere in ["s4 pull-file music s", "s4 pull-file none s", "s4 push-file docs ../D", "s4 push-file docs /e"] {
        assert_eq!(home.values(nowhere), [""; 0], "{nowhere}");
    }
    home.write("Docs/.index", "damaged");
    assert_eq!(home.values("s4 pull-file docs o"), [""; 0]);
    assert_eq!(home.values("s4 push-file docs n"), ["new.txt"]);
}

#[test]
fn where_the_target_goes_without_saying_keys_come_beside_targets() {
    let home = Home::new();
    home.index(["old.txt", "docs.txt"].map(str::to_owned));
    fs::create_dir_all(home.0.path().join("Docs")).unwrap();
    let within = |line: &str| {
        let cwd = fs::canonicalize(home.0.path().join("Docs")).unwrap();
        let found =
            answer(&Env::new([("HOME", home.0.path())], cwd), line.split(' ').map(OsString::from).collect(), false);
        found.candidates.into_iter().map(|candidate| candidate.value).collect::<Vec<_>>()
    };
    assert_eq!(within("s4 log d"), ["docs", "docs.txt"]);
    assert_eq!(within("s4 restore old.txt d"), ["docs.txt"]);
    assert_eq!(within("s4 restore docs o"), ["old.txt"]);
    assert_eq!(within("s4 trash restore o"), ["old.txt"]);
    assert_eq!(within("s4 ls d"), ["docs", "docs.txt"]);
    assert_eq!(within("s4 ls docs o"), ["old.txt"]);
    assert_eq!(within("s4 verify d"), ["docs"]);
    // Several targets, and none of them is meant here.
    assert_eq!(home.values("s4 log o"), [""; 0]);
}

#[test]
fn of_very_many_keys_the_first_come_and_the_last() {
    let home = Home::new();
    home.index((0..1000).map(|number| format!("key {number:03}")));
    home.write("Docs/key zzz", "");
    for (line, last) in [("s4 pull-file docs k", "key 999"), ("s4 push-file docs k", "key zzz")] {
        let found = home.values(line);
        let ends = (found.first().map(String::as_str), found.last().map(String::as_str));
        assert_eq!((found.len(), ends), (251, (Some("key 000"), Some(last))), "{line}");
    }
}

#[test]
fn check_ignore_asks_about_ignored_files_as_well() {
    let home = Home::new();
    home.write("Docs/no.tmp", "");
    assert_eq!(home.values("s4 check-ignore docs n"), ["no.tmp"]);
    assert_eq!(home.answer("s4 check-ignore docs /").paths, Some(Paths::Files));
}

#[test]
fn paths_are_the_shells_unless_it_has_none() {
    let home = Home::new();
    for line in ["s4 hash-file ", "s4 --config ", "s4 add --secret-access-key-file=", "s4 diff-index docs --local "] {
        assert_eq!((home.answer(line).paths, home.values(line).len()), (Some(Paths::Files), 0), "{line}");
    }
    assert_eq!(home.answer("s4 add --local-folder ").paths, Some(Paths::Folders));
    assert_eq!(home.answer("s4 scan D").paths, Some(Paths::Folders));
    home.write("dots/x", "");
    assert_eq!((home.answer("s4 scan d").paths, home.values("s4 scan d")), (None, vec!["docs".into(), "dots/".into()]));
    let env = Env::new([("HOME", home.0.path())], home.0.path().to_owned());
    let own = |line: &str| answer(&env, line.split(' ').map(OsString::from).collect(), true);
    let values: Vec<String> = own("s4 hash-file ot").candidates.into_iter().map(|found| found.value).collect();
    assert_eq!((values, own("s4 hash-file ot").paths), (vec!["other.conf".to_owned()], None));
}
