//! Did somebody mean another name? What is near to one that is unknown.

use crate::index;
use crate::key::Key;
use crate::local::Folder;
use crate::ui::text::printable;

/// The key of a folder that somebody probably meant, by what was last synced and by the files that are beside it. Nothing is asked
/// of the bucket.
pub fn known_key(folder: &Folder, wanted: &str) -> Option<String> {
    let base = index::load(folder, false).map(|loaded| loaded.index).unwrap_or_default();
    let synced = base.entries().iter().map(|(name, _)| &**name);
    let parent = wanted.rsplit_once('/').map_or("", |(parent, _)| parent);
    let prefix = if parent.is_empty() { String::new() } else { format!("{parent}/") };
    let entries = std::fs::read_dir(folder.path().join(parent)).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let beside: Vec<String> = files
        .filter_map(|entry| Some(format!("{prefix}{}", entry.file_name().to_str()?)))
        .filter(|name| Key::parse(name).is_ok())
        .collect();
    nearest(wanted, synced.chain(beside.iter().map(String::as_str))).map(str::to_owned)
}

/// The hint to a name that is near.
pub fn meant(near: &str) -> String {
    format!("did you mean \"{}\"?", printable(near))
}

/// The one of `names` that is nearest to `wanted`: it differs in a few letters, or has the same last part elsewhere.
pub fn nearest<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let letters: Vec<char> = wanted.to_lowercase().chars().collect();
    let most = (letters.len() / 6 + 1).clamp(1, 3).min(letters.len().saturating_sub(1));
    let last = |name: &str| name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let own = last(wanted);
    let (mut best, mut elsewhere) = (None, None);
    for name in names.into_iter().filter(|name| *name != wanted) {
        // Most are too long or too short, and not worth more than a look at their length.
        if name.len().abs_diff(wanted.len()) <= most * 4 {
            let within = best.map_or(most + 1, |(distance, _)| distance);
            let other: Vec<char> = name.to_lowercase().chars().collect();
            if let Some(distance) = distance(&letters, &other).filter(|distance| *distance < within) {
                best = Some((distance, name));
            }
        }
        if elsewhere.is_none() && last(name) == own {
            elsewhere = Some(name);
        }
    }
    best.map(|(_, name)| name).or(elsewhere)
}

/// How many letters have to be put in, left out, replaced, or swapped with the next one; `None` if it is not few.
fn distance(one: &[char], other: &[char]) -> Option<usize> {
    const MOST: usize = 3;
    if one.len().abs_diff(other.len()) > MOST {
        return None;
    }
    let mut before = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut next = vec![at + 1];
        for (to, other_letter) in other.iter().enumerate() {
            let replaced = row[to] + usize::from(letter != other_letter);
            let mut least = replaced.min(row[to + 1] + 1).min(next[to] + 1);
            if at > 0 && to > 0 && *letter == other[to - 1] && one[at - 1] == *other_letter {
                let earlier: &Vec<usize> = &before;
                least = least.min(earlier[to - 1] + 1);
            }
            next.push(least);
        }
        if next.iter().min().is_none_or(|least| *least > MOST) {
            return None;
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().filter(|distance| *distance <= MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_found() {
        let names = ["report.txt", "work/plan.md", "work/plans.md", "Makefile", "x"];
        for (wanted, near) in [
            ("reprot.txt", Some("report.txt")),
            ("report.tx", Some("report.txt")),
            ("Report.txt", Some("report.txt")),
            ("work/plam.md", Some("work/plan.md")),
            ("wrok/plan.md", Some("work/plan.md")),
            ("makefile", Some("Makefile")),
            ("y", None),
            ("plan.md", Some("work/plan.md")),
            ("old/report.txt", Some("report.txt")),
            ("something else", None),
            ("report.txt", None),
            ("", None),
        ] {
            assert_eq!(nearest(wanted, names), near, "{wanted}");
        }
    }

    #[test]
    fn siblings_with_another_name_are_not_near() {
        assert_eq!(nearest("photos/2020/zebra.jpg", ["photos/2020/alpha.jpg", "photos/2020/omega.jpg"]), None);
    }

    #[test]
    fn what_is_not_synced_yet_is_known_too() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join("sub/report.txt"), "").unwrap();
        let folder = Folder::open(dir.path(), None).unwrap();
        assert_eq!(known_key(&folder, "sub/reprot.txt").as_deref(), Some("sub/report.txt"));
        assert_eq!(known_key(&folder, "none/reprot.txt"), None);
    }
}
