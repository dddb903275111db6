//! A stream of records, from its header to its end.

use s4_commands::record::{End, Header, Record};

use super::Ui;

/// A stream of records. Without [`Stream::end`] it counts as cut off.
pub struct Stream<'a> {
    ui: &'a Ui,
    end: End,
}

impl Ui {
    /// Begins a stream of records with its header.
    pub fn stream(&self, target: Option<&str>) -> Stream<'_> {
        self.record(&Record::Header(Header::new(target)));
        Stream { ui: self, end: End::default() }
    }
}

impl Stream<'_> {
    /// Prints a record and counts it.
    pub fn push(&mut self, record: &Record) {
        self.ui.record(record);
        *self.end.counts.entry(record.kind().to_owned()).or_default() += 1;
    }

    /// Ends the stream with the counts.
    pub fn end(self) {
        self.ui.record(&Record::End(self.end));
        self.ui.flush();
    }
}

#[cfg(test)]
mod tests {
    use s4_commands::record::Version;

    use super::*;

    #[test]
    fn a_stream_has_a_header_and_ends_with_its_counts() {
        let (ui, seen) = Ui::captured("");
        let mut stream = ui.stream(Some("docs"));
        for _ in 0..2 {
            stream.push(&Record::Version(Version { tool: "s4".into(), version: "1".into(), schema: 1 }));
        }
        stream.end();
        let lines: Vec<Record> = seen.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 4);
        assert!(matches!(&lines[0], Record::Header(header) if header.target.as_deref() == Some("docs")));
        assert!(matches!(&lines[3], Record::End(end) if end.counts["version"] == 2));
    }
}
