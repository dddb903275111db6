//! What the build has put into the program: the pages of the manual and the completion scripts.

use std::io::Read as _;

use flate2::read::GzDecoder;

/// Files, gzip-compressed, by their names; made by `build.rs`.
type Files = &'static [(&'static str, &'static [u8])];

/// The pages of the manual.
pub(crate) const PAGES: Files = include!(concat!(env!("OUT_DIR"), "/pages.rs"));
/// The completion scripts that packages install.
pub(crate) const SCRIPTS: Files = include!(concat!(env!("OUT_DIR"), "/scripts.rs"));

/// The bytes of a file; `None` if there is none of that name.
pub(crate) fn unpack(files: Files, name: &str) -> Option<Vec<u8>> {
    let (_, compressed) = files.iter().find(|(file, _)| *file == name)?;
    let mut bytes = Vec::new();
    GzDecoder::new(*compressed).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
