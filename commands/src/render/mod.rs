//! What build scripts make of the contract: files for packagers, each a name and its bytes.
//!
//! Nothing here looks at the machine: the same sources give the same bytes everywhere.

mod completions;
mod man;
mod roff;

pub use completions::completions;
pub use man::man_pages;
