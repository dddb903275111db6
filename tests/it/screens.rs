//! The screens of the README: what commands show on a terminal, as pictures that are rendered from real runs.
//!
//! They are checked in beside this file. Where `CI` is not set, a screen that has changed is written anew, to be looked at and
//! committed; in CI it is a failure. A new one is a line in [`the_screens_are_what_happens`], and one in the README.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::readme::furnish;
use crate::support::{Bucket, COLUMNS, TestEnv, in_terminal, svg};

const README: &str = include_str!("../../README.md");
/// The home that the screens show.
const HOME: &str = "/home/ann";
/// When the screens are made, as they show it.
const NOW: &str = "2026-11-22T10:00:00Z";
const LITTLE: SignedDuration = SignedDuration::from_mins(3);

#[test]
fn the_screens_are_what_happens() {
    let stage = Stage::new();
    stage.set("laptop");
    stage.screen("targets", "s4 targets", &[]);
    stage.change("laptop", "desktop");
    stage.screen("status", "s4 status documents", &[]);
    stage.screen("ls", "s4 ls documents", &[]);
    stage.screen("diff", "s4 diff documents letter.txt", &[]);
    // One direction is left, for lines of both come in any order.
    stage.run("laptop", "s4 pull-file documents recipes/soup.md | s4 write-index documents --stdin");
    stage.screen("sync", "s4 sync documents", &["d", "1"]);
    stage.screen("log", "s4 log documents recipes/pie.md", &[]);
}

#[test]
fn the_readme_shows_every_screen_and_says_what_is_to_be_seen() {
    let shown = README
        .lines()
        .filter_map(|line| line.strip_prefix("![")?.strip_suffix(".svg)")?.split_once("](tests/it/screens/"));
    let mut shown: Vec<&str> =
        shown.map(|(alt, name)| if alt.len() > 20 { name } else { panic!("{name} has no text") }).collect();
    let mut there: Vec<String> = fs::read_dir(folder()).unwrap().map(|entry| stem(&entry.unwrap().path())).collect();
    shown.sort_unstable();
    there.sort_unstable();
    assert_eq!(shown, there, "on the left those of the README, on the right those of tests/it/screens");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/screens")
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Two machines that share a bucket, what time it is for them, and when all this begins.
struct Stage {
    env: TestEnv,
    bucket: Bucket,
    start: Timestamp,
    ago: Cell<SignedDuration>,
}

impl Stage {
    fn new() -> Stage {
        let (env, bucket) = (TestEnv::new(), Bucket::in_process());
        bucket.server().create_bucket("family");
        let start = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
        Stage { env, bucket, start, ago: Cell::default() }
    }

    /// A machine with two targets, one of which has been in sync for days.
    fn set(&self, machine: &str) {
        self.it_is(72);
        self.enter(machine);
        for (name, folder) in [("documents", "Documents"), ("photos", "Pictures/Photos")] {
            let place = format!("--local-folder ~/{folder} --s3-uri s3://family/{name} --name {name}");
            // One at a time, so that the lines of a sync come in the order of its plan.
            self.run(machine, &format!("s4 add {place} --versioning on --jobs 1"));
        }
        for (path, text) in [
            ("Documents/letter.txt", "Dear Ann,\n\nI hope that this letter finds you well.\n\nYours, Bob\n"),
            ("Documents/recipes/pie.md", "# Apple pie\n\n- 6 apples\n- 200 g flour\n- 100 g butter\n"),
            ("Documents/taxes/2025.csv", "month,amount\njanuary,310\nfebruary,295\n"),
            ("Documents/todo.md", "- [x] buy apples\n- [ ] write to Ann\n"),
        ] {
            self.write(machine, path, text);
        }
        self.run(machine, "s4 sync");
    }

    /// Somebody has been busy on both machines: an edit here, a new file and one less; there a new file, and an edit of one that was
    /// edited here as well.
    fn change(&self, here: &str, there: &str) {
        self.enter(there);
        self.run(there, "s4 add --local-folder ~/Documents --s3-uri s3://family/documents && s4 sync");
        self.it_is(5);
        let pie = "# Apple pie\n\n- 8 apples\n- 200 g flour\n- 100 g butter\n- sugar\n";
        self.write(there, "Documents/recipes/pie.md", pie);
        self.write(there, "Documents/recipes/soup.md", "# Leek soup\n\n- 2 leeks\n- 3 potatoes\n");
        self.run(there, "s4 sync");
        self.it_is(2);
        let letter = "Dear Ann,\n\nI hope that this letter finds you both well.\n\nLove, Bob\n";
        self.write(here, "Documents/letter.txt", letter);
        let pie = "# Apple pie\n\n- 6 apples\n- 200 g flour\n- 80 g butter\n";
        self.write(here, "Documents/recipes/pie.md", pie);
        self.write(here, "Documents/taxes/2026.csv", "month,amount\njanuary,305\n");
        self.run(here, "rm Documents/todo.md");
        self.it_is(0);
    }

    /// So many hours before the screens are made: what is written from now on is of then, in folders and in the bucket. A little
    /// longer, so that it is never told to be an hour less.
    fn it_is(&self, hours_ago: i64) {
        self.ago.set(SignedDuration::from_hours(hours_ago) + LITTLE);
        let passed = Timestamp::now().duration_since(self.start);
        self.bucket.server().set_clock_offset(-(self.ago.get() + passed).as_secs());
    }

    /// A machine that finds its keys.
    fn enter(&self, machine: &str) {
        furnish(&self.env.home(machine), &self.bucket);
    }

    fn write(&self, machine: &str, path: &str, text: &str) {
        let path = self.home(machine).join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let then = UNIX_EPOCH + Duration::try_from((self.start - self.ago.get()).as_duration()).unwrap();
        File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    }

    fn run(&self, machine: &str, line: &str) {
        let output = TestEnv::shell(&self.home(machine), line).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn home(&self, machine: &str) -> PathBuf {
        self.env.path(machine)
    }

    /// Makes a screen: what `line` shows on the laptop, where each question gets the next of the answers. Compares it with the
    /// one that is checked in.
    fn screen(&self, name: &str, line: &str, answers: &[&str]) {
        let home = self.home("laptop");
        let mut command = TestEnv::shell(&home, line);
        command.env("TERM", "xterm-256color").env("PAGER", "cat").env_remove("NO_COLOR").env_remove("COLUMNS");
        let shown = in_terminal(command, COLUMNS, answers).out.replace(home.to_str().unwrap(), HOME);
        let shown = format!("\x1b[2m$\x1b[0m \x1b[1m{line}\x1b[0m\n{}", numbered(&self.steady(&shown)));
        let picture = svg(line, shown.replace('\n', "\r\n").as_bytes());
        let file = folder().join(format!("{name}.svg"));
        let old = fs::read_to_string(&file).unwrap_or_default();
        if old == picture {
            return;
        }
        let change = picture.lines().find(|line| !old.lines().any(|old| old == *line));
        let is_checked = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
        let cure = "run this test without CI set, look, and commit";
        assert!(!is_checked, "{} is stale: {cure}. {:?} is new", file.display(), change.unwrap_or_default());
        fs::create_dir_all(folder()).unwrap();
        fs::write(&file, picture).unwrap();
    }

    /// A text in which times are as if it was [`NOW`], to the hour, and whatever took time took as long as it always does.
    fn steady(&self, text: &str) -> String {
        let (mut steady, mut rest) = (String::new(), text);
        while let Some(letter) = rest.chars().next() {
            let found =
                self.time(rest).or_else(|| span(rest)).filter(|_| !steady.ends_with(|it: char| it.is_ascii_digit()));
            let (shown, length) = found.unwrap_or_else(|| (letter.to_string(), letter.len_utf8()));
            steady += &shown;
            rest = &rest[length..];
        }
        steady
    }

    /// The time that the text begins with, as it is shown, and how long it is in the text.
    fn time(&self, text: &str) -> Option<(String, usize)> {
        let shape: String =
            text.chars().take(19).map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
        let (length, format) = match shape.as_str() {
            "0000-00-00T00:00:00" => (19, "%Y-%m-%dT%H:%M:%S"),
            "0000-00-00 00:00:00" => (19, "%Y-%m-%d %H:%M:%S"),
            _ if shape.starts_with("0000-00-00 00:00") => (16, "%Y-%m-%d %H:%M"),
            _ => return None,
        };
        let time: DateTime = text[..length].parse().ok()?;
        let time = TimeZone::UTC.to_timestamp(time).ok()?;
        let passed = time.duration_since(self.start).as_secs_f64() / 3600.0;
        let shown = NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_secs_f64(passed.round() * 3600.0);
        Some((shown.strftime(format).to_string(), length))
    }
}

/// A text in which the versions of objects are numbered from the oldest one that it shows.
fn numbered(text: &str) -> String {
    const LENGTH: usize = "version00000000".len();
    let ids: BTreeSet<&str> = text.match_indices("version0").map(|(at, _)| &text[at..at + LENGTH]).collect();
    let number = |text: String, (at, id): (usize, &str)| text.replace(id, &format!("version{:08}", at + 1));
    ids.into_iter().enumerate().fold(text.to_owned(), number)
}

/// The span of time that the text begins with, and how long it is in the text.
fn span(text: &str) -> Option<(String, usize)> {
    let (number, _) = text.strip_prefix("in ")?.split_once(" s")?;
    number.parse::<f64>().ok()?;
    Some(("in 0.2 s".to_owned(), "in ".len() + number.len() + " s".len()))
}

#[test]
fn what_moves_is_made_to_stand_still() {
    let stage = Stage::new();
    stage.it_is(3);
    let then = stage.start - stage.ago.get() + SignedDuration::from_secs(4);
    for (text, steady) in [
        (format!("at {then:.0}, done"), "at 2026-11-22T07:00:00Z, done".to_owned()),
        (then.strftime("%Y-%m-%d %H:%M|").to_string(), "2026-11-22 07:00|".to_owned()),
        ("1 file in 12.7 s".to_owned(), "1 file in 0.2 s".to_owned()),
        ("in all, 4 s; 12026-11-22".to_owned(), "in all, 4 s; 12026-11-22".to_owned()),
    ] {
        assert_eq!(stage.steady(&text), steady);
    }
    assert_eq!(numbered("version00000088, version00000050"), "version00000002, version00000001");
}
