use super::*;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Files of the tree that the rules are tried on; their folders are tried as well.
const FILES: &[&str] = &[
    "a",
    "b.txt",
    "c/a",
    "c/b.txt",
    "c/d/a",
    "c/d/b.txt",
    "c/d/e/f.o",
    "foo",
    "foo.o",
    "bar/foo",
    "bar/foo.o",
    "x y",
    "end ",
    "end",
    "#hash",
    "!bang",
    "$dollar",
    "[x]",
    "x",
    "back\\slash",
    "A",
    "C/A",
    "é/ü.txt",
    "abc",
    "aXc",
    "a-c",
    ".hidden",
    "c/.hidden",
    "deep/a/b/c/z",
    "deep/z",
    "build/out/x",
    "src/build/y",
    "b*d",
    "bad",
    "b?d",
    "tab\tname",
    "c/c/c",
    "logs/1.log",
    "logs/2.log",
    "logs/keep/3.log",
    "\u{feff}a",
    "foo\r",
    "f]",
    "f-",
    "5",
    "q/5/six",
    "**",
];

const RULES: &[&str] = &[
    "a",
    "/a",
    "a/",
    "*.txt",
    "c/*.txt",
    "c/**",
    "**/a",
    "c/**/a",
    "/c/d",
    "c/d/",
    "**",
    "*",
    "/*",
    "/**",
    "**/",
    "/**/",
    "*/",
    "!*/",
    "!a",
    "!/a",
    "!c/",
    "!c/d/a",
    "foo",
    "foo.*",
    "*.o",
    "!foo.o",
    "bar/*",
    "!bar/foo",
    "x y",
    "end ",
    "end\\ ",
    "end\\  ",
    "end  ",
    "#hash",
    "\\#hash",
    "\\#*",
    "!bang",
    "\\!bang",
    "!!bang",
    "$dollar",
    "\\$dollar",
    "!$dollar",
    "[x]",
    "\\[x\\]",
    "[a-c]",
    "[!a-c]",
    "[^a]",
    "a[A-Z]c",
    "a[-]c",
    "a[a-]c",
    "a[^b]c",
    "[[:upper:]]",
    "[[:alpha:][:digit:]]",
    "[[:space:]]",
    "f[]]",
    "f[]-]",
    "f[!]]",
    "[a",
    "[]",
    "[!]",
    "a]",
    "back\\\\slash",
    "back\\slash",
    "b\\*d",
    "b*d",
    "b?d",
    "\\a",
    "a\\",
    "\\",
    "é",
    "é/*",
    "ü.*",
    "?",
    "??",
    "*a*",
    "a*c",
    "a**c",
    "c**a",
    "c/**a",
    "c**/a",
    "**a",
    "a**",
    "deep/**/z",
    "deep/**/c/**/z",
    "deep/*/z",
    "**/b/**",
    "build/",
    "/build/",
    "!build/",
    "src/*",
    "!src/build",
    "logs/*.log",
    "!logs/1.log",
    "logs/",
    "!logs/keep/",
    "logs/**",
    "!logs/**/*.log",
    "\ta",
    "tab\tname",
    "a\t",
    "\t",
    " a",
    "  ",
    "",
    "/",
    "//",
    "//a",
    "a//",
    "/a/",
    "./a",
    "../a",
    "c/./a",
    "c//a",
    ".*",
    ".hidden",
    "/.hidden",
    "*.*",
    "\\*\\*",
    "[*][*]",
    "\\**",
    "foo\r",
    "foo\\\r",
    "foo\r\r",
    "\r",
    "*\\",
    "*.\\o",
    "**/**",
    "c/*/*",
    "c/d/**/",
    "\u{feff}a",
    "[é]",
    "[0-9]",
    "[[:digit:]]",
    "**/5/",
    "q/**",
    "!q/5",
    "!**/six",
    "*foo",
    "*/foo",
    "***",
    "c/***",
    "*** /a",
    "!",
    "!/",
    "! a",
    "\\ a",
    "a #b",
    "[[:bogus:]]",
    "[z-a]",
    "a[\\b]c",
    "a[b\\-c]c",
    "f[\\]]",
    "[\\a-\\c]",
];

/// A repository with the tree of `FILES`, and all its paths, folders with a `/` at the end.
pub(super) struct Oracle {
    dir: tempfile::TempDir,
    paths: Vec<String>,
}

impl Oracle {
    pub(super) fn new() -> Oracle {
        let dir = tempfile::tempdir().unwrap();
        let mut paths = BTreeSet::new();
        for file in FILES {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
            paths.insert((*file).to_owned());
            paths.extend(Path::new(file).ancestors().skip(1).filter_map(|folder| {
                let folder = folder.to_str()?;
                (!folder.is_empty()).then(|| format!("{folder}/"))
            }));
        }
        let git = Command::new("git").args(["init", "-q"]).current_dir(dir.path()).status().unwrap();
        assert!(git.success());
        Oracle { dir, paths: paths.into_iter().collect() }
    }

    /// What git ignores by these rules.
    fn ignored(&self, rules: &[u8]) -> BTreeSet<String> {
        fs::write(self.dir.path().join(".git/info/exclude"), rules).unwrap();
        let mut git = Command::new("git")
            .args(["-c", "core.excludesFile=", "-c", "core.ignoreCase=false", "check-ignore", "-z", "--stdin"])
            .args(["--no-index"])
            .current_dir(self.dir.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let asked: String = self.paths.iter().map(|path| format!("{}\0", path.trim_end_matches('/'))).collect();
        git.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
        let output = git.wait_with_output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    pub(super) fn compare(&self, rules: &[u8]) {
        let ignore = Ignore::parse(rules);
        let git = self.ignored(rules);
        for path in &self.paths {
            let name = path.trim_end_matches('/');
            let key = Key::parse(name).unwrap();
            let above = key.ancestors().any(|folder| ignore.is_ignored(folder, true));
            let ours = above || ignore.is_ignored(name, path.ends_with('/'));
            let shown = String::from_utf8_lossy(rules);
            assert_eq!(ours, git.contains(name), "rules {shown:?}, path {path:?}");
            if !path.ends_with('/') {
                assert_eq!(ours, ignore.is_ignored_key(&key), "rules {shown:?}, key {path:?}");
            }
        }
    }
}

#[test]
fn every_single_rule_means_what_it_means_to_git() {
    let oracle = Oracle::new();
    for rule in RULES {
        oracle.compare(rule.as_bytes());
    }
}

#[test]
fn rules_override_earlier_ones_as_in_git() {
    let oracle = Oracle::new();
    // Each rule after one that hides much, and each pair of neighbours in a long shuffled row.
    for rule in RULES {
        oracle.compare(format!("*\n{rule}\n").as_bytes());
    }
    for (number, rule) in RULES.iter().enumerate() {
        let other = RULES[(number * 89 + 31) % RULES.len()];
        let third = RULES[(number * 53 + 7) % RULES.len()];
        oracle.compare(format!("{rule}\n{other}\r\n# comment\n\n!{third}").as_bytes());
    }
}

/// A reproducible source of choices below a number.
pub(super) fn random() -> impl FnMut(usize) -> usize {
    let mut state = 1_u64;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    }
}

#[test]
fn rules_made_of_random_pieces_mean_what_they_mean_to_git() {
    const PIECES: [&str; 28] = [
        "a", "b", "c", "d", "foo", "x", "/", "/", "/", "*", "*", "**", "**/", "/**", "?", ".", "o", "txt", "[a-c]",
        "[!a]", "[", "]", "\\", "!", " ", "-", "#", "deep",
    ];
    let oracle = Oracle::new();
    let mut random = random();
    for _ in 0..300 {
        let mut rules = String::new();
        for _ in 0..=random(3) {
            for _ in 0..=random(5) {
                rules.push_str(PIECES[random(PIECES.len())]);
            }
            rules.push('\n');
        }
        oracle.compare(rules.as_bytes());
    }
}

#[test]
fn a_file_of_rules_that_nobody_has_written_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path(), None).unwrap();
    let most = usize::try_from(MOST_RULES).unwrap();
    fs::write(dir.path().join(IGNORE), "a\n".repeat(most / 2)).unwrap();
    assert!(Ignore::load(&folder).unwrap().is_ignored("a", false));
    fs::write(dir.path().join(IGNORE), "a\n".repeat(most / 2) + "b").unwrap();
    assert!(matches!(Ignore::load(&folder), Err(Error::TooLarge { .. })));
}

#[test]
fn byte_order_marks_and_line_ends_are_read_as_git_reads_them() {
    let oracle = Oracle::new();
    for rules in [
        &b"\xef\xbb\xbfa"[..],
        b"\xef\xbb\xbf\xef\xbb\xbfa",
        b"\xef\xbb\xbf# comment\na\n",
        b"\xfe\xffa",
        b"\xff\xfea\n",
        b"foo\r\na\r\n",
        b"a\r",
        b"\r\n\r\na\r\n",
        b"foo\n\r\n!foo \r\n",
        b"",
        b"\n",
    ] {
        oracle.compare(rules);
    }
}

#[test]
fn the_rules_file_itself_is_never_ignored() {
    let ignore = Ignore::parse(b"*\n.syncignore\n");
    assert!(!ignore.is_ignored_key(&Key::parse(".syncignore").unwrap()));
    assert!(ignore.is_ignored_key(&Key::parse("sub/.syncignore").unwrap()));
}

#[test]
fn a_missing_rules_file_means_no_rules_and_an_unreadable_one_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path(), None).unwrap();
    let file = Key::parse("x.o").unwrap();
    assert!(!Ignore::load(&folder).unwrap().is_ignored_key(&file));
    fs::write(dir.path().join(IGNORE), "*.o").unwrap();
    assert!(Ignore::load(&folder).unwrap().is_ignored_key(&file));
    fs::remove_file(dir.path().join(IGNORE)).unwrap();
    std::os::unix::fs::symlink("nowhere", dir.path().join(IGNORE)).unwrap();
    assert!(matches!(Ignore::load(&folder), Err(Error::InTheWay { .. })));
}
