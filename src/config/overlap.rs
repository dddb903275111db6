//! Whether two targets would work against each other.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Target;

/// What two targets share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// One folder and one index in it.
    State,
    /// The folder of one is inside of the other's, and so is its index.
    Folder,
    /// One place in the bucket, or one inside of the other.
    Bucket,
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Overlap::State => "both use the same folder, and would use one index",
            Overlap::Folder => "the folder of one is inside of the other's",
            Overlap::Bucket => "their places in the bucket are the same, or one is inside of the other",
        })
    }
}

/// What `one` and `other` must not share but do.
pub(super) fn between(one: &Target, other: &Target) -> Option<Overlap> {
    let (one_folder, other_folder) = (real(&one.local_folder), real(&other.local_folder));
    let state = |target: &Target, folder: &PathBuf| target.state_folder.as_deref().map_or(folder.clone(), real);
    let (one_state, other_state) = (state(one, &one_folder), state(other, &other_folder));
    if one_state == other_state {
        return Some(Overlap::State);
    }
    // Of nested folders the inner one must keep its index outside of the outer one, or it would travel.
    let carried = |outer: &Path, inner: &Path, state: &Path| {
        outer != inner && inner.starts_with(outer) && state.starts_with(outer)
    };
    if carried(&one_folder, &other_folder, &other_state) || carried(&other_folder, &one_folder, &one_state) {
        return Some(Overlap::Folder);
    }
    same_place(one, other).then_some(Overlap::Bucket)
}

fn same_place(one: &Target, other: &Target) -> bool {
    let endpoint = |target: &Target| target.endpoint_url.as_deref().map(|url| url.trim_end_matches('/').to_lowercase());
    let (Some(one_place), Some(other_place)) = (bucket_and_prefix(&one.s3_uri), bucket_and_prefix(&other.s3_uri))
    else {
        return false;
    };
    let inside = |outer: &str, inner: &str| {
        outer.is_empty() || inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    endpoint(one) == endpoint(other)
        && one_place.0 == other_place.0
        && (inside(one_place.1, other_place.1) || inside(other_place.1, one_place.1))
}

/// Cuts `s3://bucket/prefix` in two; the prefix comes without slashes around it. `None` if it has not that form.
pub fn bucket_and_prefix(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("s3://")?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    (!bucket.is_empty()).then_some((bucket, prefix.trim_matches('/')))
}

/// The path with links resolved as far as it exists.
fn real(path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let (Ok(whole), Ok(rest)) = (ancestor.canonicalize(), path.strip_prefix(ancestor)) {
            // Joining nothing would add a slash.
            return if rest.as_os_str().is_empty() { whole } else { whole.join(rest) };
        }
    }
    path.to_owned()
}
