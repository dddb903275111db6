//! What a restore has to do, decided from versions alone. Pure.
//!
//! Facts that hold here:
//! 1. A key is only deleted where the bucket's own history shows that it was not there: what it only lacks a version of, since it
//!    kept none then, stays as it is.
//! 2. Every step carries the object that it expects to find, as it was listed.

use std::collections::BTreeMap;

use crate::content::ETag;
use crate::key::Key;
use crate::remote::{Stored, Version};

/// The id of what was written while a bucket kept no versions.
const NO_ID: &str = "null";

/// What is wanted back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The version of this id.
    Version(String),
    /// What there was at a moment, in seconds since the epoch.
    At(i64),
    /// What was deleted: its last content, or that of a moment.
    Deleted(Option<i64>),
}

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// It comes back.
    BringBack,
    /// An older content takes the place of what is there.
    Replace,
    /// It goes: it was not there then.
    Delete,
    /// Its content is copied elsewhere; the key stays as it is.
    Copy,
}

/// One key of a restore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restoring {
    /// The key.
    pub key: Key,
    /// What becomes of it.
    pub step: Step,
    /// The version that is wanted; `None` for a deletion.
    pub version: Option<Version>,
    /// The object that is there now, if any.
    pub current: Option<ETag>,
}

impl Restoring {
    /// Bytes of the content that is wanted.
    pub fn size(&self) -> u64 {
        self.stored().map_or(0, |stored| stored.size)
    }

    /// The content that is wanted.
    pub fn stored(&self) -> Option<&Stored> {
        self.version.as_ref()?.content.as_ref()
    }
}

/// A key of which nothing becomes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its name, as the bucket has it.
    pub name: String,
    /// What was wanted.
    pub step: Step,
    /// Why not.
    pub why: String,
}

/// What a restore has to do, in the order of the keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestorePlan {
    /// What is to be done.
    pub steps: Vec<Restoring>,
    /// What is not.
    pub refused: Vec<Refused>,
}

impl RestorePlan {
    /// Number of steps of a kind.
    pub fn count(&self, step: Step) -> usize {
        self.steps.iter().filter(|restoring| restoring.step == step).count()
    }
}

/// Decides what to do with keys, whose versions come newest first. `named`: somebody has named this very key. `aside`: contents are
/// copied elsewhere, and no key changes.
pub fn plan(
    keys: &BTreeMap<Box<str>, Vec<Version>>,
    wish: &Wish,
    named: &dyn Fn(&str) -> bool,
    aside: bool,
) -> RestorePlan {
    let mut plan = RestorePlan::default();
    for (name, versions) in keys {
        let decided = decide(versions, wish, named(name), aside);
        let (step, refused) = match decided {
            Ok(None) => continue,
            Ok(Some((step, version))) => match Key::parse(name) {
                Ok(key) => {
                    let current = versions.first().and_then(|newest| newest.content.as_ref());
                    let current = current.map(|content| content.etag.clone());
                    plan.steps.push(Restoring { key, step, version: version.cloned(), current });
                    continue;
                }
                Err(problem) => (step, problem.to_string()),
            },
            Err(refused) => refused,
        };
        plan.refused.push(Refused { name: name.to_string(), step, why: refused });
    }
    plan
}

type Decided<'v> = Result<Option<(Step, Option<&'v Version>)>, (Step, String)>;

/// What to do with one key; `None`: it is as it should be.
fn decide<'v>(versions: &'v [Version], wish: &Wish, named: bool, aside: bool) -> Decided<'v> {
    let now = versions.first().and_then(|newest| newest.content.as_ref().map(|content| (newest, content)));
    let wanted = match wish {
        Wish::Version(id) => {
            let found = versions.iter().find(|version| *version.id == **id);
            Some(found.ok_or_else(|| (Step::BringBack, format!("it has no version {id}")))?)
        }
        Wish::Deleted(_) if now.is_some() => return Ok(None),
        Wish::Deleted(None) => versions.iter().find(|version| version.content.is_some()),
        Wish::Deleted(Some(at)) | Wish::At(at) => super::as_of(versions, *at),
    };
    let content = wanted.and_then(|version| Some((version, version.content.as_ref()?)));
    let step = match (content, now) {
        (Some(_), _) if aside => Step::Copy,
        (Some((version, wanted)), Some((newest, now))) => {
            let same = wanted.size == now.size && wanted.etag == now.etag && wanted.etag.md5_form().is_some();
            if same || version.id == newest.id {
                return Ok(None);
            }
            Step::Replace
        }
        (Some(_), None) => Step::BringBack,
        (None, _) if named => return Err((Step::BringBack, "there was no such file then".to_owned())),
        (None, None) => return Ok(None),
        (None, Some(_)) if aside || matches!(wish, Wish::Deleted(_)) => return Ok(None),
        // What was there before it is not known: the bucket kept no versions then.
        (None, Some(_)) if wanted.is_none() && versions.last().is_some_and(|oldest| &*oldest.id == NO_ID) => {
            return Err((
                Step::Delete,
                "the bucket kept no versions then: whether it was there is not known".to_owned(),
            ));
        }
        (None, Some(_)) => Step::Delete,
    };
    Ok(Some((step, content.map(|(version, _)| version))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::by_key;
    use super::super::timeline::tests::version;
    use super::*;

    /// The versions of a key `k`, oldest first, a second after the other from 10 on; a letter is a content, a space a deletion.
    fn history(letters: &str) -> BTreeMap<Box<str>, Vec<Version>> {
        let last = letters.len() - 1;
        let rows = letters.chars().zip(10..).enumerate();
        by_key(rows.map(|(at, (letter, second))| version("k", letter, second, at == last)))
    }

    fn one(letters: &str, wish: &Wish, named: bool, aside: bool) -> Result<Option<(Step, String)>, String> {
        let plan = plan(&history(letters), wish, &|_| named, aside);
        match (&plan.steps[..], &plan.refused[..]) {
            ([], []) => Ok(None),
            ([step], []) => Ok(Some((step.step, step.version.as_ref().map_or(String::new(), |it| it.id.to_string())))),
            ([], [refused]) => Err(refused.why.clone()),
            other => panic!("{other:?}"),
        }
    }

    fn done(step: Step, id: &str) -> Result<Option<(Step, String)>, String> {
        Ok(Some((step, id.to_owned())))
    }

    #[test]
    fn a_moment_brings_back_replaces_and_deletes() {
        for (letters, at, expected) in [
            ("AB", 10, done(Step::Replace, "A10")),
            ("A ", 10, done(Step::BringBack, "A10")),
            ("A B", 11, done(Step::Delete, "")),
            ("AB", 9, done(Step::Delete, "")),
            ("AB", 11, Ok(None)),
            ("A ", 11, Ok(None)),
            ("A ", 9, Ok(None)),
        ] {
            assert_eq!(one(letters, &Wish::At(at), false, false), expected, "{letters:?} {at}");
        }
    }

    #[test]
    fn only_what_is_deleted_comes_back_where_that_is_wanted() {
        assert_eq!(one("AB ", &Wish::Deleted(None), false, false), done(Step::BringBack, "B11"));
        assert_eq!(one("AB ", &Wish::Deleted(Some(10)), false, false), done(Step::BringBack, "A10"));
        assert_eq!(one("AB", &Wish::Deleted(Some(10)), false, false), Ok(None));
        assert_eq!(one(" ", &Wish::Deleted(None), false, false), Ok(None));
    }

    #[test]
    fn a_version_is_named_by_its_id() {
        assert_eq!(one("AB", &Wish::Version("A10".into()), true, false), done(Step::Replace, "A10"));
        assert_eq!(one("AB", &Wish::Version("B11".into()), true, false), Ok(None));
        assert_eq!(one("AB", &Wish::Version("x".into()), true, false), Err("it has no version x".into()));
        assert_eq!(one("A ", &Wish::Version(" 11".into()), true, false), Err("there was no such file then".into()));
    }

    #[test]
    fn aside_no_key_changes_and_all_that_was_there_is_copied() {
        assert_eq!(one("AB", &Wish::At(11), false, true), done(Step::Copy, "B11"));
        assert_eq!(one("AB", &Wish::At(9), false, true), Ok(None));
        assert_eq!(one("A ", &Wish::Deleted(None), false, true), done(Step::Copy, "A10"));
    }

    #[test]
    fn what_nobody_kept_is_not_taken_for_absent() {
        let mut keys = history("AB");
        keys.get_mut("k").unwrap()[1].id = NO_ID.into();
        let plan = plan(&keys, &Wish::At(9), &|_| false, false);
        assert_eq!((plan.steps.len(), plan.refused[0].step), (0, Step::Delete));
    }

    #[test]
    fn equal_contents_need_no_copy_where_the_tags_are_sums() {
        let mut keys = history("ABA");
        let sum = ETag::new("0123456789abcdef0123456789abcdef");
        for (at, etag) in [(0, sum.clone()), (2, sum)] {
            keys.get_mut("k").unwrap()[at].content.as_mut().unwrap().etag = etag;
        }
        assert_eq!(plan(&keys, &Wish::At(10), &|_| false, false), RestorePlan::default());
    }

    #[test]
    fn a_name_that_no_folder_holds_is_refused() {
        let keys = by_key([version("../k", 'A', 10, false), version("../k", ' ', 11, true)]);
        let plan = plan(&keys, &Wish::Deleted(None), &|_| false, false);
        assert_eq!((plan.steps.len(), plan.refused[0].name.as_str()), (0, "../k"));
    }

    proptest! {
        /// What a moment asks for is what there was, whatever happened since; and asked again, nothing is left to do.
        #[test]
        fn a_moment_is_restored_to_what_it_was(letters in "[A-C ]{1,8}", at in 8..20_i64) {
            let happened = usize::try_from(at - 9).map_or(0, |count| count.min(letters.len()));
            let then = letters[..happened].chars().last().filter(|letter| *letter != ' ');
            let now = letters.chars().last().filter(|letter| *letter != ' ');
            let after = match one(&letters, &Wish::At(at), false, false).unwrap() {
                None => now,
                Some((Step::Delete, _)) => None,
                Some((_, id)) => id.chars().next(),
            };
            prop_assert_eq!(after, then);
            let again = format!("{letters}{}", after.unwrap_or(' '));
            let settled = one(&again, &Wish::At(9 + again.len() as i64), false, false);
            prop_assert_eq!(settled, Ok(None));
        }
    }
}
