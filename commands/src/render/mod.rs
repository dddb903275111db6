//! What build scripts make of the contract: files for packagers, each a name and its bytes.
//!
//! Nothing here looks at the machine: the same sources give the same bytes everywhere.

mod man;
mod roff;

pub use man::man_pages;
