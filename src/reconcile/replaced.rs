//! Links where folders were that have something in the base.
//!
//! Where links are synced as what they are, that looks as if a user had put a link in the place of the folder. But the folder may
//! have been read through that very link until now, and then all that was synced from behind it would be deleted elsewhere. Nothing
//! tells the two apart, so nothing is done until somebody forces it, or until there was a sync without the link.

use super::join::Sides;
use crate::key::Key;

/// The paths of links, in order, below which there are objects that were synced.
pub(super) fn links_over_folders<'a>(sides: &Sides<'a>) -> Vec<&'a str> {
    let links = sides.scan.files.iter().filter(|file| file.stat.is_link());
    links.map(|file| file.key.as_str()).filter(|path| has_synced_below(sides, path)).collect()
}

fn has_synced_below(sides: &Sides<'_>, path: &str) -> bool {
    let is_file = |name: &str| name.len() > path.len() && !name.ends_with('/');
    let is_there = |name: &str| sides.listing.binary_search_by(|object| (*object.name).cmp(name)).is_ok();
    let is_ours = |name: &str| Key::parse(name).is_ok_and(|key| !(sides.is_ignored)(&key));
    let below = sides.base.at_or_below(path).filter(|(_, entry)| !entry.is_tombstone()).map(|(name, _)| &**name);
    below.filter(|name| is_file(name)).any(|name| is_there(name) && is_ours(name))
}

/// Why a key that is, or is below, one of `links` is left alone.
pub(super) fn why_left_alone(key: &Key, links: &[&str]) -> Option<String> {
    if links.is_empty() {
        return None;
    }
    let link = key.ancestors().chain([key.path()]).find(|path| links.binary_search(path).is_ok())?;
    Some(match link == key.as_str() {
        true => {
            "this symbolic link is where a folder with synced files was; --force deletes those and syncs it".to_owned()
        }
        false => format!("the symbolic link \"{link}\" is where its folder was, and it may be what that leads to"),
    })
}
