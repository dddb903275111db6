//! The pages of the manual that are about no single command, as texts in the markup of [`crate::markup`].

mod records;

pub use records::record;

use crate::markup::{self, Block};

/// A page that is about no single command.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// What `s4 help` calls it.
    pub topic: &'static str,
    /// Its section of the manual: 5 for files, 7 for the rest.
    pub section: u8,
    /// What it is about.
    pub about: &'static str,
    /// Other pages to read.
    pub see_also: &'static [&'static str],
    text: &'static str,
}

/// All of them, in the order in which one would read them.
pub const PAGES: &[Page] = &[
    Page {
        topic: "tutorial",
        section: 7,
        about: "From an empty folder to three machines",
        see_also: &["s4-sync(1)", "s4-config(5)", "s4-syncignore(5)", "s4-json(7)"],
        text: include_str!("tutorial.txt"),
    },
    Page {
        topic: "config",
        section: 5,
        about: "The config file: the targets of a machine",
        see_also: &["s4-add(1)", "s4-edit(1)", "s4-targets(1)"],
        text: include_str!("config.txt"),
    },
    Page {
        topic: "syncignore",
        section: 5,
        about: "The rules for what is not synced",
        see_also: &["s4-check-ignore(1)", "s4-sync(1)", "gitignore(5)"],
        text: include_str!("syncignore.txt"),
    },
    Page {
        topic: "index",
        section: 5,
        about: "The index: what was last synced",
        see_also: &["s4-read-index(1)", "s4-write-index(1)", "s4-ls(1)", "s4-json(7)"],
        text: include_str!("index.txt"),
    },
    Page {
        topic: "servers",
        section: 7,
        about: "What s4 needs of a server, and how long it waits",
        see_also: &["s4-add(1)", "s4-sync(1)", "s4-targets(1)", "s4-config(5)"],
        text: include_str!("servers.txt"),
    },
    Page {
        topic: "json",
        section: 7,
        about: "The records, and the streams that they come in",
        see_also: &["s4-diff-index(1)", "s4-index(5)", "jq(1)"],
        text: include_str!("json.txt"),
    },
];

/// What s4(1) says besides what it has of the arguments: the sections that stand before SEE ALSO.
pub const PROGRAM: &str = include_str!("s4.txt");

impl Page {
    /// Its title: `s4-json`.
    pub fn title(&self) -> String {
        format!("s4-{}", self.topic)
    }

    /// The name of its file: `s4-json.7`.
    pub fn file(&self) -> String {
        format!("{}.{}", self.title(), self.section)
    }

    /// Its sections, from the description on.
    pub fn blocks(&self) -> Vec<Block> {
        let (before, after) = self.text.split_once(RECORDS).unwrap_or((self.text, ""));
        let records = if after.is_empty() { String::new() } else { records::all() };
        markup::parse(&format!("{before}{records}{after}"))
    }

    /// The whole page as plain text.
    pub fn plain(&self) -> String {
        let head = format!("# NAME\n{} - {}\n\n", self.title(), self.about);
        let see_also = format!("# SEE ALSO\n{}\n", self.see_also.join(", "));
        let whole = [markup::parse(&head), self.blocks(), markup::parse(&see_also)].concat();
        markup::plain(&whole, 78)
    }
}

/// The line that stands for all records.
const RECORDS: &str = "(every record)\n";
