//! How a verification shows itself: a line or a record for each key that is not as it was synced, and what it all comes to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::progress::{Progress as Bar, Watch};
use super::text::{count, duration, grouped, printable, size, time};
use super::{Stream, Ui, lock};
use crate::cost::Spent;
use crate::engine::{Fault, Finding, Inspector, Verified};
use crate::key::Key;
use crate::records;
use crate::remote::Unfinished;
use crate::report::quoted;

/// Shows the verification of one target.
pub struct VerifyView {
    ui: Arc<Ui>,
    name: String,
    /// Where records go, if they are wanted instead of lines.
    stream: Option<Stream>,
    bar: Mutex<Option<Bar>>,
}

impl VerifyView {
    /// Shows the verification of the target `name` in lines, or in the records of `stream`.
    pub fn new(ui: Arc<Ui>, name: &str, stream: Option<Stream>) -> VerifyView {
        VerifyView { ui, name: name.to_owned(), stream, bar: Mutex::default() }
    }

    /// The line that opens it. `watch` tells how far the look at both sides has come.
    pub fn open(&self, watch: Watch) {
        if self.stream.is_none() {
            self.ui.relate(&format!("Verifying {}", printable(&self.name)));
            *lock(&self.bar) = Some(Bar::start(&self.ui, &self.name, Some(watch)));
        }
    }

    /// Takes the bar away.
    pub fn stop_bar(&self) {
        let bar = lock(&self.bar).take();
        drop(bar);
    }

    /// What was found, and the line that closes it.
    pub fn close(&self, verified: &Verified, spent: &Spent, took: Duration) {
        for problem in &verified.problems {
            self.ui.warn(&format!("left alone: \"{}\": {}", printable(&problem.name), problem.why));
        }
        if let Some(why) = &verified.uploads_unknown {
            self.ui.note(&format!("unfinished uploads could not be looked for: {}", printable(why)));
        }
        if let Some(stream) = &self.stream {
            for finding in &verified.findings {
                stream.push(records::finding(finding));
            }
            for upload in &verified.uploads {
                stream.push(records::upload(upload));
            }
            for problem in &verified.problems {
                stream.push(records::unnameable(problem));
            }
            stream.push(records::verification(verified, spent));
            return stream.end_after(spent);
        }
        for finding in &verified.findings {
            self.ui.say(&line(finding));
        }
        for Unfinished { name, upload, begun } in &verified.uploads {
            let (name, upload, begun) = (printable(name), printable(upload), time(*begun));
            self.ui.say(&format!("Unfinished upload: \"{name}\", begun {begun}, id {upload}"));
        }
        if !verified.uploads.is_empty() {
            let help = "the bucket keeps the parts of unfinished uploads, and they are paid for; s4 help verify tells how they go";
            self.ui.note(help);
        }
        if verified.unproven > 0 {
            let objects = count(verified.unproven, "object");
            self.ui.note(&format!("{objects} could not be compared: nothing tells what another tool wrote"));
        }
        let can_be_repaired = |finding: &Finding| matches!(finding.fault, Fault::File | Fault::Object);
        if verified.findings.iter().any(|finding| !finding.repaired && can_be_repaired(finding)) {
            let name = quoted(&self.name);
            self.ui.note(&format!("What has a good copy is put right by: s4 verify --remote --repair {name}"));
        }
        self.ui.relate(&closing(verified, took));
    }
}

impl Inspector for VerifyView {
    fn begins(&self, keys: u64, bytes: u64) {
        if let Some(bar) = &*lock(&self.bar) {
            bar.grow(keys, bytes, 0);
        }
    }

    fn read(&self, bytes: u64) {
        if let Some(bar) = &*lock(&self.bar) {
            bar.read(bytes);
        }
    }

    fn pending(&self, key: &Key) {
        self.ui.debug(&format!("not synced yet: \"{}\"", printable(key.as_str())));
    }
}

fn line(finding: &Finding) -> String {
    let what = match finding.fault {
        Fault::File => "Damaged file",
        Fault::Object => "Damaged object",
        Fault::Both => "Damaged file and object",
        Fault::Index => "Wrong index",
        Fault::Metadata => "Wrong metadata",
        Fault::Unreadable => "Unreadable",
    };
    let (repaired, key) = (if finding.repaired { "Repaired: " } else { "" }, printable(finding.key.as_str()));
    format!("{repaired}{what}: \"{key}\": {}", printable(&finding.why))
}

fn closing(verified: &Verified, took: Duration) -> String {
    let files = format!("{} ({})", count(verified.files, "file"), size(verified.bytes_read));
    let objects = count(verified.objects, "object");
    let fetched =
        if verified.bytes_fetched > 0 { format!(" ({})", size(verified.bytes_fetched)) } else { String::new() };
    let mut parts = vec![format!("{files} and {objects}{fetched} verified")];
    if verified.interrupted {
        parts.insert(0, "Interrupted".to_owned());
    }
    let of = |wanted: &dyn Fn(&&Finding) -> bool| verified.findings.iter().filter(wanted).count() as u64;
    let is_unreadable = |finding: &&Finding| finding.fault == Fault::Unreadable;
    for (number, what) in [
        (of(&|finding| !finding.repaired && !is_unreadable(finding)), "damaged"),
        (of(&|finding| finding.repaired), "repaired"),
        (of(&is_unreadable), "unreadable"),
        (verified.unproven, "unproven"),
        (verified.pending, "not synced yet"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", grouped(number)));
        }
    }
    format!("{} in {}", parts.join(", "), duration(took))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(fault: Fault, repaired: bool) -> Finding {
        let key = Key::parse("a/b").unwrap();
        Finding { key, fault, why: "it is so".to_owned(), expected: None, file: None, object: None, repaired }
    }

    fn shown(verified: &Verified) -> (String, String) {
        let (ui, seen) = Ui::captured("");
        VerifyView::new(Arc::new(ui), "my docs", None).close(verified, &Spent::default(), Duration::ZERO);
        (seen.out(), seen.err())
    }

    #[test]
    fn what_is_whole_needs_one_line() {
        let verified = Verified { files: 2, objects: 3, bytes_read: 10, ..Verified::default() };
        assert_eq!(shown(&verified), ("2 files (10 B) and 3 objects verified in 0.0 s\n".to_owned(), String::new()));
    }

    #[test]
    fn unfinished_uploads_are_shown_with_what_helps_and_are_no_damage() {
        let upload = Unfinished { name: "a\u{1b}".into(), upload: "id".into(), begun: 0 };
        let verified = Verified { uploads: vec![upload], ..Verified::default() };
        assert!(verified.is_sound());
        let (out, err) = shown(&verified);
        assert!(out.starts_with("Unfinished upload: \"a\\u{1b}\", begun ") && out.contains(", id id\n"), "{out}");
        assert!(err.contains("s4 help verify"), "{err}");
        let verified = Verified { uploads_unknown: Some("not offered".to_owned()), ..Verified::default() };
        assert!(verified.is_sound() && shown(&verified).1.contains("could not be looked for: not offered\n"));
    }

    #[test]
    fn what_is_not_is_named_and_counted_with_what_helps() {
        let findings = vec![
            finding(Fault::File, false),
            finding(Fault::Object, true),
            finding(Fault::Unreadable, false),
            finding(Fault::Index, false),
        ];
        let verified = Verified { findings, pending: 4, unproven: 1, bytes_fetched: 1, ..Verified::default() };
        let (out, err) = shown(&verified);
        assert_eq!(
            out,
            "Damaged file: \"a/b\": it is so\nRepaired: Damaged object: \"a/b\": it is so\nUnreadable: \"a/b\": it is \
             so\nWrong index: \"a/b\": it is so\n0 files (0 B) and 0 objects (1 B) verified, 2 damaged, 1 repaired, 1 \
             unreadable, 1 unproven, 4 not synced yet in 0.0 s\n"
        );
        assert!(
            err.contains("s4 verify --remote --repair \"my docs\"\n") && err.contains("1 object could not"),
            "{err}"
        );
    }
}
