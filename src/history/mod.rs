//! The past of a target, as its bucket keeps it: what there was, and how it comes back.
//!
//! ```text
//! versions ─► wish: plan (pure) ─► here: what the folder objects to ─► carry: copies in the bucket ─► a sync of those keys
//! ```

mod bucket;
mod carry;
mod here;
mod restore;
mod timeline;
mod trash;
mod wish;

pub use bucket::{NO_ID, explain, keeps_none, keeps_none_note, versions_of};
pub use carry::{Watcher, aside, in_bucket};
pub use here::Here;
pub use restore::{Scope, alarm, prepare};
pub use timeline::{Newest, as_of, by_key, is_ours, newest_first};
pub use trash::put_back;
pub use wish::{Refused, RestorePlan, Restoring, Step, Wish, plan};
