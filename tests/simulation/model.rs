//! What may vanish and what may not: the causal model. A content may vanish only if a user, on a machine that held exactly
//! it, replaced or deleted it.

use std::collections::{HashMap, HashSet};

use super::script::RULES;

/// What is known of a content.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    /// Whether a user has replaced or deleted it, so that it may vanish.
    pub(super) released: bool,
    /// Under which key, if it was deleted by its user and nothing else that could bring it back has ever been done to it.
    pub(super) deleted_as: Option<String>,
    /// Whether it has ever had more than one name, or has been fetched by other ways than a sync.
    pub(super) roamed: bool,
}

/// All contents that there ever were. Empty ones do not count.
#[derive(Debug, Default)]
pub(super) struct Model {
    contents: HashMap<Vec<u8>, Content>,
    made: u64,
}

impl Model {
    /// Bytes for a new content of about `size` bytes, unlike any other.
    pub(super) fn make(&mut self, size: usize) -> Vec<u8> {
        self.made += 1;
        let mut bytes = format!("{}:", self.made).into_bytes();
        let filler = b'a' + u8::try_from(self.made % 26).unwrap();
        bytes.resize(size.max(bytes.len()), filler);
        bytes
    }

    /// A user has made a content, or what is left of one.
    pub(super) fn came(&mut self, bytes: &[u8]) {
        let content = self.contents.entry(bytes.to_vec()).or_default();
        (content.released, content.deleted_as) = (false, None);
    }

    /// Whether it is a content that somebody has made, whole; rules are never anything else.
    pub(super) fn knows(&self, bytes: &[u8]) -> bool {
        bytes.is_empty() || self.contents.contains_key(bytes) || RULES.iter().any(|rules| rules.as_bytes() == bytes)
    }

    /// A user has replaced it, or deleted it under the key given.
    pub(super) fn release(&mut self, bytes: &[u8], deleted_as: Option<&str>) {
        if let Some(content) = self.contents.get_mut(bytes) {
            content.released = true;
            content.deleted_as = deleted_as.filter(|_| !content.roamed).map(str::to_owned);
        }
    }

    /// A content may turn up again, or elsewhere, for good reasons.
    pub(super) fn roam(&mut self, bytes: &[u8]) {
        if let Some(content) = self.contents.get_mut(bytes) {
            (content.roamed, content.deleted_as) = (true, None);
        }
    }

    /// Whether a content was deleted under this key, with nothing that could bring it back.
    pub(super) fn is_deleted(&self, key: &str, bytes: &[u8]) -> bool {
        self.contents.get(bytes).is_some_and(|content| content.released && content.deleted_as.as_deref() == Some(key))
    }

    /// Contents that nobody has given up and that are not among those that are there.
    pub(super) fn lost(&self, there: &HashSet<Vec<u8>>) -> Vec<String> {
        let lost = self
            .contents
            .iter()
            .filter(|(bytes, content)| !content.released && !bytes.is_empty() && !there.contains(*bytes));
        lost.map(|(bytes, _)| shown(bytes)).collect()
    }
}

/// A content, for messages.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let begin: String = text.chars().take(12).collect();
    format!("{begin:?} ({} bytes)", bytes.len())
}
