//! The `Content-Type` of an object: for browsers and other tools, s4 itself never looks at it.

use crate::key::Key;

/// The type of a content, from its first bytes, else from its name.
pub(super) fn content_type(key: &Key, head: &[u8]) -> Option<String> {
    if let Some(kind) = infer::get(head) {
        return Some(kind.mime_type().to_owned());
    }
    mime_guess::from_path(key.name()).first_raw().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_tell_first_and_names_second() {
        let kind = |name: &str, head: &[u8]| content_type(&Key::parse(name).unwrap(), head);
        assert_eq!(kind("a.txt", b"\x89PNG\r\n\x1a\n").as_deref(), Some("image/png"));
        assert_eq!(kind("a.css", b"p {}").as_deref(), Some("text/css"));
        assert_eq!(kind("Makefile", b"all:"), None);
    }
}
