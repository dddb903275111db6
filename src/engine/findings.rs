//! What a verification finds, judged from what was read. Pure.

use crate::content::Sha256;
use crate::key::Key;
use crate::local::LocalContent;

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The file is not what was synced, though its stat is.
    File,
    /// The object is not what was synced, though its ETag is.
    Object,
    /// Neither is.
    Both,
    /// File and object are whole, and an index tells another sum.
    Index,
    /// The object is whole, and its own metadata tell another sum.
    Metadata,
    /// The file or the object cannot be read.
    Unreadable,
}

/// A key that is not as it was synced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The key.
    pub key: Key,
    /// What is wrong.
    pub fault: Fault,
    /// The same in a sentence.
    pub why: String,
    /// The sum that was synced, as the index tells it.
    pub expected: Option<Sha256>,
    /// The file's sum, where it was read.
    pub file: Option<Sha256>,
    /// The object's sum, where it was read.
    pub object: Option<Sha256>,
    /// Whether it has been put right.
    pub repaired: bool,
}

/// What the bucket has of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum There {
    /// No object.
    #[default]
    Nothing,
    /// Another version than was synced.
    Another,
    /// The version that was synced, by its ETag; nobody has read it.
    Synced,
    /// An object that was read.
    Read {
        /// Its content.
        content: LocalContent,
        /// The sum in its metadata.
        metadata: Option<Sha256>,
        /// Whether it is the version that was synced.
        synced: bool,
        /// Whether the checksum that the server keeps is of another content.
        contradicted: bool,
    },
}

/// What is known of a key's content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Evidence {
    /// The sum that was synced.
    pub(super) expected: Option<Sha256>,
    /// The sum that the remote index tells of the object.
    pub(super) told: Option<Sha256>,
    /// The content of a file whose stat is that which was synced.
    pub(super) file: Option<LocalContent>,
    /// The file is so new that its stat proves nothing.
    pub(super) racy: bool,
    /// The object.
    pub(super) there: There,
}

/// What the evidence comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All that was read is what was synced.
    Sound,
    /// The object was read, and nothing tells what it should be.
    Unproven,
    /// The file has changed since the sync, in the same tick of the clock.
    Pending,
    /// Something is not.
    Wrong(Fault),
}

impl Evidence {
    /// Judges.
    pub(super) fn judge(&self) -> Verdict {
        let file_is_off = match (self.file, self.expected) {
            (Some(file), Some(expected)) => file.sha256 != expected,
            _ => false,
        };
        if file_is_off && self.racy {
            return Verdict::Pending;
        }
        let There::Read { content, metadata, synced, contradicted } = self.there else {
            return match self.file {
                // The object's own tag speaks for the file and against the index.
                Some(file) if file_is_off && file.matches_etag => Verdict::Wrong(Fault::Index),
                _ if file_is_off => Verdict::Wrong(Fault::File),
                _ => Verdict::Sound,
            };
        };
        let expected = self.expected.filter(|_| synced);
        let object = content.sha256;
        let sums = [expected, self.told, metadata];
        if !content.matches_etag && sums.iter().all(Option::is_none) {
            return match () {
                () if contradicted => Verdict::Wrong(Fault::Object),
                () if file_is_off => Verdict::Wrong(Fault::File),
                () => Verdict::Unproven,
            };
        }
        let is_proven = content.matches_etag || sums.contains(&Some(object));
        let is_expected = expected.is_none_or(|expected| expected == object);
        match self.file {
            Some(file) if file_is_off && synced && file.sha256 == object => Verdict::Wrong(Fault::Index),
            _ if file_is_off && is_proven => Verdict::Wrong(Fault::File),
            _ if file_is_off => Verdict::Wrong(Fault::Both),
            _ if !is_proven => Verdict::Wrong(Fault::Object),
            // The file says which of the two is wrong; without it the object's metadata do.
            Some(_) if !is_expected => Verdict::Wrong(Fault::Object),
            _ if !is_expected && metadata == expected => Verdict::Wrong(Fault::Object),
            _ if !is_expected || self.told.is_some_and(|told| told != object) => Verdict::Wrong(Fault::Index),
            _ if metadata.is_some_and(|metadata| metadata != object) => Verdict::Wrong(Fault::Metadata),
            _ => Verdict::Sound,
        }
    }

    /// Whether the object was read, is the version that was synced, and has the content that was.
    pub(super) fn has_good_object(&self) -> bool {
        matches!(self.there, There::Read { content, synced: true, .. } if Some(content.sha256) == self.expected)
    }

    /// Whether the file was read, and has the content that was synced.
    pub(super) fn has_good_file(&self) -> bool {
        self.file.is_some_and(|file| Some(file.sha256) == self.expected)
    }

    /// What is wrong, in a sentence.
    pub(super) fn explain(&self, fault: Fault) -> String {
        let file = "the file's content is not what was synced, though its times and its size are";
        match (fault, self.there) {
            (Fault::File, _) if self.has_good_object() => format!("{file}; the object in the bucket is whole"),
            (Fault::File, There::Synced) => format!("{file}; the bucket still has what was synced"),
            (Fault::File, There::Nothing) => format!("{file}; the bucket has no copy any more"),
            (Fault::File, _) => format!("{file}; the bucket has another version by now"),
            (Fault::Object, _) if self.has_good_file() => {
                "the object's content is not what was written; the file here is whole".to_owned()
            }
            (Fault::Object, _) => "the object's content is not what was written, and there is no copy here".to_owned(),
            (Fault::Both, _) => "neither the file nor the object is what was synced".to_owned(),
            (Fault::Index, _) => "the content is whole, and the index tells another sum of it".to_owned(),
            (Fault::Metadata, _) => "the object is whole, and its metadata tell another sum".to_owned(),
            (Fault::Unreadable, _) => "it cannot be read".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Sha256 = Sha256([1; 32]);
    const B: Sha256 = Sha256([2; 32]);
    const C: Sha256 = Sha256([3; 32]);

    fn content(sha256: Sha256, matches_etag: bool) -> LocalContent {
        LocalContent { sha256, matches_etag }
    }

    /// `A` was synced.
    fn synced(file: Option<LocalContent>, there: There) -> Evidence {
        Evidence { expected: Some(A), file, there, ..Evidence::default() }
    }

    fn read(sha256: Sha256, matches_etag: bool, metadata: Option<Sha256>) -> There {
        There::Read { content: content(sha256, matches_etag), metadata, synced: true, contradicted: false }
    }

    fn file(sha256: Sha256) -> Option<LocalContent> {
        Some(content(sha256, false))
    }

    #[test]
    fn without_reading_the_object_only_the_file_is_judged() {
        for (file, there, verdict) in [
            (file(A), There::Synced, Verdict::Sound),
            (None, There::Another, Verdict::Sound),
            (file(B), There::Synced, Verdict::Wrong(Fault::File)),
            (file(B), There::Nothing, Verdict::Wrong(Fault::File)),
            (Some(content(B, true)), There::Synced, Verdict::Wrong(Fault::Index)),
        ] {
            assert_eq!(synced(file, there).judge(), verdict, "{file:?} {there:?}");
        }
    }

    #[test]
    fn damage_on_the_sides_is_told_apart() {
        for (file, there, fault) in [
            (file(B), read(A, true, Some(A)), Fault::File),
            (file(B), read(A, false, None), Fault::File),
            (file(A), read(B, false, Some(A)), Fault::Object),
            (file(A), read(B, true, Some(A)), Fault::Object),
            (None, read(B, false, Some(A)), Fault::Object),
            (None, read(B, true, Some(A)), Fault::Object),
            (file(B), read(C, false, Some(A)), Fault::Both),
            (file(B), read(B, true, Some(B)), Fault::Index),
            (None, read(B, true, Some(B)), Fault::Index),
            (file(A), read(A, true, Some(B)), Fault::Metadata),
        ] {
            assert_eq!(synced(file, there).judge(), Verdict::Wrong(fault), "{file:?} {there:?}");
        }
        assert_eq!(synced(file(A), read(A, false, None)).judge(), Verdict::Sound);
        let told = Evidence { told: Some(B), ..synced(file(A), read(A, true, Some(A))) };
        assert_eq!(told.judge(), Verdict::Wrong(Fault::Index));
    }

    #[test]
    fn an_object_that_was_never_synced_is_judged_by_what_it_says_of_itself() {
        let there = |matches, metadata| There::Read {
            content: content(A, matches),
            metadata,
            synced: false,
            contradicted: false,
        };
        for (there, verdict) in [
            (there(true, None), Verdict::Sound),
            (there(false, Some(A)), Verdict::Sound),
            (there(false, None), Verdict::Unproven),
            (there(false, Some(B)), Verdict::Wrong(Fault::Object)),
            (there(true, Some(B)), Verdict::Wrong(Fault::Metadata)),
        ] {
            assert_eq!(Evidence { there, ..Evidence::default() }.judge(), verdict, "{there:?}");
        }
        let contradicted =
            There::Read { content: content(A, false), metadata: None, synced: false, contradicted: true };
        assert_eq!(
            Evidence { there: contradicted, ..Evidence::default() }.judge(),
            Verdict::Wrong(Fault::Object),
            "by the server's own checksum"
        );
        // One of another version says nothing of the file.
        assert_eq!(synced(file(B), there(true, None)).judge(), Verdict::Wrong(Fault::File));
    }

    #[test]
    fn a_file_as_new_as_the_index_may_have_been_edited() {
        for there in [There::Synced, read(A, true, Some(A))] {
            assert_eq!(Evidence { racy: true, ..synced(file(B), there) }.judge(), Verdict::Pending);
            assert_eq!(Evidence { racy: true, ..synced(file(A), there) }.judge(), Verdict::Sound);
        }
    }

    #[test]
    fn only_a_copy_that_was_read_and_is_what_was_synced_is_good() {
        assert!(synced(file(B), read(A, false, None)).has_good_object());
        assert!(!synced(file(B), read(C, true, Some(C))).has_good_object());
        assert!(!synced(file(B), There::Synced).has_good_object());
        assert!(synced(file(A), There::Synced).has_good_file() && !synced(file(B), There::Synced).has_good_file());
    }
}
