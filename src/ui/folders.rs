//! Many keys by the folders that they are in.

use std::collections::BTreeMap;

/// Folders of a section, at most, as long as there is a choice.
const FOLDERS: usize = 12;

/// Keys that are in one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The folder, with `/` at its end; `./` for the target's own.
    pub(super) folder: String,
    /// The places of the keys in the list.
    pub(super) members: Vec<usize>,
}

/// Puts keys together by folders: as deep ones as there may be without their becoming too many.
pub(super) fn by_folder(keys: &[&str]) -> Vec<Group> {
    let deepest = keys.iter().map(|key| key.matches('/').count()).max().unwrap_or_default();
    let mut groups = at_depth(keys, 1);
    for depth in 2..=deepest {
        let deeper = at_depth(keys, depth);
        if deeper.len() > FOLDERS {
            break;
        }
        groups = deeper;
    }
    groups
}

fn at_depth(keys: &[&str], depth: usize) -> Vec<Group> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, key) in keys.iter().enumerate() {
        groups.entry(folder(key, depth)).or_default().push(at);
    }
    let named = |folder: &str| if folder.is_empty() { "./".to_owned() } else { folder.to_owned() };
    groups.into_iter().map(|(folder, members)| Group { folder: named(folder), members }).collect()
}

/// The folder that a key is in, of `depth` names at most.
fn folder(key: &str, depth: usize) -> &str {
    let end = key.match_indices('/').take(depth).last().map_or(0, |(at, _)| at + 1);
    &key[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(keys: &[&str]) -> Vec<(String, usize)> {
        by_folder(keys).into_iter().map(|group| (group.folder, group.members.len())).collect()
    }

    #[test]
    fn folders_are_as_deep_as_their_number_allows() {
        assert_eq!(
            folders(&["a", "b", "x/y/1", "x/y/2", "x/z"]),
            [("./".into(), 2), ("x/".into(), 1), ("x/y/".into(), 2)]
        );
        let many: Vec<String> = (0..60).map(|number| format!("x/{}/{number}", number % 20)).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(folders(&many), [("x/".to_owned(), 60)]);
    }

    #[test]
    fn each_key_is_in_one_group() {
        let keys: Vec<String> = (0..100).map(|number| "d/".repeat(number % 5) + &number.to_string()).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut members: Vec<usize> = by_folder(&keys).into_iter().flat_map(|group| group.members).collect();
        members.sort_unstable();
        assert_eq!(members, (0..100).collect::<Vec<_>>());
    }
}
