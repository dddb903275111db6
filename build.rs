//! Renders the manual and the completion scripts from `commands/` into `OUT_DIR`, for the program to carry and for packagers to
//! find.
//!
//! In a git checkout the same files are written into the tree, where they are checked in: only what differs, and nothing is
//! ever deleted. Not where `CI` or `S4_NO_MIRROR` is set: there a test finds out that they are stale.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The files of a folder, each a name and its bytes.
type Files = Vec<(String, Vec<u8>)>;

fn main() -> io::Result<()> {
    let folder = |variable| env::var_os(variable).map(PathBuf::from).ok_or_else(|| io::Error::other(variable));
    let (root, out) = (folder("CARGO_MANIFEST_DIR")?, folder("OUT_DIR")?);
    let pages = s4_commands::render::man_pages()?;
    let scripts = s4_commands::render::completions();
    embed(&out, "pages", &pages)?;
    embed(&out, "scripts", &scripts)?;
    println!("cargo::rerun-if-changed=build.rs");
    for variable in ["CI", "S4_NO_MIRROR"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let is_set = |variable| env::var_os(variable).is_some_and(|value| !value.is_empty());
    // In a further work tree of a repository `.git` is a file.
    let mirrored = root.join(".git").exists() && !is_set("CI") && !is_set("S4_NO_MIRROR");
    let folders = [("man", pages), ("completions", scripts)];
    for (name, files) in folders {
        fill(&out.join(name), &files)?;
        println!("cargo::rerun-if-changed={name}");
        if mirrored {
            mirror(&root.join(name), &files);
        }
    }
    Ok(())
}

/// Makes `folder` hold these files and no others.
fn fill(folder: &Path, files: &Files) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => fs::create_dir_all(folder)?,
    }
    files.iter().try_for_each(|(name, bytes)| fs::write(folder.join(name), bytes))
}

/// Brings these files in `folder` up to date. A build does not fail for that.
fn mirror(folder: &Path, files: &Files) {
    for (name, bytes) in files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|old| old == *bytes) {
            continue;
        }
        if let Err(error) = fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes)) {
            println!("cargo::warning=cannot write {}: {error}", path.display());
        }
    }
}

/// Compresses the files, and writes the list of them that the program includes.
fn embed(out: &Path, name: &str, files: &Files) -> io::Result<()> {
    let folder = out.join("embedded").join(name);
    let mut compressed = Files::new();
    let mut list = String::from("&[\n");
    for (file, bytes) in files {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(bytes)?;
        compressed.push((file.clone(), gzip.finish()?));
        list += &format!("    ({file:?}, include_bytes!({:?})),\n", folder.join(file));
    }
    fill(&folder, &compressed)?;
    fs::write(out.join(format!("{name}.rs")), list + "]\n")
}
